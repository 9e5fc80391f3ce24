"""Results of notebooks, kept by what they were made from: what has not changed is not run again.

The key of a notebook is a checksum of everything its results can depend on: its text, its
parameters, the data files it reads, all code of the package, Python and every installed library.
A kept folder is there whole or not at all, and is believed only while its files have the checksums
that were recorded with it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ctevidence.data.whole_folder import put_in_place, write_whole
from ctevidence.reports.manifest import checksums

RECORD = "cell.json"
RESULTS = "results"
EXECUTED = "executed.ipynb"
SECONDS = "seconds.json"
#: what was not used for so long is removed, in seconds
LONGEST = 30 * 24 * 3600


def key_of(**parts: object) -> str:
    """A checksum of everything that a result depends on.

    Examples
    --------
    >>> key_of(a=1, b={"x": 2}) == key_of(b={"x": 2}, a=1) != key_of(a=1, b={"x": 3})
    True
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Cell:
    """A kept notebook: its executed copy and what it has written.

    Parameters
    ----------
    path : Path
    files : mapping
        Checksum of each file by its path in the folder.
    seconds : float
        How long it took when it was run.
    """

    path: Path
    files: Mapping[str, str]
    seconds: float

    @property
    def executed(self) -> Path:
        return self.path / EXECUTED

    @property
    def results(self) -> Path:
        return self.path / RESULTS

    @property
    def checksum(self) -> str:
        """One checksum of all results, for what is made from them."""
        results = {n: s for n, s in self.files.items() if n.startswith(f"{RESULTS}/")}
        return key_of(results=results)


class CellStore:
    """The kept notebooks of a project, in ``reports/.work/.cells``.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._seconds = json.loads((folder / SECONDS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._seconds = {}

    def expected(self, name: str) -> float:
        """Seconds that a notebook may take; only the order of work depends on it."""
        return self._seconds.get(name, 2.0)

    def find(self, key: str) -> Cell | None:
        """What was kept under a key; None when nothing, or when its files were changed since."""
        path = self.folder / key
        try:
            record = json.loads((path / RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        there = checksums([path], path)
        there.pop(RECORD)
        if there != record["files"]:
            shutil.rmtree(path, ignore_errors=True)
            return None
        with suppress(OSError):
            os.utime(path)
        return Cell(path, record["files"], record["seconds"])

    @contextmanager
    def making(self) -> Iterator[Path]:
        """A folder aside, gone afterwards unless it was kept."""
        self.folder.mkdir(parents=True, exist_ok=True)
        stamp = f"{time.time_ns():x}"
        aside = self.folder / f".making-{socket.gethostname()}-{os.getpid()}-{stamp}"
        (aside / RESULTS).mkdir(parents=True)
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def keep(self, aside: Path, key: str, name: str, seconds: float) -> Cell:
        """Keep the finished folder of a notebook under its key."""
        self._seconds[name] = round(seconds, 2)
        files = checksums([aside], aside)
        write_whole(aside / RECORD, json.dumps({"seconds": round(seconds, 3), "files": files}))
        path = self.folder / key
        put_in_place(aside, path)
        return Cell(path, files, seconds)

    def tidy(self) -> None:
        """Remove what killed runs left aside, and what was not used for a month."""
        if not self.folder.is_dir():
            return
        with suppress(OSError):  # only a guess of the next run's order depends on it
            write_whole(self.folder / SECONDS, json.dumps(self._seconds))
        for path in self.folder.iterdir():
            with suppress(OSError, ValueError):
                if path.name.startswith(".making-"):
                    old = _is_left(path.name)
                else:
                    old = path.stat().st_mtime < time.time() - LONGEST
                if old:
                    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def _is_left(name: str) -> bool:
    """Whether the process that fills a folder aside has ended; unknown on another machine."""
    host, process, _ = name.removeprefix(".making-").rsplit("-", 2)
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
