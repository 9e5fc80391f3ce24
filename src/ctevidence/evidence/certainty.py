"""Certainty in the manner of GRADE: a judgement by people, with a reason for every step.

Five domains may lower it, three may raise it. The judgement stands in ``certainty.toml``; nothing
is ever graded by the computer, which gives hints (`evidence.hints`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ctevidence.data.problems import DataProblems
from ctevidence.data.toml_file import read_toml
from ctevidence.data.toml_table import TomlTable, suggest
from ctevidence.evidence.claim import Claim

FILE = "certainty.toml"
LOWERING = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
#: domain -> most steps up
RAISING = {"large_effect": 2, "dose_response": 1, "opposing_confounding": 1}
MOST_DOWN = 2
LEVELS = ("very low", "low", "moderate", "high")
STARTS = ("high", "low")


@dataclass(frozen=True)
class Step:
    """What a person made of one domain: steps down (negative), up, or none, and why."""

    domain: str
    step: int
    reason: str


@dataclass(frozen=True)
class Judgement:
    """The certainty of one claim as a person judged it.

    Parameters
    ----------
    claim : str
        Id of the claim.
    estimate : str
        Id of the estimate that was judged; empty where it was not named.
    start : {"high", "low"}
        High for randomised trials, low otherwise.
    steps : tuple of Step
        All five domains that lower; those that raise where they do.
    judged_by : str
    date : date

    Examples
    --------
    >>> steps = tuple(Step(d, -1 if d == "imprecision" else 0, "wide") for d in LOWERING)
    >>> Judgement("synergy", "", "high", steps, "A. Clinician", date(2026, 3, 1)).level
    'moderate'
    """

    claim: str
    estimate: str
    start: str
    steps: tuple[Step, ...]
    judged_by: str
    date: date

    @property
    def level(self) -> str:
        """High, moderate, low or very low: the start and all steps, held at both ends."""
        place = LEVELS.index(self.start) + sum(step.step for step in self.steps)
        return LEVELS[min(max(place, 0), len(LEVELS) - 1)]


@dataclass(frozen=True)
class Judgements(Mapping):
    """Judgements by id of the claim; made by `read_certainty`."""

    given: tuple[Judgement, ...] = ()

    def __getitem__(self, claim: str) -> Judgement:
        for judgement in self.given:
            if judgement.claim == claim:
                return judgement
        raise KeyError(claim)

    def __iter__(self) -> Iterator[str]:
        return (judgement.claim for judgement in self.given)

    def __len__(self) -> int:
        return len(self.given)


def read_certainty(paths: Iterable[str | Path], claims: Iterable[Claim]) -> Judgements:
    """Judgements from files, checked against the claims.

    Parameters
    ----------
    paths : iterable of path
        In order; a later file replaces the judgement of a claim by an earlier one. None gives no
        judgements: certainty then reads "not assessed".
    claims : iterable of Claim

    Raises
    ------
    DataProblems
        All problems of a file at once: unknown claims, domains that are missing or have no
        reason, steps that GRADE does not have.
    """
    known = tuple(claim.id for claim in claims)
    found: dict[str, Judgement] = {}
    for path in paths:
        found |= {judgement.claim: judgement for judgement in _read(Path(path), known)}
    return Judgements(tuple(found.values()))


def _read(path: Path, known: tuple[str, ...]) -> list[Judgement]:
    table = read_toml(path)
    found: list[Judgement] = []
    for entry in table.rows("judgement"):
        judgement = _judgement(entry, known)
        if judgement.claim in [other.claim for other in found]:
            entry.refuse("claim", "The claim is judged twice.", "Keep one judgement of it.")
        found.append(judgement)
    table.close()
    if table.problems:
        raise DataProblems(table.problems, path.name)
    return found


def _judgement(entry: TomlTable, known: tuple[str, ...]) -> Judgement:
    claim = entry.text("claim")
    if claim is not None and claim not in known:
        entry.refuse("claim", "There is no such claim.", suggest(claim, known, known), claim)
    start = entry.choice("start", STARTS)
    steps = [_step(entry, domain, -MOST_DOWN, 0, True) for domain in LOWERING]
    steps += [_step(entry, domain, 0, most, False) for domain, most in RAISING.items()]
    if start == "high" and any(step and step.step > 0 for step in steps):
        why = "Evidence that starts high is not raised."
        entry.refuse("start", why, "Leave out the domains that raise it.", start)
    judgement = Judgement(
        claim or "",
        entry.text("estimate", required=False) or "",
        start or STARTS[0],
        tuple(step for step in steps if step is not None),
        entry.text("judged_by") or "",
        entry.day("date") or date.min,
    )
    entry.close()
    return judgement


def _step(entry: TomlTable, domain: str, least: int, most: int, required: bool) -> Step | None:
    table = entry.table(domain, required=required)
    if table is None:
        return None
    step, reason = table.number("step"), table.text("reason")
    table.close()
    if step is not None and not (step == int(step) and least <= step <= most):
        allowed = ", ".join(str(i) for i in range(least, most + 1))
        table.refuse("step", f"{domain} has the steps {allowed}.", "Give one of them.", step)
        return None
    return None if step is None else Step(domain, int(step), reason or "")
