"""The treatments that a person may be given at once, in words."""

from __future__ import annotations

from collections.abc import Iterable

from ctevidence.language import say, words
from ctevidence.terms import COMPONENTS


def components_words(components: Iterable[str]) -> str:
    """Components as a sentence names them; empty where there are none.

    Examples
    --------
    >>> components_words({"therapy", "medication"}), components_words({"therapy"})
    ('medication and therapy', 'therapy')
    """
    named = [words("treatments")[name] for name in COMPONENTS if name in components]
    return (
        say("appendix.and", first=named[0], second=named[1]) if len(named) > 1 else "".join(named)
    )
