"""Levels seen the other way round."""

import numpy as np
import pytest

from ctevidence.contrasts import assumed_levels, counted_levels
from ctevidence.contrasts.combination import wilson
from ctevidence.contrasts.recoded import opposite_outcome, seen_from
from ctevidence.levels import SCALES

CELLS = ("combined", "medication", "therapy", "control")


def test_the_opposite_of_counts_is_that_of_the_other_people():
    levels = opposite_outcome(counted_levels((8, 5, 4, 2), (10, 12, 10, 10)))
    other = counted_levels((2, 7, 6, 8), (10, 12, 10, 10))
    assert levels.values == pytest.approx(other.values)
    assert levels.events == other.events
    assert np.allclose(levels.interval_for(0.9), other.interval_for(0.9))
    assert levels.interval_for(0.95)[0] == pytest.approx(wilson(2, 10))
    assert (levels.better, levels.outcome) == ("lower", "no response")
    again = opposite_outcome(levels)
    assert (again.better, again.outcome) == ("higher", "response")


def test_a_logit_turns_its_sign(levels_with):
    p = np.array([0.6, 0.5, 0.4, 0.3])
    logit = SCALES["logit"].forward(p)
    levels = levels_with(logit, np.eye(4) * 1e-3, link="logit", draws=np.tile(logit, (3, 1)))
    found = opposite_outcome(levels)
    assert found.values == pytest.approx(1 - p)
    assert SCALES["logit"].inverse(found.draws[0]) == pytest.approx(1 - p)


def test_means_have_no_opposite():
    with pytest.raises(ValueError, match="Only probabilities"):
        opposite_outcome(assumed_levels((1, 2, 3, 4), 10, measure="mean", sd=1))


@pytest.mark.parametrize(
    ("reference", "order"),
    [
        ("control", CELLS),
        ("combined", ("control", "therapy", "medication", "combined")),
        # without medication counts as exposed: both exposures are therapy alone
        ("medication", ("therapy", "control", "combined", "medication")),
        ("therapy", ("medication", "combined", "control", "therapy")),
    ],
)
def test_cells_from_every_corner(reference, order):
    assert seen_from(CELLS, reference) == order
    # neighbours stay neighbours: one step from the reference is one component
    assert seen_from(order, CELLS[3]) == CELLS
