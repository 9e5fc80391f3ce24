"""Results: where notebooks keep exact estimates, figures and tables for the pages.

A results folder is internal (``reports/.work/<name>``): it holds exact numbers and is never
released. What is released is made from it in `reports.publish`.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from ctevidence.display.figure import Figure
from ctevidence.display.table import Table
from ctevidence.display.told import Told
from ctevidence.estimates import Estimates


def write_estimates(estimates: Estimates, results: str | Path, key: str) -> Path:
    """Keep estimates at full precision as ``estimates/<key>.csv``."""
    return estimates.write_csv(Path(results) / "estimates" / f"{key}.csv")


def read_estimates(results: str | Path, key: str | None = None) -> Estimates:
    """Read estimates that notebooks kept: those of a key, or all in order of their keys.

    Raises
    ------
    FileNotFoundError
        When the key was not kept; the message lists the keys there are.
    """
    folder = Path(results) / "estimates"
    if key is None:
        rows = Estimates()
        for path in sorted(folder.glob("*.csv")):
            rows += Estimates.read_csv(path)
        return rows
    path = folder / f"{key}.csv"
    if not path.exists():
        there = ", ".join(p.stem for p in sorted(folder.glob("*.csv"))) or "none"
        raise FileNotFoundError(f'No estimates "{key}" in {folder}; there are: {there}.')
    return Estimates.read_csv(path)


def write_figure(figure: Figure, results: str | Path) -> Figure:
    """Keep a figure as PNG with its text alternative and the table of what it draws."""
    folder = _made(results, "figures")
    (folder / f"{figure.name}.png").write_bytes(figure.png)
    about = {"name": figure.name, "title": figure.title, "alt": figure.alt}
    about |= {"data": _table_dict(figure.data), "drawn": list(figure.drawn)}
    _write_json(folder / f"{figure.name}.json", about)
    return figure


def read_figure(results: str | Path, name: str) -> Figure | None:
    """A figure that a notebook kept; None when it kept none of that name."""
    path = Path(results) / "figures" / f"{name}.json"
    if not path.exists():
        return None
    about = json.loads(path.read_text(encoding="utf-8"))
    png = path.with_suffix(".png").read_bytes()
    data, drawn = _table_from(about["data"]), tuple(about["drawn"])
    return Figure(about["name"], about["title"], about["alt"], png, data, drawn)


def write_table(table: Table, results: str | Path) -> Table:
    """Keep a table as it is displayed."""
    _write_json(_made(results, "tables") / f"{table.name}.json", _table_dict(table))
    return table


def read_table(results: str | Path, name: str) -> Table | None:
    """A table that a notebook kept; None when it kept none of that name."""
    path = Path(results) / "tables" / f"{name}.json"
    return _table_from(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def kept_tables(results: str | Path) -> list[Table]:
    """All tables that notebooks kept, and those behind their figures."""
    about = [
        json.loads(path.read_text(encoding="utf-8"))
        for part in ("tables", "figures")
        for path in sorted((Path(results) / part).glob("*.json"))
    ]
    return [_table_from(content.get("data", content)) for content in about]


def _made(results: str | Path, part: str) -> Path:
    folder = Path(results) / part
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _table_dict(table: Table) -> dict:
    return {
        "name": table.name,
        "caption": table.caption,
        "frame": table.frame.to_dict("split", index=False),
        "notes": list(table.notes),
        "numeric": list(table.numeric),
        "methods": list(table.methods),
        "origins": [[origin.estimates, origin.about] for origin in table.origins],
    }


def _table_from(content: dict) -> Table:
    frame = pd.DataFrame(**content["frame"], dtype=str)
    texts = (tuple(content.get(part, ())) for part in ("notes", "numeric", "methods"))
    origins = tuple(_origin(*origin) for origin in content.get("origins", ()))
    return Table(content["name"], content["caption"], frame, *texts, origins)


def _origin(estimates: list[str], about: list[list[str]]) -> Told:
    return Told("", tuple(estimates), tuple((name, value) for name, value in about))
