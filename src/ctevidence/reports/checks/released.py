"""Holding a finished pack against every rule before it is released."""

from __future__ import annotations

import json
from pathlib import Path

from ctevidence.reports.checks.check import refuse_failed, run_checks
from ctevidence.reports.checks.pack import Pack
from ctevidence.reports.checks.rules import CHECKS

CHECKS_FILE = "checks.json"


def check_release(folder: Path) -> Path:
    """Check a pack and write ``checks.json`` into it.

    Parameters
    ----------
    folder : Path
        A finished pack with its manifest.

    Raises
    ------
    FailedCheckError
        With every broken rule and the first places.
    """
    found = run_checks(Pack(folder), CHECKS)
    refuse_failed(found)
    content = [
        {"id": f.check.id, "rule": f.check.rule, "source": f.check.source, "problems": []}
        for f in found
    ]
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    (folder / CHECKS_FILE).write_text(text, encoding="utf-8")
    return folder / CHECKS_FILE
