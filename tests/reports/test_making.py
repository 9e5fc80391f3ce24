"""Runs: the unchanged is kept, what fails is named, the same work gives the same bytes."""

import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import replace

import nbformat
import pandas as pd
import pytest

from ctevidence.data.claim import claim
from ctevidence.data.project import Project
from ctevidence.data.writers import write_study
from ctevidence.reports.kernels import Kernels
from ctevidence.reports.making import make_reports
from ctevidence.reports.manifest import checksums
from ctevidence.reports.notebooks import read_notebook, read_notebooks
from ctevidence.reports.orders import Order
from ctevidence.reports.progress import Display, failures_table, plain
from ctevidence.reports.verify import recompute
from ctevidence.simulate.study import simulate_study

ORDER = Order("demo", outcomes=("relapse",))
NOTEBOOKS = ["01_study", "04_relapse", "06_evidence", "07_brief"]
MARK = "Zoltan"


@pytest.fixture(scope="module")
def kernels():
    with Kernels() as made:
        yield made


@pytest.fixture(scope="module")
def first(tmp_path_factory, kernels):
    """A project with one report, made once; tests work in copies of it."""
    project = Project(tmp_path_factory.mktemp("first"))
    write_study(replace(simulate_study(n=80, seed=4), name="demo"), project.raw("demo"))
    (made,) = make_reports([ORDER], project, kernels=kernels)
    assert made.failures == ()
    return project


@pytest.fixture
def project(first, tmp_path):
    shutil.copytree(first.root, tmp_path / "project")
    return Project(tmp_path / "project")


@pytest.fixture
def make(project, kernels):
    """Make reports; what became of them, and which steps were begun."""

    def call(*orders, **options):
        begun = []
        made = make_reports(
            orders or [ORDER],
            project,
            kernels=kernels,
            watch=lambda event: begun.append(event.step) if event.state == "begun" else None,
            **options,
        )
        return made, [step for step in begun if step != "data"]

    return call


def contents(project, report="demo"):
    return checksums([project.report(report)], project.report(report))


def shuffled(project):
    """Write the rows of every table in another order."""
    for path in project.raw("demo").glob("*.csv"):
        head, *rows = path.read_text("utf-8").splitlines()
        path.write_text("\n".join([head, *sorted(rows, key=lambda row: row[::-1])]) + "\n", "utf-8")


def test_nothing_is_done_again_when_nothing_has_changed(project, make):
    before = contents(project)
    (made,), begun = make()
    assert begun == []
    assert made.unchanged
    assert set(made.notebooks) == set(NOTEBOOKS)
    assert contents(project) == before


def test_a_page_that_was_changed_or_lost_is_made_again_from_what_is_kept(project, make):
    before = contents(project)
    (project.report("demo") / "report.html").write_text("changed", "utf-8")
    _, begun = make()
    assert begun == ["pages"]
    assert contents(project) == before


def test_only_what_knows_a_changed_parameter_is_run_again(make):
    other = replace(ORDER, parameters={"week": 12}, report="other")
    _, begun = make(other)
    assert sorted(begun) == ["04_relapse", "06_evidence", "07_brief", "pages"]


def test_changed_data_run_everything_that_reads_them(project, make):
    path = project.raw("demo") / "visits.csv"
    visits = pd.read_csv(path, dtype={"participant_id": str})
    visits.drop(visits["day"].idxmax()).to_csv(path, index=False, lineterminator="\n")
    (made,), begun = make()
    assert made.failures == ()
    assert sorted(begun) == [*NOTEBOOKS, "pages"]


#: what a project says of its own, and what its pages then say
OWN = {
    "claims.toml": """
[[claim]]
id = "own"
says = "A claim of this clinic"
question = "Is it asked?"
sources = []
no_source = "nobody has looked"
""",
    "certainty.toml": """
[[judgement]]
claim = "staying-in-treatment-medication"
start = "high"
judged_by = "A. Clinician"
date = 2026-03-01
risk_of_bias = { step = -1, reason = "nobody could be blinded" }
inconsistency = { step = 0, reason = "one study" }
indirectness = { step = 0, reason = "the people asked about" }
imprecision = { step = -1, reason = "the range crosses no difference" }
publication_bias = { step = 0, reason = "none missing" }
""",
    "service.toml": '[service]\nname = "North clinic"\npeople_per_year = 400\n',
}


def test_claims_judgements_and_service_of_the_project_reach_its_pages(project, make, kernels):
    for name, text in OWN.items():
        (project.root / name).write_text(text, "utf-8")
    _, begun = make()
    report, brief = (
        (project.report("demo") / f"{page}.html").read_text("utf-8") for page in ("report", "brief")
    )
    assert "A claim of this clinic" in report
    assert "A. Clinician" in report
    assert "North clinic" in brief
    assert "relapse alone" in report
    assert sorted(begun) == ["06_evidence", "07_brief", "pages"]
    recorded = json.loads((project.report("demo") / "manifest.json").read_text("utf-8"))
    assert OWN.keys() <= recorded["inputs_sha256"].keys()
    assert recompute(project.report("demo"), project, kernels) == []
    cause = json.loads((project.report("demo") / "changes.json").read_text("utf-8"))
    assert "claims.toml" in json.dumps(cause)


def test_what_is_wrong_in_a_project_s_own_files_is_told_in_full_before_anything_runs(project, make):
    wrong = OWN["certainty.toml"].replace("staying-in-treatment-medication", "stayin-in-treatment")
    (project.root / "certainty.toml").write_text(wrong, "utf-8")
    (made,), begun = make()
    assert begun == []
    (failure,) = made.failures
    assert "There is no such claim" in failure.message
    assert "personal-plan" in failure.message
    assert "[hidden]" not in failure.message


def test_kept_results_that_were_changed_are_not_believed(project, make):
    before = contents(project)
    for path in project.work(".cells").glob("*/results/estimates/relapse.csv"):
        path.write_text(path.read_text("utf-8").replace("0.", "1."), "utf-8")
    (project.report("demo") / "brief.html").unlink()
    _, begun = make()
    assert "04_relapse" in begun
    assert contents(project) == before


def test_a_fresh_run_by_one_worker_on_shuffled_rows_gives_the_same_bytes(project, make):
    before, inputs = contents(project), checksums([project.raw("demo")], project.root)
    shuffled(project)
    assert checksums([project.raw("demo")], project.root) != inputs
    _, begun = make(fresh=True, workers=1)
    assert sorted(begun) == [*NOTEBOOKS, "pages"]
    after = contents(project)
    # these name other inputs: the manifest, and what says that data changed and no number moved
    changed = ("manifest.json", "changes.json", "appendix/changes.html", "appendix/index.html")
    for name in changed:
        assert after.pop(name) != before.pop(name)
    assert after == before
    told = json.loads((project.report("demo") / "changes.json").read_text("utf-8"))
    assert told["numbers"] == []


def test_executed_copies_carry_no_clock(project, make):
    work = project.work("demo")
    before = checksums([work], work)
    make(fresh=True)
    assert checksums([work], work) == before


def test_a_report_is_made_again_and_compared_number_by_number(project, kernels):
    report = project.report("demo")
    assert recompute(report, project, kernels) == []
    content = json.loads((report / "manifest.json").read_text("utf-8"))
    content["lock_sha256"] = "other"
    content["outputs_sha256"]["brief.html"] = "other"
    (report / "manifest.json").write_text(json.dumps(content), "utf-8")
    table = report / "estimates" / "relapse.csv"
    rows = pd.read_csv(table, dtype=str, keep_default_na=False)
    rows.loc[0, "conf_low"] = "0.123456"
    rows.to_csv(table, index=False, lineterminator="\n")
    found = recompute(report, project, kernels)
    assert "made with other: requirements.lock" in found
    assert "comes out differently: brief.html" in found
    start = f"estimates/relapse.csv: {rows.loc[0, 'id']}: conf_low 0.123456, made again "
    assert [line for line in found if line.startswith("estimates")] == [
        next(line for line in found if line.startswith(start))
    ]


def test_a_cell_that_fails_stops_nothing_else_and_leaves_what_was_there(
    project, make, failing_at_week_8
):
    before = contents(project)
    wrong = replace(ORDER, parameters={"week": 8})
    good = replace(ORDER, parameters={"week": 12}, report="good")
    (failed, made), _ = make(wrong, good)
    (failure,) = failed.failures
    assert (failure.step, failure.kind) == ("04_relapse", "KeyError")
    assert "there is no key" in failure.message
    assert made.failures == ()
    assert contents(project) == before
    said = plain([failed, made])
    assert (said["failed"], said["reports"][1]["status"]) == (1, "made")
    assert failures_table([failed, made]).row_count == 1
    json.dumps(said)


def test_a_source_that_cannot_be_read_fails_alone(project, make):
    text = (project.raw("demo") / "visits.csv").read_text("utf-8")
    shutil.copytree(project.raw("demo"), project.raw("broken"))
    (project.raw("broken") / "visits.csv").write_text(f"{text}{MARK},x,PHQ-9,99\n", "utf-8")
    (broken, good), _ = make(Order("broken"), ORDER)
    assert broken.failures[0].kind == "DataProblems"
    assert "visits.csv" in broken.failures[0].message
    assert MARK not in broken.failures[0].message
    assert good.failures == ()


@pytest.fixture
def failing(project, tmp_path, monkeypatch):
    """The notebooks, the first of which stops with an error that quotes what the data hold."""
    people = project.raw("demo") / "participants.csv"
    head, row, *rest = people.read_text("utf-8").splitlines()
    people.write_text("\n".join([f"{head},remark", f"{row},{MARK}", *(f"{r}," for r in rest)]))
    shipped = read_notebooks()
    notebook = nbformat.read(shipped[0].path, as_version=4)
    code = (
        "people = study.tables['participants']\n"
        "bad = people[people.remark == 'Zoltan'].iloc[0]\n"
        "raise ValueError(f'cannot place {bad.remark} of {bad.participant_id} at {bad.to_dict()}')"
    )
    # the word stands in the data alone: what a notebook itself says may be shown
    code = code.replace("'Zoltan'", "''.join(['Zo', 'ltan'])")
    notebook.cells.append(nbformat.v4.new_code_cell(code))
    nbformat.write(notebook, tmp_path / "01_study.ipynb")
    mine = (read_notebook(tmp_path / "01_study.ipynb"), *shipped[1:])
    monkeypatch.setattr("ctevidence.reports.making.read_notebooks", lambda: mine)
    return row.split(",")[0]


def test_no_value_of_a_person_reaches_log_table_or_executed_copy(project, kernels, failing, capfd):
    log = project.work(".log")
    with Display(["demo"], log) as display:
        made = make_reports([ORDER], project, kernels=kernels, watch=display)
    display.console.print(failures_table(made))
    copy = (project.work(".failed") / "demo" / "01_study.ipynb").read_text("utf-8")
    shown = "".join(capfd.readouterr())
    texts = {"log": log.read_text("utf-8"), "copy": copy, "json": json.dumps(plain(made))}
    texts |= {"terminal": shown}
    for name, text in texts.items():
        assert "cannot place" in " ".join(text.split()), name
        assert MARK not in text, name
        assert failing not in text, name
    assert "Traceback" not in texts["log"]


def test_raw_data_are_never_written_to(project, make):
    raw = project.raw("demo")
    before = checksums([raw], raw)
    times = {p: p.stat().st_mtime_ns for p in raw.iterdir()}
    for path in raw.iterdir():
        path.chmod(0o444)
    raw.chmod(0o555)
    (made,), _ = make(fresh=True)
    raw.chmod(0o755)
    assert made.failures == ()
    assert checksums([raw], raw) == before
    assert {p: p.stat().st_mtime_ns for p in raw.iterdir()} == times


def test_a_second_run_on_the_same_report_is_refused_in_words(project, make):
    before = contents(project)
    with claim(project.work(".locks") / "demo", "reports/demo"):
        (made,), begun = make()
    assert begun == []
    assert made.failures[0].kind == "InUse"
    assert f"process {os.getpid()}" in made.failures[0].message
    assert contents(project) == before


def run_limited(project, **options):
    """A run of its own by the command line."""
    command = [sys.executable, "-m", "ctevidence.cli", "report", "demo", "--outcome", "relapse"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environment.pop("CTEVIDENCE_PROJECT", None)
    return subprocess.run(
        [*command, "--fresh", "--quiet", "--json"],
        cwd=project.root, env=environment, capture_output=True, text=True, check=False, **options,
    )  # fmt: skip


def test_a_disk_that_is_full_leaves_everything_as_it_was(project):
    before = contents(project)

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = run_limited(project, preexec_fn=small_files)
    assert done.returncode == 1
    messages = [f["message"] for f in json.loads(done.stdout)["reports"][0]["failures"]]
    assert any("larger than this user may write" in m for m in messages), messages
    assert contents(project) == before
    assert not list(project.work(".cells").glob(".making-*"))


def without_power_over_rights():
    """The administrator's process then meets the same refusals as anybody's."""
    bounds, override, search = 24, 1, 2
    for capability in (override, search):
        ctypes.CDLL(None).prctl(bounds, capability)


@pytest.mark.parametrize("where", ["reports", "data/processed"])
def test_a_folder_without_rights_is_named(project, where):
    before = contents(project)
    folders = [p for p in (project.root / where, *(project.root / where).rglob("*")) if p.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    done = run_limited(project, preexec_fn=without_power_over_rights)
    for folder in folders:
        folder.chmod(0o755)
    assert done.returncode == 1
    (failure,) = json.loads(done.stdout)["reports"][0]["failures"]
    assert "this user may not write there" in failure["message"]
    assert where in failure["message"]
    assert contents(project) == before
