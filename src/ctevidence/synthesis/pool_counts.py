"""Pool sparse counts as they are: no zero cell is corrected, no variance is made up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import pick, say
from ctevidence.synthesis.binomial_normal import BinomialNormalFit, binomial_normal
from ctevidence.synthesis.contrast_rows import ContrastRows
from ctevidence.synthesis.count_tables import CountTables
from ctevidence.synthesis.effect_measures import count_effects
from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.mantel_haenszel import CommonEffect, mantel_haenszel, peto_odds_ratio
from ctevidence.synthesis.pairwise import t_quantile, two_sided_p
from ctevidence.synthesis.pool import refuse_what_is_not_one_contrast

#: methods, with the measures that each can give
COUNT_METHODS = {
    "mantel-haenszel": ("risk_ratio", "odds_ratio", "risk_difference"),
    "peto": ("odds_ratio",),
    "binomial-normal": ("odds_ratio",),
    "binomial-normal-fixed-studies": ("odds_ratio",),
}
COUNTS = ("events1", "n1", "events2", "n2")


@dataclass(frozen=True, eq=False)
class PooledCounts:
    """Counts of one contrast pooled as they are; made by `pool_counts`.

    Attributes
    ----------
    result : CommonEffect or BinomialNormalFit
        On the analysis scale (log for ratios).
    tables : CountTables
    rows : ContrastRows
    method : str
        One of `COUNT_METHODS`.
    """

    result: CommonEffect | BinomialNormalFit
    tables: CountTables
    rows: ContrastRows
    method: str

    def __repr__(self) -> str:
        return repr(self.estimates)

    @property
    def pooled(self) -> Estimate:
        """The pooled effect with its normal interval."""
        mean, error = self.result.estimate, self.result.std_error
        margin = t_quantile((1 + self.rows.conf_level) / 2, math.inf) * error
        return Estimate(
            **self.rows.who | self.rows.numbers(mean, mean - margin, mean + margin),
            **self.rows.counts,
            std_error=error,
            df=math.inf,
            p_value=two_sided_p(mean / error, math.inf),
            studies=self.result.studies,
            method=pick("synthesis.pool_counts.methods", self.method),
            caution="; ".join(self.cautions),
            id=f"{self.rows.name}/{self.rows.population}/{self.rows.outcome}/{self.method}",
        )

    @property
    def estimates(self) -> Estimates:
        """The pooled row, and the between-study variance where the model has one."""
        if not isinstance(self.result, BinomialNormalFit):
            return Estimates([self.pooled])
        tau2 = Estimate(
            **self.rows.who,
            measure="tau2",
            unit="log scale squared",
            estimate=self.result.tau2,
            studies=self.result.studies,
            method=pick("synthesis.pool_counts.methods", self.method),
            caution=say("synthesis.pool_counts.too_small"),
        )
        return Estimates([self.pooled, tau2])

    @property
    def cautions(self) -> tuple[str, ...]:
        found = []
        silent = np.flatnonzero(~self.tables.informative)
        if silent.size and self.rows.effects.scale == "log":
            names = self.rows.effects.frame["study"].iloc[silent]
            found.append(say("synthesis.pool_counts.nothing_said", studies=", ".join(names)))
        if isinstance(self.result, BinomialNormalFit):
            found.append(say("synthesis.pool_counts.too_small"))
        else:
            found.append(say("synthesis.pool_counts.one_effect"))
        unequal = np.maximum(self.tables.n1 / self.tables.n2, self.tables.n2 / self.tables.n1)
        if self.method == "peto" and (
            abs(self.result.estimate) > math.log(2) or np.median(unequal) > 1.5
        ):
            found.append(say("synthesis.pool_counts.peto_biased"))
        return tuple(found)


def pool_counts(
    effects: EffectSizes | pd.DataFrame,
    method: str,
    *,
    measure: str | None = None,
    name: str | None = None,
    population: str | None = None,
    conf_level=0.95,
) -> PooledCounts:
    """Pool rare events without adding half an event anywhere.

    Studies in which nobody, or everybody, of both arms had the event keep their place in the risk
    difference of Mantel and Haenszel; about a ratio they say nothing, and the row names them.

    Parameters
    ----------
    effects : EffectSizes or DataFrame
        One row for each study with `events1, n1, events2, n2`. `effect_sizes` leaves out studies
        without any event unless told ``double_zero="correct"``; that changes no number here but
        the risk difference.
    method : str
        ``"mantel-haenszel"`` or ``"peto"``, which assume one effect; ``"binomial-normal"``
        (conditional on all events of a study) or ``"binomial-normal-fixed-studies"``, whose
        effects vary. See `mantel_haenszel` and `binomial_normal`.
    measure : str, optional
        Risk ratio, odds ratio or risk difference, where the method can give it; that of the
        effects when absent, else the odds ratio.
    name, population, conf_level
        As in `pool.pool`.

    Raises
    ------
    ValueError
        When counts are missing or impossible, the method does not give the measure, or the effect
        is not estimable.

    Examples
    --------
    >>> table = pd.DataFrame({"study": ["a", "b"], "events1": [1, 0], "n1": [50, 40],
    ...                       "events2": [4, 0], "n2": [50, 40]})
    >>> row = pool_counts(table, "mantel-haenszel", measure="risk_ratio").pooled
    >>> row.estimate, row.studies
    (0.25, 1)
    """
    if method not in COUNT_METHODS:
        raise ValueError(f'method="{method}" is unknown; say one of {", ".join(COUNT_METHODS)}.')
    given = effects.frame if isinstance(effects, EffectSizes) else effects
    measure = measure or (effects.measure if isinstance(effects, EffectSizes) else "odds_ratio")
    if measure not in COUNT_METHODS[method]:
        raise ValueError(f"{method} gives {' or '.join(COUNT_METHODS[method])}, not {measure}.")
    missing = [c for c in COUNTS if c not in given or given[c].isna().any()]
    if missing:
        raise ValueError(f"Counts are missing in {', '.join(missing)}; pool the effects instead.")
    tables = CountTables(*(given[c] for c in COUNTS))
    effects = _of_measure(effects, given, tables, measure)
    refuse_what_is_not_one_contrast(effects)
    rows = ContrastRows(
        effects, name or effects.source, population or effects.population, conf_level
    )
    return PooledCounts(_estimate(tables, method, measure), tables, rows, method)


def _estimate(tables: CountTables, method: str, measure: str) -> CommonEffect | BinomialNormalFit:
    match method:
        case "mantel-haenszel":
            return mantel_haenszel(tables, measure)
        case "peto":
            return peto_odds_ratio(tables)
        case "binomial-normal":
            return binomial_normal(tables)
        case _:
            return binomial_normal(tables, "fixed-studies")


def _of_measure(effects, given, tables: CountTables, measure: str) -> EffectSizes:
    """The effects on the scale of the measure; single studies are not shown from these."""
    counts = (tables.events1, tables.n1, tables.events2, tables.n2)
    found = count_effects(*counts, measure, double_zero="correct")
    frame = given.drop(columns="measure", errors="ignore").assign(
        estimate=found.estimate, std_error=np.sqrt(found.variance)
    )
    if isinstance(effects, EffectSizes):
        return EffectSizes(
            frame, measure, source=effects.source, excluded=effects.excluded,
            method=effects.method, randomised=effects.randomised,
        )  # fmt: skip
    return EffectSizes(frame, measure)
