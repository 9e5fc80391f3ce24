"""Names that rows keep in English, said in the language in use.

Outcomes, populations, references and units of estimates are identifiers: the same in every
language, so that claims, files and other code find them. What a page, a figure or a sentence shows
of them passes through `in_words`. The tables ``names`` and ``names_with`` of the file of words hold
them: the English entry is the identifier itself, that of another language what is shown for it.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from ctevidence.language import Language, language, pattern_of, spoken

WHOLE, MADE = "names", "names_with"
#: between the parts of a name, outside brackets
_BETWEEN = re.compile(r"([;,] )(?![^()]*\))")
_JOINED = {" or ": "between.or", " + ": None, " x ": None}


def in_words(name: str) -> str:
    """A name of a row as readers see it; one without an entry, a study's own, as it stands.

    Parts between commas and semicolons are said one by one, and what a template holds again.

    Examples
    --------
    >>> in_words("response (missing as non-response)"), in_words("days well by diary")
    ('response (missing as non-response)', 'days well by diary')
    """
    return name if spoken() is language() else _said(spoken(), name)


def name_of(key: str, /, **values: object) -> str:
    """A name made from a template, in English whatever the language in use.

    Examples
    --------
    >>> name_of("improvement", scale="PHQ-9")
    'improvement on PHQ-9'
    """
    return language().fill(f"{MADE}.{key}", values)


@lru_cache(maxsize=4096)
def _said(speaking: Language, name: str) -> str:
    whole, made = _english()
    if name in whole:
        return speaking.entries[f"{WHOLE}.{whole[name]}"]
    parts = _BETWEEN.split(name)
    if len(parts) > 1:
        return "".join(p if i % 2 else _said(speaking, p) for i, p in enumerate(parts))
    for key, template in made.items():
        if found := template.fullmatch(name):
            inner = {k: _said(speaking, text) for k, text in found.groupdict().items()}
            return speaking.fill(f"{MADE}.{key}", inner)
    for between, key in _JOINED.items():
        if between in name:
            told = speaking.entries[key] if key else between
            return told.join(_said(speaking, part) for part in name.split(between))
    return name


@cache
def _english() -> tuple[dict[str, str], dict[str, re.Pattern]]:
    """Keys of whole names by what they are in English; templates in the order of the file."""
    english = language()
    whole = {text: key for key, text in english.table(WHOLE).items()}
    return whole, {key: pattern_of(text) for key, text in english.table(MADE).items()}
