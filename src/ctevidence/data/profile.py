"""Profile: a study on one screen, for the person who holds the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ctevidence.data.columns import KEY
from ctevidence.data.study import Study
from ctevidence.data.uncounted_scores import UncountedScores, describe, uncounted_scores


@dataclass(frozen=True)
class ArmProfile:
    """One arm in numbers.

    Parameters
    ----------
    name, treatment : str
    people, entering : int
        All, and those who enter the analyses.
    baseline_mean, baseline_sd : float
        Of the primary scale, in points; NaN where there are too few scores.
    seen : tuple of int
        People with a score at each scheduled visit, of all people in the arm.
    """

    name: str
    treatment: str
    people: int
    entering: int
    baseline_mean: float
    baseline_sd: float
    seen: tuple[int, ...]


@dataclass(frozen=True)
class Profile:
    """A study on one screen (``str()``).

    Exact counts of small groups stand here: it is for the data owner at the terminal, never for a
    report. Reports show counts through the disclosure gate only.

    Parameters
    ----------
    study : Study
    arms : tuple of ArmProfile
    events : dict of str to int
        How often each event is recorded.
    uncounted : tuple of UncountedScores
        Second scores at one visit and scores on days of none, by scale.
    """

    study: Study
    arms: tuple[ArmProfile, ...]
    events: dict[str, int]
    uncounted: tuple[UncountedScores, ...] = ()

    def __str__(self) -> str:
        study = self.study
        events = [f"{event} {n}" for event, n in self.events.items()]
        other_scales = sorted(set(study.scales) - {study.primary_scale})
        lines = [
            f"{study.name}: {study.title}",
            f"{study.condition}; {study.data_kind} {study.design}; randomised: "
            f"{' and '.join(sorted(study.randomised)) or 'nothing'}",
            study.scale.describe(),
            "",
            *_columns(self._table()),
            "",
            f"Missing scores: {_shares(self._missing())}",
            *describe(self.uncounted),
            f"Events: {', '.join(events) or 'none recorded'}",
            f"Other scales: {', '.join(other_scales) or 'none'}",
            "",
            *self._declared(),
        ]
        return "\n".join(lines)

    def _table(self) -> list[list[str]]:
        weeks = [f"week {week:g}" for week in self.study.weeks]
        rows = [["arm", "treatment", "people", "enter", "baseline mean (SD)", *weeks]]
        for arm in self.arms:
            mean = "-" if math.isnan(arm.baseline_mean) else f"{arm.baseline_mean:.1f}"
            sd = "" if math.isnan(arm.baseline_sd) else f" ({arm.baseline_sd:.1f})"
            counts = [str(arm.people), str(arm.entering)]
            rows.append([arm.name, arm.treatment, *counts, mean + sd, *map(str, arm.seen)])
        return rows

    def _missing(self) -> list[tuple[str, float]]:
        people = sum(arm.people for arm in self.arms)
        seen = [sum(arm.seen[i] for arm in self.arms) for i in range(len(self.study.weeks))]
        return [
            (f"week {week:g}", 1 - n / people)
            for week, n in zip(self.study.weeks, seen, strict=True)
        ]

    def _declared(self) -> list[str]:
        study, rules = self.study, self.study.rules
        stated = [rules.entry, rules.response, rules.remission, rules.relapse, rules.retention]
        named = ("response", "remission", "relapse", "retention")
        absent = [name for name in named if getattr(rules, name) is None]
        lines = [rule.describe() for rule in stated if rule is not None]
        if absent:
            lines.append(f"Not declared: {', '.join(absent)}.")
        if study.schedule:
            lines.append(f"Reports lead with week {study.primary_week:g}.")
        lines.append(f"Adjusted for: {', '.join(study.adjust) or 'nothing'}.")
        lines.append(f"Disclosure profile: {study.disclosure}.")
        return lines


def profile(study: Study) -> Profile:
    """Count people, scores and events of a study.

    Parameters
    ----------
    study : Study

    Returns
    -------
    Profile
        ``print`` it: exact counts, for the data owner at the terminal and no one else.
    """
    people = study.participants.merge(study.baseline(), left_on=KEY, right_index=True, how="left")
    entering, scores = set(study.entering()[KEY]), study.scores()
    arms = []
    for arm in study.arms:
        members = people[people["arm"] == arm.name]
        seen = scores[scores[KEY].isin(members[KEY])].groupby("week").size()
        arms.append(
            ArmProfile(
                name=arm.name,
                treatment=str(arm.treatment),
                people=len(members),
                entering=int(members[KEY].isin(entering).sum()),
                baseline_mean=float(members["baseline"].mean()),
                baseline_sd=float(members["baseline"].std()),
                seen=tuple(int(seen.get(week, 0)) for week in study.weeks),
            )
        )
    events = study.events["event"].value_counts().sort_index()
    counts = {str(k): int(n) for k, n in events.items()}
    return Profile(study, tuple(arms), counts, uncounted_scores(study))


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as aligned text: words left, numbers right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _shares(shares: list[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in shares) or "no visits are scheduled"
