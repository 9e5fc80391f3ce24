"""Time until an event: levels, contrasts and tests of relapse and retention alike."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.contrasts import synergy
from ctevidence.data.rules import RelapseRule, RetentionRule
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.retention import fit_retention

PAIR = ("combined", "medication")


@pytest.fixture(scope="module")
def survival(reference):
    """`survival.json`, made by `survival.R` (survival 3.5-3)."""
    return reference("survival")


@pytest.fixture(scope="module")
def fitted(survival, times):
    def build(name, weeks=(6, 12), **options):
        data = survival[name]["data"]
        return fit_relapse(times(data["time"], data["event"], data["arm"], weeks=weeks, **options))

    return build


@pytest.mark.parametrize("name", ["aml", "lung"])
def test_restricted_mean_difference_as_in_r(fitted, survival, name):
    arms = survival[name]["arms"]
    week = arms["combined"]["tau"]
    row = (
        fitted(name)
        .compare("combined", against="medication", measure="rmst_difference", week=week)
        .one()
    )
    r = [arms[arm]["rmst"] for arm in PAIR]
    assert row.estimate == pytest.approx(r[0]["estimate"] - r[1]["estimate"], rel=1e-10)
    assert row.std_error == pytest.approx(np.hypot(r[0]["std_error"], r[1]["std_error"]), rel=1e-9)
    assert (row.week, row.unit) == (week, "weeks")


def test_published_restricted_mean_difference_of_lung(fitted):
    """survRM2 on lung by sex at 365 days: difference 55.97032433998 (14.958125860424)."""
    row = fitted("lung").compare(
        "combined", against="medication", measure="rmst_difference", week=365
    )
    assert row.one().estimate == pytest.approx(55.97032433998, rel=1e-10)
    assert row.one().std_error == pytest.approx(14.958125860424, rel=1e-10)


@pytest.mark.parametrize("name", ["aml", "lung"])
def test_survival_at_a_week_as_in_r(fitted, survival, name):
    arms = survival[name]["arms"]
    week = arms["combined"]["times"][1]
    fit = fitted(name)
    for row in fit.per_arm("survival", week).where(arm=PAIR):
        r = arms[row.arm]
        expected = [r[k][1] for k in ("survival", "std_error", "conf_low", "conf_high")]
        found = (row.estimate, row.std_error, row.conf_low, row.conf_high)
        assert found == pytest.approx(expected, rel=1e-9)
    row = fit.compare(
        "combined", against="medication", measure="survival_difference", week=week
    ).one()
    error = np.hypot(*(arms[arm]["std_error"][1] for arm in PAIR))
    assert row.std_error == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize("name", ["aml", "lung", "four"])
def test_log_rank_as_in_r(fitted, survival, name):
    r = survival[name]["log_rank"]
    found = fitted(name).log_rank()
    assert found.statistic == pytest.approx(r["chi2"], rel=1e-9)
    assert found.df == r["df"]
    assert found.p_value == pytest.approx(r["p_value"], rel=1e-9)


def test_hazard_ratio_as_in_r(fitted, survival):
    row = fitted("lung").compare("combined", against="medication", measure="hazard_ratio").one()
    r = survival["lung"]["cox"]
    assert row.estimate == pytest.approx(np.exp(np.ravel(r["coef"])[0]), rel=1e-8)
    assert row.std_error == pytest.approx(np.sqrt(np.ravel(r["cov"])[0]), rel=1e-8)
    assert np.isnan(row.week)


def test_every_synergy_scale_of_four_arms(fitted, survival):
    fit = fitted("four")
    rows = synergy(fit, measure="log_hazard")
    coef = dict(zip(survival["four"]["cox"]["names"], survival["four"]["cox"]["coef"], strict=True))
    expected = coef["armcombined"] - coef["armmedication"] - coef["armtherapy"]
    found = rows.where(measure="interaction_ratio").one().estimate
    assert found == pytest.approx(np.exp(expected), rel=1e-7)
    # additive: S11 - S10 - S01 + S00 of the four curves
    value = {arm: float(curve.at(300)) for arm, curve in fit.curves.items()}
    total = value["combined"] - value["medication"] - value["therapy"] + value["control"]
    row = synergy(fit, measure="survival", week=300).where(measure="interaction_difference").one()
    assert row.estimate == pytest.approx(total, rel=1e-12)


def test_a_week_beyond_the_follow_up_names_the_largest(times):
    fit = fit_relapse(times([4, 30.128, 5, 20.777], [1, 0, 1, 0], np.repeat(PAIR, 2)))
    with pytest.raises(ValueError, match="largest possible week is 20.77 "):
        fit.compare("combined", against="medication", measure="rmst_difference", week=20.78)
    fit.levels("rmst", 20.77)
    with pytest.raises(KeyError, match="any up to 20.77"):
        fit.levels("survival")


def test_equal_days_are_tied_whatever_the_weeks_look_like(make_outcome):
    """Days 1 to 52 and 7 to 58 are both 51; as sevenths they differ by a rounding error."""
    entry, upper = np.array([1, 7]) / 7, np.array([52, 58]) / 7
    assert len(set(upper - entry)) == 2
    frame = pd.DataFrame({"participant_id": ["A", "B"], "arm": "combined", "entry": entry,
                          "lower": upper, "upper": upper, "state": "relapsed"})  # fmt: skip
    fit = fit_relapse(make_outcome("relapse", frame))
    assert fit.people["time"].nunique() == 1


def test_visits_count_at_their_nominal_week(make_outcome):
    """Ten people come to the last visit on different days; three are ill then.

    By hand: all ten are at risk at that visit, so 7 of 10 stay well. On actual days those seen
    earlier would be gone, and the curve would fall to 0 when the last to come is ill.
    """
    day = 84 + np.arange(-5, 5)
    ill = np.isin(np.arange(10), [3, 6, 9])
    frame = pd.DataFrame(
        {
            "participant_id": [f"P{i}" for i in range(10)],
            "arm": "combined",
            "entry": 0.0,
            "lower": np.where(ill, 43, day) / 7,
            "upper": np.where(ill, day / 7, np.inf),
            "state": np.where(ill, "relapsed", "well"),
        }
    )
    fit = fit_relapse(make_outcome("relapse", frame, rule=RelapseRule("baseline", threshold=20)))
    assert float(fit.curves["combined"].at(12)) == pytest.approx(0.7)
    assert (
        "relapse is dated to the scheduled week of the first visit that showed it" in fit.cautions
    )


def test_nobody_at_risk_at_all(times):
    outcome = times([1.0, 2.0], [0, 0], PAIR)
    outcome.frame["entry"] = np.nan
    fit = fit_relapse(outcome)
    assert (
        not fit.compare("combined", against="medication", measure="rmst_difference", week=5)
        .one()
        .is_estimable
    )
    assert (
        not fit.compare("combined", against="medication", measure="hazard_ratio").one().is_estimable
    )
    assert np.isnan(fit.log_rank().p_value)
    assert fit.numbers([0]).empty
    assert fit.medians().empty


def test_death_is_censoring_with_a_caution(times):
    outcome = times([4, 9, 12], [1, 0, 0], ["combined"] * 3)
    outcome.frame.loc[1, ["upper", "state"]] = [9.0, "died"]
    fit = fit_relapse(outcome)
    assert fit.people["event"].tolist() == [True, False, False]
    assert any("death ends the time at risk" in caution for caution in fit.cautions)


def test_adjusting_the_hazard_ratio(survival, make_outcome, times):
    data = survival["lung"]["data"]
    plain = times(data["time"], data["event"], data["arm"])
    people = plain.frame[["participant_id", "arm"]].assign(age=data["age"])
    fit = fit_relapse(make_outcome("relapse", plain.frame, people), adjust=["age"])
    row = fit.compare("combined", against="medication", measure="hazard_ratio").one()
    r = survival["lung"]["cox_age"]
    assert row.estimate == pytest.approx(np.exp(r["coef"][0]), rel=1e-8)
    assert row.method.startswith("Cox regression, Efron ties, adjusted for age")
    rare = np.where(np.arange(228) % 40 == 0, "relapsed", "well")
    few = plain.frame.assign(state=rare, upper=data["time"])
    fit = fit_relapse(make_outcome("relapse", few, people), adjust=["age"])
    assert (
        "not adjusted for age: fewer than 5 events for each of 2 coefficients"
        in fit.levels("log_hazard").caution
    )
    assert fit.hazards.adjusted_for == ()


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.sampled_from([0.5, 2.0, 7.0]))
def test_swapping_arms_shuffling_people_and_scaling_time(times, seed, scale):
    rng = np.random.default_rng(seed)
    time, arm = rng.integers(3, 40, 24), np.repeat(PAIR, 12)
    event = rng.random(24) < 0.6
    event[[0, 12]], time[[0, 12]], time[[1, 13]] = True, 2, 40
    order = rng.permutation(24)
    swapped = np.where(arm == "combined", "medication", "combined")
    first = fit_relapse(times(time, event, arm))
    other = fit_relapse(times(time[order] * scale, event[order], swapped[order]))
    week = 30.0
    for measure, power in (("rmst_difference", 1), ("survival_difference", 0), ("hazard_ratio", 0)):
        at = (None, None) if measure == "hazard_ratio" else (week, week * scale)
        a = first.compare("combined", against="medication", measure=measure, week=at[0]).one()
        b = other.compare("combined", against="medication", measure=measure, week=at[1]).one()
        if measure == "hazard_ratio":
            assert a.estimate * b.estimate == pytest.approx(1, rel=1e-7)
        else:
            assert b.estimate == pytest.approx(-a.estimate * scale**power, abs=1e-9)
            assert b.conf_low == pytest.approx(-a.conf_high * scale**power, abs=1e-9)
        assert a.p_value == pytest.approx(b.p_value, abs=1e-6)
    assert first.log_rank().statistic == pytest.approx(other.log_rank().statistic, rel=1e-9)


def test_retention_shares_the_machinery(survival, times):
    data = survival["aml"]["data"]
    outcome = times(data["time"], data["event"], data["arm"], kind="retention",
                    rule=RetentionRule("events"))  # fmt: skip
    row = fit_retention(outcome).compare(
        "combined", against="medication", measure="rmst_difference", week=50
    )
    # R: 32.211364 and 22.708333, survival.R
    arms = survival["aml"]["arms"]
    difference = arms["combined"]["rmst"]["estimate"] - arms["medication"]["rmst"]["estimate"]
    assert row.one().estimate == pytest.approx(difference, rel=1e-10)


def test_difference_and_ratio_of_restricted_means_as_in_r_and_as_published(reference, times):
    """pbc at 10 years, the example of survRM2: -0.136923 (-0.938519, 0.664674), p 0.737786;
    ratio 0.981201 (0.878052, 1.096466).
    """
    r = reference("event_tests")["restricted_means"]
    d = {k: np.array(v) for k, v in r["data"].items()}
    fit = fit_relapse(times(d["years"], d["event"], np.where(d["trt"] == 1, *PAIR)))
    asked = {"arm": "combined", "against": "medication", "week": 10}
    row = fit.compare(**asked, measure="rmst_difference").one()
    assert (row.estimate, row.std_error) == pytest.approx(tuple(r["difference"]), rel=1e-9)
    assert row.estimate == pytest.approx(-0.136923, abs=1e-6)
    assert (row.conf_low, row.conf_high) == pytest.approx((-0.938519, 0.664674), abs=1e-6)
    assert row.p_value == pytest.approx(0.737786, abs=1e-6)
    row = fit.compare(**asked, measure="rmst_ratio").one()
    assert (np.log(row.estimate), row.std_error) == pytest.approx(tuple(r["log_ratio"]), rel=1e-9)
    found = (row.estimate, row.conf_low, row.conf_high)
    assert found == pytest.approx((0.981201, 0.878052, 1.096466), abs=1e-6)
