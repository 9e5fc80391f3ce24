"""What each study does to a pooled effect: leverage, distance, and tau-squared without it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtr

from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.synthesis.contrast_rows import ContrastRows
from ctevidence.synthesis.pairwise import PairwisePool, leave_one_out


@dataclass(frozen=True, eq=False)
class Influence:
    r"""Diagnostics of each study, arrays of shape (k,), on the analysis scale.

    With :math:`\hat\mu, \hat\tau^2, w_i` of all studies, and :math:`(i)` for all but study i;
    :math:`q_{(i)}` the Hartung-Knapp factor, 1 where there is none.

    Attributes
    ----------
    study : tuple of str
    hat : ndarray
        Leverage :math:`h_i = w_i/\sum w`, here also the weight.
    cooks_distance : ndarray
        :math:`(\hat\mu-\hat\mu_{(i)})^2/\mathrm{se}^2(\hat\mu)`.
    dffits : ndarray
        :math:`(\hat\mu-\hat\mu_{(i)})/\sqrt{q_{(i)} h_i (v_i+\hat\tau^2_{(i)})}`.
    deleted_residual : ndarray
        :math:`(y_i-\hat\mu_{(i)})/\sqrt{q_{(i)}(v_i+\hat\tau^2_{(i)}) + \mathrm{se}^2_{(i)}}`.
    covariance_ratio : ndarray
        :math:`\mathrm{se}^2_{(i)}/\mathrm{se}^2`; below 1 where the study makes the mean less
        certain.
    dfbetas : ndarray
        :math:`(\hat\mu-\hat\mu_{(i)})` over the standard error with the weights of
        :math:`\hat\tau^2_{(i)}` on all studies.
    tau2_without, q_without : ndarray
        Heterogeneity of the other studies.
    tau2_change : ndarray
        `tau2_without` less that of all studies.
    flagged : ndarray of bool
        Whether \|DFFITS\| exceeds :math:`3\sqrt{1/(k-1)}`, Cook's distance the median of
        :math:`\chi^2_1`, the leverage 3/k, or \|DFBETAS\| 1: Viechtbauer and Cheung (2010), Res
        Syn Meth 1:112.
    """

    study: tuple[str, ...]
    hat: np.ndarray
    cooks_distance: np.ndarray
    dffits: np.ndarray
    deleted_residual: np.ndarray
    covariance_ratio: np.ndarray
    dfbetas: np.ndarray
    tau2_without: np.ndarray
    q_without: np.ndarray
    tau2_change: np.ndarray
    flagged: np.ndarray


def influence(pool: PairwisePool) -> Influence:
    """Influence of each study on the random-effects mean; see `Influence`.

    Raises
    ------
    ValueError
        For fewer than three studies: without one, nothing is left to pool.

    Examples
    --------
    >>> from ctevidence.synthesis.pairwise import pool_effects
    >>> found = influence(pool_effects([0.1, 0.2, 0.1, 2.0], [0.1] * 4))
    >>> int(found.cooks_distance.argmax())
    3
    """
    k, y, v = pool.k, pool.studies.estimate, pool.studies.variance
    if k < 3:
        raise ValueError(f"Influence needs three studies; there are {k}. Show them one by one.")
    others = [without for _, without in leave_one_out(pool)]
    of = lambda get: np.array([get(without) for without in others])  # noqa: E731
    mean, variance = of(lambda o: o.random.estimate), of(lambda o: o.random.std_error**2)
    factor = variance / of(lambda o: o.random.classic_error**2)
    tau2 = of(lambda o: o.heterogeneity.tau2)
    hat, own_variance = pool.random.weights, pool.random.std_error**2
    shift = pool.random.estimate - mean
    dffits = shift / np.sqrt(factor * hat * (v + tau2))
    cooks = shift**2 / own_variance
    everyone = 1 / (1 / (v + tau2[:, None])).sum(axis=1)
    dfbetas = shift / np.sqrt(factor * everyone)
    flagged = (np.abs(dffits) > 3 * math.sqrt(1 / (k - 1))) | (chdtr(1, cooks) > 0.5)
    return Influence(
        study=pool.studies.study,
        hat=hat,
        cooks_distance=cooks,
        dffits=dffits,
        deleted_residual=(y - mean) / np.sqrt(factor * (v + tau2) + variance),
        covariance_ratio=variance / own_variance,
        dfbetas=dfbetas,
        tau2_without=tau2,
        q_without=of(lambda o: o.heterogeneity.q),
        tau2_change=tau2 - pool.heterogeneity.tau2,
        flagged=flagged | (hat > 3 / k) | (np.abs(dfbetas) > 1),
    )


def influence_rows(found: Influence, rows: ContrastRows) -> Estimates:
    """Four rows for each study: weight, Cook's distance, DFFITS, change of tau-squared."""
    few = say("synthesis.influence.few") if len(found.study) < 5 else ""
    made = []
    for i, study in enumerate(found.study):
        notes = filter(
            None, [say("synthesis.influence.influential") if found.flagged[i] else "", few]
        )
        shared = rows.who | {"study": study, "studies": None, "caution": "; ".join(notes)}
        shared["randomised"] = rows.effects.randomised
        shared["method"] = say("synthesis.influence.method")
        shared["population"] = f"{rows.population}; against the other {len(found.study) - 1}"
        for measure, unit, value in (
            ("weight", "probability", found.hat[i]),
            ("cooks_distance", "", found.cooks_distance[i]),
            ("dffits", "", found.dffits[i]),
            ("tau2_change", f"{rows.effects.scale} scale squared", found.tau2_change[i]),
        ):
            made.append(Estimate(**shared, measure=measure, unit=unit, estimate=value))
    return Estimates(made)
