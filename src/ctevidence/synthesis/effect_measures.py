"""Effect of one treatment against another in a single trial, with its variance.

Every measure but one is a difference of two *arm values*: the log risk, the log odds, the risk,
the arcsine of its root, the mean. The variance of a contrast is then the sum of two arm variances
and contrasts that share an arm share its variance, so trials with three or more arms need no
formulas of their own. Two things are shared by all arms of a trial: Hedges' g divides by a standard
deviation common to them, which adds `shared` times the product of the two effects, and a rate read
off at one cut-off score carries the error of that cut-off, through `common`.

Arms stand on the last axis of every array.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from ctevidence.language import say

#: Measures from counts, with the scale on which they are pooled.
COUNT_MEASURES = {
    "risk_ratio": "log",
    "odds_ratio": "log",
    "risk_difference": "identity",
    "arcsine_difference": "identity",
}
#: Measures from means and standard deviations.
MEAN_MEASURES = {"mean_difference": "identity", "std_mean_difference": "identity"}
#: Conventions for the variance of a measure of means; the first is taken when none is declared.
MEAN_VARIANCES = {
    "mean_difference": ("separate", "pooled"),
    "std_mean_difference": ("large-sample", "scaled", "unbiased"),
}
ZERO_CELLS = ("half", "treatment-arm", "none")
DOUBLE_ZERO = ("exclude", "correct")


@dataclass(frozen=True, eq=False)
class ArmValues:
    """Arm values of one or more trials on the analysis scale.

    Attributes
    ----------
    value, variance : ndarray, shape (..., arms)
        A contrast of arms i and j is ``value[i] - value[j]``.
    shared : ndarray, shape (...)
        Share of the common standard deviation in the variance of a contrast; 0 but for Hedges' g.
    corrected : ndarray of bool, shape (...)
        Whether the zero-cell correction was applied to the trial.
    excluded : ndarray of str, shape (...)
        Why the trial cannot be used; empty when it can. Its values are then ``nan``.
    common : ndarray, shape (..., arms), optional
        How much an error of one standard deviation that all arms share moves each arm's value.
    """

    value: np.ndarray
    variance: np.ndarray
    shared: np.ndarray
    corrected: np.ndarray
    excluded: np.ndarray
    common: np.ndarray | None = None

    def inflated(self, factor) -> ArmValues:
        """The same values with each arm's variance times a factor, shape (..., arms)."""
        return replace(self, variance=self.variance * np.asarray(factor, float))

    def contrasts(self, pairs) -> tuple[np.ndarray, np.ndarray]:
        """Estimates, shape (..., pairs), and their joint covariance, (..., pairs, pairs)."""
        signs = np.zeros((len(pairs), self.value.shape[-1]))
        for row, (first, second) in enumerate(pairs):
            signs[row, first], signs[row, second] = 1.0, -1.0
        estimate = self.value @ signs.T
        cov = np.einsum("pa,...a,qa->...pq", signs, self.variance, signs)
        common_sd = self.shared[..., None, None] * estimate[..., :, None] * estimate[..., None, :]
        cov = cov + common_sd
        if self.common is not None:
            moved = self.common @ signs.T
            cov = cov + moved[..., :, None] * moved[..., None, :]
        return estimate, cov


@dataclass(frozen=True, eq=False)
class TrialEffects:
    """First treatment against second in each trial; fields of shape (trials,).

    `estimate` and `variance` are on the analysis scale (log for ratios); `corrected` and
    `excluded` are as in `ArmValues`.
    """

    estimate: np.ndarray
    variance: np.ndarray
    corrected: np.ndarray
    excluded: np.ndarray


def count_effects(
    events1, n1, events2, n2, measure="risk_ratio", *, zero_cells="half", double_zero="exclude"
) -> TrialEffects:
    """Effects from the events of two arms.

    Parameters
    ----------
    events1, n1, events2, n2 : array_like of whole numbers, shape (trials,)
        Events and people; the effect is of arm 1 against arm 2.
    measure, zero_cells, double_zero
        As in `count_values`.

    Raises
    ------
    ValueError
        When a count is missing, fractional or impossible, or an option is unknown.

    Examples
    --------
    >>> effect = count_effects([12], [17], [2], [17], "odds_ratio")
    >>> print(effect.estimate.round(6), np.sqrt(effect.variance).round(6))
    [2.890372] [0.921954]
    """
    events = np.stack(np.broadcast_arrays(np.atleast_1d(events1), events2), axis=-1)
    n = np.stack(np.broadcast_arrays(np.atleast_1d(n1), n2), axis=-1)
    return _first_against_second(
        count_values(events, n, measure, zero_cells=zero_cells, double_zero=double_zero)
    )


def mean_effects(
    mean1, sd1, n1, mean2, sd2, n2, measure="mean_difference", *, variance=None
) -> TrialEffects:
    """Effects from means and standard deviations of two arms; see `mean_values`.

    Examples
    --------
    >>> effect = mean_effects([11.0], [7.0], [50], [14.0], [8.0], [48], "std_mean_difference")
    >>> print(effect.estimate.round(6))
    [-0.396535]
    """
    arms = [np.stack(np.broadcast_arrays(np.atleast_1d(a), b), axis=-1)
            for a, b in ((mean1, mean2), (sd1, sd2), (n1, n2))]  # fmt: skip
    return _first_against_second(mean_values(*arms, measure, variance=variance))


def _first_against_second(arms: ArmValues) -> TrialEffects:
    estimate, cov = arms.contrasts([(0, 1)])
    return TrialEffects(estimate[..., 0], cov[..., 0, 0], arms.corrected, arms.excluded)


def count_values(
    events, n, measure="risk_ratio", *, zero_cells="half", double_zero="exclude"
) -> ArmValues:
    r"""Arm values and variances from events among people.

    ================== ============================= ==========================
    measure            value of an arm               variance
    ================== ============================= ==========================
    risk_ratio         :math:`\log(a/n)`             :math:`1/a - 1/n`
    odds_ratio         :math:`\log(a/(n-a))`         :math:`1/a + 1/(n-a)`
    risk_difference    :math:`a/n`                   :math:`a(n-a)/n^3`
    arcsine_difference :math:`\arcsin\sqrt{a/n}`     :math:`1/(4n)`
    ================== ============================= ==========================

    Parameters
    ----------
    events, n : array_like of whole numbers, shape (..., arms)
    measure : str
        One of `COUNT_MEASURES`.
    zero_cells : {"half", "treatment-arm", "none"}
        What happens to a trial in which nobody, or everybody, in an arm had the event. ``"half"``
        adds 0.5 to events and non-events of every arm of that trial and of no other.
        ``"treatment-arm"`` adds amounts proportional to the size of the arm, 0.5 on average, which
        do not pull unequal arms towards an effect [1]_. ``"none"`` leaves it as it is and excludes
        it where effect or variance is then undefined. The risk difference takes only its variance
        from the corrected counts; the arcsine difference needs no correction [2]_.
    double_zero : {"exclude", "correct"}
        For ratios only: a trial without any event, or with nothing but events, is excluded or
        corrected as above. Differences always keep it.

    Raises
    ------
    ValueError
        When a count is missing, fractional or impossible, or an option is unknown.

    References
    ----------
    .. [1] Sweeting, Sutton, Lambert (2004), Statistics in Medicine 23:1351, section 3.
    .. [2] Ruecker, Schwarzer, Carpenter, Olkin (2009), Statistics in Medicine 28:721.

    Examples
    --------
    >>> values = count_values([0, 3], [20, 20], "risk_ratio", zero_cells="none")
    >>> str(values.excluded)
    'a zero cell leaves the effect or its variance undefined and no correction is declared'
    """
    _declared("measure", measure, COUNT_MEASURES)
    _declared("zero_cells", zero_cells, ZERO_CELLS)
    _declared("double_zero", double_zero, DOUBLE_ZERO)
    events, n = _whole_counts(events, n)
    none, everyone = events == 0, events == n
    corrected = (none | everyone).any(axis=-1)
    corrected &= zero_cells != "none" and measure != "arcsine_difference"
    added = np.full(n.shape, 0.5)
    if zero_cells == "treatment-arm":
        added = 0.5 * n / n.mean(axis=-1, keepdims=True)
    added = added * corrected[..., None]
    value, variance = _arm_formula(measure, events, n, added)
    excluded = np.where(_undefined(value, variance), say("synthesis.effect_measures.zero_cell"), "")
    if COUNT_MEASURES[measure] == "log" and double_zero == "exclude":
        excluded = np.where(none.all(axis=-1), say("synthesis.effect_measures.no_event"), excluded)
        excluded = np.where(
            everyone.all(axis=-1), say("synthesis.effect_measures.everyone"), excluded
        )
    unusable = excluded != ""
    value, variance = (np.where(unusable[..., None], np.nan, x) for x in (value, variance))
    return ArmValues(value, variance, np.zeros(n.shape[:-1]), corrected & ~unusable, excluded)


def _arm_formula(measure, events, n, added) -> tuple[np.ndarray, np.ndarray]:
    a, b = events + added, n - events + added
    total = a + b
    with np.errstate(divide="ignore", invalid="ignore"):
        match measure:
            case "risk_ratio":
                return np.log(a / total), 1 / a - 1 / total
            case "odds_ratio":
                return np.log(a / b), 1 / a + 1 / b
            case "risk_difference":
                return events / n, a * b / total**3
            case _:
                return np.arcsin(np.sqrt(events / n)), 1 / (4 * n)


def _undefined(value, variance) -> np.ndarray:
    """Trials with an infinite arm, or with two arms without variance, whose contrast is certain."""
    infinite = ~(np.isfinite(value) & np.isfinite(variance)).all(axis=-1)
    return infinite | ((variance <= 0).sum(axis=-1) > 1)


def mean_values(mean, sd, n, measure="mean_difference", *, variance=None) -> ArmValues:
    r"""Arm values and variances from means and standard deviations.

    ``std_mean_difference`` is Hedges' g, :math:`J(m)\,(\bar x_1 - \bar x_2)/s`, with the exact
    :math:`J` and :math:`s` pooled over all arms of the trial on
    :math:`m = N - \text{arms}` degrees of freedom, :math:`N = \sum n_i`. The variance of a contrast
    follows a convention, to be named because they differ in small trials:

    =================== =============== ==========================================================
    measure             variance        of arms 1 and 2
    =================== =============== ==========================================================
    mean_difference     separate        :math:`s_1^2/n_1 + s_2^2/n_2`
    mean_difference     pooled          :math:`s^2(1/n_1 + 1/n_2)`
    std_mean_difference large-sample    :math:`1/n_1 + 1/n_2 + g^2/(2N)`
    std_mean_difference scaled          :math:`J^2(1/n_1 + 1/n_2) + g^2/(2N)`
    std_mean_difference unbiased        :math:`1/n_1 + 1/n_2 + g^2\{1 - (m-2)/(m J^2)\}`
    =================== =============== ==========================================================

    (Hedges 1981, J Educ Stat 6:107; for ``scaled`` Borenstein 2009, in *The Handbook of Research
    Synthesis*, ch. 12; for ``unbiased`` Viechtbauer 2007, J Educ Behav Stat 32:39.) Contrasts that
    share arm 0 have its variance and the last term, with :math:`g_1 g_2` for :math:`g^2`, as
    covariance (Gleser and Olkin 2009, the same book, ch. 19).

    Parameters
    ----------
    mean, sd, n : array_like, shape (..., arms)
        In the units of the scale; `n` whole numbers of at least 2.
    measure : str
        One of `MEAN_MEASURES`.
    variance : str, optional
        One of `MEAN_VARIANCES` of the measure; its first when absent.

    Raises
    ------
    ValueError
        When a value is missing, a standard deviation is not positive or an arm has under 2 people.
    """
    _declared("measure", measure, MEAN_MEASURES)
    convention = variance or MEAN_VARIANCES[measure][0]
    _declared("variance", convention, MEAN_VARIANCES[measure])
    mean, sd = np.asarray(mean, float), np.asarray(sd, float)
    _, n = _whole_counts(np.zeros_like(np.asarray(n, float)), n)
    if not (np.isfinite(mean).all() and np.isfinite(sd).all() and (sd > 0).all()):
        raise ValueError(
            "A mean or standard deviation is missing, infinite or not positive. Give every arm a "
            "mean and a standard deviation (not standard error) above zero, or leave the trial out."
        )
    if (n < 2).any():
        raise ValueError(f"An arm has {n.min():g} people; a standard deviation needs at least 2.")
    trials = n.shape[:-1]
    value, variance, shared = _mean_formula(mean, sd, n, convention)
    return ArmValues(value, variance, shared, np.zeros(trials, bool), np.full(trials, ""))


def _mean_formula(mean, sd, n, convention: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Value and variance of each arm, and the share of the common standard deviation."""
    if convention == "separate":
        return mean, sd**2 / n, np.zeros(n.shape[:-1])
    total = n.sum(axis=-1)
    m = total - n.shape[-1]
    pooled = np.sqrt(((n - 1) * sd**2).sum(axis=-1) / m)
    if convention == "pooled":
        return mean, pooled[..., None] ** 2 / n, np.zeros(n.shape[:-1])
    j = hedges_correction(m)
    value = (j / pooled)[..., None] * mean
    match convention:
        case "scaled":
            return value, j[..., None] ** 2 / n, 1 / (2 * total)
        case "unbiased":
            return value, 1 / n, 1 - (m - 2) / (m * j**2)
        case _:
            return value, 1 / n, 1 / (2 * total)


def hedges_correction(df):
    r"""Exact small-sample factor :math:`J(m) = \Gamma(m/2) / (\sqrt{m/2}\,\Gamma((m-1)/2))`.

    Hedges (1981), J Educ Stat 6:107, eq. 6e; the usual ``1 - 3/(4m - 1)`` approximates it.

    Parameters
    ----------
    df : array_like
        Degrees of freedom m of the standard deviation, above 1.

    Examples
    --------
    >>> bool(np.isclose(hedges_correction(2), 1 / np.sqrt(np.pi), rtol=1e-14))
    True
    """
    m = np.asarray(df, float)
    if (m <= 1).any():
        raise ValueError(
            f"Hedges' correction needs more than 1 degree of freedom, found {m.min():g}."
        )
    return np.exp(gammaln(m / 2) - gammaln((m - 1) / 2)) / np.sqrt(m / 2)


def _declared(option: str, value: str, known) -> None:
    if value not in known:
        raise ValueError(f'{option}="{value}" is unknown; say one of {", ".join(known)}.')


def _whole_counts(events, n) -> tuple[np.ndarray, np.ndarray]:
    events, n = np.broadcast_arrays(np.asarray(events, float), np.asarray(n, float))
    for problem, found in (
        (say("synthesis.effect_measures.infinite"), ~(np.isfinite(events) & np.isfinite(n))),
        (say("synthesis.effect_measures.not_whole"), (events % 1 != 0) | (n % 1 != 0)),
        (say("synthesis.effect_measures.no_people"), n < 1),
        (say("synthesis.effect_measures.below_none"), events < 0),
        (say("synthesis.effect_measures.more_than_people"), events > n),
    ):
        if found.any():
            at = tuple(int(i) for i in np.argwhere(found)[0])
            raise ValueError(
                f"Counts cannot be used: {problem} ({events[at]:g} events among {n[at]:g} people, "
                f"position {at}). Correct the table or leave the trial out; percentages must be "
                "turned into whole numbers of people first."
            )
    return events, n
