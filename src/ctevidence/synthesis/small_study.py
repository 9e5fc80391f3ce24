"""Small-study effects: what several methods would make of the mean, as a range, never a verdict.

The methods assume different things and disagree widely: on one set of 26 effects of psychotherapy
for depression they run from no effect to more than the unadjusted mean. None can tell
publication bias from small trials being different trials. So all stand together, with the lowest
and the highest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import pick, say
from ctevidence.names import in_words
from ctevidence.synthesis.count_tables import CountTables
from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.funnel_regression import FunnelLine, egger, peese, peters
from ctevidence.synthesis.limit_meta_analysis import limit_effect
from ctevidence.synthesis.pairwise import t_quantile, two_sided_p
from ctevidence.synthesis.pool import pool
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.selection_models import assumed_selection, step_selection
from ctevidence.synthesis.trim_and_fill import trim_and_fill

ENOUGH = 10

#: methods, in the order of their rows
ADJUSTMENTS = (
    "unadjusted",
    "common-effect",
    "trim-and-fill",
    "pet",
    "peese",
    "limit",
    "selection",
    "selection-moderate",
    "selection-severe",
)
ASYMMETRY_TESTS = ("egger", "peters")


@dataclass(frozen=True, eq=False)
class SmallStudyRange:
    """What methods for small-study effects make of one pooled effect.

    Attributes
    ----------
    pooled : Pooled
        The analysis as it stands.
    adjusted : Estimates
        One row for each of `ADJUSTMENTS`, in that order; a method that does not apply keeps its
        row, with the reason.
    asymmetry : Estimates
        Tests of funnel asymmetry.
    cautions : tuple of str
    """

    pooled: Pooled
    adjusted: Estimates
    asymmetry: Estimates
    cautions: tuple[str, ...]

    @property
    def range(self) -> Estimate:
        """The unadjusted mean between the lowest and the highest of all methods."""
        found = [row.estimate for row in self.adjusted if row.is_estimable]
        row = self.pooled.pooled
        return Estimate(
            **self.pooled.rows.who,
            measure=f"{row.measure}_small_study_range",
            unit=row.unit,
            estimate=row.estimate,
            conf_low=min(found),
            conf_high=max(found),
            conf_level=row.conf_level,
            studies=row.studies,
            randomised=row.randomised,
            method=say("synthesis.small_study.methods", found=len(found), all=len(self.adjusted)),
            caution="; ".join([say("synthesis.small_study.lowest_highest"), *self.cautions]),
        )

    @property
    def estimates(self) -> Estimates:
        """The range, the adjusted means, the tests."""
        return Estimates([self.range]) + self.adjusted + self.asymmetry

    def __repr__(self) -> str:
        return repr(self.estimates)


def small_study_range(
    effects: EffectSizes | pd.DataFrame | Pooled, wanted: str | None = None, **options
) -> SmallStudyRange:
    """All adjustments for small-study effects side by side.

    Parameters
    ----------
    effects : EffectSizes, DataFrame or Pooled
        At least three studies; below ten the rows say that they cannot tell.
    wanted : {"greater", "less"}, optional
        In which direction authors wanted the effect to lie, for the selection models; the good
        direction of the outcome when absent.
    **options
        As in `pool.pool`, unless the effects are pooled already.

    Raises
    ------
    ValueError
        When there are fewer than three studies, or the wanted direction is not known.

    Examples
    --------
    >>> table = pd.DataFrame({"study": list("abcd"), "estimate": [0.1, 0.2, 0.5, 0.9],
    ...     "std_error": [0.1, 0.2, 0.3, 0.4]})
    >>> found = small_study_range(table, wanted="greater")
    >>> found.cautions[0]
    'fewer than ten studies: shown, but it cannot tell small-study effects from chance'
    """
    pooled = effects if isinstance(effects, Pooled) else pool(effects, **options)
    if pooled.result.k < 3:
        raise ValueError(
            f"There are {pooled.result.k} studies; below three nothing can be said of small ones."
        )
    if wanted is None:
        better = pooled.effects.better
        if better is None:
            raise ValueError('Say which direction was wanted: wanted="greater" or "less".')
        wanted = "greater" if better == "higher" else "less"
    methods = _methods(pooled, wanted)
    adjusted = [_adjusted(pooled, key, find) for key, find in methods.items()]
    tests = [_asymmetry(pooled, key) for key in ASYMMETRY_TESTS]
    return SmallStudyRange(pooled, Estimates(adjusted), Estimates(tests), tuple(_cautions(pooled)))


#: an adjusted mean: estimate, standard error, degrees of freedom, further words on the method
_Found = tuple[float, float, float, str]


def _methods(pooled: Pooled, wanted: str) -> dict[str, Callable[[], _Found]]:
    result, studies = pooled.result, pooled.result.studies
    sign = 1.0 if wanted == "greater" else -1.0

    def of_effect(effect) -> _Found:
        return effect.estimate, effect.std_error, effect.df, ""

    def filled() -> _Found:
        found = trim_and_fill(result)
        words = say(
            "synthesis.small_study.filled", missing=found.missing, side=in_words(found.side)
        )
        return (*of_effect(found.pool.random)[:3], words)

    def line(fit: Callable[..., FunnelLine], is_taken: bool) -> _Found:
        found = fit(studies)
        return (
            found.limit,
            found.limit_error,
            found.df,
            say("synthesis.small_study.by_the_rule") if is_taken else "",
        )

    def effect_is_there() -> bool:
        first = egger(studies)
        return first.limit * sign > 0 and first.p_limit / 2 < 0.05

    def normal(found) -> _Found:
        return found.estimate, found.std_error, math.inf, ""

    return {
        "unadjusted": lambda: of_effect(result.random),
        "common-effect": lambda: of_effect(result.common),
        "trim-and-fill": filled,
        "pet": lambda: line(egger, not effect_is_there()),
        "peese": lambda: line(peese, effect_is_there()),
        "limit": lambda: normal(limit_effect(result)),
        "selection": lambda: normal(step_selection(studies, wanted)),
        "selection-moderate": lambda: normal(assumed_selection(studies, wanted, "moderate")),
        "selection-severe": lambda: normal(assumed_selection(studies, wanted, "severe")),
    }


def _adjusted(pooled: Pooled, key: str, find: Callable[[], _Found]) -> Estimate:
    reason, words = "", ""
    try:
        mean, error, df, words = find()
    except ValueError as problem:
        mean = error = df = math.nan
        reason = str(problem).removesuffix(".")
    margin = t_quantile((1 + pooled.rows.conf_level) / 2, df) * error
    return Estimate(
        **pooled.rows.who | pooled.rows.numbers(mean, mean - margin, mean + margin),
        std_error=error,
        df=df,
        p_value=two_sided_p(mean / error, df),
        studies=pooled.result.k,
        method=pick("synthesis.small_study.adjustments", key) + words,
        caution="; ".join(filter(None, [reason, *_cautions(pooled)])),
        id=f"{pooled.pooled.id}/small-study/{key}",
    )


def _asymmetry(pooled: Pooled, key: str) -> Estimate:
    line, reason = None, ""
    try:
        line = egger(pooled.result.studies) if key == "egger" else _peters(pooled.effects)
    except ValueError as problem:
        reason = str(problem).removesuffix(".")
    return Estimate(
        **pooled.rows.who,
        measure="funnel_asymmetry",
        unit="per unit of standard error" if key == "egger" else "per 1/people",
        estimate=line.slope if line else math.nan,
        std_error=line.slope_error if line else math.nan,
        df=line.df if line else math.nan,
        p_value=line.p_slope if line else math.nan,
        studies=pooled.result.k,
        method=pick("synthesis.small_study.tests", key),
        caution="; ".join(filter(None, [reason, *_cautions(pooled)])),
        id=f"{pooled.pooled.id}/small-study/{key}",
    )


def _peters(effects: EffectSizes) -> FunnelLine:
    """Peters' test on the log odds ratios of the studies' counts, a zero cell corrected by half."""
    columns = [effects.frame[c].to_numpy() for c in ("events1", "n1", "events2", "n2")]
    if any(np.isnan(c).any() for c in columns):
        raise ValueError(say("synthesis.small_study.needs_counts"))
    tables = CountTables(*columns)
    tables = tables.where(tables.informative)
    a, b, c, d = tables.cells
    half = 0.5 * ((a == 0) | (b == 0) | (c == 0) | (d == 0))
    odds = np.log((a + half) * (d + half) / ((b + half) * (c + half)))
    return peters(odds, tables)


def _cautions(pooled: Pooled):
    if pooled.result.k < ENOUGH:
        yield say("synthesis.small_study.few")
    yield say("synthesis.small_study.not_publication_bias")
    if pooled.heterogeneity.i2_tau2 > 50:
        yield say("synthesis.small_study.differ")
