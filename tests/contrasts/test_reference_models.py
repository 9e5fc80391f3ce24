"""What reference models predict, what was seen, and the difference."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.contrasts import (
    counted_levels,
    reference_models,
)
from ctevidence.terms import LEVEL_MEASURES, REFERENCE_MODELS

FITTED = 1e-6  # derivatives of R are numerical
TADS = (76, 66, 48, 39), (107, 109, 111, 112)  # March 2004, JAMA 292:807
CAMS = (113, 73, 83, 18), (140, 133, 139, 76)  # Walkup 2008, N Engl J Med 359:2753
repeated = settings(max_examples=25, deadline=None)
interior = st.integers(2, 300).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))
four_cells = st.lists(interior, min_size=4, max_size=4).map(lambda four: np.array(four).T)


@pytest.fixture(scope="module")
def r(reference_folder):
    """`factorial.json`, made by `factorial.R`."""
    return json.loads((reference_folder / "factorial.json").read_text(encoding="utf-8"))


def limits(row):
    return row.estimate, row.conf_low, row.conf_high


def predicted(rows, model):
    return next(row for row in rows if (row.measure, row.reference) == ("risk", model))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("multiplicativity", "multiplicativity"),
        ("independence", "independence"),
        ("additive log odds", "log_odds"),
    ],
)
def test_predictions_equal_those_of_r(r, model, name):
    row = predicted(reference_models(counted_levels(*TADS)), model)
    assert limits(row) == pytest.approx(r["models"][name], rel=FITTED)
    assert (row.n, row.n_reference) == (None, 332), "the combined arm is not behind it"


@pytest.mark.parametrize("excess", ["log_excess", "log_odds_excess"])
def test_what_was_seen_beyond_equals_r(r, excess):
    row = reference_models(counted_levels(*TADS)).where(measure=excess).one()
    assert (row.estimate, row.std_error) == pytest.approx(r["excess"][excess], rel=FITTED)


def test_cams_by_hand():
    # response .8071, .5489, .5971, .2368 in combined, medication, therapy, control
    rows = reference_models(counted_levels(*CAMS))
    assert rows.rows[0].estimate == pytest.approx(113 / 140)
    by_hand = {
        "additivity": 0.5489 + 0.5971 - 0.2368,  # 0.909
        "independence": 1 - 0.4511 * 0.4029 / 0.7632,  # 0.762
        "multiplicativity": 0.5489 * 0.5971 / 0.2368,  # 1.384: more than everybody
        "best single treatment": 0.5971,
    }
    for model, value in by_hand.items():
        assert predicted(rows, model).estimate == pytest.approx(value, abs=4e-4)
    assert "predicted beyond what is possible" in predicted(rows, "multiplicativity").caution


@repeated
@given(four_cells)
def test_prediction_and_excess_add_up_to_what_was_seen(four):
    rows = reference_models(counted_levels(*four))
    seen = rows.rows[0].estimate
    for model in REFERENCE_MODELS.values():
        excess = rows.where(measure=model.excess).one()
        assert predicted(rows, model.name).estimate + excess.estimate == pytest.approx(seen)
        assert excess.reference == model.name


@pytest.mark.parametrize("measure", sorted(LEVEL_MEASURES))
def test_every_measure_gives_the_models_it_declares(levels_with, measure):
    levels = levels_with(
        [0.6, 0.5, 0.4, 0.3], np.eye(4) * 1e-3, measure=measure,
        anchored=not LEVEL_MEASURES[measure].is_relative,
        read_as="odds_ratio" if measure == "network_effect" else "",
    )  # fmt: skip
    rows = reference_models(levels)
    assert {row.reference for row in rows} - {"", "control"} == {*levels.models}
    assert {*levels.models} <= {*LEVEL_MEASURES[measure].models}
    assert all(row.is_estimable for row in rows)


def test_hazards_predict_a_product_of_ratios(levels_with):
    levels = levels_with(
        [-0.9, -0.5, -0.3, 0.0], np.diag([0.04, 0.05, 0.06, 0.0]), measure="log_hazard",
        better="lower", anchored=False,
    )  # fmt: skip
    seen, product, difference = reference_models(levels)
    assert seen.estimate == pytest.approx(math.exp(-0.9))
    assert product.estimate == pytest.approx(math.exp(-0.8))
    assert difference.estimate == pytest.approx(math.exp(-0.1))


@pytest.mark.parametrize("cells", [(12, 0, 9, 4), (12, 8, 9, 0), (20,) * 4, (0,) * 4])
def test_degenerate_cells_of_models_keep_their_places(cells):
    rows = reference_models(counted_levels(cells, (20,) * 4))
    assert len(rows) == 11
    assert all(row.is_estimable or row.caution for row in rows)


def test_three_arms_keep_the_place_of_every_model():
    rows = reference_models(counted_levels(TADS[0][:3], TADS[1][:3]))
    assert [row.reference for row in rows] == [*REFERENCE_MODELS]
    assert not any(row.is_estimable for row in rows)
