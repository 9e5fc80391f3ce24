"""CheckedTable: a typed table that knows its lines, and makes problems of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.data.columns import KEY
from ctevidence.data.problems import Problem, alike


@dataclass(frozen=True, eq=False)
class CheckedTable:
    """A typed table whose index holds the lines of the file.

    Parameters
    ----------
    file : str
    frame : DataFrame
        Refused cells are missing.
    """

    file: str
    frame: pd.DataFrame

    def problems(
        self, where, why: str, do: str, column: str, beside: tuple[str, pd.Series] | None = None
    ) -> list[Problem]:
        """A problem for each row that `where` (shape (n,), bool) marks.

        The value is the cell of `column`; `beside` names another value that it contradicts.
        """

        def problem(row) -> Problem:
            value = _shown(self.frame.at[row, column])
            if beside is not None:
                value += f" ({beside[0]}: {_shown(beside[1].at[row])})"
            return Problem(self.file, why, do, column=column, row=int(row), value=value)

        return alike(self.frame.index[np.asarray(where, dtype=bool)], problem)

    def repeats(self, by: list[str], why: str, do: str, column: str) -> list[Problem]:
        """A problem for each row but the first of those that agree on `by`, naming the first.

        Rows without an identifier or with a refused number in `by` agree with no other.
        """
        agree = self.frame.duplicated(by, keep=False)
        if not agree.any():
            return []
        numbers = [name for name in by if self.frame[name].dtype == float]
        rows = self.frame[agree & (self.frame[KEY] != "")].dropna(subset=numbers)
        if rows.empty:
            return []
        first = pd.Series(rows.index, index=rows.index)
        same = first.groupby([rows[name] for name in by], sort=False, observed=True)
        first = same.transform("first")
        again = first.index[first != first.index]
        shown = list(dict.fromkeys([KEY, *by]))

        def problem(row) -> Problem:
            value = f"{', '.join(map(_shown, rows.loc[row, shown]))} (as row {first[row]})"
            return Problem(self.file, why, do, column=column, row=int(row), value=value)

        return alike(again, problem)


def _shown(cell) -> str:
    if isinstance(cell, float):
        return "" if np.isnan(cell) else f"{cell:g}"
    return str(cell)
