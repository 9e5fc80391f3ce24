"""Origin: where the rows of a table come from, as ``prepare.toml`` says.

A file of the folder, one sheet of a workbook, or a query; perhaps only some of its rows::

    [visits]
    from = "scores.xlsx"
    sheet = "PHQ-9"
    where = { complete = "2", form = ["first", "second"] }

    [events]
    database = "CLINIC_DATABASE"        # a variable that holds the connection, or "file.duckdb"
    query = "select id, day from relapse order by id, day"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ctevidence.data.toml_table import TomlTable

USER_MISSING = ("empty", "value")
DATABASE_SUFFIXES = (".duckdb", ".db")
#: Name of an environment variable.
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_NAMED = "the name of a DuckDB file in the folder, or of an environment variable (CAPITALS)"


@dataclass(frozen=True)
class Origin:
    """Where rows come from.

    Parameters
    ----------
    file : str
        Name of the file, or of the database.
    sheet : str
        Sheet of a workbook; empty for its only one.
    header : int
        Row of a workbook that holds the column names.
    labels : tuple of str, optional
        Columns of an SPSS, SAS or Stata file of which the value labels are read, and not the
        codes; None when nothing is said.
    user_missing : {"", "empty", "value"}
        What values are that such a file declares missing; empty when nothing is said.
    query : str
        A SELECT; empty for a file.
    where : tuple
        Columns, and the values of the rows that are used.
    """

    file: str
    sheet: str = ""
    header: int = 1
    labels: tuple[str, ...] | None = None
    user_missing: str = ""
    query: str = ""
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.file}, sheet {self.sheet}" if self.sheet else self.file

    @property
    def is_file(self) -> bool:
        """Whether there is a file in the folder; a database may be elsewhere."""
        return not self.query or self.file.lower().endswith(DATABASE_SUFFIXES)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that choose rows."""
        return tuple(column for column, _ in self.where)


@dataclass(frozen=True)
class Beside:
    """Columns of another file, found by a column that both have: one row there for each value.

    Parameters
    ----------
    origin : Origin
    by : str
    columns : tuple of str
    """

    origin: Origin
    by: str
    columns: tuple[str, ...]


def read_origin(table: TomlTable) -> Origin:
    """The keys of a table that say where its rows come from; problems go to the table."""
    query = table.text("query", required=False) or ""
    database = table.text("database", required=bool(query)) or ""
    file = table.text("from", required=not (query or database)) or ""
    if file and (query or database):
        table.refuse("from", "Rows come from a file or from a query, not both.", "Remove one.")
    if database and not query:
        table.refuse("query", "The key is missing.", 'Add query = "select ... order by ...".')
    if database and not _names_database(database):
        # a connection may hold a password: it is not repeated
        why = "This is not the name of a database; connections and passwords do not belong here."
        table.refuse("database", why, f"Give {_NAMED}.")
    header = table.count("header", required=False)
    if header == 0:
        table.refuse("header", "Rows are counted from 1.", "Give the row of the column names.")
    return Origin(
        file or database,
        table.text("sheet", required=False) or "",
        header or 1,
        table.texts("labels", required=False),
        table.choice("user_missing", USER_MISSING, required=False) or "",
        query,
        _read_where(table.table("where", required=False)),
    )


def _names_database(name: str) -> bool:
    return name.lower().endswith(DATABASE_SUFFIXES) or bool(VARIABLE.fullmatch(name))


def read_beside(table: TomlTable | None) -> Beside | None:
    """The table ``beside``, or None."""
    if table is None:
        return None
    found = Beside(read_origin(table), table.text("by") or "", table.texts("columns") or ())
    table.close()
    return found


def _read_where(where: TomlTable | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if where is None:
        return ()
    values: Mapping = where.raw()
    chosen = []
    for column, value in values.items():
        wanted = value if isinstance(value, list) else [value]
        if not wanted or not all(isinstance(v, (str, int, float)) for v in wanted):
            do = f'Write {column} = "value", or a list of values; "" chooses empty cells.'
            where.refuse(column, "This does not say which rows are used.", do, value)
            continue
        chosen.append((column, tuple(str(v) for v in wanted)))
    return tuple(chosen)
