"""The shipped report, made once for all tests that read it."""

import shutil
from pathlib import Path

import nbformat
import pytest

from ctevidence.data.project import Project
from ctevidence.reports.notebooks import read_notebook, read_notebooks
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


@pytest.fixture
def failing_at_week_8(tmp_path, monkeypatch):
    """The notebooks, one of which stops when it is asked for week 8."""
    shipped = read_notebooks()
    at = next(i for i, n in enumerate(shipped) if n.name == "04_relapse")
    notebook = nbformat.read(shipped[at].path, as_version=4)
    code = "if week == 8: raise KeyError('there is no key')"
    notebook.cells.insert(3, nbformat.v4.new_code_cell(code))
    nbformat.write(notebook, tmp_path / "04_relapse.ipynb")
    mine = (*shipped[:at], read_notebook(tmp_path / "04_relapse.ipynb"), *shipped[at + 1 :])
    monkeypatch.setattr("ctevidence.reports.making.read_notebooks", lambda: mine)
