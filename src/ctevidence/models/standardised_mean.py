"""Means in standard deviations: the scale on which different rating scales can be compared."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from ctevidence.contrasts.compare import joined
from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.covariance_structures import on_visits
from ctevidence.models.mmrm import MmrmFit
from ctevidence.names import in_words

STANDARDISERS = ("baseline", "residual")


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Estimated standard deviations to divide by, with what is not known about them.

    Parameters
    ----------
    weeks : tuple of float, length m
        The weeks that each of them is for.
    sd : ndarray, shape (m,)
        nan where there is none.
    log_cov : ndarray, shape (m, m)
        Covariance of their logarithms.
    words : str
        What they are, for the column ``method``.
    caution : str
    """

    weeks: tuple[float, ...]
    sd: np.ndarray
    log_cov: np.ndarray
    words: str
    caution: str = ""


def baseline_sd(study: Study, weeks: tuple[float, ...]) -> Standardiser:
    """Standard deviation of the baseline scores of everyone who entered, for all weeks.

    Notes
    -----
    The variance of its logarithm is :math:`1/(2(n-1))`, exact to first order for normal scores.
    """
    scores = study.entering()["baseline"].to_numpy(float)
    sd = float(np.std(scores, ddof=1)) if len(scores) > 1 else np.nan
    sd = sd if sd > 0 else np.nan
    m = len(weeks)
    log_variance = 1 / (2 * (len(scores) - 1)) if np.isfinite(sd) else np.nan
    narrowed = not np.isnan(study.rules.entry.baseline_at_least)
    return Standardiser(
        weeks,
        np.full(m, sd),
        np.full((m, m), log_variance),
        say("models.standardised_mean.baseline_sd"),
        say("models.standardised_mean.narrowed") if narrowed else "",
    )


def residual_sd(model: MmrmFit, weeks: tuple[float, ...], given: tuple[str, ...]) -> Standardiser:
    """Standard deviation of the scores at each visit that the model leaves, by its covariance.

    Parameters
    ----------
    model : MmrmFit
    weeks : tuple of float
        Those that were not attended have none.
    given : tuple of str
        What the model adjusts for: the deviation is that among people alike in these.

    Raises
    ------
    ValueError
        When the method of inference says nothing about the covariance parameters.

    Notes
    -----
    :math:`\\operatorname{cov}(\\log\\hat\\sigma) = D W D^\\top` with W the inverse observed
    information of the covariance parameters and D the derivatives of :math:`\\log\\sigma_w`.
    """
    if not hasattr(model.inference, "weights"):
        raise ValueError(
            "The residual SD is estimated with an error that this method of inference does not "
            'give. Use method="kenward-roger" or "satterthwaite", or standardise_by="baseline".'
        )
    visits = [weeks.index(week) for week in model.visits if week in weeks]
    of_model = [i for i, week in enumerate(model.visits) if week in weeks]
    k = len(model.visits)
    variance, slopes, _ = on_visits(model.covariance, k).derivatives(model.theta)
    diagonal = np.arange(k) * (k + 1)
    variance, slopes = variance[diagonal], slopes[:, diagonal] / (2 * variance[diagonal])
    sd = np.full(len(weeks), np.nan)
    log_cov = np.full((len(weeks), len(weeks)), np.nan)
    sd[visits] = np.sqrt(variance[of_model])
    among = slopes.T @ model.inference.weights @ slopes
    log_cov[np.ix_(visits, visits)] = among[np.ix_(of_model, of_model)]
    alike = (
        say("models.standardised_mean.alike", covariates=", ".join(map(in_words, given)))
        if given
        else ""
    )
    return Standardiser(
        weeks, sd, log_cov, say("models.standardised_mean.residual_sd", alike=alike)
    )


def standardised(levels: Levels, by: Standardiser) -> Levels:
    r"""Mean levels divided by standard deviations that are themselves estimated.

    Parameters
    ----------
    levels : Levels
        Of ``mean``, identity link.
    by : Standardiser
        For all weeks of the levels.

    Returns
    -------
    Levels
        Of ``standardised_mean``; a contrast of them is Hedges' g with the error of a difference
        of means and of the standard deviation. Degrees of freedom are those of the same contrast
        of the means.

    Notes
    -----
    :math:`\theta_i = J_i\mu_i/\sigma_i` has, with :math:`G = \operatorname{cov}(\log\sigma)` and
    means and standard deviations independent, the covariance
    :math:`D V D + \theta\theta^\top \circ G`, :math:`D = \operatorname{diag}(J_i/\sigma_i)`, so
    that a difference d has :math:`J^2 V_d/\sigma^2 + d^2 G`. The small-sample factor
    :math:`J = \Gamma(\nu/2) / \{\Gamma((\nu-1)/2)\sqrt{\nu/2}\}` is taken at
    :math:`\nu = 1/(2G)` (Hedges 1981, J Educ Stat 6:107).
    """
    at = [by.weeks.index(key.week) for key in levels.keys]
    scale = small_sample_factor(1 / (2 * np.diag(by.log_cov)))[at] / by.sd[at]
    estimate = scale * levels.estimate
    unsure = np.outer(estimate, estimate) * by.log_cov[np.ix_(at, at)]
    df_for = levels.df_for

    def df_of(c: np.ndarray) -> float:
        return df_for(np.where(c == 0, 0.0, c * scale))

    known = np.isfinite(estimate)
    missing = say("models.standardised_mean.no_spread") if np.isnan(by.sd).all() else ""
    return replace(
        levels,
        measure="standardised_mean",
        unit="",
        estimate=estimate,
        cov=np.where(np.outer(known, known), levels.cov * np.outer(scale, scale) + unsure, np.nan),
        df_for=df_of if df_for else None,
        method=say("models.standardised_mean.method", method=levels.method, by=by.words),
        caution=joined(levels.caution, by.caution, missing),
    )


def small_sample_factor(df: np.ndarray | float) -> np.ndarray:
    """What makes a standardised difference unbiased: Hedges' exact factor J.

    Parameters
    ----------
    df : float or ndarray
        Degrees of freedom of the standard deviation.

    Returns
    -------
    ndarray
        Of the same shape; nan for 1 or less, where the difference has no mean.

    Examples
    --------
    Close to 1 - 3/(4 df - 1), which is 0.9492 here.

    >>> float(small_sample_factor(15.0).round(4))
    0.949
    """
    df = np.asarray(df, float)
    df = np.where(df > 1, df, np.nan)
    return np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2)
