"""The multiverse: one question answered in every way of analysing that was declared beforehand.

Steegen et al. 2016, Perspect Psychol Sci 11:702; Simonsohn, Simmons and Nelson 2020, Nat Hum Behav
4:1208. The ways are no sample and no proof: they say how far an answer depends on choices that
others could have made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from ctevidence.contrasts import better_than_both, compare_treatments
from ctevidence.contrasts.better_than_both import BEST_SINGLE
from ctevidence.contrasts.compare import joined, levels_of
from ctevidence.contrasts.synergy import interaction
from ctevidence.data.definitions import COUNTINGS, ResponseDefinition
from ctevidence.data.multiverse_rule import MultiverseRule
from ctevidence.data.study import Study
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.models.response import fit_response
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.response_definitions import derive_definition
from ctevidence.replicates import run_each
from ctevidence.sensitivity.draw_blocks import worthwhile
from ctevidence.sensitivity.impute import impute
from ctevidence.sensitivity.imputed import Imputed
from ctevidence.sensitivity.leading_contrast import leading_contrast
from ctevidence.sensitivity.specifications import Specification, specifications
from ctevidence.sensitivity.strategies import LAST_MEAN, MISSING_AT_RANDOM
from ctevidence.sensitivity.weighting import Weighting, weigh

#: second part of the id of every row: ``<study>/multiverse/<choices>/<question>``
MULTIVERSE = "multiverse"
IMPUTATIONS = 50
CONF_LEVEL = 0.95
CELLS = ("combined", "medication", "therapy", "control")


@dataclass(frozen=True, eq=False)
class Multiverse:
    """Every comparison in every way of analysing.

    Parameters
    ----------
    study : Study
    week : float
    specifications : tuple of Specification
        The declared main analysis first.
    estimates : Estimates
        Rows by specification. The id is ``<study>/multiverse/<definition>/<missing
        scores>/<covariates>/<model>/...``; ways that could not be gone have rows without a number
        that say why.
    """

    study: Study
    week: float
    specifications: tuple[Specification, ...]
    estimates: Estimates

    def of(self, arm: str, against: str, measure: str = "risk_difference") -> Estimates:
        """One question in every way, the declared main analysis first."""
        return self.estimates.where(arm=arm, reference=against, measure=measure)


def multiverse(
    study: Study,
    week: float | None = None,
    *,
    rule: MultiverseRule | None = None,
    imputations: int = IMPUTATIONS,
    seed: int,
    jobs: int = 1,
    backend: str | None = None,
) -> Multiverse:
    """Answer the questions of a study in every way of analysing of its grid.

    Parameters
    ----------
    study : Study
        With declared definitions of response, or rules of response or remission.
    week : float, optional
        A scheduled week; the study's primary week when absent.
    rule : MultiverseRule, optional
        The study's own when absent; see `specifications`.
    imputations : int
        Of ways that impute; fewer of very many people, see `worthwhile`.
    seed : int
        All imputing ways share their draws: they differ by choice alone.
    jobs, backend
        As for `replicates.run_each`.

    Returns
    -------
    Multiverse
        Of each way the differences of all pairs of treatments, of the combination from the better
        single treatment, and synergy on the difference scale, as far as the study has the arms.

    Raises
    ------
    ValueError, KeyError
        As for `specifications`.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> found = multiverse(simulate_study(n=200, seed=1), seed=1, imputations=10)
    >>> len(found.specifications), len(found.of("combined", "medication"))
    (16, 16)
    """
    week = study.primary_week if week is None else week
    ways = specifications(study, rule)
    rule = rule or study.rules.multiverse or MultiverseRule()
    reference = rule.reference or leading_contrast(study).reference
    imputations = worthwhile(imputations, len(study.participants) * len(study.weeks))
    task = _Analysis(study, week, reference, imputations, seed)
    rows = run_each(task, ways, seed=seed, jobs=jobs, backend=backend)
    return Multiverse(study, week, ways, Estimates(row for found in rows for row in found))


@dataclass(frozen=True, eq=False)
class _Analysis:
    """What the ways have in common; a class, so that workers can be sent it."""

    study: Study
    week: float
    reference: str
    imputations: int
    seed: int
    #: what several ways share: by definition and counting, and by covariates
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    drawn: dict[tuple[str, ...], Imputed] = field(default_factory=dict)
    weights: dict[tuple[str, ...], Weighting] = field(default_factory=dict)

    def __call__(self, way: Specification, _rng: np.random.Generator) -> tuple[Estimate, ...]:
        try:
            answers = _answers(self._fit(way))
        except ValueError as error:
            # a way that cannot be gone keeps its place and says why
            plain = replace(way, adjust=(), model="counts", missing=way.definition.missing[0])
            answers = [_without(row, str(error)) for row in _answers(self._fit(plain))]
        return tuple(_placed(row, way, self.study.name) for row in answers)

    def _fit(self, way: Specification):
        if way.missing in COUNTINGS:
            outcome = self._outcome(way.definition, way.missing)
            if way.model not in ("weighted", "doubly-robust"):
                return fit_response(outcome, list(way.adjust), way.model)
            return fit_response(outcome.weighted(self._weights(way.adjust)), model=way.model)
        seen = self._outcome(way.definition, "observed")
        named = way.missing not in (MISSING_AT_RANDOM, LAST_MEAN)
        return self._drawn(seen, way.adjust).under(way.missing, self.reference if named else None)

    def _outcome(self, definition: ResponseDefinition, missing: str) -> Outcome:
        key = definition.name, missing
        if key not in self.outcomes:
            self.outcomes[key] = derive_definition(self.study, definition, missing, self.week)
        return self.outcomes[key]

    def _weights(self, adjust: tuple[str, ...]) -> Weighting:
        if adjust not in self.weights:
            self.weights[adjust] = weigh(self.study, adjust=list(adjust))
        return self.weights[adjust]

    def _drawn(self, seen: Outcome, adjust: tuple[str, ...]) -> Imputed:
        """The draws of the study's scores, or of another scale's or other people's anew."""
        if adjust in self.drawn:
            try:
                return self.drawn[adjust].read_as(seen)
            except ValueError:
                pass
        how = {"imputations": self.imputations, "seed": self.seed}
        self.drawn[adjust] = impute(seen, adjust=list(adjust), **how)
        return self.drawn[adjust]


def _answers(fit) -> list[Estimate]:
    """All pairs, the better single treatment, and synergy, as far as the arms are there."""
    levels = levels_of(fit, "risk", None)
    rows = list(compare_treatments(levels, ("risk_difference",)))
    treatments = {row.arm for row in rows} | {row.reference for row in rows}
    if {*CELLS[:3]} <= treatments:
        rows += [row for row in better_than_both(levels) if row.reference == BEST_SINGLE]
    if {*CELLS} <= treatments:
        cells = [levels.cell(name) for name in CELLS]
        rows.append(interaction(levels, cells, "interaction_difference", CONF_LEVEL))
    return rows


def _without(row: Estimate, why: str) -> Estimate:
    numbers = ("estimate", "conf_low", "conf_high", "std_error", "df", "p_value")
    said = f"{say('caution.not_estimable')}: {why.split('. ', maxsplit=1)[0].rstrip('.')}"
    return replace(row, **dict.fromkeys(numbers, math.nan), caution=said)


def _placed(row: Estimate, way: Specification, study: str) -> Estimate:
    """The row under the name of its way."""
    question = f"{row.measure}/{row.arm}-vs-{row.reference}/week-{row.week:g}".replace(" ", "-")
    return replace(
        row,
        id="/".join((study, MULTIVERSE, *way.choices, question)),
        outcome=way.outcome_name,
        caution=joined(say("caution.sensitivity"), row.caution),
    )


def choices_of(row: Estimate) -> tuple[str, str, str, str] | None:
    """Definition, missing scores, covariates and model of a row of a multiverse; None of others.

    Examples
    --------
    >>> choices_of(Estimate("s", "response", "a", "risk_difference", 0.1,
    ...     id="s/multiverse/half/observed/none/counts/risk_difference/a-vs-b/week-9"))
    ('half', 'observed', 'none', 'counts')
    """
    parts = row.id.split("/")
    return tuple(parts[2:6]) if len(parts) > 6 and parts[1] == MULTIVERSE else None
