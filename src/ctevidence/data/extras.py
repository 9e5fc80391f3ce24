"""Extras: libraries that only some kinds of file need, with a clear word where one is missing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from ctevidence.data.problems import DataProblems, Problem


def need(library: str, extra: str, file: str) -> ModuleType:
    """A library of an extra.

    Parameters
    ----------
    library : str
        Name of the module.
    extra : {"formats", "sql"}
    file : str
        What cannot be read without it.

    Raises
    ------
    DataProblems
        When it is not installed.
    """
    try:
        return import_module(library)
    except ImportError:
        why = f"Reading it needs the library {library}, which is not installed."
        do = f"Install it: pip install 'ctevidence[{extra}]'."
        raise DataProblems([Problem(file, why, do)], file) from None
