"""Participant flow: boxes from everyone in the study to those seen at each visit."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.figure import (
    LOOK,
    MUTED,
    RULE,
    Figure,
    canvas,
    drawn_table,
    finished,
    style_of,
)
from ctevidence.language import listed, say
from ctevidence.names import in_words
from ctevidence.outcomes.flow import participant_flow


def plot_flow(study: Study, name: str = "flow") -> Figure:
    """Participant flow by arm, in the manner of CONSORT.

    Parameters
    ----------
    study : Study
    name : str

    Returns
    -------
    Figure
        Counts are shown under the study's disclosure profile.
    """
    disclosure = disclosure_of(study)
    flow = participant_flow(study)
    lines = _lines(flow, study)
    arms = [arm for arm in study.arms if arm.name in set(flow["arm"])]
    with mpl.rc_context(LOOK):
        height = 1.0 + 0.44 * len(lines)
        figure, axes = canvas(max(6.2, 1.75 * len(arms) + 1.6), height)
        axes.set_xlim(-0.95, len(arms) - 0.45)
        axes.set_ylim(-len(lines) + 0.5, 0.9)
        axes.axis("off")
        for column, arm in enumerate(arms):
            colour = style_of(arm, study.arms)[0]
            axes.text(column, 0.45, arm.label, ha="center", fontweight="bold", color=colour)
            counts = [disclosure.text(_count(flow, arm.name, *key)) for key, _ in lines]
            for row, ((key, _), text) in enumerate(zip(lines, counts, strict=True)):
                aside = key[0] in ("without baseline", "below entry severity")
                _box(axes, column, -row, text, colour, aside)
                if row:
                    axes.plot([column, column], [-row + 0.62, -row + 0.33], color=MUTED, lw=0.9)
        for row, (key, label) in enumerate(lines):
            aside = key[0] in ("without baseline", "below entry severity")
            axes.text(
                -0.5, -row, label, ha="right", va="center", fontsize=9.5,
                color=MUTED if aside else "black",
            )  # fmt: skip
        how = listed(map(in_words, sorted(study.randomised)))
        formed = (
            say("display.flow.randomised", components=how)
            if how
            else say("display.flow.not_randomised")
        )
        title = say("display.flow.title", formed=formed)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        data = _data(flow, lines, arms, disclosure)
        return finished(figure, name, title, _alt(data, title), data)


def _lines(flow: pd.DataFrame, study: Study) -> list[tuple[tuple[str, float], str]]:
    """Key (step, week) and label of each row of boxes; steps at which nobody stops are left out."""
    nan = float("nan")
    lines = [(("started", nan), say("display.flow.in_study"))]
    for step, label in (
        ("without baseline", say("display.flow.no_score")),
        ("below entry severity", say("display.flow.below")),
    ):
        if flow.loc[flow["step"] == step, "n"].sum():
            lines.append(((step, nan), label))
    lines.append((("entered", nan), say("display.flow.entered")))
    return lines + [
        (("seen", w.week), say("display.flow.seen_at", week=w.name)) for w in study.schedule
    ]


def _count(flow: pd.DataFrame, arm: str, step: str, week: float) -> int:
    rows = flow[(flow["arm"] == arm) & (flow["step"] == step)]
    rows = rows if step != "seen" else rows[rows["week"] == week]
    return int(rows["n"].iloc[0])


def _box(axes, x: float, y: float, text: str, colour: str, aside: bool) -> None:
    frame = {"boxstyle": "round,pad=0.35", "facecolor": "white" if aside else RULE + "66"}
    frame |= {"edgecolor": RULE if aside else colour, "linestyle": ":" if aside else "-"}
    axes.text(x, y, f" {text} ", ha="center", va="center", bbox=frame, fontsize=10)


def _data(flow, lines, arms, disclosure: Disclosure):
    table = pd.DataFrame(
        [
            [label, *(disclosure.text(_count(flow, a.name, *key)) for a in arms)]
            for key, label in lines
        ],
        columns=["step", *(arm.label for arm in arms)],
    )
    caption = say("display.flow.caption")
    return drawn_table("flow", caption, table, tuple(arm.label for arm in arms))


def _alt(data, title: str) -> str:
    frame = data.frame
    last = frame.iloc[-1]
    entered = frame[frame["step"] == say("display.flow.entered")].iloc[0]
    parts = "; ".join(
        say("display.flow.then", arm=arm, entered=entered[arm], last=last[arm])
        for arm in frame.columns[1:]
    )
    return say("display.flow.alt", title=title, step=last["step"], arms=parts)
