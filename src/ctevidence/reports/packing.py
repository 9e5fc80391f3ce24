"""Putting a report together from kept notebooks, and telling whether it is on the disk already."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ctevidence.data.project import Project
from ctevidence.data.whole_folder import put_in_place
from ctevidence.reports.cell_store import Cell, CellStore, key_of
from ctevidence.reports.last_release import keep_before
from ctevidence.reports.manifest import (
    MANIFEST,
    RUN,
    checksum,
    checksums,
    manifest,
    report_date,
    write_manifest,
)
from ctevidence.reports.notebooks import Notebook
from ctevidence.reports.orders import Order


def pack_key(
    order: Order, inputs: Mapping[str, str], cells: Mapping[str, Cell], basis: Mapping
) -> str:
    """A checksum of all that a report is made from, and of the day that stands on its pages."""
    return key_of(
        asked=order.asked,
        inputs=inputs,
        cells={name: cell.files for name, cell in cells.items()},
        day=report_date().isoformat(),
        basis=basis,
    )


def holds(project: Project, order: Order, key: str) -> bool:
    """Whether the report on the disk is this one, whole and untouched."""
    target = project.report(order.report)
    try:
        recorded = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    there = checksums([target], target)
    there.pop(MANIFEST, None)
    is_there = project.work(order.report).is_dir() and _has_formats(target, order)
    return is_there and recorded.get("key") == key and there == recorded["outputs_sha256"]


def _has_formats(target: Path, order: Order) -> bool:
    """Whether what was asked for is there; a program that was missing may be there by now."""
    return all((target / f"report.{name}").is_file() for name in order.formats)


def pack(
    order: Order,
    project: Project,
    store: CellStore,
    chosen: Sequence[tuple[Notebook, Mapping[str, object]]],
    cells: Mapping[str, Cell],
    inputs: Mapping[str, str],
    key: str,
    publish: Callable[[Path, Path], Sequence[str]],
    check: Callable[[Path], object],
    refuse: Callable[[Path, str], object],
) -> tuple[str, ...]:
    """Make the pages aside, and put them in the place of an earlier report when they are whole.

    Parameters
    ----------
    order : Order
    project : Project
    store : CellStore
    chosen : sequence of (Notebook, mapping)
        The notebooks with their values.
    cells : mapping
        What is kept of each.
    inputs : mapping
        Checksums of the data.
    key : str
        From `pack_key`.
    publish : callable
        Makes the released pages in a folder (second) from results (first).
    check : callable
        Holds a finished folder against every rule, and raises where one is broken.
    refuse : callable
        Raises where results (first) are too close to an earlier release for a profile (second).

    Returns
    -------
    tuple of str
        Remarks for whoever asked: formats that could not be made.
    """
    with store.making() as aside:
        work, release = aside / "work", aside / "release"
        (work / "notebooks").mkdir(parents=True)
        for name, cell in cells.items():
            shutil.copytree(cell.results, work, dirs_exist_ok=True)
            shutil.copyfile(cell.executed, work / "notebooks" / f"{name}.ipynb")
        content = manifest(
            order.report,
            order.asked,
            {n.name: _seed(n, v) for n, v in chosen if "seed" in n.parameters},
            inputs,
            {n.name: checksum(n.path) for n, _ in chosen},
            {},
            key,
        )
        # pages say what they were made with, and what differs from the report before
        write_manifest(content, work / RUN)
        keep_before(project, order.report, content, work)
        remarks = publish(work, release)
        _write_outputs(content, release)
        check(release)
        _write_outputs(content, release)
        profiles = [values["profile"] for _, values in chosen if "profile" in values]
        if profiles:  # of nothing but published numbers too: their profile is open
            refuse(work, profiles[0])
        put_in_place(work, project.work(order.report))
        # last: what has the manifest of this run has all of it
        put_in_place(release, project.report(order.report))
    return tuple(remarks)


def _write_outputs(content: dict, release: Path) -> None:
    """The manifest, with the checksum of every other file."""
    content["outputs_sha256"] = checksums([release], release)
    content["outputs_sha256"].pop(MANIFEST, None)
    write_manifest(content, release / MANIFEST)


def _seed(notebook: Notebook, values: Mapping[str, object]) -> object:
    return values.get("seed", notebook.parameters["seed"].default)
