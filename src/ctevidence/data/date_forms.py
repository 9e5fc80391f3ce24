"""How the dates of a column are written, where its cells leave one way only.

29.3.2024 is read by the day, as wherever points part a date. 3/4/2024 is in April or in March: the
cells tell only where a number above 12 cannot be a month. What they do not tell is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from ctevidence.data.undecided import OPEN

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_PARTS = re.compile(r"(\d{1,4})([./-])\d{1,2}\2(\d{1,4})( \d{1,2}:\d{2}(:\d{2})?)?")
#: the order of day, month and year by the sign between them; points are put before months nowhere
_ORDERS = {
    ".": ("%d.%m.%Y", "%Y.%m.%d"),
    "/": ("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d"),
    "-": ("%d-%m-%Y", "%m-%d-%Y"),
}
_CLOCKS = {0: "", 1: " %H:%M", 2: " %H:%M:%S"}


def date_form(values: Iterable[str]) -> str | None:
    """How all cells of a column write a date.

    Parameters
    ----------
    values : iterable of str
        Cells that are not empty.

    Returns
    -------
    str or None
        Empty for 2024-03-29, a form as ``%d.%m.%Y``, "?" where the cells leave two, and None where
        they are not dates.

    Examples
    --------
    >>> [date_form(v) for v in (["29.3.2024"], ["3/4/2024", "29/3/2024"], ["3/4/2024"], ["9"])]
    ['%d.%m.%Y', '%d/%m/%Y', '?', None]
    """
    values = set(values)
    if values and all(map(_ISO.fullmatch, values)):
        return ""
    fitting = forms_of(values)
    return OPEN if len(fitting) > 1 else next(iter(fitting), None)


def forms_of(values: Iterable[str]) -> list[str]:
    """Forms in which all cells are dates; empty ones count for nothing.

    Examples
    --------
    >>> forms_of(["3/4/2024", ""])
    ['%d/%m/%Y', '%m/%d/%Y']
    """
    values = set(values) - {""}
    matches = [_PARTS.fullmatch(value) for value in values]
    if not values or not all(matches):
        return []
    shapes = {(m[2], bool(m[4]) + bool(m[5])) for m in matches}
    if len(shapes) > 1:
        return []
    ((sign, clock),) = shapes
    forms = [order + _CLOCKS[clock] for order in _ORDERS[sign]]
    return [form for form in forms if all(_is_date(value, form) for value in values)]


def _is_date(text: str, form: str) -> bool:
    try:
        return datetime.strptime(text, form).year > 0
    except ValueError:
        return False
