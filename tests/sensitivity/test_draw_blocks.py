"""Blocks of imputations change no number; what is shared or sampled answers the same question."""

import numpy as np
import pytest

import ctevidence as ct
from ctevidence.outcomes import derive_course, derive_response
from ctevidence.sensitivity import conditional_means, draw_blocks
from ctevidence.sensitivity.draw_blocks import worthwhile
from ctevidence.simulate import simulate_study


@pytest.fixture(scope="module")
def trial():
    return simulate_study(n=160, seed=2)


def numbers(study):
    course = ct.impute(derive_course(study), imputations=12, seed=4)
    response = ct.impute(derive_response(study, week=52), imputations=12, seed=4)
    found = [course.base, response.base]
    for imputed in (course, course.under("copy increments in reference", "control"), response):
        levels = imputed.levels(week=52)
        found += [levels.estimate, levels.cov]
    return found


def test_blocks_change_no_number(trial, monkeypatch):
    together = numbers(trial)
    for at_once in (1, 160 * 20 * 5):  # one draw at a time, and several of unequal blocks
        monkeypatch.setattr(draw_blocks, "AT_ONCE", at_once)
        for one, other in zip(together, numbers(trial), strict=True):
            # logistic regressions of one block stop together: each as far as the slowest needs
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_fewer_imputations_of_very_many_scores():
    assert worthwhile(200, 100 * 6) == 200
    assert worthwhile(50, 1_000_000 * 6) == draw_blocks.FEWEST
    assert worthwhile(200, 30_000 * 6) == 111


def test_draws_read_as_response_are_those_of_response(trial):
    drawn = ct.impute(derive_course(trial), imputations=12, seed=4)
    response = derive_response(trial, week=52)
    own = ct.impute(response, imputations=12, seed=4)
    shared = drawn.read_as(response)
    np.testing.assert_array_equal(shared.base, own.base)
    rows = [each.compare("combined", against="control", week=52).frame for each in (shared, own)]
    assert rows[0].equals(rows[1])
    with pytest.raises(ValueError, match="of the same people"):
        drawn.read_as(derive_course(trial))


def test_the_jackknife_of_a_sample_is_near_that_of_everyone(monkeypatch):
    study = simulate_study(n=500, seed=6)
    outcome = derive_course(study)
    asked = {"against": "medication", "week": 52}
    everyone = ct.impute_means(outcome, adjust=[]).compare("combined", **asked).one()
    monkeypatch.setattr(conditional_means, "MOST_LEFT_OUT", 250)
    drawn = ct.impute_means(outcome, adjust=[])
    some = drawn.compare("combined", **asked).one()
    assert some.estimate == everyone.estimate
    # the relative error of a standard deviation from 250 people is about 1 / sqrt(2 * 250)
    assert some.std_error == pytest.approx(everyone.std_error, rel=0.15)
    assert "250 people drawn at random" in some.method
    moved = drawn.shifted({"combined": 2.0}).compare("combined", **asked).one()
    lost = drawn.table.after_dropout[drawn.table.arm == 3, -1].mean()
    assert moved.estimate == pytest.approx(some.estimate + 2 * lost, rel=1e-9)
