"""Further formats of the pages that are read: PDF and DOCX, where they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ctevidence.reports.docx import docx
from ctevidence.reports.pdf import MissingFormatError, pdf

FORMATS: Mapping[str, Callable[[str], bytes]] = {"pdf": pdf, "docx": docx}
#: pages that people print or send on
PAGES = ("report", "brief")


def write_formats(folder: Path, formats: Iterable[str]) -> tuple[list[str], tuple[str, ...]]:
    """Write the pages of a pack in further formats.

    Parameters
    ----------
    folder : Path
        With ``report.html`` and ``brief.html``.
    formats : iterable of str
        Of `FORMATS`.

    Returns
    -------
    (list of str, tuple of str)
        Files that were made, and for each format whose program is missing a line that says how to
        get it; the pack is whole without it.
    """
    made, remarks = [], []
    for name in formats:
        try:
            for page in PAGES:
                content = FORMATS[name]((folder / f"{page}.html").read_text("utf-8"))
                (folder / f"{page}.{name}").write_bytes(content)
                made.append(f"{page}.{name}")
        except MissingFormatError as missing:
            remarks.append(str(missing))
    return made, tuple(remarks)
