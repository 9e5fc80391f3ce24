"""Curves robust over clusters against R's survfit, and Greenwood's where everybody is alone."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.models.aalen_johansen import aalen_johansen, competing
from ctevidence.models.clustered_curves import Clusters, influence
from ctevidence.models.kaplan_meier import kaplan_meier
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.restricted_mean import restricted_mean


@pytest.fixture(scope="module")
def r(reference):
    """`event_tests.json`, made by `event_tests.R` (survival 3.5-3)."""
    return reference("event_tests")


@pytest.fixture(scope="module")
def lung(r):
    return {k: np.array(v) for k, v in r["lung"].items()}


def test_robust_curve_and_area_as_in_r(r, lung):
    expected = r["clusters"]["all"]
    people = pd.DataFrame(
        {"arm": "a", "time": lung["time"], "event": lung["event"] == 1, "competed": False}
    )
    clusters = Clusters("inst", people, np.unique(lung["inst"], return_inverse=True)[1])
    found = [clusters.covariance(["a"], "survival", t)[0, 0] for t in expected["times"]]
    np.testing.assert_allclose(found, np.diag(expected["cov"]), rtol=1e-10)
    area = clusters.covariance(["a"], "rmst", expected["tau"])[0, 0]
    assert area == pytest.approx(expected["rmst_var"], rel=1e-10)


def test_everybody_alone_is_greenwood(r, lung):
    time, event = lung["time"].astype(float), lung["event"] == 1
    curve = kaplan_meier(time, event)
    own = influence(time, event.astype(int), "survival", 365)
    assert own @ own == pytest.approx(curve.covariance([365])[0, 0], rel=1e-10)
    assert own.sum() == pytest.approx(0, abs=1e-12)
    own = influence(time, event.astype(int), "rmst", 365)
    assert own @ own == pytest.approx(restricted_mean(curve, [365])[1][0, 0], rel=1e-10)
    d = {k: np.array(v) for k, v in r["competing"]["data"].items()}
    own = influence(d["time"].astype(float), d["cause"], "cumulative_incidence", 120)
    found = aalen_johansen(competing(d["time"], d["cause"], 2), [120], variance="robust")
    assert own @ own == pytest.approx(found.cov[1, 1], rel=1e-10)


def test_influence_is_the_change_when_somebody_counts_a_little_more(lung):
    """Numerically: the derivative of the curve by a person's weight."""
    time, event = lung["time"][:60].astype(float), lung["event"][:60] == 1
    for measure, value in (
        ("survival", lambda c: c.at([300])[0]),
        ("rmst", lambda c: restricted_mean(c, [300])[0][0]),
    ):
        own = influence(time, event.astype(int), measure, 300)
        for i in (0, 7, 31):
            more, less = np.ones(60), np.ones(60)
            more[i], less[i] = 1 + 1e-5, 1 - 1e-5
            change = value(kaplan_meier(time, event, weights=more))
            change -= value(kaplan_meier(time, event, weights=less))
            assert own[i] == pytest.approx(change / 2e-5, rel=1e-5, abs=1e-9)


@pytest.fixture(scope="module")
def therapy_trial(make_outcome):
    """Two arms with therapists, who treat people of both, and two without."""
    rng = np.random.default_rng(3)
    arm = np.repeat(["control", "medication", "therapy", "combined"], 50)
    therapist = np.where(np.isin(arm, ["therapy", "combined"]), np.tile(np.arange(25), 8), -1)
    own = rng.gamma(2, 0.5, 26)
    time = rng.exponential(30 / np.where(therapist >= 0, own[therapist], 1)).round(1) + 0.1
    event = time < 52
    frame = pd.DataFrame(
        {
            "participant_id": [f"P{i}" for i in range(200)],
            "arm": arm,
            "entry": 0.0,
            "lower": np.minimum(time, 52),
            "upper": np.where(event, time, np.inf),
            "state": np.where(event, "relapsed", "well"),
        }
    )
    names = pd.Series(therapist).map(lambda t: f"T{t}" if t >= 0 else None)
    few = pd.Series(therapist).map(lambda t: f"S{t % 5}" if t >= 0 else None)
    people = frame[["participant_id", "arm"]].assign(therapist=names, few=few, alone=None)
    return make_outcome("relapse", frame, people)


def test_therapists_in_therapy_arms_only(therapy_trial):
    plain = fit_relapse(therapy_trial)
    fit = plain.clustered_by("therapist")
    for measure, week in (("survival", 26), ("rmst", 26), ("cumulative_incidence", 26)):
        before, after = plain.levels(measure, week), fit.levels(measure, week)
        np.testing.assert_array_equal(before.estimate, after.estimate)
        cov, own = after.cov, np.diag(before.cov)
        # people without a therapist count alone: Greenwood's variance, no covariance
        np.testing.assert_allclose(np.diag(cov)[:2], own[:2], rtol=1e-9)
        np.testing.assert_allclose(cov[:2, 2:], 0, atol=1e-15)
        assert cov[2, 3] > 0  # the same therapists treat both
        assert "robust covariance over therapists" in after.method
    before, after = plain.levels("log_hazard"), fit.levels("log_hazard")
    np.testing.assert_array_equal(before.estimate, after.estimate)
    assert after.cov[2, 2] != before.cov[2, 2]
    assert "robust covariance over therapists" in after.method
    assert "errors of single people, not of therapists" in fit.levels("risk").caution


def test_a_difference_of_arms_that_share_therapists_uses_their_covariance(therapy_trial):
    fit = fit_relapse(therapy_trial).clustered_by("therapist")
    row = fit.compare("combined", against="therapy", measure="rmst_difference", week=26).one()
    cov = fit.levels("rmst", 26).cov[2:, 2:]
    assert row.std_error == pytest.approx(np.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1]), rel=1e-9)
    arm = fit.per_arm("survival", 26).where(arm="therapy").one()
    assert arm.conf_low < arm.estimate < arm.conf_high


def test_few_or_no_clusters_are_said_and_unknown_columns_named(therapy_trial):
    fit = fit_relapse(therapy_trial)
    with pytest.raises(KeyError, match='"therapists".*did you mean "therapist"'):
        fit.clustered_by("therapists")
    assert (
        "errors over few fews come out too small"
        in fit.clustered_by("few").levels("rmst", 26).caution
    )
    alone = fit.clustered_by("alone").levels("rmst", 26)
    assert "nobody shares a alone" in alone.caution
