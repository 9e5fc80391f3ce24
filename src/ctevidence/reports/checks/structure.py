"""R12: what assistive technology needs of a page, as far as it can be told without a browser.

The rules of axe-core that a page can break seriously. The test suite lets axe-core itself look at
every page in a browser (``tests/browser``), where also colours and cut-off text are seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

from ctevidence.reports.checks.pack import Pack, text_of

#: what a list may hold
PARTS = {"ul": {"li"}, "ol": {"li"}, "dl": {"dt", "dd", "div"}}
INTERACTIVE = ["a", "summary", "button", "input", "select"]


def usable(pack: Pack) -> Iterator[str]:
    """R12: landmarks, names of what can be used, lists and definitions that are whole."""
    for name, page in pack.pages.items():
        yield from (f"{name}: {problem}" for problem in _page(page, pack.tags[name]))


def _page(page: BeautifulSoup, tags: list[Tag]) -> Iterator[str]:
    if sum(tag.name == "main" for tag in tags) != 1:
        yield "not exactly one <main>"
    viewport = page.find("meta", attrs={"name": "viewport"})
    content = viewport.get("content", "") if viewport else ""
    if "width=device-width" not in content or "maximum-scale" in content or "user-scal" in content:
        yield "a small screen cannot show or enlarge it"
    for tag in (tag for tag in tags if tag.name in INTERACTIVE):
        if not text_of(tag) and not tag.get("aria-label"):
            yield f"<{tag.name}> without a name"
        if any(inner.name in INTERACTIVE for inner in tag.find_all(True)):
            yield f"<{tag.name}> holds something else to click on"
    for tag in tags:
        if tag.get("role") == "region" and not tag.get("aria-label"):
            yield "a region without a name"
        if tag.get("tabindex", "0") not in ("0", "-1"):
            yield "an order of its own for the tabulator key"
    yield from _lists(tags)
    targets = {tag["id"] for tag in tags if tag.has_attr("id")}
    for link in (tag for tag in tags if tag.name == "a"):
        address = link.get("href", "")
        if address.startswith("#") and address[1:] not in targets:
            yield f"a link to {address}, which is not there"


def _lists(tags: list[Tag]) -> Iterator[str]:
    for tag in tags:
        if tag.name in PARTS:
            yield from _only(tag, PARTS[tag.name])
        elif tag.name == "details":
            first = tag.find(True, recursive=False)
            if first is None or first.name != "summary":
                yield "<details> without a line that opens it"


def _only(tag: Tag, allowed: set[str]) -> Iterator[str]:
    others = {child.name for child in tag.find_all(True, recursive=False)} - allowed
    yield from (f"<{tag.name}> holds <{name}>" for name in sorted(others))
