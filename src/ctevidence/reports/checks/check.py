"""One check, what it found, and the error of a pack that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctevidence.language import words

if TYPE_CHECKING:  # a run that fails elsewhere need not load what reads pages
    from ctevidence.reports.checks.pack import Pack

#: problems of one check that an error shows; the rest is counted
SHOWN = 5


@dataclass(frozen=True)
class Rule:
    """What a released pack must follow.

    Parameters
    ----------
    id : str
        ``R1`` to ``R16``.
    """

    id: str

    @property
    def rule(self) -> str:
        """What must hold, in words."""
        return words("check_rules")[self.id]

    @property
    def source(self) -> str:
        """The standard it comes from."""
        return words("check_sources")[self.id]


@dataclass(frozen=True)
class Check(Rule):
    """A rule with the way to hold a pack against it.

    Parameters
    ----------
    problems : callable
        Takes a `Pack`, yields a sentence for each place where the rule is broken.
    """

    problems: Callable[[Pack], Iterator[str]]


@dataclass(frozen=True)
class Found(Rule):
    """A rule with the problems that were found; none when it is kept."""

    problems: tuple[str, ...]


class FailedCheckError(ValueError):
    """A pack that breaks a rule is not released; the message lists every broken rule."""


def run_checks(pack: Pack, checks: Sequence[Check]) -> tuple[Found, ...]:
    """Hold a pack against every rule."""
    return tuple(Found(check.id, tuple(check.problems(pack))) for check in checks)


def refuse_failed(found: Sequence[Found]) -> None:
    """Stop with every broken rule, its source and the first places.

    Raises
    ------
    FailedCheckError
        When any check found a problem.
    """
    if lines := [line for f in found if f.problems for line in _lines(f)]:
        raise FailedCheckError("The report is not released:\n" + "\n".join(lines))


def _lines(found: Found) -> Iterator[str]:
    yield f"{found.id} {found.rule} ({found.source}):"
    yield from (f"  - {problem}" for problem in found.problems[:SHOWN])
    if (more := len(found.problems) - SHOWN) > 0:
        yield f"  - and {more} more"
