"""True levels: against closed forms, against large simulated studies, against lifelines' Cox."""

import math

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter

from ctevidence.simulate import Effects, Relapse, Scenario, Truth, simulate_study
from ctevidence.simulate.population import QUANTITIES, _follow_everyone, true_levels

ARMS = ("control", "medication", "therapy", "combined")
SCENARIO = {
    "effects": Effects(control=-4, medication=-3, therapy=-2.5, interaction=-1.5),
    "relapse": Relapse(rate_per_year=1.5, shape=0.8, per_episode=1.3),
}
#: Standard errors within which a large study and truth must agree.
REACH = 4


@pytest.fixture(scope="module")
def study(unclustered, complete):
    """20,000 people without dropout, 5,000 in each arm."""
    return simulate_study(20_000, 31, dropout=complete, clusters=unclustered, **SCENARIO)


@pytest.fixture(scope="module")
def leaving(unclustered):
    return simulate_study(20_000, 32, clusters=unclustered, **SCENARIO)


def wide(study):
    """Scores by person, one column for each week, with arm and baseline."""
    scores = study.scores().pivot(index="participant_id", columns="week", values="score")
    return study.entering().set_index("participant_id").join(scores)


def assert_agree(values: pd.Series, arms: pd.Series, truth: Truth, measure, week, outcome):
    for arm, own in values.astype(float).groupby(arms):
        row = truth.row(measure, arm, week, outcome=outcome)
        error = math.hypot(own.std() / math.sqrt(len(own)), row["monte_carlo_error"])
        assert abs(own.mean() - row["truth"]) < REACH * error, (outcome, arm, week)


@pytest.mark.parametrize("week", [2, 12, 26, 52])
def test_scores_response_and_remission_agree_with_truth(study, week):
    people = wide(study)
    arms, score = people["arm"], people[week]
    assert_agree(score, arms, study.truth, "mean", week, "course")
    assert_agree(score <= people["baseline"] / 2, arms, study.truth, "risk", week, "response")
    assert_agree(score <= 4, arms, study.truth, "risk", week, "remission")


@pytest.mark.parametrize("week", [12, 52])
def test_missing_as_non_response_agrees_with_truth(leaving, week):
    people = wide(leaving)
    responded = people[week] <= people["baseline"] / 2  # a missing score compares as False
    outcome = "response (missing as non-response)"
    assert_agree(responded, people["arm"], leaving.truth, "risk", week, outcome)


@pytest.mark.parametrize("week", [8, 26, 52])
def test_staying_well_agrees_with_truth(study, week):
    visits, people = study.visits, study.participants.set_index("participant_id")
    events = study.events.query("event == 'relapse'").set_index("participant_id")["day"]
    day = visits[visits["visit"] == f"week {week}"].set_index("participant_id")["day"]
    after = visits[visits["visit"] != "baseline"]
    first = after[after["score"] <= 4].groupby("participant_id")["day"].min()
    day, relapse, first = (x.reindex(people.index) for x in (day, events, first))
    well = (first <= day) & ~(relapse <= day)
    assert_agree(well, people["arm"], study.truth, "risk", week, "staying well")


def test_retention_agrees_with_truth(leaving):
    people = leaving.participants.set_index("participant_id")
    events = leaving.events.query("event == 'dropout'").set_index("participant_id")["day"]
    left = events.reindex(people.index).fillna(np.inf)
    for week in (8, 30):
        stayed, weeks = left > 7 * week, np.minimum(left / 7, week)
        arms, truth = people["arm"], leaving.truth
        assert_agree(stayed, arms, truth, "survival", week, "retention")
        assert_agree(weeks, arms, truth, "rmst", week, "retention")
        if week in leaving.weeks:
            assert_agree(stayed, arms, truth, "risk", week, "staying in treatment")


def test_harm_agrees_with_truth(study):
    people = study.participants
    harmed = study.events.query("event == 'adverse_event'")["participant_id"]
    seen = people["participant_id"].isin(harmed)
    assert_agree(seen, people["arm"], study.truth, "risk", None, "any harm")


@pytest.fixture(scope="module")
def since_remission(study):
    """Weeks from remission to relapse or the end of follow-up, of those who remitted."""
    visits = study.visits
    well = visits[(visits["visit"] != "baseline") & (visits["score"] <= 4)]
    people = study.participants.set_index("participant_id")
    people["start"] = well.groupby("participant_id")["day"].min()
    relapse = study.events.query("event == 'relapse'").set_index("participant_id")["day"]
    people["relapse"] = relapse
    people = people[people["start"].notna() & (people["start"] < 378)].copy()
    people["event"] = people["relapse"].notna()
    people["weeks"] = (people["relapse"].fillna(378) - people["start"]) / 7
    return people


@pytest.mark.parametrize("arm", ARMS)
def test_time_to_relapse_agrees_with_truth(study, since_remission, arm):
    """Witness: Kaplan-Meier curve and Greenwood's error by lifelines, at week 30."""
    own = since_remission[since_remission["arm"] == arm]
    curve = KaplanMeierFitter().fit(own["weeks"], own["event"])
    seen = float(curve.predict(30))
    table = curve.event_table[curve.event_table.index <= 30]
    terms = table["observed"] / (table["at_risk"] * (table["at_risk"] - table["observed"]))
    row = study.truth.row("survival", arm, 30, outcome="relapse")
    assert abs(seen - row["truth"]) < REACH * seen * math.sqrt(terms.sum())
    steps = curve.survival_function_["KM_estimate"]
    times = np.append(steps.index[steps.index < 30], 30)
    area = np.sum(np.diff(times) * steps.to_numpy()[: len(times) - 1])
    # weeks of a group vary by less than 10 here: a generous error of the area
    row = study.truth.row("rmst", arm, 30, outcome="relapse")
    assert abs(area - row["truth"]) < REACH * 10 / math.sqrt(len(own))


def test_hazard_ratios_agree_with_cox_regression(study, since_remission):
    """Witness: lifelines' Cox regression, given the number of earlier episodes."""
    table = since_remission[["weeks", "event", "earlier_episodes"]].copy()
    for arm in ARMS[1:]:
        table[arm] = (since_remission["arm"] == arm).astype(float)
    cox = CoxPHFitter().fit(table, "weeks", "event")
    for arm in ARMS[1:]:
        truth = math.log(
            study.truth.value("hazard_ratio", arm, against="control", outcome="relapse")
        )
        assert abs(cox.params_[arm] - truth) < REACH * cox.standard_errors_[arm]
    episodes = cox.params_["earlier_episodes"]
    assert abs(episodes - math.log(1.3)) < REACH * cox.standard_errors_["earlier_episodes"]


# -- Monte Carlo and closed form -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["course", "remission"])
@pytest.mark.parametrize("week", [4, 12])
def test_monte_carlo_agrees_with_the_closed_form(name, week):
    quantity = next(q for q in QUANTITIES if q.outcome == name)
    scenario, n = Scenario(**SCENARIO), 100_000
    exact, cov, method = true_levels(scenario, n, quantity, week)
    assert method == "closed form"
    assert not cov.any()
    values = [quantity.of_each(f, week) for f in _follow_everyone(scenario, n)]
    for truth, own in zip(exact, values, strict=True):
        assert abs(own.mean() - truth) < REACH * own.std() / math.sqrt(n)


def test_relapse_ends_the_closed_form():
    course = next(q for q in QUANTITIES if q.outcome == "course")
    with_relapse, without = Scenario(), Scenario(relapse=Relapse(rate_per_year=0))
    at_once = Scenario(relapse=Relapse(delay_weeks=0))
    assert (
        true_levels(with_relapse, 1_000, course, 52)[2]
        == "Monte Carlo, 1,000 people under each arm"
    )
    assert true_levels(without, 1_000, course, 52)[2] == "closed form"
    assert true_levels(at_once, 1_000, course, 12)[2] != "closed form"


def test_time_to_relapse_of_a_constant_hazard():
    """exp(-rate t) after the delay; its area is (1 - exp(-rate t)) / rate in continuous time."""
    relapse = Relapse(rate_per_year=0.9, medication=0.5, therapy=1, per_episode=1, delay_weeks=12)
    truth = Truth(Scenario(relapse=relapse), people=1_000)
    rate, weeks = 0.45 * 7 / 365.25, 40
    survival = truth.value("survival", "medication", weeks, outcome="relapse")
    assert survival == pytest.approx(math.exp(-rate * 28), rel=1e-12)
    area = 12 + (1 - math.exp(-rate * 28)) / rate
    # relapses are recorded at the end of their day: up to a day later
    found = truth.value("rmst", "medication", weeks, outcome="relapse")
    assert 0 <= found - area <= 1 / 7


def test_monte_carlo_errors_are_those_of_a_mean():
    response = next(q for q in QUANTITIES if q.outcome == "response")
    risk, cov, _ = true_levels(Scenario(), 10_000, response, 12)
    np.testing.assert_allclose(np.diag(cov), risk * (1 - risk) / 10_000, rtol=1e-9)
    assert np.all(cov[np.triu_indices(4, 1)] > 0)  # the same people under every arm
