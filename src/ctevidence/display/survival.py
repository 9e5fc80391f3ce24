"""Kaplan-Meier curves with bands and, below them, where everybody is."""

from __future__ import annotations

import numpy as np

from ctevidence.display.coarse_curve import coarse_curve
from ctevidence.display.curves import Curve, axis_end, draw_curves, marks_until
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.figure import Figure, nothing_to_draw, style_of
from ctevidence.display.format import shown
from ctevidence.language import pick, say


def plot_survival(fit, name: str = "survival") -> Figure:
    """Curves of every arm, and a table of people at risk, events and censored that adds up.

    Parameters
    ----------
    fit : a fit of relapse or retention, or what holds one over time
        ``relapse_over_time`` and ``retention_over_time`` may hold none: the figure then says why.
    name : str

    Returns
    -------
    Figure
        Under a disclosure profile that rounds, steps are taken on rounded cumulative counts and
        a curve ends where too few people are left.

    Raises
    ------
    TypeError
        For a fit of weighted people.
    """
    over_time = fit
    fit = getattr(over_time, "fit", over_time)
    if fit is None:
        return nothing_to_draw(
            name, say("display.survival.time_until", event=over_time.event), over_time.reason
        )
    if fit.outcome.weight is not None:
        raise TypeError("These are curves of weighted people: draw them by plot_weighted_survival.")
    title = pick("display.survival.titles", fit.outcome.kind)
    arms = [arm for arm in fit.study.arms if arm.name in fit.curves]
    if not arms:
        return nothing_to_draw(name, title, say("display.survival.nobody"))
    disclosure = disclosure_of(fit.study)
    last = axis_end(max(curve.last_time for curve in fit.curves.values()), disclosure)
    if last == 0:
        return nothing_to_draw(name, title, say("display.survival.nobody_followed"))
    marks = marks_until(last)
    curves = [_curve(fit, arm, marks, disclosure) for arm in arms]
    return draw_curves(
        curves,
        marks,
        last,
        disclosure,
        name=name,
        title=title,
        time=weeks_since(fit, disclosure),
        alt=_alt(fit, arms, last, disclosure),
    )


def weeks_since(fit, disclosure: Disclosure) -> str:
    """The name of the axis, with the arms that have no band."""
    start = getattr(fit.outcome.rule, "after", "baseline")
    since = {"baseline": say("display.survival.start")}.get(
        start, say("display.survival.reached", start=start)
    )
    flat = [a.label for a in fit.study.arms
            if a.name in fit.curves and not fit.curves[a.name].events.sum()]  # fmt: skip
    # a curve without an event has no band, which must not look like certainty
    remark = (
        say("display.survival.no_band", arms=", ".join(flat)) if flat and disclosure.is_open else ""
    )
    return say("display.survival.axis", since=since, remark=remark)


def _curve(fit, arm, marks: np.ndarray, disclosure: Disclosure) -> Curve:
    curve = fit.curves[arm.name]
    colour, _, line = style_of(arm, fit.study.arms)
    weeks, value, band = _steps(curve, disclosure)
    events, censored = curve.events_by(marks), curve.numbers(marks)["censored"].to_numpy()
    people = {
        "at risk": curve.n - events - censored,
        fit.groups.at_risk.event: events,
        "censored": censored,
    }
    return Curve(
        arm.label, colour, line, weeks, value, band, people, curve.at(marks), curve.interval(marks)
    )


def _steps(curve, disclosure: Disclosure):
    """Weeks, per cent without the event and its band; steps on rounded counts where need be."""
    weeks = np.append(0.0, curve.times)
    limits = np.vstack([[np.nan, np.nan], curve.interval(curve.times)])
    value = np.append(1.0, curve.survival)
    at_risk = np.append(curve.n, curve.at_risk)
    limits = 1 - limits[:, ::-1]
    return stepped(weeks, 1 - value, limits, at_risk, curve.n, disclosure, rising=False)


def stepped(weeks, happened, limits, at_risk, n: int, disclosure: Disclosure, rising: bool = True):
    """A curve of the share with an event, or without it, as it may be shown.

    Parameters
    ----------
    weeks, happened : array (k,)
        The share with the event from each week on.
    limits : array (k, 2)
        nan where there is none.
    at_risk : array (k,)
    n : int
    disclosure : Disclosure
        Under one that rounds, the curve is that of `coarse_curve`.
    rising : bool
        Whether the share with the event is drawn, or that without it.

    Returns
    -------
    weeks (k,), value (k,), band (k, 2), per 100
    """
    happened, limits = np.asarray(happened, float), np.asarray(limits, float)
    if not disclosure.is_open:
        weeks, happened, limits = coarse_curve(weeks, happened, limits, at_risk, n, disclosure)
    limits = np.where(np.isnan(limits), happened[:, None], limits)
    if not rising:
        happened, limits = 1 - happened, 1 - limits[:, ::-1]
    return weeks, 100 * happened, 100 * limits


def _alt(fit, arms, last: float, disclosure: Disclosure) -> str:
    if disclosure.is_open:
        ends = "; ".join(
            f"{arm.label} {shown(float(fit.curves[arm.name].survival[-1]), 'probability')}"
            for arm in arms
        )
        ends = say("display.survival.ends", ends=ends)
    else:
        ends = say("display.rounded_steps")
    return say("display.survival.alt", arms=len(arms), weeks=f"{last:.0f}", ends=ends)
