r"""Response rates that a trial did not count, worked out from its means and standard deviations.

Scores are taken as normal: of an arm with mean :math:`\bar x` and standard deviation :math:`s`,
the share beyond a cut-off :math:`c` is :math:`\Phi(z)`, :math:`z = (c - \bar x)/s` when lower
scores are better and :math:`z = (\bar x - c)/s` when higher ones are (Furukawa et al. 2005,
Int Clin Psychopharmacol 20:49). A response of, say, half the baseline score has
:math:`c = 0.5\,\bar x_0` where lower is better. Where higher is better, an improvement of half is
:math:`c = 1.5\,\bar x_0`, and the share *above* it counts: reading the lower tail there turns
non-responders into responders.

Nobody was counted, so the rate keeps the uncertainty of what it was made from (delta method):

.. math:: \operatorname{var}\hat p = \varphi(z)^2 \left\{ \frac1n + \frac{z^2}{2(n-1)}
          + \frac{\operatorname{var} c}{s^2} \right\}

with the variance of the cut-off that of a baseline mean times the declared share, plus the declared
error of the cut-off itself, which all arms have in common and which therefore partly cancels
between them. By default no arm is taken as surer than if its people had been counted,
:math:`p(1-p)/n`: the formula trusts the normal curve, and the data may not follow it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from ctevidence.language import say
from ctevidence.synthesis.effect_measures import COUNT_MEASURES, ArmValues

DIRECTIONS = ("lower", "higher")


@dataclass(frozen=True)
class ResponseFromMeans:
    """What counts as response on a scale, to work rates out from means.

    Parameters
    ----------
    better : {"lower", "higher"}
        Which scores are good: never guessed, because the wrong tail is the complement.
    improvement : float, optional
        Share of the baseline mean by which a score improves: 0.5 for half.
    cut_off : float, optional
        Score at or beyond which someone has responded. Either this or `improvement`.
    cut_off_error : float
        Standard deviation of what is not known about the cut-off, in points, alike in all arms.
    at_least_counted : bool
        No arm is surer than if its people had been counted.

    Examples
    --------
    >>> rule = ResponseFromMeans(better="lower", improvement=0.5)
    >>> round(float(rule.rate(mean=11, sd=7, mean_baseline=20)), 6)
    0.443202
    """

    better: str
    improvement: float | None = None
    cut_off: float | None = None
    cut_off_error: float = 0.0
    at_least_counted: bool = True

    def __post_init__(self) -> None:
        if self.better not in DIRECTIONS:
            raise ValueError(
                f'better="{self.better}" does not say which scores are good; say "lower" '
                '(depression scales) or "higher" (functioning).'
            )
        if (self.improvement is None) == (self.cut_off is None):
            raise ValueError("Declare either an improvement (0.5 for half) or a cut-off score.")
        if self.improvement is not None and not 0 < self.improvement <= 1:
            raise ValueError(
                f"An improvement of {self.improvement:g} is no share of the baseline score; "
                "declare 0.5 for 50 per cent."
            )
        if not self.cut_off_error >= 0:
            raise ValueError("cut_off_error is a standard deviation, 0 or above, in points.")

    @property
    def share(self) -> float:
        """The cut-off as a multiple of the baseline mean."""
        return 1 - self.improvement if self.better == "lower" else 1 + self.improvement

    def threshold(self, mean_baseline=np.nan) -> np.ndarray:
        """The cut-off score; of each arm where it follows from the baseline."""
        if self.cut_off is not None:
            return np.full(np.shape(mean_baseline), float(self.cut_off))
        return self.share * np.asarray(mean_baseline, float)

    def z(self, mean, sd, mean_baseline=np.nan) -> np.ndarray:
        """Standard deviations by which the mean lies on the good side of the cut-off."""
        beyond = self.threshold(mean_baseline) - np.asarray(mean, float)
        return (beyond if self.better == "lower" else -beyond) / np.asarray(sd, float)

    def rate(self, mean, sd, mean_baseline=np.nan) -> np.ndarray:
        """Share of people expected to respond."""
        return norm.cdf(self.z(mean, sd, mean_baseline))

    @property
    def words(self) -> str:
        """The rule in words."""
        if self.cut_off is not None:
            side = (
                say("synthesis.response_from_means.less")
                if self.better == "lower"
                else say("synthesis.response_from_means.more")
            )
            return say(
                "synthesis.response_from_means.cut_off", score=f"{self.cut_off:g}", side=side
            )
        return say(
            "synthesis.response_from_means.improvement", percent=f"{100 * self.improvement:g}"
        )


def rate_values(
    rule: ResponseFromMeans, mean, sd, n, mean_baseline=None, sd_baseline=None, measure="risk_ratio"
) -> ArmValues:
    """Arm values of a count measure from means; see the formulas of this module.

    Parameters
    ----------
    rule : ResponseFromMeans
    mean, sd, n : array_like, shape (..., arms)
    mean_baseline, sd_baseline : array_like, shape (..., arms), optional
        Of the same people; without a standard deviation the baseline mean is taken as known.
        Baseline and final means are taken as independent, which overstates the variance when they
        go together.
    measure : str
        One of `effect_measures.COUNT_MEASURES`.

    Raises
    ------
    ValueError
        When the measure is not one of counts.
    """
    if measure not in COUNT_MEASURES:
        raise ValueError(f"A response rate gives {', '.join(COUNT_MEASURES)}, not {measure}.")
    mean, sd, n = (np.asarray(x, float) for x in (mean, sd, n))
    before = np.full(mean.shape, np.nan if mean_baseline is None else mean_baseline, float)
    spread = np.full(mean.shape, np.nan if sd_baseline is None else sd_baseline, float)
    z = rule.z(mean, sd, before)
    p, slope = norm.cdf(z), norm.pdf(z)
    own = 1 / n + z**2 / (2 * (n - 1))
    if rule.improvement is not None:
        own = own + np.nan_to_num(rule.share**2 * spread**2 / n) / sd**2
    variance = slope**2 * own
    if rule.at_least_counted:
        variance = np.maximum(variance, p * (1 - p) / n)
    value, derivative = _on_scale(measure, p)
    excluded = np.where(
        np.isfinite(value + variance).all(axis=-1), "", say("synthesis.response_from_means.cannot")
    )
    nothing = np.zeros(p.shape[:-1])
    common = derivative * slope * rule.cut_off_error / sd
    return ArmValues(value, derivative**2 * variance, nothing, nothing > 0, excluded, common)


def _on_scale(measure: str, p) -> tuple[np.ndarray, np.ndarray]:
    """A risk on the scale of a measure, and the derivative there."""
    with np.errstate(divide="ignore", invalid="ignore"):
        match measure:
            case "risk_ratio":
                return np.log(p), 1 / p
            case "odds_ratio":
                return np.log(p / (1 - p)), 1 / (p * (1 - p))
            case "risk_difference":
                return p, np.ones_like(p)
            case _:
                return np.arcsin(np.sqrt(p)), 1 / (2 * np.sqrt(p * (1 - p)))


def rates_beside_counts(arms: pd.DataFrame, rule: ResponseFromMeans) -> pd.DataFrame:
    """Rates worked out from means beside those that the same arms counted, to judge the method.

    Parameters
    ----------
    arms : DataFrame
        As `Trials.arms`: rows of the outcome ``score`` with `mean`, `sd` and, for an improvement,
        `mean_baseline`, and rows of the outcome ``response`` of the same arms and week.

    Returns
    -------
    DataFrame
        `study, arm, weeks, counted, worked_out, difference`, one row for each arm that has both;
        empty where no trial does.
    """
    key = ["trial_id", "arm", "phase", "weeks"]
    scores = arms[(arms["outcome"] == "score") & arms["mean"].notna()]
    counts = arms[(arms["outcome"] == "response") & arms["events"].notna()]
    both = scores.merge(counts[[*key, "events", "n"]], on=key, suffixes=("", "_counted"))
    before = both.get("mean_baseline", np.nan)
    found = pd.DataFrame(
        {
            "study": both["trial_id"],
            "arm": both["arm"],
            "weeks": both["weeks"],
            "counted": both["events_counted"] / both["n_counted"],
            "worked_out": rule.rate(both["mean"], both["sd"], before),
        }
    )
    return found.assign(difference=found["worked_out"] - found["counted"])
