"""What a relative effect means for people: risks at a baseline, and numbers needed to treat."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ctevidence.language import say

RATIOS = ("risk_ratio", "odds_ratio")


@dataclass(frozen=True)
class AbsoluteEffect:
    """Risks as proportions (times 100: people per 100) at a baseline risk.

    `risk`, `risk_low`, `risk_high` are with the treatment, `difference*` less the baseline.
    `caution` says where a risk would leave the range 0 to 1.
    """

    baseline_risk: float
    risk: float
    risk_low: float
    risk_high: float
    difference: float
    difference_low: float
    difference_high: float
    caution: str = ""


@dataclass(frozen=True)
class NumberNeeded:
    """Number needed to treat for one more person to benefit (NNTB) or be harmed (NNTH).

    Attributes
    ----------
    estimate : float
        The number; infinite when there is no difference.
    benefit : bool
        Whether `estimate` is an NNTB (otherwise an NNTH).
    low, high : float
        Limits of that number. When the interval `crosses` no difference they are the NNTB and the
        NNTH it reaches through infinity: read "NNTB `low` to infinity to NNTH `high`".
    crosses : bool
    """

    estimate: float
    benefit: bool
    low: float
    high: float
    crosses: bool

    @property
    def signed(self) -> tuple[float, float, float]:
        """Number and limits as the tidy shape holds them: NNTB positive, NNTH negative."""
        sign = 1 if self.benefit else -1
        if self.crosses:
            return sign * self.estimate, -self.high, self.low
        return sign * self.estimate, *sorted((sign * self.low, sign * self.high))


def absolute_effect(ratio, ratio_low, ratio_high, baseline_risk, measure) -> AbsoluteEffect:
    r"""Turn a ratio and its interval into risks at a baseline risk.

    :math:`p_1 = \mathrm{RR}\,p_0`, or :math:`p_1 = \mathrm{OR}\,p_0/(1 - p_0 + \mathrm{OR}\,p_0)`
    (Cochrane Handbook 6.5, section 15.4.4). The uncertainty is that of the ratio alone: the
    baseline is stated, not estimated.

    Parameters
    ----------
    ratio, ratio_low, ratio_high : float
        The ratio (not its logarithm) and its limits; above zero.
    baseline_risk : float
        Risk under the reference treatment, between 0 and 1.
    measure : {"risk_ratio", "odds_ratio"}

    Raises
    ------
    ValueError
        When the baseline is not a proportion, the ratios are out of order, or the measure has no
        meaning at a baseline risk.

    Examples
    --------
    >>> effect = absolute_effect(1.5, 1.1, 2.0, 0.4, "risk_ratio")
    >>> round(effect.risk, 9), round(effect.difference_low, 9), round(effect.risk_high, 9)
    (0.6, 0.04, 0.8)
    """
    if measure not in RATIOS:
        raise ValueError(
            f"Risks at a baseline need a risk ratio or an odds ratio, not {measure}: pool one of "
            f"{', '.join(RATIOS)}."
        )
    if not 0 < baseline_risk < 1:
        raise ValueError(
            f"The baseline risk is {baseline_risk:g}; give the proportion expected under the "
            "reference treatment, between 0 and 1 (0.4 for 40 per 100)."
        )
    if not 0 < ratio_low <= ratio <= ratio_high:
        raise ValueError(
            f"The {measure} {ratio:g} ({ratio_low:g} to {ratio_high:g}) is not an interval of "
            "positive numbers; give ratios, not their logarithms."
        )
    risks, caution = _risks((ratio, ratio_low, ratio_high), baseline_risk, measure)
    return AbsoluteEffect(
        baseline_risk, *risks, *(risk - baseline_risk for risk in risks), caution=caution
    )


def absolute_effect_unsure(
    ratio, ratio_low, ratio_high, baseline_risk, baseline_low, baseline_high, measure
) -> AbsoluteEffect:
    r"""The same when the baseline risk has an interval of its own, independent of the ratio.

    Square-and-add (Zou and Donner 2008, Stat Med 27:1693; on this very problem Newcombe and Bender
    2014, Evid Based Med 19:6): with :math:`f` the quantity and each limit put
    in by itself, :math:`f - \sqrt{\{f - f(RR_l, p_0)\}^2 + \{f - f(RR, p_l)\}^2}`, where
    :math:`p_l` is the limit of the baseline that gives the smaller :math:`f`; likewise above.

    Parameters
    ----------
    ratio, ratio_low, ratio_high, baseline_risk, measure
        As in `absolute_effect`.
    baseline_low, baseline_high : float
        Limits of the baseline risk, of the level of the ratio.

    Examples
    --------
    >>> effect = absolute_effect_unsure(1.5, 1.1, 2.0, 0.4, 0.3, 0.5, "risk_ratio")
    >>> round(effect.difference, 9), round(effect.difference_low, 6)  # 0.2 - hypot(0.16, 0.05)
    (0.2, 0.032369)
    """
    if not 0 < baseline_low <= baseline_risk <= baseline_high < 1:
        raise ValueError(
            f"The baseline risk {baseline_risk:g} ({baseline_low:g} to {baseline_high:g}) is not a "
            "proportion with limits between 0 and 1."
        )
    known = absolute_effect(ratio, ratio_low, ratio_high, baseline_risk, measure)
    if math.isnan(known.risk):
        return known
    ends = []
    for p in (baseline_low, baseline_high):
        held = min(ratio, 1 / p) if measure == "risk_ratio" else ratio  # no risk above 1
        ends.append(absolute_effect(held, held, held, p, measure))
    found = {}
    for name, floor, top in (("risk", 0.0, 1.0), ("difference", -1.0, 1.0)):
        value, low, high = (getattr(known, f"{name}{end}") for end in ("", "_low", "_high"))
        others = [getattr(end, name) for end in ends]
        found[f"{name}_low"] = max(floor, value - math.hypot(value - low, value - min(others)))
        found[f"{name}_high"] = min(top, value + math.hypot(high - value, max(others) - value))
    return replace(known, **found)


def _risks(ratios, baseline: float, measure: str) -> tuple[list[float], str]:
    if measure == "odds_ratio":
        return [r * baseline / (1 - baseline + r * baseline) for r in ratios], ""
    risk, low, high = (r * baseline for r in ratios)
    if risk > 1:
        return [math.nan] * 3, say("synthesis.absolute.impossible")
    return [risk, low, min(high, 1.0)], say("synthesis.absolute.held") if high > 1 else ""


def number_needed(difference, difference_low, difference_high, better) -> NumberNeeded:
    """Number needed to treat with its interval, from a risk difference.

    Altman (1998), BMJ 317:1309: limits are the inverses of the limits of the difference, and an
    interval that holds no difference runs from a number needed to benefit through infinity to a
    number needed to harm.

    Parameters
    ----------
    difference, difference_low, difference_high : float
        Risk with the treatment less risk without, as proportions.
    better : {"higher", "lower"}
        Whether the outcome is wanted (response) or not (relapse).

    Examples
    --------
    >>> number_needed(0.1, 0.05, 0.25, "higher")
    NumberNeeded(estimate=10.0, benefit=True, low=4.0, high=20.0, crosses=False)
    >>> number_needed(0.1, -0.05, 0.25, "higher")
    NumberNeeded(estimate=10.0, benefit=True, low=4.0, high=20.0, crosses=True)
    """
    if better not in ("higher", "lower"):
        raise ValueError(f'better="{better}"; say "higher" (response) or "lower" (relapse).')
    if not difference_low <= difference <= difference_high:
        raise ValueError(
            f"The difference {difference:g} lies outside {difference_low:g} to {difference_high:g}."
        )
    if better == "lower":
        difference, difference_low, difference_high = -difference, -difference_high, -difference_low
    benefit = difference >= 0
    if difference_low <= 0 <= difference_high:
        low, high = _inverse(difference_high), _inverse(difference_low)
        return NumberNeeded(_inverse(difference), benefit, low, high, True)
    low, high = sorted((_inverse(difference_low), _inverse(difference_high)))
    return NumberNeeded(_inverse(difference), benefit, low, high, False)


def _inverse(difference: float) -> float:
    return 1 / abs(difference) if difference else math.inf
