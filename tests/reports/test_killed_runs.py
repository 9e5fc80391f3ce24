"""A handful of runs that are killed at random moments; `make validate` kills 200."""

import importlib
from pathlib import Path

import pytest

from ctevidence.reports.kernels import FORKS

FOLDER = Path(__file__).parents[2] / "validation"


@pytest.mark.skipif(not FORKS, reason="folders are exchanged at once on Linux only")
def test_a_killed_run_leaves_a_whole_report_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    found = importlib.import_module("killed_runs").kill_runs(tmp_path, kills=4, seed=5, finish=4)
    assert found.kills == 4
    assert found.under_way >= 1
    assert (found.torn, found.alive, found.left, found.different) == (0, 0, 0, 0)
