"""The shipped report, made once for all tests that read it."""

import shutil
from pathlib import Path

import pytest

from ctevidence.data.project import Project
from ctevidence.reports.run import run_report

ROOT = Path(__file__).parents[2]
SHIPPED = ("beat-the-blues", "published-trials", "linde2016")


def _project_with(folder, *sources):
    for source in sources:
        shutil.copytree(ROOT / "data" / "raw" / source, folder / "data" / "raw" / source)
    return Project(folder)


@pytest.fixture(scope="session")
def project_with():
    """Makes a project that holds the sources named."""
    return _project_with


@pytest.fixture(scope="session")
def pack(tmp_path_factory):
    """The project, the pack made in it, and the steps that were told on the way."""
    project = _project_with(tmp_path_factory.mktemp("project"), *SHIPPED)
    steps = []
    made = run_report(*SHIPPED, project=project, progress=steps.append)
    return project, made, steps
