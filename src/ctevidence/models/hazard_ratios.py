"""Hazard ratios between arms, where they have finite values: of Cox, or of Fine and Gray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from ctevidence.language import say
from ctevidence.models.cox import CoxFit, ScoreTest, fit_cox
from ctevidence.models.fine_gray import FineGrayFit, fit_fine_gray
from ctevidence.models.proportional_hazards import proportional_hazards_test
from ctevidence.models.shared_frailty import FrailtyFit

#: Events that each coefficient of an adjusted model needs (Vittinghoff and McCulloch 2007,
#: Am J Epidemiol 165:710: from 5 on, problems are uncommon).
EVENTS_PER_COEFFICIENT = 5
#: Below this p-value of the score test, a hazard ratio carries the caution that it changes over
#: time; the restricted mean, which needs no such assumption, is what leads in any case.
PROPORTIONAL_BELOW = 0.05


@dataclass(frozen=True, eq=False)
class LogHazards:
    """Log hazards of k arms relative to one of them.

    Parameters
    ----------
    estimate : ndarray, shape (k,)
        0 for the arm that the others are relative to; nan where no finite ratio exists.
    cov : ndarray, shape (k, k)
    model : CoxFit, FineGrayFit, FrailtyFit or None
        None where there is nothing to compare.
    adjusted_for : tuple of str
        Columns of the covariates.
    change : ScoreTest or None
        Test that ratios between arms do not change over time; None where there is no model.
    clustered_by : str
        The column over whose groups the covariance is robust; empty for none.
    cautions : tuple of str
    """

    estimate: np.ndarray
    cov: np.ndarray
    model: CoxFit | FineGrayFit | FrailtyFit | None
    adjusted_for: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    change: ScoreTest | None = None
    clustered_by: str = ""

    @property
    def changes_over_time(self) -> bool:
        """Whether the score test says that hazards are not proportional."""
        return self.change is not None and self.change.p_value < PROPORTIONAL_BELOW


def log_hazards(
    time: np.ndarray,
    event: np.ndarray,
    arm: np.ndarray,
    names: Sequence[str],
    covariates: pd.DataFrame | None = None,
    cluster: np.ndarray | None = None,
    competed: np.ndarray | None = None,
) -> LogHazards:
    """Cox regression on arms and covariates, `cox.fit_cox`, or `fine_gray.fit_fine_gray`.

    Parameters
    ----------
    time : ndarray, shape (n,)
        Weeks at risk.
    event : ndarray of bool, shape (n,)
    arm : ndarray of int, shape (n,)
        Number of each person's arm among `names`.
    names : sequence of str, length k
    covariates : DataFrame, shape (n, q), optional
    cluster : ndarray, shape (n,), optional
        Groups whose people are alike, for a robust covariance.
    competed : ndarray of bool, shape (n,), optional
        Whether it ended with something that competes with the event. When given, the regression
        is that of Fine and Gray: these people stay at risk.

    Raises
    ------
    ArithmeticError
        With covariates: when there are too few events for them (`EVENTS_PER_COEFFICIENT`), or when
        they separate those with the event from the others, so that no finite estimate exists.
    """
    last = time if competed is None else np.where(competed, np.inf, time)
    used = arms_with_finite_ratios(last, event, arm, len(names))
    estimate, cov = np.full(len(names), np.nan), np.full((len(names), len(names)), np.nan)
    estimate[used], cov[np.ix_(used, used)] = 0.0, 0.0
    if len(used) < 2:
        return LogHazards(estimate, cov, None)
    others = used[1:]
    coefficients = len(others) + (0 if covariates is None else covariates.shape[1])
    if covariates is not None and event.sum() < EVENTS_PER_COEFFICIENT * coefficients:
        raise ArithmeticError(
            say("models.few_events", few=EVENTS_PER_COEFFICIENT, coefficients=coefficients)
        )
    labels = [f"arm {names[a]}" for a in others]
    table = pd.DataFrame({label: arm == a for label, a in zip(labels, others, strict=True)})
    if covariates is not None:
        table = table.join(covariates.reset_index(drop=True))
    kept = np.isin(arm, used)
    X, columns = table[kept].to_numpy(float), [str(c) for c in table]
    within = None if cluster is None else cluster[kept]
    if competed is None:
        model = fit_cox(time[kept], event[kept], X, names=columns, cluster=within)
    else:
        cause = np.where(event, 1, np.where(competed, 2, 0))[kept]
        model = fit_fine_gray(time[kept], cause, X, names=columns, cluster=within)
    k = len(others)
    estimate[others] = model.coef[:k]
    cov[np.ix_(others, others)] = model.cov[:k, :k]
    if competed is not None:
        return LogHazards(estimate, cov, model)
    change = proportional_hazards_test(model, terms={"arms": labels})["arms"]
    found = LogHazards(estimate, cov, model, change=change)
    return (
        replace(found, cautions=(say("models.hazard_ratios.changes"),))
        if found.changes_over_time
        else found
    )


def arms_with_finite_ratios(
    time: np.ndarray, event: np.ndarray, arm: np.ndarray, n_arms: int
) -> np.ndarray:
    """The largest set of arms among which all hazard ratios are finite.

    Parameters as in `log_hazards`.

    Returns
    -------
    ndarray of int
        Numbers of arms, rising; of sets equally large the one with the first arm. An arm without
        an event is in none.

    Notes
    -----
    At each event its arm "beats" the arms that are at risk then. The partial likelihood has a
    finite maximum exactly when every arm beats every other, directly or through others: the
    condition of Ford (1957, Am Math Mon 64:28) for paired comparisons. If one set of arms only
    ever beats the rest, ratios between them are infinite, and those within the set are as if the
    rest were not there.

    Examples
    --------
    Nobody of the third arm has the event:

    >>> arms_with_finite_ratios(np.array([1.0, 2, 3, 4, 5]), np.array([1, 1, 1, 0, 0], bool),
    ...     np.array([0, 1, 0, 1, 2]), 3)
    array([0, 1])
    """
    of_arm = arm[:, None] == np.arange(n_arms)
    happened = of_arm & event[:, None]
    first_event = np.min(np.where(happened, time[:, None], np.inf), axis=0, initial=np.inf)
    last_seen = np.max(np.where(of_arm, time[:, None], -np.inf), axis=0, initial=-np.inf)
    beats = first_event[:, None] <= last_seen
    _, group = connected_components(beats, connection="strong")
    with_event = np.flatnonzero(np.isfinite(first_event))
    if not len(with_event):
        return with_event
    largest = max(group[with_event], key=lambda g: np.sum(group[with_event] == g))
    return with_event[group[with_event] == largest]
