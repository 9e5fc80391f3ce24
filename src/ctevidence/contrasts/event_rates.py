"""Events per time followed: exact intervals of a rate and of the ratio of two.

Harms are rare. Where an arm has no event at all, a Wald interval is of no width and a ratio has no
standard error; what the count says of the rate is exact all the same.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy.stats import beta, binom, chi2

from ctevidence.language import say


class RateRatio(NamedTuple):
    """A ratio with its limits and p-value; nan with the reason where there is none."""

    estimate: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p_value: float = math.nan
    std_error: float = math.nan
    problem: str = ""


def poisson_limits(events: int, conf_level: float = 0.95) -> tuple[float, float]:
    r"""Exact limits of the mean of a Poisson count.

    Parameters
    ----------
    events : int
    conf_level : float

    Returns
    -------
    (low, high)

    Notes
    -----
    Garwood (1936, Biometrika 28:437): :math:`\chi^2_{2x,\alpha/2}/2` and
    :math:`\chi^2_{2x+2,1-\alpha/2}/2`; the lower limit of no event is 0.

    Examples
    --------
    >>> [round(limit, 4) for limit in poisson_limits(0)]
    [0.0, 3.6889]
    >>> [round(limit, 4) for limit in poisson_limits(10)]
    [4.7954, 18.3904]
    """
    tail = (1 - conf_level) / 2
    low = 0.0 if events == 0 else float(chi2.ppf(tail, 2 * events) / 2)
    return low, float(chi2.ppf(1 - tail, 2 * events + 2) / 2)


def exact_rate_ratio(
    events: int,
    years: float,
    events_reference: int,
    years_reference: float,
    conf_level: float = 0.95,
    alternative: str = "two-sided",
    null: float = 1.0,
) -> RateRatio:
    r"""The ratio of two Poisson rates, given the sum of the two counts.

    Parameters
    ----------
    events, events_reference : int
    years, years_reference : float
        Time in which they happened, in one unit.
    conf_level : float
    alternative : {"two-sided", "greater", "less"}
    null : float
        The ratio under test, above 0.

    Returns
    -------
    RateRatio
        With no event in the reference there is no ratio; `problem` says which limit is left.

    Notes
    -----
    Given :math:`x_1 + x_2`, :math:`x_1` is binomial with :math:`p = R t_1 / (R t_1 + t_2)`; the
    Clopper-Pearson limits of p give those of :math:`R = p t_2 / ((1 - p) t_1)` (Przyborowski and
    Wilenski 1940, Biometrika 31:313; Sahai and Khurshid 1996, Stat Med 15:2197). The two-sided
    p-value is twice the smaller tail, so that it agrees with the interval. `std_error` is that of
    the logarithm, :math:`\sqrt{1/x_1 + 1/x_2}`, for readers who pool; nan with no event.

    Examples
    --------
    Breast cancer after repeated X-ray examination, 41 in 28 010 woman-years, against 15 in 19 017
    (Rothman 1986, Modern Epidemiology; limits as R's poisson.test gives them):

    >>> found = exact_rate_ratio(41, 28010, 15, 19017)
    >>> round(found.estimate, 3), round(found.low, 3), round(found.high, 3)
    (1.856, 1.006, 3.609)
    """
    total = events + events_reference
    if not (years > 0 and years_reference > 0):
        return RateRatio(problem=say("contrasts.event_rates.nobody_followed"))
    if total == 0:
        return RateRatio(problem=say("contrasts.event_rates.no_event"))
    tail = (1 - conf_level) / (2 if alternative == "two-sided" else 1)
    # p -> R, monotone
    ratio = lambda p: p * years_reference / ((1 - p) * years) if p < 1 else math.inf  # noqa: E731
    low = 0.0 if events == 0 else ratio(float(beta.ppf(tail, events, events_reference + 1)))
    high = (
        ratio(float(beta.ppf(1 - tail, events + 1, events_reference)))
        if (events_reference)
        else math.inf
    )
    if events_reference == 0:
        limit = (
            say("contrasts.event_rates.excluded", low=f"{low:.2f}") if alternative != "less" else ""
        )
        return RateRatio(problem=say("contrasts.event_rates.none_in_reference", limit=limit))
    estimate = events * years_reference / (events_reference * years)
    if alternative == "greater":
        high = math.nan
    elif alternative == "less":
        low = math.nan
    p = null * years / (null * years + years_reference)
    below, above = float(binom.cdf(events, total, p)), float(binom.sf(events - 1, total, p))
    p_value = {
        "two-sided": min(1.0, 2 * min(below, above)),
        "greater": above,
        "less": below,
    }[alternative]
    error = math.sqrt(1 / events + 1 / events_reference) if events else math.nan
    return RateRatio(estimate, low, high, p_value, error)
