"""The glossary: words and what they mean here, for the documentation and for pages."""

from __future__ import annotations

from ctevidence.language import say, words

_WORD, _MEANING = ".word", ".meaning"


def glossary(*keys: str) -> list[tuple[str, str]]:
    """Words with their meanings, in the order asked for; all of them when none is named.

    Raises
    ------
    KeyError
        For a word that the glossary does not have.

    Examples
    --------
    >>> glossary("no-data")
    [('no data', 'no source here can speak to it; it does not mean that it does not work')]
    """
    known = words("glossary")
    names = keys or [key.removesuffix(_WORD) for key in known if key.endswith(_WORD)]
    return [(known[f"{name}{_WORD}"], known[f"{name}{_MEANING}"]) for name in names]


def glossary_page() -> str:
    """The page ``docs/glossary.md``: ``python -m ctevidence.display.glossary`` writes it anew."""
    lines = [f"# {say('glossary_page.title')}", ""]
    head = (say("glossary_page.word"), say("glossary_page.meaning"))
    rows = [head, ("---", "---"), *glossary()]
    lines += [f"| {word} | {meaning} |" if word != "---" else "|---|---|" for word, meaning in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(glossary_page(), end="")
