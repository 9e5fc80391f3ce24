"""Understood: what the columns of a file seem to hold, by their names and cells, and why.

A proposal only: `ctevidence new --from` shows it to a person, and what is not plain stays open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from ctevidence.data.cells import read_number
from ctevidence.data.date_forms import date_form
from ctevidence.data.scales import Scale, get_scale, scales
from ctevidence.data.undecided import OPEN

#: Words that name a column of this meaning, likely ones first.
_NAMES = {
    "person": (
        *("participant_id", "usubjid", "patient_id", "subject_id", "record_id", "subjid"),
        *("participant", "patient", "subject", "person", "client", "pid", "id", "rownames"),
    ),
    "arm": (
        *("arm", "trt01p", "trtp", "treatment_arm", "study_arm", "allocation", "group"),
        *("treatment_group", "randomised_group", "randomized_group", "intervention"),
        *("treatment", "trt", "armcd"),
    ),
    "day": ("day", "days", "visit_day", "day_of_visit", "days_since_start"),
    "study day": ("ady",),
    "visit": ("visit", "avisit", "timepoint", "redcap_event_name", "wave", "time", "session"),
    "event": ("event", "event_type"),
    "score": ("score", "total", "total_score", "aval"),
}
_MOST_ARMS = 12
#: PatientNo, subject_code, ID Patient; StudyID too, if it is not the same in every row
_WHO = "participants?|patients?|pat|pt|subjects?|subj|persons?|clients?|cases?|respondents?|study"
_PERSON = re.compile(rf"({_WHO})(id|no|nr|num|number|code|key)|id({_WHO})")
_TOTAL = ("total", "score", "sum", "tot")
#: What follows the name of a scale: a time, or the start.
_TIME = re.compile(r"(w|wk|week|weeks|m|mo|month|months|d|day|days)?(\d+)(w|wk|m|mo|d)?")
_START = ("pre", "baseline", "bl", "base", "start", "0", "intake")
_DAYS = {"d": 1.0, "w": 7.0, "m": 30.4375}


@dataclass(frozen=True)
class Meaning:
    """What a column seems to hold.

    Parameters
    ----------
    column : str
    what : str
        ``person``, ``arm``, ``day``, ``study day``, ``date``, ``visit``, ``event``, ``scale``,
        ``score``, ``score at a time``, ``item``, or empty when it is not understood.
    why : str
        What it was understood from.
    scale : Scale, optional
        Of a score or an item.
    number : int, optional
        Of an item.
    day : int, optional
        Of a score at a time.
    form : str
        How a date is written, as `date_form` says.
    """

    column: str
    what: str
    why: str
    scale: Scale | None = None
    number: int | None = None
    day: int | None = None
    form: str = ""


def understand(frame: pd.DataFrame) -> list[Meaning]:
    """What each column of a table seems to hold, in the order of the columns.

    Parameters
    ----------
    frame : DataFrame
        Cells as text.

    Examples
    --------
    >>> cells = pd.DataFrame({"patient": ["a"], "phq9_w8": ["12"]})
    >>> [(m.column, m.what, m.day) for m in understand(cells)]
    [('patient', 'person', None), ('phq9_w8', 'score at a time', 56)]
    """
    found = {column: meaning for column in frame if (meaning := _of_scale(column, frame[column]))}
    found |= _items(frame.columns)
    for what, names in _NAMES.items():
        if meaning := _named(what, names, frame.drop(columns=list(found))):
            found[meaning.column] = meaning
    for column in frame:
        found.setdefault(column, _by_cells(column, frame[column]))
    return [found[column] for column in frame]


def plain_name(name: str) -> str:
    """Small letters and digits, joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", str(name).lower()).strip("_")


def _joined(name: str) -> str:
    """PatientID, patient_id and Patient ID are one name."""
    return plain_name(name).replace("_", "")


def _named(what: str, names: tuple[str, ...], frame: pd.DataFrame) -> Meaning | None:
    """The column with the likeliest of these names, if its cells can be meant."""
    joined = {_joined(column): column for column in reversed(frame.columns)}
    likely = [joined.get(_joined(name)) for name in names]
    if what == "person":
        likely += [c for name, c in joined.items() if _PERSON.fullmatch(name)]
    for column in likely:
        if column is None:
            continue
        values = set(frame[column]) - {""}
        if what == "person" and "study" in _joined(column) and len(values) < 2:
            continue
        if what == "person" and (frame[column] == "").any():
            continue
        if what == "arm" and not 1 < len(values) <= _MOST_ARMS:
            continue
        if what in ("day", "study day", "score") and not _are_numbers(values):
            continue
        return Meaning(column, what, f"its name, and {len(values)} different values")
    return None


def _are_numbers(values: Iterable[str]) -> bool:
    return bool(values) and all(not read_number(value)[1] for value in values)


def _by_cells(column: str, cells: pd.Series) -> Meaning:
    """What the cells alone show."""
    values = {cell for cell in cells if cell}
    form = date_form(values)
    if form is not None:
        written = f", written as {form}" if form else ""
        if form == OPEN:
            written = ", and no day above 12 tells whether the day or the month comes first"
        return Meaning(column, "date", f"all cells are dates{written}", form=form)
    if values and len(values) <= _MOST_ARMS and all(named_scale(value) for value in values):
        return Meaning(column, "scale", f"all cells name scales: {', '.join(sorted(values))}")
    return Meaning(column, "", _outside(column, values))


def _outside(column: str, values: set[str]) -> str:
    """Why a column that is named for a scale does not hold its scores; empty for other columns."""
    scale, _ = _split(column)
    if scale is None or not values:
        return ""
    why = f"named for {scale.label}, but not all "
    if not _are_numbers(values):
        return f"{why}cells are numbers"
    return f"{why}values lie between {scale.low:g} and {scale.high:g}"


# -- scores and items -----------------------------------------------------------------------------


def named_scale(word: str) -> Scale | None:
    """The scale of this name; None where there is none."""
    try:
        return get_scale(word) if word else None
    except ValueError:
        return None


def _split(column: str) -> tuple[Scale | None, str]:
    """The scale that a name begins with, and the rest of the name: phq9_w8 is PHQ-9 and w8."""
    parts = plain_name(column).split("_")
    if parts[0] in _TOTAL:  # score_phq9_w8
        parts = parts[1:] or parts
    for n in range(len(parts), 0, -1):
        if scale := named_scale("".join(parts[:n])):
            return scale, "_".join(parts[n:])
    return _glued(parts)


def _glued(parts: list[str]) -> tuple[Scale | None, str]:
    """phqw8 names no scale; hamd17 does, and bdi2 may: only whole words and known stems count."""
    stems = {
        plain_name(word).replace("_", ""): s for s in scales() for word in (s.name, *s.aliases)
    }
    match = re.fullmatch(r"([a-z]+\d*[a-z]*?)(w|wk|m|d)(\d+)", parts[0])
    if match and (scale := stems.get(match[1])):
        return scale, "_".join([f"{match[2]}{match[3]}", *parts[1:]])
    return None, ""


def _of_scale(column: str, cells: pd.Series) -> Meaning | None:
    """A score, of one time or of the time of its row."""
    scale, rest = _split(column)
    values = {cell for cell in cells if cell}
    if scale is None or not _are_numbers(values):
        return None
    if not all(scale.low <= read_number(value)[0] <= scale.high for value in values):
        return None
    why = f"its name, and all values lie between {scale.low:g} and {scale.high:g}"
    rest = rest.removesuffix("_total").removesuffix("_score")
    if rest in ("", *_TOTAL):
        return Meaning(column, "score", why, scale)
    if rest in _START:
        return Meaning(column, "score at a time", f"{why}; {rest} is the start", scale, day=0)
    if match := _TIME.fullmatch(rest.replace("_", "")):
        unit = (match[1] or match[3] or "")[:1]
        day = round(int(match[2]) * _DAYS[unit]) if unit else None
        return Meaning(column, "score at a time", why, scale, day=day)
    return None


def _items(columns: Iterable[str]) -> dict[str, Meaning]:
    """Columns that end in 1, 2 ... up to the number of items of the scale they are named for."""
    groups: dict[str, dict[int, str]] = {}
    for column in columns:
        if match := re.fullmatch(r"(.*?)_?(?:item|q)?_?0*([1-9]\d?)", plain_name(column)):
            groups.setdefault(match[1].rstrip("_"), {})[int(match[2])] = column
    found = {}
    for stem, numbered in groups.items():
        scale = named_scale(stem.replace("_", ""))
        if scale and scale.items and set(numbered) == set(range(1, scale.items + 1)):
            why = f"{scale.items} columns of this name, as many as {scale.label} has items"
            found |= {c: Meaning(c, "item", why, scale, number=i) for i, c in numbered.items()}
    return found
