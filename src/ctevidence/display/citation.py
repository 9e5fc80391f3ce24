"""Short names of trials for figures and tables."""

from __future__ import annotations

import re


def short_citation(citation: str) -> str:
    """The first author, trial name and year of a citation; its beginning where there is no year.

    Examples
    --------
    >>> short_citation("March (TADS) 2004 JAMA 292:807")
    'March (TADS) 2004'
    """
    found = re.match(r"^(.*?\b(?:19|20)\d\d[a-z]?)", citation)
    return found.group(1) if found else citation[:34]
