"""R1: every part that a reader needs is there and says something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ctevidence.reports.checks.pack import Pack, kind_of, text_of

#: by kind of page: the sections that no page may lack, whatever the data hold
SECTIONS = {
    "index": ("answer", "pages", "appendix"),
    "report": ("answer", "question", "claims", "certainty", "limits", "how", "glossary"),
    "brief": ("answer", "service", "options", "unknown"),
}
HEADING = re.compile("^h[1-6]$")
PAGES = ("index.html", "report.html", "brief.html")


def sections(pack: Pack) -> Iterator[str]:
    """R1: pages and sections that must not be missing or empty."""
    yield from (f"{name} is missing" for name in PAGES if name not in pack.sources)
    for name, page in pack.written.items():
        for key in SECTIONS.get(kind_of(page), ()):
            section = page.find("section", id=key)
            if section is None:
                yield f"{name} lacks the section {key}"
            elif text_of(section) == text_of(section.find(HEADING)):
                yield f"{name}: the section {key} is empty"
