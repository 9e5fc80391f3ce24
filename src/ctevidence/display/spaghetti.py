"""Every person's course as a line, by arm, with the mean of those seen: open or simulated data."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns

from ctevidence.display.disclosure import disclosure_of, people_may_be_shown
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
from ctevidence.display.format import shown
from ctevidence.language import pick, say
from ctevidence.models.fit import of_kind
from ctevidence.terms import DAYS_PER_WEEK

#: Lines beyond this many in an arm cover each other; then a part of the people is drawn.
LINES = 120


def plot_spaghetti(outcome, name: str = "spaghetti") -> Figure:
    """Scores of each person over actual time, one panel for each arm, with observed means.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course``.
    name : str
        File name of the figure.

    Returns
    -------
    Figure
        Without lines and with the reason when single people may not be shown. Its table holds
        the means. In an arm with very many people every k-th by mean score is drawn.

    Raises
    ------
    ValueError
        For an outcome of another kind.
    """
    of_kind(outcome, "course", "plot_spaghetti")
    study = outcome.study
    if not people_may_be_shown(study):
        return nothing_to_draw(name, say("display.spaghetti.title"), say("display.no_people"))
    scores = _with_baseline(outcome)
    if scores.empty:
        return nothing_to_draw(
            name, say("display.spaghetti.title"), say("display.spaghetti.no_scores")
        )
    means = scores.groupby(["arm", "week"], observed=True)["score"].agg(["mean", "size"])
    arms = [a for a in study.arms if a.name in set(scores["arm"])]
    with mpl.rc_context(LOOK):
        figure, panels = canvas(
            max(3.6, 2.0 * len(arms) + 0.6), 3.4, ncols=len(arms), sharex=True, sharey=True,
            squeeze=False,
        )  # fmt: skip
        drawn = [
            _panel(axes, scores[scores["arm"] == arm.name], means.loc[arm.name], arm, study)
            for axes, arm in zip(panels[0], arms, strict=True)
        ]
        good = pick("better", study.scale.better)
        panels[0][0].set_ylabel(f"{study.scale.label} ({good})")
        figure.supxlabel(say("display.weeks_since_start"), fontsize=10)
        part = "" if all(drawn) else say("display.spaghetti.in_part")
        title = say("display.spaghetti.title")
        figure.suptitle(say("display.spaghetti.subtitle", title=title, part=part),
                        x=0.01, ha="left", fontweight="bold", fontsize=10.5)  # fmt: skip
        return finished(
            figure,
            name,
            say("display.spaghetti.title"),
            _alt(means, study, arms, part),
            _data(name, means, study),
        )


def _with_baseline(outcome) -> pd.DataFrame:
    """``participant_id, arm, at, week, score``; the baseline score stands at week 0."""
    frame = outcome.frame[outcome.frame["score"].notna()]
    day = frame["day"] if "day" in frame else frame["week"] * DAYS_PER_WEEK
    later = frame.assign(at=day / DAYS_PER_WEEK)
    people = outcome.study.entering()[["participant_id", "arm", "baseline"]]
    start = people.rename(columns={"baseline": "score"}).assign(at=0.0, week=0.0)
    columns = ["participant_id", "arm", "at", "week", "score"]
    both = pd.concat([start[columns], later[columns]], ignore_index=True)
    return both[both["score"].notna()].sort_values(["participant_id", "at"], kind="stable")


def _panel(axes, scores: pd.DataFrame, means: pd.DataFrame, arm, study) -> bool:
    """Draw one arm; whether all its people are drawn."""
    colour, marker, line = style_of(arm, study.arms)
    order = scores.groupby("participant_id")["score"].mean().sort_values(kind="stable").index
    step = int(np.ceil(len(order) / LINES))
    people = scores[scores["participant_id"].isin(order[::step])]
    sns.lineplot(people, x="at", y="score", units="participant_id", estimator=None, sort=False,
                 color=colour, linewidth=0.6, alpha=0.28, ax=axes)  # fmt: skip
    axes.set(xlabel=None, ylabel=None)
    axes.plot(means.index, means["mean"], color="white", linewidth=5)
    axes.plot(means.index, means["mean"], color=colour, linewidth=2.4, linestyle=line,
              marker=marker, markersize=5)  # fmt: skip
    axes.set_title(arm.label, color=colour, fontsize=10)
    shown_people = disclosure_of(study).text(len(order))
    people = say("amounts.people", count=shown_people)
    axes.text(0.97, 0.97, people, color=MUTED, fontsize=8.5, ha="right", va="top",
              transform=axes.transAxes)  # fmt: skip
    axes.yaxis.grid(True)
    return step == 1


def _data(name: str, means: pd.DataFrame, study):
    disclosure, labels = disclosure_of(study), {a.name: a.label for a in study.arms}
    table = pd.DataFrame(
        {
            "arm": [labels[arm] for arm, _ in means.index],
            "week": [f"{week:g}" for _, week in means.index],
            "mean of those seen": [shown(v, "points") for v in means["mean"]],
            "people seen": [disclosure.text(int(n)) for n in means["size"]],
        }
    )
    caption = say("display.spaghetti.caption", scale=study.scale.label)
    return drawn_table(name, caption, table, ("week", "mean of those seen", "people seen"))


def _alt(means: pd.DataFrame, study, arms, part: str) -> str:
    ends = "; ".join(
        say(
            "display.spaghetti.means",
            arm=arm.label,
            first=shown(own["mean"].iloc[0], "points"),
            last=shown(own["mean"].iloc[-1], "points"),
        )
        for arm in arms
        if len(own := means.loc[arm.name])
    )
    return (say("display.spaghetti.alt", scale=study.scale.label, part=part, ends=ends))[:600]
