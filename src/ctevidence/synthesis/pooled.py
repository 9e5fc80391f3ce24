"""`Pooled`: a pairwise meta-analysis as rows of the tidy shape."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.synthesis.absolute_rows import absolute_rows
from ctevidence.synthesis.contrast_rows import ContrastRows, counts_of
from ctevidence.synthesis.cumulative import cumulative, in_order_of
from ctevidence.synthesis.effect_sizes import EffectSizes, describe_population
from ctevidence.synthesis.heterogeneity import Heterogeneity
from ctevidence.synthesis.influence import influence, influence_rows
from ctevidence.synthesis.pairwise import (
    PairwisePool,
    WeightedEffect,
    dominated,
    leave_one_out,
    t_quantile,
    two_sided_p,
)
from ctevidence.synthesis.risk_of_bias import bias_among
from ctevidence.synthesis.who_was_studied import who_was_studied

_MISSING = (math.nan,) * 3


@dataclass(frozen=True, eq=False)
class Pooled:
    """One contrast pooled over studies; made by `pool.pool`.

    Attributes
    ----------
    effects : EffectSizes
        One row for each study.
    result : PairwisePool
        All numbers on the analysis scale.
    name : str
        What the pooled rows carry as `study`.
    population : str
        Who, in words.
    """

    effects: EffectSizes
    result: PairwisePool
    name: str
    population: str

    def __repr__(self) -> str:
        return repr(self.estimates)

    @cached_property
    def rows(self) -> ContrastRows:
        """What all rows about this contrast share."""
        return ContrastRows(
            self.effects, self.name, self.population, self.result.options.conf_level
        )

    @property
    def estimates(self) -> Estimates:
        """Pooled row, prediction row, one row for each study (one study stands once)."""
        rows = [self.pooled, self.prediction]
        return Estimates(rows if self.result.k == 1 else [*rows, *self.studies])

    @cached_property
    def pooled(self) -> Estimate:
        """The random-effects mean; the study itself where there is only one."""
        if self.result.k == 1:
            return self._row(
                self.result.random,
                say("synthesis.pairwise.one_study"),
                study=self.effects.studies[0],
            )
        options = self.result.options
        method = say(
            "synthesis.pooled.random",
            tau2=options.tau2_method,
            adjustment=in_words(options.hartung_knapp),
        )
        return self._row(self.result.random, method)

    @property
    def common_effect(self) -> Estimate:
        """The common-effect (inverse-variance) mean."""
        row_id = f"{self.pooled.id}/common-effect"
        return self._row(self.result.common, say("synthesis.pooled.common"), id=row_id)

    @property
    def studies(self) -> Estimates:
        """One row for each study, with its own normal interval."""
        return Estimates(self._study_row(row) for row in self.effects.frame.to_dict("records"))

    @property
    def weights(self) -> pd.Series:
        """Share of each study in the pooled effect, by name; adds up to 1."""
        return pd.Series(self.result.random.weights, index=list(self.result.studies.study))

    @cached_property
    def prediction(self) -> Estimate:
        """Prediction interval as a row, without limits where there are fewer than three studies."""
        found = self.result.prediction
        numbers = (self.result.random.estimate, found.low, found.high) if found else _MISSING
        return Estimate(
            **self.rows.who
            | self.rows.numbers(*numbers)
            | {"measure": f"{self.effects.measure}_prediction"},
            std_error=found.std_error if found else math.nan,
            df=found.df if found else math.nan,
            studies=self.result.k,
            method=say("synthesis.pooled.prediction", convention=found.convention) if found else "",
            caution="; ".join(
                [
                    say("synthesis.new_study") if found else say("synthesis.pooled.no_prediction"),
                    *self.result.cautions,
                ]
            ),
        )

    @property
    def heterogeneity(self) -> Heterogeneity | None:
        """Q, tau-squared, I-squared by both conventions; None for one study."""
        return self.result.heterogeneity

    @property
    def tau2(self) -> Estimate:
        """Between-study variance with its Q-profile interval, on the analysis scale squared."""
        found, cautions = self.heterogeneity, list(self.result.cautions)
        tau2, low, high = (found.tau2, found.tau2_low, found.tau2_high) if found else _MISSING
        if not (math.isnan(tau2) or low <= tau2 <= high):
            cautions.append(
                say("synthesis.network_model.outside", low=f"{low:g}", high=f"{high:g}")
            )
            low = high = math.nan
        return Estimate(
            **self.rows.who,
            measure="tau2",
            unit=f"{self.effects.scale} scale squared",
            estimate=tau2,
            conf_low=low,
            conf_high=high,
            conf_level=self.result.options.conf_level,
            studies=self.result.k,
            method=say("synthesis.pooled.tau2", method=found.tau2_method) if found else "",
            caution="; ".join(cautions if found else [say("synthesis.pooled.one_study")]),
        )

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """What the pooled row warns of, once each."""
        frame = self.effects.frame
        labels = dict(zip(frame["study"], frame["label"], strict=True))
        found = [_with_label(caution, labels) for caution in self.result.cautions]
        for column, word in (
            ("outcome", "outcomes"),
            ("condition_group", "conditions"),
            ("age_group", "age groups"),
        ):
            values = [value for value in frame[column].unique() if value]
            if len(values) > 1:
                found.append(
                    say(
                        "synthesis.pooled.differ",
                        what=in_words(word),
                        values=", ".join(map(in_words, values)),
                    )
                )
        found.append(who_was_studied(frame))
        own = frame.loc[frame["caution"] != "", "label"]
        if self.result.k == 1:
            found += frame["caution"].tolist()
        elif len(own):
            found += bias_among(frame)
            found.append(say("synthesis.pooled.own", studies=", ".join(own)))
        return tuple(dict.fromkeys(filter(None, found)))

    def leave_one_out(self) -> Estimates:
        """The pooled row without each study in turn; the study left out stands in `population`."""
        return Estimates(self.without(*each) for each in leave_one_out(self.result))

    def without(self, study: str, result: PairwisePool) -> Estimate:
        """The pooled row of the others, given their result; see `pairwise.leave_one_out`."""
        rest = self.effects.where(study=result.studies.study)
        return Pooled(rest, result, self.name, f"{self.population}; without {study}").pooled

    def cumulative(self, by: str = "year") -> Estimates:
        """The pooled row of the first study, the first two, and so on, in the order of `by`.

        Studies without a value of `by` come last, with a caution. The last row holds all studies.

        Parameters
        ----------
        by : str
            A numeric column of the effects.
        """
        order, known = in_order_of(self.effects.frame, by)
        rows = []
        for last, so_far in zip(order, cumulative(self.result, order), strict=True):
            part = self.effects.where(study=so_far.studies.study)
            value = self.effects.frame[by].iloc[last]
            step = f"up to {by} {value:g}" if known[last] else f"then without {by}"
            step = f"{self.population}; {step}, {so_far.studies.study[-1]} added"
            # one study stands under the name of the pool here, so that the steps belong together
            row = Pooled(part, so_far, self.name, step).pooled
            rows.append(replace(row, study=self.name, id=""))
        return Estimates(rows)

    def influence(self) -> Estimates:
        """What each study does to the result: see `influence.Influence`; one row per measure."""
        return influence_rows(influence(self.result), self.rows)

    def absolute(
        self, baseline_risk: float | Sequence[float], better: str | None = None
    ) -> Estimates:
        """Risks, risk difference and number needed to treat at stated baseline risks.

        Parameters
        ----------
        baseline_risk : float or sequence of float
            Risk with the reference treatment, as proportions; taken as known.
        better : {"higher", "lower"}, optional
            Needed for outcomes other than those of `effect_sizes.BETTER`.

        Returns
        -------
        Estimates
            For each baseline: risk with the reference, risk with the treatment, their difference,
            number needed to treat (positive to benefit, negative to harm; an interval that holds no
            difference has its limits on both sides of infinity).

        Raises
        ------
        ValueError
            When the measure is not a risk or odds ratio, a baseline is not a proportion, or the
            direction of the outcome is not known.
        """
        better = better or self.effects.better
        if better is None:
            raise ValueError(
                f'Whether more of "{self.rows.outcome}" is good is not known: say better="higher" '
                'or "lower".'
            )
        risks = np.atleast_1d(np.asarray(baseline_risk, float))
        return Estimates(row for p in risks for row in absolute_rows(self.pooled, float(p), better))

    def _row(self, effect: WeightedEffect, method: str, **changes) -> Estimate:
        return Estimate(
            **self.rows.who
            | self.rows.numbers(effect.estimate, effect.conf_low, effect.conf_high)
            | self.rows.counts
            | changes,
            std_error=effect.std_error,
            df=effect.df,
            p_value=effect.p_value,
            studies=self.result.k,
            method=f"{self.effects.method}; {method}",
            caution="; ".join(self.cautions),
        )

    def _study_row(self, row: dict) -> Estimate:
        margin = t_quantile((1 + self.result.options.conf_level) / 2, math.inf) * row["std_error"]
        return Estimate(
            **self.rows.who
            | {"study": row["study"], "outcome": row["outcome"]}
            | {"population": describe_population(pd.DataFrame([row]))}
            | self.rows.numbers(row["estimate"], row["estimate"] - margin, row["estimate"] + margin)
            | counts_of(row),
            week=row["weeks"],
            std_error=row["std_error"],
            df=math.inf,
            p_value=two_sided_p(row["estimate"] / row["std_error"], math.inf),
            method=say("synthesis.pooled.normal", method=self.effects.method),
            caution=row["caution"],
        )


def _with_label(caution: str, labels: Mapping[str, str]) -> str:
    """A caution that names a trial, with what readers see of it."""
    for study, label in labels.items():
        caution = caution.replace(dominated(study), dominated(label))
    return caution
