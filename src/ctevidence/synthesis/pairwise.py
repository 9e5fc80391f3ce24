"""Pairwise meta-analysis: one contrast, one effect per study, arrays in and a frozen result out."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from ctevidence.language import say
from ctevidence.synthesis.heterogeneity import Heterogeneity, heterogeneity
from ctevidence.synthesis.study_effects import StudyEffects
from ctevidence.synthesis.tau_squared import TAU2_METHODS

HARTUNG_KNAPP = ("none", "plain", "guarded")
PREDICTION_DF = ("k-1", "k-2", "normal")
PREDICTION_ERROR = ("interval", "classic")


@dataclass(frozen=True)
class PoolOptions:
    """The declared choices of a pairwise meta-analysis; see `pool_effects` for their meaning."""

    tau2_method: str = "REML"
    hartung_knapp: str = "guarded"
    prediction_df: str = "k-1"
    prediction_error: str = "interval"
    conf_level: float = 0.95

    def __post_init__(self) -> None:
        for option, known in (
            ("tau2_method", tuple(TAU2_METHODS)),
            ("hartung_knapp", HARTUNG_KNAPP),
            ("prediction_df", PREDICTION_DF),
            ("prediction_error", PREDICTION_ERROR),
        ):
            if getattr(self, option) not in known:
                raise ValueError(
                    f'{option}="{getattr(self, option)}" is unknown; say one of {", ".join(known)}.'
                )
        if not 0 < self.conf_level < 1:
            raise ValueError(f"conf_level={self.conf_level} is not between 0 and 1.")


@dataclass(frozen=True, eq=False)
class WeightedEffect:
    """A weighted mean of the studies on the analysis scale.

    `statistic` is estimate / std_error, referred to t on `df` degrees of freedom (normal when
    infinite); `weights`, shape (k,), add up to 1; `classic_error` is the standard error without
    Hartung-Knapp.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    df: float
    statistic: float
    p_value: float
    weights: np.ndarray
    classic_error: float


@dataclass(frozen=True)
class PredictionInterval:
    """Where the true effect of a new, similar study is expected, with its convention."""

    low: float
    high: float
    df: float
    std_error: float
    convention: str


@dataclass(frozen=True, eq=False)
class PairwisePool:
    """Result of `pool_effects`, all on the analysis scale.

    Attributes
    ----------
    studies : StudyEffects
    options : PoolOptions
    common, random : WeightedEffect
        Common-effect and random-effects mean; both are the study itself when there is only one.
    heterogeneity : Heterogeneity or None
        None for one study.
    prediction : PredictionInterval or None
        None for fewer than three studies.
    cautions : tuple of str
    """

    studies: StudyEffects
    options: PoolOptions
    common: WeightedEffect
    random: WeightedEffect
    heterogeneity: Heterogeneity | None
    prediction: PredictionInterval | None
    cautions: tuple[str, ...]

    @property
    def k(self) -> int:
        """Number of studies."""
        return self.studies.k


def pool_effects(
    estimate,
    variance,
    study=(),
    *,
    tau2_method="REML",
    hartung_knapp="guarded",
    prediction_df="k-1",
    prediction_error="interval",
    conf_level=0.95,
) -> PairwisePool:
    r"""Pool one effect per study.

    Weights are :math:`1/v_i` for the common effect and :math:`w_i = 1/(v_i + \tau^2)` for random
    effects, whose classic variance is :math:`1/\sum w_i`.

    Parameters
    ----------
    estimate, variance : array_like, shape (k,)
        Effects and sampling variances on the analysis scale (log for ratios).
    study : sequence of str, optional
        Names, each once.
    tau2_method : str
        One of `tau_squared.TAU2_METHODS`; REML by default [1]_.
    hartung_knapp : {"guarded", "plain", "none"}
        ``"plain"`` multiplies the classic variance by :math:`q = \sum w_i (y_i - \hat\mu)^2/(k-1)`
        and refers to t with k - 1 degrees of freedom [2]_; ``"guarded"`` uses max(1, q) [3]_, so
        that few studies which agree by chance cannot narrow the interval below the classic one.
        The two are the same whenever q is at least 1. ``"none"`` is the classic normal interval,
        too narrow with few studies. Guarded by default, since most questions here rest on few
        studies: it then covers more often than `conf_level` says, where plain is close to it on
        average but can come out absurdly narrow.
    prediction_df : {"k-1", "k-2", "normal"}
        Degrees of freedom of the prediction interval
        :math:`\hat\mu \pm t \sqrt{\tau^2 + \mathrm{se}^2}`: k - 1 [4]_ by default, as in metafor;
        k - 2 is the earlier convention [5]_.
    prediction_error : {"interval", "classic"}
        Standard error in it: that of the confidence interval, or always the classic one. With the
        defaults the prediction interval always contains the confidence interval.
    conf_level : float

    Raises
    ------
    ValueError
        When an effect cannot be used (all are listed), an option is unknown, or the plain
        Hartung-Knapp interval of identical estimates would have no width.

    Notes
    -----
    One study is reported, not pooled. Two have no prediction interval; below five a caution.

    References
    ----------
    .. [1] Viechtbauer (2005), J Educ Behav Stat 30:261; Langan et al. (2019), Res Syn Meth 10:83.
    .. [2] Hartung, Knapp (2001), Stat Med 20:3875; Sidik, Jonkman (2002), Stat Med 21:3153.
    .. [3] Knapp, Hartung (2003), Stat Med 22:2693; Roever, Knapp, Friede (2015), BMC Med Res
       Methodol 15:99.
    .. [4] Veroniki et al. (2019), Res Syn Meth 10:23.
    .. [5] Higgins, Thompson, Spiegelhalter (2009), J R Stat Soc A 172:137.

    Examples
    --------
    >>> pool = pool_effects([0.1, 0.3, 0.5], [0.04, 0.04, 0.04], ["a", "b", "c"])
    >>> round(pool.random.estimate, 6), round(pool.random.std_error, 6)
    (0.3, 0.11547)
    >>> pool.cautions
    ('fewer than five studies: heterogeneity and prediction interval are very uncertain',)
    """
    options = PoolOptions(tau2_method, hartung_knapp, prediction_df, prediction_error, conf_level)
    return _pool(StudyEffects(estimate, variance, study), options)


def leave_one_out(pool: PairwisePool) -> tuple[tuple[str, PairwisePool], ...]:
    """The analysis repeated without each study in turn: name of the study left out, result.

    Raises
    ------
    ValueError
        When there is only one study.
    """
    names = pool.studies.study
    if len(names) < 2:
        raise ValueError("There is one study; leaving it out leaves nothing to report.")
    y, v, options = pool.studies.estimate, pool.studies.variance, asdict(pool.options)
    return tuple(
        (
            name,
            pool_effects(np.delete(y, i), np.delete(v, i), names[:i] + names[i + 1 :], **options),
        )
        for i, name in enumerate(names)
    )


def _pool(studies: StudyEffects, options: PoolOptions) -> PairwisePool:
    y, v, level = studies.estimate, studies.variance, options.conf_level
    common = _weighted_mean(y, 1 / v, level)
    if studies.k == 1:
        return PairwisePool(
            studies, options, common, common, None, None, (say("synthesis.pairwise.one_study"),)
        )
    between = heterogeneity(y, v, options.tau2_method, level)
    random = _random_effects(y, 1 / (v + between.tau2), options)
    prediction = _prediction(random, between.tau2, options) if studies.k > 2 else None
    cautions = tuple(_cautions(studies, between, random))
    return PairwisePool(studies, options, common, random, between, prediction, cautions)


def _random_effects(y, w, options: PoolOptions) -> WeightedEffect:
    if options.hartung_knapp == "none":
        return _weighted_mean(y, w, options.conf_level)
    df = y.size - 1
    q = float(w @ (y - w @ y / w.sum()) ** 2) / df
    if options.hartung_knapp == "guarded":
        q = max(1.0, q)
    elif np.ptp(y) == 0:
        raise ValueError(
            f"All {y.size} estimates are {y[0]:g}: the plain Hartung-Knapp interval has no width. "
            'Check that no study was entered twice; else use hartung_knapp="guarded".'
        )
    return _weighted_mean(y, w, options.conf_level, df, q)


def _weighted_mean(y, w, conf_level, df=math.inf, inflation=1.0) -> WeightedEffect:
    """Weighted mean; its variance is `inflation` / sum of weights."""
    estimate, std_error = float(w @ y / w.sum()), math.sqrt(inflation / w.sum())
    margin = t_quantile((1 + conf_level) / 2, df) * std_error
    statistic = estimate / std_error
    return WeightedEffect(
        estimate=estimate,
        std_error=std_error,
        conf_low=estimate - margin,
        conf_high=estimate + margin,
        df=df,
        statistic=statistic,
        p_value=two_sided_p(statistic, df),
        weights=w / w.sum(),
        classic_error=1 / math.sqrt(w.sum()),
    )


def _prediction(random: WeightedEffect, tau2: float, options: PoolOptions) -> PredictionInterval:
    k = random.weights.size
    df = {"k-1": k - 1, "k-2": k - 2, "normal": math.inf}[options.prediction_df]
    error, error_name = random.std_error, say("synthesis.pairwise.interval_error")
    if options.prediction_error == "classic":
        error, error_name = random.classic_error, say("synthesis.pairwise.classic_error")
    std_error = math.sqrt(tau2 + error**2)
    name = (
        "normal"
        if math.isinf(df)
        else say("synthesis.pairwise.prediction_df", df=options.prediction_df)
    )
    margin = t_quantile((1 + options.conf_level) / 2, df) * std_error
    return PredictionInterval(
        low=random.estimate - margin,
        high=random.estimate + margin,
        df=df,
        std_error=std_error,
        convention=f"{name}, {error_name}",
    )


def _cautions(studies: StudyEffects, between: Heterogeneity, random: WeightedEffect):
    if studies.k == 2:
        yield say("synthesis.pairwise.two_studies")
    elif studies.k < 5:
        yield say("synthesis.pairwise.few_studies")
    if np.ptp(studies.estimate) == 0:
        yield say("synthesis.pairwise.identical")
    if between.interval_is_empty:
        yield say("synthesis.pairwise.too_alike")
    if studies.k > 2 and random.weights.max() > 0.5:
        yield dominated(studies.study[int(random.weights.argmax())])


def dominated(study: str) -> str:
    """The caution that one study carries most of the weight."""
    return say("synthesis.pairwise.dominated", study=study)


def t_quantile(p: float, df: float) -> float:
    """Quantile of the t distribution; of the normal where `df` is infinite."""
    return float(ndtri(p) if math.isinf(df) else stdtrit(df, p))


def two_sided_p(statistic: float, df: float) -> float:
    """Two-sided p-value of a t statistic; of a normal one where `df` is infinite."""
    below = -abs(statistic)
    return float(2 * (ndtr(below) if math.isinf(df) else stdtr(df, below)))
