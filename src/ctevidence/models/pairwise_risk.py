"""Contrasts of risks that are worked out for each pair of arms, not from levels of all of them.

Mantel-Haenszel pooling weighs strata by the people of the two arms compared, and the score
interval has a variance of its own for each pair: neither is a contrast of one set of levels. The
levels that such a fit gives are the plain counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from ctevidence.contrasts.combination import Combination
from ctevidence.contrasts.compare import contrast_row
from ctevidence.estimates import Estimates
from ctevidence.language import listed, say
from ctevidence.levels import Levels
from ctevidence.models.fit import ComparableFit, ScheduledFit
from ctevidence.models.two_by_two import mantel_haenszel, score_interval, score_p_value
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import contrast_measure, did_you_mean

MEASURES = {
    "miettinen-nurminen": ("risk_difference", "risk_ratio", "nnt"),
    "mantel-haenszel": ("risk_difference", "risk_ratio", "odds_ratio", "nnt"),
}


@dataclass(frozen=True, eq=False, repr=False)
class PairwiseRiskFit(ComparableFit):
    """Counts of each arm, compared pair by pair.

    Parameters
    ----------
    outcome : Outcome
    counted : ScheduledFit
        The risks of each arm, for `levels`.
    kind : {"miettinen-nurminen", "mantel-haenszel"}
    strata : tuple of str
        Columns of the participants whose combinations of values are the strata.
    """

    outcome: Outcome
    counted: ScheduledFit
    kind: str
    strata: tuple[str, ...] = ()
    model: Any = None

    @property
    def measures(self) -> tuple[str, ...]:
        return self.counted.measures

    @property
    def cautions(self) -> tuple[str, ...]:
        return self.counted.cautions

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """The counts of each arm; contrasts of them are Newcombe's, not this fit's."""
        return self.counted.levels(measure, week)

    def compare(
        self,
        arm: str,
        *,
        against: str,
        measure: str | None = None,
        week: float | None = None,
        conf_level: float = 0.95,
        alternative: str = "two-sided",
    ) -> Estimates:
        """One arm or treatment against another by this fit's method.

        Raises
        ------
        KeyError
            For a measure that the method does not give; the message lists those it does.
        ValueError
            For one arm under two names, or a one-sided number needed to treat.
        """
        measure = measure or "risk_difference"
        if measure not in MEASURES[self.kind]:
            known = did_you_mean(measure, MEASURES[self.kind])
            raise KeyError(f'No "{measure}" by {self.kind}{known}')
        levels = replace(self.counted.levels("risk").at(week), method="counts")
        cells = [levels.cell(arm), levels.cell(against)]
        if set(cells[0].arms) & set(cells[1].arms):
            raise ValueError(f'"{arm}" and "{against}" share an arm; name two different ones.')
        if measure == "nnt" and alternative != "two-sided":
            raise ValueError("A number needed to treat has a two-sided interval only.")
        analysed = "risk_difference" if measure == "nnt" else measure
        counts = self._counts(cells, levels.keys[0].week)
        if 0 in (cells[0].n, cells[1].n):
            result = Combination(problem=say("models.pairwise_risk.nobody"))
        elif self.kind == "miettinen-nurminen":
            result = _scored(analysed, counts.sum(axis=1), conf_level, alternative)
        else:
            result = _pooled(analysed, counts, conf_level, alternative, self.strata)
        row = contrast_row(
            levels, cells, against, contrast_measure(measure), result, conf_level, alternative
        )
        return Estimates([row])

    def _counts(self, cells, week: float) -> np.ndarray:
        """Events and people of the two sides in each stratum, shape (4, strata)."""
        rows = self.outcome.frame
        rows = rows[(rows["week"] == week) & rows["value"].notna()]
        people = self.study.entering().set_index("participant_id")
        stratum = pd.Series(0, index=rows.index)
        if self.strata:
            values = people.loc[rows["participant_id"], list(self.strata)].astype(str)
            stratum = pd.Series(values.agg("|".join, axis=1).to_numpy(), index=rows.index)
        names = sorted(stratum.unique())
        counts = []
        for cell in cells:
            side = rows["arm"].isin([arm.name for arm in cell.arms])
            values = rows.loc[side, "value"].groupby(stratum[side]).agg(["sum", "size"])
            counts += [values["sum"].reindex(names, fill_value=0)]
            counts += [values["size"].reindex(names, fill_value=0)]
        return np.array(counts, float)


def _scored(measure: str, counts: np.ndarray, conf_level: float, alternative: str) -> Combination:
    e1, n1, e0, n0 = counts
    level = conf_level if alternative == "two-sided" else 2 * conf_level - 1
    low, high = score_interval(measure, e1, n1, e0, n0, level)
    p1, p0 = e1 / n1, e0 / n0
    if measure == "risk_ratio" and (e1 == 0 or e0 == 0):
        return Combination(problem=say("models.pairwise_risk.no_ratio"))
    difference = measure == "risk_difference"
    estimate = p1 - p0 if difference else math.log(p1 / p0)
    spread = (
        (p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)
        if difference
        else 1 / e1 - 1 / n1 + 1 / e0 - 1 / n0
    )
    p_value = score_p_value(measure, 0.0, e1, n1, e0, n0)
    return Combination(
        estimate,
        math.sqrt(spread),
        math.nan if alternative == "less" else low,
        math.nan if alternative == "greater" else high,
        math.inf,
        _directed(p_value, estimate, alternative),
        say("models.pairwise_risk.score"),
    )


def _pooled(
    measure: str, counts: np.ndarray, conf_level: float, alternative: str, strata: tuple[str, ...]
) -> Combination:
    estimate, std_error = mantel_haenszel(measure, *counts)
    empty = int(np.sum((counts[1] == 0) | (counts[3] == 0)))
    where = listed(strata, "by") or say("models.pairwise_risk.one_stratum")
    if not math.isfinite(estimate) or not std_error > 0:
        return Combination(problem=say("models.pairwise_risk.no_variation", strata=where))
    reach = (
        float(ndtri(conf_level if alternative != "two-sided" else 0.5 + conf_level / 2)) * std_error
    )
    p_value = 2 * float(ndtr(-abs(estimate) / std_error))
    left_out = say("models.pairwise_risk.empty", empty=empty, strata=where)
    return Combination(
        estimate,
        std_error,
        math.nan if alternative == "less" else estimate - reach,
        math.nan if alternative == "greater" else estimate + reach,
        math.inf,
        _directed(p_value, estimate, alternative),
        say("models.pairwise_risk.mantel_haenszel", strata=where),
        left_out if empty else "",
    )


def _directed(two_sided: float, estimate: float, alternative: str) -> float:
    if alternative == "two-sided":
        return two_sided
    towards = (estimate > 0) == (alternative == "greater")
    return two_sided / 2 if towards else 1 - two_sided / 2
