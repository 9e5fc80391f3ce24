"""docs/validation.md, written from the results that the scripts of this folder have recorded.

A script describes what it did as a `Section` and calls `record`: the exact numbers go to
``validation/results/<script>.json``, and the page is written anew from all of these files, so that
no number on it is typed by hand. Rounding happens here only.

Run: ``python validation/page.py`` writes the page from the results on file.
"""

from __future__ import annotations

import ast
import json
import math
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results"
PAGE = FOLDER.parent / "docs" / "validation.md"
#: Libraries on which random numbers and estimates depend.
LIBRARIES = ("numpy", "scipy", "pandas")

OPENING = """\
# Validation

How the estimators behave on data whose truth is known: simulations whose thresholds were written \
down before they were run. `make validate` runs them all; a script ends with exit status 1 when a \
threshold is missed. This page is written by the scripts of `validation/` from the results that \
they record (option `--record`) in `validation/results`; no number on it is typed by hand. \
Monte-Carlo errors, the standard errors of what was simulated, stand in parentheses. Formulas and \
outside witnesses of every method: [methods](methods.md).
"""


@dataclass(frozen=True)
class Column:
    """How one quantity of the rows is shown.

    Parameters
    ----------
    heading : str
    key : str
        Its name in the rows.
    error : str
        Name of its Monte-Carlo error in the rows; empty when it has none.
    decimals : int
    percent : bool
        Shown times 100.
    """

    heading: str
    key: str
    error: str = ""
    decimals: int = 0
    percent: bool = False


@dataclass(frozen=True)
class Table:
    """Exact rows, and how they are shown."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[dict, ...]


@dataclass(frozen=True)
class Section:
    """What one script did and found.

    Parameters
    ----------
    script : str
        Its file name in this folder.
    title : str
    text : tuple of str
        What was simulated, in paragraphs.
    accepted : tuple of str
        The thresholds, stated beforehand.
    tables : tuple of Table
    missed : tuple of str
        Thresholds that were missed; empty when all were met.
    remarks : tuple of str
        What explains the results, in words: numbers stand in the tables.
    replicates, seed : int
    """

    script: str
    title: str
    text: tuple[str, ...]
    accepted: tuple[str, ...]
    tables: tuple[Table, ...]
    missed: tuple[str, ...]
    remarks: tuple[str, ...]
    replicates: int
    seed: int


def record(section: Section) -> None:
    """Store the section and write the page anew."""
    RESULTS.mkdir(exist_ok=True)
    stored = asdict(section) | {"versions": {name: version(name) for name in LIBRARIES}}
    text = json.dumps(stored, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    (RESULTS / f"{Path(section.script).stem}.json").write_text(text, encoding="utf-8")
    PAGE.write_text(render(stored_sections()), encoding="utf-8")


def scripts() -> list[Path]:
    """The scripts of this folder that can be run, other than this one, by name."""
    files = sorted(FOLDER.glob("*.py"))
    return [f for f in files if "\ndef main(" in f.read_text(encoding="utf-8")]


def stored_sections() -> list[dict]:
    """A section for each script: what it recorded, or that it has recorded nothing."""
    sections = []
    for script in scripts():
        results = RESULTS / f"{script.stem}.json"
        if results.exists():
            sections.append(json.loads(results.read_text(encoding="utf-8")))
        else:
            title = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))).splitlines()[0]
            sections.append({"script": script.name, "title": title.rstrip(".")})
    return sections


def render(sections: list[dict]) -> str:
    """The whole page as Markdown."""
    contents = "\n".join(f"- [{s['title']}](#{anchor(s['title'])})" for s in sections)
    return "\n".join([OPENING, contents, "", *map(_section, sections)])


def anchor(title: str) -> str:
    """Anchor of a heading, as GitHub makes it.

    >>> anchor("Course: bias, coverage")
    'course-bias-coverage'
    """
    kept = "".join(c for c in title.lower() if c.isalnum() or c in "- _")
    return kept.strip().replace(" ", "-")


def _section(s: dict) -> str:
    if "tables" not in s:
        nothing = f"No results on record; `python validation/{s['script']}` makes them."
        return f"## {s['title']}\n\n{nothing}\n"
    libraries = ", ".join(f"{name} {number}" for name, number in s["versions"].items())
    origin = f"`validation/{s['script']}`, {s['replicates']:,} replicates, seed {s['seed']}"
    parts = [f"## {s['title']}", f"{origin}; {libraries}.", *s["text"]]
    parts += ["**Accepted**, stated beforehand:", _bullets(s["accepted"])]
    if s["missed"]:
        parts += ["**Result:** missed:", _bullets(s["missed"])]
    else:
        parts += ["**Result:** all met."]
    for table in s["tables"]:
        parts += [f"**{table['caption']}**", _table(table)]
    if s["remarks"]:
        parts += ["**Remarks**", _bullets(s["remarks"])]
    return "\n\n".join(parts) + "\n"


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(table: dict) -> str:
    columns = table["columns"]
    head = " | ".join(c["heading"] for c in columns)
    rule = "|".join("---" if isinstance(table["rows"][0][c["key"]], str) else "---:"
                    for c in columns)  # fmt: skip
    body = (" | ".join(_cell(row, c) for c in columns) for row in table["rows"])
    return "\n".join([f"| {head} |", f"|{rule}|", *(f"| {line} |" for line in body)])


def _cell(row: dict, column: dict) -> str:
    """A value as shown, with its Monte-Carlo error.

    >>> spec = {"key": "x", "error": "e", "decimals": 1, "percent": True}
    >>> _cell({"x": 0.0512, "e": 0.0049}, spec)
    '5.1 (0.5)'
    """
    value = row[column["key"]]
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    factor = 100 if column["percent"] else 1
    text = f"{_zero_without_sign(factor * value, column['decimals']):,.{column['decimals']}f}"
    if column["error"] and row[column["error"]] is not None:
        text += f" ({factor * row[column['error']]:.{column['decimals']}f})"
    return text


def _zero_without_sign(value: float, decimals: int) -> float:
    """What rounds to zero as 0, never as -0."""
    return 0.0 if math.isclose(round(value, decimals), 0.0) else value


if __name__ == "__main__":
    PAGE.write_text(render(stored_sections()), encoding="utf-8")
