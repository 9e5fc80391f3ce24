"""Time until an event from weighted people: curves, restricted means, incidence and hazards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.language import listed, pick, say
from ctevidence.levels import Levels
from ctevidence.models.cox import CoxFit, fit_cox
from ctevidence.models.curve_week import KNOWN, last_known_week, refuse_week
from ctevidence.models.fit import EVERYONE, ComparableFit, ScheduledFit, build_levels
from ctevidence.models.hazard_ratios import arms_with_finite_ratios
from ctevidence.models.partial_maximum import SeparationError
from ctevidence.models.survival_levels import AtRisk
from ctevidence.models.weighted_curve import WeightedCurve, weighted_curve
from ctevidence.models.weighted_mean import WeightedMeans
from ctevidence.models.weighted_outcome import (
    mean_levels,
    method_of,
    population_of,
    regression_columns,
)
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome

#: Link of the regression of pseudo-values.
LINKS = {"survival": "logit", "rmst": "identity", "cumulative_incidence": "logit"}


@dataclass(frozen=True, eq=False, repr=False)
class WeightedTimeToEventFit(ComparableFit):
    """Staying without an event among everyone, and the time until it, of weighted people.

    Parameters
    ----------
    outcome : Outcome
        With weights.
    at_risk : AtRisk
    staying : ScheduledFit or None
        Levels of ``risk``, weighted too.
    people : DataFrame
        ``participant_id, arm, time, event, competed`` of those at risk who have a weight.
    version : {"weighted", "doubly-robust"}
    columns : ndarray, shape (n, q), or None
        Covariates of the regression, of everyone with a weight.
    names : tuple of str
    cautions : tuple of str
    """

    outcome: Outcome
    at_risk: AtRisk
    staying: ScheduledFit | None
    people: pd.DataFrame
    version: str
    columns: np.ndarray | None
    names: tuple[str, ...]
    cautions: tuple[str, ...]

    @property
    def measures(self) -> tuple[str, ...]:
        curves = ("survival", "rmst", "cumulative_incidence")
        # a hazard ratio has no regression to be augmented with
        hazard = ("log_hazard",) if self.version == "weighted" else ()
        return (*(("risk",) if self.staying else ()), *curves, *hazard)

    @property
    def model(self) -> CoxFit | None:
        """The weighted Cox regression; None where there is nothing to compare."""
        return self._cox()[0]

    @property
    def weighted_curves(self) -> dict[str, WeightedCurve]:
        """The weighted curve of each arm with people at risk."""
        return {arm: self._curve(group, self._weight(group)) for arm, group in self._groups()}

    @property
    def largest_week(self) -> float:
        """The last week, since risk began, up to which the curve of every arm is known."""
        return last_known_week(self.weighted_curves.values(), self.study)

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Levels of one measure, in the population of the weights.

        Parameters
        ----------
        measure : {"risk", "survival", "rmst", "cumulative_incidence", "log_hazard"}, optional
            The first of `measures` when absent. Doubly robust fits have no ``log_hazard``.
        week : float, optional
            Of ``risk`` a scheduled week, all when absent; of curves any week up to
            `largest_week`; of hazards none.

        Raises
        ------
        KeyError
            For another measure, a week that is not scheduled, or no week where one is needed.
        ValueError
            For a week beyond the follow-up; the message names the largest possible one.

        Notes
        -----
        Doubly robust levels augment the weighted mean of pseudo-values (Andersen, Klein and
        Rosthoj 2003, Biometrika 90:15; with propensity and regression Wang 2018, Pharm Stat 17:38;
        for generalised overlap weights Zeng, Li, Hu and Li 2023, Stat Sinica 33:2161). Those of
        person i are ``S + n G_i``, with G the derivative of the arm's unweighted curve (Parner,
        Andersen and Overgaard 2023, Lifetime Data Anal 29:654). Censoring must not depend on
        covariates within an arm.
        """
        measure = self._measure(measure)
        if measure == "risk":
            return self.staying.levels(measure, week)
        if measure == "log_hazard":
            return self._hazards()
        refuse_week(measure, week, self.largest_week, KNOWN)
        return self._at_week(measure, float(week))

    def _groups(self):
        """The people of each arm with somebody at risk."""
        arms = self.people["arm"].to_numpy()
        for arm in self._arms:
            if (arms == arm).any():
                yield arm, self.people[arms == arm]

    @property
    def _arms(self) -> list[str]:
        return [arm.name for arm in self.outcome.study.arms]

    def _weight(self, group: pd.DataFrame) -> np.ndarray:
        return self.outcome.weight.value[self._places(group)]

    def _places(self, group: pd.DataFrame) -> np.ndarray:
        return self.outcome.weight.places(group["participant_id"])

    @staticmethod
    def _curve(group: pd.DataFrame, weight: np.ndarray) -> WeightedCurve:
        cause = np.where(group["event"], 1, np.where(group["competed"], 2, 0))
        return weighted_curve(group["time"].to_numpy(), cause, weight)

    def _at_week(self, measure: str, week: float) -> Levels:
        if self.version == "weighted":
            found, reason = self._weighted(measure, week), ""
        else:
            found, reason = self._augmented(measure, week)
        variance = np.einsum("ij,ij->j", *(np.nan_to_num(found.influence),) * 2)
        estimate, events, reasons = found.estimate.copy(), [], [reason] if reason else []
        for place, arm in enumerate(self._arms):
            group = self.people[self.people["arm"] == arm]
            happened = int((group["event"] & (group["time"] <= week)).sum())
            events.append(happened)
            if happened and variance[place] > 0 and np.isfinite(estimate[place]):
                continue
            estimate[place] = np.nan
            reasons.append(self._why_not(arm, group, happened, week))
        better = (measure == "cumulative_incidence") != self.at_risk.is_wanted
        influence = np.nan_to_num(found.influence)
        if measure != "rmst":
            estimate = np.clip(estimate, 0.0, 1.0)
        return self._levels(
            measure, week, estimate, influence.T @ influence, events, reasons,
            better="lower" if better else "higher",
        )  # fmt: skip

    def _weighted(self, measure: str, week: float) -> WeightedMeans:
        weights, k = self.outcome.weight, len(self._arms)
        estimate, by_weight = np.full(k, np.nan), np.zeros((len(weights.people), k))
        for arm, group in self._groups():
            curve, place = self._curve(group, self._weight(group)), self._arms.index(arm)
            if curve.known_until < week and measure != "cumulative_incidence":
                continue
            estimate[place], of_each = curve.value(measure, week)
            by_weight[self._places(group), place] = of_each
        return WeightedMeans(estimate, weights.propagated(by_weight))

    def _augmented(self, measure: str, week: float) -> tuple[WeightedMeans, str]:
        weights = self.outcome.weight
        pseudo, among = np.full(len(weights.people), np.nan), np.zeros(len(weights.people), bool)
        for _, group in self._groups():
            curve, places = self._curve(group, np.ones(len(group))), self._places(group)
            among[places] = True
            if curve.known_until < week and measure != "cumulative_incidence":
                continue
            value, of_each = curve.value(measure, week)
            pseudo[places] = value + len(group) * of_each
        number = pd.Index(self._arms).get_indexer(pd.Index(weights.arm))
        found, reason = mean_levels(
            pseudo, number, len(self._arms), weights, self.columns, LINKS[measure], among
        )
        if reason:  # the weighted curve itself, not the weighted mean of pseudo-values
            return self._weighted(measure, week), reason
        return found, reason

    def _why_not(self, arm: str, group: pd.DataFrame, happened: int, week: float | None) -> str:
        event = in_words(self.at_risk.event)
        by = "" if week is None else say("models.by_week", week=f"{week:g}")
        if not len(group):
            return say("models.survival_levels.nobody_at_risk", arm=arm, event=event)
        if not group["time"].max() > 0:
            return say("models.survival_levels.nobody_followed", arm=arm, event=event)
        if not happened:
            return say("models.no_event", event=event, arm=arm, by=by)
        return say("models.weighted_times.nothing_left", event=event, arm=arm, by=by)

    def _cox(self) -> tuple[CoxFit | None, np.ndarray, str]:
        """The weighted regression, the arms in it, and why there is none."""
        number = pd.Index(self._arms).get_indexer(pd.Index(self.people["arm"]))
        time, event = self.people["time"].to_numpy(), self.people["event"].to_numpy(bool)
        used = arms_with_finite_ratios(time, event, number, len(self._arms))
        if len(used) < 2:
            return None, used, ""
        kept = np.isin(number, used)
        x = (number[kept, None] == used[1:]).astype(float)
        try:
            model = fit_cox(
                time[kept], event[kept], x, weights=self._weight(self.people[kept]),
                names=[f"arm {self._arms[a]}" for a in used[1:]],
            )  # fmt: skip
        except (SeparationError, ValueError) as reason:
            return None, used[:0], say("models.weighted_times.no_ratio", reason=reason)
        return model, used, ""

    def _hazards(self) -> Levels:
        model, used, reason = self._cox()
        weights, k = self.outcome.weight, len(self._arms)
        estimate, influence = np.full(k, np.nan), np.zeros((len(weights.people), k))
        estimate[used] = 0.0
        if model is not None:
            others = used[1:]
            estimate[others] = model.coef
            group = self.people[self.people["arm"].isin([self._arms[a] for a in used])]
            by_weight = np.zeros((len(weights.people), len(others)))
            residuals = model.score_residuals() / self._weight(group)[:, None]
            by_weight[self._places(group)] = residuals @ model.model_cov
            influence[:, others] = weights.propagated(by_weight)
        groups = [self.people[self.people["arm"] == arm] for arm in self._arms]
        events = [int(group["event"].sum()) for group in groups]
        reasons = [reason] if reason else []
        reasons += [
            self._why_not(arm, group, happened, None)
            if not happened
            else say("models.no_other_arm", event=in_words(self.at_risk.event), arm=arm)
            for arm, group, happened, level in zip(
                self._arms, groups, events, estimate, strict=True
            )
            if np.isnan(level) and not reason
        ]
        return self._levels(
            "log_hazard", None, estimate, influence.T @ influence, events, reasons,
            better="higher" if self.at_risk.is_wanted else "lower", anchored=False,
        )  # fmt: skip

    def _levels(self, measure, week, estimate, cov, events, reasons, **options) -> Levels:
        weights, names = self.outcome.weight, self.names if measure in LINKS else ()
        competing = listed(map(in_words, self.at_risk.competing))
        how = method_of(weights, names, LINKS.get(measure, "identity"))
        if names:
            base = pick("models.weighted_times.pseudo", measure, competing=competing)
        else:
            base = pick("models.weighted_times.methods", measure, competing=competing)
        of_arm = self.people["arm"].value_counts()
        population = population_of(weights, self.version)
        if self.at_risk.population != EVERYONE:
            population = f"{self.at_risk.population}, of {population}"
        return build_levels(
            self.outcome,
            measure,
            [(arm, week) for arm in self._arms],
            estimate,
            cov,
            n=np.array([of_arm.get(arm, 0) for arm in self._arms]),
            events=np.array(events),
            method=f"{base}; {how}",
            cautions=(*self.cautions, *reasons),
            population=population,
            randomised=self.at_risk.randomised,
            **options,
        )


def weighted_time_to_event(
    outcome: Outcome,
    at_risk: AtRisk,
    staying: ScheduledFit | None,
    people: pd.DataFrame,
    cautions: Sequence[str],
    model: str,
    adjust: Sequence[str] | None,
) -> WeightedTimeToEventFit:
    """The fit of a time until an event with weights; called by `fit_time_to_event`.

    Parameters
    ----------
    people : DataFrame
        ``participant_id, arm, time, event, competed`` of everyone at risk.
    cautions : sequence of str
        Of the outcome and how it is dated.
    model : {"weighted", "doubly-robust"}
    adjust : sequence of str, optional
    """
    weights = outcome.weight
    people = people[weights.places(people["participant_id"]) >= 0].reset_index(drop=True)
    columns, names = regression_columns(outcome, model, adjust)
    cautions = (*cautions, *weights.cautions)
    return WeightedTimeToEventFit(
        outcome, at_risk, staying, people, model, columns, names, cautions
    )
