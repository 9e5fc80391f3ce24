"""What findings per 100 people mean for a service: people, hours, room and waiting, computed.

Computed from the numbers that readers see, so that a reader who multiplies gets the same.
"""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.data.service import FILE, NUMBERS, Service
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.format import number, rounded
from ctevidence.display.labels import treatment_label
from ctevidence.display.release import gated
from ctevidence.display.table import Table
from ctevidence.display.told import Told, told
from ctevidence.display.too_few import too_few
from ctevidence.display.verbs import verb_of
from ctevidence.estimates import SMALL, Estimate
from ctevidence.evidence.claims import Verdict
from ctevidence.language import capital, pick, say

PER_100 = 100
TREATMENTS = ("medication", "therapy", "combined")
_COLUMNS = ("treatment", "hours_person", "hours_year", "places", "waiting")


def nothing_follows(verdict: Verdict, source="opensafely") -> Told:
    """That groups of a handful say nothing to a service; empty where they are larger."""
    row = None if verdict.lead is None else gated(verdict.lead, disclosure_of(source))
    if row is None or not row.is_estimable or not too_few(row, disclosure_of(source)):
        return Told("")
    return told(say("service.too_few", reference=treatment_label(row.reference), few=SMALL), row)


def service_effect(verdict: Verdict, service: Service, source="opensafely") -> Told:
    """How many more, or fewer, people of a year's have the outcome, with the range.

    Parameters
    ----------
    verdict : Verdict
        Of a claim about two treatments, with a lead per 100 people.
    service : Service
    source : Study, Trials or name of a disclosure profile

    Returns
    -------
    Told
        Empty where there is no estimate per 100 people.
    """
    row = None if verdict.lead is None else gated(verdict.lead, disclosure_of(source))
    if row is None or not row.is_estimable or row.unit != "probability":
        return Told("")
    if (nothing := nothing_follows(verdict, source)).text:
        return nothing
    people, places = service.people_per_year, service.places(row.arm)
    words = say(
        "service.effect",
        people=number(people, 0),
        arm=treatment_label(row.arm),
        reference=treatment_label(row.reference),
        verb=verb_of(row.outcome),
        **_gained(row, people),
    )
    if places is not None and places < people:
        words += say("service.room", places=number(places, 0), **_gained(row, int(places)))
    return told(words, row, per="service")


def _gained(row: Estimate, people: int) -> dict[str, str]:
    """So many of these people more, or fewer, with the range."""
    values = {"best": row.estimate, "low": row.conf_low, "high": row.conf_high}
    return {name: _of(share, people) for name, share in values.items()}


def _of(share: float, people: int) -> str:
    """People of a year's from a share, as whole as it is shown per 100."""
    if math.isnan(share):
        return say("service.open_end")
    count = rounded(rounded(100 * share) * people / PER_100)
    if count == 0:
        return say("amounts.no_more")
    return pick("amounts", "more" if count > 0 else "fewer", size=number(abs(count), 0))


def table_service(service: Service, name: str = "service") -> Table:
    """Clinician hours, room and waiting for each treatment, if everybody were given it."""
    people = service.people_per_year
    rows = []
    for treatment in TREATMENTS:
        hours = service.hours(treatment)
        places = service.places(treatment)
        each = math.nan if hours is None else hours / people
        rows.append(
            [
                capital(treatment_label(treatment)),
                _or_missing(each, 1),
                _or_missing(hours, 0),
                _or_missing(places if places is None else min(places, people), 0),
                _or_missing(service.weeks_waiting(treatment), 0),
            ]
        )
    titles = {key: pick("service_columns", key, people=number(people, 0)) for key in _COLUMNS}
    frame = pd.DataFrame(rows, columns=[titles[key] for key in _COLUMNS])
    numeric = tuple(titles[key] for key in _COLUMNS[1:])
    return Table(name, say("service.caption", people=number(people, 0)), frame, (), numeric)


def _or_missing(value: float | None, decimals: int) -> str:
    if value is None or math.isnan(value):
        return say("service.missing")
    return number(value, decimals)


def assumptions(service: Service) -> str:
    """Every number that was declared, and those that were not."""
    name = say("service.named", name=service.name) if service.name else say("service.unnamed")
    parts = []
    for component in ("therapy", "medication"):
        offer = getattr(service, component)
        given = [
            pick("service_inputs", key, value=f"{getattr(offer, key):g}")
            for key in NUMBERS
            if getattr(offer, key) is not None
        ]
        what = ", ".join(given) or say("service.nothing_declared")
        parts.append(say("service.input", component=component, what=what))
    people = number(service.people_per_year, 0)
    return say("service.assumed", name=name, people=people, parts="; ".join(parts), file=FILE)


def fill_in() -> str:
    """What to declare so that the brief speaks of a service."""
    return say("service.fill_in", file=FILE)
