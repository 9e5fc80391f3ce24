"""How the arms of a trial become effects: the measure with every choice that goes into it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ctevidence.language import say, words
from ctevidence.names import in_words
from ctevidence.synthesis.change_scores import SCORES, change_cells
from ctevidence.synthesis.effect_measures import (
    COUNT_MEASURES,
    MEAN_MEASURES,
    MEAN_VARIANCES,
    ArmValues,
    count_values,
    mean_values,
)
from ctevidence.synthesis.response_from_means import ResponseFromMeans, rate_values
from ctevidence.synthesis.variance_inflation import Inflation
from ctevidence.terms import did_you_mean

#: Columns of arms that not every table has.
MORE_NUMBERS = ("mean_baseline", "sd_baseline", "mean_change", "sd_change", "n_effective")


@dataclass(frozen=True)
class ArmMeasure:
    """A measure and how it is made from arms; the parameters are those of `effect_sizes`.

    Raises
    ------
    ValueError
        When an option is unknown or does not go with the measure.

    Examples
    --------
    >>> ArmMeasure("std_mean_difference", variance="unbiased").words
    'standardised mean difference from arms, variance: unbiased'
    """

    measure: str = "risk_ratio"
    zero_cells: str = "half"
    double_zero: str = "exclude"
    variance: str | None = None
    scores: str = "final"
    pre_post_correlation: float | None = None
    response_from_means: ResponseFromMeans | None = None
    inflation: Inflation = field(default_factory=Inflation)

    def __post_init__(self) -> None:
        known = COUNT_MEASURES | MEAN_MEASURES
        if self.measure not in known:
            raise ValueError(
                f'Arms do not give the measure "{self.measure}"{did_you_mean(self.measure, known)}'
            )
        if self.scores not in SCORES:
            raise ValueError(f'scores="{self.scores}" is none of {", ".join(SCORES)}.')
        if self.variance is not None and self.variance not in MEAN_VARIANCES.get(self.measure, ()):
            raise ValueError(
                f'variance="{self.variance}" is no convention of {self.measure}: '
                f"{', '.join(MEAN_VARIANCES.get(self.measure, ())) or 'it has only one'}."
            )
        if self.response_from_means and self.measure not in COUNT_MEASURES:
            raise ValueError(f"response_from_means does not go with {self.measure}.")

    @property
    def words(self) -> str:
        """The measure and its choices, in words."""
        said = [say("synthesis.arm_measure.method", measure=words("measures")[self.measure])]
        if self.measure in COUNT_MEASURES:
            said.append(say("synthesis.arm_measure.zero_cells", rule=in_words(self.zero_cells)))
            if self.response_from_means:
                said.append(
                    say("synthesis.arm_measure.from_means", rule=self.response_from_means.words)
                )
        else:
            said.append(
                say(
                    "synthesis.arm_measure.variance",
                    rule=self.variance or MEAN_VARIANCES[self.measure][0],
                )
            )
            said += [say("synthesis.arm_measure.changes")] if self.scores == "change" else []
        return ", ".join(said)

    def works_out(self, cells: pd.DataFrame) -> bool:
        """Whether the rates of these arms come from their means, because nobody was counted."""
        return self.response_from_means is not None and bool(cells["events"].isna().all())

    def values(self, cells: pd.DataFrame) -> tuple[ArmValues, list[str]]:
        """Values of the arms of one trial, and what was done to them, in words.

        Parameters
        ----------
        cells : DataFrame
            One row for each arm, with the columns of `Trials.arms`.

        Raises
        ------
        ValueError
            When a number is missing or impossible.
        """
        # columns that the table lacks, at once: trial by trial this is asked thousands of times
        cells = cells.reindex(columns=cells.columns.union(MORE_NUMBERS, sort=False))
        if self.measure in MEAN_MEASURES:
            values, remarks = self._from_means(cells)
        elif self.works_out(cells):
            values, remarks = self._rates(cells)
        elif cells["events"].isna().all() and cells["mean"].notna().any():
            values, remarks = _unusable(len(cells), say("synthesis.arm_measure.not_counted")), []
        else:
            counts = (cells[column].to_numpy(float) for column in ("events", "n"))
            values = count_values(
                *counts, self.measure, zero_cells=self.zero_cells, double_zero=self.double_zero
            )
            remarks = []
        factor, why = self.inflation.of(cells)
        return values.inflated(factor), [*remarks, *why]

    def _from_means(self, cells: pd.DataFrame) -> tuple[ArmValues, list[str]]:
        remarks: list[str] = []
        if self.scores == "change":
            cells, remarks, reason = change_cells(cells, self.pre_post_correlation)
            if reason:
                return _unusable(len(cells), reason), []
            remarks += (
                [say("synthesis.arm_measure.of_changes")]
                if self.measure == "std_mean_difference"
                else []
            )
        numbers = (cells[column].to_numpy(float) for column in ("mean", "sd", "n"))
        return mean_values(*numbers, self.measure, variance=self.variance), remarks

    def _rates(self, cells: pd.DataFrame) -> tuple[ArmValues, list[str]]:
        columns = ("mean", "sd", "n", "mean_baseline", "sd_baseline")
        numbers = (cells[column].to_numpy(float) for column in columns)
        values = rate_values(self.response_from_means, *numbers, measure=self.measure)
        return values, [
            f"{say('synthesis.response_from_means.worked_out')}: {self.response_from_means.words}"
        ]


def _unusable(arms: int, reason: str) -> ArmValues:
    nothing = np.full(arms, np.nan)
    return ArmValues(nothing, nothing, np.zeros(()), np.zeros((), bool), np.array(reason))
