"""Curves of relapse between visits: the model, and what the data allow without one."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from scipy.stats import norm

from ctevidence.display.curves import last_week_shown
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.figure import (
    LOOK,
    MUTED,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
    style_of,
)
from ctevidence.display.format import interval, shown
from ctevidence.display.spread import spread
from ctevidence.language import say
from ctevidence.levels import SCALES
from ctevidence.terms import LEVEL_MEASURES

POINTS = 120


def plot_between_visits(fit, name: str = "between-visits") -> Figure:
    """The fitted curve of each arm with its band, over the range left open by the visits.

    Parameters
    ----------
    fit : IntervalTimesFit
        From ``fit_relapse(outcome, seen="interval")``.
    name : str

    Returns
    -------
    Figure
        Lines and pale bands: the model with 95 % intervals. Steps, of open data only: the lowest
        and the highest curve that the intervals allow without a model. In its table: people known
        to be free of it at each week and those known to have had it. Arms that the disclosure
        profile hides are left out.
    """
    disclosure, study = disclosure_of(fit.study), fit.study
    arms = [a for a in study.arms if a.name in fit.rows and not _is_hidden(fit, a.name, disclosure)]
    if not arms:
        reasons = " ".join(f"{reason}." for reason in dict.fromkeys(fit.reasons.values()))
        return nothing_to_draw(
            name,
            say("display.between_visits.title"),
            reasons.rstrip(".") or say("display.between_visits.too_few"),
        )
    last = last_week_shown(fit, disclosure)
    weeks = np.linspace(0, last, POINTS + 1)[1:]
    with mpl.rc_context(LOOK):
        figure, axes = canvas(7.2, 4.4)
        ends = {}
        for arm in arms:
            colour, _, line = style_of(arm, study.arms)
            value, band = _model(fit, arm.name, weeks)
            x = np.append(0.0, weeks)
            axes.plot(x, np.append(100, 100 * value), color=colour, linestyle=line, linewidth=1.9)
            limits = 100 * np.vstack([[1.0, 1.0], band])
            axes.fill_between(x, *limits.T, color=colour, alpha=0.08, lw=0)
            if disclosure.is_open:
                curve = fit.nonparametric[arm.name]
                known = x[x <= curve.known_until]
                for edge in 100 * curve.at(known).T:
                    axes.step(known, edge, where="post", color=colour, lw=0.8, alpha=0.7)
            ends[arm.label] = (100 * float(value[-1]), colour)
        for label, (y, colour) in spread(ends, 6.0).items():
            axes.text(
                last * 1.02, y, label, color=colour, va="center", fontweight="bold", clip_on=False
            )
        axes.set_ylim(0, 103)
        axes.set_xlim(0, last)
        axes.set_ylabel(say("display.of_100_people"))
        axes.set_xlabel(say("display.between_visits.axis"))
        axes.yaxis.grid(True)
        axes.set_title(say("display.between_visits.title"), pad=10)
        if disclosure.is_open:
            note = say("display.between_visits.steps")
            axes.text(0.01, 0.02, note, transform=axes.transAxes, color=MUTED, fontsize=8.5)
        data = _table(fit, arms, disclosure)
        return finished(
            figure,
            name,
            say("display.between_visits.title"),
            _alt(fit, arms, weeks, disclosure),
            data,
        )


def _is_hidden(fit, arm: str, disclosure: Disclosure) -> bool:
    n, ill = _counts(fit, arm, fit.largest_week)[:2]
    return not disclosure.is_open and disclosure.hides(ill, n)


def _counts(fit, arm: str, week: float) -> tuple[int, int, int]:
    """People, those known to have had it by a week, and those known to be free of it then."""
    people = fit.people[fit.people["arm"] == arm]
    return len(people), int((people["upper"] <= week).sum()), int((people["lower"] >= week).sum())


def _model(fit, arm: str, weeks) -> tuple[np.ndarray, np.ndarray]:
    """Survival and its limits, Wald on the scale on which single levels have theirs."""
    found = fit.curve(arm, "survival", weeks)
    error = np.sqrt(np.einsum("ip,pq,iq->i", found.slopes, fit.model.cov, found.slopes))
    scale = SCALES[LEVEL_MEASURES["survival"].interval_scale]
    value = np.clip(found.value, 1e-12, 1 - 1e-12)
    reach = norm.ppf(0.975) * error * scale.derivative(value)
    limits = scale.inverse(scale.forward(value)[:, None] + np.outer(reach, [-1, 1]))
    return found.value, limits


def _table(fit, arms, disclosure: Disclosure):
    weeks = [w for w in fit.study.weeks if w <= fit.largest_week]
    parts = []
    for arm in arms if weeks else ():
        value, band = _model(fit, arm.name, weeks)
        counts = [_counts(fit, arm.name, week) for week in weeks]
        parts.append(
            pd.DataFrame(
                {
                    "arm": arm.label,
                    "week": [f"{w:g}" for w in weeks],
                    "known free of it": [disclosure.text(free) for _, _, free in counts],
                    "had it": [disclosure.text(ill) for _, ill, _ in counts],
                    "per 100": [shown(float(v), "probability") for v in value],
                    "range": [interval(*map(float, b), "probability") for b in band],
                }
            )
        )
    columns = ["arm", "week", "known free of it", "had it", "per 100", "range"]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    if not disclosure.is_open:
        frame = frame.drop(columns=["per 100", "range"])
    return drawn_table(
        "between-visits", say("display.between_visits.title"), frame, tuple(frame.columns[1:])
    )


def _alt(fit, arms, weeks, disclosure: Disclosure) -> str:
    ends = say("display.between_visits.left_out")
    if disclosure.is_open:
        last = {a.label: float(_model(fit, a.name, weeks[-1:])[0][0]) for a in arms}
        words = "; ".join(f"{arm} {shown(value, 'probability')}" for arm, value in last.items())
        ends = say("display.between_visits.ends", ends=words)
    return say("display.between_visits.alt", weeks=f"{weeks[-1]:.0f}", ends=ends)
