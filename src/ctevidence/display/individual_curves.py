"""A few people's own curves beside what was to be expected: open or simulated data only."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.disclosure import people_may_be_shown
from ctevidence.display.figure import (
    INK,
    LOOK,
    MUTED,
    RULE,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
    style_of,
)
from ctevidence.display.format import interval, number, shown
from ctevidence.language import pick, say
from ctevidence.models.growth_fit import GrowthFit
from ctevidence.terms import DAYS_PER_WEEK

PLACES = 40


def plot_individual_curves(fit, per_arm: int = 2, name: str = "individual-curves") -> Figure:
    """Observed scores, own curve with its 95 % interval, and the range expected, of a few people.

    Parameters
    ----------
    fit : GrowthFit
    per_arm : int
        People of each arm: those at equally spaced quantiles of the change from baseline to the
        last score, among people with two scores or more after baseline.
    name : str
        File name of the figure.

    Returns
    -------
    Figure
        Without people and with the reason when single people may not be shown. No identifier
        stands in it or in its table.
    """
    if not people_may_be_shown(fit.study):
        return nothing_to_draw(
            name, say("display.individual_curves.title"), say("display.no_people")
        )
    if not isinstance(fit, GrowthFit):
        return nothing_to_draw(
            name,
            say("display.individual_curves.title"),
            "; ".join(fit.cautions) or say("display.individual_curves.no_model"),
        )
    if per_arm < 1:
        raise ValueError(f"per_arm is {per_arm}; at least one person of each arm is drawn.")
    chosen = _chosen(fit, per_arm)
    if chosen.empty:
        return nothing_to_draw(
            name, say("display.individual_curves.title"), say("display.individual_curves.nobody")
        )
    weeks = np.linspace(fit.first_week, fit.last_week, PLACES)
    curves = fit.individual_curves(chosen["participant_id"], weeks)
    arms = [a for a in fit.study.arms if a.name in set(chosen["arm"])]
    with mpl.rc_context(LOOK):
        figure, panels = canvas(
            max(3.6, 2.0 * len(arms) + 0.6), 1.0 + 2.0 * per_arm, nrows=per_arm, ncols=len(arms),
            sharex=True, sharey=True, squeeze=False,
        )  # fmt: skip
        for column, arm in zip(panels.T, arms, strict=True):
            people = chosen[chosen["arm"] == arm.name]
            for axes, person in zip(column, people.itertuples(), strict=False):
                own = curves[curves["participant_id"] == person.participant_id]
                _panel(axes, own, _scores(fit, person.participant_id), person.change,
                       style_of(arm, fit.study.arms))  # fmt: skip
            for axes in column[len(people) :]:
                axes.axis("off")
            column[0].set_title(arm.label, color=style_of(arm, fit.study.arms)[0], fontsize=10)
        good = pick("better", fit.study.scale.better)
        figure.supylabel(f"{fit.study.scale.label} ({good})", fontsize=10)
        figure.supxlabel(
            say("display.individual_curves.axis", legend=say("display.individual_curves.legend")),
            fontsize=9,
        )
        panels[0, 0].set_ylim(_range_of(fit, curves))
        figure.suptitle(
            say("display.individual_curves.title"),
            x=0.01,
            ha="left",
            fontweight="bold",
            fontsize=12,
        )
        data = _data(name, fit, chosen, curves)
        return finished(
            figure, name, say("display.individual_curves.title"), _alt(chosen, fit, arms), data
        )


def _chosen(fit: GrowthFit, per_arm: int) -> pd.DataFrame:
    """``participant_id, arm, change`` of people spread over the changes of their arm."""
    rows = fit.rows.sort_values(["participant_id", "day"], kind="stable")
    rows = rows[rows.groupby("participant_id")["score"].transform("size") > 1]
    last = rows.groupby("participant_id").agg(arm=("arm", "last"), score=("score", "last"))
    baseline = fit.study.entering().set_index("participant_id")["baseline"]
    last["change"] = last["score"] - baseline.reindex(last.index)
    found = []
    for arm in fit.study.arms:
        own = last[last["arm"] == arm.name].sort_values("change", kind="stable").reset_index()
        k = min(per_arm, len(own))
        places = ((np.arange(k) + 0.5) / max(k, 1) * len(own)).astype(int)
        found.append(own.iloc[places])
    return pd.concat(found)[["participant_id", "arm", "change"]]


def _range_of(fit: GrowthFit, curves: pd.DataFrame) -> tuple[float, float]:
    """What is drawn, as far as the scale runs, with room for a label above."""
    scale, rows = fit.study.scale, fit.rows
    seen = rows.loc[rows["participant_id"].isin(curves["participant_id"]), "score"]
    low = max(scale.low, min(curves["expected_low"].min(), seen.min()))
    high = min(scale.high, max(curves["expected_high"].max(), seen.max()))
    return low - 0.04 * (high - low), high + 0.14 * (high - low)


def _scores(fit: GrowthFit, person) -> pd.DataFrame:
    rows = fit.rows
    return rows[rows["participant_id"] == person]


def _panel(axes, curve: pd.DataFrame, scores: pd.DataFrame, change: float, style) -> None:
    colour, marker, line = style
    axes.fill_between(curve["week"], curve["expected_low"], curve["expected_high"], color=RULE,
                      alpha=0.55, linewidth=0)  # fmt: skip
    axes.plot(curve["week"], curve["expected"], color=MUTED, linewidth=1)
    axes.fill_between(curve["week"], curve["conf_low"], curve["conf_high"], color=colour,
                      alpha=0.25, linewidth=0)  # fmt: skip
    axes.plot(curve["week"], curve["estimate"], color=colour, linewidth=1.8, linestyle=line)
    axes.plot(scores["day"] / DAYS_PER_WEEK, scores["score"], marker, color=INK, markersize=4.5)
    told = say("display.individual_curves.change", change=number(change, 0))
    axes.text(0.97, 0.97, told, color=MUTED, fontsize=8.5, ha="right",
              va="top", transform=axes.transAxes)  # fmt: skip
    axes.yaxis.grid(True)


def _data(name: str, fit: GrowthFit, chosen: pd.DataFrame, curves: pd.DataFrame):
    """Own curve and expected range at the last score of each person, people by number."""
    labels = {a.name: a.label for a in fit.study.arms}
    rows = []
    for i, person in enumerate(chosen.itertuples(), start=1):
        last = _scores(fit, person.participant_id).sort_values("day").iloc[-1]
        at = fit.individual_curves([person.participant_id], [last["day"] / DAYS_PER_WEEK]).iloc[0]
        rows.append(
            {
                "person": f"{i}",
                "arm": labels[person.arm],
                "change from baseline": number(person.change, 0),
                "week of the last score": number(at["week"], 0),
                "observed": shown(last["score"], "points"),
                "own curve": shown(at["estimate"], "points"),
                "95 % interval": interval(at["conf_low"], at["conf_high"], "points"),
                "expected range": interval(at["expected_low"], at["expected_high"], "points"),
            }
        )
    frame = pd.DataFrame(rows)
    return drawn_table(
        name,
        say("display.individual_curves.caption", title=say("display.individual_curves.title")),
        frame,
        tuple(frame.columns[2:]),
    )


def _alt(chosen: pd.DataFrame, fit: GrowthFit, arms) -> str:
    low, high = chosen["change"].min(), chosen["change"].max()
    return say(
        "display.individual_curves.alt",
        people=len(chosen),
        arms=len(arms),
        scale=fit.study.scale.label,
        low=number(low, 0),
        high=number(high, 0),
    )
