import pytest

from ctevidence.data.rules import RemissionRule
from ctevidence.outcomes.declared import declared_rule

PEOPLE = """
    who | arm     | baseline | 4
    ann | control | 30       | 10
"""


@pytest.mark.parametrize("what", ["response", "remission", "relapse", "retention"])
def test_a_rule_that_nobody_declared_is_refused_with_the_table_to_add(draw, what):
    with pytest.raises(ValueError, match=rf"tiny declares no rule for {what}.*\[{what}\]"):
        declared_rule(draw(PEOPLE), what)


def test_the_rule_of_the_call_goes_before_the_declared_one(draw):
    study = draw(PEOPLE, remission=RemissionRule(9))
    assert declared_rule(study, "remission").threshold == 9
    assert declared_rule(study, "remission", RemissionRule(7)).threshold == 7
