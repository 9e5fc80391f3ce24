"""The maximum of a partial likelihood, where there is a finite one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.models.partial_likelihood import PartialCurvature, PartialLikelihood
from ctevidence.models.reml import OutsideParameterSpaceError
from ctevidence.models.risk_sets import RiskSets

Array = np.ndarray

#: A standard error this large, in standard deviations of the covariate, is that of a coefficient
#: on its way to infinity: its likelihood is flat.
LARGEST_ERROR = 1e3
MAX_STEPS, MAX_HALVINGS = 50, 30
#: Twice the log-likelihood still to be gained, relative to it, at which the last step is taken.
GAIN_LEFT = 1e-12


class SeparationError(ArithmeticError):
    """The covariates separate those with the event from the others: no finite estimate exists."""


@dataclass(frozen=True)
class Null:
    """No effect at all: the log-likelihood there, and the score test of it."""

    loglik: float
    chi2: float


@dataclass(frozen=True, eq=False)
class PartialMaximum:
    """Where a partial likelihood is largest.

    Attributes
    ----------
    coef, cov : array (p,), (p, p)
        In the units of the columns; `cov` is the inverse information.
    loglik : float
    null : Null
    likelihood : PartialLikelihood
        Of the columns in standard deviations, `scale` (p,) of them to one of `coef`.
    scale : array (p,)
    """

    coef: Array
    cov: Array
    loglik: float
    null: Null
    likelihood: PartialLikelihood
    scale: Array

    def score_residuals(self) -> Array:
        """What each row adds to the score, shape (n, p)."""
        return self.likelihood.score_residuals(self.coef * self.scale) * self.scale


def maximise_partial(
    X: Array, weights: Array, sets: RiskSets, ties: str, names: tuple[str, ...]
) -> PartialMaximum:
    """Climb to the maximum.

    Parameters
    ----------
    X : array (n, p)
    weights : array (n,)
    sets : RiskSets
    ties : {"efron", "breslow"}
    names : tuple of p str

    Raises
    ------
    ValueError
        When a column tells nothing, or nothing beyond the others.
    SeparationError
        When a coefficient has no finite estimate; the message names the columns.
    """
    centre = weights @ X / weights.sum()
    scale = np.sqrt(weights @ (X - centre) ** 2 / weights.sum())
    flat = [name for name, s in zip(names, scale, strict=True) if not s > 0]
    if flat:
        raise ValueError(f"{', '.join(flat)} does not vary: no hazard ratio can be estimated.")
    likelihood = PartialLikelihood((X - centre) / scale, weights, sets, ties)
    null = likelihood.curvature(np.zeros(len(names)))
    _refuse_aliased(null.information, names)
    found, here = _climb(likelihood, null)
    model_cov = np.linalg.pinv(here.information, hermitian=True)
    endless = ~(np.sqrt(np.abs(model_cov.diagonal())) < LARGEST_ERROR)
    if found is None or endless.any():
        where = ", ".join(n for n, bad in zip(names, endless, strict=True) if bad) or "the columns"
        raise SeparationError(
            f"{where}: the covariates separate those with the event from the others, so that no "
            "finite hazard ratio exists. Leave the column out, or join its groups."
        )
    back = 1 / np.outer(scale, scale)
    chi2 = float(null.score @ np.linalg.solve(null.information, null.score))
    return PartialMaximum(
        coef=found / scale,
        cov=model_cov * back,
        loglik=here.loglik,
        null=Null(null.loglik, chi2),
        likelihood=likelihood,
        scale=scale,
    )


def _climb(
    likelihood: PartialLikelihood, here: PartialCurvature
) -> tuple[Array | None, PartialCurvature]:
    """Newton steps from zero, halved until the likelihood rises: it is concave.

    The coefficients are None when they run away before the likelihood is flat.
    """
    coef = np.zeros(len(here.score))
    for _ in range(MAX_STEPS):
        step = np.linalg.lstsq(here.information, here.score)[0]
        gain = float(here.score @ step)
        done = gain < GAIN_LEFT * max(1.0, abs(here.loglik))
        for _ in range(MAX_HALVINGS):
            try:
                there = likelihood.curvature(coef + step)
            except OutsideParameterSpaceError:
                there = None
            # the last full step is taken whatever it gains: it squares the error that is left
            if there and (done or there.loglik >= here.loglik):
                break
            step = step / 2
        else:
            return None, here
        coef, here = coef + step, there
        if done:
            return coef, here
    return None, here


def _refuse_aliased(information: Array, names: tuple[str, ...]) -> None:
    """Refuse columns that tell nothing, or nothing beyond the others, at any event."""
    size = np.sqrt(np.maximum(information.diagonal(), 0))
    nothing = [n for n, s in zip(names, size, strict=True) if s < 1e-8 * max(1.0, size.max())]
    if nothing:
        raise ValueError(f"{', '.join(nothing)} does not differ among people at risk at any event.")
    correlation = information / np.outer(size, size)
    values, axes = np.linalg.eigh(correlation)
    if values[0] < 1e-10:
        together = [n for n, a in zip(names, axes[:, 0], strict=True) if abs(a) > 1e-4]
        raise ValueError(
            f"{', '.join(together)} are combinations of each other among people at risk: their "
            "hazard ratios cannot be told apart. Leave one out."
        )
