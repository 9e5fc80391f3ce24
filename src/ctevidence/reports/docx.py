"""A page as a Word document, made by pandoc."""

from __future__ import annotations

import importlib
import io
import re
import tempfile
import zipfile
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from ctevidence.reports.manifest import report_date
from ctevidence.reports.pdf import MissingFormatError, for_print

HOW = (
    "A Word document needs pandoc. Install it (pip install 'ctevidence[docx]' brings it), or open "
    "report.html in a word processor."
)


def docx(html: str) -> bytes:
    """A self-contained page as a Word document: headings, tables, pictures with their alt text.

    Parameters
    ----------
    html : str
        A page of the report pack.

    Returns
    -------
    bytes
        The same bytes for the same page and day (SOURCE_DATE_EPOCH).

    Raises
    ------
    MissingFormatError
        When pandoc is not installed.
    """
    try:
        pypandoc = importlib.import_module("pypandoc")
        pypandoc.get_pandoc_path()
    except (ImportError, OSError) as missing:
        raise MissingFormatError(HOW) from missing
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "page.docx"
        pypandoc.convert_text(
            for_word(html),
            "docx",
            format="html",
            outputfile=str(target),
            extra_args=["--sandbox", "--eol=lf"],
        )
        return _same_bytes(target.read_bytes())


def for_word(html: str) -> str:
    """The page as pandoc reads it best: everything in the body, tables with column widths.

    Pandoc keeps only ``<main>`` where there is one; the line that says what kind of data this is
    and the footer must not be lost. It writes the title twice if the head names it.
    """
    page = BeautifulSoup(for_print(html), "html.parser")
    for tag in page.head.find_all(["style", "title", "meta"]):
        tag.decompose()
    for tag in page.find_all("nav"):
        tag.decompose()
    banner = page.find(class_="banner")
    banner.name, banner.attrs = "p", {}
    banner.string.wrap(page.new_tag("strong"))
    page.main.unwrap()
    for table in page.find_all("table"):
        _with_widths(table, page)
    return str(page)


def _with_widths(table: Tag, page: BeautifulSoup) -> None:
    """Columns as wide as their text asks: the longest word at least, long texts more."""
    rows = [[c.get_text() for c in r.find_all(["th", "td"])] for r in table.find_all("tr")]
    wanted = []
    for column in zip(*rows, strict=False):
        longest_word = max(len(word) for cell in column for word in [*cell.split(), "four"])
        longest_cell = max(len(cell) for cell in column)
        wanted.append(max(longest_word + 3, min(longest_cell, 24)))
    group = page.new_tag("colgroup")
    for width in wanted:
        group.append(page.new_tag("col", style=f"width:{100 * width / sum(wanted):.1f}%"))
    table.insert(1 if table.caption else 0, group)


def _same_bytes(document: bytes) -> bytes:
    """The same document with the day of the report wherever the moment of writing stands."""
    day = report_date()
    moment = f"{day.isoformat()}T00:00:00Z".encode()
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as parts, zipfile.ZipFile(written, "w") as whole:
        for name in sorted(parts.namelist()):
            content = parts.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment, content)
            entry = zipfile.ZipInfo(name, (max(day.year, 1980), day.month, day.day, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            whole.writestr(entry, content)
    return written.getvalue()
