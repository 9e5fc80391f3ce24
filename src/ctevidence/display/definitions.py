"""Definitions of response side by side: the arms, and the difference that each definition gives."""

from __future__ import annotations

import math
import textwrap

import matplotlib as mpl
import pandas as pd

from ctevidence.display.adjusting import how_made
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.figure import (
    LOOK,
    MUTED,
    RULE,
    SPARE,
    STYLES,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
    style_of,
)
from ctevidence.display.format import number
from ctevidence.display.labels import treatment_label
from ctevidence.display.release import gated
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.terms import resolve_arms

ROW = 0.42  # inches
GAP = 0.17  # between the two comparisons of one definition, in rows


def plot_definitions(
    estimates: Estimates, study, arm: str = "combined", name: str = "definitions"
) -> Figure:
    """How far the definition of response moves the answer.

    Parameters
    ----------
    estimates : Estimates
        From `response_definitions`.
    study : Study
    arm : str
        The arm or treatment whose differences are shown.
    name : str

    Returns
    -------
    Figure
        Left: the arms of each definition, per 100 people. Right: the difference of `arm` from each
        single treatment with its interval. Definitions are ordered by the first of these.
    """
    disclosure = disclosure_of(study)
    rows = [gated(row, disclosure) for row in estimates]
    risks = [row for row in rows if row.measure == "risk"]
    contrasts = [row for row in rows if row.measure == "risk_difference" and row.arm == arm]
    contrasts = [row for row in contrasts if row.reference != "control"] or contrasts
    title = say("display.definitions.title")
    if not risks or not contrasts:
        return nothing_to_draw(
            name, title, say("display.definitions.no_difference", arm=treatment_label(arm))
        )
    if how := how_made(risks[0]):
        title = f"{title}, {how}"
    references = list(dict.fromkeys(row.reference for row in contrasts))
    order = _ordered(contrasts, references[0])
    place = {outcome: -i for i, outcome in enumerate(order)}
    with mpl.rc_context(LOOK):
        height = 1.5 + ROW * len(order)
        figure, (left, right) = canvas(9.6, height, ncols=2, sharey=True, width_ratios=(1, 1.15))
        _draw_arms(left, risks, place, study, disclosure)
        _draw_differences(right, contrasts, place, references, arm, study)
        left.set_yticks([place[o] for o in order], [_label(o) for o in order], fontsize=9)
        left.set_ylim(-len(order) + 0.35, 0.65)
        for axes in (left, right):
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
            for y in place.values():
                axes.axhline(y, color=RULE, lw=0.6, zorder=0)
        at = "" if math.isnan(risks[0].week) else say("display.at_week", week=f"{risks[0].week:g}")
        figure.suptitle(title + at, x=0.01, ha="left", fontweight="bold", fontsize=12)
        data = _data(risks, contrasts, order, disclosure, name, title)
        return finished(figure, name, title, _alt(contrasts, references, order, arm), data)


def _ordered(contrasts: list[Estimate], reference: str) -> list[str]:
    """Outcomes from the largest to the smallest difference, those without a value last."""
    found = {row.outcome: row.estimate for row in contrasts if row.reference == reference}
    outcomes = list(dict.fromkeys(row.outcome for row in contrasts))
    return sorted(outcomes, key=lambda o: -found[o] if math.isfinite(found.get(o, math.nan)) else 9)


def _label(outcome: str) -> str:
    """The definition on one line and the counting of missing scores on the next."""
    words, _, counting = outcome.removeprefix("response, ").rpartition(" (")
    words, counting = in_words(words), in_words(counting.removesuffix(")"))
    return f"{words[:1].upper()}{words[1:]}\n{counting}"


def _draw_arms(axes, risks, place: dict[str, int], study, disclosure) -> None:
    labels = {a.name: a for a in study.arms}
    for arm in study.arms:
        colour, marker, _ = style_of(arm, study.arms)
        mine = [r for r in risks if r.arm == arm.name and r.outcome in place]
        shown = [(shown_estimate(r, disclosure)[0], place[r.outcome]) for r in mine]
        # as precise as the table: an exact share would give hidden counts away
        shown = [(float(value), y) for value, y in shown if value.isdigit()]
        axes.plot(
            [value for value, _ in shown], [y for _, y in shown],
            marker, color=colour, ms=6.5, label=labels[arm.name].label,
        )  # fmt: skip
    axes.set_xlim(-2, 102)
    axes.set_xlabel(say("display.definitions.axis"))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, frameon=False, fontsize=8.5,
                handletextpad=0.1, columnspacing=0.9, borderaxespad=0.1)  # fmt: skip


def _draw_differences(axes, contrasts, place, references, arm: str, study) -> None:
    axes.axvline(0, color=MUTED, lw=0.9, zorder=1)
    for i, reference in enumerate(references):
        shift = GAP * (len(references) - 1 - 2 * i)
        colour, marker = _style(reference, study, i)
        mine = [row for row in contrasts if row.reference == reference and row.is_estimable]
        for row in mine:
            y = place[row.outcome] + shift
            axes.plot([100 * row.conf_low, 100 * row.conf_high], [y, y], color=colour, lw=1.6)
        axes.plot(
            [100 * row.estimate for row in mine], [place[row.outcome] + shift for row in mine],
            marker, color=colour, ms=6,
            label=say("display.definitions.against", reference=treatment_label(reference)),
        )  # fmt: skip
    for row in contrasts:
        if not row.is_estimable:
            y = place[row.outcome] + GAP * (
                len(references) - 1 - 2 * references.index(row.reference)
            )
            axes.text(
                1, y, say("display.definitions.not_there"), fontsize=7.5, color=MUTED, va="center"
            )
    low, high = axes.get_xlim()
    reach = max(abs(low), abs(high), 10)
    axes.set_xlim(-reach, reach)
    axis = say("display.definitions.difference", arm=treatment_label(arm))
    axes.set_xlabel(textwrap.fill(axis, 40))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, fontsize=8.5,
                handletextpad=0.3, columnspacing=1.2, borderaxespad=0.1)  # fmt: skip


def _style(reference: str, study, i: int) -> tuple[str, str]:
    arms = resolve_arms(reference, study.arms)
    if len(arms) == 1:
        return style_of(arms[0], study.arms)[:2]
    return STYLES[arms[0].treatment][:2] if i == 0 else SPARE[i % len(SPARE)][:2]


def _data(risks, contrasts, order, disclosure, name: str, title: str):
    table = []
    for outcome in order:
        words, _, counting = outcome.removeprefix("response, ").rpartition(" (")
        line = {
            "definition": in_words(words),
            "missing scores": in_words(counting.removesuffix(")")),
        }
        line |= {r.arm: shown_estimate(r, disclosure)[0] for r in risks if r.outcome == outcome}
        for row in contrasts:
            if row.outcome == outcome:
                value, limits = shown_estimate(row, disclosure)
                against = say(
                    "display.definitions.against", reference=treatment_label(row.reference)
                )
                line[against] = f"{value} ({limits})" if limits else value
        table.append(line)
    frame = pd.DataFrame(table)
    return drawn_table(
        name, say("display.definitions.per_100", title=title), frame, tuple(frame.columns[2:])
    )


def _alt(contrasts, references, order, arm: str) -> str:
    parts = []
    for reference in references:
        values = [
            (100 * row.estimate, _label(row.outcome).replace("\n", ", "))
            for row in contrasts
            if row.reference == reference and row.is_estimable
        ]
        if values:
            (low, least), (high, most) = min(values), max(values)
            parts.append(
                say(
                    "display.definitions.from",
                    reference=treatment_label(reference),
                    low=number(low, 0),
                    least=least,
                    high=number(high, 0),
                    most=most,
                )
            )
    said = "; ".join(parts) or say("display.definitions.none")
    return (
        say("display.definitions.alt", definitions=len(order), arm=treatment_label(arm), told=said)
    )[:600]
