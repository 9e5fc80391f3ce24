"""Proposed mapping of CDISC ADaM data: ADSL, ADQS and ADTTE, recognised by their columns."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from ctevidence.data.proposed_mapping import origin_lines
from ctevidence.data.toml_text import quoted

if TYPE_CHECKING:
    from ctevidence.data.proposal import ReceivedTable

#: Columns that only this table has.
_MARKS = {
    "ADTTE": {"USUBJID", "PARAMCD", "AVAL", "CNSR"},
    "ADQS": {"USUBJID", "PARAMCD", "AVAL", "ADY"},
    "ADSL": {"USUBJID", "ARM"},
}
#: The arm as planned for the first period comes first.
_ARMS = ("TRT01P", "ARM", "ACTARM")


def adam_mapping(tables: list[ReceivedTable]) -> str:
    """The text of ``prepare.toml``; empty when there is no ADSL with an ADQS.

    Parameters
    ----------
    tables : list of ReceivedTable
    """
    found = {}
    for table in tables:
        columns = {*table.frame.columns, *(["ARM"] if {*_ARMS} & {*table.frame.columns} else [])}
        kind = next((kind for kind, marks in _MARKS.items() if marks <= columns), "")
        found.setdefault(kind, table)
    if not {"ADSL", "ADQS"} <= found.keys():
        return ""
    text = files(__package__).joinpath("new_from", "adam.toml").read_text(encoding="utf-8")
    if "ADTTE" not in found:
        text = text[: text.index("[events]")]
    for kind in ("ADSL", "ADQS", "ADTTE"):
        if kind in found:
            text = _filled(text, kind, found[kind])
    arm = next(name for name in _ARMS if name in found["ADSL"].frame)
    text = text.replace('arm = "ARM"', f"arm = {quoted(arm)}")
    text = text.replace("ADQS_WHERE\n", f"{_where(found['ADQS'])}\n")
    for column, line in (("SITEID", "site"), ("AGE", "age"), ("SEX", "sex")):
        if column not in found["ADSL"].frame:
            text = text.replace(f'{line} = "{column}"\n', "")
    if "AVISIT" not in found["ADQS"].frame:
        text = text.replace('visit = "AVISIT"\n', "")
    return text.rstrip() + "\n"


def _filled(text: str, kind: str, table: ReceivedTable) -> str:
    first, *more = origin_lines(table)
    text = text.replace(f'from = "{kind}"', first)
    text = text.replace(f"{kind}_LABELS\n", "".join(f"{line}\n" for line in more))
    return text.replace(f"{kind}_PARAMETERS", _parameters(table))


def _where(table: ReceivedTable) -> str:
    """The parameter to be decided; imputed rows left out where there are any."""
    imputed = ', DTYPE = ""' if "" in set(table.frame.get("DTYPE", [])) else ""
    return f'{{ PARAMCD = "?"{imputed} }}   # the total score; found: {_parameters(table)}'


def _parameters(table: ReceivedTable) -> str:
    found = ", ".join(sorted(set(table.frame.get("PARAMCD", [])) - {""}))
    return re.sub(r"[^\w ,.-]", " ", found)[:200]
