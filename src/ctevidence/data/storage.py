"""What the disk, or the rights on it, did not let be written: said in words."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: Errors of the system that mean it, by number.
REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of the disk is used up",
    errno.EFBIG: "a file would be larger than this user may write",
    errno.EROFS: "the folder can only be read",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
}
_RIGHTS = (errno.EACCES, errno.EPERM)


class StorageError(OSError):
    """The disk, or the rights on it, did not let something be written."""


def not_written(number: int, where: object, target: Path) -> StorageError:
    """The error in words.

    Parameters
    ----------
    number : int
        A key of `REASONS`.
    where : object
        The file that could not be written, when the system names it.
    target : Path
        What was to be made; it is as it was before.

    Examples
    --------
    >>> print(not_written(errno.EROFS, None, Path("reports/x")))
    reports/x: the folder can only be read (Read-only file system). reports/x is as it was before. \
Make room or rights there, or work in another folder, and run again.
    """
    return StorageError(
        f"{where or target}: {REASONS[number]} ({os.strerror(number)}). {target} is as it was "
        "before. Make room or rights there, or work in another folder, and run again."
    )


@contextmanager
def told_in_words(target: Path) -> Iterator[None]:
    """Let errors of writing beside `target` say what they mean.

    Raises
    ------
    StorageError
    """
    try:
        yield
    except OSError as error:
        where = error.filename2 or error.filename
        if error.errno not in REASONS or (error.errno in _RIGHTS and not _beside(where, target)):
            raise
        raise not_written(error.errno, where, target) from None


def _beside(where: object, target: Path) -> bool:
    """Rights may be missing for reading, too: only what lies beside `target` is written."""
    return where is None or Path(os.fsdecode(where)).is_relative_to(target.parent)
