"""The command line as a newcomer meets it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ctevidence.cli import main

LINDE = Path(__file__).parents[1] / "data/raw/linde2016"


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Call the command in an empty folder; returns exit status, output and error text."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CTEVIDENCE_PROJECT", raising=False)

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["ctevidence", *words])
        status = 0
        try:
            main()
        except SystemExit as stop:
            status = stop.code or 0
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_a_template_is_made_checked_and_listed(run, tmp_path):
    status, out, _ = run("new", "my-study")
    assert status == 0
    assert "ctevidence check" in out
    status, out, _ = run("check", "data/raw/my-study")
    assert status == 0
    assert "An example study" in out
    assert run("list")[1].startswith("my-study")
    status, out, _ = run("prepare", "my-study")
    assert (status, (tmp_path / "data/processed/my-study/study.toml").exists()) == (0, True)


def test_an_existing_folder_is_not_overwritten(run):
    run("new", "my-study")
    status, _, _ = run("new", "my-study")
    assert "my-study" in str(status)


def test_problems_are_one_readable_message(run, tmp_path):
    run("new", "my-study")
    visits = tmp_path / "data/raw/my-study/visits.csv"
    visits.write_text(visits.read_text().replace("PHQ-9,17", "PHQ-9,99"))
    status, _, _ = run("check", "data/raw/my-study")
    assert "99" in str(status)
    assert "Traceback" not in str(status)


def test_a_report_that_fails_is_told_to_machines_and_ends_with_a_status(run, tmp_path):
    run("new", "broken")
    visits = tmp_path / "data/raw/broken/visits.csv"
    visits.write_text(visits.read_text().replace("PHQ-9,17", "PHQ-9,99"))
    status, out, err = run("report", "broken", "--json", "--quiet")
    said = json.loads(out)
    assert (status, said["failed"], said["reports"][0]["status"]) == (1, 1, "failed")
    assert "visits.csv score" in said["reports"][0]["failures"][0]["message"]
    assert "What failed, and why" in err
    assert "broken data failed" in (tmp_path / "reports/.work/.log").read_text("utf-8")


def test_a_misspelt_name_is_refused_before_anything_runs(run, tmp_path):
    run("new", "my-study")
    run("new", "other")
    for words in (("report",), ("prepare",), ("check",)):
        status, out, err = run(*words, "My_stduy")
        assert (status, out) == (2, ""), words
        assert 'There are no data "My_stduy"; did you mean "my-study"?' in err, words
        assert f"data/raw and data/processed of {tmp_path}" in err, words
        assert "What failed" not in err, words
    assert not (tmp_path / "reports/.work/.failed").exists()
    assert "there: my-study, other." in run("report", "zzz")[2]
    assert 'Did you mean its name, "my-study"?' in run("report", "data/raw/my-study")[2]


def test_a_name_in_data_raw_can_be_checked(run):
    run("new", "my-study")
    assert "An example study" in run("check", "my-study")[1]


def test_a_file_beside_is_not_called_missing(run, tmp_path):
    run("new", "my-study")
    (tmp_path / "scores.csv").write_text("a,b\n")
    said = str(run("check", "scores.csv")[0])
    assert "This is a file; a study is a folder." in said


def test_data_that_stand_in_processed_alone_cannot_be_prepared(run, tmp_path):
    run("new", "only")
    (tmp_path / "data/processed").mkdir(exist_ok=True)
    (tmp_path / "data/raw/only").rename(tmp_path / "data/processed/only")
    status, out, err = run("prepare", "only")
    assert (status, out) == (2, "")
    assert '"only" stands in data/processed alone' in err
    assert "put the files as received and what declares them in data/raw/only" in err
    assert "did you mean" not in err


def test_a_network_without_trials_is_refused_before_anything_runs(run, tmp_path):
    run("new", "my-study")
    shutil.copytree(LINDE, tmp_path / "data/raw/linde2016")
    status, out, err = run("report", "my-study", "--network", "linde2016")
    assert (status, out) == (2, "")
    assert 'The network "linde2016" stands beside published trials' in err


def test_a_week_that_is_not_scheduled_is_refused_before_anything_runs(run):
    run("new", "my-study")
    status, out, err = run("report", "my-study", "-p", "week=11")
    assert (status, out) == (2, "")
    assert 'Week 11 is not in the schedule of "my-study", which has visits at weeks' in err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("report", "nothing-here"), "not inside a project"),
        (("check", "nowhere"), "no such folder"),
        (("prepare",), "not inside a project"),
    ],
)
def test_mistakes_are_answered_in_words(run, words, expected):
    status, _, err = run(*words)
    assert expected in f"{status} {err}"


def test_an_unknown_command_is_a_usage_error(run):
    status, _, err = run("reprot")
    assert status == 2
    assert "reprot" in err


def test_simulated_studies_are_synthetic_and_repeatable(run, tmp_path):
    run("new", "first")  # makes the folder a project
    run("simulate", "demo", "--patients", "60", "--seed", "7")
    first = (tmp_path / "data/raw/demo/visits.csv").read_bytes()
    assert 'data_kind = "synthetic"' in (tmp_path / "data/raw/demo/study.toml").read_text()
    run("simulate", "again", "--patients", "60", "--seed", "7")
    assert (tmp_path / "data/raw/again/visits.csv").read_bytes() == first


def test_a_maintenance_trial_says_what_it_is(run, tmp_path):
    run("new", "first")
    run("simulate", "kept", "--patients", "40", "--design", "maintenance")
    text = (tmp_path / "data/raw/kept/study.toml").read_text()
    assert "[maintenance]" in text
    assert 'entered_after = "remission"' in text
    status, _, _ = run("simulate", "other", "--design", "maintenence")
    assert 'design is "maintenence"' in str(status)


def test_help_loads_no_heavy_library():
    code = (
        "import sys\nsys.argv = ['ctevidence', '--help']\nfrom ctevidence.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'pandas', 'scipy', 'matplotlib', 'papermill', 'statsmodels'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_every_problem_of_a_wrong_column_goes_into_a_file(run, tmp_path):
    run("new", "first")
    run("simulate", "demo", "--patients", "400", "--tables", "csv")
    file = tmp_path / "data/raw/demo/visits.csv"
    head, *lines = file.read_text().splitlines()
    at = head.split(",").index("score")
    wrong = [",".join([*c[:at], "999", *c[at + 1 :]]) for c in (line.split(",") for line in lines)]
    file.write_text("\n".join([head, *wrong]) + "\n")
    message, _, told = run("check", "data/raw/demo", "--problems", "all.csv")
    assert "All problems, one a row: all.csv" in told
    assert len(lines) > 1000
    assert f"{len(lines)} times" in message
    assert (tmp_path / "all.csv").read_text().count(",score,") == len(lines)
    assert run("check", "data/raw/demo")[0] == message  # the count, not the rows
