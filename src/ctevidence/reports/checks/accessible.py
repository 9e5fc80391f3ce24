"""R11: pages that work without sight of pictures, without colour, and with a screen reader."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

from ctevidence.reports.checks.pack import Pack, text_of

ALT_LENGTH = (40, 600)
HEADING = re.compile("h[1-6]$")
TEXT_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3, level AA
#: pairs of the style sheet's colours that carry text: (text, behind it)
TEXT_PAIRS = (("ink", "paper"), ("muted", "paper"), ("muted", "tint"), ("ink", "tint"),
              ("warn-ink", "warn-bg"), ("link", "paper"), ("link", "tint"))  # fmt: skip


def accessible(pack: Pack) -> Iterator[str]:
    """R11: alt text, captions, scopes, headings in order, language, contrast."""
    for name, page in pack.pages.items():
        for problem in _page(page, pack.tags[name]):
            yield f"{name}: {problem}"
    for style in {page.style.get_text() for page in pack.pages.values() if page.style}:
        yield from contrast(style)


def _page(page: BeautifulSoup, tags: list[Tag]) -> Iterator[str]:
    if not page.html.get("lang"):
        yield "no language is declared"
    if not page.title or not text_of(page.title):
        yield "no title"
    yield from _headings([int(tag.name[1]) for tag in tags if HEADING.match(tag.name)])
    for image in (tag for tag in tags if tag.name == "img"):
        length = len(image.get("alt", ""))
        if not ALT_LENGTH[0] <= length <= ALT_LENGTH[1]:
            yield f"a picture's alt text has {length} characters: {image.get('alt', '')[:60]!r}"
    for table in (tag for tag in tags if tag.name == "table"):
        yield from _table(table)
    ids = Counter(tag["id"] for tag in tags if tag.has_attr("id"))
    yield from (f"{many} elements have the id {i}" for i, many in ids.items() if many > 1)


def _headings(levels: list[int]) -> Iterator[str]:
    if levels.count(1) != 1:
        yield f"{levels.count(1)} headings of the first level"
    for before, after in zip(levels, levels[1:], strict=False):
        if after > before + 1:
            yield f"a heading of level {after} follows one of level {before}"


def _table(table: Tag) -> Iterator[str]:
    caption = table.find("caption")
    title = text_of(caption) if caption else ""
    if not title:
        yield "a table without caption"
    for cell in table.find_all("th"):
        if cell.get("scope") not in ("col", "row"):
            yield f"table {title!r}: a header cell without scope"
        if not text_of(cell):
            yield f"table {title!r}: an empty header cell"
    if any(tag.has_attr("colspan") or tag.has_attr("rowspan") for tag in table.find_all(True)):
        yield f"table {title!r}: merged cells"


def contrast(style: str) -> Iterator[str]:
    """Text of each colour scheme (light, dark, print) against what is behind it."""
    schemes = re.findall(r":root\s*\{([^}]*)\}", style)
    colours: dict[str, str] = {}
    for scheme in schemes:
        named = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", scheme))
        colours = {**colours, **named}
        for text, behind in TEXT_PAIRS:
            ratio = contrast_ratio(colours[text], colours[behind])
            if ratio < TEXT_CONTRAST:
                yield f"--{text} {colours[text]} on --{behind} {colours[behind]}: {ratio:.1f} to 1"


def contrast_ratio(one: str, other: str) -> float:
    """Contrast of two colours, from 1 to 21 (WCAG 2.2, definition of contrast ratio).

    Examples
    --------
    >>> contrast_ratio("#000", "#ffffff"), round(contrast_ratio("#777", "#fff"), 2)
    (21.0, 4.48)
    """
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * d for d in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
