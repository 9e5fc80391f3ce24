"""The mixed model for repeated measures that imputations come from: every slope by visit."""

from __future__ import annotations

import numpy as np

from ctevidence.models.fit import without_counts
from ctevidence.models.mmrm import MmrmFit, fit_mmrm
from ctevidence.sensitivity.conditional_normal import JointNormal
from ctevidence.sensitivity.score_table import ScoreTable


def fit_joint_normal(
    table: ScoreTable, by_arm: bool = False
) -> tuple[JointNormal, tuple[str, ...]]:
    """Parameters of all scores by restricted maximum likelihood, and cautions of the search.

    Parameters
    ----------
    table : ScoreTable
    by_arm : bool
        Slopes and covariance of each arm by itself.

    Returns
    -------
    JointNormal
        One set of parameters.
    tuple of str

    Raises
    ------
    ValueError
        When the scores do not support the model.

    Notes
    -----
    The model is arm x visit + covariate x visit with the unstructured covariance, or the simpler
    one that the engine falls back to. Imputing from it and analysing each visit adjusted for the
    same covariates gives back the estimates of that mixed model.
    """
    if not by_arm:
        model = _fitted(table, np.arange(len(table.people)))
        coef, sigma = _coefficients(model, len(table.arms), len(table.weeks))
        return JointNormal(coef[None], sigma[None, None]), tuple(
            map(without_counts, model.cautions)
        )
    found, cautions = [], []
    for a, name in enumerate(table.arms):
        model = _fitted(table, np.flatnonzero(table.arm == a))
        found.append(_coefficients(model, 1, len(table.weeks)))
        cautions += [f"{name}: {without_counts(c)}" for c in model.cautions]
    coef = np.concatenate([c for c, _ in found])
    return JointNormal(coef[None], np.array([s for _, s in found])[None]), tuple(cautions)


def _fitted(table: ScoreTable, who: np.ndarray) -> MmrmFit:
    arm = np.unique(table.arm[who], return_inverse=True)[1]
    of_people = np.hstack([
        (arm[:, None] == np.arange(arm.max() + 1)).astype(float), table.covariates[who]
    ])  # fmt: skip
    person, visit = np.nonzero(~table.missing[who])
    p, m = of_people.shape[1], len(table.weeks)
    X = np.zeros((len(person), m, p))
    X[np.arange(len(person)), visit] = of_people[person]
    score = table.scores[who][person, visit]
    try:
        return fit_mmrm(score, X.reshape(-1, m * p), person, visit, method="satterthwaite")
    except ValueError as reason:
        raise ValueError(
            f"The scores do not support a model to impute from: {without_counts(str(reason))}"
        ) from None


def _coefficients(model: MmrmFit, arms: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (arms, 1 + q, m) and covariance (m, m) of a fit."""
    by_visit = model.coef.reshape(m, -1)
    slopes = np.broadcast_to(by_visit[:, arms:], (arms, *by_visit[:, arms:].shape))
    coef = np.concatenate([by_visit[:, :arms].T[:, None], slopes.swapaxes(1, 2)], axis=1)
    return coef, model.sigma
