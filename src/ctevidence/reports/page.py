"""A page: sections of blocks, rendered by one template into one self-contained file.

Text is escaped where it becomes HTML, here; a block is the only thing that holds HTML.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from ctevidence.display.figure import Figure
from ctevidence.display.table import Table
from ctevidence.display.told import Told
from ctevidence.language import say, spoken

LONGEST_RUNNING = 90


@dataclass(frozen=True)
class Fold:
    """What a page keeps behind a line to open; print leaves it to the appendix."""

    title: str
    inner: Markup
    is_of_figure: bool = False


@dataclass(frozen=True)
class Block:
    """A piece of a page, already safe HTML, and what of it stands behind a line to open."""

    html: Markup
    folds: tuple[Fold, ...] = ()


@dataclass(frozen=True)
class Section:
    """A heading with its blocks; the answer stands in a box of its own, before the contents."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    is_answer: bool = False

    @property
    def folds(self) -> tuple[Fold, ...]:
        return tuple(fold for block in self.blocks for fold in block.folds)

    @property
    def left_to_appendix(self) -> str:
        """The line that stands in print for everything that is folded away."""
        parts = [fold.title for fold in self.folds if not fold.is_of_figure]
        if len(parts) < len(self.folds):
            parts.append(say("paper.numbers"))
        return say("paper.in_appendix", parts="; ".join(dict.fromkeys(parts))) if parts else ""


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
    running: str = ""  # at the foot of every printed page
    folds_in_appendix: bool = False

    @property
    def html(self) -> str:
        return _template().render(
            page=self,
            style=Markup(style_sheet() + _running(self.running)),
            language=spoken().name,
            contents_title=say("pages.contents"),
        )


def style_sheet() -> str:
    """How every page looks: on a screen, then on paper."""
    return _text("style.css") + _text("print.css")


def _running(words: str) -> str:
    """Words at the foot of printed pages; none of them can end the style sheet or its string."""
    short = textwrap.shorten(words, LONGEST_RUNNING, placeholder=" ...")
    plain = (c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):x} " for c in short)
    return f'@page {{ @bottom-left {{ content: "{"".join(plain)}" }} }}' if words else ""


@cache
def _template():
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_text("page.html.j2"))


def _text(name: str) -> str:
    return (files("ctevidence.reports") / "templates" / name).read_text("utf-8")


def _tag(tag: str, words: str | Told) -> Markup:
    """Words in a tag that names the estimates behind them."""
    attributes = Markup(words.attributes) if isinstance(words, Told) else Markup("")
    return Markup("<{0}{1}>{2}</{0}>").format(Markup(tag), attributes, str(words))


def prose(*paragraphs: str | Told) -> Block:
    """Paragraphs; empty ones are left out. Several stand beside each other in print."""
    told = [_tag("p", words) for words in paragraphs if str(words)]
    html = Markup("\n").join(told)
    return Block(Markup('<div class="several">{}</div>').format(html) if told[1:] else html)


def bullets(items: Iterable[str | Told]) -> Block:
    """A list; nothing when there are no items. Several stand beside each other in print."""
    lines = [_tag("li", item) for item in items]
    begin = Markup('<ul class="several">' if lines[1:] else "<ul>")
    return Block(begin + Markup("").join(lines) + Markup("</ul>") if lines else Markup(""))


def definitions(pairs: Iterable[tuple[str, str | Told]]) -> Block:
    """Terms and what they stand for; nothing when there are none."""
    rows = Markup("").join(_tag("dt", term) + _tag("dd", words) for term, words in pairs)
    return Block(Markup("<dl>{}</dl>").format(rows) if rows else Markup(""))


def numbers(items: Iterable[tuple[str, str | Told]]) -> Block:
    """Large numbers, each with what it counts."""
    cards = Markup("").join(_card(value, words) for value, words in items)
    return Block(Markup('<ul class="numbers">{}</ul>').format(cards))


def _card(value: str, words: str | Told) -> Markup:
    attributes = Markup(words.attributes) if isinstance(words, Told) else Markup("")
    return Markup("<li{}><b>{}</b> <span>{}</span></li>").format(attributes, value, str(words))


def links(items: Iterable[tuple[str, str, str]]) -> Block:
    """Links with what stands behind each: (address, name, explanation)."""
    line = Markup('<li><a href="{}">{}</a>: {}</li>')
    return Block(Markup("<ul>{}</ul>").format(Markup("").join(line.format(*i) for i in items)))


def grid(table: Table | None) -> Block:
    """A table; nothing when there is none. It folds away how its numbers were made."""
    if table is None:
        return Block(Markup(""))
    methods = Markup("").join(_tag("p", method) for method in table.methods)
    title = f"{table.caption}: {say('tables.methods').lower()}"
    return Block(Markup(table.html), (Fold(title, methods),) if methods else ())


def folded(summary: str, *parts: Table | Block | None, is_open: bool = False) -> Block:
    """Tables and other blocks behind a line that opens them; nothing when there are none.

    With `is_open` a screen shows them at once; print leaves them to the appendix all the same.
    """
    inner = Markup("").join(Markup(part.html) for part in parts if part is not None)
    if not inner:
        return Block(Markup(""))
    begin = Markup("<details open>" if is_open else "<details>")
    html = begin + Markup("<summary>{}</summary>{}</details>").format(summary, inner)
    return Block(html, (Fold(summary, inner),))


def folded_table(table: Table | None, is_open: bool = False) -> Block:
    """A table behind a line that bears its caption; nothing when there is none."""
    return folded(table.caption if table else "", table, is_open=is_open)


def joined(*blocks: Block) -> Block:
    """Blocks as one."""
    html = Markup("").join(block.html for block in blocks)
    return Block(html, tuple(fold for block in blocks for fold in block.folds))


def heading(text: str) -> Block:
    """A heading within a section."""
    return Block(Markup("<h3>{}</h3>").format(text))


def picture(figure: Figure | None, caption: str | Told = "", has_numbers: bool = True) -> Block:
    """A figure with its text alternative, caption, and the table of what it draws.

    It scrolls in a box of its own where the page is narrower than its words can be read. Without
    `has_numbers` the table is left out, because it stands on the page already. Where nothing could
    be drawn, words say why: a picture of words cannot be enlarged, searched or read aloud.
    """
    if figure is None:
        return Block(Markup(""))
    if figure.why_empty:
        return prose(f"{figure.title}: {figure.why_empty.rstrip('.')}.")
    image = Markup('<img style="--drawn:{:.2f}in" src="data:image/png;base64,{}" alt="{}">').format(
        figure.width, base64.b64encode(figure.png).decode("ascii"), figure.alt
    )
    words = _tag("figcaption", caption) if str(caption) else Markup("")
    behind = folded(say("pages.figure_numbers"), figure.data if has_numbers else None)
    box = Markup('<div class="drawn" tabindex="0" role="group" aria-label="{}">{}</div>')
    drawn = box.format(figure.title, image)
    html = Markup("<figure>{}{}</figure>{}").format(drawn, words, behind.html)
    return Block(html, tuple(replace(fold, is_of_figure=True) for fold in behind.folds))


def folded_picture(figure: Figure | None, caption: str | Told = "", is_open=False) -> Block:
    """A figure behind a line that says its message; nothing when there is none."""
    return folded(figure.title if figure else "", picture(figure, caption), is_open=is_open)


def beside(*blocks: Block) -> Block:
    """Blocks beside each other where the page is wide enough; empty ones are left out."""
    cells = [Markup("<div>{}</div>").format(block.html) for block in blocks if block.html]
    html = Markup('<div class="beside">{}</div>').format(Markup("").join(cells))
    return Block(html, joined(*blocks).folds)


def verbatim(html: str) -> Block:
    """HTML that was escaped when it was made (an executed notebook's page)."""
    return Block(Markup(html))
