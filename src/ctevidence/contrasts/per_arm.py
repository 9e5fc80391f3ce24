"""What is expected under each arm alone."""

from __future__ import annotations

import math

import numpy as np

from ctevidence.contrasts.combination import combine, why_not_estimable
from ctevidence.contrasts.compare import all_levels_of, joined
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.levels import SCALES, Cell, Levels
from ctevidence.terms import LEVEL_MEASURES


def per_arm(
    source, measure: str | None = None, week: float | None = None, conf_level: float = 0.95
) -> Estimates:
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
    levels = all_levels_of(source, measure, week)
    if not levels.anchored:
        raise ValueError(
            f"A single {levels.measure} has no meaning of its own: only differences between arms "
            "are identified. Ask for a comparison instead."
        )
    if week is not None:
        levels = levels.at(week)
    return Estimates(_level_row(levels, i, conf_level) for i in range(len(levels.keys)))


def _level_row(levels: Levels, i: int, conf_level: float) -> Estimate:
    key, value = levels.keys[i], float(levels.values[i])
    low, high, df, problem = _level_limits(levels, i, conf_level)
    return Estimate(
        study=levels.study,
        population=levels.population,
        outcome=levels.outcome,
        arm=key.arm,
        measure=levels.measure,
        unit=levels.unit,
        week=math.nan if key.week is None else key.week,
        estimate=value,
        conf_low=low,
        conf_high=high,
        conf_level=conf_level,
        std_error=math.sqrt(levels.cov[i, i]) if math.isfinite(value) else math.nan,
        error_scale=levels.link,
        df=df,
        n=levels.n[i],
        events=levels.events[i],
        method=levels.method,
        caution=joined(levels.caution, problem),
    )


def _level_limits(levels: Levels, i: int, conf_level: float) -> tuple[float, float, float, str]:
    """Limits of one level alone, their degrees of freedom, and why there are none, in words.

    They are the level's own where it has them, else Wald on the scale that keeps them possible.
    """
    cell = Cell(levels.keys[i].arm, (), np.eye(len(levels.keys))[i], levels.n[i], levels.events[i])
    unknown = why_not_estimable(levels, [cell])
    if unknown:
        return math.nan, math.nan, math.nan, unknown
    if levels.interval_for is not None:
        low, high = levels.interval_for(conf_level)[i]
        return (
            low,
            high,
            math.inf,
            "" if math.isfinite(low + high) else say("contrasts.combination.no_variation"),
        )
    scale = LEVEL_MEASURES[levels.measure].interval_scale
    result = combine(levels, [cell], [1.0], scale, conf_level)
    if result.problem:  # all or nobody, or no variation
        return math.nan, math.nan, math.nan, say("contrasts.combination.no_variation")
    low, high = SCALES[scale].inverse(np.array([result.low, result.high]))
    return low, high, result.df, ""
