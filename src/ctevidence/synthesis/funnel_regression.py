"""Regressions on the precision of the studies: Egger, Peters, PET and PEESE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.synthesis.count_tables import CountTables
from ctevidence.synthesis.pairwise import two_sided_p
from ctevidence.synthesis.study_effects import StudyEffects


@dataclass(frozen=True)
class FunnelLine:
    """Weighted line of the effects on a measure of smallness.

    `limit` is the effect of an infinitely large study, `slope` how much effects differ with
    smallness; errors from the weighted residual mean square, t on `df` degrees of freedom.
    """

    limit: float
    limit_error: float
    slope: float
    slope_error: float
    df: int

    @property
    def p_slope(self) -> float:
        """Two-sided p-value of no asymmetry."""
        return two_sided_p(self.slope / self.slope_error, self.df)

    @property
    def p_limit(self) -> float:
        """Two-sided p-value of no effect in an infinitely large study."""
        return two_sided_p(self.limit / self.limit_error, self.df)


def egger(studies: StudyEffects) -> FunnelLine:
    """Effects on their standard errors, weights 1/v: Egger et al. (1997), BMJ 315:629.

    Sterne and Egger (2005), in *Publication Bias in Meta-Analysis*, ch. 6, for this form. The
    limit is also the precision-effect estimate (PET) of Stanley and Doucouliagos (2014), Res Syn
    Meth 5:60.
    """
    return _line(studies.estimate, np.sqrt(studies.variance), 1 / studies.variance)


def peese(studies: StudyEffects) -> FunnelLine:
    """Effects on their variances, weights 1/v: Stanley and Doucouliagos (2014), Res Syn Meth 5:60.

    Examples
    --------
    >>> line = peese(StudyEffects([0.2, 0.3, 0.4], [0.01, 0.02, 0.03]))
    >>> round(line.limit, 6), round(line.slope, 6)
    (0.1, 10.0)
    """
    return _line(studies.estimate, studies.variance, 1 / studies.variance)


def peters(log_odds_ratio, tables: CountTables) -> FunnelLine:
    """Log odds ratios on 1/people, weighted by the events and non-events of both arms.

    Not led astray by an odds ratio's standard error depending on the odds ratio: Peters et al.
    (2006), JAMA 295:676.

    Parameters
    ----------
    log_odds_ratio : array_like, shape (k,)
    tables : CountTables
        Studies with events and non-events.
    """
    people, events = tables.n1 + tables.n2, tables.events1 + tables.events2
    weights = 1 / (1 / events + 1 / (people - events))
    return _line(np.asarray(log_odds_ratio, float), 1 / people, weights)


def _line(y, x, weights) -> FunnelLine:
    if y.size < 3:
        raise ValueError(f"A line through {y.size} studies says nothing; three are the least.")
    if np.ptp(x) <= 1e-9 * np.abs(x).max():
        raise ValueError("All studies are equally precise: asymmetry cannot be seen.")
    X = np.column_stack([np.ones_like(x), x / np.abs(x).max()])
    cross = np.linalg.inv(X.T @ (X * weights[:, None]))
    coef = cross @ (X.T @ (weights * y))
    df = y.size - 2
    mean_square = float(weights @ (y - X @ coef) ** 2) / df
    error = np.sqrt(mean_square * np.diag(cross))
    unit = float(np.abs(x).max())
    return FunnelLine(
        float(coef[0]), float(error[0]), float(coef[1]) / unit, float(error[1]) / unit, df
    )
