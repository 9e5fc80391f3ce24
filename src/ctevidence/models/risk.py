"""From the people analysed at each week to the levels of a risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.contrasts.combination import wilson
from ctevidence.language import say
from ctevidence.models.fit import ScheduledFit, build_levels
from ctevidence.models.standardised_risk import Risks, counted_risks
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome


@dataclass(frozen=True, eq=False)
class Analysed:
    """The people whose outcome is known at one week.

    Parameters
    ----------
    week : float or None
        None for an outcome without a week.
    people : Index of participant ids, length n
    arm : ndarray of int, shape (n,)
        Number of the arm of each person among the study's arms.
    y : ndarray of 0 and 1, shape (n,)
    """

    week: float | None
    people: pd.Index
    arm: np.ndarray
    y: np.ndarray

    def people_in_arms(self, n_arms: int) -> np.ndarray:
        return np.bincount(self.arm, minlength=n_arms)

    def events_in_arms(self, n_arms: int) -> np.ndarray:
        return np.bincount(self.arm, weights=self.y, minlength=n_arms)


def analysed(outcome: Outcome, week: float | None = None) -> Analysed:
    """The people whose value is known, at a week or of an outcome without weeks."""
    rows = outcome.frame if week is None else outcome.frame[outcome.frame["week"] == week]
    rows = rows[rows["value"].notna()]
    number = {arm.name: i for i, arm in enumerate(outcome.study.arms)}
    return Analysed(
        week,
        pd.Index(rows["participant_id"]),
        rows["arm"].map(number).to_numpy(int),
        rows["value"].to_numpy(float),
    )


def weekly(outcome: Outcome) -> list[Analysed]:
    """The people analysed at each week of an outcome."""
    return [analysed(outcome, float(week)) for week in sorted(outcome.frame["week"].unique())]


def counted_fit(
    outcome: Outcome, weekly: Sequence[Analysed], cautions: Sequence[str] = ()
) -> ScheduledFit:
    """The fit of plain counts, each with its Wilson interval."""
    n_arms = len(outcome.study.arms)
    risks = [counted_risks(at.y, at.arm, n_arms) for at in weekly]
    events = np.concatenate([at.events_in_arms(n_arms) for at in weekly])
    n = np.concatenate([at.people_in_arms(n_arms) for at in weekly])

    def interval_for(conf_level: float) -> np.ndarray:
        nothing = (np.nan, np.nan)
        limits = [
            wilson(e, k, conf_level) if k else nothing for e, k in zip(events, n, strict=True)
        ]
        return np.array(limits)

    return risk_fit(
        outcome, weekly, risks, say("models.risk.counted"), cautions, interval_for=interval_for
    )


def risk_fit(
    outcome: Outcome,
    weekly: Sequence[Analysed],
    risks: Sequence[Risks],
    method: str,
    cautions: Sequence[str] = (),
    **options,
) -> ScheduledFit:
    """The fit of the risks of all arms at all weeks, with their joint covariance.

    Parameters
    ----------
    weekly : sequence of Analysed
    risks : sequence of Risks
        One for each of them.
    options
        Further fields of `Levels`.
    """
    arms = outcome.study.arms
    keys = [(arm.name, at.week) for at in weekly for arm in arms]
    n = np.concatenate([at.people_in_arms(len(arms)) for at in weekly])
    cautions = (*outcome.cautions, *cautions, *_unknown(outcome, keys, n))
    levels = build_levels(
        outcome,
        "risk",
        keys,
        np.concatenate([r.estimate for r in risks]),
        _joint_covariance(weekly, risks),
        n=n,
        events=np.concatenate([at.events_in_arms(len(arms)) for at in weekly]),
        method=method,
        cautions=cautions,
        **options,
    )
    models = {at.week: r.model for at, r in zip(weekly, risks, strict=True) if r.model is not None}
    return ScheduledFit(outcome, levels, models or None, cautions)


def _joint_covariance(weekly: Sequence[Analysed], risks: Sequence[Risks]) -> np.ndarray:
    """Sums of products of influences; whoever is not analysed at a week has none there."""
    sizes = [len(at.people) for at in weekly]
    code, everyone = pd.factorize(np.concatenate([np.asarray(at.people) for at in weekly]))
    codes = np.split(code, np.cumsum(sizes)[:-1])
    influence = [np.where(np.isnan(r.influence), 0.0, r.influence) for r in risks]
    blocks = [[None] * len(risks) for _ in risks]
    for i, own in enumerate(codes):
        place = np.full(len(everyone), -1)
        place[own] = np.arange(len(own))
        for j in range(i, len(codes)):
            there = place[codes[j]]
            both = there >= 0
            blocks[i][j] = influence[i][there[both]].T @ influence[j][both]
            blocks[j][i] = blocks[i][j].T
    return np.block(blocks)


def _unknown(outcome: Outcome, keys: list[tuple[str, float | None]], n: np.ndarray):
    """A caution for each week at which nobody of some arm is analysed."""
    empty = [key for key, people in zip(keys, n, strict=True) if people == 0]
    for week in dict.fromkeys(week for _, week in empty):
        arms = ", ".join(arm for arm, w in empty if w == week)
        at = "" if week is None else say("models.at_week", week=f"{week:g}")
        yield say("models.known_for_nobody", outcome=in_words(outcome.name), arms=arms, at=at)
