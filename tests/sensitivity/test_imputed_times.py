"""Relapse and retention when those who were lost differ from those who stayed."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.display.tipping_hazard import tipping_hazard_sentence
from ctevidence.models.kaplan_meier import kaplan_meier
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.retention import fit_retention
from ctevidence.outcomes import derive_course, derive_relapse, derive_retention
from ctevidence.sensitivity.imputed_times import impute_times
from ctevidence.sensitivity.times_after_loss import times_after
from ctevidence.sensitivity.tipping_hazard import tipping_hazard
from ctevidence.simulate.effects import Relapse
from ctevidence.simulate.maintenance import simulate_maintenance
from ctevidence.simulate.study import simulate_study

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "times_after_loss.json").read_text(encoding="utf-8")
)
#: Numbers between 0 and 1, evenly spread: they give the expectation over uniform ones to 1/N.
EVEN = (np.arange(20_000) + 0.5) / 20_000


@pytest.mark.parametrize("case", REFERENCE["cases"], ids=lambda c: f"{c['arm']}{c['source']}")
def test_the_completed_curve_is_that_of_the_formula(case):
    """R survival and the formula; 1e-4 is what 20,000 even numbers leave."""
    time, event = (np.array(REFERENCE[k][case["arm"]]) for k in ("time", "event"))
    curve = kaplan_meier(*(np.array(REFERENCE[k][case["source"]]) for k in ("time", "event")))
    lost = (event == 0) & (time < REFERENCE["horizon"])
    for week, expected in zip(REFERENCE["weeks"], case["survival"], strict=True):
        after = [
            np.mean(times_after(curve, np.full(len(EVEN), c), EVEN, case["delta"]) > week)
            for c in time[lost]
        ]
        assert (np.sum(time[~lost] > week) + np.sum(after)) / len(time) == pytest.approx(
            expected, abs=1e-4
        )


@pytest.mark.parametrize("arm", ["a", "b"])
def test_lost_at_random_is_the_kaplan_meier_curve(arm):
    """Efron 1967: the curve is self-consistent. The reference has it from R by the formula."""
    (case,) = (c for c in REFERENCE["cases"] if c["arm"] == c["source"] == arm and not c["delta"])
    curve = kaplan_meier(*(np.array(REFERENCE[k][arm]) for k in ("time", "event")))
    np.testing.assert_allclose(curve.at(REFERENCE["weeks"]), case["survival"], rtol=1e-9)


@pytest.fixture(scope="module")
def relapse():
    return derive_relapse(simulate_maintenance(n=600, seed=4))


@pytest.fixture(scope="module")
def imputed(relapse):
    return impute_times(relapse, imputations=60, seed=1)


@pytest.mark.parametrize(("measure", "week"), [("survival", 40.0), ("rmst", 40.0)])
def test_without_a_delta_the_answer_is_that_of_the_curve(relapse, imputed, measure, week):
    """As close as 60 imputations allow: three standard errors of their mean, and of resampling."""
    curve, pooled = fit_relapse(relapse, []).levels(measure, week), imputed.levels(measure, week)
    assert imputed.lost.any()
    error = np.sqrt(np.diag(imputed.pooled(measure, week).between) / 60)
    assert (np.abs(pooled.estimate - curve.estimate) < 3 * error + 1e-12).all()
    # what resampling adds to the variance is what the lost would have told
    ratio = np.sqrt(np.diag(pooled.cov) / np.diag(curve.cov))
    assert (np.abs(ratio - 1) < 0.06).all()


def test_nobody_lost_gives_the_complete_data_answer():
    study = simulate_study(n=200, seed=5)
    staying = derive_retention(study)
    fit, imputed = fit_retention(staying), impute_times(staying, imputations=3, seed=1)
    assert not imputed.lost.any()
    for measure in ("survival", "rmst", "cumulative_incidence"):
        np.testing.assert_allclose(
            imputed.levels(measure, 26.0).estimate, fit.levels(measure, 26.0).estimate, rtol=1e-9
        )
        np.testing.assert_allclose(
            imputed.levels(measure, 26.0).cov, fit.levels(measure, 26.0).cov, atol=1e-12
        )
    assert "Nobody was lost" in tipping_hazard_sentence(
        tipping_hazard(imputed, "combined", against="medication", week=26.0)
    )


def test_a_higher_hazard_after_the_loss_moves_the_curve_down_in_its_arm_alone(imputed):
    plain = imputed.levels("survival", 40.0).estimate
    worse = imputed.shifted({"combined": math.log(3)}).levels("survival", 40.0)
    assert worse.estimate[3] < plain[3]
    np.testing.assert_array_equal(worse.estimate[:3], plain[:3])
    assert "hazard after being lost in combined times 3" in worse.outcome
    both = imputed.shifted(math.log(3)).levels("survival", 40.0).estimate
    assert (both < plain).all()
    # a new delta replaces the one before
    back = imputed.shifted(2.0).shifted(0.0).levels("survival", 40.0)
    np.testing.assert_array_equal(back.estimate, plain)


def test_the_reference_arm_gives_its_hazard_after_the_loss(relapse, imputed):
    jumped = impute_times(relapse, reference="control", imputations=60, seed=1)
    plain, after = (x.levels("survival", 40.0).estimate for x in (imputed, jumped))
    assert after[0] == plain[0]
    assert after[3] < plain[3]
    assert jumped.levels("survival", 40.0).outcome.endswith("(hazard of control after being lost)")
    own = impute_times(relapse, reference={"combined": "therapy"}, imputations=60, seed=1)
    np.testing.assert_array_equal(own.levels("survival", 40.0).estimate[:3], plain[:3])


def test_everything_is_compared_as_of_any_fit(imputed):
    rows = imputed.compare("combined", against="medication", measure="hazard_ratio")
    assert rows.one().estimate > 0
    assert "interaction_difference" in set(synergy(imputed.levels("rmst", 40.0)).frame["measure"])
    assert len(better_than_both(imputed.levels("rmst", 40.0)))


def test_informative_loss_is_undone_by_the_right_delta():
    """Lost people of a large maintenance trial relapse as others do: delta 0 is right, 2 is not."""
    study = simulate_maintenance(n=4000, seed=8)
    true = study.truth.levels("survival", 40.0).estimate
    base = impute_times(derive_relapse(study), imputations=20, seed=1)
    levels = base.levels("survival", 40.0)
    assert (np.abs(levels.estimate - true) < 4 * np.sqrt(np.diag(levels.cov))).all()
    wrong = base.shifted(2.0).levels("survival", 40.0).estimate
    assert (wrong < levels.estimate - 0.01).all()


def test_the_tipping_point_turns_the_conclusion(imputed):
    found = tipping_hazard(imputed, "combined", against="therapy", week=40.0)
    assert found.is_shown
    assert not math.isnan(found.alone)

    def shown(ratio):
        row = imputed.shifted({"combined": math.log(ratio)}).compare(
            "combined", against="therapy", measure="rmst_difference", week=40.0
        )
        return row.one().conf_low > 0

    assert shown(found.alone / 1.03)
    assert not shown(found.alone)
    text = tipping_hazard_sentence(found)
    assert f"{found.alone:.1f} times as likely" in text
    assert "of every 100 people" in text


def test_what_cannot_be_done_is_refused(relapse, imputed):
    with pytest.raises(ValueError, match="kind relapse or retention"):
        impute_times(derive_course(relapse.study), seed=1)
    with pytest.raises(KeyError, match="neither an arm nor a treatment"):
        impute_times(relapse, reference="placebo", imputations=2, seed=1)
    with pytest.raises(ValueError, match="log of a ratio"):
        imputed.shifted(math.inf)
    with pytest.raises(ValueError, match="the largest possible week"):
        imputed.levels("survival", 400.0)
    with pytest.raises(KeyError, match="Say which week"):
        imputed.levels("rmst")
    competed = imputed.people.assign(competed=True)
    with pytest.raises(ValueError, match="nobody knows what competed"):
        replace(imputed, people=competed).levels("cumulative_incidence", 10.0)


def test_an_arm_without_an_event_has_no_level():
    study = simulate_study(n=60, seed=2, relapse=Relapse(rate_per_year=0.15))
    levels = impute_times(derive_relapse(study), imputations=5, seed=1).levels("survival", 20.0)
    empty = np.isnan(levels.estimate)
    assert empty.any()
    assert levels.caution.count("no relapse to be seen in") == empty.sum()


def test_the_same_seed_gives_the_same_numbers(relapse):
    one, two = (impute_times(relapse, imputations=4, seed=9).completed(3)[0] for _ in range(2))
    np.testing.assert_array_equal(one, two)
