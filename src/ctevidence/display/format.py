"""Rounding and number words: the only place where a number loses digits."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

from ctevidence.language import pick, say, words
from ctevidence.names import in_words

LEAST_RATIO, MOST_RATIO = 0.01, 100


def rounded(value: float, decimals: int = 0) -> float:
    """Round half away from zero, as clinical tables do (not half to even as Python does).

    Examples
    --------
    >>> rounded(0.125, 2), rounded(-2.5), round(-2.5)
    (0.13, -3.0, -2)
    """
    if not math.isfinite(value):
        return value
    step = Decimal(1).scaleb(-decimals)
    return float(Decimal(repr(float(value))).quantize(step, rounding=ROUND_HALF_UP)) + 0.0


def not_estimable() -> str:
    return say("amounts.not_estimable")


def number(value: float, decimals: int) -> str:
    """A number with fixed decimals and a true minus sign; words where there is no number.

    Examples
    --------
    >>> number(-1.25, 1), number(float("nan"), 1), number(float("inf"), 0)
    ('−1.3', 'not estimable', '∞')
    """
    if math.isnan(value):
        return not_estimable()
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    value = rounded(value, decimals)
    return f"{value:,.{decimals}f}".replace("-", "−").replace(",", "\u202f")


def p_value(value: float) -> str:
    """A p-value with three decimals, never 0.

    Examples
    --------
    >>> p_value(0.0402), p_value(1e-9)
    ('0.040', '< 0.001')
    """
    if math.isnan(value):
        return ""
    return "< 0.001" if value < 0.001 else number(value, 3)


#: unit of an estimate -> (factor, decimals) with which readers see it
_STYLE = {
    "probability": (100.0, 0),
    "share": (100.0, 0),
    "ratio": (1.0, 2),
    "relative risk": (1.0, 2),
    "people": (1.0, 0),
    "weeks": (1.0, 1),
    "events per person": (1.0, 2),
    "standard deviations": (1.0, 2),
}


def shown(value: float, unit: str) -> str:
    """A value in the unit that readers see: probabilities as a whole number per 100.

    Examples
    --------
    >>> shown(0.584, "probability"), shown(1.2345, "ratio"), shown(-3.21, "BDI points")
    ('58', '1.23', '−3.2')
    """
    factor, decimals = _STYLE.get(unit, (1.0, 2 if unit.endswith("per week") else 1))
    if unit == "ratio" and math.isfinite(value) and not LEAST_RATIO <= value <= MOST_RATIO:
        # beyond these a ratio says only that nearly nothing is known
        return f"< {LEAST_RATIO}" if value < LEAST_RATIO else f"> {MOST_RATIO}"
    return number(value * factor, decimals)


def decimals_of(unit: str) -> int:
    """With how many decimals readers see a value of this unit.

    Examples
    --------
    >>> decimals_of("BDI points"), decimals_of("standard deviations")
    (1, 2)
    """
    return _STYLE.get(unit, (1.0, 1))[1]


def unit_label(unit: str) -> str:
    return words("units").get(unit) or in_words(unit)


def interval(low: float, high: float, unit: str) -> str:
    """An interval in words, one-sided where a limit is missing.

    Examples
    --------
    >>> interval(-0.05, 0.274, "probability"), interval(0.1, float("nan"), "probability")
    ('−5 to 27', '10 or more')
    """
    if math.isnan(low) and math.isnan(high):
        return ""
    if math.isnan(high):
        return say("amounts.or_more", low=shown(low, unit))
    if math.isnan(low):
        return say("amounts.or_less", high=shown(high, unit))
    return say("amounts.from_to", low=shown(low, unit), high=shown(high, unit))


def number_needed(estimate: float, low: float, high: float) -> tuple[str, str]:
    """NNT and its interval: to benefit (NNTB) or to harm (NNTH), through infinity if need be.

    Limits as `contrasts.compare` gives them (Altman 1998, BMJ 317:1309).

    Examples
    --------
    >>> number_needed(20.0, -20.0, 6.67)
    ('NNTB 20', 'NNTB 7 to ∞ to NNTH 20')
    >>> number_needed(5.2, 3.1, 16.4)
    ('NNTB 5', 'NNTB 3 to 16')
    """
    if math.isnan(estimate):
        return not_estimable(), ""
    if math.isnan(low) or math.isnan(high):
        return _needed(estimate), ""
    if low <= 0 <= high:
        low, high = number(-low, 0), number(high, 0)
        return _needed(estimate), say("needed.through_infinity", benefit=high, harm=low)
    small, large = sorted((abs(low), abs(high)))
    limits = _needed(math.copysign(small, low)), number(large, 0)
    return _needed(estimate), say("amounts.from_to", low=limits[0], high=limits[1])


def _needed(value: float) -> str:
    return pick("needed", "benefit" if value > 0 else "harm", size=number(abs(value), 0))
