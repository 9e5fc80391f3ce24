"""Claims from files: those of the package, extended or changed by a project's own."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path

from ctevidence.data.problems import DataProblems
from ctevidence.data.toml_file import read_toml
from ctevidence.data.toml_table import TomlTable, suggest
from ctevidence.evidence.claim import AGES, NETWORK, SOURCES, STATED, Claim
from ctevidence.evidence.verdict import Thresholds
from ctevidence.synthesis.conditions import CONDITION_GROUPS
from ctevidence.terms import CONTRAST_MEASURES, SYNERGY_MEASURES

FILE = "claims.toml"
_MEASURES = (*CONTRAST_MEASURES, *SYNERGY_MEASURES)
_UNITS = ("probability", "ratio", "points", "weeks")


def read_claims(*own: str | Path) -> tuple[Claim, ...]:
    """The claims of the package, then those of further files of the same form.

    Parameters
    ----------
    *own : path
        In order, as `Project.own` finds them. A claim of an id that is there already changes the
        keys it gives and keeps the others; a new one is added. ``[thresholds]`` of a file count
        for all claims that do not give their own.

    Raises
    ------
    DataProblems
        All problems of a file at once.

    Examples
    --------
    >>> claims = {claim.id: claim for claim in read_claims()}
    >>> claims["better-than-medication"].thresholds.set_by
    ''
    """
    with as_file(files("ctevidence.evidence") / FILE) as path:
        found, shared = _read(path, {}, Thresholds())
    for path in own:
        found, shared = _read(Path(path), found, shared)
    return tuple(
        replace(_claim(values), thresholds=_thresholds(values.get("thresholds", {}), shared))
        for values in found.values()
    )


def _read(path: Path, known: dict[str, dict], shared: Thresholds):
    """The values of all claims by id, and the thresholds for all, after one more file."""
    table = read_toml(path)
    declared = table.table("thresholds", required=False)
    if declared is not None:
        shared = _thresholds(_checked_thresholds(declared), shared)
    found, given = dict(known), []
    for entry in table.rows("claim"):
        name = entry.text("id")
        values = found.get(name, {}) | entry.values
        merged = TomlTable(values, entry.path, entry.file, entry.lines, entry.problems)
        _check(merged, name in given)
        given.append(name)
        if name is not None:
            found[name] = values
    table.close()
    if table.problems:
        raise DataProblems(table.problems, str(path.name))
    return found, shared


def _claim(values: dict) -> Claim:
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    plain.pop("thresholds", None)
    return Claim(**{"sources": (), **plain})


def _thresholds(values: dict, shared: Thresholds) -> Thresholds:
    return replace(shared, **values)


def _checked_thresholds(table: TomlTable) -> dict:
    """Smallest differences that matter: above zero, a ratio above one."""
    found = {unit: table.number(unit, required=False) for unit in _UNITS}
    found["set_by"] = table.text("set_by", required=False)
    for unit, value in found.items():
        least = 1.0 if unit == "ratio" else 0.0
        if isinstance(value, float) and value <= least:
            why = f"A difference that matters is above {least:g}."
            table.refuse(unit, why, "Give the smallest difference that people care about.", value)
    table.close()
    return {key: value for key, value in found.items() if value is not None}


def _check(entry: TomlTable, is_second: bool) -> None:
    """Everything that can be wrong with one claim, noted in the problems of its file."""
    entry.text("id")
    if is_second:
        entry.refuse("id", "Two claims of this file share it.", "Give one another id.")
    entry.text("says")
    entry.text("question")
    stated = entry.choice("direction", STATED, required=False)
    sources = _several(entry, "sources", SOURCES)
    entry.choice("age_group", AGES, required=False)
    entry.choice("condition", CONDITION_GROUPS, required=False)
    entry.text("stratum", required=False)
    entry.text("expected", required=False)
    entry.flag("worry", required=False)
    margin = entry.number("margin", required=stated == "no worse")
    if margin is not None and margin <= 0:
        entry.refuse("margin", "A margin is above 0.", "Give the loss to be excluded.", margin)
    for key in ("arm", "reference"):
        entry.text(key, required=bool(sources))
    entry.texts("outcomes", required=bool(sources))
    _several(entry, "measures", _MEASURES, required=bool(sources))
    entry.texts("network_references", required=NETWORK in sources)
    _several(entry, "network_measures", _MEASURES, required=NETWORK in sources)
    entry.text("no_source", required=not sources)
    thresholds = entry.table("thresholds", required=False)
    if thresholds is not None:
        _checked_thresholds(thresholds)
    entry.close()


def _several(entry: TomlTable, key: str, known, required: bool = True) -> tuple[str, ...]:
    """A list of words that are all known."""
    found = entry.texts(key, required=required) or ()
    for word in found:
        if word not in known:
            entry.refuse(key, "The word is not known.", suggest(word, known, known), word)
    return found
