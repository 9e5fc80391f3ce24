"""The specification figure: all ways of analysing, sorted, above the choices behind each."""

from __future__ import annotations

import math
from collections.abc import Iterable

import matplotlib as mpl
import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.figure import (
    INK,
    LOOK,
    MUTED,
    RULE,
    STYLES,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
)
from ctevidence.display.format import p_value, shown, unit_label
from ctevidence.display.labels import heading
from ctevidence.display.multiverse_words import (
    choice_words,
    fragility_sentence,
    question_label,
)
from ctevidence.display.release import gated
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate
from ctevidence.evidence.fragility import AXES, fragility
from ctevidence.evidence.verdict import touches_none
from ctevidence.language import capital, pick, say
from ctevidence.names import in_words
from ctevidence.sensitivity.multiverse import choices_of
from ctevidence.terms import Treatment

ROW = 0.24  # inches of a choice
SHOWN = STYLES[Treatment.THERAPY][0]
MAIN = STYLES[Treatment.COMBINED][0]
#: from so many ways on, lines and marks are thin
MANY = 120


def plot_multiverse(rows: Iterable[Estimate], source, name: str = "multiverse") -> Figure:
    """Every way of analysing one question, and the choices behind each.

    Parameters
    ----------
    rows : Estimates
        One question of a multiverse (``multiverse(...).of(...)``), the main analysis first.
    source : Study or name of a disclosure profile
    name : str

    Returns
    -------
    Figure
        Above the estimates with their ranges, sorted; below a mark for each choice of each way.
        The declared main analysis is a diamond; a range that leaves out no difference has another
        colour and a filled mark. Its table names the choices.
    """
    disclosure = disclosure_of(source)
    every = [gated(row, disclosure) for row in rows]
    known = [row for row in every if row.is_estimable]
    title = say("multiverse.title")
    if not known:
        return nothing_to_draw(name, title, every[0].caution if every else say("multiverse.none"))
    main = every[0]
    known.sort(key=lambda row: (row.estimate, row.id))
    choices = _choices(known)
    lines = sum(len(c) for c in choices.values())
    percent = 100.0 if main.unit == "probability" else 1.0
    with mpl.rc_context(LOOK):
        height = 3.2 + ROW * (lines + len(AXES))
        figure, (top, below) = canvas(
            8.6, height, nrows=2, sharex=True, height_ratios=(2.6, ROW * (lines + len(AXES)))
        )
        _draw_estimates(top, known, main, percent)
        _draw_choices(below, known, main, choices)
        per = unit_label(main.unit) if percent > 1 else in_words(main.unit)
        top.set_ylabel(f"{heading('difference')}\n{per}")
        headline = say("multiverse.headline", contrast=question_label(main), ways=len(known)) + (
            f", {say('multiverse.week', week=f'{main.week:g}')}" if main.week == main.week else ""
        )
        figure.suptitle(headline, x=0.01, ha="left", fontweight="bold", fontsize=11.5)
        top.legend(*_keys(), loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, frameon=False,
                   fontsize=9, handletextpad=0.3, columnspacing=1.2)  # fmt: skip
        data = _data(known, disclosure, name, title)
        return finished(figure, name, title, _alt(every, known), data)


def _choices(rows: list[Estimate]) -> dict[str, dict[str, str]]:
    """Axis -> choice -> words, of axes with more than one choice, in the order of the grid."""
    found: dict[str, dict[str, str]] = {axis: {} for axis in AXES}
    for row in rows:
        for axis, choice in zip(AXES, choices_of(row), strict=True):
            found[axis].setdefault(choice, choice_words(axis, choice, row))
    return {axis: dict(sorted(c.items(), key=lambda i: i[1])) for axis, c in found.items()}


def _draw_estimates(axes, rows: list[Estimate], main: Estimate, percent: float) -> None:
    thin = len(rows) > MANY
    axes.axhline(0, color=MUTED, lw=0.9, zorder=0)
    low, high = zip(*(_limits(row, percent) for row in rows), strict=True)
    middle = [percent * row.estimate for row in rows]
    # a one-sided range reaches to the edge of what is drawn
    bottom = min(v for v in (*low, *middle) if math.isfinite(v))
    top = max(v for v in (*high, *middle) if math.isfinite(v))
    for x, row in enumerate(rows):
        colour = SHOWN if _is_shown(row) else MUTED
        ends = [max(low[x], bottom), min(high[x], top)]
        axes.plot([x, x], ends, color=colour, lw=0.7 if thin else 1.3, alpha=0.75, zorder=1)
        if row.id == main.id:
            continue
        filled = colour if _is_shown(row) else "white"
        axes.plot([x], [percent * row.estimate], "o", ms=2.6 if thin else 4.2, mec=colour,
                  mfc=filled, zorder=2)  # fmt: skip
    place = next((x for x, row in enumerate(rows) if row.id == main.id), None)
    if place is not None:
        axes.plot([place], [percent * main.estimate], "D", ms=7, color=MAIN, zorder=3)
    axes.set_xlim(-0.9, len(rows) - 0.1)
    axes.tick_params(axis="x", length=0)
    axes.spines["bottom"].set_visible(False)


def _draw_choices(axes, rows: list[Estimate], main: Estimate, choices) -> None:
    y, labels, place = 0, [], {}
    for axis, words in choices.items():
        labels.append((y, pick("axes", axis), True))
        y -= 1
        for choice, told in words.items():
            place[axis, choice] = y
            labels.append((y, capital(told), False))
            axes.axhline(y, color=RULE, lw=0.5, zorder=0)
            y -= 1
    size = 3.2 if len(rows) <= MANY else 1.6
    for x, row in enumerate(rows):
        for axis, choice in zip(AXES, choices_of(row), strict=True):
            is_main = row.id == main.id
            axes.plot([x], [place[axis, choice]], "D" if is_main else "s",
                      ms=size * (1.9 if is_main else 1.0),
                      color=MAIN if is_main else INK, zorder=3 if is_main else 2)  # fmt: skip
    axes.set_yticks([at for at, _, _ in labels], [told for _, told, _ in labels], fontsize=9)
    for tick, (_, _, is_head) in zip(axes.get_yticklabels(), labels, strict=True):
        tick.set_fontweight("bold" if is_head else "normal")
    axes.set_ylim(y + 0.3, 0.6)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _limits(row: Estimate, percent: float) -> tuple[float, float]:
    """Limits as drawn; a one-sided range reaches to the edge."""
    low, high = percent * row.conf_low, percent * row.conf_high
    return (-math.inf if math.isnan(low) else low), (math.inf if math.isnan(high) else high)


def _is_shown(row: Estimate) -> bool:
    """Whether the range leaves out no difference, at the digits that readers see."""
    below = row.conf_high < 0
    return (row.conf_low > 0 or below) and not touches_none(row)


def _keys():
    line = mpl.lines.Line2D
    made = [
        line([], [], color=MAIN, marker="D", ls="", ms=7),
        line([], [], color=SHOWN, marker="o", mfc=SHOWN),
        line([], [], color=MUTED, marker="o", mfc="white"),
    ]
    return made, [say("multiverse.main"), say("multiverse.shown"), say("multiverse.not_shown")]


def _data(rows: list[Estimate], disclosure: Disclosure, name: str, title: str):
    table = []
    for row in rows:
        value, limits = shown_estimate(row, disclosure)
        named = zip(AXES, choices_of(row), strict=True)
        line = {pick("axes", a).lower(): choice_words(a, c, row) for a, c in named}
        line |= {"difference": value, say("multiverse.range"): limits, "p": p_value(row.p_value)}
        table.append(line)
    frame = pd.DataFrame(table)
    numeric = ("difference", say("multiverse.range"), "p")
    caption = f"{title}: {question_label(rows[0])}, {unit_label(rows[0].unit)}"
    return drawn_table(name, caption, frame, numeric)


def _alt(every: list[Estimate], known: list[Estimate]) -> str:
    least, most = known[0], known[-1]
    reach = say(
        "display.multiverse.alt",
        question=question_label(least),
        ways=len(known),
        least=shown(least.estimate, least.unit),
        most=shown(most.estimate, most.unit),
    )
    found = fragility(every)
    text = reach + (fragility_sentence(found) if found else say("multiverse.none"))
    return text if len(text) <= 600 else f"{text[:590].rsplit(' ', 1)[0]} ..."
