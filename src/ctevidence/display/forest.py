"""Forest plots: every study, the pooled effect, and where a new study would be expected."""

from __future__ import annotations

import math
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.data.trial_labels import short_citation
from ctevidence.display.figure import LOOK, MUTED, Figure, canvas, drawn_table, finished
from ctevidence.display.format import interval, number, p_value, shown
from ctevidence.display.labels import (
    condition_label,
    contrast_label,
    heading,
    measure_label,
    treatment_label,
)
from ctevidence.display.ratio_axis import ratio_ticks
from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import better_of
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.subgroups import Subgroups

SQUARE, DIAMOND, PREDICTED = "#34495c", "#00664f", "#b3480b"
#: inches of a line and size of its text, for a few and for many lines
ROOMY, TIGHT, MANY = (0.215, 9.0), (0.19, 7.6), 45
TOP, BOTTOM = 0.95, 0.62  # inches above the first line and below the last
LEFT, RIGHT = 0.45, 0.745  # where the axes stand, as shares of the width
# text columns, in widths of the axes
LABEL, ARM, REFERENCE, VALUE, WEIGHT = -1.5, -0.32, -0.04, 1.03, 1.83


def plot_forest(
    groups: Mapping[str, Pooled | None] | Subgroups | Pooled, name: str, title: str = ""
) -> Figure:
    """Forest plot of one contrast, group by group.

    Parameters
    ----------
    groups : Pooled, Subgroups, or mapping of group to Pooled (None where there is no study)
        For example ``pool(effects)``, ``pool_by(effects)`` or its ``groups``.
    name : str
        File name of the figure.
    title : str, optional

    Returns
    -------
    Figure
        Squares by weight within their group, diamonds for pooled effects with their 95 %
        interval, a bar below for the prediction interval (from three studies on) and a line on
        heterogeneity. What lies beyond the axis ends in an arrow. Groups without a study keep
        their line; of `Subgroups` the test of differences stands last. Ratios stand on a log axis.
    """
    mapping = _as_mapping(groups)
    lines = [line for group, pooled in mapping.items() for line in _group_lines(group, pooled)]
    if isinstance(groups, Subgroups):
        lines.append({"kind": "note", "label": _difference(groups)})
    drawn = [pooled for pooled in mapping.values() if pooled is not None]
    if not drawn:
        raise ValueError("There is no study in any group: nothing to draw.")
    first = drawn[0].pooled
    is_ratio = drawn[0].effects.scale == "log"
    title = title or contrast_label(first.arm, first.reference).capitalize()
    row, size = TIGHT if len(lines) > MANY else ROOMY
    with mpl.rc_context(LOOK):
        height = TOP + BOTTOM + row * len(lines)
        # fixed margins: the text columns stand outside the axes
        figure, axes = canvas(9.6, height, layout="none")
        figure.subplots_adjust(LEFT, BOTTOM / height, RIGHT, 1 - TOP / height)
        low, high = _range(lines, is_ratio)
        axes.set_xlim(low, high)
        axes.set_ylim(-len(lines) + 0.5, 0.5)
        if is_ratio:
            axes.set_xscale("log")
            inside = ratio_ticks(low, high)
            axes.set_xticks(inside, [f"{t:g}" for t in inside])
            axes.minorticks_off()
        axes.axvline(1.0 if is_ratio else 0.0, color=MUTED, lw=0.9, zorder=0)
        for position, line in enumerate(lines):
            _draw(axes, -position, line, low, high, size)
        axes.tick_params(top=len(lines) > MANY, labeltop=len(lines) > MANY)
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        _headings(axes, first, 0.5 + 0.17 / row)
        axes.set_xlabel(_directions(first, is_ratio), fontsize=9)
        figure.text(
            0.01, 1 - 0.28 / height, title, ha="left", va="center", fontweight="bold", fontsize=12
        )
        data = _data(lines, name, title)
        return finished(figure, name, title, _alt(title, mapping), data)


def _as_mapping(groups) -> Mapping[str, Pooled | None]:
    if isinstance(groups, Subgroups):
        return groups.groups
    return {say("display.forest.all_trials"): groups} if isinstance(groups, Pooled) else groups


def _difference(groups: Subgroups) -> str:
    test = groups.test
    if not test.assessable:
        return say("display.forest.groups_unknown", reason=test.reason)
    few = f" ({test.caution})" if test.caution else ""
    return say("display.forest.groups", p=_equal(p_value(test.p_value)), few=few)


def _equal(p: str) -> str:
    return p if p.startswith("<") else f"= {p}"


def _group_lines(group: str, pooled: Pooled | None) -> list[dict]:
    label = condition_label(group)
    if pooled is None:
        return [
            {
                "kind": "heading",
                "label": say("display.forest.no_trial_in", group=label),
                "of": label,
            }
        ]
    lines = [{"kind": "heading", "label": label}]
    heaviest = float(pooled.weights.max())
    for row, key in zip(pooled.studies, pooled.weights.index, strict=True):
        citation = pooled.effects.frame.set_index("study")["label"][key]
        weight = float(pooled.weights[key])
        lines.append(
            {
                "kind": "study",
                "label": short_citation(citation),
                "row": row,
                "size": weight / heaviest,
                "weight": f"{number(100 * weight, 1)} %",
            }
        )
    if pooled.result.k > 1:
        lines.append(
            {
                "kind": "pooled",
                "label": say("display.forest.pooled", trials=pooled.result.k),
                "row": pooled.pooled,
            }
        )
        if pooled.result.prediction is not None:
            lines.append(
                {
                    "kind": "prediction",
                    "label": say("display.forest.expected"),
                    "row": pooled.prediction,
                }
            )
        lines.append({"kind": "note", "label": _heterogeneity(pooled)})
    lines.append({"kind": "space", "label": ""})
    return lines


def _heterogeneity(pooled: Pooled) -> str:
    found = pooled.heterogeneity
    i2, limits = number(found.i2_tau2, 0), (found.i2_tau2_low, found.i2_tau2_high)
    low, high = (number(limit, 0) for limit in limits)
    return say(
        "display.forest.heterogeneity",
        tau2=number(found.tau2, 3),
        method=found.tau2_method,
        i2=i2,
        range=say("amounts.from_to", low=low, high=high),
        p=_equal(p_value(found.p_value)),
    )


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


def _draw(axes, y: float, line: dict, low: float, high: float, size: float) -> None:
    beside = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": size}
    beside["clip_on"] = False
    kind = line["kind"]
    weight = "bold" if kind in ("heading", "pooled") else "normal"
    indent = LABEL if kind == "heading" else LABEL + 0.04
    plain = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}  # a long note crosses the axes
    muted = {"color": MUTED, "fontsize": size - 0.8, "bbox": plain} if kind == "note" else {}
    axes.text(indent, y, line["label"], ha="left", fontweight=weight, **beside | muted)
    if "row" not in line:
        return
    row: Estimate = line["row"]
    _draw_interval(axes, y, line, low, high)
    if kind != "prediction":
        sides = ((ARM, row.events, row.n), (REFERENCE, row.events_reference, row.n_reference))
        for x, events, n in sides:
            axes.text(x, y, _count(events, n), ha="right", fontweight=weight, **beside)
    limits = interval(row.conf_low, row.conf_high, row.unit)
    value = "" if kind == "prediction" else f"{shown(row.estimate, row.unit)}  "
    text = f"{value}({limits})" if limits else value
    axes.text(VALUE, y, text, ha="left", fontweight=weight, **beside)
    axes.text(WEIGHT, y, line.get("weight", ""), ha="right", **beside)


def _draw_interval(axes, y: float, line: dict, low: float, high: float) -> None:
    row: Estimate = line["row"]
    left, right = max(row.conf_low, low), min(row.conf_high, high)
    colour = {"study": SQUARE, "pooled": DIAMOND}.get(line["kind"], PREDICTED)
    if line["kind"] == "study":
        axes.plot([left, right], [y, y], color=colour, lw=1.1, solid_capstyle="butt")
        if low <= row.estimate <= high:
            area = 12 + 62 * line["size"]
            axes.scatter(row.estimate, y, marker="s", s=area, color=colour, zorder=3)
    elif line["kind"] == "pooled":
        middle = min(max(row.estimate, low), high)
        axes.fill([left, middle, right, middle], [y, y + 0.33, y, y - 0.33], color=colour, zorder=3)
    else:
        axes.plot([left, right], [y, y], color=colour, lw=3.2, solid_capstyle="butt")
    if row.conf_low < low:
        axes.plot(low, y, "<", color=colour, ms=4, clip_on=False)
    if row.conf_high > high:
        axes.plot(high, y, ">", color=colour, ms=4, clip_on=False)


def _count(events: int | None, n: int | None) -> str:
    return "" if n is None else (f"{n}" if events is None else f"{events}/{n}")


def _headings(axes, first: Estimate, y: float) -> None:
    top = {"transform": axes.get_yaxis_transform(), "va": "bottom", "fontsize": 8.5}
    top |= {"color": MUTED, "clip_on": False}
    axes.text(ARM, y, treatment_label(first.arm).split()[0], ha="right", **top)
    axes.text(REFERENCE, y, treatment_label(first.reference).split()[0], ha="right", **top)
    axes.text(
        VALUE,
        y,
        say("display.forest.with_range", measure=measure_label(first.measure)),
        ha="left",
        **top,
    )
    axes.text(WEIGHT, y, heading("weight"), ha="right", **top)


def _directions(first: Estimate, is_ratio: bool) -> str:
    arm, reference = treatment_label(first.arm), treatment_label(first.reference)
    low, high = (reference, arm) if better_of(first.outcome) == "higher" else (arm, reference)
    scale = say("display.log_scale") if is_ratio else ""
    middle = f"{measure_label(first.measure)}{scale}"
    return say("display.forest.sides", low=low, middle=middle, high=high)


def _data(lines: list[dict], name: str, title: str):
    rows, group = [], ""
    for line in lines:
        if line["kind"] == "heading":
            group = line["label"]
            if "of" in line:
                rows.append([line["of"], say("display.overview_table.no_trial"), *[""] * 5])
        if "row" in line:
            row = line["row"]
            counts = [_count(row.events, row.n), _count(row.events_reference, row.n_reference)]
            value = "" if line["kind"] == "prediction" else shown(row.estimate, row.unit)
            limits = interval(row.conf_low, row.conf_high, row.unit)
            weight = line.get("weight", "")
            rows.append([group, line["label"], *counts, value, limits, weight])
        elif line["kind"] == "note":
            rows.append(["", line["label"], *[""] * 5])
    columns = ["group", "trial", "events/people", "reference", "estimate", "range", "weight"]
    return drawn_table(name, title, pd.DataFrame(rows, columns=columns), tuple(columns[2:]))


def _alt(title: str, groups: Mapping[str, Pooled | None]) -> str:
    parts = []
    for group, pooled in groups.items():
        if pooled is not None:
            row = pooled.pooled
            limits = interval(row.conf_low, row.conf_high, row.unit)
            parts.append(
                f"{in_words(group)} {shown(row.estimate, row.unit)} ({limits}; {pooled.result.k})"
            )
    none = [group for group, pooled in groups.items() if pooled is None]
    rest = say("display.forest.none", groups=", ".join(map(in_words, none))) if none else ""
    what = say("display.forest.alt", title=title)
    return f"{what}: {'; '.join(parts)}.{rest}"
