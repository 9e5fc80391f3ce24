"""Risks of response."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.contrasts import synergy
from ctevidence.models.response import fit_response

PAIR = ("combined", "medication")


@pytest.fixture(scope="module")
def witness(reference):
    """`standardisation.json`, made by `standardisation.R` (glm and sandwich 3.0)."""
    return reference("standardisation")


@pytest.fixture(scope="module")
def outcome(witness, make_outcome):
    people = pd.DataFrame(witness["data"])
    frame = people.melt(["participant_id", "arm"], ["week6", "week12"], "visit", "value")
    frame["week"] = frame["visit"].map({"week6": 6, "week12": 12})
    frame["value"] = frame["value"].astype(float)
    return make_outcome("response", frame, people.drop(columns=["week6", "week12"]))


def test_standardised_risks_as_in_r(outcome, witness):
    levels = fit_response(outcome, adjust=["baseline", "site"]).levels()
    assert [key.arm for key in levels.keys[:4]] == witness["arms"]
    assert (list(levels.n), list(levels.events)) == (witness["n"], witness["events"])
    # both solve the same equations to rounding: 1e-8 leaves room for the last Newton step
    np.testing.assert_allclose(levels.values, witness["risk"], rtol=1e-8)
    np.testing.assert_allclose(levels.cov, witness["cov"], rtol=1e-7, atol=1e-12)


def test_counted_risks_as_in_r(outcome, witness):
    levels = fit_response(outcome, adjust=[]).levels()
    np.testing.assert_allclose(levels.values, witness["counted"], rtol=1e-12)


def test_newcombe_interval_of_counts(counts):
    """Newcombe (1998), Stat Med 17:873, example (a): 56/70 against 48/80, method 10."""
    fit = fit_response(counts(combined=(56, 70), medication=(48, 80)))
    row = fit.compare("combined", against="medication").one()
    assert (round(row.conf_low, 4), round(row.conf_high, 4)) == (0.0524, 0.3339)


def test_an_arm_in_which_it_happened_to_nobody_has_an_interval(counts):
    """Newcombe (1998), example (h): 10/10 against 0/10, method 10, 0.6075 to 1."""
    fit = fit_response(counts(combined=(10, 10), medication=(0, 10)))
    row = fit.compare("combined", against="medication").one()
    assert (round(row.conf_low, 4), round(row.conf_high, 4)) == (0.6075, 1.0)
    assert (
        not fit.compare("combined", against="medication", measure="risk_ratio").one().is_estimable
    )


def test_an_arm_of_which_nothing_is_known_leaves_the_rest_working(counts):
    fit = fit_response(counts(combined=(5, 10), medication=(4, 10), control=(2, 10)))
    assert fit.compare("combined", against="medication").one().estimate == pytest.approx(0.1)
    row = fit.compare("combined", against="therapy").one()
    assert not row.is_estimable
    assert "known for nobody with therapy" in row.caution
    assert fit.per_arm().where(arm="therapy").one().n == 0
    assert not synergy(fit).where(measure="interaction_difference").one().is_estimable


def test_few_events_fall_back_to_counts_with_the_reason(outcome):
    rare = outcome.frame.assign(value=(outcome.frame.index % 40 == 0).astype(float))
    fit = fit_response(
        type(outcome)(**(vars(outcome) | {"frame": rare})), adjust=["baseline", "site"]
    )
    assert fit.model is None
    assert fit.cautions == (
        "not adjusted for baseline, site: fewer than 3 people with the rarer outcome for each of "
        "6 coefficients (week 6)",
    )


def test_an_arm_without_events_falls_back_to_counts(outcome):
    value = outcome.frame["value"].where(outcome.frame["arm"] != "therapy", 0.0)
    none = type(outcome)(**(vars(outcome) | {"frame": outcome.frame.assign(value=value)}))
    fit = fit_response(none, adjust=["baseline"])
    assert "happens to all or to nobody" in fit.cautions[0]
    assert fit.levels(week=6).interval_for is not None


def test_covariates_of_unequal_groups_change_the_risk(outcome):
    adjusted, counted = (
        fit_response(outcome, adjust=a).levels().values for a in (["baseline"], [])
    )
    assert np.max(np.abs(adjusted - counted)) > 0.005


@settings(max_examples=25, deadline=None)
@given(
    events=st.tuples(*[st.integers(0, 12)] * 2),
    people=st.tuples(*[st.integers(12, 30)] * 2),
)
def test_swapping_arms_negates_the_difference_and_inverts_the_ratio(counts, events, people):
    fit = fit_response(counts(combined=(events[0], people[0]), medication=(events[1], people[1])))
    there, back = (fit.compare(a, against=b).one() for a, b in (PAIR, PAIR[::-1]))
    assert there.estimate == pytest.approx(-back.estimate, abs=1e-12)
    assert there.conf_low == pytest.approx(-back.conf_high, abs=1e-12)
    assert there.p_value == pytest.approx(back.p_value, abs=1e-7)
    ratio = [fit.compare(a, against=b, measure="odds_ratio").one() for a, b in (PAIR, PAIR[::-1])]
    if ratio[0].is_estimable:
        assert ratio[0].estimate * ratio[1].estimate == pytest.approx(1, rel=1e-9)
        assert ratio[0].conf_low * ratio[1].conf_high == pytest.approx(1, rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_and_the_names_of_people_do_not_matter(outcome, seed):
    fit = fit_response(outcome, adjust=["baseline", "site"])
    shuffled = outcome.frame.sample(frac=1, random_state=seed)
    again = fit_response(
        type(outcome)(**(vars(outcome) | {"frame": shuffled})), adjust=["site", "baseline"]
    )
    np.testing.assert_allclose(again.levels().values, fit.levels().values, rtol=1e-9)
    np.testing.assert_allclose(again.levels().cov, fit.levels().cov, rtol=1e-8, atol=1e-14)
