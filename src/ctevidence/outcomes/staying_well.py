"""Staying well: responded and not relapsed by week w, among everyone who entered.

The primary relapse outcome: its denominator is everyone, so treatment cannot choose it. Decisions
beyond those of `illness_return`:

- A person's status at week w is that at the visit of week w, on its actual day; where this visit
  was missed, on its nominal day.
- Well (1): reached the start by then, and known well then or later without relapse in between.
- Not well (0): known not to have reached the start by then, or relapsed, or dead. Whoever relapsed
  stays not well: a second response does not count. Relapse or death on the day itself counts.
- Ill when last seen by then, with no later visit to confirm or to contradict it: not well. What
  was seen outweighs what was not.
- After an event that is counted while on treatment: the status on its day.
- Unknown otherwise (nan, or 0 with ``missing="non-response"``): lost before then, or the visits on
  either side of a missed one disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ctevidence.data.rules import MISSING, RelapseRule
from ctevidence.data.study import Study
from ctevidence.language import pick, say
from ctevidence.outcomes.declared import declared_rule
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.relapse import judged_visits, reading_cautions, relapse_days
from ctevidence.outcomes.response import counting_name, value_frame
from ctevidence.outcomes.visit_scores import Weeks, scores_at
from ctevidence.terms import DAYS_PER_WEEK, did_you_mean


@dataclass(frozen=True)
class StayingWellRule:
    """Reached the start of a relapse rule and not relapsed since.

    Parameters
    ----------
    relapse : RelapseRule
    missing : {"observed", "non-response"}
        People whose status is unknown are left out, or count as not well.
    """

    relapse: RelapseRule
    missing: Literal["observed", "non-response"]

    def __post_init__(self) -> None:
        if self.missing not in MISSING:
            raise ValueError(
                f'How unknown status counts (missing) is "{self.missing}"'
                f"{did_you_mean(self.missing, MISSING)}"
            )

    def describe(self) -> str:
        reached = pick("outcomes.staying_well.reached", self.relapse.after)
        unknown = (
            say("outcomes.staying_well.left_out")
            if self.missing == "observed"
            else say("outcomes.staying_well.not_well")
        )
        return say(
            "outcomes.staying_well.rule",
            reached=reached,
            unknown=unknown,
            relapse=self.relapse.describe(),
        )


def derive_staying_well(
    study: Study,
    week: Weeks = None,
    rule: RelapseRule | None = None,
    missing: str | None = None,
) -> Outcome:
    """Who responded and had not relapsed by a week, among everyone who entered.

    Parameters
    ----------
    study : Study
    week : float or sequence of float, optional
        Scheduled weeks; the study's primary week when absent.
    rule : RelapseRule, optional
        Another rule than the declared one.
    missing : {"observed", "non-response"}, optional
        How unknown status counts; as the rule of the start (response or remission) declares it
        when absent. Counted from baseline it must be said.

    Returns
    -------
    Outcome
        Kind ``response``; `value` 1.0 or 0.0, nan where the status is unknown and left out.

    Raises
    ------
    KeyError
        No visit is scheduled at a week.
    ValueError
        No rule is declared, or how unknown status counts is not said.
    """
    relapse = declared_rule(study, "relapse", rule)
    rule = StayingWellRule(relapse, missing or _declared_missing(study, relapse))
    visits = judged_visits(study, relapse)
    days = relapse_days(study, relapse)
    rows = scores_at(study, week)
    return Outcome(
        kind="response",
        name="staying well " + counting_name(rule.missing, "not well"),
        study=study,
        frame=value_frame(rows, is_staying_well(rows, days), rule.missing),
        rule=rule,
        better="higher",
        cautions=reading_cautions(study, relapse, visits, days),
    )


def is_staying_well(rows: pd.DataFrame, days: pd.DataFrame) -> np.ndarray:
    """Status of each person and week: 1.0 well, 0.0 not well, nan unknown.

    Parameters
    ----------
    rows : DataFrame
        ``participant_id, week, day``; `day` of the week's visit, nan where it was missed.
    days : DataFrame
        As `illness_return` gives them.

    Returns
    -------
    array of float, shape (len(rows),)
    """
    at = rows["day"].fillna(rows["week"] * DAYS_PER_WEEK).to_numpy(float)
    place = days.index.get_indexer(rows["participant_id"])

    def turned(column: str) -> np.ndarray:
        return days[column].to_numpy(float)[place]

    at = np.fmin(at, turned("until"))
    well = (turned("start") <= at) & (turned("well") >= at)
    not_well = turned("not_started") >= at
    for column in ("ill", "death", "unconfirmed"):
        not_well |= turned(column) <= at
    return np.select([not_well, well], [0.0, 1.0], np.nan)


def _declared_missing(study: Study, relapse: RelapseRule) -> str:
    if relapse.after == "baseline":
        raise ValueError(
            "Staying well counted from baseline has no declared way to count unknown status. Say "
            'missing="observed" (left out) or missing="non-response" (counted as not well).'
        )
    return declared_rule(study, relapse.after).missing
