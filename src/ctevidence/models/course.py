"""The course of scores over the visits: a mixed model for repeated measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ctevidence.models.covariates import adjustment, covariate_columns, of_people_with
from ctevidence.models.fit import ScheduledFit, build_levels, refuse_weights
from ctevidence.models.mmrm import MmrmFit, fit_mmrm
from ctevidence.outcomes.outcome import Outcome

BASELINE = "baseline"


def fit_course(
    outcome: Outcome,
    adjust: Sequence[str] | None = None,
    covariance: str = "unstructured",
    method: str = "kenward-roger",
) -> ScheduledFit:
    """Mean score under each arm at each visit, by a mixed model for repeated measures.

    The model is arm x visit + baseline x visit + the other covariates.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course``.
    adjust : sequence of str, optional
        Covariates; those declared by the study when absent, ``[]`` for none. ``"baseline"`` has a
        slope of its own at each visit, any other covariate one for all visits. People for whom
        a covariate is missing are left out, with a caution.
    covariance, method : str
        Covariance within a person, and inference; see `ctevidence.models.mmrm.fit_mmrm`.

    Returns
    -------
    ScheduledFit
        Levels of ``mean``: marginal means at the mean covariates of everyone with a score, each
        person counted once. `n` is the people seen at the visit. A visit that nobody of an arm
        attended is ``nan``, with a caution. `model` is the `MmrmFit`.

    Raises
    ------
    ValueError
        When no score is there to fit, or the model cannot be estimated.

    Notes
    -----
    Each arm and visit has its own coefficient and the covariates are centred, so that the first
    coefficients are the marginal means; contrasts do not depend on this parameterisation.
    """
    refuse_weights(outcome)
    names = adjustment(outcome.study, adjust)
    outcome = of_people_with(outcome, names)
    rows = outcome.frame[outcome.frame["score"].notna()]
    if rows.empty:
        raise ValueError(f"{outcome.name} has no score at any visit: there is nothing to fit.")
    weeks = sorted({*outcome.study.weeks, *rows["week"]})
    seen = rows.groupby(["week", "arm"], observed=True).size()
    keys = [(arm.name, week) for week in weeks for arm in outcome.study.arms]
    n = np.array([seen.get((week, arm), 0) for arm, week in keys])
    cells = [key for key, people in zip(keys, n, strict=True) if people]
    X, labels = _design(outcome, rows, cells, names)
    model = fit_mmrm(
        rows["score"].to_numpy(float),
        X,
        rows["participant_id"].to_numpy(),
        rows["week"].to_numpy(float),
        covariance,
        method,
        names=labels,
    )
    unseen = (f"nobody of {arm} has a score at week {week:g}"
              for (arm, week), people in zip(keys, n, strict=True) if not people)  # fmt: skip
    cautions = (*outcome.cautions, *model.cautions, *unseen)
    fixed = f", adjusted for {', '.join(names)}" if names else ""
    estimate, cov, df_for = _marginal_means(model, n > 0)
    levels = build_levels(
        outcome,
        "mean",
        keys,
        estimate,
        cov,
        n=n,
        events=None,
        method=model.method + fixed,
        cautions=cautions,
        unit=f"{outcome.study.scale.label} points",
        df_for=df_for,
    )
    return ScheduledFit(outcome, levels, model, cautions)


def _design(
    outcome: Outcome, rows: pd.DataFrame, cells: list[tuple[str, float]], names: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """One column for each arm and visit attended, then baseline by visit, then covariates."""
    people = pd.Index(rows["participant_id"].unique())
    of_row = people.get_indexer(rows["participant_id"])
    arm, week = rows["arm"].to_numpy(), rows["week"].to_numpy(float)
    columns = [(arm == a) & (week == w) for a, w in cells]
    labels = [f"{a}, week {w:g}" for a, w in cells]
    if BASELINE in names:
        baseline = covariate_columns(outcome.study, people, [BASELINE])[0][of_row, 0]
        attended = sorted(set(week))
        columns += [baseline * (week == w) for w in attended]
        labels += [f"{BASELINE}, week {w:g}" for w in attended]
    others = [name for name in names if name != BASELINE]
    covariates, other_labels = covariate_columns(outcome.study, people, others)
    X = np.column_stack([*columns, covariates[of_row]]).astype(float)
    return X, labels + other_labels


def _marginal_means(model: MmrmFit, attended: np.ndarray):
    """Means of all arms and visits, their covariance, and degrees of freedom of contrasts.

    Parameters
    ----------
    attended : ndarray of bool, shape (m,)
        Which arms and visits have a coefficient; they are the first of the model.
    """
    k = int(attended.sum())
    estimate = np.full(len(attended), np.nan)
    cov = np.full((len(attended), len(attended)), np.nan)
    estimate[attended] = model.coef[:k]
    cov[np.ix_(attended, attended)] = model.cov[:k, :k]

    def df_for(c: np.ndarray) -> float:
        contrast = np.zeros(len(model.coef))
        contrast[:k] = c[attended]
        return model.df_for(contrast)

    return estimate, cov, df_for
