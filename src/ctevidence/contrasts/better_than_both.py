"""Is the combination better than each single treatment? The min test."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ctevidence.contrasts.compare import (
    compare,
    contrast_of,
    joined,
    levels_of,
    small_group,
    total_or_none,
)
from ctevidence.contrasts.unidentified import absent, unidentified
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.terms import contrast_measure

BEST_SINGLE = "best single treatment"


def better_than_both(
    source,
    *,
    combined: str = "combined",
    medication: str = "medication",
    therapy: str = "therapy",
    measure: str | None = None,
    week: float | None = None,
    margin: float = 0.0,
    conf_level: float = 0.975,
) -> Estimates:
    r"""Test whether the combination beats both single treatments by more than a margin.

    Parameters
    ----------
    source : Levels or a fit
    combined, medication, therapy : str
        Arms or treatments.
    measure : str, optional
        A difference measure; the level measure's first when absent. Network effects are tested
        on their own scale, ratios on the log scale.
    week : float, optional
    margin : float
        Smallest worthwhile advantage, in the unit of the measure, not negative for superiority;
        on the log scale for network effects that are ratios.
    conf_level : float
        One-sided level of each limit.

    Returns
    -------
    Estimates
        The two one-sided contrasts and the min test: the smaller advantage with its limit.

    Raises
    ------
    ValueError
        For a ratio measure or an NNT.
    KeyError
        Unknown arm, treatment, week or measure.

    Notes
    -----
    Intersection-union test (Berger 1982, Technometrics 24:295; Laska and Meisner 1989, Biometrics
    45:1139): the null is that the combination is not better than at least one single treatment,
    the p-value the larger of the two one-sided ones, the limit the worse of the two limits. The
    level needs no correction for testing twice.
    """
    levels = levels_of(source, contrast_measure(measure).of if measure else None, week)
    chosen = contrast_of(levels, measure)
    measure = chosen.name
    # differences of network effects stand on the scale on which the ratio is pooled
    if (chosen.is_ratio and not levels.read_as) or measure == "nnt":
        raise ValueError(f"The min test is made on a difference, not on {measure}.")
    if absent(levels, (combined, medication, therapy)):
        return Estimates(
            [
                unidentified(
                    levels,
                    combined,
                    BEST_SINGLE,
                    measure,
                    say("contrasts.better_than_both.needs_both"),
                )
            ]
        )
    sign = 1.0 if levels.better == "higher" else -1.0
    alternative = "greater" if sign > 0 else "less"
    pair = [
        compare(
            levels,
            combined,
            against=single,
            measure=measure,
            conf_level=conf_level,
            alternative=alternative,
            null=math.exp(sign * margin) if chosen.is_ratio else sign * margin,
        ).one()
        for single in (medication, therapy)
    ]
    return Estimates([*pair, _min_test(pair, sign, margin)])


def _min_test(pair: list[Estimate], sign: float, margin: float) -> Estimate:
    worse = min(pair, key=lambda row: sign * row.estimate)
    limit = "conf_low" if sign > 0 else "conf_high"
    # numpy's minimum and maximum are nan as soon as one part is
    least = np.min([sign * row.estimate for row in pair])
    worst = np.min([sign * getattr(row, limit) for row in pair])
    groups = [(worse.events, worse.n), *((row.events_reference, row.n_reference) for row in pair)]
    return replace(
        worse,
        id="",
        reference=BEST_SINGLE,
        estimate=sign * least,
        std_error=math.nan,
        df=math.nan,
        p_value=np.max([row.p_value for row in pair]),
        n_reference=total_or_none([row.n_reference for row in pair]),
        events_reference=total_or_none([row.events_reference for row in pair]),
        randomised=all(row.randomised for row in pair),
        method=say("contrasts.better_than_both.method", margin=f"{margin:g}", method=worse.method),
        caution=joined(
            *(part for row in pair for part in row.caution.split("; ")), small_group(groups)
        ),
        **{limit: sign * worst},
    )
