"""The whole illness in one picture: how many of 100 people are in each state, week by week."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.curves import last_week_shown
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.figure import (
    INK,
    LOOK,
    MUTED,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
)
from ctevidence.display.format import interval, shown
from ctevidence.display.precision import step_for
from ctevidence.display.spread import spread
from ctevidence.language import say, words

#: state -> colour, hatch; from the bottom up, told apart in grey print too
LOOKS = {
    "remission": ("#00664f", ""),
    "well": ("#00664f", ""),
    "response": ("#5fb49c", ""),
    "well again": ("#9ccfe6", ""),
    "relapse": ("#b3480b", "////"),
    "ill": ("#e3a57c", ""),
    "dropped out": ("#f2f2f2", "...."),
    "switched": ("#d9d2e9", "xxxx"),
    "died": ("#1a2430", ""),
}
JOINED = ("#c9ced4", "++")
#: From this share on a state is named beside each panel; below, where it is largest.
NAMED_FROM = 0.04
#: Of the weeks drawn: how far the last of them is drawn on.
LAST_STEP = 0.05
#: In data that are not open, shares are drawn to the nearest of these, or of one person.
COARSE = 0.05


def plot_illness(fit, name: str = "illness") -> Figure:
    """Stacked shares of people in each state over the weeks, a panel for each arm.

    Parameters
    ----------
    fit : IllnessFit, or the WholeIllness that holds one
        All its states are drawn, whatever was chosen with ``of``.
    name : str

    Returns
    -------
    Figure
        Its table holds the shares at the primary and the last scheduled week, and the weeks spent
        in each state. Under a disclosure profile that rounds, scheduled weeks only are drawn, in
        steps of `COARSE`; states in which some week shows too few people are joined, and at least
        two of them, since all add up to everyone.
    """
    whole = fit
    fit = getattr(whole, "fit", whole)
    if fit is None:
        return nothing_to_draw(name, say("display.illness.title"), whole.reason)
    study, disclosure = fit.study, disclosure_of(fit.study)
    arms = [arm for arm in study.arms if arm.name in fit.histories]
    if not arms:
        return nothing_to_draw(name, say("display.illness.title"), say("display.illness.nobody"))
    weeks = _weeks(fit, disclosure)
    found = fit.occupancy(weeks)
    stacks = {
        arm.name: _stack(fit, arm.name, found[arm.name].probability, weeks, disclosure)
        for arm in arms
    }
    with mpl.rc_context(LOOK):
        columns = 2 if len(arms) > 1 else 1
        lines = math.ceil(len(arms) / columns)
        figure, axes = canvas(
            4.6 * columns, 2.2 * lines + 0.5, nrows=lines, ncols=columns, squeeze=False, sharey=True
        )
        panels = axes.ravel()
        for panel, arm in zip(panels, arms, strict=False):
            _panel(panel, arm, weeks, stacks)
        for panel in panels[len(arms) :]:
            panel.axis("off")
        for row in axes:
            row[0].set_ylabel(say("display.of_100_people"))
        since = (
            say("display.illness.start")
            if fit.since == 0
            else say("display.illness.start_at", week=f"{fit.since:g}")
        )
        figure.supxlabel(say("display.illness.axis", since=since), fontsize=10, color=INK)
        figure.suptitle(
            say("display.illness.title"), x=0.01, ha="left", fontsize=12, fontweight="bold"
        )
        data = _data(fit, stacks, weeks, disclosure)
        return finished(
            figure, name, say("display.illness.title"), _alt(fit, arms, stacks, weeks), data
        )


def _weeks(fit, disclosure) -> np.ndarray:
    """Every week where data are open; else scheduled ones, and the start."""
    scheduled = [w for w in fit.study.weeks if fit.since < w <= fit.largest_week]
    last = max(scheduled, default=last_week_shown(fit, disclosure))
    if disclosure.is_open or not scheduled:
        return np.unique([*np.arange(fit.since, last), *scheduled, last])
    return np.array([fit.since, *scheduled])


def _stack(fit, arm: str, shares: np.ndarray, weeks, disclosure) -> dict[str, np.ndarray]:
    """Shares (m,) of the states of one arm as they may be drawn, in the order of `LOOKS`."""
    stack = {state: shares[:, fit.states.index(state)] for state in LOOKS if state in fit.states}
    if disclosure.is_open:
        return stack
    hidden = [s for s in stack if _is_hidden(fit, arm, s, weeks, disclosure)]
    if len(hidden) == 1:  # what is left over would show a single one
        rest = [s for s in stack if s not in hidden and stack[s].any()]
        hidden.append(min(rest, key=lambda s: stack[s].max()))
    step = max(COARSE, step_for(disclosure.count(fit.histories[arm].n)))
    kept = {s: np.round(v / step) * step for s, v in stack.items() if s not in hidden}
    total = np.maximum(sum(kept.values(), np.zeros(len(weeks))), 1.0)
    kept = {s: v / total for s, v in kept.items()}
    if not hidden:
        return kept
    return {**kept, "": 1.0 - sum(kept.values(), np.zeros(len(weeks)))}


def _is_hidden(fit, arm: str, state: str, weeks, disclosure) -> bool:
    levels = fit.of(state).levels("state_occupation", list(weeks[weeks > fit.since]))
    return any(
        disclosure.hides(events, n)
        for key, events, n in zip(levels.keys, levels.events, levels.n, strict=True)
        if key.arm == arm
    )


def _panel(axes, arm, weeks: np.ndarray, stacks) -> None:
    stack = stacks[arm.name]
    # a step of no width would not show what people are in at the last week
    end = weeks[-1] + LAST_STEP * (weeks[-1] - weeks[0])
    drawn = np.append(weeks, end)
    floor, ends = np.zeros(len(weeks)), {}
    for state, share in stack.items():
        (colour, hatch), name = LOOKS.get(state, JOINED), state_words(state)
        top = floor + 100 * share
        axes.fill_between(
            drawn,
            np.append(floor, floor[-1]),
            np.append(top, top[-1]),
            facecolor=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.6,
            step="post",
        )
        if share[-1] >= NAMED_FROM or _is_largest(arm.name, state, stacks):
            ends[name] = ((floor[-1] + top[-1]) / 2, INK)
        floor = top
    for name, (y, colour) in spread(ends, 9.5).items():
        at = (end, y)
        axes.annotate(
            name, at, xytext=(6, 0), textcoords="offset points", va="center", color=colour,
            fontsize=8.5, annotation_clip=False,
        )  # fmt: skip
    axes.set_xlim(weeks[0], end)
    axes.set_ylim(0, 100)
    axes.set_title(arm.label, fontsize=10.5)
    axes.tick_params(colors=MUTED)


def _is_largest(arm: str, state: str, stacks) -> bool:
    """Whether a state that is rare everywhere ends with its largest share in this arm."""
    ends = {name: stack[state][-1] for name, stack in stacks.items() if state in stack}
    return 0 < ends[arm] == max(ends.values()) < NAMED_FROM


def _data(fit, stacks, weeks: np.ndarray, disclosure):
    """What is drawn, at the primary and the last week; with open data the weeks in states too."""
    scheduled = [w for w in fit.study.weeks if fit.since < w <= fit.largest_week]
    primary = [w for w in scheduled if w == fit.study.primary_week]
    marks = sorted({*primary, float(weeks[-1])})
    spent = _weeks_spent(fit, marks[-1]) if disclosure.is_open else {}
    rows = []
    for arm in (arm for arm in fit.study.arms if arm.name in stacks):
        for state, share in stacks[arm.name].items():
            cells = {"arm": arm.label, "state": state_words(state)}
            for week in marks:
                at = int(np.searchsorted(weeks, week))
                cells[say("display.illness.at_week", week=f"{week:g}")] = shown(
                    float(share[at]), "probability"
                )
            rows.append(cells | spent.get((arm.name, state), {}))
    frame = pd.DataFrame(rows)
    return drawn_table("illness", say("display.illness.title"), frame, tuple(frame.columns[2:]))


def _weeks_spent(fit, week: float) -> dict[tuple[str, str], dict[str, str]]:
    """Mean weeks in each state up to a week, with their range, by arm and state."""
    exact, found = fit.occupancy([week]), {}
    for state in fit.states:
        at = fit.states.index(state)
        for row in fit.of(state).per_arm("weeks_in_state", week):
            if row.arm in exact:
                value = shown(float(exact[row.arm].weeks_in_state[0, at]), "weeks")
                limits = interval(row.conf_low, row.conf_high, "weeks")
                found[row.arm, state] = {
                    say("display.illness.weeks_by", week=f"{week:g}"): value,
                    "range": limits,
                }
    return found


def _alt(fit, arms, stacks, weeks) -> str:
    parts = []
    for arm in arms:
        stack = stacks[arm.name]
        inside = [s for s in ("remission", "response", "well") if s in stack and s in fit.chosen]
        well = sum(stack[s][-1] for s in inside) if inside else math.nan
        parts.append(
            f"{arm.label} {say('display.not_shown') if math.isnan(well) else round(100 * well)}"
        )
    return say(
        "display.illness.alt", weeks=f"{weeks[-1]:g}", arms=len(arms), parts="; ".join(parts)
    )


def state_words(state: str) -> str:
    """A state as the picture names it; those that are none of them stand together."""
    known = words("display.illness.states")
    return known.get(state, known["joined"])
