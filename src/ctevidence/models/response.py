"""Risks of response: counted, or standardised over the covariates of everyone analysed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ctevidence.contrasts.combination import wilson
from ctevidence.models.covariates import adjustment, covariate_columns
from ctevidence.models.fit import ScheduledFit, build_levels, refuse_weights
from ctevidence.models.standardised_risk import (
    Risks,
    counted_risks,
    standardised_risks,
    why_not_adjustable,
)
from ctevidence.outcomes.outcome import Outcome

COUNTED = "counts; Wilson interval of each arm"


def fit_response(outcome: Outcome, adjust: Sequence[str] | None = None) -> ScheduledFit:
    """Risk of an outcome under each arm, at each of its weeks, jointly.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``response``; people whose value is missing are not analysed at that week.
    adjust : sequence of str, optional
        Covariates; those declared by the study when absent, ``[]`` for none.

    Returns
    -------
    ScheduledFit
        Levels of ``risk``. `n` and `events` are the people analysed. An arm without anybody at a
        week is ``nan`` there, with a caution.

    Raises
    ------
    ValueError
        When a covariate is missing for somebody, or the same for everybody.
    KeyError
        For an unknown covariate.

    Notes
    -----
    Adjusted risks are those of everyone analysed at the week as if all were in the arm; see
    `standardised_risk`. Where the data cannot carry the regression at one of the weeks
    (`standardised_risk.why_not_adjustable`), all weeks are counted instead and a caution says
    so: weeks of one fit stay comparable.

    Unadjusted risks carry Wilson intervals, so that an arm where it happened to nobody has one
    too; differences of them use Newcombe's method.
    """
    refuse_weights(outcome)
    names = adjustment(outcome.study, adjust)
    values = outcome.frame.pivot(index="participant_id", columns="week", values="value")
    arms = _arm_numbers(outcome, values.index)
    weekly = {week: values[week].dropna() for week in values}
    unable = _why_unable(outcome, weekly, arms, names) if names else ""
    if names and not unable:
        risks = {
            week: standardised_risks(
                y.to_numpy(), arms[y.index].to_numpy(), len(outcome.study.arms),
                covariate_columns(outcome.study, y.index, names)[0],
            )
            for week, y in weekly.items()
        }  # fmt: skip
        method = (
            f"logistic regression on arm and {', '.join(names)}, standardised over everyone "
            "analysed; stacked influence functions, HC3"
        )
        return _fit(outcome, weekly, arms, risks, method)
    cautions = (f"not adjusted for {', '.join(names)}: {unable}",) if unable else ()
    return count(outcome, weekly, arms, cautions)


def count(
    outcome: Outcome,
    weekly: dict[float | None, pd.Series],
    arms: pd.Series,
    cautions: tuple[str, ...] = (),
) -> ScheduledFit:
    """The fit of plain counts.

    Parameters
    ----------
    weekly : dict of week to Series
        0 and 1 of the people analysed, by participant.
    arms : Series of int
        Number of the arm of each participant.
    """
    risks = {
        week: counted_risks(y.to_numpy(float), arms[y.index].to_numpy(), len(outcome.study.arms))
        for week, y in weekly.items()
    }
    return _fit(outcome, weekly, arms, risks, COUNTED, cautions)


def _arm_numbers(outcome: Outcome, people: pd.Index) -> pd.Series:
    number = {arm.name: i for i, arm in enumerate(outcome.study.arms)}
    arms = outcome.frame.drop_duplicates("participant_id").set_index("participant_id")["arm"]
    return arms.map(number).astype(int).reindex(people)


def _why_unable(outcome: Outcome, weekly: dict, arms: pd.Series, names: Sequence[str]) -> str:
    for week, y in weekly.items():
        if y.empty:
            continue
        covariates = covariate_columns(outcome.study, y.index, names)[0]
        reason = why_not_adjustable(y.to_numpy(), arms[y.index].to_numpy(), covariates)
        if reason:
            return f"at week {week:g}, {reason}"
    return ""


def _fit(
    outcome: Outcome,
    weekly: dict[float | None, pd.Series],
    arms: pd.Series,
    risks: dict[float | None, Risks],
    method: str,
    cautions: tuple[str, ...] = (),
) -> ScheduledFit:
    study = outcome.study
    keys = [(arm.name, week) for week in weekly for arm in study.arms]
    member = {week: arms[y.index].to_numpy()[:, None] == np.arange(len(study.arms))
              for week, y in weekly.items()}  # fmt: skip
    n = np.concatenate([m.sum(axis=0) for m in member.values()])
    events = np.concatenate([weekly[w].to_numpy(float) @ m for w, m in member.items()])
    influence = pd.concat(
        [pd.DataFrame(risks[w].influence, index=y.index) for w, y in weekly.items()], axis=1
    ).fillna(0.0)
    cautions = (*outcome.cautions, *cautions, *_nobody(outcome, keys, n))
    counted = method == COUNTED
    levels = build_levels(
        outcome,
        "risk",
        keys,
        np.concatenate([risks[week].estimate for week in weekly]),
        influence.to_numpy().T @ influence.to_numpy(),
        n=n,
        events=events,
        method=method,
        cautions=cautions,
        interval_for=(lambda conf_level: _wilson(events, n, conf_level)) if counted else None,
    )
    models = {week: r.model for week, r in risks.items() if r.model is not None}
    return ScheduledFit(outcome, levels, models or None, cautions)


def _wilson(events: np.ndarray, n: np.ndarray, conf_level: float) -> np.ndarray:
    nothing = (np.nan, np.nan)
    return np.array(
        [wilson(e, k, conf_level) if k else nothing for e, k in zip(events, n, strict=True)]
    )


def _nobody(outcome: Outcome, keys: list, n: np.ndarray):
    """One caution for each level with nobody behind it."""
    for (arm, week), people in zip(keys, n, strict=True):
        if people == 0:
            at = "" if week is None else f" at week {week:g}"
            yield f"{outcome.name} is known for nobody of {arm}{at}"
