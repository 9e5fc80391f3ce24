"""Disclosure control: the gate that every displayed number of patient-level data passes.

Counts from 1 up to a threshold are suppressed, the others rounded; percentages are computed from
rounded counts; a cell that could be worked out from its total is held back as well; steps of
curves are taken on cumulative counts rounded to a midpoint. Rules after the OpenSAFELY
documentation on statistical disclosure control (outputs/sdc), its ``round_km``, and ACRO.
Model-based numbers are made coarse in `display.precision`, rows of estimates pass
`display.release.gated`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ctevidence.language import pick, say
from ctevidence.terms import did_you_mean

#: Fewer residual degrees of freedom come close to a saturated model, which repeats its data (ACRO).
LEAST_DF = 10


@dataclass(frozen=True)
class Disclosure:
    """How counts are shown.

    Parameters
    ----------
    name : str
    suppress_up_to : int
        Counts from 1 to this are not shown.
    round_to : int
        Other counts are rounded to the nearest multiple of this.
    block : int
        Cumulative counts of curves rise in blocks of so many people.
    of : str
        Name of the study whose people are protected; whatever else stands beside it is published.
        Everybody when empty.

    Examples
    --------
    >>> strict = PROFILES["opensafely"]
    >>> [strict.count(k) for k in (0, 3, 8, 13)], [strict.cumulative(k) for k in (0, 1, 6, 7)]
    ([0, None, 10, 15], [0, 3.0, 3.0, 9.0])
    >>> strict.texts([3, 28, 60])
    ['not shown', 'not shown', '60']
    """

    name: str
    suppress_up_to: int
    round_to: int
    block: int = 1
    of: str = field(default="", compare=False)

    @property
    def describe(self) -> str:
        """The rule in one sentence, printed on every page."""
        return pick("disclosure_profiles", self.name)

    @property
    def is_open(self) -> bool:
        return self.suppress_up_to == 0 and self.round_to == 1

    def count(self, value: int | None) -> int | None:
        """The count that may be shown; None when it may not."""
        if value is None or 0 < value <= self.suppress_up_to:
            return None
        return int(math.floor(value / self.round_to + 0.5) * self.round_to)

    def text(self, value: int | None) -> str:
        """The count as text: ``"1-7"`` style masks, never 0 for a suppressed count."""
        if value is None:
            return ""
        allowed = self.count(value)
        return f"1–{self.suppress_up_to}" if allowed is None else f"{allowed}"

    def events(self, events: int | None, n: int | None) -> int | None:
        """Events as they may be shown: of a group that is hidden none, not even that there is none.

        Examples
        --------
        >>> PROFILES["opensafely"].events(0, 5), PROFILES["opensafely"].events(0, 50)
        (None, 0)
        """
        hidden = n is not None and self.count(n) is None
        return None if hidden else self.count(events)

    def events_text(self, events: int | None, n: int | None) -> str:
        """Events as text: of a group that is hidden they are masked as the group is."""
        hidden = events is not None and self.events(events, n) is None
        return self.text(1) if hidden else self.text(events)

    def hides(self, events: int | None, n: int | None) -> bool:
        """Whether a group is too small to show, or those with or without the event are too few.

        A share or a contrast made from such a group would give the hidden count away.
        """
        without = None if events is None or n is None else n - events
        return any(k is not None and self.count(k) is None for k in (events, n, without))

    def share(self, events: int | None, n: int | None) -> float:
        """A proportion computed from the counts that may be shown; nan when it may not be."""
        top, bottom = self.count(events), self.count(n)
        if top is None or not bottom or self.hides(events, n):
            return math.nan
        return min(top / bottom, 1.0)

    def texts(self, parts: Sequence[int]) -> list[str]:
        """The parts of a whole as texts; where one alone is hidden, another is held back with it.

        The whole stands somewhere on the page, or can be added up: a single hidden part would be
        what the others leave. Both then read the same, so that nobody knows which is the small
        one; where all parts are so small that even this would show, none of them is said.
        """
        shown = [self.text(k) for k in parts]
        hidden = [i for i, k in enumerate(parts) if self.count(k) is None]
        others = [i for i, k in enumerate(parts) if k and i not in hidden]
        if len(hidden) != 1 or not others:
            return shown
        # what the whole has beyond the least that the others can be
        beyond = sum(parts) - len(others) * (self.suppress_up_to + 1)
        held = [min(others, key=lambda i: parts[i])] if beyond >= self.suppress_up_to else others
        return [
            say("display.not_shown") if i in (*hidden, *held) else text
            for i, text in enumerate(shown)
        ]

    def cumulative(self, value: float) -> float:
        """A cumulative count of a curve, rounded to the midpoint of a block.

        Of blocks of 6, ``ceil(x / 6) * 6 - 3`` (midpoint 6 of OpenSAFELY): 1 to 6 read 3.
        """
        if self.is_open or value == 0:
            return value
        return math.ceil(value / self.block) * self.block - self.block / 2


PROFILES = {
    p.name: p
    for p in (
        Disclosure("open", 0, 1),
        Disclosure("opensafely", 7, 5, 6),
        Disclosure("nhs-hes", 7, 5, 8),
        Disclosure("min10", 9, 5, 10),
    )
}


def people_may_be_shown(study) -> bool:
    """Whether single people may stand in a figure: in open data, or when they do not exist.

    Rounding hides a count, not a person's course: in anything else they are not drawn at all.
    """
    return study.is_synthetic or disclosure_of(study).is_open


def disclosure_of(source, of: str = "") -> Disclosure:
    """The profile of a study, of published trials (open), or of a profile's name.

    Parameters
    ----------
    source : Study, Trials, Disclosure or str
    of : str
        With a profile's name: the study whose people it protects; everybody when empty.

    Raises
    ------
    KeyError
        For a name that no profile has.

    Examples
    --------
    >>> disclosure_of("opensafely").text(3), disclosure_of("opensafely").text(13)
    ('1–7', '15')
    """
    if isinstance(source, Disclosure):
        return source
    # published aggregates carry no profile: their counts are public already
    name = source if isinstance(source, str) else getattr(source, "disclosure", "open")
    if name not in PROFILES:
        raise KeyError(f'No disclosure profile "{name}"{did_you_mean(name, PROFILES)}')
    return replace(
        PROFILES[name], of=of if isinstance(source, str) else getattr(source, "name", "")
    )
