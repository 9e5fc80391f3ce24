"""Staying well in every arm of a study, in each way in which unknown states can be counted.

At visits some people are not seen. Leaving them out and counting them as not well can differ by
more than any treatment does, so both stand side by side. In a study that records relapse as it
happens, counted from the start, nobody's state is read off a visit: the curve is the answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ctevidence.contrasts import compare_treatments, per_arm
from ctevidence.data.study import Study
from ctevidence.estimates import Estimates
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.fit import silent_levels
from ctevidence.models.over_time import relapse_over_time
from ctevidence.models.response import fit_response
from ctevidence.outcomes.staying_well import derive_staying_well
from ctevidence.terms import LEVEL_MEASURES

KNOWN, EVERYONE_COUNTED, CURVE = "known", "everyone", "curve"
#: measures of contrasts by scale, whatever the levels are
DIFFERENCE, RATIO = 0, 1


@dataclass(frozen=True, eq=False)
class StayingWell:
    """Staying well at one week, among everyone who started.

    Parameters
    ----------
    study : Study
    week : float
    countings : mapping of str to Levels
        ``known``: people whose state is not known left out; ``everyone``: they count as not well;
        or ``curve``, where lost people are taken to go on like those who stayed. Never empty:
        without an answer it holds levels that say why.
    """

    study: Study
    week: float
    countings: Mapping[str, Levels]

    def per_arm(self) -> Estimates:
        """Levels by counting."""
        return sum((per_arm(levels) for levels in self.countings.values()), Estimates())

    def compare_treatments(self) -> Estimates:
        """Differences and ratios by counting."""
        rows = Estimates()
        for levels in self.countings.values():
            of = LEVEL_MEASURES[levels.measure].contrasts
            rows += compare_treatments(levels, (of[DIFFERENCE], of[RATIO]))
        return rows

    def differences(self) -> Estimates:
        """Differences alone, by counting."""
        wanted = {LEVEL_MEASURES[c.measure].contrasts[DIFFERENCE] for c in self.countings.values()}
        return self.compare_treatments().where(measure=tuple(wanted))


def fit_staying_well(study: Study, week: float | None = None) -> StayingWell:
    """Who is well at a week, in every way of counting that the study allows.

    Parameters
    ----------
    study : Study
    week : float, optional
        A scheduled week, the last when absent; in a study without visits any week up to which
        every curve is known, its primary week when absent.

    Returns
    -------
    StayingWell

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> list(fit_staying_well(simulate_study(n=120, seed=1)).countings)
    ['known', 'everyone']
    """
    relapse = study.rules.relapse
    if relapse is None:
        return _silent(study, week, say("models.study_answers.no_relapse_rule"))
    if study.schedule:
        at = float(week or study.last_week)
        countings = {
            counting: fit_response(derive_staying_well(study, at, missing=missing)).levels("risk")
            for counting, missing in ((KNOWN, "observed"), (EVERYONE_COUNTED, "non-response"))
        }
        return StayingWell(study, at, countings)
    if relapse.after != "baseline":
        return _silent(study, week, say("models.staying_well.never_scored"))
    over_time = relapse_over_time(study, week)
    levels = replace(over_time.levels("survival"), outcome="staying well (by the curve)")
    return StayingWell(study, over_time.week, {CURVE: levels})


def _silent(study: Study, week: float | None, reason: str) -> StayingWell:
    at = study.last_week if week is None else float(week)
    at_week = None if math.isnan(at) else at
    levels = silent_levels(study, "staying well", "risk", "higher", reason, at_week)
    return StayingWell(study, at, {KNOWN: levels})
