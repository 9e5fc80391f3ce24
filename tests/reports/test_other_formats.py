"""Pages as PDF and as Word documents: what stands in them, and what a missing program says."""

import ast
import importlib
import io
import os
import re
import subprocess
import sys
import zipfile
import zlib
from xml.etree import ElementTree

import pandas as pd
import pytest

from ctevidence.display.table import Table
from ctevidence.reports import docx as word
from ctevidence.reports import pdf as portable
from ctevidence.reports.page import Page, Section, folded, grid, prose

WORDS = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="module")
def html():
    frame = pd.DataFrame({"outcome": ["response", "relapse"], "of 100": ["38", "12"]})
    shown = Table("shown", "What happened", frame, numeric=("of 100",))
    hidden = Table("hidden", "Every estimate", frame)
    blocks = (prose("Words for the reader."), grid(shown), folded("Behind a line", hidden))
    section = Section("answer", "Key messages", blocks)
    return Page("report", "Both?", "SYNTHETIC DATA", (section,), ("Made today.",), "1.0").html


@pytest.fixture
def document(html):
    try:
        return word.docx(html)
    except portable.MissingFormatError as why:
        pytest.skip(str(why))


@pytest.fixture
def printed(html):
    try:
        return portable.pdf(html)
    except portable.MissingFormatError as why:
        pytest.skip(str(why))


def paragraphs(document):
    with zipfile.ZipFile(io.BytesIO(document)) as parts:
        body = ElementTree.fromstring(parts.read("word/document.xml"))
    return ["".join(t.text or "" for t in p.iter(f"{WORDS}t")) for p in body.iter(f"{WORDS}p")]


def unpacked(printed):
    """The objects of a PDF, those in compressed streams too."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", printed, re.S)
    packed = [zlib.decompressobj().decompress(s) for s in streams if s[:1] == b"\x78"]
    return printed + b"".join(packed)


def test_a_word_document_holds_banner_title_once_text_table_and_footer(document):
    texts = paragraphs(document)
    assert texts[0] == "SYNTHETIC DATA"
    assert texts.count("Both?") == 1
    for text in ("Key messages", "Words for the reader.", "38", "relapse", "Made today."):
        assert text in texts


def test_what_stands_behind_a_line_is_left_to_the_page(document, html):
    assert "Every estimate" in html
    assert "Every estimate" not in " ".join(paragraphs(document))


def test_the_same_page_gives_the_same_word_document(document, html):
    assert word.docx(html) == document


def test_a_pdf_is_tagged_and_says_its_language_and_title(printed, html):
    assert printed.startswith(b"%PDF-1.7")
    for mark in (b"/StructTreeRoot", b"/MarkInfo", b"/Lang", b"pdfuaid"):
        assert mark in unpacked(printed), mark
    assert portable.pdf(html) == printed


def test_a_pdf_asks_for_nothing_outside_the_page(tmp_path, html, printed):
    secret = tmp_path / "secret.txt"
    secret.write_text("a line of a file beside the page")
    asking = html.replace("</main>", f'<object data="{secret.as_uri()}"></object></main>')
    assert len(portable.pdf(asking)) < len(printed) + 2000
    link = html.replace("</main>", f'<a rel="attachment" href="{secret.as_uri()}">x</a></main>')
    assert b"EmbeddedFile" not in unpacked(portable.pdf(link))


@pytest.mark.parametrize(
    ("make", "program", "how"),
    [
        (portable.pdf, "weasyprint", "pip install 'ctevidence\\[pdf\\]'"),
        (word.docx, "pypandoc", "pip install 'ctevidence\\[docx\\]'"),
    ],
)
def test_a_missing_program_is_explained(monkeypatch, html, make, program, how):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(portable.MissingFormatError, match=how):
        make(html)


def test_without_any_font_the_pack_is_whole_and_a_line_says_how_to_get_one(tmp_path, html, printed):
    (tmp_path / "fonts.conf").write_text('<?xml version="1.0"?><fontconfig></fontconfig>')
    for page in ("report", "brief"):
        (tmp_path / f"{page}.html").write_text(html, encoding="utf-8")
    make = (
        "import sys; from pathlib import Path; from ctevidence.reports.formats import *;"
        "print(write_formats(Path(sys.argv[1]), ['pdf']))"
    )
    # in a process of its own, which a missing font would end
    done = subprocess.run(
        [sys.executable, "-c", make, str(tmp_path)],
        env=os.environ | {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf"),
                          "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made, remarks = ast.literal_eval(done.stdout)
    assert made == []
    assert remarks == (portable.NO_FONT,)
    assert not list(tmp_path.glob("*.pdf"))
