"""Words with the estimates that they are made from: what a page shows can be traced to its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from ctevidence.estimates import Estimate


@dataclass(frozen=True)
class Told:
    """A text and where its numbers come from.

    Parameters
    ----------
    text : str
    estimates : tuple of str
        Ids of the estimates behind its numbers.
    about : tuple of (str, str)
        Further names of what it is about: ``("outcome", "response")``.

    Examples
    --------
    >>> print(Told("13 more of every 100 people", ("demo/response/1",)))
    13 more of every 100 people
    >>> Told("13 more", ("demo/response/1",), (("card", "response"),)).attributes
    ' data-estimates="demo/response/1" data-card="response"'
    """

    text: str
    estimates: tuple[str, ...] = ()
    about: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.text

    @property
    def attributes(self) -> str:
        """Escaped HTML attributes, with a space in front; empty when there is nothing to name."""
        return attributes_of(self.estimates, self.about)


def told(text: str, *rows: Estimate | None, **about: str) -> Told:
    """A text made from rows; missing ones are left out."""
    return Told(text, ids_of(rows), tuple(about.items()))


def ids_of(rows: Iterable[Estimate | None]) -> tuple[str, ...]:
    """Ids of rows, each once."""
    return tuple(dict.fromkeys(row.id for row in rows if row is not None))


def attributes_of(estimates: Iterable[str], about: Iterable[tuple[str, str]] = ()) -> str:
    """``data-estimates`` and its companions as HTML."""
    ids = " ".join(estimates)
    pairs = [("estimates", ids)] if ids else []
    pairs += [(name, value) for name, value in about if value]
    return "".join(f' data-{escape(name)}="{escape(value)}"' for name, value in pairs)
