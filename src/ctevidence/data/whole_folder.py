"""Folders that are there whole or not at all, whenever the process that makes them is stopped.

A folder is filled aside, its files are brought to the disk, and it takes the place of an older one
in a single step: Linux exchanges two names at once, so that a reader finds the old folder or the
new one, never none and never a mixture.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ctevidence.data.claim import alone_in
from ctevidence.data.storage import told_in_words

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def put_in_place(fresh: Path, target: Path) -> Path:
    """Let a finished folder take the place of an older one, or of none.

    Parameters
    ----------
    fresh : Path
        The finished folder, on the same file system as `target`; it is gone afterwards.
    target : Path

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    OSError
        When the folder cannot be written to; `target` is then as it was.

    Notes
    -----
    Where the system cannot exchange two names at once, the older folder is set aside under
    ``.<name>.before`` for the moment in between; `restore` brings it back after a kill.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as here:
    ...     for name in ("old", "new"):
    ...         Path(here, name).mkdir()
    ...         size = Path(here, name, "page").write_text(name)
    ...     Path(put_in_place(Path(here, "new"), Path(here, "old")), "page").read_text()
    'new'
    """
    sync(fresh)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        os.replace(fresh, target)
    elif _exchange(fresh, target):
        shutil.rmtree(fresh)
    else:
        before = _before(target)
        shutil.rmtree(before, ignore_errors=True)
        os.replace(target, before)
        try:
            os.replace(fresh, target)
        except OSError:
            os.replace(before, target)
            raise
        shutil.rmtree(before)
    _sync_entry(target.parent)
    return target


@contextmanager
def made_whole(target: Path) -> Iterator[Path]:
    """A new folder to be filled, which takes the place of `target` when nothing goes wrong.

    Parameters
    ----------
    target : Path

    Yields
    ------
    Path
        An empty folder of the same name, beside `target` and hidden; gone afterwards.

    Raises
    ------
    StorageError
        When the disk or the rights on it do not let it be written; `target` is as it was.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as here:
    ...     with made_whole(Path(here, "new")) as fresh:
    ...         size = Path(fresh, "page").write_text("text")
    ...         before = Path(here, "new").exists()
    ...     before, Path(here, "new", "page").read_text()
    (False, 'text')
    """
    with told_in_words(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        # the lock of a process that was killed is free: what it left aside can go
        with alone_in(target.parent):
            restore(target)
            for left in target.parent.glob(f".{target.name}-*"):
                shutil.rmtree(left, ignore_errors=True)
            aside = {"prefix": f".{target.name}-", "dir": target.parent}
            with tempfile.TemporaryDirectory(**aside) as folder:
                fresh = Path(folder) / target.name
                fresh.mkdir()
                yield fresh
                put_in_place(fresh, target)


def restore(target: Path) -> None:
    """Bring back a folder that was set aside when its replacement was interrupted."""
    before = _before(target)
    if before.exists() and not target.exists():
        os.replace(before, target)


def sync(folder: Path) -> None:
    """Bring all files of a folder to the disk, so that no power cut makes them empty."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    for path in (folder, *(p for p in folder.rglob("*") if p.is_dir())):
        _sync_entry(path)


def write_whole(path: Path, text: str) -> Path:
    """Write a text file that is there whole or not at all."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    return path


def _before(target: Path) -> Path:
    return target.with_name(f".{target.name}.before")


def _sync_entry(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names at once; False where this system or file system cannot."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    names = os.fsencode(one), os.fsencode(other)
    return rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0
