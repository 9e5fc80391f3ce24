"""For whom: a forest of the effects in groups of people, with the people behind each."""

from __future__ import annotations

import math
from dataclasses import replace

import matplotlib as mpl
import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.figure import (
    LOOK,
    MUTED,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
)
from ctevidence.display.format import interval, p_value, shown, unit_label
from ctevidence.display.labels import contrast_label, outcome_label
from ctevidence.display.release import gated, is_hidden
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.verdict import better_direction
from ctevidence.language import in_both, pick, say

OBSERVED, DRAWN = "#34495c", "#00664f"
ROW = 0.29  # inches
LEFT, RIGHT = 0.40, 0.80  # where the axes stand, as shares of the width
LABEL, PEOPLE, VALUE = -0.98, -0.05, 1.03  # text columns, in widths of the axes
DIFFERENCES = ("risk_difference", "mean_difference")


def plot_for_whom(estimates: Estimates, study, name: str = "for-whom") -> Figure:
    """The effect in groups of people, as measured and drawn together.

    Parameters
    ----------
    estimates : Estimates
        From `for_whom`.
    study : Study
    name : str

    Returns
    -------
    Figure
        Squares for the effect in each group, diamonds below for the same drawn towards the average
        of the groups; below each modifier what the groups differ by, on both scales. A group that
        is too small to show has no square, and nothing is said of what it differs by. Without any
        rows it says that no modifier is declared.
    """
    disclosure = disclosure_of(study)
    rows = _gated(estimates, disclosure)
    if not any(row.is_estimable for row in rows):
        reason = rows[0].caution if rows else say("display.for_whom.not_declared")
        return nothing_to_draw(name, say("display.for_whom.title"), reason)
    measure = next((m for m in DIFFERENCES if any(r.measure == m for r in rows)), DIFFERENCES[0])
    exploratory = {_modifier(row) for row in estimates if _is_exploratory(row)}
    lines = [
        line
        for modifier in _modifiers(rows)
        for line in _lines(rows, modifier, measure, modifier not in exploratory)
    ]
    title = say("display.for_whom.title_of") + _contrast(rows)
    if not any(line["kind"] == "group" and line["row"].is_estimable for line in lines):
        slopes = [line for line in lines if line["kind"] == "between"]
        if not slopes:
            return nothing_to_draw(name, title, say("display.for_whom.none_shown"))
    with mpl.rc_context(LOOK):
        height = 1.5 + ROW * len(lines)
        figure, axes = canvas(9.6, height, layout="none")
        figure.subplots_adjust(LEFT, 0.62 / height, RIGHT, 1 - 0.72 / height)
        low, high = _range(lines)
        for position, line in enumerate(lines):
            _draw(axes, -position, line, low, high, disclosure)
        axes.plot([0, 0], [-len(lines) + 0.6, 0.5], color=MUTED, lw=0.9, zorder=0)
        axes.set_xlim(low, high)
        axes.set_ylim(-len(lines) + 0.4, 0.8)
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        _frame(axes, rows, measure)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        data = _data(lines, name, title, disclosure)
        return finished(figure, name, title, _alt(title, lines), data)


def _gated(estimates: Estimates, disclosure: Disclosure) -> list[Estimate]:
    """Rows as they may be shown: where a group is hidden, all that would give it away is too."""
    rows = [gated(row, disclosure) for row in estimates]
    hidden = {_modifier(row) for row in rows if is_hidden(row)}
    nothing = dict.fromkeys(
        ("estimate", "conf_low", "conf_high", "std_error", "p_value", "df"), math.nan
    )
    several = ("shrunken_", "effect_modification_", "heterogeneity_")
    return [
        replace(row, caution=say("display.release.hidden"), **nothing)
        if _modifier(row) in hidden and row.measure.startswith(several)
        else row
        for row in rows
    ]


def _modifier(row: Estimate) -> str:
    return row.population.partition(": ")[0]


def _group(row: Estimate) -> str:
    return row.population.partition(": ")[2]


def _modifiers(rows: list[Estimate]) -> list[str]:
    return list(dict.fromkeys(_modifier(row) for row in rows))


def _contrast(rows: list[Estimate]) -> str:
    week = "" if math.isnan(rows[0].week) else say("display.at_week", week=f"{rows[0].week:g}")
    return say(
        "display.for_whom.question",
        contrast=contrast_label(rows[0].arm, rows[0].reference),
        outcome=outcome_label(rows[0].outcome),
        week=week,
    )


def _is_exploratory(row: Estimate) -> bool:
    return any(text in row.caution for text in in_both("models.for_whom.exploratory"))


def _lines(rows: list[Estimate], modifier: str, measure: str, confirmatory: bool) -> list[dict]:
    mine = [row for row in rows if _modifier(row) == modifier]
    label = f"{modifier[:1].upper()}{modifier[1:]}"
    label += pick("display.for_whom", "confirmatory" if confirmatory else "exploratory")
    lines = [{"kind": "heading", "label": label}]
    drawn = {_group(row): row for row in mine if row.measure == f"shrunken_{measure}"}
    for row in mine:
        if row.measure == measure:
            lines.append({"kind": "group", "label": _group(row), "row": row,
                          "drawn": drawn.get(_group(row))})  # fmt: skip
    ratios = {_group(row): row for row in mine if row.measure == "effect_modification_ratio"}
    for row in mine:
        if row.measure == "effect_modification_difference":
            words = _group(row)
            lines.append(
                {"kind": "between", "label": words, "row": row, "ratio": ratios.get(words)}
            )
    return [*lines, {"kind": "space", "label": ""}]


def _range(lines: list[dict]) -> tuple[float, float]:
    rows = [line["row"] for line in lines if line["kind"] == "group" and line["row"].is_estimable]
    ends = [x for row in rows for x in (row.conf_low, row.conf_high) if math.isfinite(x)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    pad = 0.06 * (high - low) or 0.1
    return low - pad, high + pad


def _draw(axes, y: float, line: dict, low: float, high: float, disclosure: Disclosure) -> None:
    beside = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 9}
    beside |= {"clip_on": False}
    kind = line["kind"]
    heading = kind == "heading"
    colour = MUTED if kind == "between" else "black"
    axes.text(LABEL if heading else LABEL + 0.04, y, line["label"], ha="left", color=colour,
              fontweight="bold" if heading else "normal", **beside)  # fmt: skip
    if "row" not in line:
        return
    row: Estimate = line["row"]
    if kind == "between":
        # a white ground, so that the line of no difference does not run through the words
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
        axes.text(0.0, y, _between(line), ha="left", color=MUTED, bbox=ground, **beside)
        return
    axes.text(PEOPLE, y, _people(row, disclosure), ha="right", **beside)
    if not row.is_estimable:
        words = say("display.not_shown") if is_hidden(row) else say("display.not_estimable")
        axes.text(VALUE, y, words, ha="left", color=MUTED, **beside)
        return
    axes.plot([max(row.conf_low, low), min(row.conf_high, high)], [y, y], color=OBSERVED, lw=1.4)
    axes.plot(row.estimate, y, "s", color=OBSERVED, ms=6)
    if (drawn := line["drawn"]) is not None and drawn.is_estimable:
        at = y - 0.34
        axes.plot([drawn.conf_low, drawn.conf_high], [at, at], color=DRAWN, lw=0.9, ls=(0, (3, 1)))
        axes.plot(drawn.estimate, at, "D", color="white", mec=DRAWN, ms=4.5)
    axes.text(VALUE, y, _value(row), ha="left", **beside)


def _value(row: Estimate) -> str:
    limits = interval(row.conf_low, row.conf_high, row.unit)
    return (
        f"{shown(row.estimate, row.unit)}  ({limits})" if limits else shown(row.estimate, row.unit)
    )


def _between(line: dict) -> str:
    row, ratio = line["row"], line["ratio"]
    if not row.is_estimable:
        return say("display.not_shown") if is_hidden(row) else say("display.not_estimable")
    is_slope = line["label"].startswith("for each")
    verb = pick("display.for_whom.between", "slope" if is_slope else "group", value=_value(row))
    text = verb
    if ratio is not None and ratio.is_estimable:
        text += say("display.for_whom.ratio_of_ratios", value=_value(ratio))
    return text


def _people(row: Estimate, disclosure: Disclosure) -> str:
    return f"{disclosure.text(row.n)} / {disclosure.text(row.n_reference)}"


def _frame(axes, rows: list[Estimate], measure: str) -> None:
    top = {"transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 8.5}
    top |= {"color": MUTED, "clip_on": False}
    axes.text(PEOPLE, 0.75, say("display.for_whom.people"), ha="right", **top)
    row = next(r for r in rows if r.measure in (measure, "effect_modification_difference"))
    axes.text(
        VALUE, 0.75, say("display.for_whom.axis", unit=unit_label(row.unit)), ha="left", **top
    )
    factor = 100 if row.unit == "probability" else 1
    axes.xaxis.set_major_formatter(lambda x, _: f"{factor * x:g}".replace("-", "\u2212"))
    arrow = "\u2192" if better_direction(row) == "higher" else "\u2190"
    side = say("display.for_whom.better", arm=contrast_label(row.arm, ""))
    words = f"{side} {arrow}" if arrow == "\u2192" else f"{arrow} {side}"
    axes.set_xlabel(say("display.for_whom.legend", words=words), fontsize=9)


def _data(lines: list[dict], name: str, title: str, disclosure: Disclosure):
    table, modifier = [], ""
    for line in lines:
        if line["kind"] == "heading":
            modifier = line["label"]
        if "row" not in line:
            continue
        row, drawn, ratio = line["row"], line.get("drawn"), line.get("ratio")
        is_group = line["kind"] == "group"
        table.append(
            {
                "who": modifier,
                "group": line["label"],
                "people": _people(row, disclosure),
                "difference (range)": _or_words(row),
                "drawn together": _or_words(drawn) if drawn is not None else "",
                "ratio of ratios": _or_words(ratio) if ratio is not None else "",
                "p": "" if is_group else p_value(row.p_value),
            }
        )
    frame = pd.DataFrame(table)
    return drawn_table(name, title, frame, tuple(frame.columns[2:]))


def _or_words(row: Estimate) -> str:
    if row.is_estimable:
        return _value(row)
    return say("display.not_shown") if is_hidden(row) else say("display.not_estimable")


def _alt(title: str, lines: list[dict]) -> str:
    groups = [line for line in lines if line["kind"] == "group" and line["row"].is_estimable]
    parts = [f"{line['label']} {_value(line['row'])}" for line in groups]
    said = "; ".join(parts) or say("display.for_whom.none_shown")
    text = say("display.for_whom.alt", title=title, told=said)
    return (
        text
        if len(text) <= 600
        else text[: text.rfind(";", 0, 590)] + say("display.for_whom.and_more")
    )
