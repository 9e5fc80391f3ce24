"""Files of SAS, SPSS and Stata as text cells, with codes, labels and missing values as declared.

Such a file can hold a code and its label for one cell (1, "CBT"), and can declare a number missing
(999). Which of the two is meant is said in ``prepare.toml``, for the columns that are used::

    labels = ["arm"]            # the labels of these columns, of all others the codes
    user_missing = "empty"      # numbers that the file declares missing are empty cells

The file is read in a process of its own: one that was damaged, on the way or on purpose, can end
the process that reads it, and then that is the message. Rows are numbered from 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from ctevidence.data.extras import need
from ctevidence.data.files import FileFormat, RawTable, named_table
from ctevidence.data.origin import Origin
from ctevidence.data.problems import DataProblems, Problem

SUFFIXES = (".sav", ".zsav", ".dta", ".xpt", ".sas7bdat")
_READER = "ctevidence.data.statistics_cells"
#: Seconds that the process may take.
_PATIENCE = 900


def read_statistics_file(
    path: Path, origin: Origin, file_format: FileFormat, used: Iterable[str]
) -> RawTable:
    """Read a file of SAS, SPSS or Stata as text cells.

    Parameters
    ----------
    path : Path
        Its name ends as one of `SUFFIXES`.
    origin : Origin
        Says whether codes or labels are read, and what values declared missing are.
    file_format : FileFormat
        Its encoding counts where one is declared; else what the file says.
    used : iterable of str
        Columns that are used: only these need a decision.

    Returns
    -------
    RawTable
        Its index counts rows from 1.

    Raises
    ------
    DataProblems
        When the file cannot be read, or a decision is missing.
    """
    need("pyreadstat", "formats", path.name)
    encoding = "" if file_format.encoding == "utf-8" else file_format.encoding
    asked = {
        "path": str(path.resolve()),
        "labels": origin.labels,
        "user_missing": origin.user_missing,
        "encoding": encoding,
        "used": sorted(used),
    }
    answer = _ask(asked, path.name)
    if "refused" in answer:
        raise DataProblems([Problem(*problem) for problem in answer["refused"]], path.name)
    columns = answer["columns"]
    rows = range(1, 1 + (len(columns[0]) if columns else 0))
    frame = pd.DataFrame(dict(enumerate(columns)), index=rows, dtype=object)
    problems = [Problem(*problem) for problem in answer["problems"]]
    return named_table(path.name, frame, answer["names"], problems)


def _ask(asked: dict, file: str) -> dict:
    """The answer of the process that reads the file."""
    package = str(Path(__file__).parents[2])
    search = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    try:
        done = subprocess.run(
            [sys.executable, "-m", _READER],
            input=json.dumps(asked),
            capture_output=True,
            encoding="utf-8",
            timeout=_PATIENCE,
            check=False,
            env={**os.environ, "PYTHONPATH": search, "PYTHONIOENCODING": "utf-8"},
        )
        if done.returncode == 0:
            return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        pass
    why = "The file is damaged: the process that was to read it came to its end."
    do = "Get the file again, or save the table in another format."
    raise DataProblems([Problem(file, why, do)], file)
