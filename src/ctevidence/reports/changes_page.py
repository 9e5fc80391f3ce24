"""What changed since the last different report: as a section and for machines."""

from __future__ import annotations

import json
from pathlib import Path

from ctevidence.display.changes_table import table_changes
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.release import released
from ctevidence.language import say, words
from ctevidence.reports.changes import Cause, Change, Changes, Released, changes
from ctevidence.reports.last_release import BEFORE
from ctevidence.reports.manifest import MANIFEST
from ctevidence.reports.material import Material
from ctevidence.reports.page import Section, bullets, grid, heading, prose


def changes_of(material: Material) -> Changes | None:
    """This report against the last different one; None where there is none on record."""
    folder = material.results / BEFORE
    if not (folder / MANIFEST).is_file():
        return None
    now = Released(material.run, released(material.exact, material.source))
    return changes(Released.read(folder), now)


def changes_section(found: Changes | None, material: Material) -> Section:
    """How many numbers moved, what is different, and both numbers of each that moved."""
    title = say("appendix.changes")
    if found is None:
        return Section("changes", title, (prose(say("appendix.first")),))
    kinds = words("changes_causes")
    told = [f"{kinds[cause.kind]}: {cause.what}" for cause in found.causes]
    blocks = [
        prose(_summary(found), _warning(found)),
        heading(say("appendix.causes")),
        bullets(told or [say("appendix.no_cause")]),
    ]
    if found.numbers:
        rows = [(c.before, c.now, _kinds(c)) for c in found.numbers]
        blocks.append(grid(table_changes(rows, disclosure_of(material.source))))
    return Section("changes", title, tuple(blocks))


def _summary(found: Changes) -> str:
    if not found.numbers:
        return say("appendix.unchanged", compared=found.compared, since=found.since)
    return say(
        "appendix.changed",
        moved=sum(c.before is not None and c.now is not None for c in found.numbers),
        fresh=sum(c.before is None for c in found.numbers),
        gone=sum(c.now is None for c in found.numbers),
        compared=found.compared,
        since=found.since,
    )


def _warning(found: Changes) -> str:
    return "" if found.causes or not found.numbers else say("appendix.unexplained")


def _kinds(change: Change) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words("changes_causes")[cause.kind] for cause in change.causes))


def write_changes(found: Changes | None, path: Path) -> None:
    """``changes.json``: every number that differs, with both values and what can have moved it."""
    content: dict[str, object] = {"since": None, "compared": 0, "causes": [], "numbers": []}
    if found is not None:
        content = {
            "since": found.since,
            "compared": found.compared,
            "causes": [_cause(cause) for cause in found.causes],
            "numbers": [_number(change) for change in found.numbers],
        }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _cause(cause: Cause) -> dict[str, str]:
    return {"kind": cause.kind, "what": cause.what}


def _number(change: Change) -> dict[str, object]:
    row = change.now or change.before
    return {
        "id": row.id,
        "before": _values(change.before),
        "now": _values(change.now),
        "causes": [_cause(cause) for cause in change.causes],
    }


def _values(row) -> dict[str, object] | None:
    if row is None:
        return None
    names = ("estimate", "conf_low", "conf_high", "n", "events", "n_reference", "events_reference")
    values = {name: getattr(row, name) for name in names}
    # json has no nan and no infinity
    return {k: str(v) if isinstance(v, float) and not abs(v) < float("inf") else v
            for k, v in values.items()}  # fmt: skip
