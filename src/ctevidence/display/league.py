"""League table as a heat map: every treatment against every other."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.figure import LOOK, MUTED, Figure, canvas, drawn_table, finished
from ctevidence.display.format import interval, shown
from ctevidence.display.heat_map import AGAINST, draw_cells, inches
from ctevidence.display.labels import measure_label
from ctevidence.estimates import Estimate
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.synthesis.network import Network
from ctevidence.terms import CONTRAST_MEASURES

#: colours are full where the estimate is this many standard errors from no difference
FULL = 4.0


def plot_league(network: Network, name: str = "league", title: str = "") -> Figure:
    """Every pair of treatments: the row against the column, with its interval.

    Parameters
    ----------
    network : Network
    name : str
        File name of the figure.
    title : str, optional

    Returns
    -------
    Figure
        Treatments by P-score. Blue where the row does better, orange where the column does, the
        deeper the more standard errors the estimate is from no difference; bold where its interval
        holds no difference out. A star marks treatments that rest on a single trial.
    """
    rows, order = list(network.league()), network.ranking
    place = {t: i for i, t in enumerate(order)}
    count = len(order)
    shade, bold = np.full((count, count), math.nan), np.zeros((count, count), bool)
    text = [[""] * count for _ in order]
    better = 1.0 if network.data.good_direction() == "higher" else -1.0
    for row in rows:
        # the row of the figure is the lower place: its estimate against the higher is turned
        i, j = place[row.reference], place[row.arm]
        turned = _turned(row)
        distance = _distance(turned) * better
        shade[i, j] = 0.5 + 0.5 * max(-1.0, min(1.0, distance / FULL))
        bold[i, j] = _holds_out(turned)
        ends = (shown(limit, turned.unit) for limit in (turned.conf_low, turned.conf_high))
        limits = "–".join(ends).replace("< ", "<").replace("> ", ">")
        text[i][j] = f"{shown(turned.estimate, turned.unit)}\n{limits}"
    thin = {t for t in order if len(network.data.evidence.of(t)) == 1}
    labels = [f"{in_words(t)} *" if t in thin else in_words(t) for t in order]
    title = title or say("display.league.title", measure=measure_label(network.data.measure))
    with mpl.rc_context(LOOK):
        cell, label = max(0.62, min(1.0, 5.2 / count)), 7.5 if count > 12 else 10
        left = 0.3 + inches(labels[1:], label)
        top = 0.65 + inches(labels[:-1], label, 45)
        width, height = left + cell * (count - 1) + 0.3, top + cell * 0.72 * (count - 1) + 0.55
        figure, axes = canvas(max(width, 7.2), height, layout="none")
        figure.subplots_adjust(left / max(width, 7.2), 0.5 / height,
                               (left + cell * (count - 1)) / max(width, 7.2),
                               1 - top / height)  # fmt: skip
        size = 6.4 if count > 12 else 9
        draw_cells(axes, shade[1:, :-1], [r[:-1] for r in text[1:]], AGAINST, size, bold[1:, :-1])
        axes.set_yticks(np.arange(count - 1) + 0.5, labels[1:], fontsize=label, rotation=0)
        axes.xaxis.tick_top()
        axes.set_xticks(np.arange(count - 1) + 0.5, labels[:-1], fontsize=label, rotation=45,
                        ha="left", rotation_mode="anchor")  # fmt: skip
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        note = say("display.league.key")
        note += say("display.league.no_difference")
        note += say("display.league.single") if thin else ""
        figure.text(0.01, 0.12 / height, note, fontsize=8, color=MUTED)
        return finished(figure, name, title, _alt(title, rows, thin), _data(rows, name, title))


def _turned(row: Estimate) -> Estimate:
    """The same comparison the other way round."""
    is_ratio = CONTRAST_MEASURES[row.measure].is_ratio

    def turn(value: float) -> float:
        return 1 / value if is_ratio else -value

    return Estimate(study=row.study, outcome=row.outcome, arm=row.reference, reference=row.arm,
                    measure=row.measure, unit=row.unit, estimate=turn(row.estimate),
                    conf_low=turn(row.conf_high), conf_high=turn(row.conf_low),
                    std_error=row.std_error, error_scale=row.error_scale)  # fmt: skip


def _distance(row: Estimate) -> float:
    """Standard errors from no difference."""
    value = math.log(row.estimate) if row.error_scale == "log" else row.estimate
    return value / row.std_error


def _holds_out(row: Estimate) -> bool:
    null = CONTRAST_MEASURES[row.measure].null
    return not row.conf_low <= null <= row.conf_high


def _data(rows: list[Estimate], name: str, title: str):
    frame = pd.DataFrame(
        [[in_words(r.arm), in_words(r.reference), shown(r.estimate, r.unit),
          interval(r.conf_low, r.conf_high, r.unit)] for r in rows],
        columns=["treatment", "against", "estimate", "range"],
    )  # fmt: skip
    return drawn_table(name, title, frame, ("estimate", "range"))


def _alt(title: str, rows: list[Estimate], thin: set[str]) -> str:
    apart = sum(_holds_out(row) for row in rows)
    alone = say("display.league.thin", count=len(thin)) if thin else ""
    if len(thin) == 1:
        alone = say("display.league.thin_one")
    return say("display.league.alt", title=title, comparisons=len(rows), apart=apart, alone=alone)
