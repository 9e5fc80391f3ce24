"""Rating scales: what a score means, with a source for every number.

The scales that come with the package stand beside this file in ``scales.toml``, one table each; a
study declares others with the same keys. A number that could not be verified is absent, and the
scale's notes say so.
"""

from __future__ import annotations

import difflib
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ctevidence.data.item_totals import total_score
from ctevidence.data.scale_checks import RELIABILITY_KINDS, TOPICS, is_number, problems_of
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.terms import did_you_mean

__all__ = [
    "TOPICS",
    "Band",
    "Reliability",
    "Scale",
    "declare_scale",
    "get_scale",
    "scales",
    "total_score",
]

REQUIRED = ("label", "low", "high", "better")


@dataclass(frozen=True)
class Band:
    """A range of totals with a name, both ends included."""

    label: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if not (is_number(self.low) and is_number(self.high) and self.low <= self.high):
            raise ValueError(f'Band "{self.label}" runs from {self.low!r} to {self.high!r}.')


@dataclass(frozen=True)
class Reliability:
    """A published reliability coefficient.

    Parameters
    ----------
    coefficient : float
        Between 0 and 1.
    kind : {"test-retest", "alpha", "inter-rater"}
    population : str
        In whom it was estimated: a coefficient does not travel without its people.
    standard_deviation : float, optional
        Of the total in the same people, in points.
    """

    coefficient: float
    kind: Literal["test-retest", "alpha", "inter-rater"]
    population: str
    standard_deviation: float | None = None

    def __post_init__(self) -> None:
        if not (is_number(self.coefficient) and 0 < self.coefficient < 1):
            raise ValueError(f"reliability is {self.coefficient!r}; it lies between 0 and 1.")
        if self.kind not in RELIABILITY_KINDS:
            raise ValueError(
                f'kind of reliability is "{self.kind}"{did_you_mean(self.kind, RELIABILITY_KINDS)}'
            )
        if not self.population:
            raise ValueError("reliability needs population, the people it was estimated in.")
        sd = self.standard_deviation
        if sd is not None and not (is_number(sd) and sd > 0):
            raise ValueError(f"standard_deviation is {sd!r}; it must be a number above 0.")


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A rating scale. What is None is not published or could not be verified; see `notes`.

    Parameters
    ----------
    name, label : str
        The key (``"phq-9"``) and the name for readers (``"PHQ-9"``).
    construct : str
        What it measures.
    low, high : float
        Range of the total, in points.
    better : {"lower", "higher"}
        The good direction.
    step : float
        Smallest difference between two totals; 0 when any value can occur.
    rater : {"self", "clinician"}, optional
    recall_days : float, optional
        The period that answers refer to, in days.
    bands : tuple of Band
        In order, without gaps, covering the range; empty when there are none.
    response_percent : float, optional
        Improvement since baseline that counts as response by convention, in per cent.
    remission_at_or_below, remission_at_or_above : float, optional
        Total that counts as remission; ``below`` when lower is better, ``above`` otherwise.
    minimal_important_difference : float, optional
        In points; the notes say of what kind.
    reliability : Reliability, optional
    items : int, optional
        How many items make up the total.
    item_low, item_high : float
        Lowest and highest answer; `item_high` may be one number for each item.
    scoring : {"sum", "value set"}
        Whether the total can be calculated from the items here.
    multiplier : float
        The sum is multiplied by this.
    reversed_items : tuple of int
        Items, numbered from 1 as on the form, that count from the other end.
    highest_of : tuple of tuple of int
        Groups of items of which only the highest counts.
    either_or : tuple of tuple of int
        Groups of items of which the form asks for one answer only.
    max_missing_items : int, optional
        Missing answers up to which the total is prorated; 0: none may be missing.
    aliases : tuple of str
        Other names that `get_scale` knows it by.
    sources, notes : dict of str to str
        By topic (a field; ``range``, ``items`` and ``remission`` stand for several).

    Raises
    ------
    ValueError
        With everything that is wrong, in one message.

    Examples
    --------
    >>> get_scale("PHQ9").severity(12)
    'moderate'
    """

    name: str
    label: str
    low: float
    high: float
    better: Literal["lower", "higher"]
    construct: str = ""
    step: float = 1
    rater: Literal["self", "clinician"] | None = None
    recall_days: float | None = None
    bands: tuple[Band, ...] = ()
    response_percent: float | None = None
    remission_at_or_below: float | None = None
    remission_at_or_above: float | None = None
    minimal_important_difference: float | None = None
    reliability: Reliability | None = None
    items: int | None = None
    item_low: float | None = None
    item_high: float | tuple[float, ...] | None = None
    scoring: Literal["sum", "value set"] = "sum"
    multiplier: float = 1
    reversed_items: tuple[int, ...] = ()
    highest_of: tuple[tuple[int, ...], ...] = ()
    either_or: tuple[tuple[int, ...], ...] = ()
    max_missing_items: int | None = None
    aliases: tuple[str, ...] = ()
    sources: dict[str, str] = field(default_factory=dict, compare=False)
    notes: dict[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        if found := problems_of(self):
            said = "; ".join(problem.removesuffix(".") for problem in found)
            raise ValueError(f"Scale {self.label or self.name!r}: {said}.")

    @property
    def standard_deviation(self) -> float | None:
        """Standard deviation published with the reliability, in points."""
        return self.reliability.standard_deviation if self.reliability else None

    @property
    def bad_direction(self) -> int:
        """1 when higher totals are worse, -1 when they are better."""
        return 1 if self.better == "lower" else -1

    def severity(self, score: float) -> str:
        """Label of the band that a total has reached.

        A fractional total (a prorated one) belongs to the band whose lower end it has reached.

        Raises
        ------
        ValueError
            When the scale has no bands, or the score is missing or outside the range.
        """
        if not self.bands:
            raise ValueError(f"{self.label} has no severity bands. {self.notes.get('bands', '')}")
        if not self.low <= score <= self.high:
            raise ValueError(
                f"{self.label} runs from {self.low:g} to {self.high:g}; found {score}."
            )
        return [band.label for band in self.bands if score >= band.low][-1]

    def total(self, items: ArrayLike, max_missing_items: int | None = None) -> np.ndarray:
        """Totals from answers to the items; see `total_score`."""
        return total_score(items, self, max_missing_items)

    def describe(self) -> str:
        """The scale in one sentence.

        >>> get_scale("who-5").describe()
        'WHO-5 (well-being): 0 to 100, higher is better, 5 items, self-rated, past 14 days.'
        """
        limits = say("amounts.from_to", low=f"{self.low:g}", high=f"{self.high:g}")
        facts = [limits, in_words(f"{self.better} is better")]
        if self.items:
            facts.append(say("scales.items", count=self.items))
        if self.rater:
            facts.append(in_words(f"{self.rater}-rated"))
        if self.recall_days:
            facts.append(say("scales.recall", days=f"{self.recall_days:g}"))
        what = f" ({in_words(self.construct)})" if self.construct else ""
        return f"{self.label}{what}: {', '.join(facts)}."


def get_scale(name: str) -> Scale:
    """A scale by its name, whatever the case and punctuation.

    Raises
    ------
    ValueError
        When it is not known; the message suggests names and says how to declare a scale.

    Examples
    --------
    >>> get_scale("Y BOCS").label
    'Y-BOCS'
    """
    index = _index()
    if _key(name) in index:
        return index[_key(name)]
    close = difflib.get_close_matches(_key(name), index, n=3)
    labels = list(dict.fromkeys(index[key].label for key in close))
    hint = f" Did you mean {' or '.join(labels)}?" if labels else ""
    raise ValueError(
        f'The scale "{name}" is not known.{hint} Known: {", ".join(s.label for s in scales())}. '
        f"Another scale is declared in study.toml with {', '.join(REQUIRED)} and any other key of "
        'docs/scales.md, for instance label = "My scale", low = 0, high = 40, better = "lower".'
    )


@cache
def scales() -> tuple[Scale, ...]:
    """All scales that come with the package, in the order of ``scales.toml``."""
    tables = tomllib.loads(Path(__file__).with_name("scales.toml").read_text(encoding="utf-8"))
    gap = "Not published, or not verified."
    return tuple(_build({"name": name, **table}, gap=gap) for name, table in tables.items())


def declare_scale(declared: Mapping[str, Any]) -> Scale:
    """A scale that a study declares, with the keys of ``scales.toml``.

    Parameters
    ----------
    declared : mapping
        ``label``, ``low``, ``high`` and ``better`` are required; the name is the label unless
        ``name`` is given. Numbers without an entry in ``sources`` have ``study.toml`` as source.

    Raises
    ------
    ValueError
        With all unknown keys (and suggestions) and all missing ones; when the name is taken by a
        scale of the package; and for everything that `Scale` refuses.

    Examples
    --------
    >>> declare_scale({"label": "CGI-S", "low": 1, "high": 7, "better": "lower"}).describe()
    'CGI-S: 1 to 7, lower is better.'
    """
    known = [f.name for f in fields(Scale)]
    problems = [f'"{key}" is missing.' for key in REQUIRED if key not in declared]
    problems += [
        f'"{key}" is not a key{did_you_mean(key, known)}' for key in declared if key not in known
    ]
    named = {"name": str(declared.get("label", "")).lower(), **declared}
    for word in (named["name"], *named.get("aliases", ())):
        if taken := _index().get(_key(word)):
            problems.append(f'"{word}" already means {taken.label}; use that, or another name.')
    if problems:
        raise ValueError("A declared scale cannot be used: " + " ".join(problems))
    return _build(named, source="declared in study.toml", gap="Not declared.")


def _build(table: Mapping[str, Any], *, gap: str, source: str | None = None) -> Scale:
    """A scale from plain values; `source` for numbers without one, `gap` for what is empty."""
    values = dict(table)
    values["bands"] = tuple(_band(row) for row in values.get("bands", ()))
    if "reliability" in values:
        values["reliability"] = _reliability(values["reliability"])
    for key in ("item_high", "reversed_items", "highest_of", "either_or", "aliases"):
        values[key] = _frozen(values.get(key, None if key == "item_high" else ()))
    sources, notes = dict(values.get("sources", {})), dict(values.get("notes", {}))
    for topic, names in TOPICS.items():
        if all(values.get(name) in (None, ()) for name in names):
            notes.setdefault(topic, gap)
        elif source:
            sources.setdefault(topic, source)
    return Scale(**{**values, "sources": sources, "notes": notes})


def _band(row: Any) -> Band:
    if not (isinstance(row, Sequence) and len(row) == 3):
        raise ValueError(
            f'A band is [label, low, high], for instance ["mild", 5, 9]; found {row!r}.'
        )
    return Band(*row)


def _reliability(table: Any) -> Reliability:
    try:
        return Reliability(**table)
    except TypeError as error:
        raise ValueError(
            "reliability takes coefficient, kind and population, if known also "
            f"standard_deviation; found {table!r}."
        ) from error


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, (list, tuple)) else value


@cache
def _index() -> dict[str, Scale]:
    return {_key(word): s for s in scales() for word in (s.name, s.label, *s.aliases)}


def _key(name: str) -> str:
    """Letters and digits only, without case or accents: ``"PHQ-9"`` and ``"phq9"`` are one."""
    plain = unicodedata.normalize("NFKD", str(name)).casefold()
    return "".join(c for c in plain if c.isalnum())
