"""States of the illness under each arm: R's survfit, staying well, and the rules of contrasts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import better_than_both, compare, synergy
from ctevidence.data.illness_rule import IllnessRule
from ctevidence.data.rules import RelapseRule
from ctevidence.evidence.verdict import better_direction
from ctevidence.models.aalen_johansen import STAYED, Histories, aalen_johansen
from ctevidence.models.fit import EVERYONE
from ctevidence.models.illness import fit_illness
from ctevidence.models.state_histories import from_landmark, occupancy_at, people_seen
from ctevidence.outcomes.illness import IllnessHistoryRule, derive_illness
from ctevidence.outcomes.staying_well import derive_staying_well
from ctevidence.simulate import Dropout, simulate_study

STATES = ("ill", "remission", "relapse", "died")
RULE = IllnessHistoryRule(
    IllnessRule("ignored", "ignored"),
    RelapseRule("remission", from_events=True),
    STATES,
    ("remission",),
)


@pytest.fixture(scope="module")
def trial():
    """A simulated trial in which nobody is lost and relapse is read off the visits."""
    study = simulate_study(n=600, seed=8, dropout=Dropout(risk=0, missed_visit=0))
    rules = replace(study.rules, relapse=RelapseRule("remission", threshold=10))
    return replace(study, rules=rules)


@pytest.fixture(scope="module")
def fit(trial):
    return fit_illness(derive_illness(trial, IllnessRule("ignored", "ignored")))


@pytest.fixture
def myeloid(reference):
    """As in `test_aalen_johansen`; the states are those of `then`, 0 the first."""
    r = reference("aalen_johansen")["myeloid"]
    person, then = np.array(r["id"]), np.array(r["then"])
    state = np.zeros(len(person), int)
    for i in np.flatnonzero(np.diff(person) == 0) + 1:
        state[i] = then[i - 1] or state[i - 1]
    start, stop = (np.array(r[k], float) for k in ("start", "stop"))
    return Histories(person, start, stop, state, np.where(then == 0, STAYED, then), 6)


# -- witnesses ------------------------------------------------------------------------------------


def test_transitions_from_a_state_as_in_r(myeloid, reference):
    """`survfit` of the people in complete remission at day 200, `illness.R`."""
    r = reference("illness")["transitions"]
    here = from_landmark(myeloid, 1, 200.0)
    assert len(np.unique(here.person)) == r["people"]
    found = aalen_johansen(here, [300, 800], variance="robust")
    np.testing.assert_allclose(found.probability, r["probability"], rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(found.std_error()[0], r["robust"], rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("after", ["remission", "response"])
@pytest.mark.parametrize("confirm_visits", [1, 2])
def test_it_is_staying_well_where_everyone_is_followed(trial, after, confirm_visits):
    """Occupation of the well states equals the share of `derive_staying_well`, person by person
    derived on another way; its variance then is that of a proportion."""
    rule = RelapseRule(after, threshold=10, confirm_visits=confirm_visits)
    illness = derive_illness(trial, IllnessRule("ignored", "ignored"), rule)
    staying = derive_staying_well(trial, trial.weeks[:-1], rule, "observed").frame
    levels = fit_illness(illness).levels("state_occupation", trial.weeks[:-1])
    shares = staying.groupby(["arm", "week"], observed=True)["value"].agg(["mean", "size"])
    for key, value, variance, n in zip(
        levels.keys, levels.estimate, levels.cov.diagonal(), levels.n, strict=True
    ):
        share, people = shares.loc[tuple(key)]
        assert n == people
        if confirm_visits == 1 or np.isnan(value):
            assert np.isnan(value) or value == pytest.approx(share, abs=1e-12)
            assert np.isnan(value) or variance == pytest.approx(share * (1 - share) / n, abs=1e-12)
        else:  # whoever is last seen ill, unconfirmed, is censored here and not well there
            assert value == pytest.approx(share, abs=0.05)


def test_relapse_from_baseline_with_death_is_cumulative_incidence(people):
    """One way out of one state and death beside it: the competing case, by hand."""
    fit = people([("a", 0, 2, "well", "relapse"), ("a", 2, 9, "relapse", ""),
                  ("b", 0, 3, "well", "died"), ("c", 0, 9, "well", ""), ("d", 0, 9, "well", "")],
                 ("well", "relapse", "died"), ("well",))  # fmt: skip
    levels = fit.of("relapse").levels("state_occupation", 5)
    at = [key.arm for key in levels.keys].index("combined")
    assert levels.estimate[at] == pytest.approx(1 / 4)
    assert levels.cov[at, at] == pytest.approx(1 / 4 * 3 / 4 / 4)
    weeks = fit.of("relapse").levels("weeks_in_state", 9)
    assert weeks.estimate[at] == pytest.approx((9 - 2) / 4)


@pytest.fixture
def people(make_outcome):
    """A fit from rows ``who, start, stop, state, then`` in the arm combined."""

    def build(rows, states=STATES, well=("remission",)):
        columns = ["participant_id", "start", "stop", "state", "then"]
        frame = pd.DataFrame(rows, columns=columns).assign(arm="combined")
        return fit_illness(
            make_outcome("illness", frame, rule=replace(RULE, states=states, well=well))
        )

    return build


# -- what levels say ------------------------------------------------------------------------------


def test_weeks_in_all_states_add_up_to_the_time(fit):
    total = sum(np.nan_to_num(fit.of(s).levels("weeks_in_state", 52).estimate) for s in fit.states)
    np.testing.assert_allclose(total, 52, rtol=1e-12)
    for found in fit.occupancy([12, 52]).values():
        np.testing.assert_allclose(found.probability.sum(axis=1), 1, rtol=1e-12)


def test_every_state_of_every_arm_is_one_table(fit):
    rows = fit.every_state("weeks_in_state", 52).frame
    assert len(rows) == 4 * len(fit.states)
    spent = rows.groupby("arm", observed=True)["estimate"].sum()
    np.testing.assert_allclose(spent, 52, rtol=1e-12)


def test_levels_are_joint_over_weeks_and_arms_independent(fit):
    levels = fit.levels("weeks_in_state", [12, 26, 52])
    alone = fit.levels("weeks_in_state", 26)
    assert levels.weeks == (12.0, 26.0, 52.0)
    np.testing.assert_allclose(levels.at(26).cov, alone.cov, rtol=1e-12)
    arms = np.array([key.arm for key in levels.keys])
    assert (levels.cov[arms[:, None] != arms] == 0).all()
    within = levels.cov[arms[:, None] == arms].reshape(4, 3, 3)
    assert (within > 0).all()
    assert fit.levels().weeks == fit.study.weeks


@pytest.mark.parametrize(
    ("states", "better"), [(("remission",), "higher"), (("relapse",), "lower"), (("ill",), "lower")]
)
@pytest.mark.parametrize("measure", ["state_occupation", "weeks_in_state"])
def test_contrasts_synergy_and_the_min_test(fit, states, better, measure):
    chosen = fit.of(*states)
    levels = chosen.levels(measure, 52)
    assert levels.better == better
    value = dict(zip([key.arm for key in levels.keys], levels.estimate, strict=True))
    variance = dict(zip([key.arm for key in levels.keys], levels.cov.diagonal(), strict=True))
    row = chosen.compare("combined", against="therapy", measure=f"{measure}_difference", week=52)
    assert row.one().estimate == pytest.approx(value["combined"] - value["therapy"])
    error = np.sqrt(variance["combined"] + variance["therapy"])
    assert row.one().std_error == pytest.approx(error)
    assert (row.one().randomised, row.one().population) == (True, EVERYONE)
    assert better_direction(row.one()) == better
    extra = synergy(chosen, measure=measure, week=52).where(measure="interaction_difference").one()
    expected = value["combined"] - value["medication"] - value["therapy"] + value["control"]
    assert extra.estimate == pytest.approx(expected)
    assert extra.std_error == pytest.approx(np.sqrt(sum(variance.values())))
    sign = 1 if better == "higher" else -1
    least = better_than_both(chosen, measure=f"{measure}_difference", week=52)
    gains = [sign * (value["combined"] - value[single]) for single in ("medication", "therapy")]
    worst = least.where(reference="best single treatment").one()
    assert worst.estimate == pytest.approx(sign * min(gains))
    assert worst.alternative == ("greater" if better == "higher" else "less")
    assert compare(chosen, "combined", against="control", measure=f"{measure}_ratio", week=52)


def test_states_must_be_chosen_with_a_direction(fit):
    with pytest.raises(KeyError, match='"remision"; did you mean "remission"'):
        fit.of("remision")
    with pytest.raises(ValueError, match="some are good and others not"):
        fit.of("remission", "relapse")
    assert fit.of("remission", "relapse", better="lower").better == "lower"
    for wrong in ((), fit.states, ("ill", "ill")):
        with pytest.raises(ValueError, match="each once"):
            fit.of(*wrong)


def test_weeks_outside_the_follow_up(fit):
    with pytest.raises(ValueError, match="begins at week 0: the largest possible week is 5"):
        fit.levels("state_occupation", 60)
    with pytest.raises(ValueError, match="outside the follow-up"):
        fit.levels("state_occupation", 0)
    with pytest.raises(KeyError, match="weeks_in_state"):
        fit.levels("weeks")


# -- transitions ----------------------------------------------------------------------------------


def test_people_in_one_state_are_compared_descriptively(fit):
    begun = fit.starting_in("remission", 12).of("relapse")
    row = begun.compare(
        "combined", against="control", measure="state_occupation_difference", week=52
    ).one()
    assert not row.randomised
    assert row.population == "people in the state remission at week 12"
    assert "Descriptive only" in row.caution
    with pytest.raises(ValueError, match="begins at week 12"):
        begun.levels("state_occupation", 12)
    with pytest.raises(KeyError, match="No state"):
        fit.starting_in("well", 12)


def test_transitions_are_complete_and_add_up(fit):
    rows = fit.transitions(12, 52).frame
    assert len(rows) == 4 * len(fit.states) ** 2
    known = rows.dropna(subset="estimate").groupby(["population", "arm"], observed=True)["estimate"]
    assert (known.sum() > 1 - 1e-9).all()
    assert (known.sum() < 1 + 1e-9).all()


def test_the_day_of_the_start_changes_nothing(fit):
    begun = fit.starting_in("ill", 0)
    assert begun.randomised == fit.randomised
    np.testing.assert_array_equal(begun.levels().estimate, fit.levels().estimate)


def test_transitions_from_an_end(people):
    fit = people([("a", 0, 2, "ill", "died"), ("b", 0, 9, "ill", "")])
    with pytest.raises(ValueError, match='Nobody leaves the state "died"'):
        fit.starting_in("died", 1)


# -- degenerate data ------------------------------------------------------------------------------


def test_an_arm_without_people_and_a_state_without_variation(people):
    fit = people([("a", 0, 9, "ill", ""), ("b", 0, 9, "ill", "")])
    levels = fit.levels("state_occupation", 5)
    assert np.isnan(levels.estimate).all()
    assert "nobody with control was followed among everyone who started" in levels.caution
    assert "does not vary among people with combined by week 5" in levels.caution
    row = fit.compare(
        "combined", against="control", measure="state_occupation_difference", week=5
    ).one()
    assert not row.is_estimable


def test_everyone_dead_before_the_week(people):
    fit = people([("a", 0, 2, "ill", "died"), ("b", 0, 4, "ill", "remission"),
                  ("b", 4, 6, "remission", "died")])  # fmt: skip
    assert fit.largest_week == 6.0
    found = occupancy_at(fit.histories["combined"], np.array([10.0]))
    assert found.probability.tolist() == [[0, 0, 0, 1]]
    np.testing.assert_allclose(found.weeks_in_state, [[3, 1, 0, 6]])


def test_a_state_lost_from_sight_is_said(people):
    fit = people([("a", 0, 2, "ill", "remission"), ("a", 2, 4, "remission", ""),
                  ("b", 0, 9, "ill", ""), ("c", 0, 0, "ill", "")])  # fmt: skip
    levels = fit.levels("state_occupation", 8)
    assert "in the state remission was followed beyond week 4" in levels.caution
    assert "nothing is known after the start are left out" in levels.caution
    assert [n for key, n in zip(levels.keys, levels.n, strict=True) if key.arm == "combined"] == [2]


def test_people_seen_at_a_week():
    """Three people: dead at 2; into state 1 at 3 and followed to 5; in state 0 to 5."""
    h = Histories(np.array([1, 2, 2, 3]), np.array([0.0, 0, 3, 0]), np.array([2.0, 3, 5, 5]),
                  np.array([0, 0, 1, 0]), np.array([2, 1, STAYED, STAYED]), 3)  # fmt: skip
    assert [people_seen(h, [0], [2], w)[0] for w in (1, 2, 3, 5)] == [3, 2, 1, 1]
    assert [people_seen(h, [1], [2], w)[0] for w in (1, 3, 5, 6)] == [0, 1, 1, 0]
    assert people_seen(h, [2], [2], 4.0) == (1, 1)
    assert people_seen(h, [0, 1], [2], 4.0) == (2, 3)


def test_only_illness_is_fitted(trial):
    with pytest.raises(ValueError, match="derive_illness"):
        fit_illness(derive_staying_well(trial, missing="observed"))
