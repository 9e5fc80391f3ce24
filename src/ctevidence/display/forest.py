"""Forest plots: every study, the pooled effect, and where a new study would be expected."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.figure import LOOK, MUTED, Figure, canvas, drawn_table, finished
from ctevidence.display.format import interval, shown
from ctevidence.display.labels import CONDITIONS, contrast_label, measure_label, treatment_label
from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import better_of
from ctevidence.synthesis.pooled import Pooled

SQUARE, DIAMOND, PREDICTED = "#34495c", "#00664f", "#b3480b"
ROW = 0.27  # inches
LEFT, RIGHT = 0.45, 0.775  # where the axes stand, as shares of the width
LABEL, ARM, REFERENCE, VALUE = -1.36, -0.29, -0.04, 1.03  # text columns, in widths of the axes
TICKS = (0.2, 0.5, 1, 2, 5, 10)


def plot_forest(groups: Mapping[str, Pooled | None], name: str, title: str = "") -> Figure:
    """Forest plot of one contrast, group by group.

    Parameters
    ----------
    groups : mapping of group to Pooled, or None where there is no study
        For example ``pool_by(effects).groups``, or ``{"all": pool(effects)}``.
    name : str
        File name of the figure.
    title : str, optional

    Returns
    -------
    Figure
        Squares by weight within their group, diamonds for pooled effects with their 95 %
        interval, a bar below for the prediction interval (from three studies on). Groups without
        a study keep their line. Ratios stand on a log axis.
    """
    lines = [line for group, pooled in groups.items() for line in _group_lines(group, pooled)]
    drawn = [pooled for pooled in groups.values() if pooled is not None]
    if not drawn:
        raise ValueError("There is no study in any group: nothing to draw.")
    first = drawn[0].pooled
    is_ratio = drawn[0].effects.scale == "log"
    title = title or contrast_label(first.arm, first.reference).capitalize()
    with mpl.rc_context(LOOK):
        height = 1.45 + ROW * len(lines)
        # fixed margins: the text columns stand outside the axes
        figure, axes = canvas(9.2, height, layout="none")
        figure.subplots_adjust(LEFT, 0.62 / height, RIGHT, 1 - 0.42 / height)
        low, high = _range(lines, is_ratio)
        for position, line in enumerate(lines):
            _draw(axes, -position, line, low, high)
        if is_ratio:
            axes.set_xscale("log")
            inside = [t for t in TICKS if low <= t <= high]
            axes.set_xticks(inside, [f"{t:g}" for t in inside])
            axes.minorticks_off()
        axes.set_xlim(low, high)
        axes.set_ylim(-len(lines) + 0.9, 1.5)
        no_difference = 1.0 if is_ratio else 0.0
        axes.plot([no_difference] * 2, [-len(lines) + 0.9, 0.5], color=MUTED, lw=0.9, zorder=0)
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        _headings(axes, first)
        axes.set_xlabel(_directions(first, is_ratio), fontsize=9)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        data = _data(lines, name, title)
        return finished(figure, name, title, _alt(title, groups), data)


def _group_lines(group: str, pooled: Pooled | None) -> list[dict]:
    label = CONDITIONS.get(group, group[:1].upper() + group[1:])
    if pooled is None:
        return [{"kind": "heading", "label": f"{label}: no trial"}]
    lines = [{"kind": "heading", "label": label}]
    heaviest = float(pooled.weights.max())
    for row, key in zip(pooled.studies, pooled.weights.index, strict=True):
        citation = pooled.effects.frame.set_index("study")["label"][key]
        weight = float(pooled.weights[key])
        lines.append(
            {"kind": "study", "label": _short(citation), "row": row, "size": weight / heaviest}
        )
    if pooled.result.k > 1:
        lines.append(
            {"kind": "pooled", "label": f"Pooled, {pooled.result.k} trials", "row": pooled.pooled}
        )
        if pooled.result.prediction is not None:
            lines.append(
                {"kind": "prediction", "label": "Expected in a new trial", "row": pooled.prediction}
            )
    lines.append({"kind": "space", "label": ""})
    return lines


def _short(citation: str) -> str:
    """The first author, trial name and year of a citation: ``March (TADS) 2004``."""
    found = re.match(r"^(.*?\b(?:19|20)\d\d[a-z]?)", citation)
    return found.group(1) if found else citation[:34]


def _range(lines: list[dict], is_ratio: bool) -> tuple[float, float]:
    """Axis limits that hold pooled intervals and most study intervals; arrows mark the rest."""
    rows = [line["row"] for line in lines if "row" in line]
    lows = np.array([r.conf_low for r in rows if math.isfinite(r.conf_low)])
    highs = np.array([r.conf_high for r in rows if math.isfinite(r.conf_high)])
    if is_ratio:
        low, high = max(lows.min(), 0.2), min(highs.max(), 10.0)
        return min(low / 1.1, 0.45), max(high * 1.1, 2.2)
    pad = 0.05 * (highs.max() - lows.min())
    return min(lows.min(), 0.0) - pad, max(highs.max(), 0.0) + pad


def _draw(axes, y: float, line: dict, low: float, high: float) -> None:
    beside = {
        "transform": axes.get_yaxis_transform(),
        "va": "center",
        "fontsize": 9,
        "clip_on": False,
    }
    kind = line["kind"]
    weight = "bold" if kind in ("heading", "pooled") else "normal"
    indent = LABEL if kind == "heading" else LABEL + 0.04
    axes.text(indent, y, line["label"], ha="left", fontweight=weight, **beside)
    if "row" not in line:
        return
    row: Estimate = line["row"]
    left, right = max(row.conf_low, low), min(row.conf_high, high)
    if kind == "study":
        axes.plot([left, right], [y, y], color=SQUARE, lw=1.1, solid_capstyle="butt")
        for limit, edge, mark in ((row.conf_low, low, "<"), (row.conf_high, high, ">")):
            if (limit < low) if mark == "<" else (limit > high):
                axes.plot(edge, y, mark, color=SQUARE, ms=4, clip_on=False)
        axes.scatter(row.estimate, y, marker="s", s=12 + 62 * line["size"], color=SQUARE, zorder=3)
        axes.text(ARM, y, _count(row.events, row.n), ha="right", **beside)
        axes.text(REFERENCE, y, _count(row.events_reference, row.n_reference), ha="right", **beside)
    elif kind == "pooled":
        x = [left, row.estimate, right, row.estimate]
        axes.fill(x, [y, y + 0.33, y, y - 0.33], color=DIAMOND, zorder=3)
    else:
        axes.plot([left, right], [y, y], color=PREDICTED, lw=3.2, solid_capstyle="butt")
    limits = interval(row.conf_low, row.conf_high, row.unit)
    value = "" if kind == "prediction" else f"{shown(row.estimate, row.unit)}  "
    text = f"{value}({limits})" if limits else value
    axes.text(VALUE, y, text, ha="left", fontweight=weight, **beside)


def _count(events: int | None, n: int | None) -> str:
    return "" if n is None else (f"{n}" if events is None else f"{events}/{n}")


def _headings(axes, first: Estimate) -> None:
    top = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 8.5}
    top |= {"color": MUTED, "clip_on": False}
    axes.text(ARM, 1.0, treatment_label(first.arm).split()[0], ha="right", **top)
    axes.text(REFERENCE, 1.0, treatment_label(first.reference).split()[0], ha="right", **top)
    axes.text(VALUE, 1.0, f"{measure_label(first.measure)} (range)", ha="left", **top)


def _directions(first: Estimate, is_ratio: bool) -> str:
    arm, reference = treatment_label(first.arm), treatment_label(first.reference)
    low, high = (reference, arm) if better_of(first.outcome) == "higher" else (arm, reference)
    scale = ", log scale" if is_ratio else ""
    middle = f"{measure_label(first.measure)}{scale}"
    return f"\u2190 better with {low}      {middle}      better with {high} \u2192"


def _data(lines: list[dict], name: str, title: str):
    rows, group = [], ""
    for line in lines:
        if line["kind"] == "heading":
            group = line["label"]
            if group.endswith(": no trial"):
                rows.append([group.removesuffix(": no trial"), "no trial", "", "", "", ""])
        if "row" in line:
            row = line["row"]
            counts = [_count(row.events, row.n), _count(row.events_reference, row.n_reference)]
            value = "" if line["kind"] == "prediction" else shown(row.estimate, row.unit)
            limits = interval(row.conf_low, row.conf_high, row.unit)
            rows.append([group, line["label"], *counts, value, limits])
    columns = ["group", "trial", "events/people", "reference", "estimate", "range"]
    return drawn_table(name, title, pd.DataFrame(rows, columns=columns), tuple(columns[2:]))


def _alt(title: str, groups: Mapping[str, Pooled | None]) -> str:
    parts = []
    for group, pooled in groups.items():
        if pooled is not None:
            row = pooled.pooled
            limits = interval(row.conf_low, row.conf_high, row.unit)
            parts.append(f"{group} {shown(row.estimate, row.unit)} ({limits}; {pooled.result.k})")
    none = [group for group, pooled in groups.items() if pooled is None]
    rest = f" No trial: {', '.join(none)}." if none else ""
    what = f"Forest plot. {title}, pooled by group with range and number of trials"
    return f"{what}: {'; '.join(parts)}.{rest}"
