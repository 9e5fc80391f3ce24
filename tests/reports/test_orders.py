"""What a run is asked for, and what is refused before anything runs."""

import pytest

from ctevidence.reports.notebooks import ParameterError
from ctevidence.reports.orders import MatrixError, Order, ordered, read_matrix


@pytest.fixture
def matrix(tmp_path):
    def write(text):
        path = tmp_path / "matrix.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_matrix_is_every_combination(matrix):
    orders = read_matrix(
        matrix("""
studies = ["one", "two"]
trials = "published"
outcomes = ["response", "course"]
[parameters]
week = [9, 13.5]
condition = "depression"
""")
    )
    assert len(orders) == 8
    assert orders[0] == Order(
        "one",
        "published",
        None,
        {"week": 9, "condition": "depression"},
        ("response",),
        "one--response--week=9",
    )
    assert len({order.report for order in orders}) == 8
    assert orders[-1].report == "two--course--week=13.5"


def test_one_study_alone_keeps_its_name(matrix):
    (order,) = read_matrix(matrix('studies = "one"\n[parameters]\nweek = 9'))
    assert order.report == "one"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("studies = [", "The line cannot be read"),
        ("studies = " + "[" * 4_000 + "]" * 4_000, "stand within each other"),
        ("studies = [" + "9" * 5_000 + "]", "thousands of digits"),
        (".".join("a" * 5_000) + " = 1", "letters or"),
        ("# x\n" * 200_000, "bytes; at most"),
        (
            "studies = ['x']\n[parameters]\n"
            + "\n".join(f"p{i} = {list(range(100))}" for i in range(10)),
            "spans 100,000,000,000,000",
        ),
        ('trials = "x"', 'no "studies"'),
        ('studies = ["x"]\noutcome = ["response"]', 'did you mean "outcomes"'),
        ("studies = [1]", "not text"),
        ("studies = []", "nothing is listed"),
        ('studies = ["x", "x"]', "made twice: x"),
        ('studies = ["x"]\noutcomes = ["respons"]', 'did you mean "response"'),
        ('studies = ["../x"]', "cannot name a folder"),
        ('studies = ["/etc"]', "cannot name a folder"),
        ('studies = ["x"]\nparameters = 3', "not a table"),
        ('studies = ["x"]\n[parameters]\nwek = 9', 'did you mean "week"'),
        ('studies = ["x"]\n[parameters]\nweek = ["soon"]', "must be float"),
        ('studies = ["x"]\n[parameters]\nprofile = "open"', "is not chosen here"),
        ('studies = ["x"]\n[parameters]\n"a=1;b" = 1', "No notebook has"),
    ],
)
def test_what_cannot_be_run_is_refused_at_once(matrix, text, words):
    with pytest.raises((MatrixError, ParameterError)) as caught:
        read_matrix(matrix(text))
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"names": ["a", "a"]}, "asked for twice"),
        ({"names": ["a", "b"], "report": "x"}, "--name names one report"),
        ({"names": ["a.toml"], "trials": "x"}, "stands alone"),
        ({"names": ["a.toml", "b"]}, "stands alone"),
        ({"names": ["a"], "outcomes": ("harm",)}, "no outcome"),
        ({"names": ["a"], "report": ".work"}, "cannot name a folder"),
    ],
)
def test_a_command_line_is_checked_at_once(given, words):
    with pytest.raises(MatrixError, match=words):
        ordered(**given)


def test_several_names_are_several_reports():
    assert [o.report for o in ordered(["a", "b"], parameters={"week": 4})] == ["a", "b"]
