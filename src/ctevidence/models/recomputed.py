"""The same numbers by another library: survival, weeks, log-rank and hazard ratios by lifelines.

Every run asks lifelines what the report is about to say. Both get the same times, so that an error
of the estimation, not of the derivation, is what this finds. Asked is only what lifelines has right
beside R: curves, restricted means, the log-rank test and Cox regression of the plain kind.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from lifelines import CoxPHFitter, KaplanMeierFitter
from lifelines.exceptions import ConvergenceError
from lifelines.statistics import multivariate_logrank_test
from lifelines.utils import restricted_mean_survival_time

from ctevidence.models.covariates import covariate_columns, of_people_with
from ctevidence.models.observed_times import observed_times
from ctevidence.models.restricted_mean import restricted_mean
from ctevidence.models.time_to_event import TimeToEventFit

#: largest difference, relative to the number or to 1 if that is more, by which two ways of
#: computing one thing may differ: closed forms, and what is found by iteration
CLOSED, ITERATED = 1e-9, 1e-5
#: lifelines stops sooner by itself
PRECISION = {"precision": 1e-12, "max_steps": 100}


@dataclass(frozen=True)
class Check:
    """One kind of number computed twice.

    Parameters
    ----------
    what : {"survival", "rmst", "log-rank", "log_hazard"}
    ours, theirs : array (k,)
        Empty where there is nothing to compare.
    allowed : float
        Largest difference, relative to the number or to 1 if that is more.
    reason : str
        Why there is nothing to compare.
    """

    what: str
    ours: np.ndarray
    theirs: np.ndarray
    allowed: float
    reason: str = ""

    @property
    def apart(self) -> float:
        """Largest difference; 0 of nothing, infinite where only one of the two has a number."""
        if not len(self.ours):
            return 0.0
        scale = np.maximum(1.0, np.abs(self.theirs))
        apart = np.max(np.abs(self.ours - self.theirs) / scale)
        return float(apart) if np.isfinite(apart) else np.inf

    @property
    def agrees(self) -> bool:
        return self.apart <= self.allowed


def recompute(fit: TimeToEventFit, week: float) -> tuple[Check, ...]:
    """Ask lifelines for what a fit says.

    Parameters
    ----------
    fit : TimeToEventFit
        Without weights.
    week : float
        Weeks since risk began, until which every arm is followed.

    Returns
    -------
    tuple of Check
        Survival and restricted mean of each arm at the week, log-rank statistic, and the
        coefficients of the Cox regression with their errors.

    Examples
    --------
    >>> from ctevidence.models.over_time import relapse_over_time
    >>> from ctevidence.simulate.study import simulate_study
    >>> relapse = relapse_over_time(simulate_study(n=120, seed=1))
    >>> all(check.agrees for check in recompute(relapse.fit, relapse.week))
    True
    """
    curves = {
        arm: KaplanMeierFitter().fit(people["time"], people["event"])
        for arm, people in fit.people.groupby("arm")
        if arm in fit.curves and 0 < week <= fit.curves[arm].known_until
    }
    arms = list(curves)
    survival = np.array([fit.curves[arm].at([week])[0] for arm in arms])
    weeks = np.array([restricted_mean(fit.curves[arm], [week])[0][0] for arm in arms])
    return (
        Check("survival", survival, _each(curves, lambda c: c.predict(week)), CLOSED),
        Check("rmst", weeks, _each(curves, lambda c: restricted_mean_survival_time(c, t=week)),
              CLOSED),
        _log_rank(fit),
        _hazards(fit),
    )  # fmt: skip


def _each(curves: dict[str, KaplanMeierFitter], number) -> np.ndarray:
    return np.array([float(number(curve)) for curve in curves.values()])


def _log_rank(fit: TimeToEventFit) -> Check:
    ours, nothing = fit.log_rank(), np.zeros(0)
    if not ours.df:
        reason = "no arms in which the event could be compared"
        return Check("log-rank", nothing, nothing, CLOSED, reason)
    people = fit.people
    found = multivariate_logrank_test(people["time"], people["arm"], people["event"])
    return Check("log-rank", np.array([ours.statistic]), np.array([found.test_statistic]), CLOSED)


def _hazards(fit: TimeToEventFit) -> Check:
    """Coefficients and errors of the regression that the hazard ratios come from."""
    hazards, nothing = fit.hazards, np.zeros(0)
    if hazards.model is None or hazards.clustered_by:
        reason = hazards.clustered_by and "lifelines has other errors over clusters"
        reason = reason or "no hazard ratio can be estimated"
        return Check("log_hazard", nothing, nothing, ITERATED, reason)
    table = _design(fit)
    ours = np.concatenate([hazards.model.coef, np.sqrt(np.diag(hazards.model.cov))])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of columns that vary little: the numbers will tell
            found = CoxPHFitter().fit(table, "time", "event", fit_options=PRECISION)
    except (ConvergenceError, ValueError) as reason:
        return Check("log_hazard", nothing, nothing, ITERATED, f"lifelines stopped: {reason}")
    theirs = np.concatenate([found.params_, found.standard_errors_])
    return Check("log_hazard", ours, theirs, ITERATED)


def _design(fit: TimeToEventFit) -> pd.DataFrame:
    """Times, events and columns, in the order of the coefficients of the fit."""
    hazards, study = fit.hazards, fit.study
    complete = of_people_with(fit.outcome, hazards.adjusted_for)
    people = observed_times(complete, fit.groups.at_risk)
    arms = [arm.name for arm in study.arms]
    used = [arms[i] for i in np.flatnonzero(np.isfinite(hazards.estimate))]
    people = people[people["arm"].isin(used)].reset_index(drop=True)
    of_arm = {f"arm {arm}": (people["arm"] == arm).astype(float) for arm in used[1:]}
    columns, names = covariate_columns(study, people["participant_id"], hazards.adjusted_for)
    others = pd.DataFrame(columns, columns=names)
    return people[["time", "event"]].assign(**of_arm).join(others)
