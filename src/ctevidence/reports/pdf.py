"""A page as PDF: tagged for screen readers, made by WeasyPrint, without any outside request."""

from __future__ import annotations

import importlib
import re
import warnings

HOW = (
    "A PDF needs WeasyPrint and the library Pango. Install them (pip install 'ctevidence[pdf]'; "
    "Debian and Ubuntu: apt install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; macOS: "
    "brew install pango), or print report.html from a browser."
)
NO_FONT = (
    "A PDF needs a font, and none is installed. Install one (Debian and Ubuntu: apt install "
    "fonts-dejavu-core), or print report.html from a browser."
)
#: what stands behind a line that opens it: a printed page has no such line
FOLD = re.compile(r"<(/?)details(?: open)?>")


class MissingFormatError(RuntimeError):
    """A format was asked for whose program is not installed; the message says how to get it."""


def pdf(html: str) -> bytes:
    """A self-contained page as PDF/UA-1 (tagged, with title and language).

    Tables that the page keeps behind a line to open are left out, as they would be in print.

    Parameters
    ----------
    html : str
        A page of the report pack. Only ``data:`` addresses are followed.

    Returns
    -------
    bytes
        The same bytes for the same page.

    Raises
    ------
    MissingFormatError
        When WeasyPrint, Pango or every font is missing.
    """
    try:
        with warnings.catch_warnings():
            # without a font Pango ends the whole process, of which WeasyPrint only warns
            warnings.filterwarnings("error", ".*Expect ugly output", UserWarning)
            weasyprint = importlib.import_module("weasyprint")
    except UserWarning as without_font:
        raise MissingFormatError(NO_FONT) from without_font
    except (ImportError, OSError) as missing:  # OSError: the Python part is there, Pango is not
        raise MissingFormatError(HOW) from missing
    # pages hold everything themselves: nothing else may be asked for, not even a file beside them
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols={"data"})
    document = weasyprint.HTML(string=for_print(html), url_fetcher=fetcher)
    return document.write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True)


def for_print(html: str) -> str:
    """The page without what stands behind a line to open.

    Examples
    --------
    >>> for_print("<p>a</p><details>b<details>c</details>d</details><p>e</p>")
    '<p>a</p><p>e</p>'
    """
    kept, depth, start = [], 0, 0
    for fold in FOLD.finditer(html):
        if depth == 0:
            kept.append(html[start : fold.start()])
        depth += -1 if fold[1] else 1  # folds may stand in folds
        start = fold.end()
    return "".join([*kept, html[start:]])
