"""Figures: the same bytes twice, a real text alternative, names that are not mathematics."""

import os
import subprocess
import sys

import matplotlib as mpl
import pandas as pd
import pytest

from ctevidence.display.figure import LOOK, STYLES, Figure, canvas, finished
from ctevidence.display.forest import plot_forest
from ctevidence.display.spread import spread
from ctevidence.display.table import Table
from ctevidence.synthesis.pool import pool

ALT = "A test figure with one line of text, long enough to count as an alternative."


def drawn(title):
    with mpl.rc_context(LOOK):
        figure, axes = canvas()
        axes.set_title(title)
        return finished(figure, "x", title, ALT, Table("x", "x", pd.DataFrame({"a": [1]})))


def test_the_same_drawing_gives_the_same_bytes():
    assert drawn("a").png == drawn("a").png


def test_a_missing_font_is_named_before_anything_is_drawn():
    without = (
        "from matplotlib.font_manager import fontManager; fontManager.ttflist = []\n"
        "from ctevidence.display.figure import canvas; canvas()"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", without],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = done.stderr.strip().splitlines()[-1]
    assert "MissingFontError: Figures are drawn with the font DejaVu Sans" in last
    assert "fonts-dejavu-core" in last


def test_a_dollar_sign_in_a_name_does_not_crash():
    assert drawn("site $\\foo{$").png.startswith(b"\x89PNG")


def test_a_figure_needs_a_real_text_alternative():
    with pytest.raises(ValueError, match="40 to 600"):
        Figure("x", "x", "chart", b"", Table("x", "x", pd.DataFrame({"a": [1]})))


def luminance(colour):
    parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
             for v in mpl.colors.to_rgb(colour)]  # fmt: skip
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_lines_have_three_to_one_contrast_with_the_page():
    # WCAG 2.2, 1.4.11: 3:1 for graphics; text of arms is bold and large, 4.5:1 is met too
    for colour, *_ in STYLES.values():
        assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_labels_are_moved_apart_but_keep_their_order():
    placed = spread({"a": (1.0, ""), "b": (1.0, ""), "c": (5.0, "")}, 1.0)
    assert [placed[key][0] for key in "abc"] == [0.5, 1.5, 5.0]


@pytest.mark.parametrize("k", [1, 2, 5, 40])
def test_forest_plots_of_few_and_many_studies(k):
    frame = pd.DataFrame({
        "study": [f"Author{i} 20{i % 90 + 10}" for i in range(k)], "treat1": "combined",
        "treat2": "medication", "estimate": [0.1 * (i % 5) for i in range(k)], "std_error": 0.2,
        "outcome": "response",
    })  # fmt: skip
    figure = plot_forest({"depression": pool(frame, measure="risk_ratio"), "ptsd": None}, "forest")
    assert "No trial: ptsd" in figure.alt
    rows = figure.data.frame
    assert (rows["trial"] == "Expected in a new trial").sum() == (k >= 3)
    assert (rows["trial"] == "no trial").sum() == 1


def test_a_long_text_alternative_is_shortened_between_its_parts():
    """Very long names of arms must not stop a report."""
    figure, _ = canvas()
    names = [f"arm {i}, which has a very long name: {i} people" for i in range(40)]
    alt = "Flow of people. " + "; ".join(names) + "."
    made = finished(figure, "x", "x", alt, Table("x", "x", pd.DataFrame({"a": [1]})))
    assert 500 < len(made.alt) <= 600
    assert made.alt.endswith(" The rest stands in the table.")
    assert alt.startswith(made.alt.removesuffix(". The rest stands in the table."))
