"""The whole illness of a study in every arm, or the reason why nothing can be said.

Where people are by a week, how many weeks they spent well, and how often illness returned, among
everyone who started: none of it begins at response, which treatment has changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.curve_week import round_week
from ctevidence.models.fit import silent_levels
from ctevidence.models.illness import IllnessFit, fit_illness
from ctevidence.models.repeated_relapse import RepeatedRelapseFit, fit_repeated_relapse
from ctevidence.models.study_answers import StudyAnswers
from ctevidence.outcomes.illness import derive_illness
from ctevidence.outcomes.repeated_relapse import derive_repeated_relapse

#: measure -> which fit has it, and whether more is good; the silent rows of a study without one
OF_STATES = ("state_occupation", "weeks_in_state")
NAMES = {"mean_count": "repeated relapse", "log_hazard": "repeated relapse"}


@dataclass(frozen=True, eq=False)
class WholeIllness(StudyAnswers):
    """States of the illness, weeks in them and repeated relapse of a study.

    Parameters
    ----------
    study : Study
    fit : IllnessFit or None
        Its chosen states are those in which people are well without relapse.
    repeated : RepeatedRelapseFit or None
    week : float
        Weeks since the start at which levels and contrasts are read; nan where there are none.
    reason : str
        Why there is no fit; empty when there is one.
    """

    study: Study
    fit: IllnessFit | None
    repeated: RepeatedRelapseFit | None
    week: float
    reason: str = ""

    def levels(self, measure: str) -> Levels:
        """Levels at `week`.

        Parameters
        ----------
        measure : {"state_occupation", "weeks_in_state", "mean_count", "log_hazard"}
            The first two of being well without relapse, the others of repeated relapse; a ratio
            of rates (``log_hazard``) has no week.
        """
        week = None if measure == "log_hazard" or math.isnan(self.week) else self.week
        if self.fit is None:
            better = "higher" if measure in OF_STATES else "lower"
            name = NAMES.get(measure, "the whole illness")
            return silent_levels(self.study, name, measure, better, self.reason, week)
        source = self.fit if measure in OF_STATES else self.repeated
        return source.levels(measure, week)


def illness_over_time(study: Study, week: float | None = None) -> WholeIllness:
    """The whole illness by the declared rules.

    Parameters
    ----------
    study : Study
    week : float, optional
        Weeks since the start; when absent the last scheduled week that every arm reaches.

    Returns
    -------
    WholeIllness

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> illness = illness_over_time(simulate_study(n=80, seed=1))
    >>> illness.compare_treatments("weeks_in_state_difference").rows[0].unit
    'weeks'
    """
    reason = _why_not(study)
    if reason:
        return WholeIllness(study, None, None, math.nan, reason)
    histories = derive_illness(study)
    fit = fit_illness(histories)
    repeated = fit_repeated_relapse(derive_repeated_relapse(study, illness=histories))
    if week is None:
        largest = min(fit.largest_week, repeated.largest_week)
        week = max((w for w in study.weeks if w <= largest), default=round_week(largest))
    return WholeIllness(study, fit, repeated, float(week))


def _why_not(study: Study) -> str:
    if study.rules.relapse is None:
        return say("models.study_answers.no_relapse_rule")
    if not study.schedule:
        return say("models.whole_illness.never_scored")
    return "" if study.rules.illness is not None else say("models.whole_illness.not_declared")
