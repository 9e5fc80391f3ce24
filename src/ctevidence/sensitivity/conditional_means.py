"""Missing scores imputed once, by their expectation, with the jackknife for the uncertainty.

Nothing is drawn: the same data give the same numbers. And the variance is that of the estimate
over repeated trials, while Rubin's rules under a reference-based strategy keep the information
that missing scores lose under missing at random: both are right about something else, so both are
shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from joblib import Parallel, delayed

from ctevidence.language import say
from ctevidence.levels import Key, Levels
from ctevidence.models.covariates import adjustment
from ctevidence.models.fit import ComparableFit, build_levels, of_kind, refuse_weights
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome
from ctevidence.replicates import stream_of
from ctevidence.sensitivity.conditional_normal import JointNormal, fill
from ctevidence.sensitivity.delta import AskedDelta, shifts
from ctevidence.sensitivity.joint_model import fit_joint_normal
from ctevidence.sensitivity.score_table import ScoreTable, score_table
from ctevidence.sensitivity.strategies import MISSING_AT_RANDOM, Asked, Plan, plan_for
from ctevidence.sensitivity.visit_regressions import visit_means

#: people left out at a time are imputed together in blocks: bounds the memory, changes nothing
BLOCK = 100
#: With more people the variance comes from as many of them, drawn at random: one fit for each.
MOST_LEFT_OUT = 1_000


@dataclass(frozen=True, eq=False, repr=False)
class ConditionalMeans(ComparableFit):
    """Means at each visit after imputing expectations; compares like any fit.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course``.
    table : ScoreTable
    plan : Plan
    shift : ndarray, shape (number missing,)
    assumption : str
    everyone : JointNormal
        Parameters of the mixed model.
    left_out : ndarray of int, shape (k,)
        Positions of the people that are left out in turn: everyone, or a sample.
    without : JointNormal
        The same among these people without each of them in turn.
    estimates : ndarray, shape (1 + k, weeks x arms)
        Before any shift: of everyone, then of `left_out` without each of them.
    cautions : tuple of str
    """

    outcome: Outcome
    table: ScoreTable
    plan: Plan
    shift: np.ndarray
    assumption: str
    everyone: JointNormal
    left_out: np.ndarray
    without: JointNormal
    estimates: np.ndarray
    cautions: tuple[str, ...] = ()

    measures = ("mean",)

    @property
    def model(self) -> JointNormal:
        return self.everyone

    @property
    def name(self) -> str:
        return f"{self.outcome.name}, {self.assumption}, repeated sampling"

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Levels at one week, or at all weeks when `week` is absent."""
        self._measure(measure)
        return self._levels if week is None else self._levels.at(week)

    def under(
        self, strategies: Asked, reference: str | Mapping[str, str] | None = None
    ) -> ConditionalMeans:
        """The same fits under another strategy, without any delta; as for `impute`."""
        plan = plan_for(self.table, self.study.arms, strategies, reference)
        return replace(
            self,
            plan=plan,
            shift=np.zeros_like(self.shift),
            assumption=plan.words,
            estimates=estimates_under(self.table, plan, self.everyone, self.left_out, self.without),
        )

    def shifted(self, delta: AskedDelta) -> ConditionalMeans:
        """The same imputations, worse or better by so many points after dropout."""
        bad = self.study.scale.bad_direction
        shift, words = shifts(self.table, self.study.arms, delta, bad)
        assumption = f"{self.plan.words}, {words}" if words else self.plan.words
        return replace(self, shift=shift, assumption=assumption)

    @cached_property
    def _levels(self) -> Levels:
        keys = [Key(arm, week) for week in self.table.weeks for arm in self.table.arms]
        names = ", ".join(map(in_words, self.table.names))
        on = say("sensitivity.adjusted_for", names=names) if names else ""
        estimates = self.estimates + (self._moved_by_shift() if self.shift.any() else 0.0)
        people, drawn = len(self.table.people), len(self.left_out)
        how = say("sensitivity.conditional_means.jackknife")
        if drawn != people:
            how = say("sensitivity.conditional_means.jackknife_of", drawn=drawn)
        return build_levels(
            replace(self.outcome, name=self.name),
            "mean",
            keys,
            estimates[0],
            jackknife_covariance(estimates[1:]) * (drawn / people),
            n=np.tile(np.bincount(self.table.arm), len(self.table.weeks)),
            events=None,
            method=f"{say('sensitivity.conditional_means.method')}{on}; {how}",
            cautions=self.cautions,
            unit=f"{self.study.scale.label} points",
        )

    def _moved_by_shift(self) -> np.ndarray:
        """What the shift adds to `estimates`."""
        moved = np.zeros_like(self.table.scores)
        moved[self.table.missing] = self.shift
        of_all = of_everyone_and_without_each(moved, self.table.arm, self.table.adjusted_for)
        if len(self.left_out) == len(self.table.people):
            return of_all
        some = self.table.of(self.left_out)
        rest = of_everyone_and_without_each(moved[self.left_out], some.arm, some.adjusted_for)
        return np.concatenate([of_all[:1], rest[1:]])


def estimates_under(
    table: ScoreTable,
    plan: Plan,
    everyone: JointNormal,
    left_out: np.ndarray,
    without: JointNormal,
) -> np.ndarray:
    """Means by visit and arm of everyone, and without each person, shape (1 + k, weeks x arms)."""
    whole = table.filled(fill(table, plan, everyone))
    found = [visit_means(whole, table.arm, table.adjusted_for).estimate[0]]
    plan = replace(plan, strategy=plan.strategy[left_out], reference=plan.reference[left_out])
    table = table.of(left_out)
    columns, n = table.adjusted_for, len(table.people)
    for first in range(0, n, BLOCK):
        people = np.arange(first, min(first + BLOCK, n))
        parameters = JointNormal(without.coef[people], without.sigma[people])
        complete = table.filled(fill(table, plan, parameters))
        for i, scores in zip(people, complete, strict=True):
            keep = np.arange(n) != i
            # a repeated trial has other people, and their mean covariates
            centred = columns[keep] - columns[keep].mean(axis=0)
            means = visit_means(scores[None, keep], table.arm[keep], centred)
            found.append(means.estimate[0])
    return np.array(found)


def of_everyone_and_without_each(
    scores: np.ndarray, arm: np.ndarray, columns: np.ndarray
) -> np.ndarray:
    r"""Adjusted means of the same scores for everyone, and without each person.

    Parameters
    ----------
    scores : ndarray, shape (n, m)
    arm : ndarray of int, shape (n,)
    columns : ndarray, shape (n, q)
        Centred.

    Returns
    -------
    ndarray, shape (1 + n, m x arms)
        By visit, then arm; means at the mean covariates of those who are in.

    Notes
    -----
    Least squares without person i in closed form (Belsley, Kuh and Welsch 1980, Regression
    Diagnostics): :math:`\hat\beta_{(i)} = \hat\beta - (X^\top X)^{-1}x_i e_i/(1-h_i)`. Means are
    linear in the scores: a shift of imputed scores needs this alone, and no new fit.

    Examples
    --------
    >>> scores, arm = np.array([[1.0], [3.0], [8.0]]), np.zeros(3, int)
    >>> of_everyone_and_without_each(scores, arm, np.empty((3, 0))).ravel().round(9).tolist()
    [4.0, 5.5, 4.5, 2.0]
    """
    arms = int(arm.max()) + 1
    X = np.hstack([(arm[:, None] == np.arange(arms)).astype(float), columns])
    inverse = np.linalg.inv(X.T @ X)
    beta = inverse @ X.T @ scores
    pull = X @ inverse
    leverage = np.sum(pull * X, axis=1)
    rest = (scores - X @ beta) / (1 - leverage)[:, None]
    without = beta - pull[:, :, None] * rest[:, None]  # (n, p, m)
    others = (columns.sum(axis=0) - columns) / (len(X) - 1)
    means = without[:, :arms] + np.einsum("iq,iqm->im", others, without[:, arms:])[:, None]
    both = np.concatenate([beta[None, :arms], means])
    return both.swapaxes(1, 2).reshape(len(both), -1)


def jackknife_covariance(left_out: np.ndarray) -> np.ndarray:
    r"""Covariance of estimates from those without each of n people, shape (n, k).

    Notes
    -----
    :math:`\frac{n-1}{n}\sum_i(\theta_{(i)}-\bar\theta)(\theta_{(i)}-\bar\theta)^\top` (Efron and
    Tibshirani 1993, An Introduction to the Bootstrap, chapter 11).

    Examples
    --------
    Of a mean it is the usual variance over n: 1/3 for 1, 2, 3.

    >>> jackknife_covariance(np.array([[2.5], [2.0], [1.5]])).round(6).tolist()
    [[0.333333]]
    """
    n = len(left_out)
    apart = left_out - left_out.mean(axis=0)
    return (n - 1) / n * (apart.T @ apart)


def impute_means(
    outcome: Outcome,
    strategies: Asked = MISSING_AT_RANDOM,
    *,
    reference: str | Mapping[str, str] | None = None,
    delta: AskedDelta = 0.0,
    reasons: Mapping[str, str] | None = None,
    adjust: Sequence[str] | None = None,
    by_arm: bool = False,
    seed: int = 1,
    jobs: int = 1,
) -> ConditionalMeans:
    """Impute each missing score by its expectation, with the variance over repeated trials.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course``: what is more than a mean needs draws (`impute`).
    strategies, reference, delta, reasons, adjust, by_arm
        As for `impute`.
    seed : int
        Of the people drawn, where they are more than `MOST_LEFT_OUT`; else nothing is drawn.
    jobs : int
        Processes for the fits without each person in turn; -1 for all processors.

    Returns
    -------
    ConditionalMeans
        Under missing at random its estimates are those of the mixed model for repeated measures
        with every slope by visit.

    Raises
    ------
    ValueError
        When the scores, or those without one of the people, do not support the model.

    Notes
    -----
    Wolbers et al. 2022, Pharm Stat 21:1246: the expectation of the multiple imputation estimate,
    from restricted maximum likelihood; its frequentist variance by the jackknife, in which the
    model is fitted anew without each person. Of many people the variance is that among k of them
    drawn at random, times k / n: a variance of means falls with the number of people, and k = 1,000
    give its root to about one part in thirty.
    """
    of_kind(outcome, "course", "impute_means")
    refuse_weights(outcome)
    names = adjustment(outcome.study, adjust)
    table, cautions = score_table(outcome.study, outcome.frame, names, reasons=reasons)
    plan = plan_for(table, outcome.study.arms, strategies, reference)
    everyone, more = fit_joint_normal(table, by_arm)
    left_out = _drawn(len(table.people), seed)
    some = table.of(left_out)
    tables = (some.without(i) for i in range(len(left_out)))
    fits = Parallel(n_jobs=jobs)(delayed(fit_joint_normal)(each, by_arm) for each in tables)
    without = JointNormal(
        np.concatenate([fit.coef for fit, _ in fits]),
        np.concatenate([fit.sigma for fit, _ in fits]),
    )
    own = tuple(c for c in outcome.cautions if c not in cautions)
    made = ConditionalMeans(
        outcome=outcome,
        table=table,
        plan=plan,
        shift=np.zeros(int(table.missing.sum())),
        assumption=plan.words,
        everyone=everyone,
        left_out=left_out,
        without=without,
        estimates=estimates_under(table, plan, everyone, left_out, without),
        cautions=(*own, *cautions, *more),
    )
    return made.shifted(delta)


def _drawn(people: int, seed: int) -> np.ndarray:
    """Positions of the people to be left out in turn, rising."""
    if people <= MOST_LEFT_OUT:
        return np.arange(people)
    return np.sort(stream_of(seed, 0).choice(people, MOST_LEFT_OUT, replace=False))
