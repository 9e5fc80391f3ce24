"""Cell text: a typed value as the text that a CSV would hold, so that no number changes.

A number is written with the fewest digits that give the same number again (0.1 stays 0.1), a whole
number without a decimal point, a day as 2024-03-29, a missing value as an empty cell.
"""

from __future__ import annotations

import math
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pandas as pd


def cell_text(value: Any) -> str:
    """The text of one value.

    Examples
    --------
    >>> [cell_text(v) for v in (0.1, 5.0, "007 ", None, True, date(2024, 3, 29))]
    ['0.1', '5', '007', '', 'TRUE', '2024-03-29']
    """
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NaT:
        return ""
    match value:
        case bool():
            text = "TRUE" if value else "FALSE"
        case float():  # numpy's own shows its type
            text = f"{value:.0f}" if value.is_integer() else repr(float(value))
        case Decimal():
            text = format(value, "f")
        case datetime():
            midnight = value.time() == time() and value.tzinfo is None
            text = value.date().isoformat() if midnight else value.isoformat(sep=" ")
        case date() | time():
            text = value.isoformat()
        case _:
            text = unicodedata.normalize("NFC", str(value)).strip()
    return text
