"""The shipped notebooks: their shape, and that they take only declared parameters."""

import ast
from pathlib import Path

import nbformat
import pytest

from ctevidence.reports.notebooks import ParameterError, read_notebook

FOLDER = Path(__file__).parents[1] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
NAMES = [
    "01_study",
    "02_response",
    "03_course",
    "04_relapse",
    "05_trials",
    "06_evidence",
    "07_brief",
    "08_sensitivity",
]
BANNED = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.With,
    ast.Lambda, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.If,
)  # fmt: skip


def test_all_are_there():
    assert [path.stem for path in PATHS] == NAMES


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_it_is_a_reading_order_not_a_program(notebook):
    code = [c for c in notebook.cells if c.cell_type == "code"]
    assert len(code) <= 20
    for cell in code:
        assert len(cell.source.splitlines()) <= 8, cell.source
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, BANNED), cell.source


def test_it_is_committed_without_results(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
    assert notebook.metadata.kernelspec.name == "python3"


def test_it_opens_with_its_question_and_closes_with_what_it_does_not_show(notebook):
    prose = [c.source for c in notebook.cells if c.cell_type == "markdown"]
    assert prose[0].startswith("# ")
    assert sum(line.startswith("# ") for text in prose for line in text.split("\n")) == 1
    assert "does not show" in prose[-1] or "change the answer" in prose[-1]


def test_no_number_is_typed_in_prose(notebook):
    # the level of the min test and "of every 100 people" are definitions, not results
    allowed = {"2.5", "100"}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            words = cell.source.replace("%", " ").split()
            numbers = {w.strip("().,:;") for w in words if any(ch.isdigit() for ch in w)}
            assert numbers <= allowed, numbers


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_misspelt_parameter_is_refused(path):
    with pytest.raises(ParameterError, match="report_name"):
        read_notebook(path).check({"report_nmae": "x"})
