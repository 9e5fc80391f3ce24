"""Survival-curve counts and therapy in groups, by hand."""

import numpy as np
import pytest

from ctevidence.data.trials import Trials
from ctevidence.synthesis.effect_sizes import effect_sizes
from ctevidence.synthesis.group_therapy import group_therapy_sensitivity
from ctevidence.synthesis.pool import pool
from ctevidence.synthesis.variance_inflation import SURVIVAL_SHARE, Inflation

CONTRAST = ("combined", "medication")


def of(arms, **options):
    return effect_sizes(Trials("demo", "demo", arms=arms), "response", CONTRAST, **options)


def test_a_survival_count_is_worth_its_share_of_people(make_arms):
    # 10/40 and 20/50 as 8/32 and 16/40: the risk stays, the variance is that of the fewer people
    arms = make_arms(("a", "combined", 10, 40), ("a", "medication", 20, 50))
    flagged = of(arms.assign(flags="survival_estimate"))
    fewer = of(make_arms(("a", "combined", 8, 32), ("a", "medication", 16, 40)))
    for column in ("estimate", "std_error"):
        assert flagged.frame[column][0] == pytest.approx(fewer.frame[column][0], rel=1e-12)
    assert flagged.frame[["events1", "n1"]].iloc[0].tolist() == [10, 40]
    assert "100 people behind a survival curve count as 80" in flagged.frame["caution"][0]
    plain = of(arms.assign(flags="survival_estimate"), survival_share=1)
    assert plain.frame["std_error"][0] == of(arms).frame["std_error"][0]
    assert "count as" not in plain.frame["caution"][0]


def test_the_effective_sample_size_of_a_curve_gives_back_its_error(make_arms):
    """Greenwood: S = 0.6 with standard error 0.1 is worth 0.6 * 0.4 / 0.01 = 24 people of 40."""
    arms = make_arms(
        ("a", "combined", 16, 40), ("a", "medication", 25, 50),
        flags="survival_estimate", n_effective=[24.0, 50.0],
    )  # fmt: skip
    found = of(arms, measure="risk_difference").frame["std_error"][0]
    assert found**2 == pytest.approx(0.1**2 + 0.25 / 50, rel=1e-12)


def test_only_arms_with_therapy_are_in_groups(make_arms):
    arms = make_arms(("a", "combined", 10, 40), ("a", "medication", 20, 50), flags="group_therapy")
    found = of(arms, icc=0.05, group_size=8)
    # design effect 1.35 on 1/10 - 1/40 and none on 1/20 - 1/50
    assert found.frame["std_error"][0] ** 2 == pytest.approx(1.35 * 0.075 + 0.03, rel=1e-12)
    assert "times 1.35" in found.frame["caution"][0]
    alone = of(arms.assign(flags=""), icc=0.05, group_size=8)
    assert alone.frame["std_error"][0] ** 2 == pytest.approx(0.105, rel=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"survival_share": 0}, "above 0 and at most 1"),
        ({"survival_share": 1.2}, "above 0 and at most 1"),
        ({"icc": -0.1}, "between 0 and 1"),
        ({"icc": 0.1, "group_size": 0}, "at least one person"),
        ({"icc": 0.1}, "needs group_size"),
    ],
)
def test_impossible_numbers_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Inflation(**options)


def test_several_correlations_stand_side_by_side(published):
    question = {
        "outcome": "response", "contrast": CONTRAST, "phase": "acute", "condition": "social_anxiety"
    }  # fmt: skip
    rows = list(group_therapy_sensitivity(published, icc=(0, 0.05, 0.1), group_size=8, **question))
    assert [row.population for row in rows] == [
        f"anxiety; adults; acute phase; intra-class correlation {icc}"
        for icc in ("0", "0.05", "0.1")
    ]
    plain = pool(effect_sizes(published, **question)).pooled
    assert rows[0].estimate == pytest.approx(plain.estimate, rel=1e-12)
    assert np.diff([row.std_error for row in rows]).min() > 0
    assert {row.studies for row in rows} == {2}
    assert all("2 of 2 trials have therapy in groups" in row.caution for row in rows)


def test_the_share_is_cautious_for_the_trials_at_hand(published):
    """Lost people count half: no shipped trial of a year or more lost more than that."""
    arms = published.arms
    long = arms[(arms["outcome"] == "dropout") & (arms["weeks"] >= 52)]
    lost = long.groupby("trial_id")[["events", "n"]].sum()
    share = lost["events"] / lost["n"]
    # miklowitz2003 36 of 101, miklowitz2007 98 of 293, dsouza2010 13 of 58
    assert share.round(2).to_dict() == {
        "dsouza2010": 0.22, "miklowitz2003": 0.36, "miklowitz2007": 0.33
    }  # fmt: skip
    assert 1 - share.max() / 2 > SURVIVAL_SHARE
