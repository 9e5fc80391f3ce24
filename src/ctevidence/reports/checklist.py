"""Reporting checklists, item by item, answered as far as a machine can.

A checklist is a file of ``checklists/``: where a report answers each item, and what it needs to
apply. What an item asks, and why a person must look, stands in the file of words, in our own words.
Presence is checked, quality is not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from ctevidence.language import words


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


#: what the file of words says of an item; the last two only where it has them
TOLD = ("topic", "asks", "person", "no")
ORDER = ("consort", "consort-factorial", "prisma-nma", "strobe-record")


def checklists() -> tuple[Checklist, ...]:
    """All checklists of the package, in the language that is spoken.

    Examples
    --------
    >>> [len(c.items) for c in checklists() if c.key in ("prisma-nma",)]
    [32]
    """
    names, of, told = words("checklist_names"), words("checklist_of"), words("checklist_items")
    return tuple(
        Checklist(
            key=key,
            name=names[key],
            of=of[key],
            **content["checklist"],
            items=tuple(_item(item, key, told) for item in content["item"]),
        )
        for key, content in _structure().items()
    )


@cache
def _structure() -> dict[str, dict]:
    """The files of ``checklists/`` as they are."""
    folder = files("ctevidence.reports") / "checklists"
    return {key: tomllib.loads((folder / f"{key}.toml").read_text("utf-8")) for key in ORDER}


def _item(item: Mapping, key: str, told: Mapping[str, str]) -> Item:
    parts = {part: told.get(f"{key}.{item['id']}.{part}", "") for part in TOLD}
    return Item(
        item["id"], where=tuple(item.get("where", ())), needs=item.get("needs", ""), **parts
    )


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
