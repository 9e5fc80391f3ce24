"""What checks look for in a text: phrases and templates of the language that the pages speak."""

from __future__ import annotations

import re
from string import Formatter

from ctevidence.language import words

#: what parts the phrases of one entry
_PARTED = "; "


def phrases(name: str) -> tuple[str, ...]:
    """Phrases of one kind, as the table ``looked_for`` lists them.

    Examples
    --------
    >>> "no effect" in phrases("claims"), "subjects" in phrases("people")
    (True, True)
    """
    return tuple(words("looked_for")[name].split(_PARTED))


def any_of(wanted: tuple[str, ...]) -> str:
    """A pattern of the phrases as whole words.

    Examples
    --------
    >>> re.search(any_of(("min", "max")), "the minimum") is None
    True
    """
    return rf"(?<!\w)(?:{'|'.join(map(re.escape, wanted))})(?!\w)"


def pattern(template: str, **parts: str) -> str:
    """A template as a pattern: each placeholder as given, any text where it is not.

    Examples
    --------
    >>> re.findall(pattern("{low} to {high}", low=r"(\\d+)", high=r"(\\d+)"), "from 3 to 5")
    [('3', '5')]
    """
    return "".join(
        re.escape(plain) + ("" if name is None else parts.get(name, ".*"))
        for plain, name, *_ in Formatter().parse(template)
    )


def up_to(template: str, *names: str) -> str:
    """The beginning of a template up to the last of some placeholders.

    Examples
    --------
    >>> up_to("Compared with {a}, {b} {leads} {best}{behind}.", "a", "leads")
    'Compared with {a}, {b} {leads}'
    """
    end = max(template.find(f"{{{name}}}") + len(name) + 2 for name in names)
    return template[:end]
