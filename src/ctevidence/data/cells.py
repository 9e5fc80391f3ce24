"""Cells: what the text of one cell says, and why it may not be a number.

Reading is strict because a wrong guess here is invisible later: ``1,234`` may be one thousand or
one and a quarter, ``45000`` in a column of days is how spreadsheets store a date.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

#: Days from which a number in a column of days is taken for a spreadsheet date (3 October 1954).
FIRST_SERIAL_DATE = 20_000

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})( .*)?"
    r"|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2,4}",
    re.ASCII,
)
_GROUPED = re.compile(r"[+-]?\d{1,3}(([,.' \u00a0\u202f])\d{3})(\2\d{3})*([.,]\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d*,\d+|[+-]?\d+,", re.ASCII)
_INFINITE = re.compile(r"[+-]?inf(inity)?|[+-]?∞", re.IGNORECASE)

#: Why a cell is not a number, and what to do; `read_number` names the key.
FAULTS = {
    "empty": ("The cell is empty.", "Enter the value; delete the row if there is nothing to say."),
    "date": ("This is a date, not a number.", "Enter the number that belongs here."),
    "grouped": (
        "A separator of thousands makes this ambiguous: 1,234 can be read as 1234 or as 1.234.",
        "Write numbers without separators and with a decimal point: 1234 or 1.234.",
    ),
    "comma": (
        "The number has a decimal comma.",
        'Write a decimal point, or declare decimal = "," under [files] in study.toml.',
    ),
    "point": (
        'The number has a point, but study.toml declares decimal = ",".',
        "Write a decimal comma without separators of thousands, or correct [files] in study.toml.",
    ),
    "infinite": (
        "An infinite value cannot have been observed.",
        "Enter the value observed; if there is none, treat it as missing.",
    ),
    "text": (
        "This is not a number.",
        "Enter a number; words for missing values (NA, -, unknown) are not read.",
    ),
}


@lru_cache(maxsize=65_536)
def read_number(cell: str, decimal: str = ".") -> tuple[float, str]:
    """The number that a cell holds, and the fault if it holds none.

    Parameters
    ----------
    cell : str
        Text without spaces around it.
    decimal : {".", ","}
        The declared decimal sign.

    Returns
    -------
    value : float
        NaN when there is a fault.
    fault : str
        A key of `FAULTS`, empty for a number.

    Examples
    --------
    >>> read_number("12.5"), read_number("1,234")
    ((12.5, ''), (nan, 'grouped'))
    """
    if decimal == "," and _COMMA.fullmatch(cell):
        cell = cell.replace(",", ".")
    elif decimal == "," and _NUMBER.fullmatch(cell) and "." in cell:
        return math.nan, "point"
    if _NUMBER.fullmatch(cell):
        value = float(cell)
        return (value, "") if math.isfinite(value) else (math.nan, "infinite")
    return math.nan, _fault(cell)


def _fault(cell: str) -> str:
    for fault, pattern in (
        ("date", _DATE),
        ("grouped", _GROUPED),
        ("comma", _COMMA),
        ("infinite", _INFINITE),
    ):
        if pattern.fullmatch(cell):
            return fault
    return "text" if cell else "empty"


def day_fault(cell: str, decimal: str = ".") -> str:
    """The fault of a cell in a column of days; also spreadsheet dates (``serial``).

    >>> day_fault("45000"), day_fault("2023-03-15"), day_fault("-7")
    ('serial', 'date', '')
    """
    value, fault = read_number(cell, decimal)
    return fault or ("serial" if value >= FIRST_SERIAL_DATE else "")


#: As `FAULTS`, for columns of days.
DAY_FAULTS = {
    **FAULTS,
    "date": (
        "This is a date, but days are counted from the start of treatment or randomisation.",
        "Subtract the person's start date: the start is day 0, one week later day 7.",
    ),
    "serial": (
        "This is more than 54 years after the start; spreadsheets store dates as such numbers.",
        "Subtract the person's start date: the start is day 0, one week later day 7.",
    ),
}
