"""The table [multiverse]: what is read, what is refused, and that writing gives it back."""

import pytest

from ctevidence.data.multiverse_rule import IMPUTED, MultiverseRule, covariates_of
from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study
from ctevidence.data.writers import write_study
from ctevidence.sensitivity.strategies import STRATEGIES
from ctevidence.simulate.study import simulate_study

TABLE = """
[definitions.half]
label = "50 % fall"
kind = "percent_fall"
percent = 50
missing = ["observed"]

[multiverse]
definitions = ["half"]
missing = ["observed", "jump to reference"]
adjust = ["none", "baseline + age"]
models = ["counts", "standardised"]
reference = "control"
"""


def declared(folder, table):
    write_study(simulate_study(n=20, seed=1), folder)
    path = folder / "study.toml"
    path.write_text(path.read_text("utf-8") + table, encoding="utf-8")
    return read_study(folder)


def test_the_grid_is_read_and_written_back(tmp_path):
    study = declared(tmp_path / "first", TABLE)
    wanted = MultiverseRule(
        ("half",), ("observed", "jump to reference"), ("none", "baseline + age"),
        ("counts", "standardised"), "control",
    )  # fmt: skip
    assert study.rules.multiverse == wanted
    write_study(study, tmp_path / "second")
    assert read_study(tmp_path / "second").rules.multiverse == wanted


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('definitions = ["half"]', 'definitions = ["haf"]', 'did you mean "half"'),
        ('"jump to reference"]', '"jump to referense"]', 'did you mean "jump to reference"'),
        ('models = ["counts"', 'models = ["standardised"', '"standardised" twice'),
        ("[multiverse]", "[multiverse]\nseed = 1", "seed"),
    ],
)
def test_a_word_that_is_not_known_is_refused(tmp_path, was, becomes, said):
    with pytest.raises(DataProblems, match="multiverse") as problem:
        declared(tmp_path, TABLE.replace(was, becomes, 1))
    assert said in str(problem.value)


def test_without_the_table_there_is_no_rule(tmp_path):
    assert declared(tmp_path, "").rules.multiverse is None


def test_imputations_are_those_that_there_are():
    assert IMPUTED == STRATEGIES


def test_spaces_around_covariates_do_not_count():
    assert covariates_of(" age+ sex ", ()) == ("age", "sex")
