"""Rating scales: what a score means, with a source for every number.

The scales that come with the package stand beside this file in ``scales.toml``, one table each; a
study declares others with the same keys. A number that could not be verified is absent, and the
scale's notes say so.
"""

from __future__ import annotations

import difflib
import math
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from numbers import Real
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

BETTER = ("lower", "higher")
RATERS = ("self", "clinician")
SCORINGS = ("sum", "value set")
RELIABILITY_KINDS = ("test-retest", "alpha", "inter-rater")
REQUIRED = ("label", "low", "high", "better")

#: What has a source or, when empty, a note; and the fields that it stands for.
TOPICS = {
    "range": ("low", "high"),
    "items": ("items",),
    "recall_days": ("recall_days",),
    "bands": ("bands",),
    "response_percent": ("response_percent",),
    "remission": ("remission_at_or_below", "remission_at_or_above"),
    "minimal_important_difference": ("minimal_important_difference",),
    "reliability": ("reliability",),
    "max_missing_items": ("max_missing_items",),
}
_NUMBERS = (
    "low",
    "high",
    "step",
    "recall_days",
    "response_percent",
    "remission_at_or_below",
    "remission_at_or_above",
    "minimal_important_difference",
    "item_low",
    "multiplier",
)


@dataclass(frozen=True)
class Band:
    """A range of totals with a name, both ends included."""

    label: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if not (_is_number(self.low) and _is_number(self.high) and self.low <= self.high):
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
        if not (_is_number(self.coefficient) and 0 < self.coefficient < 1):
            raise ValueError(f"reliability is {self.coefficient!r}; it lies between 0 and 1.")
        if self.kind not in RELIABILITY_KINDS:
            raise ValueError(
                f'kind of reliability is "{self.kind}"{_hint(self.kind, RELIABILITY_KINDS)}'
            )
        if not self.population:
            raise ValueError("reliability needs population, the people it was estimated in.")
        sd = self.standard_deviation
        if sd is not None and not (_is_number(sd) and sd > 0):
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
        # Wrong types first: the other checks compare numbers.
        for check in (_type_problems, _value_problems, _item_problems, _source_problems):
            if found := list(check(self)):
                raise ValueError(f"Scale {self.label or self.name!r}: " + "; ".join(found) + ".")

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
        facts = [f"{self.low:g} to {self.high:g}", f"{self.better} is better"]
        if self.items:
            facts.append(f"{self.items} items")
        if self.rater:
            facts.append(f"{self.rater}-rated")
        if self.recall_days:
            facts.append(f"past {self.recall_days:g} days")
        what = f" ({self.construct})" if self.construct else ""
        return f"{self.label}{what}: {', '.join(facts)}."


def total_score(items: ArrayLike, scale: Scale, max_missing_items: int | None = None) -> np.ndarray:
    """Totals from answers to the items, missing answers treated by a declared rule.

    With m of k items missing, and m allowed, the total is the mean of the answered items times k
    (the person's own mean stands in for the gap); with more missing it is NaN. A gap never counts
    as zero. Where only the highest of several items counts, a gap leaves it unknown, unless the
    highest possible answer was given.

    Parameters
    ----------
    items : array or DataFrame, shape (n, k)
        Answers as on the form, items in its order, NaN where missing. Items that count from the
        other end are reversed here.
    scale : Scale
    max_missing_items : int, optional
        Missing items up to which a total is prorated, 0 for none; the scale's own rule by default.

    Returns
    -------
    array, shape (n,)
        Totals, in points.

    Raises
    ------
    ValueError
        When the total does not come from the items, the shape is wrong, an answer is out of range
        (the message names row and column), items are missing without a rule, or prorating would be
        wrong because items differ in range.

    Examples
    --------
    >>> import numpy as np
    >>> answers = np.array([[1, 2, 1, 0, 0, 1, 2, 1, 1], [1, 2, 1, 0, 0, 1, 2, np.nan, np.nan]])
    >>> total_score(answers, get_scale("phq-9"))
    array([9., 9.])
    """
    if scale.scoring != "sum":
        raise ValueError(
            f"{scale.label} does not add up its items: the total comes from a {scale.scoring}. "
            "Give totals instead of items."
        )
    if scale.items is None:
        raise ValueError(
            f"{scale.label} has no items declared. Declare items, item_low and item_high, or give "
            "totals."
        )
    counted = _domains(_answers(items, scale), scale)
    missing = np.isnan(counted).sum(axis=1)
    allowed = _allowed_gaps(scale, max_missing_items, missing)
    k = counted.shape[1]
    totals = np.nansum(counted, axis=1) * k / np.maximum(k - missing, 1)
    return np.where(missing <= allowed, scale.multiplier * totals, np.nan)


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
    problems = [f'"{key}" is not a key{_hint(key, known)}' for key in declared if key not in known]
    problems += [f'"{key}" is missing' for key in REQUIRED if key not in declared]
    named = {"name": str(declared.get("label", "")).lower(), **declared}
    for word in (named["name"], *named.get("aliases", ())):
        if taken := _index().get(_key(word)):
            problems.append(f'"{word}" already means {taken.label}; use that, or another name')
    if problems:
        raise ValueError("A declared scale cannot be used: " + "; ".join(problems) + ".")
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


def _hint(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(str(word), known, n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; known: {', '.join(known)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


# -- what makes a scale impossible ----------------------------------------------------------------


def _type_problems(s: Scale) -> Iterator[str]:
    if not (s.name and s.label):
        yield "it needs a name and a label"
    for key in _NUMBERS:
        value, may_be_empty = getattr(s, key), Scale.__dataclass_fields__[key].default is None
        if not (_is_number(value) or (value is None and may_be_empty)):
            yield f"{key} is {value!r}; it must be a number"
    for key, least in (("items", 1), ("max_missing_items", 0)):
        value = getattr(s, key)
        if value is not None and not (type(value) is int and value >= least):
            yield f"{key} is {value!r}; it must be a whole number, {least} or more"
    tops = s.item_high if isinstance(s.item_high, tuple) else (s.item_high,)
    if not all(_is_number(top) or top is None for top in tops):
        yield f"item_high is {s.item_high!r}; it must be a number, or one for each item"
    for key in ("highest_of", "either_or"):
        if not all(isinstance(group, tuple) and len(group) > 1 for group in getattr(s, key)):
            yield f"{key} is {getattr(s, key)!r}; it must hold groups of items, like [[1, 2]]"
    for key, allowed in (("better", BETTER), ("scoring", SCORINGS), ("rater", (None, *RATERS))):
        if getattr(s, key) not in allowed:
            yield f'{key} is "{getattr(s, key)}"; say {" or ".join(filter(None, allowed))}'


def _value_problems(s: Scale) -> Iterator[str]:
    width = s.high - s.low
    if not width > 0:
        yield f"it runs from {s.low:g} to {s.high:g}; high must be above low"
    if s.step < 0 or (s.step and not math.isclose(round(width / s.step) * s.step, width)):
        yield f"its range is no multiple of its step {s.step:g} (0 allows any value)"
    if s.bands:
        edges = [(s.low - s.step, s.low - s.step)] + [(b.low, b.high) for b in s.bands]
        for (_, end), (start, _) in zip(edges, edges[1:], strict=False):
            if not math.isclose(start, end + s.step, abs_tol=1e-9):
                yield f"a band starts at {start:g} where {end + s.step:g} is next"
        if s.bands[-1].high != s.high:
            yield f"its bands end at {s.bands[-1].high:g}, not at {s.high:g}"
    for key in ("response_percent", "minimal_important_difference", "recall_days"):
        value = getattr(s, key)
        if value is not None and value <= 0:
            yield f"{key} is {value:g}; it must be above 0"
    cut_offs = {"lower": s.remission_at_or_below, "higher": s.remission_at_or_above}
    for direction, cut_off in cut_offs.items():
        if cut_off is not None and direction != s.better:
            yield f"remission is given in the bad direction ({s.better} is better)"
        elif cut_off is not None and not s.low <= cut_off <= s.high:
            yield f"remission at {cut_off:g} lies outside its range"


def _item_problems(s: Scale) -> Iterator[str]:
    if s.items is None:
        if (s.item_low, s.item_high, s.max_missing_items) != (None, None, None):
            yield "it says something about items but not how many there are (items)"
        return
    if s.item_low is None or s.item_high is None:
        yield "items need item_low and item_high"
    elif isinstance(s.item_high, tuple) and len(s.item_high) != s.items:
        yield f"item_high has {len(s.item_high)} numbers for {s.items} items"
    elif misnamed := sorted(_misnamed_items(s), key=str):
        yield f"items {misnamed} stand twice in one list, or are none of 1 to {s.items}"
    elif s.scoring == "sum":
        answers = np.array([np.full(s.items, s.item_low), _tops(s)], dtype=float)
        lowest, highest = s.multiplier * _domains(answers, s).sum(axis=1)
        if not np.allclose((lowest, highest), (s.low, s.high)):
            yield f"its items give totals of {lowest:g} to {highest:g}, not {s.low:g} to {s.high:g}"
        yield from _proration_problems(s, s.max_missing_items or 0)


def _misnamed_items(s: Scale) -> set[Any]:
    lists = (s.reversed_items, sum(s.highest_of, ()), sum(s.either_or, ()))
    exists = range(1, s.items + 1)
    return {i for named in lists for i in named if i not in exists or named.count(i) > 1}


def _proration_problems(s: Scale, allowed: int) -> Iterator[str]:
    if not 0 <= allowed < s.items:
        yield f"max_missing_items is {allowed}; it lies between 0 and {s.items - 1}"
    elif allowed and (len(set(_tops(s))) > 1 or s.highest_of):
        yield (
            "its items do not weigh the same, so the mean of the others cannot stand in for a "
            "missing one; use max_missing_items = 0"
        )


def _source_problems(s: Scale) -> Iterator[str]:
    for topic, names in TOPICS.items():
        empty = all(getattr(s, name) in (None, ()) for name in names)
        if not empty and not s.sources.get(topic):
            yield f"{topic} has no source (declare_scale names the study itself)"
    for topic in (*s.sources, *s.notes):
        if topic not in TOPICS:
            yield f'"{topic}" in sources or notes is no topic{_hint(topic, list(TOPICS))}'


# -- from answers to what counts ------------------------------------------------------------------


def _tops(s: Scale) -> np.ndarray:
    return np.array(np.broadcast_to(s.item_high, s.items), dtype=float)


def _answers(items: ArrayLike, s: Scale) -> np.ndarray:
    """Answers as numbers within the range of their item, reversed where declared, shape (n, k)."""
    try:
        if hasattr(items, "to_numpy"):
            answers = items.to_numpy(dtype=float, na_value=np.nan)
        else:
            answers = np.asarray(items, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{s.label}: an answer is no number ({error}).") from error
    if answers.ndim != 2 or answers.shape[1] != s.items:
        raise ValueError(
            f"{s.label} has {s.items} items that count, one column each, and a row for each "
            f"person; found shape {answers.shape}."
        )
    if np.any(outside := (answers < s.item_low) | (answers > _tops(s))):
        raise ValueError(_out_of_range(answers, outside, items, s))
    reversed_ = [i - 1 for i in s.reversed_items]
    answers = answers.copy()
    answers[:, reversed_] = s.item_low + _tops(s)[reversed_] - answers[:, reversed_]
    return answers


def _out_of_range(answers: np.ndarray, outside: np.ndarray, items: ArrayLike, s: Scale) -> str:
    named = hasattr(items, "columns")
    rows = items.index if named else range(answers.shape[0])
    columns = items.columns if named else range(answers.shape[1])
    found = "; ".join(
        f"row {rows[i]}, column {columns[j]} (item {j + 1}) is {answers[i, j]:g}, "
        f"{s.item_low:g} to {_tops(s)[j]:g} is possible"
        for i, j in np.argwhere(outside)[:5]
    )
    return (
        f"{s.label}: {outside.sum()} answers out of range, first {found}. "
        "Correct them; leave the cell empty where the answer is missing."
    )


def _domains(answers: np.ndarray, s: Scale) -> np.ndarray:
    """What is added up, shape (n, domains): the highest of each group, and the other items."""
    columns = dict(enumerate(answers.T, start=1))
    for group in s.either_or:
        columns[group[0]] = np.fmax.reduce([columns.pop(i) for i in group])
    for group in s.highest_of:
        rated = np.array([columns.pop(i) for i in group if i in columns])
        highest = np.fmax.reduce(rated)
        unknown = np.isnan(rated).any(axis=0) & (highest < _tops(s)[group[0] - 1])
        columns[group[0]] = np.where(unknown, np.nan, highest)
    return np.column_stack(list(columns.values()))


def _allowed_gaps(s: Scale, asked: int | None, missing: np.ndarray) -> int:
    allowed = s.max_missing_items if asked is None else asked
    if allowed is None and missing.any():
        raise ValueError(
            f"{s.label}: items are missing in {np.count_nonzero(missing)} of {len(missing)} rows, "
            "and there is no published rule. Say max_missing_items: 0 when none may be missing, or "
            "how many the mean of the others may stand in for."
        )
    for problem in _proration_problems(s, allowed or 0):
        raise ValueError(f"{s.label}: {problem}.")
    return allowed or 0
