"""The manifest: from what, with what and how a report was made."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path

import ctevidence

LIBRARIES = ("pandas", "numpy", "scipy", "statsmodels", "lifelines", "seaborn", "papermill")


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checksums(folders: Iterable[Path], root: Path) -> dict[str, str]:
    """SHA-256 of every file in some folders, by path relative to the root."""
    files = sorted(p for folder in folders for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(root).as_posix(): checksum(p) for p in files}


def code_checksum() -> str:
    """One checksum of all modules of the package, whatever the folder it is installed in."""
    package = Path(ctevidence.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.suffix in (".py", ".toml", ".j2", ".css"):
            digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def report_date() -> datetime.date:
    """Today, or the day of SOURCE_DATE_EPOCH, so that a rerun can give the same bytes."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.now(datetime.UTC)
    return (datetime.datetime.fromtimestamp(int(epoch), datetime.UTC) if epoch else now).date()


def manifest(
    name: str,
    parameters: Mapping[str, object],
    inputs: Mapping[str, str],
    notebooks: Mapping[str, str],
    outputs: Mapping[str, str],
) -> dict:
    """Everything needed to make the report again and to tell whether it is the same."""
    return {
        "report": name,
        "made_on": report_date().isoformat(),
        "ctevidence": ctevidence.__version__,
        "code_sha256": code_checksum(),
        "python": platform.python_version(),
        "libraries": {library: version(library) for library in LIBRARIES},
        "parameters": dict(parameters),
        "seed": None,  # no step of these analyses draws random numbers
        "inputs_sha256": dict(inputs),
        "notebooks_sha256": dict(notebooks),
        "outputs_sha256": dict(outputs),
    }


def write_manifest(content: dict, path: Path) -> Path:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path
