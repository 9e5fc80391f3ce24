"""Icon arrays: of 100 people like these, how many."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.figure import (
    LOOK,
    MUTED,
    Figure,
    canvas,
    drawn_table,
    finished,
    style_of,
)
from ctevidence.display.release import gated
from ctevidence.display.tables import shown_estimate
from ctevidence.display.verbs import verb_of


def plot_per_100(fit, week: float | None = None, name: str = "per-100") -> Figure:
    """One array of 100 people per arm, those with the outcome filled.

    Parameters
    ----------
    fit : a fit that gives risks
    week : float, optional
        May be left out where there is one week.
    name : str

    Returns
    -------
    Figure
        Arms that cannot be estimated, or may not be shown, say so instead of an array.
    """
    study = fit.study
    disclosure = disclosure_of(study)
    rows = [gated(row, disclosure) for row in fit.per_arm("risk", week)]
    labels = {a.name: a for a in study.arms}
    outcome, at = rows[0].outcome, rows[0].week
    with mpl.rc_context(LOOK):
        figure, axes = canvas(7.4, 3.1, ncols=len(rows), squeeze=False)
        table = []
        for panel, row in zip(axes[0], rows, strict=True):
            arm = labels[row.arm]
            value, limits = shown_estimate(row, disclosure)
            filled = int(value) if value.isdigit() else None
            colour, marker, _ = style_of(arm, study.arms)
            _array(panel, filled, colour)
            panel.set_title(arm.label, fontsize=10.5, loc="center", color=colour)
            big = f"{value} of 100" if filled is not None else value
            panel.text(4.5, -1.75, big, ha="center", fontweight="bold", fontsize=11)
            panel.text(
                4.5,
                -2.9,
                f"range {limits}" if limits else "",
                ha="center",
                color=MUTED,
                fontsize=8.5,
            )
            table.append(
                (arm.label, value, limits, disclosure.text(row.events), disclosure.text(row.n))
            )
        title = f"Of 100 people, how many {verb_of(outcome)} by week {at:g}"
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        columns = ["arm", "per 100", "range", "people with it", "people"]
        data = drawn_table(name, title, pd.DataFrame(table, columns=columns), tuple(columns[1:]))
        parts = "; ".join(f"{label} {value} ({limits})" for label, value, limits, *_ in table)
        alt = f"Arrays of 100 icons, one per arm. {title}: {parts}."
        return finished(figure, name, title, alt, data)


def _array(panel, filled: int | None, colour: str) -> None:
    panel.set_xlim(-0.7, 9.7)
    panel.set_ylim(-3.4, 9.7)
    panel.set_aspect("equal")
    panel.axis("off")
    if filled is None:
        return
    position = np.arange(100)
    x, y = position % 10, 9 - position // 10
    inside = position < filled
    panel.scatter(x[inside], y[inside], s=30, color=colour, marker="o", linewidths=0.8)
    panel.scatter(x[~inside], y[~inside], s=30, facecolor="white", edgecolor=MUTED, linewidths=0.7)
