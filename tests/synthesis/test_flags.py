import pytest

from ctevidence.data.trial_columns import WORDS
from ctevidence.synthesis.flags import FLAG_RULES, FlagRule, acting, stratum_of


def test_every_flag_that_trials_may_have_has_a_rule_and_none_is_left_over():
    assert set(WORDS["flags"]) == set(FLAG_RULES)


def test_strata_of_their_own():
    strata = {flag: rule.stratum for flag, rule in FLAG_RULES.items() if rule.stratum}
    assert strata == {
        "taper_in_therapy_arm": "taper",
        "taper_both_arms": "taper",
        "prior_nonresponse": "prior_nonresponse",
        "relapse_from_start": "relapse_from_start",
    }


def test_a_flag_about_one_arm_acts_only_on_contrasts_with_it():
    flags = ["taper_in_therapy_arm", "therapy_arm_without_pill", "drugs_allowed_in_control"]
    assert acting(flags, ["combined", "medication"]) == []
    assert stratum_of(acting(flags, ["combined", "therapy"])) == "taper"
    assert stratum_of(acting(flags, ["medication", "control"])) == "main"
    # tapering in both arms is part of every contrast
    assert stratum_of(acting(["taper_both_arms"], ["medication", "control"])) == "taper"


def test_an_unknown_flag_is_refused_unless_a_rule_is_declared():
    with pytest.raises(ValueError, match="No rule says what the flag crossover"):
        acting(["crossover"], ["combined", "therapy"])
    rules = {"crossover": FlagRule("crossover", "people changed arms", stratum="crossover")}
    assert stratum_of(acting(["crossover"], ["combined"], rules)) == "crossover"
