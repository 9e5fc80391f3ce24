"""Proposed mapping: ``prepare.toml`` for tables whose columns were understood."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ctevidence.data.date_forms import forms_of
from ctevidence.data.fitting_scales import fitting_scales, scale_in
from ctevidence.data.scales import Scale
from ctevidence.data.toml_text import quoted
from ctevidence.data.undecided import OPEN
from ctevidence.data.understood import Meaning

if TYPE_CHECKING:
    from ctevidence.data.proposal import ReceivedTable

#: Scales that a remark names for scores that could be of many.
_MOST_SCALES = 4
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
    visits = [part for table in tables for part in _visits(table, tables)]
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


def _visits(table: ReceivedTable, tables: list[ReceivedTable]) -> list[tuple[list[str], list[str]]]:
    """For each questionnaire of a table: where its rows come from, and how columns are made."""
    person = _copied("participant_id", _find(table, "person"), "the column that names the person")
    beside = _start_beside(table, tables)
    day = _day(table, beside)
    parts = []
    for scale in dict.fromkeys(m.scale.label for m in table.meanings if m.scale):
        of_scale = [m for m in table.meanings if m.scale and m.scale.label == scale]
        named = f"scale = {{ constant = {quoted(scale)} }}"
        if timed := [m for m in of_scale if m.what == "score at a time"]:
            parts.append((origin_lines(table), [person, named, *_long(timed)]))
        elif items := [m for m in of_scale if m.what == "item"]:
            rows = [f"item_{m.number} = {quoted(m.column)}" for m in items]
            rows = [person, *day, named, *rows, *_visit(table), *beside]
            parts.append((_filled(table), rows))
        else:
            rows = [person, *day, named, _copied("score", of_scale[0], ""), *_visit(table), *beside]
            parts.append((_filled(table), rows))
    unnamed = (m for m in table.meanings if m.what == "score" and not m.scale)
    if score := next(unnamed, None):
        rows = [person, *day, _scale_of(table, score), _copied("score", score, "")]
        parts.append((_filled(table), [*rows, *_visit(table), *beside]))
    return parts


def _scale_of(table: ReceivedTable, score: Meaning) -> str:
    """The scale of scores whose column does not name one."""
    if named := _find(table, "scale"):
        return _copied("scale", named, "")
    if scale := scale_of_file(table, score):
        remark = (
            f"the name of the file, and all values lie between {scale.low:g} and {scale.high:g}"
        )
        return _remarked(f"scale = {{ constant = {quoted(scale.label)} }}", remark)
    fitting = fitting_scales(table.frame[score.column])
    shown = [f"{scale.label} ({scale.low:g} to {scale.high:g})" for scale in fitting[:_MOST_SCALES]]
    which = f"; the values fit {', '.join(shown)}" if shown else ""
    which += f" and {len(fitting) - len(shown)} wider ones" if len(fitting) > len(shown) else ""
    example = fitting[0].label if fitting else "PHQ-9"
    return _remarked('scale = "?"', f"the scale: {{ constant = {quoted(example)} }}{which}")


def scales_of(tables: list[ReceivedTable]) -> list[str]:
    """The scales that the tables hold as far as they are understood, each once."""
    found = {}
    for table in tables:
        for m in table.meanings:
            unnamed = m.what == "score" and not m.scale and not _find(table, "scale")
            scale = scale_of_file(table, m) if unnamed else m.scale
            found |= {scale.label: None} if scale else {}
    return list(found)


def scale_of_file(table: ReceivedTable, score: Meaning) -> Scale | None:
    """The scale that the file or sheet is named for, if the scores can be of it."""
    names = [table.origin.sheet, table.origin.file.rsplit(".", 1)[0]]
    scale = next((scale for name in names if name and (scale := scale_in(name))), None)
    fits = scale is not None and scale in fitting_scales(table.frame[score.column])
    return scale if fits else None


def _filled(table: ReceivedTable) -> list[str]:
    """Rows of other forms, as REDCap exports them, hold no answers."""
    lines = origin_lines(table)
    for column in ("redcap_repeat_instrument", "redcap_event_name"):
        if column in table.frame:
            found = ", ".join(quoted(v) for v in sorted(set(table.frame[column])))[:60]
            do = f"rows that hold these answers; found: {found}"
            return [*lines, _remarked(f'where = {{ {column} = "?" }}', do)]
    return lines


def _day(table: ReceivedTable, beside: list[str] = ()) -> list[str]:
    if day := _find(table, "day"):
        return [f"day = {quoted(day.column)}"]
    if day := _find(table, "study day"):
        return [f"day = {{ study_day = {quoted(day.column)} }}"]
    dates = [m for m in table.meanings if m.what == "date"]
    if dates:
        seen = next((m for m in dates if not _START.search(m.column.lower())), dates[0])
        do = "the column with the person's start; from another row or file by [visits.beside]"
        if beside:
            do = "the column with the person's start, of those under [visits.beside] below"
        if others := [m.column for m in dates if m != seen]:
            do += f"; dates here: {', '.join(others)}"
        if seen.form == OPEN:
            do += f"; format: {' or '.join(forms_of(table.frame[seen.column]))}, as they are meant"
        form = f", format = {quoted(seen.form)}" if seen.form else ""
        return [_remarked(f'day = {{ date = {quoted(seen.column)}, since = "?"{form} }}', do)]
    return [_remarked('day = "?"', 'days since the start: a column, or { constant = "0" }')]


def _start_beside(table: ReceivedTable, tables: list[ReceivedTable]) -> list[str]:
    """Where days are counted from dates of a file that holds no start: the file that does."""
    dates = [m for m in table.meanings if m.what == "date"]
    counted = _find(table, "day") or _find(table, "study day")
    person = _find(table, "person")
    if counted or not dates or not person or any(_START.search(m.column.lower()) for m in dates):
        return []
    for other in tables:
        who = _find(other, "person")
        if other is table or who is None or who.column != person.column:
            continue
        starts = [m.column for m in other.meanings if _is_start(m, dates, table)]
        if starts and not other.frame[who.column].duplicated().any():
            remark = "the start stands in this file"
            lines = [_remarked("[visits.beside]", remark), *origin_lines(other)]
            columns = ", ".join(map(quoted, starts))
            return [*lines, f"by = {quoted(person.column)}", f"columns = [{columns}]"]
    return []


def _is_start(meaning: Meaning, dates: list[Meaning], table: ReceivedTable) -> bool:
    """Whether a column of another file can be the start of what is dated here."""
    alike = any(meaning.form == date.form for date in dates)
    named = _START.search(meaning.column.lower()) and meaning.column not in table.frame
    return meaning.what == "date" and bool(named) and alike


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
