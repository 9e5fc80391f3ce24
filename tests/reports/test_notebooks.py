"""Strict parameters: what papermill lets through is refused before anything runs."""

import nbformat
import pytest

from ctevidence.reports.notebooks import ParameterError, read_notebook


def written(path, source, tags=("parameters",)):
    notebook = nbformat.v4.new_notebook()
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["tags"] = list(tags)
    notebook.cells = [nbformat.v4.new_markdown_cell("# A title"), cell]
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def notebook(tmp_path):
    source = 'name: str = "a"  # a name\nweek: float | None = None  # weeks\nn: int = 3  # a count'
    return read_notebook(written(tmp_path / "x.ipynb", source))


def test_parameters_are_read_with_type_default_and_help(notebook):
    week = notebook.parameters["week"]
    assert (week.type, week.default, week.help) == ("float | None", None, "weeks")
    assert notebook.title == "A title"


@pytest.mark.parametrize(
    "values", [{"name": "b"}, {"week": 9}, {"week": 9.5}, {"week": None}, {"n": 4}, {}]
)
def test_values_of_the_declared_type_pass(notebook, values):
    assert notebook.check(values) == values


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"wek": 9}, 'did you mean "week"'),
        ({"week": "9"}, "must be float | None"),
        ({"week": True}, "must be float | None"),
        ({"n": 2.5}, "must be int"),
        ({"name": 3}, "must be str"),
        ({"x = 1\nimport os #": 1}, "has no parameter"),
    ],
)
def test_unknown_misspelt_wrongly_typed_or_injected_parameters_are_refused(notebook, values, words):
    with pytest.raises(ParameterError) as caught:
        notebook.check(values)
    assert words in str(caught.value)


def test_a_notebook_without_the_tag_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="has 0 cells tagged"):
        read_notebook(written(tmp_path / "x.ipynb", "a: int = 1  # one", tags=()))


@pytest.mark.parametrize("source", ["a = 1  # one", "a: int = 1", "import os  # no"])
def test_the_cell_holds_only_annotated_literals_with_a_comment(tmp_path, source):
    with pytest.raises(ParameterError):
        read_notebook(written(tmp_path / "x.ipynb", source))
