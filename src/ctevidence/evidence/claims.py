"""Claims: what practices say of combined treatment, weighed against every source.

One lead source per claim, in declared order (several randomised trials, one trial, a registry,
a network); the others stand beside it. Participant-level and published results are compared, not
averaged.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from importlib.resources import files
from pathlib import Path

from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.verdict import Direction, Thresholds, direction
from ctevidence.synthesis.conditions import CONDITION_GROUPS, UNCLASSIFIED
from ctevidence.synthesis.direct_evidence import TRANSITIVITY
from ctevidence.synthesis.trial_overview import OVERVIEW
from ctevidence.terms import DESCRIPTIVE, did_you_mean

#: how a row says that it is of a stratum of its own, and how combinations join their parts
STRATUM, PARTS = "stratum ", " + "

CERTAINTIES = ("high", "moderate", "low", "very low")


@dataclass(frozen=True)
class Claim:
    """A statement under test and what can speak to it; fields as in ``claims.toml``."""

    id: str
    says: str
    arm: str = ""
    reference: str = ""
    outcomes: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    populations: tuple[str, ...] = ()
    network_references: tuple[str, ...] = ()
    network_measures: tuple[str, ...] = ()
    worry: bool = False
    no_source: str = ""

    def hears(self, row: Estimate) -> bool:
        """Whether an estimate speaks to this claim.

        Strata of their own (tapered drug, earlier non-response) answer another question. Rows that
        compare people whom treatment has selected are descriptive, and speak to no claim. Rows that
        rest on transitivity speak only where the claim says by which measure.
        """
        if DESCRIPTIVE in row.caution:
            return False
        of_overview = row.population.startswith(OVERVIEW)  # the pooled rows hold these trials
        if self.place_of(row.outcome) is None or STRATUM in row.population or of_overview:
            return False
        if rests_on_transitivity(row):
            return self._hears_network(row)
        return (
            row.arm == self.arm
            and row.reference == self.reference
            and row.measure in self.measures
            and (not self.populations or row.population.startswith(self.populations))
        )

    def _hears_network(self, row: Estimate) -> bool:
        """A combination, as `arm` or by its parts, where the claim lists networks as a source."""
        is_combination = row.arm == self.arm or PARTS in row.arm
        return (
            is_combination
            and row.reference in self.network_references
            and row.measure in self.network_measures
        )

    def place_of(self, outcome: str) -> int | None:
        """Where an outcome stands in the order of the claim; None when it does not speak to it."""
        names = outcome.split(" or ")
        for place, start in enumerate(self.outcomes):
            if any(name.startswith(start) for name in names):
                return place
        return None


@dataclass(frozen=True)
class Verdict:
    """A claim with its verdict: direction and size, how sure, the lead estimate, the others.

    Parameters
    ----------
    claim : Claim
    direction : Direction
    certainty : str or None
        A person's judgement; None where nobody has given one.
    lead : Estimate or None
    beside : Estimates
        Every other estimate that speaks to the claim.
    reason : str
        Why there is no estimate, where there is none.
    """

    claim: Claim
    direction: Direction
    certainty: str | None
    lead: Estimate | None
    beside: Estimates
    reason: str = ""


def read_claims(path: str | Path | None = None) -> tuple[Claim, ...]:
    """The claims of the package, or of a file of the same form.

    Raises
    ------
    ValueError
        For a key that claims do not have, or an id that stands twice.
    """
    text = (Path(path) if path else files("ctevidence.evidence") / "claims.toml").read_text("utf-8")
    known = {f.name for f in fields(Claim)}
    claims = []
    for entry in tomllib.loads(text).get("claim", []):
        for key in set(entry) - known:
            raise ValueError(
                f'Claim "{entry.get("id")}": unknown key {key}{did_you_mean(key, known)}'
            )
        claims.append(
            Claim(**{k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()})
        )
    ids = [claim.id for claim in claims]
    if len(set(ids)) < len(ids):
        raise ValueError(f"Two claims share an id: {sorted({i for i in ids if ids.count(i) > 1})}.")
    return tuple(claims)


def assess_claims(
    claims: Iterable[Claim],
    estimates: Estimates,
    certainty: Mapping[str, str] | None = None,
    condition: str | None = None,
    thresholds: Thresholds | None = None,
) -> tuple[Verdict, ...]:
    """Weigh each claim against all estimates that speak to it.

    Parameters
    ----------
    claims : iterable of Claim
    estimates : Estimates
        From all sources.
    certainty : mapping of claim id to certainty, optional
        Judgements by a person; nothing is assumed where there is none.
    condition : str, optional
        Published estimates of this condition lead, where a claim names none itself.
    thresholds : Thresholds, optional

    Returns
    -------
    tuple of Verdict
        One per claim, in order; claims without data keep their place.

    Raises
    ------
    KeyError
        For a certainty of an unknown claim, or one that is not of `CERTAINTIES`.
    """
    claims, certainty = tuple(claims), dict(certainty or {})
    for key, value in certainty.items():
        if key not in {claim.id for claim in claims}:
            raise KeyError(f'certainty of "{key}"{did_you_mean(key, [c.id for c in claims])}')
        if value not in CERTAINTIES:
            raise KeyError(f'certainty "{value}" of {key}{did_you_mean(value, CERTAINTIES)}')
    return tuple(_weigh(c, estimates, certainty.get(c.id), condition, thresholds) for c in claims)


def rests_on_transitivity(row: Estimate) -> bool:
    """Whether an estimate is of a network: every row of one says what it assumes."""
    return TRANSITIVITY in row.caution


def is_of_another_condition(row: Estimate, condition: str | None) -> bool:
    """Whether an estimate is of published trials of another condition, or of several.

    Such a row never leads over one of the condition asked about, however few trials that rests on.

    Examples
    --------
    >>> row = Estimate("t", "dropout", "combined", "risk_difference", 0.04,
    ...                population="alcohol_use; adults", reference="therapy")
    >>> is_of_another_condition(row, "depression"), is_of_another_condition(row, None)
    (True, False)
    """
    whose = row.population.partition("; ")[0]
    published = whose in (*CONDITION_GROUPS, UNCLASSIFIED, "several conditions")
    return condition is not None and published and whose != condition


def _weigh(claim, estimates, certainty, condition, thresholds) -> Verdict:
    speaking = [row for row in estimates if claim.hears(row)]
    usable = [row for row in speaking if row.is_estimable]
    if not usable:
        why = [row.caution for row in speaking] or [claim.no_source or "no source reports it"]
        return Verdict(claim, Direction.NO_DATA, certainty, None, Estimates(speaking), why[0])
    lead = min(usable, key=lambda row: _rank(row, claim, condition))
    beside = Estimates(row for row in speaking if row is not lead)
    return Verdict(claim, direction(lead, thresholds), certainty, lead, beside)


def _rank(row: Estimate, claim: Claim, condition: str | None) -> tuple:
    """Smaller leads: design first, then outcome and measure as the claim orders them.

    Among equals the first given leads: a study's declared way of counting comes first. A network
    holds trials that other rows hold too, and rests on transitivity: it leads only alone.
    """
    outcome = claim.place_of(row.outcome)
    several = (row.studies or 1) > 1
    measures = claim.network_measures if rests_on_transitivity(row) else claim.measures
    return (
        rests_on_transitivity(row),
        not claim.populations and is_of_another_condition(row, condition),
        not several,
        not row.randomised,
        outcome,
        measures.index(row.measure),
        -(row.studies or 1),
    )
