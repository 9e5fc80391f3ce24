"""A table as readers see it: text cells, a caption, notes; HTML that is escaped and accessible."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd

from ctevidence.display.labels import heading
from ctevidence.display.told import Told
from ctevidence.language import say


@dataclass(frozen=True, eq=False)
class Table:
    """Text cells with a caption.

    Parameters
    ----------
    name : str
        Key used for files and page anchors.
    caption : str
        What the table shows, one sentence.
    frame : DataFrame of str
        What is displayed, and nothing else.
    notes : tuple of str
        Footnotes.
    numeric : tuple of str
        Columns aligned as numbers.
    methods : tuple of str
        How the numbers were made; stands behind a line that opens it.
    origins : tuple of Told
        For each row, the estimates behind it and what it is about; empty when nothing is named.

    Raises
    ------
    ValueError
        When there are origins for more, or fewer, rows than there are.
    """

    name: str
    caption: str
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    origins: tuple[Told, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "frame", self.frame.astype(str))
        if self.origins and len(self.origins) != len(self.frame):
            raise ValueError(
                f'Table "{self.name}" has {len(self.frame)} rows and origins of '
                f"{len(self.origins)}: give one for each row."
            )

    @property
    def html(self) -> str:
        """One ``<table>`` with caption and scoped headers in a box of its own that scrolls."""
        head = "".join(self._head(c) for c in self.frame)
        origins = self.origins or (Told(""),) * len(self.frame)
        rows = zip(self.frame.itertuples(index=False), origins, strict=True)
        body = "".join(self._row(row, origin) for row, origin in rows)
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes) + self._methods()
        notes = f'<div class="notes">{notes}</div>' if notes else ""
        return (
            f'<div class="table" id="table-{escape(self.name)}" tabindex="0" role="region" '
            f'aria-label="{escape(self.caption)}"><table><caption>{escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{notes}"
        )

    def _head(self, column: str) -> str:
        if not column:
            return "<td></td>"
        return f'<th scope="col"{self._align(column)}>{escape(heading(column))}</th>'

    def _methods(self) -> str:
        if not self.methods:
            return ""
        lines = "".join(f"<p>{escape(method)}</p>" for method in self.methods)
        return f"<details><summary>{escape(say('tables.methods'))}</summary>{lines}</details>"

    def _row(self, row, origin: Told) -> str:
        first, *rest = zip(self.frame.columns, row, strict=True)
        # a header without words is no header: a screen reader would announce nothing
        cells = f'<th scope="row">{escape(first[1])}</th>' if first[1] else "<td></td>"
        return f"<tr{origin.attributes}>{cells}{''.join(self._cell(c, v) for c, v in rest)}</tr>"

    def _cell(self, column: str, value: str) -> str:
        # the label lets a narrow page stack the cells of a row under one another
        return (
            f'<td data-label="{escape(heading(column))}"{self._align(column)}>{escape(value)}</td>'
        )

    def _align(self, column: str) -> str:
        return ' class="number"' if column in self.numeric else ""

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.frame.to_string(index=False)}"
