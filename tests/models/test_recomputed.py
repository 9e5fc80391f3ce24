"""The second computation by lifelines: it agrees, and it would notice if it did not."""

from dataclasses import replace

import numpy as np
import pytest

from ctevidence.models.over_time import relapse_over_time
from ctevidence.models.recomputed import CLOSED, ITERATED, Check, recompute
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def relapse():
    return relapse_over_time(simulate_study(n=240, seed=4))


def by_name(fit, week):
    return {check.what: check for check in recompute(fit, week)}


def test_two_libraries_agree(relapse):
    checks = by_name(relapse.fit, relapse.week)
    assert list(checks) == ["survival", "rmst", "log-rank", "log_hazard"]
    arms = len(relapse.fit.curves)
    assert (len(checks["survival"].ours), len(checks["rmst"].ours)) == (arms, arms)
    # three arms beside the reference and the adjusted covariate, each with its error
    assert len(checks["log_hazard"].ours) == 2 * len(relapse.fit.hazards.model.coef) == 8
    assert all(check.agrees for check in checks.values())
    rows = relapse.fit.per_arm("survival", relapse.week)
    shown = [rows.where(arm=arm).one().estimate for arm in sorted(relapse.fit.curves)]
    np.testing.assert_allclose(checks["survival"].theirs, shown, rtol=1e-9)


def test_a_wrong_number_is_noticed(relapse):
    """People whose times are not those of the curve, and a coefficient off in its fifth digit."""
    fit = relapse.fit
    later = replace(fit, people=fit.people.assign(time=fit.people["time"] * 0.9))
    checks = by_name(later, relapse.week * 0.9)
    assert not checks["rmst"].agrees
    model = replace(fit.hazards.model, coef=fit.hazards.model.coef + 1e-4)
    off = by_name(replace(fit, hazards=replace(fit.hazards, model=model)), relapse.week)
    assert not off["log_hazard"].agrees
    assert off["survival"].agrees


def test_what_cannot_be_compared_says_why(relapse):
    fit = relapse.fit
    nothing = replace(
        fit, people=fit.people.assign(event=False), hazards=replace(fit.hazards, model=None)
    )
    checks = by_name(nothing, relapse.week)
    assert checks["log-rank"].reason == "no arms in which the event could be compared"
    assert checks["log_hazard"].reason == "no hazard ratio can be estimated"
    assert checks["log_hazard"].agrees
    assert len(by_name(fit, 1e6)["survival"].ours) == 0


def test_differences_are_relative_to_large_numbers_and_absolute_of_small_ones():
    large = Check("log-rank", np.array([100.0]), np.array([100.0 + 1e-8]), CLOSED)
    small = Check("survival", np.array([1e-8]), np.array([3e-8]), CLOSED)
    assert large.agrees
    assert large.apart == pytest.approx(1e-10)
    assert not small.agrees
    one = Check("log_hazard", np.array([np.nan]), np.array([0.1]), ITERATED)
    assert one.apart == np.inf
    assert not one.agrees
