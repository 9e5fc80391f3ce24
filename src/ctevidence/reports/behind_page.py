"""What the report keeps behind lines to open, all of it open: a page of the appendix.

Made from the report's own folds, so that nothing can be folded there and missing here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from markupsafe import Markup

from ctevidence.language import say
from ctevidence.reports.page import Block, Fold, Page, Section, heading, verbatim

NAME = "behind"
_BEGIN = re.compile(r"<details(?: open)?><summary>(.*?)</summary>", re.S)


def behind_page(report: Page) -> Page:
    """The page ``appendix/behind.html``.

    Parameters
    ----------
    report : Page
        The report for clinicians.

    Returns
    -------
    Page
        A section for each section of the report that folds something away.
    """
    sections = (
        Section(section.id, section.title, tuple(_opened(section.folds)))
        for section in report.sections
        if section.folds
    )
    return replace(
        report,
        kind="appendix",
        title=say("appendix.behind"),
        lead=say("appendix.behind_lead"),
        sections=tuple(sections),
        folds_in_appendix=False,
    )


def _opened(folds: tuple[Fold, ...]) -> Iterator[Block]:
    for fold in folds:
        if not fold.is_of_figure:  # the numbers of a figure bear its title as their caption
            yield heading(fold.title)
        yield verbatim(_open(fold.inner))


def _open(html: Markup) -> str:
    """Folds within folds as paragraphs.

    Examples
    --------
    >>> _open(Markup("<p>a</p><details><summary>more</summary><p>b</p></details>"))
    '<p>a</p><p class="opened">more</p><p>b</p>'
    """
    return _BEGIN.sub(r'<p class="opened">\1</p>', str(html)).replace("</details>", "")
