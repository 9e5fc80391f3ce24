"""The table of tests of a fit, and the declared order of comparisons."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import compare_treatments, relative_excess
from ctevidence.contrasts.familywise import holm
from ctevidence.data.rules import RelapseRule
from ctevidence.models.cox import fit_cox
from ctevidence.models.event_tests import ALL_ARMS, COLUMNS
from ctevidence.models.fine_gray import fit_fine_gray
from ctevidence.models.gray_test import gray_test
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.weighted_log_rank import max_combo, weighted_log_rank

PAIR = ("combined", "medication")


@pytest.fixture(scope="module")
def four(reference, times):
    """Four arms of lung (`survival.json`) in weeks."""
    d = reference("survival")["four"]["data"]
    return fit_relapse(times(np.array(d["time"]) / 7, d["event"], d["arm"]))


def test_all_arms_and_each_two_of_them(four):
    table = four.tests()
    assert list(table.columns) == list(COLUMNS)
    overall = table[table["arm"] == ALL_ARMS]
    assert overall["test"].tolist() == [
        "log-rank", "Fleming-Harrington (1, 0)", "Fleming-Harrington (0, 1)",
    ]  # fmt: skip
    assert overall["df"].tolist() == [3, 3, 3]
    assert overall["n"].tolist() == [len(four.people)] * 3
    pairs = table[table["test"] == "MaxCombo"]
    assert len(pairs) == 6
    np.testing.assert_allclose(pairs["p_holm"], holm(pairs["p_value"].to_numpy()))
    two = four.people[four.people["arm"].isin(PAIR)]
    witness = max_combo(two["time"], two["event"], two["arm"])
    row = pairs[(pairs["arm"] == "combined") & (pairs["reference"] == "medication")].iloc[0]
    assert (row["statistic"], row["p_value"]) == (witness.statistic, witness.p_value)


def test_strata_are_a_column_of_the_participants(reference, make_outcome):
    d = {k: np.array(v) for k, v in reference("event_tests")["lung"].items()}
    frame = pd.DataFrame(
        {
            "participant_id": [f"P{i}" for i in range(len(d["time"]))],
            "arm": np.where(d["sex"] == 1, "medication", "combined"),
            "entry": 0.0,
            "lower": d["time"],
            "upper": np.where(d["event"] == 1, d["time"], np.inf),
            "state": np.where(d["event"] == 1, "relapsed", "well"),
        }
    )
    people = frame[["participant_id", "arm"]].assign(site=d["ph.ecog"].astype(str))
    fit = fit_relapse(make_outcome("relapse", frame, people))
    table = fit.tests(strata="site").set_index(["test", "arm"])
    r = reference("event_tests")["tests"]
    found = table.loc[("log-rank", ALL_ARMS), "statistic"]
    assert found == pytest.approx(r["rho0"]["strata"]["chi2"], rel=1e-9)
    found = table.loc[("Fleming-Harrington (1, 0)", "combined"), "statistic"]
    assert found == pytest.approx(r["rho1"]["strata"]["chi2"], rel=1e-9)
    with pytest.raises(KeyError, match='"sight".*did you mean "site"'):
        fit.tests(strata="sight")


def test_gray_s_test_stands_where_something_competes(make_outcome):
    rng = np.random.default_rng(4)
    n = 120
    time, cause = rng.exponential(20, n).round(1) + 0.1, rng.integers(0, 3, n)
    frame = pd.DataFrame(
        {
            "participant_id": [f"P{i}" for i in range(n)],
            "arm": np.tile(PAIR, n // 2),
            "entry": 0.0,
            "lower": time,
            "upper": np.where(cause == 1, time, np.inf),
            "state": np.choose(cause, ["well", "relapsed", "died"]),
        }
    )
    fit = fit_relapse(make_outcome("relapse", frame))
    table = fit.tests()
    found = table[table["test"] == "Gray's test"].iloc[0]["statistic"]
    assert found == pytest.approx(gray_test(time, cause, frame["arm"]).statistic, rel=1e-6)
    alone = weighted_log_rank(time, cause == 1, frame["arm"])
    assert fit.log_rank().statistic == pytest.approx(alone.statistic, rel=1e-9)


def test_fine_gray_of_a_fit_is_that_of_its_people(make_outcome):
    rng = np.random.default_rng(9)
    n = 240
    time, cause = rng.exponential(20, n).round(1) + 0.1, rng.integers(0, 3, n)
    arm = np.tile(["control", "medication", "therapy", "combined"], n // 4)
    frame = pd.DataFrame(
        {
            "participant_id": [f"P{i}" for i in range(n)],
            "arm": arm,
            "entry": 0.0,
            "lower": time,
            "upper": np.where(cause == 1, time, np.inf),
            "state": np.choose(cause, ["well", "relapsed", "died"]),
        }
    )
    people = frame[["participant_id", "arm"]].assign(
        age=rng.normal(40, 10, n), therapist=(np.arange(n) % 24).astype(str)
    )
    fit = fit_relapse(make_outcome("relapse", frame, people), adjust=["age"])
    X = np.column_stack([arm == a for a in ("medication", "therapy", "combined")] + [people["age"]])
    witness = fit_fine_gray(time, cause, X.astype(float))
    row = fit.subdistribution().compare("combined", against="medication").one()
    assert row.measure == "subdistribution_hazard_ratio"
    assert np.log(row.estimate) == pytest.approx(witness.coef[2] - witness.coef[0], rel=1e-6)
    gap = np.array([-1, 0, 1, 0]) @ witness.cov @ [-1, 0, 1, 0]
    assert row.std_error == pytest.approx(np.sqrt(gap), rel=1e-6)
    assert "Fine-Gray regression, death competing" in row.method
    over = fit.clustered_by("therapist").subdistribution().compare("combined", against="medication")
    assert over.one().estimate == pytest.approx(row.estimate, rel=1e-9)
    assert over.one().std_error != row.std_error
    # the hazard among those at risk is the Cox regression, others' events ending their time
    cox = fit_cox(time, cause == 1, X.astype(float))
    row = fit.compare("combined", against="medication", measure="hazard_ratio").one()
    assert np.log(row.estimate) == pytest.approx(cox.coef[2] - cox.coef[0], rel=1e-6)


@pytest.mark.parametrize(
    ("time", "event"),
    [
        ([5, 6, 7, 8], [0, 0, 0, 0]),  # no events at all
        ([0, 0, 0, 0], [1, 1, 1, 1]),  # everybody on day 0
        ([1, 2, 9, 9], [1, 1, 0, 0]),  # the events of one arm only
    ],
    ids=["no events", "day 0", "one arm"],
)
def test_data_with_little_to_say_give_rows_without_a_false_number(times, time, event):
    fit = fit_relapse(times(time, event, ["combined", "combined", "medication", "medication"]))
    table = fit.tests()
    assert set(table["arm"]) == {ALL_ARMS, "combined"}
    empty = table["df"] == 0
    assert table.loc[empty, "p_value"].isna().all()
    assert np.isfinite(table.loc[~empty, "p_value"]).all()
    quantiles = fit.quantiles((0.25, 0.5))
    assert not np.isinf(quantiles[["weeks", "conf_low", "conf_high"]]).any(axis=None)
    assert fit.leading == ("rmst_difference", "hazard_ratio")


def _crossing(times, lead):
    """Early relapses in one arm, late ones in the other: hazards that cross."""
    rng = np.random.default_rng(5)
    early, late = rng.uniform(1, 8, 60), rng.uniform(20, 30, 60)
    time = np.concatenate([early[:40], late[:20], early[:10], 12 + early[10:60]]).round(1)
    rule = RelapseRule("baseline", from_events=True, lead=lead)
    return fit_relapse(times(time, np.ones(120), np.repeat(PAIR, 60), rule=rule))


def _same(times, lead):
    rng = np.random.default_rng(8)
    rule = RelapseRule("baseline", from_events=True, lead=lead)
    time = rng.exponential(np.repeat([20, 14], 60)).round(1) + 0.1
    return fit_relapse(times(time, np.ones(120), np.repeat(PAIR, 60), rule=rule))


def test_weeks_lead_unless_the_hazard_ratio_is_declared_and_does_not_change(times):
    weeks, hazards = ("rmst_difference", "hazard_ratio"), ("hazard_ratio", "rmst_difference")
    assert _same(times, "rmst").leading == weeks
    assert _same(times, "hazard_ratio").leading == hazards
    assert _crossing(times, "rmst").leading == weeks
    assert _crossing(times, "hazard_ratio").leading == weeks


def test_rows_follow_the_declared_order_and_say_when_it_gives_way(times):
    fit = _crossing(times, "hazard_ratio")
    assert fit.hazards.change.p_value < 0.001
    rows = compare_treatments(fit, fit.leading, 18).where(arm=PAIR[0], reference=PAIR[1])
    assert [row.measure for row in rows] == ["rmst_difference", "hazard_ratio"]
    weeks, hazard = rows
    assert "leads in place of the hazard ratio that was declared to" in weeks.caution
    assert "the hazard ratio changes over time" in hazard.caution
    by_default = _crossing(times, "rmst").compare(*PAIR[:1], against=PAIR[1], week=18,
                                                  measure="rmst_difference").one()  # fmt: skip
    assert "in place of" not in by_default.caution
    proportional = _same(times, "hazard_ratio")
    rows = compare_treatments(proportional, proportional.leading, 18)
    rows = rows.where(arm=PAIR[0], reference=PAIR[1])
    assert [row.measure for row in rows] == ["hazard_ratio", "rmst_difference"]
    assert "in place of" not in rows.where(measure="rmst_difference").one().caution


def test_excess_of_hazard_ratios_for_the_appendix_as_in_r(reference, times):
    """RERI of hazard ratios with its delta-method error written out in R (`event_tests.R`)."""
    r = reference("event_tests")["reri"]
    d = {k: np.array(v) for k, v in r["data"].items()}
    arm = np.array(["control", "medication", "therapy", "combined"])[d["med"] + 2 * d["ther"]]
    fit = fit_relapse(times(d["time"], d["event"], arm))
    rows = relative_excess(fit, measure="log_hazard", intervals=("delta",))
    row = rows.where(measure="reri").one()
    assert row.estimate == pytest.approx(r["estimate"], rel=1e-7)
    assert row.std_error == pytest.approx(r["std_error"], rel=1e-6)
    assert "ratios of hazards are not ratios of risks where the outcome is common" in row.caution
    with pytest.raises(KeyError):
        fit.compare("combined", against="control", measure="reri")


def test_nobody_at_risk_has_no_test(times):
    outcome = times([1.0, 2.0], [0, 0], PAIR)
    outcome.frame["entry"] = np.nan
    table = fit_relapse(outcome).tests()
    assert list(table.columns) == list(COLUMNS)
    assert table["p_value"].isna().all()
    assert (table["n"] == 0).all()
