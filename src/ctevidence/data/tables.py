"""Tables: which columns a study's tables have, what their cells may hold, as which type.

pandera finds every cell that a table's schema refuses; the words are ours. Cells that were refused
become missing, so that the checks across tables can go on and find what else is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from ctevidence.data.cells import DAY_FAULTS, FAULTS, day_fault, read_number
from ctevidence.data.files import RawTable
from ctevidence.data.problems import Problem
from ctevidence.terms import COMPONENTS, close_match, did_you_mean

KEY = "participant_id"
ITEM = re.compile(r"item_([1-9]\d*)")
SEVERITIES = ("mild", "moderate", "severe")
COVARIATE_KINDS = ("number", "category")
#: Columns of `participants` that stay text, whatever they look like.
TEXT_COVARIATES = ("site", "therapist")
#: Names that `participants` may not use: the package makes columns of these names.
RESERVED = (
    *("baseline", "day", "week", "scale", "score", "value"),
    *("entry", "lower", "upper", "state", "weight"),
)


@dataclass(frozen=True)
class ColumnSpec:
    """What a column holds.

    Parameters
    ----------
    kind : {"text", "number", "day", "component", "severity"}
    required : bool
        The table must have it.
    filled : bool
        Every cell must have a value.
    """

    kind: str = "text"
    required: bool = True
    filled: bool = True


_OPTIONAL = ColumnSpec(required=False, filled=False)

#: The tables, by column in the order in which they are written; `participants` may have more.
TABLE_COLUMNS: Mapping[str, Mapping[str, ColumnSpec]] = {
    "participants": {KEY: ColumnSpec(), "arm": ColumnSpec()},
    "visits": {
        KEY: ColumnSpec(),
        "day": ColumnSpec("day"),
        "scale": ColumnSpec(),
        "score": ColumnSpec("number"),
        "visit": _OPTIONAL,
    },
    "events": {
        KEY: ColumnSpec(),
        "day": ColumnSpec("day"),
        "event": ColumnSpec(),
        "reason": _OPTIONAL,
        "severity": ColumnSpec("severity", required=False, filled=False),
    },
    "treatments": {
        KEY: ColumnSpec(),
        "component": ColumnSpec("component"),
        "name": ColumnSpec(),
        "start_day": ColumnSpec("day"),
        "stop_day": ColumnSpec("day", required=False, filled=False),
        "dose": _OPTIONAL,
        "sessions": ColumnSpec("number", required=False, filled=False),
    },
}
