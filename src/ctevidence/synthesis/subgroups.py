"""Whether pooled effects differ between groups of studies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.synthesis.effect_sizes import describe_population
from ctevidence.synthesis.meta_regression import meta_regression
from ctevidence.synthesis.pairwise import PoolOptions
from ctevidence.synthesis.pooled import Pooled

#: measure of the row of the test, by the scale of the effects
ALIKE = {"identity": "heterogeneity_difference", "log": "heterogeneity_ratio"}


@dataclass(frozen=True)
class SubgroupTest:
    """Test that the groups share one effect; numbers are ``nan`` when it is not assessable.

    `groups` are those that entered, `reason` why it is not assessable, `caution` what to bear in
    mind when it is.
    """

    statistic: float
    df1: float
    df2: float
    p_value: float
    groups: tuple[str, ...]
    reason: str = ""
    caution: str = ""

    @property
    def assessable(self) -> bool:
        """Whether there was enough to test."""
        return not self.reason

    def describe(self, by: str) -> str:
        """How the test was made, the groups last."""
        return say(
            "synthesis.subgroups.method",
            by=in_words(by.replace("_", " ")),
            df1=f"{self.df1:g}",
            df2=f"{self.df2:.4g}",
            groups=", ".join(map(in_words, self.groups)),
        )


@dataclass(frozen=True, eq=False)
class Subgroups:
    """Pooled effects by group; made by `pool.pool_by`.

    Attributes
    ----------
    by : str
        Column that tells the groups apart.
    groups : mapping of str to Pooled or None
        None for a group without data.
    test : SubgroupTest
    """

    by: str
    groups: Mapping[str, Pooled | None]
    test: SubgroupTest

    @property
    def estimates(self) -> Estimates:
        """Pooled and prediction row of every group; a group without data keeps a row."""
        known = next(pooled for pooled in self.groups.values() if pooled is not None).pooled
        rows = []
        for group, pooled in self.groups.items():
            rows += (
                [_no_data(known, group)] if pooled is None else [pooled.pooled, pooled.prediction]
            )
        return Estimates(rows)

    @property
    def difference(self) -> Estimate:
        """The test that the groups share one effect, as a row: F, its p-value and the studies.

        `estimate` is the F statistic, `df` its denominator's; why it could not be tested stands in
        `caution`. No verdict is drawn from it.
        """
        known = [pooled for pooled in self.groups.values() if pooled is not None]
        frame = pd.concat([pooled.effects.frame for pooled in known])
        like, test = known[0].pooled, self.test
        tested = frame[frame[self.by].isin(test.groups)]
        return Estimate(
            study=known[0].name,
            population=describe_population(frame),
            outcome=" or ".join(frame["outcome"].unique()),
            arm=like.arm,
            reference=like.reference,
            measure=ALIKE[known[0].effects.scale],
            unit="F",
            estimate=test.statistic,
            df=test.df2,
            p_value=test.p_value,
            studies=len(tested),
            randomised=False,
            method=test.describe(self.by) if test.assessable else "",
            caution=test.caution if test.assessable else test.reason,
        )

    def __repr__(self) -> str:
        return repr(self.estimates)


def _no_data(like: Estimate, group: str) -> Estimate:
    return Estimate(
        study=like.study,
        population=group,
        outcome=like.outcome,
        arm=like.arm,
        reference=like.reference,
        measure=like.measure,
        unit=like.unit,
        estimate=math.nan,
        studies=0,
        caution=say("synthesis.subgroups.no_data"),
    )


def subgroup_test(estimate, variance, group, options: PoolOptions) -> SubgroupTest:
    """Test of subgroup differences with one between-study variance for all groups.

    A meta-regression on the groups that have at least two studies each: with so few studies a
    variance of each group's own would be mostly noise (Borenstein et al. 2009, *Introduction to
    Meta-Analysis*, ch. 19). Below ten studies in all a caution (Cochrane Handbook 6.5, 10.11.5.1).

    Parameters
    ----------
    estimate, variance : array_like, shape (k,)
    group : array_like of str, shape (k,)
    options : PoolOptions
        Its tau-squared method and Hartung-Knapp variant are used.

    Examples
    --------
    >>> test = subgroup_test([0.1, 0.3, 0.9], [0.1, 0.1, 0.1], ["a", "a", "b"], PoolOptions())
    >>> test.assessable, test.reason
    (False, 'not assessable: fewer than two groups have two studies')
    """
    group = np.asarray(group, str)
    names, counts = np.unique(group, return_counts=True)
    names = names[counts > 1]
    if names.size < 2:
        reason = say("synthesis.subgroups.not_assessable")
        return SubgroupTest(math.nan, math.nan, math.nan, math.nan, tuple(names.tolist()), reason)
    used = np.isin(group, names)
    design = (group[used, None] == names).astype(float)
    fit = meta_regression(
        np.asarray(estimate, float)[used],
        np.asarray(variance, float)[used],
        design,
        tau2_method=options.tau2_method,
        hartung_knapp=options.hartung_knapp,
    )
    differences = np.column_stack([np.ones(names.size - 1), -np.eye(names.size - 1)])
    test = fit.test(differences)
    return SubgroupTest(
        statistic=test.statistic,
        df1=test.df1,
        df2=test.df2,
        p_value=test.p_value,
        groups=tuple(names.tolist()),
        caution=say("synthesis.subgroups.few") if used.sum() < 10 else "",
    )
