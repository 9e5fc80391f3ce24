"""Reporting checklists, item by item, answered as far as a machine can.

A checklist is a file of ``checklists/``: items in our own words, each with where a report answers
it, what it needs to apply, or why a person must look. Presence is checked, quality is not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Answer(StrEnum):
    """What a run can say of an item."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "not-applicable"
    PERSON = "needs-a-person"


@dataclass(frozen=True)
class Item:
    """One item of a checklist.

    Parameters
    ----------
    id, topic, asks : str
        Number, name and content in short words of our own.
    where : tuple of str
        Sections that answer it, as ``report.html#findings``.
    person : str
        What a person must look at; empty where presence is all.
    no : str
        Why no report of this kind answers it.
    needs : str
        A fact that must hold for the item to apply.
    """

    id: str
    topic: str
    asks: str
    where: tuple[str, ...] = ()
    person: str = ""
    no: str = ""
    needs: str = ""

    def __post_init__(self) -> None:
        if not (self.where or self.person or self.no):
            raise ValueError(f"Item {self.id} says neither where, nor why a person must look.")

    def answer(self, facts: Mapping[str, bool], there: Iterable[str]) -> Answer:
        """The answer for a report with these facts and these sections.

        Examples
        --------
        >>> item = Item("26", "Results", "effects", where=("report.html#findings",))
        >>> item.answer({}, ["report.html#findings"]).value, item.answer({}, []).value
        ('yes', 'no')
        """
        if self.needs and not facts[self.needs]:
            return Answer.NOT_APPLICABLE
        if self.person:
            return Answer.PERSON
        return Answer.YES if self.where and set(self.where) <= set(there) else Answer.NO


@dataclass(frozen=True)
class Checklist:
    """A reporting guideline as a list of items.

    Parameters
    ----------
    key, name, of, source : str
        File, name, kind of work it is for, and where it was published.
    applies : str
        The fact that makes it apply.
    items : tuple of Item
    """

    key: str
    name: str
    of: str
    source: str
    applies: str
    items: tuple[Item, ...]


ORDER = ("consort", "consort-factorial", "prisma-nma", "strobe-record")


@cache
def checklists() -> tuple[Checklist, ...]:
    """All checklists of the package.

    Examples
    --------
    >>> [len(c.items) for c in checklists() if c.key in ("prisma-nma",)]
    [32]
    """
    folder = files("ctevidence.reports") / "checklists"
    return tuple(_read(key, (folder / f"{key}.toml").read_text("utf-8")) for key in ORDER)


def _read(key: str, text: str) -> Checklist:
    content = tomllib.loads(text)
    items = [{**item, "where": tuple(item.get("where", ()))} for item in content["item"]]
    return Checklist(key, **content["checklist"], items=tuple(Item(**item) for item in items))


def facts_of(study, trials, network) -> dict[str, bool]:
    """What decides which checklists and items apply.

    Parameters
    ----------
    study : Study or None
    trials, network : Trials or None
    """
    treatments = {arm.treatment for arm in study.arms} if study else set()
    randomised = bool(study and study.randomised)
    return {
        "randomised": randomised,
        "four_cells": len(treatments - {None}) == 4,
        "factorial": randomised and len(treatments - {None}) == 4,
        "trials": trials is not None,
        "network": trials is not None or network is not None,
        "observational": bool(study) and study.randomised != {"medication", "therapy"},
        "registry": bool(study) and study.design == "registry",
    }
