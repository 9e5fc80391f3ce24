"""Tipping points against closed forms: unadjusted means move by the share that is missing."""

import math

import numpy as np
import pytest

import ctevidence as ct
from ctevidence.sensitivity.tipping_point import PRECISION, first_change


@pytest.fixture(scope="module")
def imputed(course):
    return ct.impute(course, adjust=[], imputations=40, seed=1)


@pytest.fixture(scope="module")
def tipping(imputed):
    return ct.tipping_point(imputed, "combined", against="therapy", week=12)


def shares(imputed):
    arm, lost = imputed.table.arm, imputed.table.after_dropout[:, 5]
    return lost[arm == 3].mean(), lost[arm == 2].mean()


def test_every_cell_is_the_shifted_comparison(imputed, tipping):
    base = imputed.compare("combined", against="therapy", week=12).one()
    mine, theirs = shares(imputed)
    wanted = base.estimate + mine * tipping.deltas[:, None] - theirs * tipping.deltas_against
    assert tipping.estimate == pytest.approx(wanted, rel=1e-9)
    i, j = 7, 1
    moved = imputed.shifted({"combined": tipping.deltas[i], "therapy": tipping.deltas_against[j]})
    row = moved.compare("combined", against="therapy", week=12).one()
    found = [getattr(tipping, n)[i, j] for n in ("conf_low", "conf_high", "p_value")]
    assert found == pytest.approx([row.conf_low, row.conf_high, row.p_value], rel=1e-9)


def test_the_best_estimate_turns_where_the_shift_makes_up_for_it(imputed, tipping):
    mine, _ = shares(imputed)
    assert tipping.turns == pytest.approx(-tipping.base.estimate / mine, abs=PRECISION)


def test_the_conclusion_turns_at_the_tipping_point_and_not_before(imputed, tipping):
    assert tipping.is_shown

    def p(delta, other=0.0):
        shifted = imputed.shifted({"combined": delta, "therapy": other})
        return shifted.compare("combined", against="therapy", week=12).one().p_value

    assert p(tipping.alone - PRECISION) < 0.05 <= p(tipping.alone)
    if not math.isnan(tipping.both):
        both = tipping.both
        assert p(both - PRECISION, both - PRECISION) < 0.05 <= p(both, both)


def test_the_search_looks_towards_better_where_the_arm_is_worse(imputed, tipping):
    other = ct.tipping_point(imputed, "therapy", against="combined", week=12, deltas=[0.0],
                             deltas_against=[0.0])  # fmt: skip
    assert other.base.estimate == pytest.approx(-tipping.base.estimate)
    assert other.alone < 0
    assert other.turns < 0
    assert other.favours.tolist() == [[-1]]


def test_conditional_means_have_tipping_points_too(beat_the_blues):
    means = ct.impute_means(ct.derive_course(beat_the_blues))
    found = ct.tipping_point(means, "combined", against="control", week=35, deltas=[0, 4],
                             deltas_against=[0])  # fmt: skip
    assert not found.is_shown
    row = means.compare("combined", against="control", week=35).one()
    assert found.estimate[0, 0] == pytest.approx(row.estimate, rel=1e-12)


def test_of_response_the_conclusion_turns_too(four_arm_trial):
    imputed = ct.impute(ct.derive_response(four_arm_trial, week=12), imputations=20, seed=1)
    found = ct.tipping_point(imputed, "combined", against="control", deltas=[0, 5],
                             deltas_against=[0])  # fmt: skip
    assert found.null == 0
    assert found.estimate[1, 0] <= found.estimate[0, 0]
    assert found.better == "higher"


def test_nothing_changes_is_not_a_number():
    assert math.isnan(first_change(lambda delta: False, 63.0))
    assert first_change(lambda delta: delta >= 12.34, 63.0) == pytest.approx(12.34, abs=PRECISION)
    assert np.sign(first_change(lambda delta: delta <= -3, -63.0)) == -1


def test_the_figure_and_the_sentence_say_the_same(tipping):
    said = ct.tipping_sentence(tipping)
    assert f"{tipping.alone:.1f} BDI points worse than imputed" in said
    assert "This difference is shown; it would no longer be if the missing on combined" in said
    share = round(100 * tipping.missing[0] / tipping.people[0])
    assert f"Missing after dropout are {share} of every 100 scores on combined treatment" in said
    figure = ct.plot_tipping_point(tipping)
    assert figure.png.startswith(b"\x89PNG")
    table = figure.data.frame
    assert len(table) == 81
    origin = table[(table.iloc[:, 0] == "0") & (table.iloc[:, 1] == "0")]
    assert origin["difference"].item() == f"{tipping.base.estimate:.1f}".replace("-", "−")
    assert figure.png == ct.plot_tipping_point(tipping).png


def test_small_arms_are_held_back(study_of, beat_the_blues):
    study = type(beat_the_blues)(**{
        f: getattr(beat_the_blues, f) for f in beat_the_blues.__dataclass_fields__
    } | {"disclosure": "opensafely"})  # fmt: skip
    outcome = ct.derive_response(study, week=35)
    imputed = ct.impute(outcome, imputations=5, seed=1)
    few = ct.tipping_point(imputed, "combined", against="medication", deltas=[0],
                           deltas_against=[0])  # fmt: skip
    small = type(few)(**few.__dict__ | {"base": type(few.base)(**few.base.__dict__ | {"n": 4,
                      "events": 2})})  # fmt: skip
    assert "is not shown" in ct.tipping_sentence(small)
    assert "nothing to draw" in ct.plot_tipping_point(small).data.frame.columns


def test_the_figure_of_assumptions_shows_both_variances(beat_the_blues):
    rows = ct.missing_scores(ct.derive_course(beat_the_blues), "combined", against="medication",
                             reference="control", imputations=20, seed=1)  # fmt: skip
    figure = ct.plot_missing_scores(rows, beat_the_blues)
    assert len(rows) == 11
    assert figure.data.frame["variance"].value_counts().to_dict() == {
        "Rubin": 5, "repeated trials": 5, "of the model": 1}  # fmt: skip
    assert "6 assumptions" in figure.alt
    assert figure.data.frame["assumption"].iloc[0] == "scores seen only"
