"""Imputed: completed data sets under one assumption about what is missing, and their pooled fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ctevidence.contrasts.compare import joined
from ctevidence.language import pick, say
from ctevidence.levels import Key, Levels
from ctevidence.models.covariates import adjustment
from ctevidence.models.fit import ComparableFit, Fit, ScheduledFit, build_levels
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome
from ctevidence.sensitivity.conditional_normal import fill
from ctevidence.sensitivity.delta import AskedDelta, shifts
from ctevidence.sensitivity.draw_blocks import blocks
from ctevidence.sensitivity.imputed_response import by_rule, response_risks
from ctevidence.sensitivity.monotone_posterior import Posterior
from ctevidence.sensitivity.moving_means import moving_means
from ctevidence.sensitivity.rubin import MonteCarloError, Pooled
from ctevidence.sensitivity.score_table import ScoreTable
from ctevidence.sensitivity.strategies import Asked, Plan, plan_for
from ctevidence.sensitivity.visit_regressions import visit_means

#: of the means that a fit pools
PARTS = ("estimate", "cov")


@dataclass(frozen=True, eq=False, repr=False)
class ImputedFit(ScheduledFit):
    """Levels pooled over imputations; `model` is the `Pooled` behind them."""

    def monte_carlo_error(
        self, arm: str, *, against: str, week: float | None = None
    ) -> MonteCarloError:
        """What another seed would change in a difference, and in its p-value.

        Returns
        -------
        MonteCarloError
            Standard deviations over repeated imputation, of the estimate (in its unit) and of the
            p-value. More imputations make both smaller, by the root of their number.
        """
        levels = self.expected.at(week)
        c = levels.cell(arm).weights - levels.cell(against).weights
        full = np.zeros(len(self.expected.keys))
        full[[self.expected.keys.index(key) for key in levels.keys]] = c
        return self.model.monte_carlo_error(full)


@dataclass(frozen=True, eq=False, repr=False)
class Imputed(ComparableFit):
    """Completed data sets under one assumption; compares like any fit.

    Parameters
    ----------
    outcome : Outcome
        What was asked for: of kind ``course`` or ``response``.
    table : ScoreTable
    plan : Plan
        Strategy of each person.
    base : ndarray, shape (M, number missing)
        Imputed scores before any shift, in the order of ``np.nonzero(table.missing)``.
    shift : ndarray, shape (number missing,)
        Points added to each of them.
    assumption : str
        In words, part of the names of rows.
    method : str
        How it was imputed, in words.
    posterior : Posterior, optional
        What imputes under another strategy; None for chained equations.
    covariates : ndarray, shape (M, n, q), optional
        Where covariates were imputed too.
    cautions : tuple of str
    """

    outcome: Outcome
    table: ScoreTable
    plan: Plan
    base: np.ndarray
    shift: np.ndarray
    assumption: str
    method: str
    posterior: Posterior | None = None
    covariates: np.ndarray | None = None
    cautions: tuple[str, ...] = ()

    @property
    def imputations(self) -> int:
        return len(self.base)

    @property
    def measures(self) -> tuple[str, ...]:
        return ("mean",) if self.outcome.kind == "course" else ("risk",)

    @property
    def model(self) -> Pooled:
        return self._default.model

    @cached_property
    def _default(self) -> ImputedFit:
        return self.fit()

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Pooled levels at one week, or at all weeks; see `fit` for other adjustments."""
        return self._default.levels(measure, week)

    def monte_carlo_error(self, arm: str, *, against: str, week: float | None = None):
        """As of the `fit`."""
        return self._default.monte_carlo_error(arm, against=against, week=week)

    def scores(self, weeks: Sequence[float] | None = None) -> np.ndarray:
        """Completed scores, shape (M, n, weeks); people and weeks as in `table`."""
        complete = self.table.filled(self.base + self.shift)
        return complete if weeks is None else complete[:, :, self._positions(weeks)]

    def under(self, strategies: Asked, reference: str | Mapping[str, str] | None = None) -> Imputed:
        """The same draws under another strategy, without any delta.

        Parameters
        ----------
        strategies, reference
            As for `impute`.

        Raises
        ------
        ValueError
            After chained equations, which know no other strategy than missing at random.
        """
        if self.posterior is None:
            raise ValueError(
                "Chained equations impute as missing at random only. Use impute(..., "
                'method="joint normal") for reference-based strategies, or a delta.'
            )
        plan = plan_for(self.table, self.study.arms, strategies, reference)
        base = fill(self.table, plan, self.posterior.parameters, self.posterior.noise)
        return replace(
            self, plan=plan, base=base, shift=np.zeros_like(self.shift), assumption=plan.words
        )

    def shifted(self, delta: AskedDelta) -> Imputed:
        """The same imputations, worse or better by so many points after dropout.

        Parameters
        ----------
        delta
            As for `impute`; it replaces an earlier one.
        """
        bad = self.study.scale.bad_direction
        shift, words = shifts(self.table, self.study.arms, delta, bad)
        assumption = f"{self.plan.words}, {words}" if words else self.plan.words
        return replace(self, shift=shift, assumption=assumption)

    def read_as(self, outcome: Outcome) -> Imputed:
        """The same draws under the same assumption, for response by the same scores.

        Parameters
        ----------
        outcome : Outcome
            Of kind ``response``, of everyone in `table` and nobody else.

        Raises
        ------
        ValueError
            For another kind, or other people: their scores have to be imputed anew.
        """
        people = pd.unique(outcome.frame["participant_id"])
        same = len(people) == len(self.table.people) and self.table.people.isin(people).all()
        if outcome.kind != "response" or outcome.study is not self.study or not same:
            raise ValueError(
                f"{outcome.name} is no response by the scores that were imputed, of the same "
                "people; use impute(outcome, ...)."
            )
        earlier = [c for c in self.cautions if c not in self.outcome.cautions]
        own = [c for c in outcome.cautions if c not in earlier]
        return replace(self, outcome=outcome, cautions=(*own, *earlier))

    def completed(self, k: int) -> Outcome:
        """The outcome with the k-th imputation in place of what was missing."""
        people = np.repeat(self.table.people.to_numpy(), len(self.weeks))
        arm = np.repeat(np.array(self.table.arms)[self.table.arm], len(self.weeks))
        week = np.tile(self.weeks, len(self.table.people))
        scores = self.scores(self.weeks)[k]
        frame = pd.DataFrame({"participant_id": people, "arm": arm, "week": week})
        if self.outcome.kind == "course":
            frame["score"] = scores.ravel()
        else:
            frame["value"] = self._responded(scores[None], self.weeks)[0].ravel()
        return replace(
            self.outcome, name=self.name, frame=frame, weight=None, cautions=self.cautions
        )

    def fit_each(self, fit: Callable[[Outcome], Fit], measure: str | None = None) -> ImputedFit:
        """Any fit of each completed data set, pooled.

        Parameters
        ----------
        fit : callable
            From an outcome to a fit: ``lambda outcome: ct.fit_response(outcome, model="firth")``.
        measure : str, optional
            As for the fit's ``levels``.

        Notes
        -----
        Degrees of freedom of complete data are taken as infinite where the fit gives none, else
        as the smallest that it gives to a single level.
        """
        levels = [fit(self.completed(k)).levels(measure) for k in range(self.imputations)]
        first = levels[0]
        if any(other.keys != first.keys or other.link != first.link for other in levels):
            raise ValueError("The fits have levels of different arms, weeks or scales.")
        units = np.eye(len(first.keys))
        df = min(first.df_for(c) for c in units) if first.df_for else np.inf
        estimates = np.array([each.estimate for each in levels])
        pooled = Pooled(estimates, np.array([each.cov for each in levels]), df)
        expected = replace(
            first,
            outcome=self.name,
            estimate=pooled.estimate,
            cov=pooled.cov,
            df_for=pooled.df_for,
            interval_for=None,
            method=f"{self.method}; {first.method}; {say('sensitivity.imputed.pooling')}",
            caution=joined(*self.cautions, *(level.caution for level in levels)),
        )
        return ImputedFit(self._named, expected, pooled, self.cautions)

    def fit(
        self,
        adjust: Sequence[str] | None = None,
        model: str | None = None,
        weeks: Sequence[float] | None = None,
    ) -> ImputedFit:
        """The pooled fit: means by least squares at each visit, or risks by the rule.

        Parameters
        ----------
        adjust : sequence of str, optional
            Covariates, among those imputed with; these when absent, ``[]`` for none.
        model : {"counts", "standardised"}, optional
            Of risks, as for `fit_response`; standardised where there are covariates and all data
            sets carry a regression.
        weeks : sequence of float, optional
            All weeks of the outcome when absent.

        Raises
        ------
        KeyError
            For a covariate that was not imputed with, or a week that there is not.
        """
        weeks = self.weeks if weeks is None else tuple(weeks)
        names = self.table.names if adjust is None else adjustment(self.study, adjust)
        columns = self._covariates(names)
        events, more = None, ()
        if self.outcome.kind == "course":
            pooled, how = self._means(weeks, columns), say("sensitivity.imputed.least_squares")
        else:
            y = np.concatenate([
                self._responded(scores, weeks).astype(bool) for scores, _ in self._in_blocks(weeks)
            ])  # fmt: skip
            pooled, events, how, more = response_risks(y, self.table, columns, model)
        return self._fitted(pooled, events, how, weeks, names, more)

    def moving(self, arms: Sequence[str], week: float) -> Callable[..., ImputedFit]:
        """The pooled fit at one week as scores after dropout get worse in some arms.

        Parameters
        ----------
        arms : sequence of str
            Arms or treatments.
        week : float

        Returns
        -------
        callable
            From points worse in each of `arms` to what `shifted` and `fit` give, found from sums
            over people instead of from all their scores again. The name of rows stays.

        Raises
        ------
        ValueError
            For response, which is no sum of scores, or covariates that were imputed.
        """
        if self.outcome.kind != "course" or self.covariates is not None:
            raise ValueError("Only means of scores with covariates that are known move so.")
        (at,) = self._positions([week])
        moves = np.zeros((len(arms), *self.table.scores.shape))
        for one, name in zip(moves, arms, strict=True):
            one[self.table.missing] = self.shifted({name: 1.0}).shift
        unmoved = self.shifted(0.0)
        complete = (scores[:, :, 0] for scores, _ in unmoved._in_blocks([week]))
        columns = self._covariates(self.table.names)
        found = moving_means(complete, self.table.arm, columns, moves[:, :, at].T)

        def fit(*points: float) -> ImputedFit:
            means = found.at(np.array(points))
            pooled = Pooled(means.estimate, means.cov, means.df)
            return unmoved._fitted(
                pooled, None, say("sensitivity.imputed.least_squares"), [week], self.table.names
            )

        return fit

    def _means(self, weeks: Sequence[float], columns: np.ndarray) -> Pooled:
        each = [
            visit_means(scores, self.table.arm, columns[some] if columns.ndim == 3 else columns)
            for scores, some in self._in_blocks(weeks)
        ]
        estimate, cov = (np.concatenate([getattr(e, name) for e in each]) for name in PARTS)
        return Pooled(estimate, cov, each[0].df)

    def _in_blocks(self, weeks: Sequence[float]) -> Iterator[tuple[np.ndarray, slice]]:
        """Completed scores (some draws, n, weeks), and which draws they are."""
        for some in blocks(self.imputations, self.table.scores.size):
            complete = self.table.filled(self.base[some] + self.shift)
            yield complete[:, :, self._positions(weeks)], some

    def _fitted(self, pooled, events, how: str, weeks, names, more=()) -> ImputedFit:
        counted = how == pick("sensitivity.imputed_response.models", "counts")
        on = (
            ""
            if counted or not names
            else say("sensitivity.adjusted_for", names=", ".join(map(in_words, names)))
        )
        keys = [Key(arm, week) for week in weeks for arm in self.table.arms]
        people = np.bincount(self.table.arm)
        expected = build_levels(
            self._named,
            self.measures[0],
            keys,
            pooled.estimate,
            pooled.cov,
            n=np.tile(people, len(weeks)),
            events=events,
            method=f"{self.method}; {how}{on}; {say('sensitivity.imputed.pooling')}",
            cautions=(*self.cautions, *more),
            df_for=pooled.df_for,
            unit=f"{self.study.scale.label} points" if self.outcome.kind == "course" else "",
        )
        return ImputedFit(self._named, expected, pooled, (*self.cautions, *more))

    @property
    def weeks(self) -> tuple[float, ...]:
        """The weeks that are asked for; scores of all visits help to impute them."""
        if self.outcome.kind == "course":
            return self.table.weeks
        return tuple(sorted(float(w) for w in self.outcome.frame["week"].unique()))

    @property
    def name(self) -> str:
        """Name of the outcome in rows."""
        if self.outcome.kind == "course":
            return f"{self.outcome.name}, {self.assumption}"
        what = self.outcome.name.rpartition(" (")[0] or self.outcome.name
        return f"{what} (imputed, {self.assumption})"

    @cached_property
    def _named(self) -> Outcome:
        # an outcome looks at all its rows when it is made, and a tipping point asks 400 times
        return replace(self.outcome, name=self.name)

    def _responded(self, scores: np.ndarray, weeks: Sequence[float]) -> np.ndarray:
        imputed = self.table.missing[:, self._positions(weeks)]
        return by_rule(self.outcome, self.table.baseline, scores, imputed)

    def _positions(self, weeks: Sequence[float]) -> list[int]:
        unknown = [week for week in weeks if week not in self.table.weeks]
        if unknown:
            known = ", ".join(f"{w:g}" for w in self.table.weeks)
            raise KeyError(f"No scores at week {unknown[0]:g}; there are weeks {known}.")
        return [self.table.weeks.index(week) for week in weeks]

    def _covariates(self, names: Sequence[str]) -> np.ndarray:
        """Columns of the covariates to adjust for, shape (n, q) or (M, n, q)."""
        unknown = [name for name in names if name not in self.table.columns]
        if unknown:
            raise KeyError(
                f"{', '.join(unknown)} was not imputed with. Name it in impute(..., adjust=[...])."
            )
        wanted = [c for name in names for c in self.table.columns[name]]
        source = self.table.covariates if self.covariates is None else self.covariates
        return source[..., wanted]
