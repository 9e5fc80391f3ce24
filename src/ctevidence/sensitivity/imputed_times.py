"""Relapse and retention when those who were lost differ from those who stayed.

Curves take people who were lost as like those who stayed. Here their times are imputed many times
under a declared assumption instead: as at random, with another hazard after the loss, or with the
hazard of a reference arm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.curve_week import refuse_week
from ctevidence.models.fit import ComparableFit, build_levels, refuse_weights
from ctevidence.models.hazard_ratios import log_hazards
from ctevidence.models.kaplan_meier import SurvivalCurve, kaplan_meier
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.restricted_mean import restricted_mean
from ctevidence.models.retention import fit_retention
from ctevidence.models.survival_levels import AtRisk
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome
from ctevidence.sensitivity.rubin import Pooled
from ctevidence.sensitivity.times_after_loss import Draws, draw, times_after
from ctevidence.terms import did_you_mean, resolve_arms

#: States of people whose times are imputed: lost to follow-up, in each kind of outcome.
LOST = {"relapse": "dropped out", "retention": "stayed"}
AT_RANDOM = "lost at random"


@dataclass(frozen=True, eq=False, repr=False)
class ImputedTimes(ComparableFit):
    """Completed times under one assumption about those who were lost; compares like any fit.

    Parameters
    ----------
    outcome : Outcome
    at_risk : AtRisk
    people : DataFrame
        ``arm`` (number), ``time``, ``event`` of those at risk, up to `horizon` weeks.
    lost : ndarray of bool, shape (n,)
    draws : Draws
    horizon : float
        Weeks since risk began up to which all arms were followed.
    delta : ndarray, shape (number lost,)
        Log of the ratio of hazards after the loss.
    source : ndarray of int, shape (number lost,)
        Arm whose curve each person's time is drawn from.
    base : str
        Whose hazard holds after the loss, in words.
    worse : str
        How it is changed, in words; empty where it is not.
    cautions : tuple of str
    """

    outcome: Outcome
    at_risk: AtRisk
    people: pd.DataFrame
    lost: np.ndarray
    draws: Draws
    horizon: float
    delta: np.ndarray
    source: np.ndarray
    base: str = AT_RANDOM
    worse: str = ""
    cautions: tuple[str, ...] = ()

    @property
    def assumption(self) -> str:
        """What is assumed of people who were lost; part of the names of rows."""
        if self.base == AT_RANDOM and self.worse:
            return f"hazard after being lost {self.worse}"
        return f"{self.base} {self.worse}".strip()

    @property
    def measures(self) -> tuple[str, ...]:
        return ("survival", "rmst", "cumulative_incidence", "log_hazard")

    @property
    def imputations(self) -> int:
        return len(self.draws.uniform)

    @property
    def model(self) -> Draws:
        return self.draws

    @property
    def arms(self) -> list[str]:
        return [arm.name for arm in self.study.arms]

    def completed(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Times and events of everyone at risk in the k-th imputation, each shape (n,)."""
        time, event = (
            self.people["time"].to_numpy(copy=True),
            self.people["event"].to_numpy().copy(),
        )
        after, imputed = time[self.lost], np.full(self.lost.sum(), np.inf)
        for arm in np.unique(self.source):
            mine = self.source == arm
            curve, chance = self.draws.curves[k][int(arm)], self.draws.uniform[k]
            imputed[mine] = times_after(curve, after[mine], chance[mine], self.delta[mine])
        event[self.lost] = imputed <= self.horizon
        time[self.lost] = np.minimum(imputed, self.horizon)
        return time, event

    @cached_property
    def _curves(self) -> list[dict[int, SurvivalCurve]]:
        arm, found = self.people["arm"].to_numpy(), []
        for k in range(self.imputations):
            time, event = self.completed(k)
            found.append(
                {int(a): kaplan_meier(time[arm == a], event[arm == a]) for a in np.unique(arm)}
            )
        return found

    def pooled(self, measure: str, week: float | None = None) -> Pooled:
        """Estimates of each imputation by arm, pooled; nan where an arm has nobody or no event."""
        if measure == "log_hazard":
            names, arm = self.arms, self.people["arm"].to_numpy()
            fits = [log_hazards(*self.completed(k), arm, names) for k in range(self.imputations)]
            return Pooled(np.array([f.estimate for f in fits]), np.array([f.cov for f in fits]))
        m, a = self.imputations, len(self.arms)
        estimate, within = np.full((m, a), np.nan), np.full((m, a, a), np.nan)
        for k, curves in enumerate(self._curves):
            found = np.full((a, 2), np.nan)
            for arm, curve in curves.items():
                found[arm] = _at(curve, measure, week)
            estimate[k], within[k] = found[:, 0], np.diag(found[:, 1])
        return Pooled(estimate, within)

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Pooled levels.

        Parameters
        ----------
        measure : {"survival", "rmst", "cumulative_incidence", "log_hazard"}, optional
            The first when absent. Cumulative incidence is one minus survival, and refused where
            something competes.
        week : float, optional
            Since risk began, up to `horizon`; a hazard ratio has none.

        Raises
        ------
        KeyError
            For another measure, or no week where one is needed.
        ValueError
            For a week beyond `horizon`, or an incidence where death or another end competes.
        """
        measure = self._measure(measure)
        if measure == "cumulative_incidence" and self.people["competed"].any():
            raise ValueError(
                "Something competes with the event here, and nobody knows what competed after "
                "people were lost. Ask for survival or rmst."
            )
        if measure != "log_hazard":
            refuse_week(measure, week, self.horizon, say("sensitivity.imputed_times.followed"))
        pooled = self.pooled(measure, week)
        counts = np.bincount(self.people["arm"], minlength=len(self.arms))
        varies = np.diagonal(pooled.cov) > 0
        if measure == "log_hazard":
            varies = np.isfinite(pooled.estimate)
        silent = [name for name, v in zip(self.arms, varies, strict=True) if not v]
        reasons = [
            say("sensitivity.imputed_times.nobody", event=in_words(self.at_risk.event), arm=name)
            for name in silent
        ]
        return build_levels(
            self._named,
            measure,
            [(arm, None if measure == "log_hazard" else week) for arm in self.arms],
            np.where(varies, pooled.estimate, np.nan),
            pooled.cov,
            n=counts,
            events=self._events(math.inf if week is None else week),
            method=say(
                "sensitivity.imputed_times.method",
                count=self.imputations,
                pooling=say("sensitivity.imputed_times.pooling"),
            ),
            cautions=(*self.cautions, *reasons),
            population=self.at_risk.population,
            randomised=self.at_risk.randomised,
            better="lower" if measure in ("cumulative_incidence", "log_hazard") else "higher",
            anchored=measure != "log_hazard",
            df_for=_finite_only(pooled, varies),
        )

    def shifted(self, delta: float | Mapping[str, float]) -> ImputedTimes:
        """The same draws with another hazard after the loss; it replaces an earlier one.

        Parameters
        ----------
        delta
            As for `impute_times`.
        """
        return _under(replace(self, delta=np.zeros_like(self.delta)), delta)

    def members(self, name: str) -> np.ndarray:
        """Who of `people` is in an arm or treatment, shape (n,)."""
        return self.people["arm"].isin(_numbers(self, name)).to_numpy()

    def _events(self, week: float) -> np.ndarray:
        """Events seen by the week; none of the imputed ones."""
        seen = self.people["event"].to_numpy() & (self.people["time"].to_numpy() <= week)
        return np.bincount(self.people["arm"][seen], minlength=len(self.arms))

    @property
    def _named(self) -> Outcome:
        return replace(self.outcome, name=f"{self.outcome.name} ({self.assumption})")


def _at(curve: SurvivalCurve, measure: str, week: float) -> tuple[float, float]:
    if measure == "rmst":
        estimate, cov = restricted_mean(curve, [week])
        return float(estimate[0]), float(cov[0, 0])
    survival = float(curve.at(week))
    value = survival if measure == "survival" else 1 - survival
    return value, float(curve.covariance([week])[0, 0])


def _finite_only(pooled: Pooled, varies: np.ndarray):
    """Degrees of freedom of contrasts between arms that have a level."""
    kept = Pooled(pooled.estimates[:, varies], pooled.within[:, varies][:, :, varies])
    return lambda c: kept.df_for(np.asarray(c)[varies])


def impute_times(
    outcome: Outcome,
    *,
    reference: str | Mapping[str, str] | None = None,
    delta: float | Mapping[str, float] = 0.0,
    imputations: int = 200,
    seed: int,
) -> ImputedTimes:
    """Impute the times of people who were lost, many times, under a declared assumption.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``relapse``: people who dropped out while well are lost. Or of kind ``retention``:
        people whose follow-up ended before the horizon while they were in treatment.
    reference : str or mapping, optional
        Arm or treatment whose hazard holds after the loss; a mapping gives each arm its own. The
        hazard of a person's own arm when absent.
    delta : float or mapping, optional
        Log of the ratio of the hazard after the loss to that one, for everyone or by arm or
        treatment: 0 for as imputed, ``math.log(2)`` for twice the hazard.
    imputations : int
    seed : int

    Returns
    -------
    ImputedTimes
        Compares like a fit: ``.compare(...)``, ``.levels(measure, week)``, ``synergy(...)``.

    Raises
    ------
    ValueError
        For another kind of outcome, weights, or a reference arm with nobody at risk.
    KeyError
        For an arm that there is not.

    Notes
    -----
    `times_after_loss` has the formulas. Times are imputed up to the week until which every arm was
    followed; who was neither lost nor had the event by then counts to that week. With a delta of 0
    and no reference the answer is that of the Kaplan-Meier curve up to the chance of the
    resampling: a curve gives each lost person's share to the times after the loss in just the way
    in which they are drawn here (Efron 1967: it is self-consistent). Rubin's variance is that of
    information which the assumption itself supplies with a reference arm: as a rule larger than
    the variance over repeated trials.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> from ctevidence.outcomes import derive_retention, derive_relapse
    >>> relapse = derive_relapse(simulate_study(n=400, seed=3))
    >>> worse = impute_times(relapse, delta=0.7, imputations=10, seed=1)
    >>> worse.levels("survival", 26.0).outcome
    'relapse (hazard after being lost times 2.01)'
    """
    if not isinstance(outcome, Outcome) or outcome.kind not in LOST:
        raise ValueError(
            "Times can be imputed for outcomes of kind relapse or retention. Give "
            "derive_relapse(study) or derive_retention(study)."
        )
    refuse_weights(outcome)
    fit = fit_relapse(outcome, []) if outcome.kind == "relapse" else fit_retention(outcome)
    arms = [arm.name for arm in outcome.study.arms]
    at_risk, horizon = fit.groups.at_risk, fit.largest_week
    people = fit.people.assign(arm=fit.people["arm"].map(arms.index).astype(int))
    states = outcome.frame.set_index("participant_id")["state"]
    state = people["participant_id"].map(states).astype(str)
    time = people["time"].to_numpy(float)
    people = people.assign(
        time=np.minimum(time, horizon), event=people["event"].to_numpy(bool) & (time <= horizon)
    )
    lost = ((state == LOST[outcome.kind]) & (time < horizon)).to_numpy()
    arm = people["arm"].to_numpy()
    draws = draw(
        people["time"].to_numpy(), people["event"].to_numpy(), arm, lost.sum(), imputations, seed
    )
    caution = say("sensitivity.imputed_times.assumed", week=f"{horizon:.0f}")
    made = ImputedTimes(
        outcome=outcome,
        at_risk=at_risk,
        people=people.reset_index(drop=True),
        lost=lost,
        draws=draws,
        horizon=horizon,
        delta=np.zeros(lost.sum()),
        source=arm[lost],
        cautions=(*fit.cautions, caution),
    )
    return _under(_referred(made, reference), delta)


def _referred(made: ImputedTimes, reference: str | Mapping[str, str] | None) -> ImputedTimes:
    if reference is None:
        return made
    asked = reference if isinstance(reference, Mapping) else dict.fromkeys(made.arms, reference)
    source = made.source.copy()
    own = made.people["arm"].to_numpy()[made.lost]
    for name, other in asked.items():
        found = resolve_arms(other, made.study.arms)
        at = made.arms.index(found[0].name)
        if len(found) > 1 or at not in set(made.people["arm"]):
            raise ValueError(f'"{other}" is not one arm with somebody at risk; name another.')
        source[np.isin(own, _numbers(made, name))] = at
    words = ", ".join(sorted(set(asked.values())))
    return replace(made, source=source, base=f"hazard of {words} after being lost")


def _under(made: ImputedTimes, delta: float | Mapping[str, float]) -> ImputedTimes:
    asked = delta if isinstance(delta, Mapping) else {"": delta}
    own, size, words = made.people["arm"].to_numpy()[made.lost], made.delta.copy(), []
    for name, value in asked.items():
        if not math.isfinite(value):
            raise ValueError(f"delta is {value}; it is the log of a ratio of hazards, a number.")
        who = np.isin(own, _numbers(made, name)) if name else np.ones(len(own), bool)
        size[who] = value
        if value:
            words.append(f"{'in ' + name + ' ' if name else ''}times {math.exp(value):.3g}")
    return replace(made, delta=size, worse=" and ".join(words))


def _numbers(made: ImputedTimes, name: str) -> list[int]:
    try:
        return [made.arms.index(arm.name) for arm in resolve_arms(name, made.study.arms)]
    except KeyError:
        raise KeyError(f'There is no arm "{name}"{did_you_mean(name, made.arms)}') from None
