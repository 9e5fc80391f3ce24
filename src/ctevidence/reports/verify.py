"""Is a report what its manifest says, and does the same work give the same report again?"""

from __future__ import annotations

import csv
import datetime
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ctevidence.data.project import OWN_FILES, Project
from ctevidence.language import ENGLISH, LANGUAGE_VARIABLE, spoken
from ctevidence.reports.cell_store import CellStore
from ctevidence.reports.kernels import Kernels
from ctevidence.reports.last_release import BEFORE
from ctevidence.reports.making import make_reports
from ctevidence.reports.manifest import (
    MANIFEST,
    checksum,
    code_checksum,
    environment_checksum,
    lock_checksum,
)
from ctevidence.reports.notebooks import read_notebooks
from ctevidence.reports.orders import Order

#: numbers of one file that are named one by one
EXAMPLES = 20
_EPOCH = "SOURCE_DATE_EPOCH"


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
    recorded = _recorded(report)
    found = _compare(recorded["outputs_sha256"], report, "page or estimate")
    found += _compare(recorded["inputs_sha256"], Path(root), "input")
    listed = set(recorded["outputs_sha256"]) | {MANIFEST}
    there = {p.relative_to(report).as_posix() for p in report.rglob("*") if p.is_file()}
    return found + [f"not in the manifest: {name}" for name in sorted(there - listed)]


def recompute(report: str | Path, project: Project, kernels: Kernels | None = None) -> list[str]:
    """Make a report again from its raw data, aside, and say what comes out differently.

    Parameters
    ----------
    report : path
        A folder with ``manifest.json``; nothing in it is touched.
    project : Project
        With the data that it was made from.
    kernels : Kernels, optional
        Own ones when absent.

    Returns
    -------
    list of str
        What it is now made with that it was not made with then (code, libraries, notebooks), and
        every page, figure and number of the estimates that comes out differently; empty when all
        is the same.

    Raises
    ------
    FileNotFoundError
        When there is no manifest, or data are missing.
    Exception
        What stops the report from being made again.
    """
    report = Path(report)
    recorded = _recorded(report)
    order = _order(recorded)
    with CellStore(project.work(".cells")).making() as aside, _day_of(recorded["made_on"]):
        again = Project(aside / "project")
        for name in filter(None, order.sources.values()):
            _bring(project, again, name)
        _bring_own(project, again)
        _bring_before(project, again, order.report)
        (made,) = make_reports([order], again, kernels=kernels)
        if made.failures:
            raise made.failures[0].error
        outputs = recorded["outputs_sha256"]
        return _made_with(recorded) + _compare_reports(outputs, report, made.path)


def _recorded(report: Path) -> dict:
    path = report / MANIFEST
    if not path.exists():
        raise FileNotFoundError(f"{report} has no manifest.json: it is not a report folder.")
    return json.loads(path.read_text("utf-8"))


def _order(recorded: Mapping) -> Order:
    asked = dict(recorded["parameters"])
    sources = [asked.pop(name) for name in ("name", "trials", "network")]
    outcomes = tuple(asked.pop("outcomes", ()))
    reason = asked.pop("allow_difference", "")
    formats = tuple(asked.pop("formats", ()))
    return Order(*sources, asked, outcomes, recorded["report"], reason, formats)


def _bring(project: Project, again: Project, name: str) -> None:
    """The data as received, into a project of their own."""
    is_raw = project.raw(name).is_dir()
    source = project.raw(name) if is_raw else project.processed(name)
    target = again.raw(name) if is_raw else again.processed(name)
    if not source.is_dir():
        raise FileNotFoundError(f"{source} is missing: the report cannot be made again without it.")
    shutil.copytree(source, target)


def _bring_own(project: Project, again: Project) -> None:
    """The project's own files at its root; those beside the data come with the data."""
    for path in filter(Path.is_file, (project.root / file for file in OWN_FILES)):
        shutil.copy(path, again.root / path.name)


def _bring_before(project: Project, again: Project, report: str) -> None:
    """The report that this one was compared with."""
    before = project.work(report) / BEFORE
    if before.is_dir():
        shutil.copytree(before, again.work(report) / BEFORE)


@contextmanager
def _day_of(made_on: str) -> Iterator[None]:
    """The day that stands on the pages."""
    before = os.environ.get(_EPOCH)
    day = datetime.datetime.fromisoformat(made_on).replace(tzinfo=datetime.UTC)
    os.environ[_EPOCH] = str(int(day.timestamp()))
    try:
        yield
    finally:
        if before is None:
            del os.environ[_EPOCH]
        else:
            os.environ[_EPOCH] = before


def _made_with(recorded: Mapping) -> list[str]:
    """What is not what it was when the report was made."""
    now = {
        "the code of ctevidence": ("code_sha256", code_checksum()),
        "requirements.lock": ("lock_sha256", lock_checksum()),
        "Python or an installed library": ("environment_sha256", environment_checksum()),
    }
    found = [f"made with other: {what}" for what, (key, is_now) in now.items()
             if recorded[key] != is_now]  # fmt: skip
    if (language := recorded.get("language", ENGLISH)) != spoken().name:
        found.append(f"made in another language: set {LANGUAGE_VARIABLE} to {language}")
    notebooks = {n.name: checksum(n.path) for n in read_notebooks()}
    changed = [n for n, sha in recorded["notebooks_sha256"].items() if notebooks.get(n) != sha]
    return found + [f"made with another notebook: {name}" for name in changed]


def _compare_reports(recorded: Mapping[str, str], report: Path, again: Path) -> list[str]:
    found = []
    made = json.loads((again / MANIFEST).read_text("utf-8"))["outputs_sha256"]
    for name in sorted({*recorded, *made}):
        if name not in made:
            found.append(f"no longer made: {name}")
        elif name not in recorded:
            found.append(f"newly made: {name}")
        else:
            if recorded[name] != made[name]:
                found.append(f"comes out differently: {name}")
            if name.startswith("estimates/") and (report / name).is_file():
                found += [f"{name}: {line}" for line in _numbers(report / name, again / name)]
    return found


def _numbers(then: Path, now: Path) -> list[str]:
    """Which numbers of a table of estimates differ, by the id of the row."""
    before, after = _rows(then), _rows(now)
    found = [f"{key} is no longer there" for key in before if key not in after]
    found += [f"{key} is new" for key in after if key not in before]
    for key in before.keys() & after.keys():
        for column, value in before[key].items():
            if (is_now := after[key].get(column)) != value:
                found.append(f"{key}: {column} {value or 'empty'}, made again {is_now or 'empty'}")
    more = len(found) - EXAMPLES
    return sorted(found)[:EXAMPLES] + ([f"and {more} more"] if more > 0 else [])


def _rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def _compare(recorded: dict[str, str], folder: Path, what: str) -> list[str]:
    found = []
    for name, expected in recorded.items():
        path = folder / name
        if not path.exists():
            found.append(f"missing {what}: {name}")
        elif checksum(path) != expected:
            found.append(f"changed {what}: {name}")
    return found
