"""A page: sections of blocks, rendered by one template into one self-contained file.

Text is escaped where it becomes HTML, here; a block is the only thing that holds HTML.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ctevidence.display.figure import Figure
from ctevidence.display.table import Table


@dataclass(frozen=True)
class Block:
    """A piece of a page, already safe HTML."""

    html: Markup


@dataclass(frozen=True)
class Section:
    """A heading with its blocks; the answer stands in a box of its own, before the contents."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    is_answer: bool = False


@dataclass(frozen=True)
class Page:
    """One file of the report pack."""

    kind: str
    title: str
    banner: str
    sections: tuple[Section, ...]
    footer: tuple[str, ...]
    version: str
    lead: str = ""
    has_contents: bool = False

    @property
    def html(self) -> str:
        return _template().render(page=self, style=Markup(_text("style.css")))


@cache
def _template():
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_text("page.html.j2"))


def _text(name: str) -> str:
    return (files("ctevidence.reports") / "templates" / name).read_text("utf-8")


def prose(*paragraphs: str) -> Block:
    """Paragraphs; empty ones are left out."""
    return Block(Markup("\n").join(Markup("<p>{}</p>").format(p) for p in paragraphs if p))


def bullets(items: Iterable[str]) -> Block:
    """A list; nothing when there are no items."""
    lines = Markup("").join(Markup("<li>{}</li>").format(item) for item in items)
    return Block(Markup("<ul>{}</ul>").format(lines) if lines else Markup(""))


def definitions(pairs: Iterable[tuple[str, str]]) -> Block:
    """Terms and what they stand for."""
    rows = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*pair) for pair in pairs)
    return Block(Markup("<dl>{}</dl>").format(rows))


def numbers(items: Iterable[tuple[str, str]]) -> Block:
    """Large numbers, each with what it counts."""
    cards = Markup("").join(Markup("<li><b>{}</b> <span>{}</span></li>").format(*i) for i in items)
    return Block(Markup('<ul class="numbers">{}</ul>').format(cards))


def links(items: Iterable[tuple[str, str, str]]) -> Block:
    """Links with what stands behind each: (address, name, explanation)."""
    line = Markup('<li><a href="{}">{}</a>: {}</li>')
    return Block(Markup("<ul>{}</ul>").format(Markup("").join(line.format(*i) for i in items)))


def grid(table: Table | None) -> Block:
    """A table; nothing when there is none."""
    return Block(Markup(table.html) if table is not None else Markup(""))


def folded(summary: str, *tables: Table | None) -> Block:
    """Tables behind a line that opens them."""
    inner = Markup("").join(Markup(t.html) for t in tables if t is not None)
    if not inner:
        return Block(Markup(""))
    return Block(Markup("<details><summary>{}</summary>{}</details>").format(summary, inner))


def heading(text: str) -> Block:
    """A heading within a section."""
    return Block(Markup("<h3>{}</h3>").format(text))


def picture(figure: Figure | None, caption: str = "") -> Block:
    """A figure with its text alternative, caption, and the table of what it draws."""
    if figure is None:
        return Block(Markup(""))
    image = Markup('<img src="data:image/png;base64,{}" alt="{}">').format(
        base64.b64encode(figure.png).decode("ascii"), figure.alt
    )
    words = Markup("<figcaption>{}</figcaption>").format(caption) if caption else Markup("")
    numbers_behind = folded("The numbers in this figure", figure.data).html
    return Block(Markup("<figure>{}{}</figure>{}").format(image, words, numbers_behind))


def verbatim(html: str) -> Block:
    """HTML that was escaped when it was made (an executed notebook's page)."""
    return Block(Markup(html))
