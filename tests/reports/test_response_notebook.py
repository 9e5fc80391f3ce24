"""The response notebook answers, or says why it cannot, whichever arms a study has."""

from dataclasses import fields

import nbformat
import pytest

from ctevidence.data.project import PROJECT_VARIABLE, Project
from ctevidence.data.study import Study
from ctevidence.data.writers import write_study
from ctevidence.reports.kernels import Kernels
from ctevidence.reports.notebooks import read_notebooks
from ctevidence.reports.results import read_estimates, read_figure, read_table
from ctevidence.reports.run import Sources, planned
from ctevidence.reports.runner import run_notebook
from ctevidence.simulate.study import simulate_study

ALL = ("control", "medication", "therapy", "combined")
KEPT = ("response-best", "response-family", "response-four-cells", "response-synergy",
        "response-models", "response-margins", "response-not-worse")  # fmt: skip


def with_arms(arms, **changes) -> Study:
    drawn = simulate_study(n=240, seed=2)
    given = {f.name: getattr(drawn, f.name) for f in fields(Study)}
    people = drawn.participants[drawn.participants["arm"].isin(arms)]
    ids = set(people["participant_id"])
    tables = {
        name: table[table["participant_id"].isin(ids)].reset_index(drop=True)
        for name, table in drawn.tables.items()
    }
    own = tuple(arm for arm in drawn.arms if arm.name in arms)
    return Study(**given | {"name": "made-up", "tables": tables, "arms": own} | changes)


def run(study: Study, folder):
    project = Project(folder)
    write_study(study, project.processed("made-up"))
    notebook = next(n for n in read_notebooks() if n.name == "02_response")
    executed = folder / "02.ipynb"
    values = notebook.check({"study_name": "made-up", "report_name": "made-up"})
    variables = {PROJECT_VARIABLE: str(project.root)}
    with Kernels() as kernels:
        run_notebook(notebook, values, executed, kernels, project.root, variables)
    cells = nbformat.read(executed, as_version=4).cells
    said = [o.text for c in cells for o in c.get("outputs", ()) if o.output_type == "stream"]
    return project.work("made-up"), " ".join(said)


@pytest.mark.parametrize(
    ("arms", "margin", "words"),
    [
        (ALL, 0.1, ("more, or less, than the sum", "declared margin of 10 of every 100",
                    "could reliably have shown only", "On the ratio scale")),
        (ALL[1:], 0.1, ("without control synergy cannot be told", "against therapy",
                        "better than each single treatment")),
        (("medication", "combined"), float("nan"),
         ("without therapy and control synergy cannot be told", "has not both single treatments",
          "is not judged: the study declares no margin of its own")),
    ],
    ids=["four arms", "three arms without control", "two arms"],
)  # fmt: skip
def test_every_question_has_an_answer_or_a_reason(arms, margin, words, tmp_path):
    results, said = run(with_arms(arms, not_worse_margin=margin), tmp_path)
    for each in words:
        assert each in said
    for name in KEPT:
        assert len(read_table(results, name).frame) > 0, name
    assert "do the parts add up?" in read_figure(results, "response-interaction").title
    rows = read_estimates(results, "response").where(outcome="response (observed)")
    for measure in ("interaction_difference", "interaction_ratio", "interaction_odds_ratio"):
        row = rows.where(measure=measure).one()
        assert row.is_estimable is (arms == ALL), measure
        assert row.caution or row.is_estimable


def test_a_study_without_a_rule_of_response_has_no_such_notebook():
    study = with_arms(ALL)
    rules = type(study.rules)(entry=study.rules.entry)
    without = with_arms(ALL, rules=rules)
    sources = Sources(study=without, trials=None, network=None, folders=())
    names = [notebook.name for notebook, _ in planned(sources, "made-up", None, None)]
    assert "02_response" not in names
    assert "01_study" in names
