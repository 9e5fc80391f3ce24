"""A folder for sockets and scratch that only this user can enter, gone after the run.

It stands in the system's folder for temporary files, because the names of sockets must be short. A
lock on a file inside says that its owner lives; what a killed run left is swept by the next one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

OWNER = "owner"


class PrivateFolder:
    """Made at once, with rights for its owner alone.

    Attributes
    ----------
    path : Path
    """

    def __init__(self) -> None:
        sweep()
        self.path = Path(tempfile.mkdtemp(prefix=_prefix()))
        self._owner = (self.path / OWNER).open("w")
        fcntl.flock(self._owner, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove it with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._owner.close()


def sweep() -> None:
    """Remove the folders of this user's runs that live no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_prefix()}*"):
        with suppress(OSError):
            if folder.stat().st_uid == os.getuid() and not _is_owned(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_owned(folder: Path) -> bool:
    try:
        with (folder / OWNER).open("r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        # no lock yet or no more: leave it to its owner for a minute
        return folder.stat().st_mtime > time.time() - 60
    except OSError:
        return True
    return False


def _prefix() -> str:
    return f"ctevidence-{os.getuid()}-"
