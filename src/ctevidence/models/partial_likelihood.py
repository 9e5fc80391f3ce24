"""Cox's partial likelihood: value, score, information and score residuals.

With ``r_i = w_i exp(x_i b)`` and, for the l-th of d events tied at a time, ``f = l / d`` by Efron
(1977, JASA 72:557) or ``f = 0`` by Breslow (1974, Biometrics 30:89), the l-th factor has

    den = S0 - f S0_D,   a = (S1 - f S1_D) / den,   weight = mean weight of the d events

where ``S0, S1`` are sums of ``r_i`` and ``r_i x_i`` over the risk set and ``S0_D, S1_D`` over the
d events (Therneau and Grambsch 2000, *Modeling Survival Data*, 3.3). The second moments that the
information needs are never formed per event time: summed over times they are cross-products of
the rows, each weighted by the hazard it lived through.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.models.reml import OutsideParameterSpaceError
from ctevidence.models.risk_sets import RiskSets

Array = np.ndarray

#: linear predictors beyond this are on the way to infinity
LARGEST_PREDICTOR = 200.0
TIES = ("efron", "breslow")


@dataclass(frozen=True)
class PartialCurvature:
    """Log partial likelihood and derivatives at one vector of p coefficients."""

    loglik: float
    score: Array
    information: Array


@dataclass(frozen=True, eq=False)
class PartialLikelihood:
    """The partial likelihood of rows ``X`` (n, p) with weights (n,) and their risk sets."""

    X: Array
    weights: Array
    sets: RiskSets
    ties: str

    def curvature(self, coef: Array) -> PartialCurvature:
        """Value, score and information.

        Raises
        ------
        OutsideParameterSpaceError
            When a linear predictor is on the way to infinity.
        """
        at = self.moments(coef)
        dying = self.sets.dying
        gained = self.weights[dying] @ self.X[dying]
        loglik = self.weights[dying] @ at.predictor[dying] - at.weight @ np.log(at.den)
        return PartialCurvature(
            float(loglik), gained - at.weight @ at.mean, self.information(at, None)
        )

    def moments(self, coef: Array) -> Moments:
        """Sums over the risk sets at these coefficients."""
        predictor = self.X @ coef
        if not np.abs(predictor).max(initial=0.0) < LARGEST_PREDICTOR:
            raise OutsideParameterSpaceError("a linear predictor is on the way to infinity")
        sets, risk = self.sets, self.weights * np.exp(predictor)
        both = np.column_stack([risk, risk[:, None] * self.X])
        share = sets.rank / sets.deaths[sets.time_of] if self.ties == "efron" else 0.0 * sets.rank
        tied = sets.at_events(both[sets.dying])
        left = sets.sums(both)[sets.time_of] - share[:, None] * tied[sets.time_of]
        weight = sets.at_events(self.weights[sets.dying]) / sets.deaths
        return Moments(
            predictor, risk, left[:, 0], left[:, 1:] / left[:, :1], share, weight[sets.time_of]
        )

    def information(self, at: Moments, of_time: Array | None) -> Array:
        """Information (p, p), each event time counted ``of_time`` (K,) times, or once."""
        sets = self.sets
        weight = at.weight if of_time is None else at.weight * of_time[sets.time_of]
        hazard = weight / at.den
        lived = at.risk * sets.while_at_risk(sets.at_events(hazard))
        information = (self.X * lived[:, None]).T @ self.X
        if self.ties == "efron":
            spared = sets.at_events(hazard * at.share)[sets.time_of] * at.risk[sets.dying]
            own = self.X[sets.dying]
            information -= (own * spared[:, None]).T @ own
        return information - (at.mean * weight[:, None]).T @ at.mean

    def score_residuals(self, coef: Array) -> Array:
        """What each row adds to the score, shape (n, p).

        Therneau and Grambsch (2000), 4.2 and, for ties by Efron, 4.6: tied events are each at
        risk for the share of the factors that still holds them.
        """
        sets, at = self.sets, self.moments(coef)
        hazard = (at.weight / at.den)[:, None]
        passed = np.column_stack([hazard, hazard * at.mean])
        lived = sets.while_at_risk(sets.at_events(passed))
        spared = sets.at_events(passed * at.share[:, None])[sets.time_of]
        lived[sets.dying] -= spared
        residual = -at.risk[:, None] * (self.X * lived[:, :1] - lived[:, 1:])
        own_mean = (sets.at_events(at.mean) / sets.deaths[:, None])[sets.time_of]
        gained = self.weights[sets.dying][:, None] * (self.X[sets.dying] - own_mean)
        residual[sets.dying] += gained
        return residual


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over risk sets at one vector of coefficients, one entry for each of D events.

    Attributes
    ----------
    predictor, risk : array (n,)
        Of the rows: linear predictor, and weight times its exponential.
    den : array (D,)
    mean : array (D, p)
        The weighted mean covariates ``a``.
    share : array (D,)
        ``f``.
    weight : array (D,)
    """

    predictor: Array
    risk: Array
    den: Array
    mean: Array
    share: Array
    weight: Array
