"""The last different release of a report, kept so that the next one can say what changed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from ctevidence.data.project import Project
from ctevidence.reports.causes import is_same_run
from ctevidence.reports.manifest import MANIFEST

#: under the results of a run: manifest and estimates of the last different report
BEFORE = "before"


def keep_before(project: Project, report: str, now: Mapping, results: Path) -> None:
    """Put the last different release beside the results of a run that is under way.

    A rerun of the same compares with the same report again, so that it gives the same bytes.

    Parameters
    ----------
    project : Project
    report : str
    now : mapping
        The manifest of this run; its outputs do not matter.
    results : Path
    """
    last, kept = project.report(report), project.work(report) / BEFORE
    source = last if _differs(last / MANIFEST, now) else kept
    if not (source / MANIFEST).is_file():
        return
    target = results / BEFORE
    target.mkdir()
    shutil.copyfile(source / MANIFEST, target / MANIFEST)
    if (source / "estimates").is_dir():
        shutil.copytree(source / "estimates", target / "estimates")


def _differs(manifest: Path, now: Mapping) -> bool:
    try:
        before = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return not is_same_run(before, now)
