"""Disclosure control: the gate that every displayed number of patient-level data passes.

Counts from 1 up to a threshold are suppressed, the others rounded; percentages are computed from
rounded counts; Kaplan-Meier steps are taken on cumulative counts rounded to a midpoint. Rules
after the OpenSAFELY documentation on statistical disclosure control (outputs/sdc) and ACRO.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ctevidence.terms import did_you_mean


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
    describe : str
        The rule in one sentence, printed on every page.
    """

    name: str
    suppress_up_to: int
    round_to: int
    describe: str

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

    def cumulative(self, value: float) -> float:
        """A cumulative count of a curve, rounded to the midpoint of a step (midpoint 6)."""
        if self.is_open or value == 0:
            return value
        step = self.suppress_up_to - 1 if self.suppress_up_to > 1 else 6
        return math.ceil(value / step) * step - step / 2


PROFILES = {
    p.name: p
    for p in (
        Disclosure("open", 0, 1, "Published or simulated data: counts are shown as they are."),
        Disclosure("opensafely", 7, 5, "Counts of 1 to 7 are not shown, others rounded to 5."),
        Disclosure("min10", 9, 5, "Counts of 1 to 9 are not shown, others rounded to 5."),
    )
}


def people_may_be_shown(study) -> bool:
    """Whether single people may stand in a figure: in open data, or when they do not exist.

    Rounding hides a count, not a person's course: in anything else they are not drawn at all.
    """
    return study.is_synthetic or disclosure_of(study).is_open


NO_PEOPLE = "single people are drawn from open or simulated data only"


def disclosure_of(source) -> Disclosure:
    """The profile of a study, of published trials (open), or of a profile's name.

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
    return PROFILES[name]
