"""One arm or treatment against another, and the rows of each arm alone."""

from __future__ import annotations

import math

import numpy as np

from ctevidence.contrasts.combination import Combination, combine
from ctevidence.estimates import Estimate, Estimates
from ctevidence.levels import SCALES, Cell, Levels, is_randomised
from ctevidence.terms import (
    CONTRAST_MEASURES,
    LEVEL_MEASURES,
    ContrastMeasure,
    contrast_measure,
    did_you_mean,
)


def levels_of(source, measure: str | None, week: float | None) -> Levels:
    """`Levels` at one week from levels, or from anything with ``.levels(measure, week)``."""
    if isinstance(source, Levels):
        if measure not in (None, source.measure):
            raise ValueError(f"These levels are of {source.measure}, not of {measure}.")
        return source.at(week)
    return source.levels(measure, week).at(week)


def compare(
    source,
    arm: str,
    *,
    against: str,
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.95,
    alternative: str = "two-sided",
    null: float | None = None,
) -> Estimates:
    """Compare an arm or treatment with another.

    Parameters
    ----------
    source : Levels or a fit
    arm, against : str
        Arms or treatments; what it is compared with is always said.
    measure : str, optional
        One of `terms.CONTRAST_MEASURES`; the difference when absent.
    week : float, optional
        Nominal week; may be left out where there is only one.
    conf_level : float
    alternative : {"two-sided", "greater", "less"}
        One-sided alternatives give one limit.
    null : float, optional
        Value under test on the scale of the measure; no difference when absent.

    Returns
    -------
    Estimates
        One row.

    Raises
    ------
    KeyError
        Unknown arm, treatment, week or measure.
    ValueError
        A measure that does not fit the levels, or a treatment with several arms.

    Examples
    --------
    >>> from ctevidence.terms import Arm
    >>> levels = Levels("demo", "response", "everyone who started",
    ...     (Arm("combined", "combined"), Arm("medication", "medication")),
    ...     (("combined", 12), ("medication", 12)), "risk", "higher",
    ...     [0.6, 0.4], np.diag([0.0024, 0.0024]), (100, 100), (60, 40), frozenset(), "counts")
    >>> row = compare(levels, "combined", against="medication", measure="risk_ratio").one()
    >>> round(row.estimate, 3), row.randomised
    (1.5, False)
    """
    if arm == against:
        raise ValueError(f'"{arm}" cannot be compared with itself; name two different arms.')
    chosen = contrast_measure(measure) if measure else None
    levels = levels_of(source, chosen.of if chosen else None, week)
    chosen = chosen or CONTRAST_MEASURES[LEVEL_MEASURES[levels.measure].contrasts[0]]
    if chosen.of != levels.measure:
        valid = LEVEL_MEASURES[levels.measure].contrasts
        raise ValueError(
            f"A {chosen.name} cannot be made from levels of {levels.measure}"
            f"{did_you_mean(chosen.name, valid)}"
        )
    cells = [levels.cell(arm), levels.cell(against)]
    tested = chosen.null if null is None else null
    on_scale = math.log(tested) if chosen.is_ratio else tested
    scale = "exp" if not levels.anchored else chosen.scale
    result = combine(levels, cells, [1.0, -1.0], scale, conf_level, alternative, on_scale)
    row = contrast_row(levels, cells, against, chosen, result, conf_level, alternative)
    return Estimates([row])


def contrast_row(
    levels: Levels,
    cells: list[Cell],
    reference: str,
    measure: ContrastMeasure,
    result: Combination,
    conf_level: float = 0.95,
    alternative: str = "two-sided",
) -> Estimate:
    """The tidy row of a combination whose first cell is the arm and the rest its reference."""
    back = math.exp if measure.is_ratio else float
    estimate, low, high = (
        back(x) if math.isfinite(x) else x for x in (result.estimate, result.low, result.high)
    )
    if measure.name == "nnt":
        estimate, low, high = _needed_to_treat(estimate, low, high, levels.better)
    rest = cells[1:]
    randomised = is_randomised(cells, levels.randomised)
    unit = levels.unit if measure.unit == "points" else measure.unit
    return Estimate(
        study=levels.study,
        population=levels.population,
        outcome=levels.outcome,
        arm=cells[0].name,
        reference=reference,
        measure=measure.name,
        unit=unit,
        week=_week(levels),
        estimate=estimate,
        conf_low=low,
        conf_high=high,
        conf_level=conf_level,
        alternative=alternative,
        std_error=result.std_error,
        error_scale=_error_scale(measure),
        df=result.df,
        p_value=result.p_value,
        n=cells[0].n,
        events=cells[0].events,
        n_reference=sum(cell.n for cell in rest),
        events_reference=_total([cell.events for cell in rest]),
        randomised=randomised,
        method="; ".join(filter(None, (levels.method, result.method))),
        caution=joined(levels.caution, result.problem, _association(cells, levels, randomised)),
    )


def per_arm(
    source, measure: str | None = None, week: float | None = None, conf_level: float = 0.95
):
    """What is expected under each arm alone, one row per arm and week.

    Parameters
    ----------
    source : Levels or a fit
    measure : str, optional
        One of `terms.LEVEL_MEASURES`; the fit's first when absent.
    week : float, optional
        All weeks of the levels when absent.
    conf_level : float

    Returns
    -------
    Estimates

    Raises
    ------
    ValueError
        When single levels mean nothing (log hazards).
    """
    levels = source if isinstance(source, Levels) else source.levels(measure, week)
    if week is not None:
        levels = levels.at(week)
    if not levels.anchored:
        raise ValueError(
            f"A single {levels.measure} has no meaning of its own: only differences between arms "
            "are identified. Ask for a comparison instead."
        )
    limits = _level_limits(levels, conf_level)
    rows = []
    for i, key in enumerate(levels.keys):
        value = float(levels.values[i])
        problem = "" if math.isfinite(value) else "not estimable"
        rows.append(
            Estimate(
                study=levels.study,
                population=levels.population,
                outcome=levels.outcome,
                arm=key.arm,
                measure=levels.measure,
                unit=levels.unit,
                week=math.nan if key.week is None else key.week,
                estimate=value,
                conf_low=limits[i, 0],
                conf_high=limits[i, 1],
                conf_level=conf_level,
                std_error=math.sqrt(levels.cov[i, i]) if math.isfinite(value) else math.nan,
                error_scale=levels.link,
                n=levels.n[i],
                events=levels.events[i],
                method=levels.method,
                caution=joined(levels.caution, problem),
            )
        )
    return Estimates(rows)


def _level_limits(levels: Levels, conf_level: float) -> np.ndarray:
    """Limits of each level alone, shape (m, 2): its own interval, else Wald on a natural scale."""
    if levels.interval_for is not None:
        return levels.interval_for(conf_level)
    scale = LEVEL_MEASURES[levels.measure].interval_scale
    limits = np.full((len(levels.keys), 2), math.nan)
    for i in range(len(levels.keys)):
        weights = np.eye(len(levels.keys))[i]
        cell = Cell(levels.keys[i].arm, (), weights, levels.n[i], levels.events[i])
        result = combine(levels, [cell], [1.0], scale, conf_level)
        if not result.problem:
            limits[i] = SCALES[scale].inverse(np.array([result.low, result.high]))
    return limits


def _needed_to_treat(difference: float, low: float, high: float, better: str):
    """Number needed to treat; positive to benefit, negative to harm (Altman 1998, BMJ 317:1309).

    An interval of the difference that holds zero gives limits on both sides of infinity: then the
    lower limit is negative, the upper positive, and the range runs through infinity.
    """
    if better == "lower":
        difference, low, high = -difference, -high, -low
    inverse = lambda x: math.inf if x == 0 else 1 / x  # noqa: E731
    if low <= 0 <= high:
        return inverse(difference), inverse(low) if low else -math.inf, inverse(high)
    return inverse(difference), inverse(high), inverse(low)


def _error_scale(measure: ContrastMeasure) -> str:
    """A ratio's error belongs to the log scale, an NNT's to the difference it inverts."""
    return "log" if measure.is_ratio else "identity"


def _association(cells: list[Cell], levels: Levels, randomised: bool) -> str:
    if randomised:
        return ""
    union = frozenset().union(*(cell.components for cell in cells))
    shared = frozenset.intersection(*(cell.components for cell in cells))
    missing = sorted(((union - shared) or union) - levels.randomised)
    return f"{' and '.join(missing) or 'treatment'} not randomised: an association"


def _week(levels: Levels) -> float:
    week = levels.keys[0].week
    return math.nan if week is None else week


def _total(counts: list[int | None]) -> int | None:
    return None if None in counts else sum(counts)


def joined(*cautions: str) -> str:
    """Cautions in one line, each once."""
    return "; ".join(dict.fromkeys(c for c in cautions if c))
