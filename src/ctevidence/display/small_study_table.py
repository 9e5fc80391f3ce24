"""Adjustments for small-study effects as one table and one figure, with their range."""

from __future__ import annotations

import math

import matplotlib as mpl
import pandas as pd

from ctevidence.display.figure import LOOK, MUTED, Figure, canvas, drawn_table, finished
from ctevidence.display.format import interval, p_value, shown
from ctevidence.display.labels import contrast_label, measure_label
from ctevidence.display.ratio_axis import ratio_ticks
from ctevidence.display.table import Table
from ctevidence.estimates import Estimate
from ctevidence.language import say
from ctevidence.synthesis.small_study import SmallStudyRange

COLUMNS = ("method", "estimate", "range", "p", "note")
DOT, BAND = "#34495c", "#e8ecf0"


def table_small_study(found: SmallStudyRange, name: str, caption: str) -> Table:
    """All methods in one table, the lowest and highest named below.

    Parameters
    ----------
    found : SmallStudyRange
    name, caption : str
    """
    rows = [_row(row, found) for row in (*found.adjusted, *found.asymmetry)]
    notes = [f"{_range_in_words(found)}."]
    notes += [f"{caution[:1].upper()}{caution[1:]}." for caution in found.cautions]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return Table(name, caption, frame, tuple(notes), COLUMNS[1:4])


def plot_small_study(found: SmallStudyRange, name: str, title: str = "") -> Figure:
    """The mean as each method would have it, with its interval; a band from lowest to highest.

    Parameters
    ----------
    found : SmallStudyRange
    name : str
        File name of the figure.
    title : str, optional
    """
    row, is_ratio = found.range, found.pooled.effects.scale == "log"
    contrast = contrast_label(row.arm, row.reference).capitalize()
    title = title or say("display.small_study_table.title", contrast=contrast)
    drawn = list(found.adjusted)
    with mpl.rc_context(LOOK):
        figure, axes = canvas(8.6, 1.5 + 0.3 * len(drawn))
        if is_ratio:
            axes.set_xscale("log")
        axes.axvspan(row.conf_low, row.conf_high, color=BAND, zorder=0)
        axes.axvline(1.0 if is_ratio else 0.0, color=MUTED, lw=0.9, zorder=1)
        for y, each in enumerate(drawn):
            if each.is_estimable:
                axes.plot([each.conf_low, each.conf_high], [-y, -y], color=DOT, lw=1.2)
                axes.plot(each.estimate, -y, "o" if y else "D", color=DOT, ms=6)
        if is_ratio:
            ticks = ratio_ticks(*axes.get_xlim())
            axes.set_xticks(ticks, [f"{t:g}" for t in ticks])
            axes.minorticks_off()
        labels = [_label(each) for each in drawn]
        axes.set_yticks([-y for y in range(len(drawn))], labels, fontsize=8.5)
        axes.set_xlabel(measure_label(found.pooled.effects.measure))
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        table = table_small_study(found, name, title)
        data = drawn_table(name, title, table.frame, table.numeric)
        alt = say("display.small_study_table.alt", title=title, told=_range_in_words(found))
        return finished(figure, name, title, alt, data)


def _label(row: Estimate) -> str:
    return (
        row.method
        if row.is_estimable
        else say("display.small_study_table.not_estimable", method=row.method)
    )


def _row(row: Estimate, found: SmallStudyRange) -> list[str]:
    own = [part for part in row.caution.split("; ") if part and part not in found.cautions]
    if row.measure == "funnel_asymmetry":
        return [
            row.method,
            "",
            "",
            p_value(row.p_value),
            "; ".join(own) or say("display.small_study_table.no_asymmetry"),
        ]
    if math.isnan(row.estimate):
        return [row.method, "not estimable", "", "", "; ".join(own)]
    limits = interval(row.conf_low, row.conf_high, row.unit)
    return [row.method, shown(row.estimate, row.unit), limits, p_value(row.p_value), ""]


def _range_in_words(found: SmallStudyRange) -> str:
    row = found.range
    return say(
        "display.small_study_table.told",
        range=interval(row.conf_low, row.conf_high, row.unit),
        method=row.method,
        estimate=shown(row.estimate, row.unit),
        trials=row.studies,
    )
