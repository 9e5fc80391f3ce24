"""The course of scores over the visits: a mixed model for repeated measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ctevidence.models.covariance_structures import ALIASES, ON_VISITS
from ctevidence.models.covariates import adjustment, covariate_columns, of_people_with
from ctevidence.models.fit import ScheduledFit, build_levels, nothing_to_fit, refuse_weights
from ctevidence.models.mmrm import METHODS, MmrmFit, fit_mmrm
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
        attended is ``nan``, with a caution. Where there are too few scores, covariates are
        dropped, and if that does not help all levels are ``nan``; a caution says so. `model` is
        the `MmrmFit`, or None.

    Raises
    ------
    ValueError
        For an unknown covariance or method.

    Notes
    -----
    Each arm and visit has its own coefficient and the covariates are centred, so that the first
    coefficients are the marginal means; contrasts do not depend on this parameterisation.
    """
    refuse_weights(outcome)
    names = tuple(adjustment(outcome.study, adjust))
    fitted = _fit(of_people_with(outcome, names), names, covariance, method)
    if fitted.model is None and names:
        plain = (*outcome.cautions, f"too few scores to adjust for {', '.join(names)}")
        fitted = _fit(replace(outcome, cautions=plain), (), covariance, method)
    return fitted


def _fit(outcome: Outcome, names: tuple[str, ...], covariance: str, method: str) -> ScheduledFit:
    """The fit with these covariates; levels without a value where the data do not allow it."""
    rows = outcome.frame[outcome.frame["score"].notna()]
    weeks = sorted({*outcome.study.weeks, *rows["week"]})
    seen = rows.groupby(["week", "arm"], observed=True).size()
    keys = [(arm.name, week) for week in weeks for arm in outcome.study.arms]
    n = np.array([seen.get((week, arm), 0) for arm, week in keys])
    cells = [key for key, people in zip(keys, n, strict=True) if people]
    model = _model(outcome, rows, cells, names, covariance, method)
    if model is None:
        return nothing_to_fit(outcome, keys, n)
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


def _model(outcome, rows, cells, names, covariance, method) -> MmrmFit | None:
    """The fitted engine; None where there are too few scores for it."""
    if not cells:
        return None
    X, labels = _design(outcome, rows, cells, names)
    score, person = rows["score"].to_numpy(float), rows["participant_id"].to_numpy()
    week = rows["week"].to_numpy(float)
    try:
        return fit_mmrm(score, X, person, week, covariance, method, names=labels)
    except ValueError:
        # a wrong word is the caller's to mend; anything else is a lack of data
        known = {*ALIASES, *ON_VISITS}
        if covariance not in known or method not in METHODS:
            raise
        return None


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
