"""Is a report what its manifest says: same files, made from the same inputs?"""

from __future__ import annotations

import json
from pathlib import Path

from ctevidence.reports.manifest import checksum


def differences(report: str | Path, root: str | Path) -> list[str]:
    """What differs between a report's manifest and the files there now, one line each.

    Parameters
    ----------
    report : path
        A folder with ``manifest.json``.
    root : path
        The project, to which the paths of the inputs are relative.

    Raises
    ------
    FileNotFoundError
        When there is no manifest.
    """
    report = Path(report)
    path = report / "manifest.json"
    if not path.exists():
        raise FileNotFoundError(f"{report} has no manifest.json: it is not a report folder.")
    recorded = json.loads(path.read_text("utf-8"))
    found = _compare(recorded["outputs_sha256"], report, "page or estimate")
    found += _compare(recorded["inputs_sha256"], Path(root), "input")
    listed = set(recorded["outputs_sha256"]) | {"manifest.json"}
    there = {p.relative_to(report).as_posix() for p in report.rglob("*") if p.is_file()}
    return found + [f"not in the manifest: {name}" for name in sorted(there - listed)]


def _compare(recorded: dict[str, str], folder: Path, what: str) -> list[str]:
    found = []
    for name, expected in recorded.items():
        path = folder / name
        if not path.exists():
            found.append(f"missing {what}: {name}")
        elif checksum(path) != expected:
            found.append(f"changed {what}: {name}")
    return found
