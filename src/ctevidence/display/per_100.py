"""Icon arrays: of 100 people like these, how many."""

from __future__ import annotations

import textwrap

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.contrasts import per_arm
from ctevidence.data.study import Study
from ctevidence.display.adjusting import adjusted_for, how_made
from ctevidence.display.contrast_sentences import counting_of
from ctevidence.display.contrast_words import in_brackets
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.figure import (
    LOOK,
    MUTED,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
    style_of,
)
from ctevidence.display.release import gated
from ctevidence.display.tables import shown_estimate
from ctevidence.display.too_few import too_few
from ctevidence.display.verbs import verb_of
from ctevidence.estimates import SMALL, Estimates
from ctevidence.language import say
from ctevidence.models.staying_well import CURVE, EVERYONE_COUNTED, KNOWN

#: inches of a line of arrays, and of one that has only counts, all of too few people for icons
LINE, LINE_WITHOUT_ICONS = 2.6, 1.0


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
    return _arrays(fit.per_arm("risk", week), fit.study, name)


def plot_staying_well(well, counting: str = KNOWN, name: str = "staying-well") -> Figure:
    """One array of 100 people per arm, those who stay well filled.

    Parameters
    ----------
    well : StayingWell
    counting : {"known", "everyone", "curve"}
        The way in which unknown states count; a study that has but one way shows that.
    name : str

    Returns
    -------
    Figure
        Says why, where nothing can be counted.
    """
    if counting == EVERYONE_COUNTED and CURVE in well.countings:
        return nothing_to_draw(
            name, say("display.per_100.staying_well"), say("display.per_100.one_way")
        )
    chosen = well.countings.get(counting) or next(iter(well.countings.values()))
    rows = per_arm(chosen)
    if not any(row.is_estimable for row in rows):
        reason = rows.rows[0].caution.split("; ")[0]
        return nothing_to_draw(name, say("display.per_100.staying_well"), reason)
    return _arrays(rows, well.study, name)


def _arrays(rows: Estimates, study: Study, name: str) -> Figure:
    disclosure = disclosure_of(study)
    rows = [gated(row, disclosure) for row in rows]
    labels = {a.name: a for a in study.arms}
    outcome, at = rows[0].outcome, rows[0].week
    # two in a row: a telephone shows a figure at a third of its width
    columns = min(2, len(rows))
    lines = -(-len(rows) // columns)
    nobody = all(too_few(row, disclosure) for row in rows)
    height = LINE_WITHOUT_ICONS if nobody else LINE
    with mpl.rc_context(LOOK):
        figure, axes = canvas(5.2, 0.5 + height * lines, nrows=lines, ncols=columns, squeeze=False)
        for panel in axes.flat[len(rows) :]:
            panel.axis("off")
        table = []
        for panel, row in zip(axes.flat, rows, strict=False):
            arm = labels[row.arm]
            value, limits = shown_estimate(row, disclosure)
            few = too_few(row, disclosure)
            # a hundred people drawn from a handful would be a picture of nobody
            filled = int(value) if value.isdigit() and not few else None
            big = say("display.per_100.share", value=value) if filled is not None else value
            colour, *_ = style_of(arm, study.arms)
            if few and value.isdigit():
                events = disclosure.events_text(row.events, row.n)
                big = say("display.tables.of", events=events, people=disclosure.text(row.n))
                if not nobody:
                    why = textwrap.fill(say("display.per_100.no_picture", few=SMALL), 20)
                    panel.text(4.5, 4.5, why, ha="center", va="center", color=MUTED, fontsize=9)
            below = say("display.per_100.range", limits=limits) if limits else ""
            draw_panel(panel, arm.label, filled, big, below, colour)
            if nobody:
                panel.set_ylim(-3.7, 0)
            table.append(
                (
                    arm.label,
                    value,
                    limits,
                    disclosure.events_text(row.events, row.n),
                    disclosure.text(row.n),
                )
            )
        how = counting_of(rows[0])
        title = say("display.per_100.title", verb=verb_of(outcome), week=f"{at:g}")
        title += in_brackets(how, how_made(rows[0]))
        figure.suptitle(textwrap.fill(title, 47), x=0.01, ha="left", fontweight="bold", fontsize=12)
        # of a curve the counts are events on the way, not people who stay well
        is_risk = rows[0].measure == "risk"
        counted = say("adjusting.with_it") if is_risk else say("display.per_100.events_so_far")
        share = say("adjusting.per_100") if adjusted_for(rows[0]) else "per 100"
        columns = ["arm", share, "range", counted, "people"]
        data = drawn_table(name, title, pd.DataFrame(table, columns=columns), tuple(columns[1:]))
        parts = "; ".join(f"{label} {value} ({limits})" for label, value, limits, *_ in table)
        alt = say("display.per_100.alt", title=title, parts=parts)
        if nobody:
            alt = say("display.per_100.alt_few", title=title, parts=parts)
        return finished(figure, name, title, alt, data)


def draw_panel(panel, label: str, filled: int | None, big: str, below: str, colour: str) -> None:
    """One array of 100 under its label, with its number and a smaller line; None fills nothing."""
    _array(panel, filled, colour)
    panel.set_title(label, fontsize=11.5, loc="center", color=colour)
    panel.text(4.5, -1.85, big, ha="center", fontweight="bold", fontsize=12.5)
    panel.text(4.5, -2.25, below, ha="center", va="top", color=MUTED, fontsize=10.5)


def _array(panel, filled: int | None, colour: str) -> None:
    panel.set_xlim(-0.7, 9.7)
    panel.set_ylim(-3.7, 9.7)
    panel.set_aspect("equal")
    panel.axis("off")
    if filled is None:
        return
    position = np.arange(100)
    x, y = position % 10, 9 - position // 10
    inside = position < filled
    panel.scatter(x[inside], y[inside], s=30, color=colour, marker="o", linewidths=0.8)
    panel.scatter(x[~inside], y[~inside], s=30, facecolor="white", edgecolor=MUTED, linewidths=0.7)
