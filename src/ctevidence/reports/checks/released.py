"""Holding a finished pack against every rule before it is released.

Pages are looked at in shares, each in a process of its own: reading them costs most of it.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from ctevidence.reports.checks.check import Found, refuse_failed

CHECKS_FILE = "checks.json"
#: always as many, so that nothing depends on the number of workers
SHARES = 2


def shares(folder: Path) -> list[list[str]]:
    """The pages of a pack in shares that take about as long, by their paths in the pack."""
    # tags are what takes long; pictures are most of the bytes
    tags = {page: page.read_bytes().count(b"<") for page in sorted(folder.rglob("*.html"))}
    parts: list[list[Path]] = [[] for _ in range(SHARES)]
    for page in sorted(tags, key=tags.get, reverse=True):
        min(parts, key=lambda part: sum(tags[p] for p in part)).append(page)
    return [[page.relative_to(folder).as_posix() for page in part] for part in parts]


def look_at(folder: Path, share: Sequence[str]) -> tuple[Found, ...]:
    """Hold a share of the pages, and what belongs to no page, against every rule."""
    # whoever only shares out the work need not load what reads pages
    from ctevidence.reports.checks.check import run_checks  # noqa: PLC0415
    from ctevidence.reports.checks.pack import Pack  # noqa: PLC0415
    from ctevidence.reports.checks.rules import CHECKS  # noqa: PLC0415

    collected = gc.isenabled()
    gc.disable()  # all of a page lives to the end: looking for garbage takes as long as reading it
    try:
        return run_checks(Pack(folder, share), CHECKS)
    finally:
        if collected:
            gc.enable()


def approve(folder: Path, looks: Iterable[Sequence[Found]]) -> Path:
    """Write ``checks.json`` into a pack in whose shares nothing was found.

    Parameters
    ----------
    folder : Path
        A finished pack with its manifest.
    looks : iterable of sequence of Found
        From `look_at`, for each of its `shares`.

    Raises
    ------
    FailedCheckError
        With every broken rule and the first places.
    """
    found = [_as_one(same) for same in zip(*looks, strict=True)]
    refuse_failed(found)
    content = [{"id": f.id, "rule": f.rule, "source": f.source, "problems": []} for f in found]
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    (folder / CHECKS_FILE).write_text(text, encoding="utf-8")
    return folder / CHECKS_FILE


def _as_one(same: Sequence[Found]) -> Found:
    # what belongs to no page is found in every share
    problems = dict.fromkeys(problem for found in same for problem in found.problems)
    return Found(same[0].id, tuple(problems))
