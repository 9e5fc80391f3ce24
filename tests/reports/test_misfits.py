"""What the data do not hold is refused before anything runs, all of it at once."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ctevidence.data.project import Project
from ctevidence.data.sources import MissingSource
from ctevidence.data.writers import write_study
from ctevidence.reports.making import make_reports
from ctevidence.reports.misfits import CONDITION, WEEK, Misfit, refuse_misfits
from ctevidence.reports.notebooks import read_notebooks
from ctevidence.reports.orders import Order, read_matrix
from ctevidence.simulate.study import simulate_study

ROOT = Path(__file__).parents[2]
NOTEBOOKS = read_notebooks()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A simulated study with visits at weeks 4 to 24, one without visits, and published trials."""
    project = Project(tmp_path_factory.mktemp("project"))
    write_study(replace(simulate_study(n=40, seed=4), name="demo"), project.raw("demo"))
    for source in ("uis-relapse", "published-trials", "linde2016"):
        shutil.copytree(ROOT / "data" / "raw" / source, project.raw(source))
    return project


@pytest.fixture
def refused(project):
    """What is said of orders."""

    def call(*orders):
        with pytest.raises(Misfit) as caught:
            refuse_misfits(orders, project, NOTEBOOKS)
        return str(caught.value)

    return call


def weeks_of(project):
    return read_study_weeks(project.raw("demo") / "study.toml")


def read_study_weeks(path):
    lines = path.read_text("utf-8").splitlines()
    return [float(line.split("=")[1]) for line in lines if line.startswith("week =")]


def test_what_fits_is_not_refused(project):
    weeks = weeks_of(project)
    assert len(weeks) > 2
    orders = [Order("demo", parameters={"week": week}) for week in weeks]
    orders += [
        Order("demo", "published-trials", "linde2016", {"condition": "anxiety", "week": None}),
        Order("demo", "published-trials", parameters={"condition": "panic"}),
        Order("uis-relapse", parameters={"week": 26, "condition": "drug use"}),
        Order("uis-relapse", outcomes=("relapse",)),
        Order("published-trials", "published-trials", "linde2016"),
    ]
    refuse_misfits(orders, project, NOTEBOOKS)


def test_every_cell_of_a_matrix_is_told_at_once(project, tmp_path):
    file = tmp_path / "matrix.toml"
    file.write_text(
        'studies = ["demo", "dmeo"]\noutcomes = ["response", "course"]\n'
        "[parameters]\nweek = [4, 5, 77]\n"
    )
    begun = []
    with pytest.raises(Misfit) as caught:
        make_reports(read_matrix(file), project, watch=begun.append)
    said = str(caught.value)
    assert begun == []
    assert "Nothing was run" in said
    assert 'There are no data "dmeo"; did you mean "demo"?' in said
    assert said.count('Week 5 is not in the schedule of "demo"') == 1
    assert "Asked for by demo--response--week=5, demo--course--week=5." in said
    assert 'Week 77 is not in the schedule of "demo"' in said
    assert "Week 4 " not in said
    assert ", ".join(f"{week:g}" for week in weeks_of(project)) in said
    assert str(project.raw("demo") / "study.toml") in said
    assert "dmeo--course--week=4" not in said  # three are named, the others counted
    assert "and 3 further reports" in said


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Order("uis-relapse", parameters={"week": 500}), "up to 112"),
        (Order("uis-relapse", parameters={"week": 0}), "ask for a week above 0"),
        (Order("demo", parameters={"week": float("inf")}), "Week inf is not in the schedule"),
        (Order("demo", parameters={"week": 0}), "Week 0 is not in the schedule"),
        (Order("demo", "uis-relapse"), '--trials names published trials, but "uis-relapse" is'),
        (Order("demo", None, "uis-relapse"), '--network names published trials, but "uis'),
        (Order("demo", None, "linde2016"), "(--trials linde2016 for the network alone)"),
        (Order("published-trials", "linde2016"), "give --network linde2016"),
        (Order("uis-relapse", outcomes=("response",)), "schedules no visits"),
        (Order("published-trials", outcomes=("relapse",)), "published trials, not a study"),
        (Order("published-trials", parameters={"week": 9}), 'reads "week"'),
        (Order("demo", outcomes=("course",), parameters={"seed": 3}), "only 08_sensitivity"),
        (Order("demo", parameters={"condition": "depresion"}), 'did you mean "depression"'),
    ],
)
def test_what_does_not_fit_is_told_in_words(refused, order, words):
    assert words in refused(order)


def test_one_misspelt_name_is_an_error_of_its_own(project):
    with pytest.raises(MissingSource, match='did you mean "demo"'):
        refuse_misfits([Order("dem"), Order("dem", report="b")], project, NOTEBOOKS)


def test_a_declaration_that_cannot_be_read_is_left_to_the_plan(project):
    folder = project.raw("damaged")
    parameters = {"week": 3, "condition": "depression"}
    order = Order("damaged", "published-trials", parameters=parameters)
    visits = '[schedule]\nvisits = "?"', "[schedule]\nvisits = [1]"
    for text in ("[study", "", *visits, 'study = "x"', "[[study]]"):
        folder.mkdir(exist_ok=True)
        (folder / "study.toml").write_text(text)
        refuse_misfits([order], project, NOTEBOOKS)
    shutil.rmtree(folder)


def test_every_parameter_that_names_a_week_or_condition_is_held_against_the_data():
    parameters = {p.name: p for n in NOTEBOOKS for p in n.parameters.values()}
    told = {name for name, p in parameters.items() if "week" in f"{name} {p.help}"}
    assert told == {WEEK}
    assert {name for name in parameters if "condition" in name} == {CONDITION}
