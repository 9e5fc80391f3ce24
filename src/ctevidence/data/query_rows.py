"""Query rows: what a DuckDB file or a PostgreSQL database answers, as text cells.

Nothing can be written: the connection only reads, one SELECT is sent, and DuckDB may not reach for
other files. A connection, and above all its password, never stands in a file: ``prepare.toml``
names the environment variable that holds it. Rows are numbered as they come, from 1, so the query
says their order.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from ctevidence.data.cell_text import cell_text
from ctevidence.data.extras import need
from ctevidence.data.files import RawTable, named_table
from ctevidence.data.folder_paths import inside
from ctevidence.data.limits import MOST_CELLS, refuse_shape
from ctevidence.data.origin import DATABASE_SUFFIXES, Origin
from ctevidence.data.problems import DataProblems, Problem

_BATCH = 10_000
#: Seconds after which a query is given up.
_PATIENCE = 600


def read_query(origin: Origin, folder: Path) -> RawTable:
    """Run the query of an origin and read its rows as text.

    Parameters
    ----------
    origin : Origin
        Its `file` is a DuckDB file in the folder, or an environment variable with a PostgreSQL
        connection (``postgresql://person@host/database``).
    folder : Path

    Raises
    ------
    DataProblems
        When there is no such database, it refuses, or the query is not one SELECT with an order.
    """
    if not re.search(r"\border\s+by\b", origin.query, re.IGNORECASE):
        why = "The rows of a query come in no fixed order, so that none can be named again."
        do = "End the query with order by, for instance: order by participant_id, day."
        raise _refusal(origin, why, do, "query")
    rows = _duckdb if origin.file.lower().endswith(DATABASE_SUFFIXES) else _postgresql
    return _table(origin, rows(origin, folder))


def _table(origin: Origin, rows: Iterator[list[Any]]) -> RawTable:
    names = [str(name).strip() for name in next(rows)]
    cells: list[list[str]] = []
    for row in rows:
        cells.append([cell_text(value) for value in row])
        refuse_shape(origin.file, len(cells), len(names), MOST_CELLS)
    frame = pd.DataFrame(
        cells, columns=range(len(names)), index=range(1, 1 + len(cells)), dtype=object
    )
    return named_table(origin.file, frame, names)


def _refusal(origin: Origin, why: str, do: str, column: str = "") -> DataProblems:
    return DataProblems([Problem(origin.file, why, do, column=column)], origin.file)


def _said(error: Exception, secret: str = "") -> str:
    """The first line of what a database says, without a password that it may repeat."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return line.replace(secret, "...") if secret else line


# -- DuckDB ---------------------------------------------------------------------------------------


def _duckdb(origin: Origin, folder: Path) -> Iterator[list[Any]]:
    """Names of the columns, then rows."""
    duckdb = need("duckdb", "sql", origin.file)
    path = inside(folder, origin.file)
    if not path.is_file():
        raise _refusal(origin, "The file is missing.", "Restore the file.")
    guarded = {"enable_external_access": False, "lock_configuration": True, "threads": 1}
    try:
        with duckdb.connect(str(path), read_only=True, config=guarded) as connection:
            statements = connection.extract_statements(origin.query)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                why = "The query is not one SELECT; nothing else is run."
                raise _refusal(origin, why, "Write one SELECT.", "query")
            result = connection.execute(origin.query)
            yield [column[0] for column in result.description]
            while batch := result.fetchmany(_BATCH):
                yield from batch
    except duckdb.Error as error:
        why = f"DuckDB refuses: {_said(error)}"
        raise _refusal(origin, why, "Correct the query, or the file.", "query") from None


# -- PostgreSQL -----------------------------------------------------------------------------------


def _postgresql(origin: Origin, folder: Path) -> Iterator[list[Any]]:
    """Names of the columns, then rows, through a cursor that can only hold a SELECT."""
    connection_text = os.environ.get(origin.file, "")
    if not connection_text:
        why = f"The environment variable {origin.file} is not set; it holds the connection."
        do = f"Set it before the run: export {origin.file}=postgresql://person@host/database."
        raise _refusal(origin, why, do, "database")
    psycopg = need("psycopg", "sql", origin.file)
    try:
        secret = psycopg.conninfo.conninfo_to_dict(connection_text).get("password") or ""
    except psycopg.Error:  # which would repeat a part of it
        why = f"What {origin.file} holds is not a connection that PostgreSQL understands."
        do = f"Write export {origin.file}=postgresql://person@host/database."
        raise _refusal(origin, why, do, "database") from None
    try:
        with psycopg.connect(connection_text, connect_timeout=15) as connection:
            connection.read_only = True
            connection.execute(f"set statement_timeout = '{_PATIENCE}s'")
            with connection.cursor("ctevidence_rows") as cursor:
                cursor.itersize = _BATCH
                cursor.execute(origin.query.rstrip("; \n"))
                yield [column.name for column in cursor.description]
                yield from _each(cursor)
    except psycopg.Error as error:
        why = f"PostgreSQL refuses: {_said(error, str(secret))}"
        do = "Correct the query, or the connection; the person it names needs the right to read."
        raise _refusal(origin, why, do, "query") from None


def _each(rows: Iterable[tuple]) -> Iterator[list[Any]]:
    for row in rows:
        yield list(row)
