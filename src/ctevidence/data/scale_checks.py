"""What makes a scale impossible; `ctevidence.data.scales.Scale` refuses to exist with any of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ctevidence.data.item_totals import domains, proration_problems, tops
from ctevidence.terms import did_you_mean

if TYPE_CHECKING:
    from ctevidence.data.scales import Scale

BETTER = ("lower", "higher")
RATERS = ("self", "clinician")
SCORINGS = ("sum", "value set")
RELIABILITY_KINDS = ("test-retest", "alpha", "inter-rater")

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


def problems_of(scale: Scale) -> list[str]:
    """Everything that is wrong with a scale, in words; empty when it can exist."""
    # wrong types first: the other checks compare numbers
    for check in (_type_problems, _value_problems, _item_problems, _source_problems):
        if found := list(check(scale)):
            return found
    return []


def is_number(value: Any) -> bool:
    """Whether a value is a finite number; True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _type_problems(s: Scale) -> Iterator[str]:
    if not (s.name and s.label):
        yield "it needs a name and a label"
    for key in _NUMBERS:
        value, may_be_empty = getattr(s, key), s.__dataclass_fields__[key].default is None
        if not (is_number(value) or (value is None and may_be_empty)):
            yield f"{key} is {value!r}; it must be a number"
    for key, least in (("items", 1), ("max_missing_items", 0)):
        value = getattr(s, key)
        if value is not None and not (type(value) is int and value >= least):
            yield f"{key} is {value!r}; it must be a whole number, {least} or more"
    highest = s.item_high if isinstance(s.item_high, tuple) else (s.item_high,)
    if not all(is_number(top) or top is None for top in highest):
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
        answers = np.array([np.full(s.items, s.item_low), tops(s)], dtype=float)
        lowest, highest = s.multiplier * domains(answers, s).sum(axis=1)
        if not np.allclose((lowest, highest), (s.low, s.high)):
            yield f"its items give totals of {lowest:g} to {highest:g}, not {s.low:g} to {s.high:g}"
        yield from proration_problems(s, s.max_missing_items or 0)


def _misnamed_items(s: Scale) -> set[Any]:
    lists = (s.reversed_items, sum(s.highest_of, ()), sum(s.either_or, ()))
    exists = range(1, s.items + 1)
    return {i for named in lists for i in named if i not in exists or named.count(i) > 1}


def _source_problems(s: Scale) -> Iterator[str]:
    for topic, names in TOPICS.items():
        empty = all(getattr(s, name) in (None, ()) for name in names)
        if not empty and not s.sources.get(topic):
            yield f"{topic} has no source (declare_scale names the study itself)"
    for topic in (*s.sources, *s.notes):
        if topic not in TOPICS:
            yield f'"{topic}" in sources or notes is no topic{did_you_mean(topic, TOPICS)}'
