"""A fitted course and what can be asked of it: means by visit, over a period, standardised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.fit import ScheduledFit
from ctevidence.models.period_mean import START, PeriodFit, mean_over
from ctevidence.models.standardised_mean import Standardiser, standardised

#: Weeks in which faster relief would show (the claim "faster relief").
EARLY = (2.0, 4.0)


@dataclass(frozen=True, eq=False, repr=False)
class CourseFit(ScheduledFit):
    """Mean scores under each arm at the scheduled weeks, and what follows from them.

    Parameters
    ----------
    outcome, expected, model, cautions
        As of `ScheduledFit`: `expected` holds ``mean`` of all arms at all weeks, `model` is the
        `MmrmFit`, or None where there are too few scores.
    from_start : Levels, optional
        The same with week 0 before, jointly; None where the model has no baseline.
    by : Standardiser
        What ``standardised_mean`` divides by.
    rows : DataFrame, optional
        The rows of the model, in its order: the scores, and with a constrained baseline those of
        week 0 before them. None where there is no model.
    """

    from_start: Levels | None = None
    by: Standardiser | None = None
    rows: pd.DataFrame | None = None

    measures = ("mean", "standardised_mean")

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Levels at one week, or at all weeks when `week` is absent.

        Parameters
        ----------
        measure : {"mean", "standardised_mean"}, optional
        week : float, optional

        Raises
        ------
        KeyError
            For another measure, or a week that is not scheduled; the message lists what there is.
        """
        levels = self.expected if week is None else self.expected.at(week)
        if self._measure(measure) == "mean":
            return levels
        return standardised(levels, self.by)

    def over(self, first_week: float | None = None, last_week: float | None = None) -> PeriodFit:
        """The mean score from one week to another, and the area under the curve.

        Parameters
        ----------
        first_week : float, optional
            A scheduled week, or 0 for the start, which needs the baseline in the model. When
            absent, the start where the model has it, else the first visit.
        last_week : float, optional
            A later scheduled week; the last when absent.

        Returns
        -------
        PeriodFit
            Means over time, straight lines drawn between the visits. `n` is the people with a
            score at any of these visits after the start.

        Raises
        ------
        KeyError
            No visit is scheduled at a week; the message lists the weeks.
        ValueError
            A period that does not end after it begins, or that begins at the start while the
            model has no baseline.

        Notes
        -----
        With the baseline as a covariate the mean at week 0 is that of everyone with a score,
        taken as given as in all marginal means; with a constrained baseline it is estimated.
        Either way it is the same in all arms: no contrast gains or loses by it.
        """
        scheduled = self.study.weeks
        if first_week is None:
            first_week = START if self.from_start else scheduled[0]
        last = self.study.window(scheduled[-1] if last_week is None else last_week).week
        first = START if first_week == START else self.study.window(first_week).week
        if first > last or (first == last and last_week is not None):
            raise ValueError(
                f"A period from week {first:g} to {last:g} does not end after it began."
            )
        if first == START and self.from_start is None and self.model is not None:
            raise ValueError(
                "A period from week 0 needs the baseline in the model. Adjust for it, or fit with "
                'baseline="constrained".'
            )
        weeks = tuple(week for week in (START, *scheduled) if first <= week <= last)
        return self._period(weeks, first, last)

    def early(self, first_week: float = EARLY[0], last_week: float = EARLY[1]) -> PeriodFit:
        """The mean score over the visits early in treatment: does relief come sooner?

        Parameters
        ----------
        first_week, last_week : float
            Weeks since the start; any visit scheduled from the one to the other counts.

        Returns
        -------
        PeriodFit
            Its outcome is named ``early ...``. Where no visit is scheduled so early, levels
            without a value, and a caution that says when the first visit is.

        Raises
        ------
        ValueError
            A period that does not end after it begins.
        """
        if not START < first_week < last_week:
            raise ValueError(
                f"Early weeks {first_week:g} to {last_week:g} do not follow one another after the "
                "start."
            )
        scheduled = self.study.weeks
        weeks = tuple(week for week in scheduled if first_week <= week <= last_week)
        asked = say("models.course_fit.weeks", first=f"{first_week:g}", last=f"{last_week:g}")
        note = ""
        if not weeks:
            first_visit = (
                say("models.course_fit.first_visit", week=f"{min(scheduled):g}")
                if scheduled
                else ""
            )
            note = say("models.course_fit.no_visit", asked=asked, first_visit=first_visit)
        elif len(weeks) == 1:
            note = say("models.course_fit.one_visit", asked=asked, week=f"{weeks[0]:g}")
        return self._period(weeks, first_week, last_week, "early ", note)

    def _period(
        self, weeks: Sequence[float], first: float, last: float, prefix: str = "", note: str = ""
    ) -> PeriodFit:
        named = f"{prefix}{self.outcome.name}, weeks {first:g} to {last:g}"
        outcome = replace(self.outcome, name=named)
        frame = outcome.frame
        seen = frame[frame["score"].notna() & frame["week"].isin(weeks)]
        n = seen.groupby("arm", observed=True)["participant_id"].nunique().to_dict()
        levels = self.from_start if START in weeks and self.from_start else self.expected
        weeks = tuple(week for week in weeks if week in levels.weeks)
        cautions = (*self.cautions, *([note] if note else []))
        expected = replace(mean_over(levels, weeks, last, n, cautions), outcome=named)
        return PeriodFit(outcome, expected, weeks, self.model, cautions, self.rows)
