"""No module that shows numbers of people formats a count itself: the gate alone does.

Read from the source: wherever a value becomes text (an f-string, ``str``, ``number``, ``shown``),
no count may stand in it unless a method of `Disclosure` has it in its hands.
"""

import ast
from pathlib import Path

import pytest

import ctevidence

SOURCE = Path(ctevidence.__file__).parent
#: the gate itself, and the places where numbers become text without knowing whose they are
GATE = {"disclosure.py", "disclosure_log.py", "precision.py", "rounded_counts.py", "release.py",
        "coarse_curve.py", "format.py"}  # fmt: skip
#: modules that show published trials only, whose counts are public
PUBLISHED = {
    "component_forest.py", "contribution_map.py", "cumulative_table.py", "forest.py", "funnel.py",
    "heat_map.py", "league.py", "network_answers.py", "network_graph.py",
    "network_sentences.py", "network_tables.py", "overview_table.py", "pooled_table.py",
    "regression_table.py", "small_study_table.py", "trial_answers.py", "trial_influence.py",
    "trial_synergy.py", "trial_tables.py",
}  # fmt: skip
COUNTS = {"n", "events", "n_reference", "events_reference", "n_obs", "n_subjects", "people",
          "missing", "size", "participants"}  # fmt: skip
COLUMNS = COUNTS | {"at_risk", "censored"}
PEOPLE = {"people", "participants", "members", "scores", "visits", "own", "part", "group"}
FORMATS = {"str", "number", "shown", "format", "rounded"}
METHODS = {"text", "texts", "count", "share", "hides", "cumulative", "events_text"}
#: the checks of a release read the finished pack, where every count has passed the gate
CHECKS = SOURCE / "reports" / "checks"
MODULES = sorted(
    p
    for room in ("display", "reports")
    for p in (SOURCE / room).rglob("*.py")
    if p.name not in GATE | PUBLISHED and p.parent != CHECKS
)


def ungated(source: str) -> list[str]:
    """Counts that become text outside the gate, as ``line: expression``."""
    tree, found = ast.parse(source), []
    for node in ast.walk(tree):
        inner = None
        if isinstance(node, ast.FormattedValue):
            inner = node.value
        elif isinstance(node, ast.Call) and called(node) in FORMATS and node.args:
            inner = node.args[0]
        if inner is not None:
            found += [f"{n.lineno}: {ast.unparse(n)}" for n in counts_in(inner)]
    return found


def counts_in(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, ast.Call) and called(node) in METHODS:
        return []  # what a gate is asked for, it has seen
    if is_count(node):
        return [node]
    return [n for child in ast.iter_child_nodes(node) for n in counts_in(child)]


def is_count(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        return node.attr in COUNTS
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.slice.value in COLUMNS
    if isinstance(node, ast.Call) and called(node) == "len":
        return bool({n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & PEOPLE)
    return isinstance(node, ast.Call) and called(node) == "value_counts"


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@pytest.mark.parametrize("module", MODULES, ids=lambda p: p.name)
def test_no_count_becomes_text_outside_the_gate(module):
    assert ungated(module.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("code", "caught"),
    [
        ('f"{row.n} people"', 1),
        ("str(row.events)", 1),
        ('number(frame["at_risk"], 0)', 1),
        ('f"{len(people)} of {disclosure.text(row.n)}"', 1),
        ('f"{int(group[name].value_counts())}"', 1),
        ('f"{disclosure.text(row.n)} people"', 0),
        ('f"{len(arms)} arms"', 0),
        ("number(disclosure.share(row.events, row.n), 2)", 0),
    ],
)
def test_a_count_is_seen_however_it_becomes_text(code, caught):
    assert len(ungated(code)) == caught


def test_the_lists_name_modules_that_there_are():
    there = {p.name for p in (SOURCE / "display").glob("*.py")}
    assert there >= GATE | PUBLISHED


@pytest.mark.parametrize("module", sorted(CHECKS.glob("*.py")), ids=lambda p: p.name)
def test_checks_of_a_release_see_the_finished_pack_alone(module):
    tree = ast.parse(module.read_text("utf-8"))
    imported = {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    imported |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    ours = {m for m in imported if m.startswith("ctevidence")}
    # words, and the threshold of verdicts below which one study alone establishes nothing
    known = {"ctevidence.language", "ctevidence.display.labels"}
    known |= {"ctevidence.evidence.verdict"}
    assert {m for m in ours - known if not m.startswith("ctevidence.reports.checks")} == set()


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_what_shows_published_trials_takes_no_study(name):
    tree = ast.parse((SOURCE / "display" / name).read_text("utf-8"))
    imported = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not {m for m in imported if m and m.startswith(("ctevidence.outcomes",
                "ctevidence.models", "ctevidence.data.study"))}  # fmt: skip
