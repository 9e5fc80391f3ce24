"""How precise a number of real people may be: no finer than what one person would move it by."""

from __future__ import annotations

import math
from dataclasses import replace

from ctevidence.display.disclosure import Disclosure
from ctevidence.display.format import rounded
from ctevidence.estimates import Estimate

#: Steps that readers can follow; the first that is coarse enough is taken.
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
#: Units in which one person of n is worth 1 / n.
_SHARES = ("probability", "share", "events per person")
_RATIOS = ("ratio", "relative risk")
_RATES = ("per 100 person-years",)
_HUNDREDTHS = ("standard deviations",)


def step_for(people: int | None) -> float:
    """The step to which a share of so many people is rounded: at least one person.

    Examples
    --------
    >>> [step_for(n) for n in (15, 40, 100, 5000)]
    [0.1, 0.05, 0.01, 0.001]
    """
    if not people:
        return STEPS[-1]
    return next((s for s in STEPS if s * people >= 1 - 1e-9), STEPS[-1])


def coarse(row: Estimate, disclosure: Disclosure) -> Estimate:
    """The row with every number as coarse as its counts allow.

    Shares and ratios take the step of the smallest group behind them, as it may be shown: estimates
    the nearest, limits the next outwards, so that an interval never promises more than the exact
    one. Means, weeks and other amounts keep the decimals that readers see. P-values
    keep two decimals, below 0.1 one digit; degrees of freedom are left out.

    Parameters
    ----------
    row : Estimate
        All of its groups are large enough to show.
    disclosure : Disclosure
        One that rounds.

    Examples
    --------
    >>> from ctevidence.display.disclosure import PROFILES
    >>> row = Estimate("s", "response", "combined", "risk_difference", 0.1432, unit="probability",
    ...     reference="therapy", conf_low=-0.071, conf_high=0.358, n=41, n_reference=38)
    >>> row = coarse(row, PROFILES["opensafely"])
    >>> row.estimate, row.conf_low, row.conf_high
    (0.15, -0.1, 0.4)
    """
    least = _least_behind(row, disclosure)
    is_coarse = row.unit in _SHARES + _RATIOS + _RATES
    down, up = (math.floor, math.ceil) if is_coarse else (None, None)
    low, high = _step(row, least, row.conf_low), _step(row, least, row.conf_high)
    return replace(
        row,
        estimate=_to(row.estimate, _step(row, least, row.estimate)),
        conf_low=_to(row.conf_low, low, down),
        conf_high=_to(row.conf_high, high, up),
        # the error of a ratio is on the log scale, where one event of e is its e-th part as well
        std_error=_to(row.std_error, _step(row, least, 1.0), up),
        p_value=shown_p(row.p_value, disclosure),
        # what a model leaves of its people, beside n to the nearest five, would narrow n down
        df=row.df if math.isinf(row.df) else math.nan,
    )


def _step(row: Estimate, least: int | None, value: float) -> float:
    if row.unit in _SHARES:
        return step_for(least)
    if row.unit in _RATIOS:
        # one event of e moves a ratio, or a rate, by its e-th part
        return _coarser(step_for(least) * max(abs(value), 1.0))
    if row.unit in _RATES:
        limits = [abs(v) for v in (row.estimate, row.conf_low, row.conf_high) if math.isfinite(v)]
        return _coarser(step_for(least) * max(limits, default=1.0))
    return 0.01 if row.unit in _HUNDREDTHS or row.unit.endswith("per week") else 0.1


def _least_behind(row: Estimate, disclosure: Disclosure) -> int | None:
    """The smallest count behind the row, rounded: so that the step itself tells nothing."""
    by_events = row.unit in _RATIOS + _RATES
    counts = _events_behind(row) if by_events else (row.n, row.n_reference)
    return min((k for k in map(disclosure.count, counts) if k), default=None)


def _events_behind(row: Estimate) -> tuple[int | None, ...]:
    sides = (row.events, row.n), (row.events_reference, row.n_reference)
    events = [n if happened is None else happened for happened, n in sides]
    return tuple(k for k in events if k)


def _coarser(step: float) -> float:
    """The next step that readers can follow, at any size."""
    if not (math.isfinite(step) and step > 0):
        return STEPS[-1]
    size = 10.0 ** math.floor(math.log10(step))
    return next(m * size for m in (1, 2, 5, 10) if m * size >= step * (1 - 1e-9))


def _to(value: float, step: float, towards=None) -> float:
    if not math.isfinite(value):
        return value
    steps = rounded(value / step, 9)
    return rounded((towards(steps) if towards else rounded(steps)) * step, 6)


def shown_p(value: float, disclosure: Disclosure) -> float:
    """A p-value as it may be shown: two decimals, below 0.1 one digit, below 0.001 that it is so.

    Examples
    --------
    >>> from ctevidence.display.disclosure import PROFILES
    >>> [shown_p(p, PROFILES["opensafely"]) for p in (0.4321, 0.0472, 0.0041, 0.0002)]
    [0.43, 0.05, 0.004, 0.0005]
    """
    if disclosure.is_open or math.isnan(value):
        return value
    if value < 0.001:
        return 0.0005
    return rounded(value, 2 if value >= 0.01 else 3)
