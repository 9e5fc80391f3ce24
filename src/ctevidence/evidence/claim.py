"""`Claim`: a statement under test, as data."""

from __future__ import annotations

from dataclasses import dataclass

from ctevidence.evidence.verdict import Direction, Thresholds

#: what can speak to a claim, and in this order a lead is looked for among single studies
TRIALS, FOUR_ARMS, PARTICIPANTS, NETWORK = "trials", "four-arm trials", "participants", "network"
SOURCES = (TRIALS, FOUR_ARMS, PARTICIPANTS, NETWORK)
ADULTS, YOUNG = "adults", "young"
AGES = (ADULTS, YOUNG)

_NO_HARM = frozenset({Direction.BENEFIT, Direction.LITTLE, Direction.NO_WORSE})
_NO_GAIN = frozenset({Direction.LITTLE, Direction.HARM, Direction.NO_WORSE})
#: direction that a claim states -> directions of the data that bear it out, that contradict it
_STATED = {
    "benefit": ({Direction.BENEFIT}, _NO_GAIN),
    "no worse": (_NO_HARM, {Direction.HARM}),
    "harm": ({Direction.HARM}, _NO_HARM),
    "no difference": (_NO_GAIN, {Direction.BENEFIT}),
}
STATED = tuple(_STATED)


@dataclass(frozen=True)
class Claim:
    """A statement under test and what can speak to it; fields as in ``claims.toml``.

    Parameters
    ----------
    id, says : str
        Name, and the text as a practice would say it.
    arm, reference : str
        The contrast; `reference` may be ``best single treatment`` or ``additivity``.
    outcomes, measures : tuple of str
        Starts of outcomes' names, and measures, the leading one first.
    question : str
        What data can answer.
    direction : {"benefit", "no worse", "harm", "no difference"}
        What the claim states of the arm, for the person treated.
    margin : float, optional
        Of a claim of "no worse", or a worry about harm: the loss that must be excluded.
    sources : tuple of str
        Of `SOURCES`; empty where none speaks today, with `no_source` saying why.
    network_references, network_measures : tuple of str
        Which rows of a network speak.
    condition : str
        A group of conditions; empty for the one that a report asks about.
    age_group : {"adults", "young"}
    stratum : str
        Trials of a stratum of their own (``taper``); empty for the main one.
    thresholds : Thresholds
        Smallest differences that matter.
    expected : str
        What would be seen if the claim held, for claims that do not say so themselves.
    worry : bool
        A worry about combined treatment, not a promise.

    Examples
    --------
    >>> claim = Claim("blunts", "Medication blunts therapy", direction="harm", worry=True)
    >>> claim.is_borne_out(Direction.BENEFIT), claim.is_borne_out(Direction.NOT_DETERMINED)
    (False, None)
    """

    id: str
    says: str
    arm: str = ""
    reference: str = ""
    outcomes: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    question: str = ""
    direction: str = "benefit"
    margin: float | None = None
    sources: tuple[str, ...] = SOURCES
    network_references: tuple[str, ...] = ()
    network_measures: tuple[str, ...] = ()
    condition: str = ""
    age_group: str = ADULTS
    stratum: str = ""
    thresholds: Thresholds = Thresholds()
    worry: bool = False
    no_source: str = ""
    expected: str = ""

    def is_borne_out(self, found: Direction) -> bool | None:
        """Whether what the data say bears the claim out; None where they do not tell."""
        supports, contradicts = _STATED[self.direction]
        return True if found in supports else False if found in contradicts else None

    def place_of(self, outcome: str) -> int | None:
        """Where an outcome stands in the order of the claim; None when it does not speak to it."""
        names = outcome.split(" or ")
        for place, start in enumerate(self.outcomes):
            if any(name.startswith(start) for name in names):
                return place
        return None
