"""The course: mean score by arm over the weeks, with intervals and numbers behind it."""

from __future__ import annotations

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.disclosure import disclosure_of
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
from ctevidence.display.release import gated
from ctevidence.display.spread import spread
from ctevidence.estimates import Estimates
from ctevidence.language import pick, say
from ctevidence.terms import Arm

#: Width of a digit of the counts as a share of the axis from the first week to the last.
LETTER = 0.0157


def plot_course(fit, name: str = "course") -> Figure:
    """Mean score under each arm at each scheduled week, with 95 % intervals.

    Parameters
    ----------
    fit : a fit of the course
    name : str
        File name of the figure.

    Returns
    -------
    Figure
        Its table holds what is drawn, with the number of people seen at each week; below the
        curves these stand where they have room. Weeks at which too few people of an arm were seen
        are left out of both.
    """
    study, disclosure = fit.study, disclosure_of(fit.study)
    rows = Estimates(gated(row, disclosure) for row in fit.per_arm())
    frame = rows.frame.dropna(subset=["estimate"])
    if frame.empty:
        return nothing_to_draw(name, say("display.course.title"), say("display.course.too_few"))
    with mpl.rc_context(LOOK):
        rows_below = len(set(frame["arm"]))
        figure, (axes, below) = canvas(
            7.2, 4.1 + 0.24 * rows_below, nrows=2, sharex=True,
            height_ratios=[4.0, 0.55 + 0.24 * rows_below],
        )  # fmt: skip
        ends, start = {}, _at_the_start(study, frame)
        arms = [a for a in study.arms if a.name in set(frame["arm"])]
        shift = np.linspace(-0.25, 0.25, len(arms)) if len(arms) > 1 else [0.0]
        for arm, nudge in zip(arms, shift, strict=True):
            colour, marker, line = style_of(arm, study.arms)
            part = frame[frame["arm"] == arm.name].sort_values("week")
            x, y = part["week"].to_numpy(float) + nudge, part["estimate"].to_numpy(float)
            limits = part[["conf_low", "conf_high"]].to_numpy(float).T
            reach = np.abs(np.clip(limits, study.scale.low, study.scale.high) - y)
            axes.errorbar(
                x, y, reach, color=colour, marker=marker, linestyle=line,
                markersize=6, linewidth=1.8, elinewidth=1.1, capsize=2.5,
            )  # fmt: skip
            ends[arm.label] = (y[-1], colour)
            if arm.name in start:
                _draw_start(axes, start[arm.name], (x[0], y[0]), nudge, colour, marker)
        low, high = axes.get_ylim()
        for label, (y, colour) in spread(ends, (high - low) * 0.055).items():
            axes.annotate(
                label, (frame["week"].max(), y), xytext=(12, 0), textcoords="offset points",
                color=colour, va="center", fontweight="bold", annotation_clip=False,
            )  # fmt: skip
        axes.set_xticks(sorted({*frame["week"].unique(), *([0.0] if start else [])}))
        told = say("display.weeks_since_start")
        told = [told, *([say("display.course.baseline")] if start else [])]
        told += [say("display.course.beyond")] if _beyond(frame, study) else []
        axes.set_xlabel("\n".join(told))
        good = pick("better", study.scale.better)
        axes.set_ylabel(say("display.course.axis", scale=study.scale.label, good=good))
        axes.yaxis.grid(True)
        axes.tick_params(labelbottom=True)
        axes.set_title(say("display.course.caption"), pad=10)
        _people_seen(below, frame, arms, study)
        data = _data(frame, study, start)
        return finished(figure, name, say("display.course.title"), _alt(frame, study), data)


def _beyond(frame: pd.DataFrame, study) -> bool:
    """Whether a range goes on where the scale has ended."""
    low, high = frame["conf_low"].min(), frame["conf_high"].max()
    return bool(low < study.scale.low or high > study.scale.high)


def _at_the_start(study, frame: pd.DataFrame) -> dict[str, float]:
    """Observed mean before treatment by arm, where the model has none and it may be shown."""
    people = study.entering()
    if "baseline" not in people or frame["week"].min() <= 0:
        return {}
    scores = people.dropna(subset=["baseline"]).groupby("arm")["baseline"]
    few = max(disclosure_of(study).suppress_up_to, 1)
    return {arm: float(mean) for arm, mean in scores.mean().items() if scores.size()[arm] > few}


def _draw_start(axes, mean: float, first: tuple, nudge: float, colour: str, marker: str) -> None:
    """An open marker before treatment, joined by a thin line: seen, not modelled."""
    axes.plot([nudge, first[0]], [mean, first[1]], color=colour, lw=0.8, alpha=0.55, zorder=1)
    axes.plot(nudge, mean, marker, color=colour, mfc="white", ms=6, zorder=3)


def _people_seen(axes, frame: pd.DataFrame, arms: list[Arm], study) -> None:
    """The number of people behind each mean, arm by arm below the curves."""
    disclosure = disclosure_of(study)
    axes.set_ylim(-len(arms) + 0.4, 1.3)
    axes.axis("off")
    first, last = frame["week"].min(), frame["week"].max()
    axes.text(
        first, 0.95, say("display.course.people_caption"), color=MUTED, fontsize=8.5, ha="center"
    )
    said = [disclosure.text(None if pd.isna(n) else int(n)) for n in frame["n"]]
    frame = frame.assign(people=said)
    frame = frame[frame["week"].isin(with_room(frame["week"].unique(), max(map(len, said))))]
    for row, arm in enumerate(arms):
        colour = style_of(arm, study.arms)[0]
        for seen in frame[frame["arm"] == arm.name].itertuples():
            axes.text(seen.week, -row, seen.people, ha="center", color=colour, fontsize=9)
        beside = {"textcoords": "offset points", "xytext": (18, 0), "annotation_clip": False}
        axes.annotate(arm.label, (last, -row), color=colour, fontsize=9, **beside)


def with_room(weeks, letters: int) -> list[float]:
    """Weeks below which counts of so many letters can stand side by side, first and last among
    them; the others have theirs in the table of the figure.

    Examples
    --------
    >>> with_room([2, 4, 8, 12, 26, 52], 2), with_room([2, 4, 8, 12, 26, 52], 6)
    ([2, 4, 8, 12, 26, 52], [2, 8, 26, 52])
    """
    weeks = sorted(weeks)
    apart = (letters + 0.5) * LETTER * (weeks[-1] - weeks[0])
    kept = weeks[:1]
    for week in weeks[1:-1]:
        if week - kept[-1] >= apart and weeks[-1] - week >= apart:
            kept.append(week)
    return [*kept, weeks[-1]] if len(weeks) > 1 else kept


def _data(frame: pd.DataFrame, study, start: dict[str, float]):
    disclosure = disclosure_of(study)
    labels = {a.name: a.label for a in study.arms}
    before = pd.DataFrame(
        [
            {"arm": labels[arm], "week": say("display.course.as_observed"),
             "mean": shown(mean, "points"), "range": "", "people seen": ""}
            for arm, mean in start.items()
        ]
    )  # fmt: skip
    table = pd.DataFrame(
        {
            "arm": frame["arm"].map(labels),
            "week": [f"{w:g}" for w in frame["week"]],
            "mean": [shown(v, "points") for v in frame["estimate"]],
            "range": [
                interval(lo, hi, "points")
                for lo, hi in zip(frame["conf_low"], frame["conf_high"], strict=True)
            ],
            "people seen": [disclosure.text(None if pd.isna(n) else int(n)) for n in frame["n"]],
        }
    )
    table = pd.concat([before, table], ignore_index=True)
    caption = say("display.course.data_caption", scale=study.scale.label)
    found = drawn_table("course", caption, table, ("week", "mean", "range", "people seen"))
    if not _beyond(frame, study):
        return found
    return replace(found, notes=(say("display.course.beyond_note"),))


def _alt(frame: pd.DataFrame, study) -> str:
    last = frame["week"].max()
    labels = {a.name: a.label for a in study.arms}
    ends = "; ".join(
        f"{labels[row.arm]} {shown(row.estimate, 'points')}"
        for row in frame[frame["week"] == last].itertuples()
    )
    return say(
        "display.course.alt",
        scale=study.scale.label,
        visits=frame["week"].nunique(),
        week=f"{last:g}",
        ends=ends,
    )
