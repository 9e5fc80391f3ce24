"""The four-cell table and the interaction plot, against numbers worked by hand."""

import numpy as np
import pytest

from ctevidence.contrasts import assumed_levels, counted_levels
from ctevidence.display.four_cells import table_four_cells
from ctevidence.display.interaction import plot_interaction

# March 2004, JAMA 292:807: .7103, .6055, .4324, .3482
TADS = counted_levels((76, 66, 48, 39), (107, 109, 111, 112), week=12)
SMALL = counted_levels((11, 8, 9, 3), (20, 20, 20, 20))


def test_cells_and_what_is_added_by_hand():
    table = table_four_cells(TADS, disclosure="open").frame
    first = [[cell.split(" (")[0] for cell in row] for row in table.to_numpy()]
    assert first == [
        ["Without medication", "35", "43", "+8"],  # 43.24 - 34.82 = 8.42
        ["With medication", "61", "71", "+10"],  # 71.03 - 60.55 = 10.48
        ["What medication adds", "+26", "+28", "synergy +2"],  # 25.73, 27.79, 2.06
    ]
    # Newcombe 2001 of the four Wilson intervals, as in the synergy table
    assert table.iloc[2, 3] == "synergy +2 (−16 to 20)"


def test_the_note_says_that_no_synergy_is_not_no_benefit():
    assert (
        "No synergy does not mean no benefit" in table_four_cells(TADS, disclosure="open").notes[0]
    )


def test_a_missing_arm_leaves_its_places():
    levels = counted_levels((76, 66, 48), (107, 109, 111))
    table = table_four_cells(levels, disclosure="open").frame
    assert table.iloc[0, 1] == "no such arm"
    assert table.iloc[0, 3] == table.iloc[2, 1] == "cannot be told"
    assert table.iloc[2, 3] == "synergy cannot be told"
    figure = plot_interaction(levels, disclosure="open")
    assert "the study has no control" in figure.alt


def test_a_hidden_cell_is_not_given_away_by_the_others():
    # 3 of 20 may not be shown; three cells, what is added, and the synergy would tell it
    table = table_four_cells(SMALL).frame
    shown = [cell for row in table.to_numpy() for cell in row]
    assert table.iloc[0, 1] == "not shown"
    assert table.iloc[0, 3] == table.iloc[2, 1] == "not shown"
    assert table.iloc[2, 3] == "synergy not shown"
    assert not any("15" in cell for cell in shown if cell.startswith("synergy"))
    figure = plot_interaction(SMALL)
    assert "not shown" in figure.alt
    assert figure.data.frame.columns.tolist() == ["nothing to draw"]


def test_the_plot_says_what_both_scales_predict():
    figure = plot_interaction(TADS, disclosure="open")
    assert "control 35, medication 61, therapy 43, both 71" in figure.alt
    # .6055 + .4324 - .3482 = .6897; .6055 x .4324 / .3482 = .7520
    assert "69 if the parts add up; 75 if the ratios multiply" in figure.alt
    assert len(figure.data.frame) == 4 + 5
    assert figure.png == plot_interaction(TADS, disclosure="open").png


def test_means_have_one_scale():
    levels = assumed_levels(
        (12, 15, 16, 18), 40, measure="mean", sd=7, better="lower",
        outcome="BDI score (lower is better)",
    )  # fmt: skip
    figure = plot_interaction(levels)
    assert "on the difference scale" in figure.alt
    assert "13.0 if the parts add up" in figure.alt
    assert "ratios" not in figure.alt


@pytest.mark.parametrize("events", [(11, 0, 8, 3), (20, 20, 20, 20), (0, 0, 0, 0), (5, 9, 12, 0)])
def test_degenerate_cells_are_drawn_or_say_why_not(events):
    figure = plot_interaction(counted_levels(events, (20,) * 4), disclosure="open")
    assert figure.png.startswith(b"\x89PNG")
    nobody = plot_interaction(counted_levels((5, 9, 12, 0), (20, 20, 20, 0)), disclosure="open")
    assert "nothing known of control" in nobody.alt


def test_hazards_have_no_cells():
    from dataclasses import replace  # noqa: PLC0415

    hazards = replace(
        TADS, measure="log_hazard", unit="log hazard", anchored=False, interval_for=None,
        estimate=np.zeros(4), cov=np.eye(4), better="lower",
    )  # fmt: skip
    with pytest.raises(ValueError, match="no value in a single cell"):
        table_four_cells(hazards)
