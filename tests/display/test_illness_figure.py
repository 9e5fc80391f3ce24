"""The figure of states: what is drawn, what is joined, and what its table says."""

from dataclasses import replace

import numpy as np
import pytest

from ctevidence.data.illness_rule import IllnessRule
from ctevidence.display import illness
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.illness import COARSE, LOOKS, plot_illness, state_words
from ctevidence.display.release import released
from ctevidence.display.sentences import sentence
from ctevidence.display.tables import shown_estimate
from ctevidence.display.verbs import verb_of
from ctevidence.models.illness import fit_illness
from ctevidence.models.relapse import fit_relapse
from ctevidence.outcomes.illness import STATE_WORDS, derive_illness
from ctevidence.outcomes.relapse import derive_relapse
from ctevidence.simulate import simulate_study

RULE = IllnessRule("state", "ignored")


@pytest.fixture(scope="module")
def study():
    return simulate_study(n=240, seed=8)


@pytest.fixture(scope="module")
def fit(study):
    return fit_illness(derive_illness(study, RULE))


@pytest.fixture(scope="module")
def closed(study):
    return fit_illness(derive_illness(replace(study, disclosure="opensafely"), RULE))


def test_every_state_has_a_look_and_a_word():
    assert set(LOOKS) == set(STATE_WORDS)
    drawn_alike = [look[:2] for name, look in LOOKS.items() if name != "well"]
    assert len(set(drawn_alike)) == len(drawn_alike)


def test_the_table_holds_what_the_curves_say(fit):
    figure = plot_illness(fit)
    frame, exact = figure.data.frame, fit.occupancy([52])
    for arm, found in exact.items():
        for state in fit.states:
            row = frame[(frame["arm"] == arm.capitalize()) & (frame["state"] == state_words(state))]
            at = fit.states.index(state)
            assert row["per 100 at week 52"].item() == f"{100 * found.probability[0, at]:.0f}"
            assert row["weeks there by week 52"].item() == f"{found.weeks_in_state[0, at]:.1f}"
    assert figure.png == plot_illness(fit).png
    assert "well without relapse" in figure.alt


def test_small_states_are_joined_where_people_are_protected(closed):
    frame = plot_illness(closed).data.frame
    joined = frame[frame["state"] == "other (few people)"]
    assert len(joined)
    assert "range" not in frame
    for arm, rows in frame.groupby("arm", sort=False):
        shares = rows["per 100 at week 52"].astype(int)
        assert abs(shares.sum() - 100) <= len(shares)
        # a state alone in the rest could be worked out from the others
        apart = set(rows["state"]) - {"other (few people)"}
        if "other (few people)" in set(rows["state"]):
            drawn = {state_words(s) for s in closed.states} - apart
            assert len(drawn) >= 2, arm
    levels = closed.of("relapse").levels("state_occupation")
    few = {k.arm for k, e in zip(levels.keys, levels.events, strict=True) if 0 < e <= 7}
    apart = frame[frame["state"] == "relapse"]["arm"].str.lower()
    assert few
    assert not few & set(apart)


def test_what_is_drawn_of_closed_data_is_coarse(closed):
    frame = plot_illness(closed).data.frame
    shares = frame[[c for c in frame if c.startswith("per 100")]].astype(float).to_numpy() / 100
    off = np.abs(shares / COARSE - np.round(shares / COARSE))
    assert (off < 0.2).all()


def test_states_in_sentences(fit):
    row = fit.of("ill").compare(
        "combined", against="control", measure="state_occupation_difference", week=52
    )
    assert "of every 100 people who are ill by week 52" in sentence(row, source="open")
    several = fit.of("dropped out", "relapse").per_arm("state_occupation", 52)
    assert "people are out of treatment or are in relapse" in sentence(several, source="open")
    assert all(verb_of(f"being {words}") == f"are {words}" for words in STATE_WORDS.values())
    for words in STATE_WORDS.values():
        assert verb_of(f"being {words} (higher is better)") == f"are {words}"


def test_nobody_followed(fit):
    figure = plot_illness(replace(fit, histories={}))
    assert "nobody was followed" in figure.alt


def test_of_people_in_one_state(fit):
    figure = plot_illness(fit.starting_in("remission", 12))
    assert "per 100 at week 52" in figure.data.frame


def test_a_curve_is_not_made_from_counts():
    """Survival is the share without the event: its count of events must not take its place."""
    closed = replace(simulate_study(n=1200, seed=4), disclosure="opensafely")
    disclosure = disclosure_of(closed)
    fit = fit_relapse(derive_relapse(closed), adjust=[])
    for row in fit.per_arm("survival", 30):
        value = float(shown_estimate(row, disclosure)[0])
        assert value == pytest.approx(100 * row.estimate, abs=1)
    for row in released(fit.per_arm("survival", 30), closed):
        if row.is_estimable:
            assert row.estimate > 0.5


@pytest.fixture
def panels(monkeypatch):
    """The axes of the figure that is made."""
    kept = []
    made = illness.finished
    monkeypatch.setattr(illness, "finished", lambda f, *rest: kept.extend(f.axes) or made(f, *rest))
    return kept


def test_the_last_week_is_drawn_with_a_width(fit, panels):
    plot_illness(fit)
    bottom = panels[0].collections[0]
    (shape,) = (path.vertices for path in bottom.get_paths())
    last = fit.study.weeks[-1]
    assert panels[0].get_xlim()[1] > last
    heights = {round(y, 9) for x, y in shape if x > last and y > 0}
    arm = next(arm.name for arm in fit.study.arms if arm.name in fit.histories)
    state = next(state for state in LOOKS if state in fit.states)
    exact = fit.occupancy([last])[arm].probability[0, fit.states.index(state)]
    assert heights == {round(100 * exact, 9)}
