"""Everything the published trials say about one contrast: by outcome, condition, age and stratum.

Adolescents and children are never averaged with adults, nor older adults with younger ones; people
who had not responded to a first treatment and designs in which the drug was tapered stand in rows
of their own; a condition without a trial keeps its row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from ctevidence.data.trials import Trials
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.synthesis.conditions import CONDITIONS
from ctevidence.synthesis.effect_sizes import EffectSizes, effect_sizes
from ctevidence.synthesis.flags import ANY_STRATUM, MAIN_STRATUM
from ctevidence.synthesis.pairwise import PoolOptions
from ctevidence.synthesis.pool import pool
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.subgroups import SubgroupTest, subgroup_test
from ctevidence.synthesis.typical_risk import typical_risk

#: how rows of the overview begin to say who
OVERVIEW = "overview: "
YOUNG = ("adolescents", "children and adolescents")


@dataclass(frozen=True)
class OverviewPart:
    """One question of the overview: outcomes in order of preference, in some phases."""

    name: str
    outcomes: tuple[str, ...]
    phases: tuple[str, ...]


AFTER_RESPONSE = ("continuation", "maintenance")
PARTS = (
    OverviewPart("response", ("response",), ("acute",)),
    OverviewPart("remission", ("remission",), ("acute",)),
    OverviewPart("relapse", ("relapse", "recurrence"), AFTER_RESPONSE),
    OverviewPart("relapse from the start", ("relapse",), ("acute",)),
    OverviewPart("dropout while treated", ("dropout",), ("acute",)),
    OverviewPart("dropout later", ("dropout",), AFTER_RESPONSE),
    OverviewPart("self-harm and suicidal events", ("self_harm",), ("acute",)),
)


@dataclass(frozen=True, eq=False)
class OverviewRow:
    """One cell of the overview.

    Attributes
    ----------
    part : OverviewPart
    condition, age_group, stratum : str
        `age_group` is empty where there is no trial.
    pooled : Pooled or None
        None where there is no trial.
    baseline_risk : float
        Risk with the reference treatment at which people per 100 are given; ``nan`` without trials.
    left_out : tuple of str
        Trials of the condition that were left out, each with its reason.
    """

    part: OverviewPart
    condition: str
    age_group: str = ""
    stratum: str = MAIN_STRATUM
    pooled: Pooled | None = None
    baseline_risk: float = float("nan")
    left_out: tuple[str, ...] = ()

    @property
    def population(self) -> str:
        """Who, in words."""
        known = CONDITIONS.get(self.condition)
        words = [known.name if known else self.condition, self.age_group, self.part.name]
        words += [] if self.stratum == MAIN_STRATUM else [f"stratum {self.stratum}"]
        return "; ".join(filter(None, words))

    @property
    def absolute(self) -> Estimates:
        """Risk difference and number needed to treat at the baseline risk."""
        if self.pooled is None or not 0 < self.baseline_risk < 1:
            return Estimates([])
        rows = self.pooled.absolute(self.baseline_risk)
        ratio = self.pooled.pooled
        return Estimates(
            replace(row, id="", n=ratio.n, n_reference=ratio.n_reference)
            for row in rows
            if row.measure in ("risk_difference", "nnt")
        )


@dataclass(frozen=True, eq=False)
class TrialOverview:
    """All rows of one contrast, and whether conditions differ.

    Attributes
    ----------
    name : str
        Source of the trials.
    contrast : tuple of two str
    rows : tuple of OverviewRow
    tests : mapping of (str, str) to SubgroupTest
        By part and age (``adults``, ``young``): whether the groups of conditions share one effect,
        in the main stratum. Not assessable where fewer than two have two trials.
    """

    name: str
    contrast: tuple[str, str]
    rows: tuple[OverviewRow, ...]
    tests: Mapping[tuple[str, str], SubgroupTest]

    @property
    def estimates(self) -> Estimates:
        """Of each row the pooled ratio, its prediction, people per 100 and number needed."""
        found: list[Estimate] = []
        for row in self.rows:
            if row.pooled is None:
                found.append(self._no_data(row))
            else:
                found += [row.pooled.pooled, row.pooled.prediction, *row.absolute]
        # the same trials are pooled by condition elsewhere: claims must not hear them twice
        return Estimates(
            replace(row, id="", population=f"{OVERVIEW}{row.population}") for row in found
        )

    def _no_data(self, row: OverviewRow) -> Estimate:
        return Estimate(
            study=self.name,
            population=row.population,
            outcome=" or ".join(row.part.outcomes),
            arm=self.contrast[0],
            reference=self.contrast[1],
            measure="risk_ratio",
            unit="ratio",
            estimate=float("nan"),
            studies=0,
            caution="; ".join([say("synthesis.subgroups.no_data"), *row.left_out]),
        )

    def __repr__(self) -> str:
        return repr(self.estimates)


def trial_overview(
    trials: Trials,
    contrast: Sequence[str],
    *,
    parts: Sequence[OverviewPart] = PARTS,
    baseline_risk: Mapping[str, float] | None = None,
    **options,
) -> TrialOverview:
    """Pool one contrast in every cell of outcome, condition, age group and stratum.

    Parameters
    ----------
    trials : Trials
        Arm-level, with counts.
    contrast : (str, str)
        Treatment and what it is compared with.
    parts : sequence of OverviewPart
        Questions asked.
    baseline_risk : mapping of str to float, optional
        Stated risk with the reference treatment by name of part; the median of the trials of the
        row where it is not stated.
    **options
        Further options of `effect_sizes`, such as `survival_share` or `several_arms`.

    Examples
    --------
    >>> arms = pd.DataFrame({
    ...     "trial_id": ["a", "a"], "arm": ["CBT + SSRI", "SSRI"], "outcome": "response",
    ...     "treatment": ["combined", "medication"], "events": [30, 20], "n": [50, 50],
    ...     "condition": "panic", "age_group": "adults", "phase": "acute", "flags": ""})
    >>> found = trial_overview(Trials("demo", "One", arms=arms), ("combined", "medication"))
    >>> row = next(row for row in found.rows if row.pooled)
    >>> row.population, round(row.absolute.where(measure="nnt").one().estimate, 6)
    ('panic disorder; adults; response', 5.0)
    """
    contrast = tuple(contrast)
    if trials.arms is None:  # contrasts of named treatments: every cell says that it has no trial
        columns = ["trial_id", "treatment", "outcome", "phase", "condition"]
        nothing = pd.DataFrame(columns=columns, dtype=object)
        trials = replace(trials, arms=nothing, contrasts=None)
    rows, tests = [], {}
    for part in parts:
        effects = _effects(trials, contrast, part, options)
        rows += _rows(trials, part, effects, (baseline_risk or {}).get(part.name))
        young = [age in YOUNG for age in effects.frame["age_group"]]
        main = effects.frame["stratum"] == MAIN_STRATUM
        for age, asked in (("adults", ~pd.Series(young, dtype=bool)), ("young", young)):
            tests[part.name, age] = _test(effects.frame[main & pd.Series(asked, dtype=bool)])
    return TrialOverview(trials.name, contrast, tuple(rows), tests)


def _effects(trials: Trials, contrast, part: OverviewPart, options: Mapping) -> EffectSizes:
    """Effects of all strata; none where the table has no such outcome, phase or treatment."""
    arms = trials.arms
    there = arms["outcome"].isin(part.outcomes) & arms["phase"].isin(part.phases)
    phases = tuple(p for p in part.phases if p in set(arms.loc[there, "phase"]))
    outcomes = tuple(o for o in part.outcomes if o in set(arms.loc[there, "outcome"]))
    if not (there.any() and set(contrast) <= set(arms["treatment"])):
        return EffectSizes(pd.DataFrame(columns=["study", "estimate", "std_error"]), "risk_ratio")
    return effect_sizes(trials, outcomes, contrast, phase=phases, stratum=ANY_STRATUM, **options)


def _rows(
    trials: Trials, part: OverviewPart, effects: EffectSizes, stated: float | None
) -> Iterator[OverviewRow]:
    """Rows in the order of conditions; those of the main stratum first."""
    frame, names = effects.frame, trials.names
    for condition in dict.fromkeys([*CONDITIONS, *trials.arms["condition"]]):
        own = frame[frame["condition"] == condition]
        if MAIN_STRATUM not in set(own["stratum"]):
            studies = set(trials.arms.loc[trials.arms["condition"] == condition, "trial_id"])
            yield OverviewRow(part, condition, left_out=_left_out(effects, studies, names))
        order = own.assign(side=own["stratum"] != MAIN_STRATUM).sort_values("side", kind="stable")
        for age_group, stratum in dict.fromkeys(
            zip(order["age_group"], order["stratum"], strict=True)
        ):
            cell = own[(own["age_group"] == age_group) & (own["stratum"] == stratum)]
            yield _row(part, condition, effects.where(study=cell["study"].tolist()), stated)


def _row(
    part: OverviewPart, condition: str, effects: EffectSizes, stated: float | None
) -> OverviewRow:
    first = effects.frame.iloc[0]
    row = OverviewRow(part, condition, first["age_group"], first["stratum"])
    pooled = pool(effects, population=row.population)
    return replace(
        row, pooled=pooled, baseline_risk=typical_risk(pooled) if stated is None else stated
    )


def _left_out(
    effects: EffectSizes, studies: Collection[str], names: Mapping[str, str]
) -> tuple[str, ...]:
    excluded = zip(effects.excluded["study"], effects.excluded["reason"], strict=True)
    return tuple(f"{names[study]}: {why}" for study, why in excluded if study in studies)


def _test(frame: pd.DataFrame) -> SubgroupTest:
    variance = frame["std_error"] ** 2
    return subgroup_test(frame["estimate"], variance, frame["condition_group"], PoolOptions())
