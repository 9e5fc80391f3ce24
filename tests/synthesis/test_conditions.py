import pytest

from ctevidence.data.trial_columns import WORDS
from ctevidence.synthesis.conditions import (
    CONDITION_GROUPS,
    CONDITIONS,
    MAIN_GROUPS,
    UNCLASSIFIED,
    condition_group,
)


def test_every_condition_that_trials_may_have_is_in_a_group():
    assert set(WORDS["condition"]) == set(CONDITIONS)
    assert {c.group for c in CONDITIONS.values()} == set(CONDITION_GROUPS)


@pytest.mark.parametrize(
    ("code", "group"),
    [
        ("adolescent_depression", "depression"),
        ("persistent_depression", "depression"),
        ("social_anxiety", "anxiety"),
        # DSM-5 took both out of the anxiety disorders
        ("ocd", "ocd"),
        ("ptsd", "ptsd"),
        ("alcohol_use", "alcohol_use"),
        ("insomnia", UNCLASSIFIED),
    ],
)
def test_groups(code, group):
    assert condition_group(code) == group


def test_the_question_is_about_four_groups():
    assert MAIN_GROUPS == ("depression", "anxiety", "bipolar", "ptsd")
