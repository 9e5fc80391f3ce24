"""Whether conditions differ: a test of their difference, told in words and never as a verdict."""

from __future__ import annotations

from collections.abc import Iterable

from ctevidence.display.format import p_value
from ctevidence.display.labels import condition_label, contrast_label, outcome_label
from ctevidence.display.told import Told, told
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claims import Verdict
from ctevidence.language import pattern, pick, say
from ctevidence.synthesis.subgroups import ALIKE


def conditions_compared(verdicts: Iterable[Verdict], estimates: Estimates) -> list[Told]:
    """One sentence for each comparison that claims make in several conditions.

    Parameters
    ----------
    verdicts : iterable of Verdict
    estimates : Estimates
        Among which the tests stand (`Subgroups.difference`).

    Returns
    -------
    list of Told
        What was tested, with its p-value, or why it was not; empty where no claim is about a
        condition, or no test stands there.
    """
    claims = [verdict.claim for verdict in verdicts if verdict.claim.condition]
    tests = [row for row in estimates if row.measure in ALIKE.values() and row.unit == "F"]
    asked = {
        row.id: row
        for claim in claims
        for row in tests
        if (row.arm, row.reference) == (claim.arm, claim.reference)
        and claim.place_of(row.outcome) is not None
        and not _is_of_one_age(row)
    }
    return [told(_words(row), row) for row in asked.values()]


def _is_of_one_age(row: Estimate) -> bool:
    return "adolescents" in row.population


def _words(row: Estimate) -> str:
    about = {"what": contrast_label(row.arm, row.reference), "outcome": outcome_label(row.outcome)}
    if not row.is_estimable:
        return say(
            "conditions_compared.not_tested",
            why=row.caution.partition(": ")[2] or row.caution,
            **about,
        )
    p = p_value(row.p_value)
    groups = pattern("synthesis.subgroups.method").match(row.method)["groups"].split(", ")
    return say(
        "conditions_compared.tested",
        p=pick("conditions_compared", "p_below" if p.startswith("<") else "p_is", p=p),
        groups=", ".join(condition_label(group).lower() for group in groups),
        count=row.studies,
        **about,
    )
