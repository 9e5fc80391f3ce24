"""Proposed mapping: ``prepare.toml`` for tables whose columns were understood."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ctevidence.data.toml_text import quoted
from ctevidence.data.understood import Meaning

if TYPE_CHECKING:
    from ctevidence.data.proposal import ReceivedTable

_START = re.compile("start|rand|enrol|consent|base|entry")
_HEAD = """\
# How the tables of this study are made from the files as received: a proposal. Each "?" has to be
# decided; columns that are not named here are not used. All keys: data/README.md, prepare.toml."""


def propose_mapping(tables: list[ReceivedTable]) -> str:
    """The text of ``prepare.toml``.

    Parameters
    ----------
    tables : list of ReceivedTable
    """
    parts = [_HEAD, _participants(tables)]
    visits = [part for table in tables for part in _visits(table)]
    if len(visits) == 1:
        parts.append("\n".join(["[visits]", *visits[0][0], "[visits.columns]", *visits[0][1]]))
    for origin, columns in visits if len(visits) > 1 else []:
        parts.append("\n".join(["[[visits]]", *origin, "[visits.columns]", *columns]))
    if not visits:
        nothing = [_remarked('from = "?"', "the file that holds scores: none was recognised")]
        rows = [f'{c} = "?"' for c in ("participant_id", "day", "scale", "score")]
        parts.append("\n".join(["[visits]", *nothing, "[visits.columns]", *rows]))
    parts += [_events(table) for table in tables if _find(table, "event")]
    return "\n\n".join(parts) + "\n"


def origin_lines(table: ReceivedTable) -> list[str]:
    """Where the rows come from, and the decisions that the kind of file needs."""
    lines = [f"from = {quoted(table.origin.file)}"]
    if table.origin.sheet:
        lines.append(f"sheet = {quoted(table.origin.sheet)}")
    if table.labelled:
        which = f"columns read as labels, not codes, of {', '.join(table.labelled)}; [] for none"
        lines.append(_remarked('labels = ["?"]', which))
    if table.declares_missing:
        lines.append(_remarked('user_missing = "?"', "values declared missing: empty, or value"))
    return lines


def _remarked(code: str, remark: str) -> str:
    """A line with a remark, which ends where the line ends, whatever a column is called."""
    plain = "".join(sign if sign.isprintable() else " " for sign in remark)
    return f"{code:<40}  # {plain}"


def _find(table: ReceivedTable, what: str) -> Meaning | None:
    return next((m for m in table.meanings if m.what == what), None)


def _copied(name: str, meaning: Meaning | None, remark: str) -> str:
    if meaning is None:
        return _remarked(f'{name} = "?"', remark)
    return f"{name} = {quoted(meaning.column)}"


def _participants(tables: list[ReceivedTable]) -> str:
    """The first table with arms, one row for each person."""
    table = next((t for t in tables if _find(t, "arm")), tables[0])
    person, arm = _find(table, "person"), _find(table, "arm")
    lines = ["[participants]", *origin_lines(table)]
    if person and table.frame[person.column].duplicated().any():
        do = "people have several rows: the column and value of the one that holds the arm"
        lines.append(_remarked('where = { COLUMN = "?" }', do))
    lines += [
        "[participants.columns]",
        _copied("participant_id", person, "the column that names the person"),
        _copied("arm", arm, "the column that holds the arm"),
    ]
    for m in table.meanings:
        if not m.what:
            lines.append(f"# {quoted(m.column)} = {quoted(m.column)}")
    return "\n".join(lines)


def _visits(table: ReceivedTable) -> list[tuple[list[str], list[str]]]:
    """For each questionnaire of a table: where its rows come from, and how columns are made."""
    person = _copied("participant_id", _find(table, "person"), "the column that names the person")
    parts = []
    for scale in dict.fromkeys(m.scale.label for m in table.meanings if m.scale):
        of_scale = [m for m in table.meanings if m.scale and m.scale.label == scale]
        named = f"scale = {{ constant = {quoted(scale)} }}"
        if timed := [m for m in of_scale if m.what == "score at a time"]:
            parts.append((origin_lines(table), [person, named, *_long(timed)]))
        elif items := [m for m in of_scale if m.what == "item"]:
            rows = [f"item_{m.number} = {quoted(m.column)}" for m in items]
            parts.append((_filled(table), [person, *_day(table), named, *rows, *_visit(table)]))
        else:
            score = _copied("score", of_scale[0], "")
            parts.append((_filled(table), [person, *_day(table), named, score, *_visit(table)]))
    score = _find(table, "score")
    if not parts and score:
        word = _copied("scale", _find(table, "scale"), 'the scale: { constant = "PHQ-9" }')
        rows = [person, *_day(table), word, _copied("score", score, ""), *_visit(table)]
        parts.append((_filled(table), rows))
    return parts


def _filled(table: ReceivedTable) -> list[str]:
    """Rows of other forms, as REDCap exports them, hold no answers."""
    lines = origin_lines(table)
    for column in ("redcap_repeat_instrument", "redcap_event_name"):
        if column in table.frame:
            found = ", ".join(quoted(v) for v in sorted(set(table.frame[column])))[:60]
            do = f"rows that hold these answers; found: {found}"
            return [*lines, _remarked(f'where = {{ {column} = "?" }}', do)]
    return lines


def _day(table: ReceivedTable) -> list[str]:
    if day := _find(table, "day"):
        return [f"day = {quoted(day.column)}"]
    if day := _find(table, "study day"):
        return [f"day = {{ study_day = {quoted(day.column)} }}"]
    dates = [m.column for m in table.meanings if m.what == "date"]
    if dates:
        seen = next((c for c in dates if not _START.search(c.lower())), dates[0])
        do = "the column with the person's start; from another row or file by [visits.beside]"
        if others := [c for c in dates if c != seen]:
            do += f"; dates here: {', '.join(others)}"
        return [_remarked(f'day = {{ date = {quoted(seen)}, since = "?" }}', do)]
    return [_remarked('day = "?"', 'days since the start: a column, or { constant = "0" }')]


def _visit(table: ReceivedTable) -> list[str]:
    visit = _find(table, "visit")
    return [f"visit = {quoted(visit.column)}"] if visit else []


def _long(timed: list[Meaning]) -> list[str]:
    rows = []
    for m in timed:  # names of columns are known to be wrong: only the start is taken from them
        day = "0" if m.day == 0 else '"?"'
        remark = "day of this score, since the start"
        if m.day is not None:
            remark = "the start, by its name" if m.day == 0 else f"{remark}; by its name {m.day}"
        rows.append(_remarked(f"    {{ column = {quoted(m.column)}, day = {day} }},", remark))
    return ["[visits.long]", 'into = "score"', "columns = [", *rows, "]"]


def _events(table: ReceivedTable) -> str:
    event = _find(table, "event")
    found = sorted(set(table.frame[event.column]) - {""})[:12]
    words = ", ".join(f'{quoted(value)} = "?"' for value in found)
    person = _copied("participant_id", _find(table, "person"), "the column that names the person")
    recoded = f"event = {{ column = {quoted(event.column)}, values = {{ {words} }} }}"
    do = "words of data/README.md, events: relapse, dropout"
    lines = [*origin_lines(table), "[events.columns]", person, *_day(table)]
    return "\n".join(["[events]", *lines, _remarked(recoded, do)])
