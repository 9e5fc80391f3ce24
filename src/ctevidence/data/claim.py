"""One run at a time for each report: a lock that ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class InUse(RuntimeError):  # noqa: N818 (it says what is the case)
    """Another run is at work on the same folder."""


@contextmanager
def claim(lock: Path, what: str, wait: bool = False) -> Iterator[None]:
    """Hold a lock while a folder is made.

    Parameters
    ----------
    lock : Path
        A file for the lock; it stays, and says who holds it.
    what : str
        The folder, for the message.
    wait : bool
        Wait until it is free; else refuse at once.

    Raises
    ------
    InUse
        When another run holds it; says which process, where, and since when.

    Notes
    -----
    The system itself takes the lock from a process that ends, also from one that is killed: no
    lock can be left behind, and what the file says without a lock means nothing.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise InUse(_refusal(lock, what)) from None
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        file.write(f"process {os.getpid()} on {socket.gethostname()} since {since}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Work in a folder one after the other, for what takes no time worth a message."""
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _refusal(lock: Path, what: str) -> str:
    owner = lock.read_text(encoding="utf-8").strip() or "another run"
    return (
        f"{what} is being made by {owner}. Nothing was changed. Wait until that run has ended, "
        "give --wait to wait for it, or another name with --name."
    )
