"""What changed since the last report: which numbers moved, and what can have moved them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ctevidence.estimates import Estimate, Estimates
from ctevidence.reports.causes import Cause, causes_of


@dataclass(frozen=True, eq=False)
class Released:
    """A report as it was released: its manifest and its estimates.

    Parameters
    ----------
    manifest : dict
    estimates : Estimates
    """

    manifest: Mapping
    estimates: Estimates

    @classmethod
    def read(cls, folder: str | Path) -> Released:
        """Read the pack in a folder.

        Raises
        ------
        FileNotFoundError
            When the folder holds no ``manifest.json``.
        """
        path = Path(folder) / "manifest.json"
        if not path.exists():
            raise FileNotFoundError(f"{folder} has no manifest.json: it is not a report folder.")
        rows = Estimates()
        for file in sorted((Path(folder) / "estimates").glob("*.csv")):
            rows += Estimates.read_csv(file)
        return cls(json.loads(path.read_text("utf-8")), rows)


@dataclass(frozen=True)
class Change:
    """One number before and now; None where there was none, or is none any more."""

    before: Estimate | None
    now: Estimate | None
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class Changes:
    """What a report says differently from the one before.

    Parameters
    ----------
    since : str
        Day of the report before.
    causes : tuple of Cause
    numbers : tuple of Change
        Those that differ; moved ones first, then new ones, then those that are gone.
    compared : int
        Numbers that both reports hold.
    """

    since: str
    causes: tuple[Cause, ...]
    numbers: tuple[Change, ...]
    compared: int


def changes(before: Released, now: Released) -> Changes:
    """Compare a report with the one before, number by number.

    A number of one study is not moved by the data of another; what can have moved it are the
    changed files of its own study, the code, the parameters and the versions.

    Parameters
    ----------
    before, now : Released

    Returns
    -------
    Changes
    """
    causes = tuple(causes_of(before.manifest, now.manifest))
    old, new = ({row.id: row for row in x.estimates} for x in (before, now))
    both = [key for key in new if key in old]
    pairs = [(old[k], new[k]) for k in both if _differ(old[k], new[k])]
    pairs += [(None, row) for key, row in new.items() if key not in old]
    pairs += [(row, None) for key, row in old.items() if key not in new]
    folders = _folders(before.manifest, now.manifest)
    numbers = tuple(Change(b, n, _can_have_moved(n or b, causes, folders)) for b, n in pairs)
    return Changes(before.manifest["made_on"], causes, numbers, len(both))


def _differ(before: Estimate, now: Estimate) -> bool:
    # nan differs from itself, its text does not; released numbers are rounded already
    seen = ("estimate", "conf_low", "conf_high", "n", "events", "n_reference", "events_reference")
    return any(repr(getattr(before, name)) != repr(getattr(now, name)) for name in seen)


def _can_have_moved(
    row: Estimate, causes: tuple[Cause, ...], folders: set[str]
) -> tuple[Cause, ...]:
    # a row that names no folder rests on several, or on a trial within one: any data may move it
    return tuple(
        cause
        for cause in causes
        if not cause.study or cause.study == row.study or row.study not in folders
    )


def _folders(*manifests: Mapping) -> set[str]:
    paths = (path for m in manifests for path in m["inputs_sha256"])
    return {path.split("/")[-2] for path in paths if "/" in path}
