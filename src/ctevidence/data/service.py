"""What a service is: people, sessions, hours, waiting and room, declared in ``service.toml``.

Reports multiply what was found per 100 people with these numbers. Nothing is assumed: what is not
declared is not computed, and the report says what to fill in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ctevidence.data.problems import DataProblems
from ctevidence.data.toml_file import read_toml
from ctevidence.data.toml_table import TomlTable

#: Letters of the name of a service.
LONGEST_NAME = 200
FILE = "service.toml"
#: keys of ``[medication]`` and ``[therapy]``
NUMBERS = ("contacts", "hours_per_contact", "places_per_year", "weeks_waiting")


@dataclass(frozen=True)
class Offer:
    """What one component takes and how much of it there is; None where it is not declared.

    Parameters
    ----------
    contacts : float or None
        Sessions or visits of one person.
    hours_per_contact : float or None
        Clinician hours, notes and supervision included.
    places_per_year : float or None
        People whom there is room for in a year.
    weeks_waiting : float or None
        From the decision to the first contact.
    """

    contacts: float | None = None
    hours_per_contact: float | None = None
    places_per_year: float | None = None
    weeks_waiting: float | None = None

    @property
    def hours(self) -> float | None:
        """Clinician hours for one person.

        Examples
        --------
        >>> Offer(contacts=12, hours_per_contact=1.5).hours, Offer(contacts=12).hours
        (18.0, None)
        """
        if self.contacts is None or self.hours_per_contact is None:
            return None
        return self.contacts * self.hours_per_contact


@dataclass(frozen=True)
class Service:
    """A service for which a brief is made.

    Parameters
    ----------
    name : str
    people_per_year : int
        Who start treatment in a year.
    medication, therapy : Offer
    """

    name: str
    people_per_year: int
    medication: Offer = Offer()
    therapy: Offer = Offer()

    def of(self, treatment: str) -> tuple[Offer, ...]:
        """What a treatment is made of.

        Examples
        --------
        >>> len(Service("s", 100).of("combined")), len(Service("s", 100).of("control"))
        (2, 0)
        """
        parts = {
            "medication": (self.medication,),
            "therapy": (self.therapy,),
            "combined": (self.medication, self.therapy),
        }
        return parts.get(treatment, ())

    def hours(self, treatment: str) -> float | None:
        """Clinician hours for everybody in a year; None where a part is not declared."""
        parts = [offer.hours for offer in self.of(treatment)]
        return None if None in parts else sum(parts) * self.people_per_year

    def places(self, treatment: str) -> float | None:
        """People whom there is room for: the scarcer part decides."""
        parts = [offer.places_per_year for offer in self.of(treatment)]
        return None if None in parts else min(parts, default=None)

    def weeks_waiting(self, treatment: str) -> float | None:
        """Until all of a treatment has begun: the longer wait decides."""
        parts = [offer.weeks_waiting for offer in self.of(treatment)]
        return None if None in parts else max(parts, default=None)


def read_service(paths: Iterable[str | Path]) -> Service | None:
    """The service of a project; the last file stands, none gives None.

    Parameters
    ----------
    paths : iterable of path
        At the root of the project, then beside the data.

    Raises
    ------
    DataProblems
        All problems of the file at once.
    """
    last = list(paths)[-1:]
    return _read(Path(last[0])) if last else None


def _read(path: Path) -> Service:
    table = read_toml(path)
    service = table.table("service")
    name, people = "", 0
    if service is not None:
        name = _named(service)
        people = service.count("people_per_year") or 0
        if people == 0 and "people_per_year" in service.values:
            why = "A service without people has nothing to compute."
            service.refuse("people_per_year", why, "Give the people of a year.", people)
        service.close()
    medication, therapy = _offer(table, "medication"), _offer(table, "therapy")
    table.close()
    if table.problems:
        raise DataProblems(table.problems, path.name)
    return Service(name, people, medication, therapy)


def _offer(table: TomlTable, key: str) -> Offer:
    part = table.table(key, required=False)
    if part is None:
        return Offer()
    found = {name: _not_negative(part, name) for name in NUMBERS}
    part.close()
    return Offer(**found)


def _named(service: TomlTable) -> str:
    """The name, which stands in headings of the brief: one short line that shows what it says."""
    name = service.text("name", required=False) or ""
    if len(name) > LONGEST_NAME or not name.isprintable():
        why = f"The name is longer than {LONGEST_NAME} letters, or holds signs that do not print."
        do = "Give a short name in one line, without signs that turn or hide text."
        service.refuse("name", why, do, name)
        return ""
    return name


def _not_negative(part: TomlTable, name: str) -> float | None:
    value = part.number(name, required=False)
    if value is not None and value < 0:
        part.refuse(name, "It cannot be negative.", "Give a number of 0 or more.", value)
        return None
    return value
