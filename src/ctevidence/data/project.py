"""Where things stand: the project folder with its raw data, processed data and reports."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ctevidence.data.folder_paths import folder_name

PROJECT_VARIABLE = "CTEVIDENCE_PROJECT"
#: set for the notebooks of a run: each keeps its results in a folder of its own until all is whole
WORK_VARIABLE = "CTEVIDENCE_WORK"
#: a project's own files that a report reads beside the data: claims, judgements, the service
OWN_FILES = ("claims.toml", "certainty.toml", "service.toml")


@dataclass(frozen=True)
class Project:
    """The folders of one project. Names of sources and reports are names, never paths.

    Parameters
    ----------
    root : Path
        The folder that holds ``data/`` and ``reports/``.
    under_way : Path, optional
        Where the run that is under way keeps results, whatever the report.
    """

    root: Path
    under_way: Path | None = None

    def raw(self, name: str) -> Path:
        """Data as received, never written to."""
        return self.root / "data" / "raw" / folder_name(name)

    def processed(self, name: str) -> Path:
        """What analyses read."""
        return self.root / "data" / "processed" / folder_name(name)

    def work(self, name: str) -> Path:
        """Exact, internal results; never released."""
        if self.under_way is not None:
            return self.under_way
        return self.root / "reports" / ".work" / folder_name(name, hidden=True)

    def own(self, name: str, file: str) -> tuple[Path, ...]:
        """A project's own files of that name: at its root, then beside the data of a source."""
        folders = (self.root, self.raw(name), self.processed(name))
        return tuple(folder / file for folder in folders if (folder / file).is_file())

    def own_files(self, name: str) -> tuple[Path, ...]:
        """All of the project's own files that a report of a source reads."""
        return tuple(path for file in OWN_FILES for path in self.own(name, file))

    def report(self, name: str) -> Path:
        """The released report pack."""
        return self.root / "reports" / folder_name(name)


def find_project(start: str | Path | None = None) -> Project:
    """The project that a folder belongs to: itself or the nearest parent with ``data/``.

    Parameters
    ----------
    start : path, optional
        The environment variable ``CTEVIDENCE_PROJECT`` when absent, else the current folder.

    Raises
    ------
    FileNotFoundError
        When neither the folder nor a parent holds ``data/raw`` or ``data/processed``.
    """
    start = Path(start or os.environ.get(PROJECT_VARIABLE) or Path.cwd()).resolve()
    work = os.environ.get(WORK_VARIABLE)
    for folder in (start, *start.parents):
        if any((folder / "data" / part).is_dir() for part in ("raw", "processed")):
            return Project(folder, Path(work) if work else None)
    raise FileNotFoundError(
        f'"{start}" is not inside a project: neither it nor a parent has data/raw or '
        "data/processed. Go to the project's folder, or run `ctevidence new NAME` to start one."
    )
