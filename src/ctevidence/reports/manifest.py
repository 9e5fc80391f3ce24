"""The manifest: from what, with what and how a report was made."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import distributions, version
from pathlib import Path

import ctevidence
from ctevidence.language import spoken

MANIFEST = "manifest.json"
#: among the results of a run: its manifest before there are outputs
RUN = "run.json"
LIBRARIES = ("pandas", "numpy", "scipy", "statsmodels", "lifelines", "seaborn", "papermill")


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checksums(folders: Iterable[Path], root: Path) -> dict[str, str]:
    """SHA-256 of every file in some folders, by path relative to the root."""
    files = sorted(p for folder in folders for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(root).as_posix(): checksum(p) for p in files}


@cache
def code_checksum() -> str:
    """One checksum of all modules of the package, whatever the folder it is installed in."""
    package = Path(ctevidence.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.suffix in (".py", ".toml", ".j2", ".css", ".json"):
            digest.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def environment_checksum() -> str:
    """One checksum of Python and of the name and version of everything that is installed."""
    installed = {f"{d.name}=={d.version}" for d in distributions()}
    text = "\n".join([platform.python_version(), platform.machine(), *sorted(installed)])
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def lock_checksum() -> str | None:
    """Checksum of ``requirements.lock`` beside the sources; None in an installed package."""
    lock = Path(ctevidence.__file__).resolve().parents[2] / "requirements.lock"
    return checksum(lock) if lock.is_file() else None


def report_date() -> datetime.date:
    """Today, or the day of SOURCE_DATE_EPOCH, so that a rerun can give the same bytes."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    now = datetime.datetime.now(datetime.UTC)
    return (datetime.datetime.fromtimestamp(int(epoch), datetime.UTC) if epoch else now).date()


def manifest(
    report: str,
    asked: Mapping[str, object],
    seeds: Mapping[str, object],
    inputs: Mapping[str, str],
    notebooks: Mapping[str, str],
    outputs: Mapping[str, str],
    key: str,
) -> dict:
    """Everything needed to make the report again and to tell whether it is the same.

    Parameters
    ----------
    report : str
        Folder under ``reports/``.
    asked : mapping
        What it was asked for with: study, trials, network, outcomes, parameters.
    seeds : mapping
        Of the notebooks that draw random numbers.
    inputs, notebooks, outputs : mapping
        Checksums by path.
    key : str
        Checksum of all that the report was made from, and of the day.
    """
    return {
        "report": report,
        "made_on": report_date().isoformat(),
        "ctevidence": ctevidence.__version__,
        "code_sha256": code_checksum(),
        "lock_sha256": lock_checksum(),
        "environment_sha256": environment_checksum(),
        "python": platform.python_version(),
        "libraries": {library: version(library) for library in LIBRARIES},
        "language": spoken().name,
        "parameters": dict(asked),
        "seeds": dict(seeds),
        "key": key,
        "inputs_sha256": dict(inputs),
        "notebooks_sha256": dict(notebooks),
        "outputs_sha256": dict(outputs),
    }


def write_manifest(content: dict, path: Path) -> Path:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path
