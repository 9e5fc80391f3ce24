"""Claims weighed: what practices say of combined treatment, against every source that can speak.

One lead source per claim, in declared order (several randomised trials, one trial, a registry, a
network); the others stand beside it. Participant-level and published results are compared, not
averaged, so that no trial counts twice. What is of other people stands apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ctevidence.data.trials import Trials, shared_trials
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.behind import Driver, detectable, driver_of
from ctevidence.evidence.certainty import Judgement, Judgements
from ctevidence.evidence.claim import NETWORK, SOURCES, Claim
from ctevidence.evidence.fragility import Fragility, fragility_of
from ctevidence.evidence.hearing import (
    is_elsewhere,
    is_of_another_condition,
    is_of_other_study,
    rests_on_transitivity,
    source_of,
    speaks_to,
)
from ctevidence.evidence.hints import Hint, hints_of
from ctevidence.evidence.one_scale import Weighed, on_one_scale
from ctevidence.evidence.verdict import (
    Direction,
    Thresholds,
    direction,
    is_of_a_handful,
    people_behind,
)
from ctevidence.evidence.wording import CERTAINTIES
from ctevidence.synthesis.conditions import group_named
from ctevidence.synthesis.flags import FLAG_RULES
from ctevidence.terms import did_you_mean

__all__ = ["Claim", "Verdict", "assess_claims", "is_of_another_condition", "rests_on_transitivity"]


@dataclass(frozen=True)
class Verdict:
    """A claim with its verdict: direction and size, how sure, and what it rests on.

    Parameters
    ----------
    claim : Claim
    direction : Direction
    certainty : str or None
        A person's judgement; None where nobody has given one.
    lead : Estimate or None
        The estimate that is judged, per 100 people where that can be said.
    beside : Estimates
        Every other estimate that speaks to the claim.
    reason : str
        Why there is no estimate, where there is none.
    elsewhere : Estimates
        Of another condition or age: never judged here.
    is_elsewhere : bool
        Whether the claim itself is about another condition than the one asked for.
    ratio : Estimate or None
        The lead as a ratio.
    baseline : float
        Risk with the reference at which the lead is per 100.
    detectable : float
        Smallest effect that the lead could reliably have shown, in its unit.
    driver : Driver or None
    fragility : Fragility or None
        Of the lead over the ways of analysing its study, where they were gone.
    hints : tuple of Hint
        Computed, for the person who judges certainty; never a grade.
    judgement : Judgement or None
    shared : tuple of (int, str, str)
        Trials of one source that stand in another too: count, source, other.
    names : mapping of str to str
        What readers see of trials, by their names in the estimates.
    """

    claim: Claim
    direction: Direction
    certainty: str | None
    lead: Estimate | None
    beside: Estimates
    reason: str = ""
    elsewhere: Estimates = field(default_factory=Estimates)
    is_elsewhere: bool = False
    ratio: Estimate | None = None
    baseline: float = math.nan
    detectable: float = math.nan
    driver: Driver | None = None
    fragility: Fragility | None = None
    hints: tuple[Hint, ...] = ()
    judgement: Judgement | None = None
    shared: tuple[tuple[int, str, str], ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def name_of(self, study: str) -> str:
        """What readers see of a study or trial."""
        return self.names.get(study, study)

    @property
    def is_borne_out(self) -> bool | None:
        """Whether the data bear the claim out; None where they do not tell."""
        return self.claim.is_borne_out(self.direction)

    @property
    def needs_judgement(self) -> bool:
        """Whether an estimate stands here whose certainty nobody has judged."""
        return self.lead is not None and self.certainty is None


def assess_claims(
    claims: Iterable[Claim],
    estimates: Estimates,
    certainty: Judgements | Mapping[str, str] | None = None,
    condition: str | None = None,
    thresholds: Thresholds | None = None,
    sources: Iterable[Trials] = (),
    names: Mapping[str, str] | None = None,
) -> tuple[Verdict, ...]:
    """Weigh each claim against all estimates that speak to it.

    Parameters
    ----------
    claims : iterable of Claim
        From `read_claims`.
    estimates : Estimates
        From all sources.
    certainty : Judgements, or mapping of claim id to certainty, optional
        Judgements by a person (`read_certainty`); nothing is assumed where there is none.
    condition : str, optional
        What the report asks about: estimates of other conditions stand elsewhere.
    thresholds : Thresholds, optional
        In place of those of the claims.
    sources : iterable of Trials, optional
        Published trials behind the estimates: what each is called, and which stand in several.
    names : mapping of str to str, optional
        What readers see of further studies, by their names in the estimates.

    Returns
    -------
    tuple of Verdict
        One per claim, in order; claims without data keep their place.

    Raises
    ------
    KeyError
        For a certainty of an unknown claim, or one that is not of `CERTAINTIES`.

    Examples
    --------
    >>> claim = Claim("more", "Both help more", "combined", "medication", ("response",),
    ...               ("risk_difference",))
    >>> row = Estimate("trials", "response", "combined", "risk_difference", 0.12,
    ...     reference="medication", unit="probability", conf_low=0.06, conf_high=0.18, studies=5,
    ...     n=400, n_reference=400, randomised=True, population="depression; adults")
    >>> verdict, = assess_claims([claim], Estimates([row]))
    >>> verdict.direction.value, verdict.certainty
    ('benefit', None)
    """
    claims, judged = tuple(claims), dict(certainty or {})
    for key, value in judged.items():
        if key not in {claim.id for claim in claims}:
            raise KeyError(f'certainty of "{key}"{did_you_mean(key, [c.id for c in claims])}')
        if not isinstance(value, Judgement) and value not in CERTAINTIES:
            raise KeyError(f'certainty "{value}" of {key}{did_you_mean(value, CERTAINTIES)}')
    sources = tuple(sources)
    known = {source.name: source.title for source in sources}
    known |= {study: name for source in sources for study, name in source.names.items()}
    weigh = _Weighing(estimates, condition, thresholds, _shared(sources), known | dict(names or {}))
    return tuple(weigh.verdict(claim, judged.get(claim.id)) for claim in claims)


def _shared(sources: tuple[Trials, ...]) -> dict[frozenset[str], int]:
    """Trials that two sources both hold, by the pair of their names."""
    pairs = ((a, b) for i, a in enumerate(sources) for b in sources[i + 1 :] if a.name != b.name)
    found = {frozenset({a.name, b.name}): len(shared_trials(a, b)) for a, b in pairs}
    return {pair: count for pair, count in found.items() if count}


@dataclass(frozen=True)
class _Weighing:
    """What all claims of one report share."""

    estimates: Estimates
    condition: str | None
    thresholds: Thresholds | None
    shared: Mapping[frozenset[str], int]
    names: Mapping[str, str]

    def verdict(self, claim: Claim, judged: Judgement | str | None) -> Verdict:
        judgement = judged if isinstance(judged, Judgement) else None
        certainty = judgement.level if judgement else judged
        if self.thresholds is not None:
            claim = replace(claim, thresholds=self.thresholds)
        speaking = [
            row
            for row in self.estimates
            if speaks_to(claim, row) and not is_of_other_study(claim, row, self.condition)
        ]
        away = [row for row in speaking if is_elsewhere(claim, row, self.condition)]
        near = [row for row in speaking if not is_elsewhere(claim, row, self.condition)]
        own, others = (on_one_scale(claim, rows, self.estimates) for rows in (near, away))
        about = {
            "elsewhere": Estimates(w.row for w in others if w.row.is_estimable),
            "is_elsewhere": _is_about_another(claim, self.condition),
            "judgement": judgement,
            "names": self.names,
        }
        usable = [weighed for weighed in own if weighed.row.is_estimable]
        if not usable:
            beside = Estimates(weighed.row for weighed in own)
            reason = _why_not(claim, own)
            return Verdict(claim, Direction.NO_DATA, certainty, None, beside, reason, **about)
        lead = min(usable, key=lambda weighed: _rank(weighed, claim))
        beside = Estimates(weighed.row for weighed in own if weighed is not lead)
        return Verdict(
            claim,
            direction(lead.row, claim.thresholds, claim.margin),
            certainty,
            lead.row,
            beside,
            ratio=lead.ratio,
            baseline=lead.baseline,
            detectable=detectable(lead),
            driver=driver_of(claim, lead, self.estimates),
            fragility=fragility_of(claim, lead.row, self.estimates),
            hints=hints_of(claim, lead, self.estimates, self.condition),
            shared=tuple(self._twice(lead.row, beside)),
            **about,
        )

    def _twice(self, lead: Estimate, beside: Estimates):
        """Sources that share trials among those that speak to a claim."""
        names = dict.fromkeys(row.study for row in (lead, *beside))
        for pair, count in self.shared.items():
            if pair <= set(names):
                first, second = (name for name in names if name in pair)
                yield count, second, first


def _is_about_another(claim: Claim, condition: str | None) -> bool:
    asked = group_named(condition)
    return bool(claim.condition) and asked is not None and claim.condition != asked


def _why_not(claim: Claim, own: list[Weighed]) -> str:
    """The reason that a row gives, or the claim; empty where only the language can say it."""
    cautions = [weighed.row.caution for weighed in own if weighed.row.caution]
    return cautions[0] if cautions else claim.no_source


def _rank(weighed: Weighed, claim: Claim) -> tuple:
    """Smaller leads: design first, then the outcome as the claim orders them.

    What has a group of a handful leads nothing that another source can speak to. Among equals the
    larger leads, then the first given: a study's declared way of counting comes first. A network
    holds trials that other rows hold too, and leads only alone.
    """
    row = weighed.row
    source = source_of(row)
    few = people_behind(row) if row.studies == 1 and source != NETWORK else 0
    return (
        source == NETWORK,
        is_of_a_handful(row),
        (row.studies or 1) < 2,
        not row.randomised,
        FLAG_RULES["completers"].meaning in row.caution.split("; "),
        claim.place_of(row.outcome),
        SOURCES.index(source),
        -(row.studies or 1),
        -few if source in SOURCES[:2] else 0,
    )
