import numpy as np
import pytest

from ctevidence.synthesis.study_effects import StudyEffects


@pytest.mark.parametrize(
    ("estimate", "variance", "study", "message"),
    [
        ([], [], (), "no study"),
        ([0.1, 0.2], [0.1], (), "do not go together"),
        ([0.1, 0.2], [0.1, 0.2], ("a",), "do not go together"),
        ([0.1, np.nan], [0.1, 0.2], ("a", "b"), "b has estimate nan"),
        ([0.1, 0.2], [0.1, np.inf], ("a", "b"), "b has estimate 0.2 and variance inf"),
        ([0.1, 0.2], [0.0, 0.2], ("a", "b"), "a has variance 0"),
        ([0.1, 0.2], [0.1, -0.2], ("a", "b"), "b has variance -0.2"),
        ([0.1, 0.2, 0.3], [0.1, 0.2, 0.1], ("a", "b", "a"), "a stands 2 times"),
    ],
)
def test_unusable_effects_are_named(estimate, variance, study, message):
    with pytest.raises(ValueError, match=message):
        StudyEffects(estimate, variance, study)


def test_all_problems_are_listed_at_once():
    with pytest.raises(ValueError, match="a has variance 0.*b has estimate nan.*b stands 2 times"):
        StudyEffects([0.1, np.nan, 0.2], [0.0, 0.1, 0.1], ("a", "b", "b"))


def test_input_is_copied_and_frozen():
    given = np.array([0.1, 0.2])
    studies = StudyEffects(given, [0.1, 0.2])
    given[0] = 9.0
    assert studies.estimate[0] == 0.1
    assert studies.study == ("study 1", "study 2")
    with pytest.raises(ValueError, match="read-only"):
        studies.estimate[0] = 1.0
