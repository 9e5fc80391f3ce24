"""Folder paths: names that can only lead to files inside a folder.

A name comes from a declaration, a command or a list of checksums, and none of these may reach for a
file elsewhere: by ``..``, by an absolute path, or by a link that leads out of the folder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

from ctevidence.data.problems import DataProblems, Problem

_LONGEST_PART = 200
#: Names that Windows keeps for devices, whatever their ending.
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{d}{i}" for d in ("com", "lpt") for i in range(1, 10)}


def name_fault(name: str) -> str:
    """Why a name cannot be that of a file or folder inside another; empty when it can.

    >>> name_fault("exports/scores.csv"), name_fault("../scores.csv")
    ('', 'The name leads out of the folder.')
    """
    parts = PureWindowsPath(name).parts
    rooted = PurePosixPath(name).is_absolute() or bool(PureWindowsPath(name).anchor)
    faults = {
        "The name is empty.": not name.strip(),
        "The name holds signs that cannot be printed.": not name.isprintable(),
        "This is a path from the root of a disk, not a name inside the folder.": rooted,
        "The name leads out of the folder.": ".." in parts,
        f"The name is longer than {_LONGEST_PART} bytes.": any(map(_is_long, parts)),
        "Windows keeps this name for a device.": any(map(_is_device, parts)),
    }
    return next((fault for fault, found in faults.items() if found), "")


def _is_long(part: str) -> bool:
    return len(part.encode("utf-8", "replace")) > _LONGEST_PART


def _is_device(part: str) -> bool:
    return part.split(".", maxsplit=1)[0].strip().lower() in _DEVICES


def folder_name(name: str, *, hidden: bool = False) -> str:
    """The name of a source or report, if it names one folder and no path.

    Parameters
    ----------
    name : str
    hidden : bool
        Whether it may begin with a point, as names that the package makes itself.

    Raises
    ------
    ValueError

    Examples
    --------
    >>> folder_name("beat-the-blues")
    'beat-the-blues'
    """
    fault = name_fault(name)
    is_path = len(PureWindowsPath(name).parts) != 1 or "/" in name
    if not fault and (is_path or (name.startswith(".") and not hidden)):
        fault = "It is a path, or hidden."
    if fault:
        shown = "".join(sign if sign.isprintable() else " " for sign in name[:60])
        raise ValueError(
            f'"{shown}" is not the name of a folder. {fault} Give the name alone, like my-trial.'
        )
    return name


def inside(folder: Path, name: str) -> Path:
    """The path of a file inside a folder, which need not exist.

    Raises
    ------
    DataProblems
        When the name, or a link of that name, leads out of the folder.
    """
    if fault := name_fault(name):
        do = f"Give the name of a file in the folder {folder.name}."
        raise DataProblems([Problem(name or folder.name, fault, do)], folder.name)
    if found := links_out(folder, [name]):
        raise DataProblems(found, folder.name)
    return folder / name


def links_out(folder: Path, names: Iterable[str]) -> list[Problem]:
    """A problem for each of these files that is a link to a place outside the folder."""
    root = folder.resolve()
    why = "This is a link that leads out of the folder."
    do = "Put the file itself into the folder, as it was received."
    return [
        Problem(name, why, do)
        for name in names
        if not _resolved(folder / name).is_relative_to(root)
    ]


def _resolved(path: Path) -> Path:
    """Where a path leads; a circle of links leads nowhere."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return Path(path.anchor or "/")
