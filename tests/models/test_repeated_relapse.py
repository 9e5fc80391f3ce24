"""Repeated relapse: rate models against R's coxph, counts among everyone, and their contrasts."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.data.illness_rule import IllnessRule
from ctevidence.data.rules import RelapseRule
from ctevidence.models.cox import fit_cox
from ctevidence.models.mean_count import mean_count
from ctevidence.models.repeated_relapse import fit_repeated_relapse, log_rates
from ctevidence.outcomes.illness import IllnessHistoryRule

STATES = ("well", "relapse", "well again", "died")
RULE = IllnessHistoryRule(
    IllnessRule("ignored", "ignored"), RelapseRule("baseline", from_events=True), STATES, ("well",)
)
ARMS = ("control", "medication", "therapy", "combined")


@pytest.fixture(scope="module")
def bladder(reference):
    """bladder1 as rows of an outcome: placebo as control, thiotepa as medication."""
    r = reference("illness")
    parts = [
        pd.DataFrame({k: r[arm][k] for k in ("id", "start", "stop", "event", "died")}).assign(
            arm=name
        )
        for arm, name in (("placebo", "control"), ("thiotepa", "medication"))
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows.rename(columns={"id": "participant_id", "died": "ended"})
    number = rows.groupby("participant_id").cumcount() + 1
    return rows.assign(number=number)


@pytest.mark.parametrize(
    ("model", "name"),
    [("andersen-gill", "ag"), ("pwp-total-time", "pwp_total"), ("pwp-gap-time", "pwp_gap")],
)
def test_rate_ratios_as_coxph(bladder, reference, model, name):
    r = reference("illness")["models"][name]
    found = log_rates(bladder, ["control", "medication"], model)
    assert found.estimate[1] == pytest.approx(r["coef"], rel=1e-6)
    assert np.sqrt(found.cov[1, 1]) == pytest.approx(r["robust"], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "earlier"),
    # beside the script's numbers, those that an earlier run of R survival gave for bladder2
    [("ag", (-0.46468695, 0.26556081)), ("pwp", (-0.33348873, 0.20478677)), ("gap", None)],
)
def test_models_of_bladder2(reference, name, earlier):
    d, r = pd.DataFrame(reference("illness")["bladder2"]), reference("illness")["models"]
    gap = name == "gap"
    start, stop = d["start"].to_numpy(float), d["stop"].to_numpy(float)
    fit = fit_cox(
        stop - start if gap else stop,
        d["event"].to_numpy(bool),
        d[["rx", "size", "number"]].to_numpy(float),
        start=None if gap else start,
        strata=None if name == "ag" else d["enum"].to_numpy(),
        cluster=d["id"].to_numpy(),
    )
    expected = r[f"bladder2_{name}"]
    assert fit.coef[0] == pytest.approx(expected["coef"], rel=1e-6)
    assert fit.std_error[0] == pytest.approx(expected["robust"], rel=1e-6)
    if earlier:
        assert (fit.coef[0], fit.std_error[0]) == pytest.approx(earlier, abs=5e-9)


@pytest.fixture(scope="module")
def fit(make_outcome):
    """Forty people in four arms with relapses at known rates, some of whom die."""
    return fit_repeated_relapse(make_outcome("repeated_relapse", drawn_rows(), rule=RULE,
                                             better="lower"))  # fmt: skip


def drawn_rows(n=80, seed=3):
    rng = np.random.default_rng(seed)
    rates = dict(zip(ARMS, (0.12, 0.08, 0.08, 0.04), strict=True))
    rows = []
    for i in range(n):
        arm, week, number = ARMS[i % 4], 0.0, 1
        end = rng.uniform(20, 30)
        while True:
            then = week + rng.exponential(1 / rates[arm])
            if then >= end:
                break
            rows.append((f"p{i}", arm, week, then, True, False, number))
            week, number = then, number + 1
        rows.append((f"p{i}", arm, week, end, False, i % 7 == 0, number))
    columns = ["participant_id", "arm", "start", "stop", "event", "ended", "number"]
    return pd.DataFrame(rows, columns=columns)


def test_counts_are_those_of_the_engine_among_everyone(fit):
    rows = drawn_rows()
    levels = fit.levels("mean_count", 20)
    assert levels.better == "lower"
    for key, value, variance, n in zip(
        levels.keys, levels.estimate, levels.cov.diagonal(), levels.n, strict=True
    ):
        arm = rows[rows["arm"] == key.arm]
        names = ("participant_id", "start", "stop", "event", "ended")
        found = mean_count(*(arm[c].to_numpy() for c in names), [20])
        assert value == pytest.approx(found.estimate[0], rel=1e-12)
        assert variance == pytest.approx(found.cov[0, 0], rel=1e-12)
        assert n == arm["participant_id"].nunique()


def test_contrasts_synergy_and_the_min_test(fit):
    levels = fit.levels("mean_count", 20)
    value = dict(zip([key.arm for key in levels.keys], levels.estimate, strict=True))
    row = fit.compare("combined", against="control", measure="mean_count_difference", week=20).one()
    assert row.estimate == pytest.approx(value["combined"] - value["control"])
    assert row.randomised
    assert row.unit == "events per person"
    extra = synergy(fit, measure="mean_count", week=20).where(measure="interaction_difference")
    expected = value["combined"] - value["medication"] - value["therapy"] + value["control"]
    assert extra.one().estimate == pytest.approx(expected)
    least = better_than_both(fit, measure="mean_count_difference", week=20)
    worst = least.where(reference="best single treatment").one()
    # fewer relapses are better: the smaller advantage is the one against the fewer
    better_single = min(value["medication"], value["therapy"])
    assert worst.estimate == pytest.approx(value["combined"] - better_single)
    assert worst.alternative == "less"


def test_only_all_relapses_alike_compare_the_groups_that_were_formed(fit):
    ratio = fit.compare("combined", against="control", measure="hazard_ratio").one()
    assert ratio.randomised
    assert "Andersen-Gill" in ratio.method
    conditional = fit_repeated_relapse(fit.outcome, "pwp-gap-time")
    row = conditional.compare("combined", against="control", measure="hazard_ratio").one()
    assert not row.randomised
    assert "Descriptive only" in row.caution


def test_arms_without_relapse_or_people(make_outcome):
    rows = drawn_rows()
    rows = rows[rows["arm"] != "therapy"]
    never = rows["arm"] == "medication"
    rows = rows.assign(event=rows["event"] & ~never)
    outcome = make_outcome("repeated_relapse", rows, rule=RULE, better="lower")
    fit = fit_repeated_relapse(outcome)
    levels = fit.levels("mean_count", 20)
    assert np.isnan(levels.estimate[1:3]).all()
    assert "no relapse with medication by week 20" in levels.caution
    assert "nobody with therapy was followed" in levels.caution
    assert np.isnan(fit.levels("log_hazard").estimate[1:3]).all()


def test_what_cannot_be_asked(fit):
    with pytest.raises(KeyError, match='"wlw"'):
        fit_repeated_relapse(fit.outcome, "wlw")
    with pytest.raises(ValueError, match="largest possible week is"):
        fit.levels("mean_count", 40)
    with pytest.raises(KeyError, match="mean_count, log_hazard"):
        fit.levels("risk")
