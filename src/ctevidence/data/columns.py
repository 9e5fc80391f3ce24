"""Columns: what the tables of a study consist of, as the data dictionary says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

KEY = "participant_id"
#: Columns of answers to items.
ITEM = re.compile(r"item_([1-9]\d*)")
COVARIATE_KINDS = ("number", "category")
#: Columns of `participants` that stay text, whatever they look like.
TEXT_COVARIATES = ("site", "therapist")
#: Events that the package knows; a study declares others under ``[events] other = [...]``.
EVENTS = (
    *("relapse", "recurrence", "dropout", "switch", "hospitalisation"),
    *("self_harm", "death", "adverse_event", "end_of_follow_up"),
)
#: Names that covariates may not have: outcomes make columns of these names.
RESERVED = (
    *("baseline", "day", "week", "scale", "score", "value"),
    *("entry", "lower", "upper", "state", "weight"),
)


@dataclass(frozen=True)
class ColumnSpec:
    """What a column holds.

    Parameters
    ----------
    kind : {"text", "number", "score", "item", "day", "component", "covariate", "category"}
        ``covariate``: numbers that may be missing; ``category``: words that may be.
    required : bool
        The table must have it.
    filled : bool
        Every cell must have a value.
    """

    kind: str = "text"
    required: bool = True
    filled: bool = True


def optional(kind: str = "text") -> ColumnSpec:
    """A column that may be absent, and its cells empty."""
    return ColumnSpec(kind, required=False, filled=False)


#: The tables, by column in the order in which they are written; `participants` may have more.
TABLE_COLUMNS: Mapping[str, Mapping[str, ColumnSpec]] = {
    "participants": {KEY: ColumnSpec(), "arm": ColumnSpec()},
    "visits": {
        KEY: ColumnSpec(),
        "day": ColumnSpec("day"),
        "scale": ColumnSpec(),
        "score": ColumnSpec("score"),
        "visit": optional(),
    },
    "events": {
        KEY: ColumnSpec(),
        "day": ColumnSpec("day"),
        "event": ColumnSpec(),
        "reason": optional(),
        "severity": optional(),
    },
    "treatments": {
        KEY: ColumnSpec(),
        "component": ColumnSpec("component"),
        "name": ColumnSpec(),
        "start_day": ColumnSpec("day"),
        "stop_day": optional("day"),
        "dose": optional(),
        "sessions": optional("number"),
    },
}


def item_columns(frame: pd.DataFrame) -> list[str]:
    """Columns of answers to items, in the order of their numbers."""
    items = [column for column in frame.columns if ITEM.fullmatch(column)]
    return sorted(items, key=lambda column: int(column.removeprefix("item_")))
