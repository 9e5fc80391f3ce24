"""Parts of sentences: amounts, ranges, weeks, and what an amount is of."""

from __future__ import annotations

import math

from ctevidence.display.format import decimals_of, interval, number, rounded, shown
from ctevidence.display.labels import measure_with_article, outcome_label
from ctevidence.display.verbs import did, without
from ctevidence.estimates import Estimate
from ctevidence.language import pick, say
from ctevidence.names import in_words

#: a mean time, told as time without the event
TIMES = ("rmst_difference", "weeks_in_state_difference")


def when(row: Estimate, word: str = "by") -> str:
    """``by week 9``; nothing without a week, or where the outcome says its weeks itself."""
    is_period = row.measure.startswith(("mean_over_period", "area_under_curve"))
    if math.isnan(row.week) or is_period:
        return ""
    return pick("when", word, week=f"{row.week:g}")


def in_brackets(*parts: str) -> str:
    inside = "; ".join(part for part in parts if part)
    return f" ({inside})" if inside else ""


def outcome_words(row: Estimate) -> str:
    """What an amount is of, after the amount: ``who respond by week 9``, ``in BDI score``."""
    if row.unit == "probability":
        return say("contrast.who", verb=did(row), when=when(row))
    if row.measure in TIMES:
        return say("contrast.over", without=without(row), week=f"{row.week:g}")
    name = "for" if row.unit == "ratio" else "in"
    return pick("contrast", name, outcome=outcome_label(row.outcome), when=when(row, "at"))


def difference_words(row: Estimate) -> tuple[str, str]:
    """Best estimate and range of a contrast in words, e.g. ``14 more of every 100 people``."""
    limits = (row.conf_low, row.conf_high)
    if row.unit == "ratio":
        value = shown(row.estimate, "ratio")
        told = say("amounts.measure_of", measure=measure_with_article(row.measure), value=value)
        return told, interval(*limits, "ratio")
    step = _reach(*("" if math.isnan(x) else amount(x, row.unit) for x in limits))
    return _with_unit(row.estimate, row.unit), step


def difference_told(row: Estimate) -> dict[str, str]:
    """Best estimate, what it is of, and its range, as templates of a line take them."""
    best, limits = difference_words(row)
    return {"best": best, "outcome": outcome_words(row), "limits": limits}


def _with_unit(value: float, unit: str) -> str:
    """``14 more of every 100 people``, ``3.2 lower BDI points``, ``4.9 weeks longer``."""
    told = amount(value, unit)
    if unit == "probability":
        return say("amounts.of_100", amount=told)
    decimals = decimals_of(unit)
    if unit == "weeks":
        if not (size := rounded(abs(value), decimals)):
            return told
        name = "weeks_longer" if value > 0 else "weeks_shorter"
        return pick("amounts", name, size=number(size, decimals))
    return say("amounts.with_unit", amount=told, unit=in_words(unit)).strip()


def with_range(row: Estimate) -> str:
    best, limits = difference_words(row)
    return say("amounts.best_and_range", best=best, limits=limits) if limits else best


def range_words(limits: str) -> str:
    return say("amounts.range", limits=limits) if limits else ""


def amount(value: float, unit: str) -> str:
    """A difference in words: ``14 more``, ``3.2 lower``; a ratio as it is.

    Examples
    --------
    >>> amount(-0.03, "probability"), amount(4.0, "weeks"), amount(0.001, "probability")
    ('3 fewer', '4.0 longer', 'no more')
    """
    if unit == "ratio":
        return shown(value, unit)
    is_share = unit == "probability"
    decimals = 0 if is_share else decimals_of(unit)
    size = rounded(100 * abs(value) if is_share else abs(value), decimals)
    if size == 0:
        return say("amounts.no_more") if is_share else say("amounts.no_difference")
    up, down = ("more", "fewer") if is_share else ("higher", "lower")
    if unit == "weeks":
        up, down = "longer", "shorter"
    return pick("amounts", up if value > 0 else down, size=number(size, decimals))


def _reach(low: str, high: str) -> str:
    """Two limits in words; a one-sided range has one."""
    if low and high:
        return say("amounts.from_to", low=low, high=high)
    if low:
        return say("amounts.from_upwards", low=low)
    return say("amounts.up_to", high=high) if high else ""
