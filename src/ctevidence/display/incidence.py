"""Cumulative incidence with what competes: curves of one event, and who left for which reason."""

from __future__ import annotations

import textwrap

import matplotlib as mpl
import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from ctevidence.display.curves import Curve, axis_end, draw_curves, marks_until
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.figure import (
    INK,
    LOOK,
    MUTED,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
    style_of,
)
from ctevidence.display.format import shown
from ctevidence.display.release import gated, is_hidden
from ctevidence.display.survival import stepped, weeks_since
from ctevidence.display.tables import shown_estimate
from ctevidence.display.verbs import verb_of
from ctevidence.language import capital, listed, say, words
from ctevidence.models.aalen_johansen import aalen_johansen
from ctevidence.names import in_words

#: times at which a curve and its band are worked out, at most
MOST_TIMES = 150
Z = float(norm.ppf(0.975))
#: fills of the kinds of dropout, told apart by hatching too
FILLS = (
    ("#2b5f75", ""), ("#b3480b", "//"), ("#8c4a86", ".."), ("#7a5c00", "xx"), ("#6b6f76", "\\\\"),
    ("#0072b2", "--"),
)  # fmt: skip


def plot_cumulative_incidence(fit, name: str = "cumulative-incidence") -> Figure:
    """Share of people who had the event by each week, what competes taking others out.

    Parameters
    ----------
    fit : a fit of relapse or retention, or what holds one over time
    name : str

    Returns
    -------
    Figure
        Aalen-Johansen curves with bands; below them people at risk, with the event, with what
        competes, and censored, adding up.
    """
    over_time = fit
    fit = getattr(over_time, "fit", over_time)
    if fit is None:
        return nothing_to_draw(
            name, say("display.incidence.cumulative", event=over_time.event), over_time.reason
        )
    at_risk, histories = fit.groups.at_risk, fit.groups.histories
    known = words("models.competing")
    others = listed(known.get(state) or in_words(state) for state in at_risk.competing)
    title = say(
        "display.incidence.title", event=in_words(at_risk.event).capitalize(), others=others
    )
    arms = [arm for arm in fit.study.arms if arm.name in histories]
    if not arms:
        return nothing_to_draw(name, title, say("display.incidence.nobody"))
    disclosure = disclosure_of(fit.study)
    unseen = _unseen(fit, arms, disclosure)
    last = axis_end(max(h.last_time for h in histories.values()), disclosure)
    marks = marks_until(last)
    curves = [_curve(fit, arm, marks, disclosure) for arm in arms]
    return draw_curves(
        curves,
        marks,
        last,
        disclosure,
        name=name,
        title=title,
        time="\n".join(filter(None, (weeks_since(fit, disclosure), unseen))),
        alt=_alt(curves, title, last, disclosure) + (f" {capital(unseen)}." if unseen else ""),
    )


def _unseen(fit, arms, disclosure: Disclosure) -> str:
    """Who was never seen after risk began: curves of what competes leave them out.

    Curves without competing events hold them, censored at once, so that the two start with
    different people.
    """
    never = fit.people.loc[fit.people["time"] <= 0, "arm"].value_counts()
    if never.empty:
        return ""
    if not disclosure.is_open:
        return say("incidence.unseen")
    told = ", ".join(f"{arm.label} {never[arm.name]}" for arm in arms if arm.name in never)
    return say("incidence.unseen_by_arm", arms=told)


def _curve(fit, arm, marks: np.ndarray, disclosure: Disclosure) -> Curve:
    own = fit.people[(fit.people["arm"] == arm.name) & (fit.people["time"] > 0)]
    time = own["time"].to_numpy()
    events, competed = own["event"].to_numpy(), own["competed"].to_numpy()
    histories = fit.groups.histories[arm.name]
    changes = np.unique(time[events])
    if len(changes) > MOST_TIMES:
        changes = changes[np.linspace(0, len(changes) - 1, MOST_TIMES).astype(int)]
    until = histories.last_time
    # the curve ends where too few are left, not at the last event before
    enough = np.sort(time)[::-1][disclosure.suppress_up_to : disclosure.suppress_up_to + 1]
    weeks = np.unique(np.concatenate([[0.0], changes, enough, [until]]))
    value, limits = _incidence(histories, weeks)
    at_risk = np.array([(time >= week).sum() for week in weeks])
    colour, _, line = style_of(arm, fit.study.arms)
    steps = stepped(weeks, value, limits, at_risk, len(own), disclosure)
    known = np.minimum(marks, until)
    people = {
        fit.groups.at_risk.event: np.array([(events & (time <= w)).sum() for w in marks]),
        "competing": np.array([(competed & (time <= w)).sum() for w in marks]),
        "censored": np.array([(~events & ~competed & (time < w)).sum() for w in marks]),
    }
    people = {"at risk": len(own) - sum(people.values())} | people
    return Curve(arm.label, colour, line, *steps, people, *_incidence(histories, known))


def _incidence(histories, weeks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative incidence with limits on the logit scale, as the rows of each arm have them."""
    found = aalen_johansen(histories, weeks)
    value, error = found.probability[:, 1], found.std_error()[0][:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = Z * error / (value * (1 - value))
        limits = expit(logit(value)[:, None] + np.outer(reach, [-1, 1]))
    return value, np.where((error > 0)[:, None], limits, np.nan)


def _alt(curves, title: str, last: float, disclosure: Disclosure) -> str:
    if disclosure.is_open:
        ends = "; ".join(f"{c.label} {shown(c.value[-1] / 100, 'probability')}" for c in curves)
        ends = say("display.incidence.ends", ends=ends)
    else:
        ends = say("display.rounded_steps")
    return say("display.incidence.alt", weeks=f"{last:.0f}", title=title, ends=ends)


def plot_dropout_kinds(kinds, name: str = "dropout-kinds") -> Figure:
    """Of 100 people in each arm, how many left for which kind of reason by a week.

    Parameters
    ----------
    kinds : DropoutKinds
    name : str

    Returns
    -------
    Figure
        One bar of 100 people for each arm. What may not be shown is left open in the bar, and the
        table says so.
    """
    study = kinds.study
    if not kinds.fits:
        return nothing_to_draw(name, say("display.incidence.why"), kinds.reason)
    disclosure = disclosure_of(study)
    rows = [gated(row, disclosure) for row in kinds.per_arm()]
    outcomes = list(dict.fromkeys(row.outcome for row in rows))
    title = say("display.incidence.why_by", week=f"{kinds.week:g}")
    names = {outcome: verb_of(outcome) for outcome in outcomes}
    height = 1.0 + 0.62 * len(study.arms) + 0.24 * len(outcomes)
    with mpl.rc_context(LOOK):
        figure, axes = canvas(5.2, height)
        for place, arm in enumerate(study.arms):
            own = {row.outcome: row for row in rows if row.arm == arm.name}
            _bar(axes, -place, arm, [own[outcome] for outcome in outcomes], disclosure)
        axes.set_yticks([-i for i in range(len(study.arms))], [a.label for a in study.arms])
        axes.set_xlim(0, 100)
        hidden = any(is_hidden(row) for row in rows)
        rest = say("display.incidence.rest") if hidden else ""
        told = say("display.incidence.of_100", rest=rest)
        axes.set_xlabel(textwrap.fill(told, 52), fontsize=9.5)
        handles = [
            mpl.patches.Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=names[o])
            for o, (colour, hatch) in zip(outcomes, _fills(len(outcomes)), strict=True)
        ]
        figure.legend(handles=handles, loc="outside lower left", frameon=False, fontsize=9.5)
        figure.suptitle(textwrap.fill(title, 46), x=0.01, ha="left", fontweight="bold",
                        fontsize=11.5)  # fmt: skip
        data = _kinds_table(study, rows, outcomes, names, disclosure, name, title)
        parts = "; ".join(f"{arm}: {', '.join(cells)}" for arm, *cells in data.frame.to_numpy())
        alt = textwrap.shorten(
            say("display.incidence.bars", title=title, parts=parts), 590, placeholder=" ..."
        )
        return finished(figure, name, title, alt, data)


def _fills(n: int) -> list[tuple[str, str]]:
    return [FILLS[i % len(FILLS)] for i in range(n)]


def _bar(axes, y: float, arm, rows, disclosure: Disclosure) -> None:
    axes.barh(y, 100, height=0.62, facecolor="white", edgecolor=MUTED, linewidth=0.8)
    start = 0.0
    for row, (colour, hatch) in zip(rows, _fills(len(rows)), strict=True):
        value = _cell(row, disclosure)[0]
        if not value.isdigit():
            continue
        width = float(value)
        axes.barh(y, width, left=start, height=0.62, color=colour, hatch=hatch, edgecolor="white",
                  linewidth=0.6)  # fmt: skip
        if width >= 4:
            box = {"boxstyle": "round,pad=0.12", "fc": "white", "lw": 0}
            middle = start + width / 2
            axes.text(middle, y, value, ha="center", va="center", fontsize=9.5, color=INK, bbox=box)
        start += width


def _cell(row, disclosure: Disclosure) -> tuple[str, str]:
    """Estimate and range; a kind for which nobody left has no level, and is none."""
    if not row.is_estimable and disclosure.events(row.events, row.n) == 0:
        return say("display.incidence.none"), ""
    return shown_estimate(row, disclosure)


def _kinds_table(study, rows, outcomes, names, disclosure, name: str, title: str):
    cells = {
        (row.arm, row.outcome): f"{value} ({limits})" if limits else value
        for row in rows
        for value, limits in [_cell(row, disclosure)]
    }
    frame = pd.DataFrame(
        [
            {"arm": arm.label, **{names[o]: cells[arm.name, o] for o in outcomes}}
            for arm in study.arms
        ]
    )
    return drawn_table(name, title, frame, tuple(frame.columns[1:]))
