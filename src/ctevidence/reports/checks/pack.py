"""A released pack as the checks see it: pages without the bytes of pictures, manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bs4 import BeautifulSoup, Tag

#: what a picture holds, cut to nothing: no check looks at it and it is most of a page
SPACES = re.compile(r"[ \t\r\n\f]+")
PICTURE = re.compile(r"(?<=data:image/png;base64,)[A-Za-z0-9+/=]+")


@dataclass(frozen=True)
class Pack:
    """The folder that ``ctevidence report`` releases.

    Parameters
    ----------
    folder : Path
        With ``index.html report.html brief.html appendix/ estimates/ results.json manifest.json``.
    share : collection of str, optional
        The pages to look at, by their paths in the pack, where others are looked at elsewhere;
        all when absent.
    """

    folder: Path
    share: Collection[str] | None = None

    @cached_property
    def sources(self) -> dict[str, str]:
        """HTML of every page by its path in the pack, pictures cut out."""
        pages = sorted(self.folder.rglob("*.html"))
        return {
            page.relative_to(self.folder).as_posix(): PICTURE.sub("", page.read_text("utf-8"))
            for page in pages
        }

    @cached_property
    def pages(self) -> dict[str, BeautifulSoup]:
        """The pages to look at."""
        wanted = self.sources if self.share is None else self.share
        return {
            name: BeautifulSoup(html, "html.parser")
            for name, html in self.sources.items()
            if name in wanted
        }

    @cached_property
    def tags(self) -> Mapping[str, list[Tag]]:
        """All tags of each page, in order: it is walking through a page that searching costs."""
        return {name: page.find_all(True) for name, page in self.pages.items()}

    @property
    def written(self) -> dict[str, BeautifulSoup]:
        """The pages that are written for readers, without the executed notebooks."""
        return {n: page for n, page in self.pages.items() if not n.startswith("appendix/")}

    @cached_property
    def results(self) -> dict:
        """``results.json``; empty where the pack has none, which R14 says."""
        path = self.folder / "results.json"
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}

    @cached_property
    def manifest(self) -> dict:
        return json.loads((self.folder / "manifest.json").read_text("utf-8"))


def text_of(tag: Tag) -> str:
    """What is read, spaces as one; terms and their meanings, cells and items do not run together.

    Examples
    --------
    >>> text_of(BeautifulSoup("<p>one <b>two</b></p><p>three</p>", "html.parser"))
    'one two three'
    """
    # a narrow space within a number of a thousand or more is part of the number
    return SPACES.sub(" ", tag.get_text(" ")).strip()


def kind_of(page: BeautifulSoup) -> str:
    """What kind of page this is: index, report, brief or appendix."""
    return page.body.get("class", [""])[0]
