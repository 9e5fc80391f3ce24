"""A handful of runs that are killed at random moments; `make validate` kills 200."""

import importlib
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from ctevidence.cli import STOPPED
from ctevidence.reports.kernels import FORKS

FOLDER = Path(__file__).parents[2] / "validation"


@pytest.mark.skipif(not FORKS, reason="folders are exchanged at once on Linux only")
def test_a_killed_run_leaves_a_whole_report_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    found = importlib.import_module("killed_runs").kill_runs(tmp_path, kills=4, seed=5, finish=4)
    assert found.kills == 4
    assert found.under_way >= 1
    assert (found.torn, found.alive, found.left, found.different) == (0, 0, 0, 0)


@pytest.mark.parametrize("earlier", [False, True])
def test_a_run_that_is_stopped_by_hand_ends_at_once_and_says_so(tmp_path, monkeypatch, earlier):
    monkeypatch.syspath_prepend(FOLDER)
    runs = importlib.import_module("killed_runs")
    project = runs.made_project(tmp_path, seed=5)
    if earlier:
        runs.run_to_its_end(project)
    before = runs.contents(project)
    log = project.work(".log")
    told = len(log.read_text("utf-8")) if earlier else 0
    run = runs.start_run(project, "--fresh", stderr=subprocess.PIPE, text=True)
    while not (log.is_file() and "01_study begun" in log.read_text("utf-8")[told:]):
        assert run.poll() is None
        time.sleep(0.05)
    family = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(signal.SIGINT)
    try:
        _, words = run.communicate(timeout=40)
    except subprocess.TimeoutExpired:
        run.kill()
        raise
    assert run.returncode == 130  # as a shell says of what Ctrl-C has ended
    assert words == f"{STOPPED}\n"
    assert "failed" not in log.read_text("utf-8")[told:]
    assert "01_study stopped" in log.read_text("utf-8")[told:]
    psutil.wait_procs(family, timeout=5)
    assert not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in family)
    assert not runs.leftovers(project)
    assert runs.contents(project) == before
