"""Time until an event: what the fits of relapse and of retention share.

They differ in the event, in who is at risk of it, and in what counts as staying without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ctevidence.contrasts.compare import joined
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.aalen_johansen import competing
from ctevidence.models.arm_hazards import adjusted_hazards, frailty_hazards
from ctevidence.models.clustered_curves import clusters_of
from ctevidence.models.cox import CoxFit
from ctevidence.models.curve_week import KNOWN, last_known_week, refuse_week
from ctevidence.models.event_tests import event_tests, stratum_of
from ctevidence.models.fit import ComparableFit, ScheduledFit
from ctevidence.models.hazard_ratios import LogHazards
from ctevidence.models.kaplan_meier import SurvivalCurve, kaplan_meier
from ctevidence.models.observed_times import observed_times
from ctevidence.models.survival_levels import ArmCurves, AtRisk, curve_levels, hazard_levels
from ctevidence.models.weighted_log_rank import EventTest, weighted_log_rank
from ctevidence.models.weighted_outcome import refuse_weighted_model, weighted_model
from ctevidence.models.weighted_times import WeightedTimeToEventFit, weighted_time_to_event
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome

#: comparisons in the order in which they are read, unless declared otherwise
LEADING = ("rmst_difference", "hazard_ratio")


@dataclass(frozen=True, eq=False, repr=False)
class TimeToEventFit(ComparableFit):
    """Staying without an event among everyone, and the time until it among those at risk.

    Parameters
    ----------
    outcome : Outcome
    staying : ScheduledFit or None
        Levels of ``risk``: of staying, among everyone who started, at scheduled weeks since the
        start. None where it cannot be derived.
    groups : ArmCurves
        Curves, for ``survival``, ``rmst`` and ``cumulative_incidence`` at weeks since risk began.
    hazards : LogHazards
        For ``log_hazard``.
    people : DataFrame
        ``participant_id, arm, time, event, competed`` of those at risk, in weeks since risk began.
    adjust : tuple of str
        Covariates that were asked for.
    """

    outcome: Outcome
    staying: ScheduledFit | None
    groups: ArmCurves
    hazards: LogHazards
    people: pd.DataFrame
    adjust: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        curves = ("survival", "rmst", "cumulative_incidence", "log_hazard")
        return (*(("risk",) if self.staying else ()), *curves)

    @property
    def cautions(self) -> tuple[str, ...]:
        return self.groups.cautions

    @property
    def curves(self) -> Mapping[str, SurvivalCurve]:
        """The curve of each arm with people at risk."""
        return self.groups.curves

    @property
    def model(self) -> CoxFit | None:
        """The Cox regression; None where there is nothing to compare."""
        return self.hazards.model

    @property
    def largest_week(self) -> float:
        """The last week, since risk began, up to which the curve of every arm is known."""
        return last_known_week(self.curves.values(), self.study)

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Levels of one measure.

        Parameters
        ----------
        measure : {"risk", "survival", "rmst", "cumulative_incidence", "log_hazard"}, optional
            The first of `measures` when absent. ``survival`` asks when the event would come if
            nothing came before it, ``cumulative_incidence`` how many have it, others being kept
            from it by death.
        week : float, optional
            Of ``risk`` a scheduled week, all of them when absent; of curves any week up to
            `largest_week`. A hazard ratio has none.

        Raises
        ------
        KeyError
            For another measure, a week that is not scheduled, or no week where one is needed.
        ValueError
            For a week beyond the follow-up; the message names the largest possible one.
        """
        measure = self._measure(measure)
        if measure == "risk":
            return self.staying.levels(measure, week)
        if measure == "log_hazard":
            return hazard_levels(self.groups, self.hazards)
        refuse_week(measure, week, self.largest_week, KNOWN)
        levels = curve_levels(self.groups, measure, float(week))
        if measure == "rmst" and self._hazard_ratio_steps_back:
            return replace(
                levels, caution=joined(levels.caution, say("models.time_to_event.in_place"))
            )
        return levels

    @property
    def leading(self) -> tuple[str, str]:
        """Measures of comparisons in the order in which they are to be read.

        Weeks without the event lead, unless the study declares ``relapse.lead =
        "hazard_ratio"``: then the hazard ratio does, but for hazards that are not proportional by
        the score test (`hazard_ratios.PROPORTIONAL_BELOW`), where weeks lead after all and say so.
        ``compare_treatments(fit, fit.leading, week)`` gives the rows in this order.
        """
        weeks_first = self._lead == "rmst" or self._hazard_ratio_steps_back
        return LEADING if weeks_first else LEADING[::-1]

    @property
    def _lead(self) -> str:
        return getattr(self.outcome.rule, "lead", "rmst")

    @property
    def _hazard_ratio_steps_back(self) -> bool:
        return self._lead == "hazard_ratio" and self.hazards.changes_over_time

    def subdistribution(self) -> ScheduledFit:
        """Fine-Gray regression on arms: which arm has more of the event, death competing.

        Adjusted, and robust over therapists, as this fit is.

        Returns
        -------
        ScheduledFit
            Of ``log_subdistribution_hazard``; ``compare(...)`` gives subdistribution hazard ratios.
        """
        clusters = self.groups.clusters
        hazards = adjusted_hazards(
            self.outcome, self.groups.at_risk, self.adjust, clusters.name if clusters else "", True
        )
        levels = hazard_levels(self.groups, hazards, "log_subdistribution_hazard")
        return ScheduledFit(self.outcome, levels, hazards.model, self.cautions)

    def shared_frailty(self, name: str, distribution: str = "gamma") -> ScheduledFit:
        """Hazard ratios between people of the same therapist, or site.

        Parameters
        ----------
        name : str
            A column of the participants; people without an entry have no frailty.
        distribution : {"gamma", "normal"}

        Returns
        -------
        ScheduledFit
            Of ``log_hazard``; its `model` is a `shared_frailty.FrailtyFit`, with the variance.

        Raises
        ------
        KeyError
            When there is no such column.
        """
        hazards = frailty_hazards(
            self.outcome, self.groups.at_risk, self.adjust, name, distribution
        )
        levels = hazard_levels(self.groups, hazards)
        method = say(
            "models.time_to_event.frailty",
            method=levels.method,
            distribution=distribution,
            group=name,
        )
        return ScheduledFit(
            self.outcome, replace(levels, method=method), hazards.model, self.cautions
        )

    def clustered_by(self, name: str) -> TimeToEventFit:
        """The same fit with errors that are robust over therapists, or sites.

        Parameters
        ----------
        name : str
            A column of the participants. People without an entry, as those without a therapist,
            count each alone, so that only arms with therapists have clusters.

        Returns
        -------
        TimeToEventFit
            Estimates stay; covariances of curves are joint over arms, where one therapist treats
            people of several. Staying at a week (``risk``) keeps its errors, and says so.

        Raises
        ------
        KeyError
            When there is no such column.
        """
        clusters = clusters_of(self.study, self.people, name)
        staying = self.staying
        if staying:
            alone = say("models.time_to_event.single_people", groups=name)
            expected = replace(staying.expected, caution=joined(staying.expected.caution, alone))
            staying = replace(staying, expected=expected, cautions=(*staying.cautions, alone))
        return replace(
            self,
            staying=staying,
            groups=replace(self.groups, clusters=clusters),
            hazards=adjusted_hazards(self.outcome, self.groups.at_risk, self.adjust, name),
        )

    def log_rank(self) -> EventTest:
        """Log-rank test over the arms that had somebody at risk when an event happened."""
        return weighted_log_rank(self.people["time"], self.people["event"], self.people["arm"])

    def tests(self, strata: str | None = None) -> pd.DataFrame:
        """Tests that the event is as frequent in all arms, and in each two of them.

        Parameters
        ----------
        strata : str, optional
            A column of the participants within whose groups arms are compared.

        Returns
        -------
        DataFrame
            See `event_tests.event_tests`.
        """
        arms = [arm for arm in self.groups.arms if arm in set(self.people["arm"])]
        labels = None if strata is None else stratum_of(self.study, self.people, strata)
        return event_tests(self.people, arms, labels)

    def numbers(self, weeks: Sequence[float]) -> pd.DataFrame:
        """Numbers at risk, events and censored by arm and week; see `SurvivalCurve.numbers`."""
        columns = ["arm", "week", "at_risk", "events", "censored"]
        tables = [curve.numbers(weeks).assign(arm=arm) for arm, curve in self.curves.items()]
        if not tables:
            return pd.DataFrame(columns=columns)
        return pd.concat(tables, ignore_index=True)[columns]

    def medians(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Median weeks until the event by arm; see `SurvivalCurve.median`."""
        return self.quantiles((0.5,), conf_level).drop(columns="share")

    def quantiles(
        self, shares: Sequence[float], conf_level: float = 0.95, method: str = "log-log"
    ) -> pd.DataFrame:
        """Weeks by which given shares had the event, by arm; see `SurvivalCurve.quantile`.

        Returns
        -------
        DataFrame
            ``arm, share, weeks, conf_low, conf_high, is_reached``; what is not reached is empty.
        """
        rows = [
            (arm, share, *curve.quantile(share, conf_level, method))
            for arm, curve in self.curves.items()
            for share in shares
        ]
        names = ["arm", "share", "weeks", "conf_low", "conf_high", "is_reached"]
        return pd.DataFrame(rows, columns=names)


def fit_time_to_event(
    outcome: Outcome,
    at_risk: AtRisk,
    staying: ScheduledFit | None,
    adjust: Sequence[str] | None = (),
    model: str | None = None,
) -> TimeToEventFit | WeightedTimeToEventFit:
    """Curves and hazards of an outcome with the columns ``entry, lower, upper, state``.

    Parameters
    ----------
    outcome : Outcome
    at_risk : AtRisk
    staying : ScheduledFit or None
    adjust : sequence of str
        Covariates of the Cox regression; the curves are never adjusted. With weights those of
        the regression of ``"doubly-robust"``, or None for those of the weights.
    model : {"weighted", "doubly-robust"}, optional
        For an outcome with weights only.

    Notes
    -----
    Time runs from `entry` to `upper` for those who had the event and to `lower` for the others;
    see `observed_times`. An event that lies between two visits is so counted at the later one,
    and a caution says so.
    """
    people = observed_times(outcome, at_risk)
    cautions = (*outcome.cautions, *_dating(outcome, at_risk))
    if outcome.weight is not None:
        chosen = weighted_model(model, adjust)
        return weighted_time_to_event(outcome, at_risk, staying, people, cautions, chosen, adjust)
    refuse_weighted_model(model)
    if model is not None:
        raise ValueError(f'model is "{model}"; without weights there is none to choose.')
    arms = [arm.name for arm in outcome.study.arms if arm.name in set(people["arm"])]
    curves, histories = {}, {}
    for arm in arms:
        group = people[people["arm"] == arm]
        curves[arm] = kaplan_meier(group["time"].to_numpy(), group["event"].to_numpy())
        # whoever is lost at once is never at risk
        later = group[group["time"] > 0]
        cause = np.where(later["event"], 1, np.where(later["competed"], 2, 0))
        if len(later):
            histories[arm] = competing(later["time"].to_numpy(), cause, n_causes=2)
    hazards = adjusted_hazards(outcome, at_risk, tuple(adjust))
    groups = ArmCurves(outcome, at_risk, curves, histories, cautions)
    return TimeToEventFit(outcome, staying, groups, hazards, people, tuple(adjust))


def _dating(outcome: Outcome, at_risk: AtRisk):
    happened = outcome.frame[outcome.frame["state"] == at_risk.state]
    if (happened["lower"] < happened["upper"]).any():
        yield say("models.time_to_event.dated", event=in_words(at_risk.event))
    if (outcome.frame["state"] == "died").any():
        yield (say("models.time_to_event.death_ends", event=in_words(at_risk.event)))
