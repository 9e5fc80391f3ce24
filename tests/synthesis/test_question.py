import pytest

from ctevidence.synthesis.question import Question


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outcome": ()}, "Say which outcome"),
        ({"contrast": ("combined", "combined")}, "two different treatments"),
        ({"contrast": ("combined",)}, "two different treatments"),
        ({"week": "last"}, 'week="last"'),
        ({"several_arms": "pool"}, 'several_arms="pool"'),
        ({"stratum": "tapered"}, 'stratum "tapered"; did you mean "taper"'),
        ({"exclude_flags": "completer"}, 'flag "completer"; did you mean "completers"'),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        Question(**({"outcome": "response"} | options))


def test_one_word_or_several():
    question = Question("response", phase="acute", condition=None, arms={"a": "x", "b": ["y", "z"]})
    assert question.outcome == ("response",)
    assert (question.phase, question.condition) == (("acute",), ())
    assert question.arms == {"a": ("x",), "b": ("y", "z")}
    assert Question(["response", "remission"]).outcome == ("response", "remission")


def test_joint_strata_may_be_asked_for():
    assert Question("relapse", stratum="prior_nonresponse+taper").stratum
