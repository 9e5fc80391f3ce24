"""Misreadings that a page must prevent, each with the sentence that does, when it is called for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claim import FOUR_ARMS, TRIALS
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.hearing import condition_of, lacks_harms, source_of, stratum_of
from ctevidence.evidence.verdict import SMALL_STUDY, Direction
from ctevidence.language import pick, words


@dataclass(frozen=True)
class _Shown:
    """What a page shows."""

    rows: tuple[Estimate, ...]
    verdicts: tuple[Verdict, ...]

    def any_row(self, test: Callable[[Estimate], bool]) -> bool:
        return any(test(row) for row in self.rows)

    def any_verdict(self, direction: Direction) -> bool:
        return any(verdict.direction is direction for verdict in self.verdicts)


#: misreading -> whether what is shown invites it
SITUATIONS: Mapping[str, Callable[[_Shown], bool]] = {
    "not-established": lambda s: s.any_verdict(Direction.NOT_ESTABLISHED),
    "not-determined": lambda s: s.any_verdict(Direction.NOT_DETERMINED),
    "no-data": lambda s: s.any_verdict(Direction.NO_DATA),
    "no-synergy": lambda s: s.any_row(lambda r: r.measure.startswith("interaction_")),
    "first-is-not-best": lambda s: s.any_row(lambda r: r.measure in ("rank", "p_score")),
    "taper": lambda s: s.any_row(lambda r: stratum_of(r) == "taper"),
    "dropout": lambda s: s.any_row(
        lambda r: r.outcome.startswith(("dropout", "staying in treatment"))
    ),
    "young-harms": lambda s: s.any_row(lacks_harms),
    "usual-care": lambda s: s.any_row(lambda r: "control" in (r.arm, r.reference)),
    "per-100": lambda s: s.any_row(lambda r: r.unit == "probability"),
    "convenience-sample": lambda s: s.any_row(lambda r: source_of(r) in (TRIALS, FOUR_ARMS)),
    "bipolar": lambda s: s.any_row(lambda r: condition_of(r) == "bipolar"),
    "small-study-span": lambda s: s.any_row(lambda r: r.measure.endswith("_small_study_range")),
    "one-sided": lambda s: s.any_row(lambda r: r.alternative != "two-sided"),
    "elsewhere": lambda s: any(v.is_elsewhere or len(v.elsewhere) for v in s.verdicts),
}


def misreadings(
    estimates: Estimates | Iterable[Estimate], verdicts: Iterable[Verdict] = ()
) -> dict[str, str]:
    """The sentences that a page needs, by the misreading that each prevents.

    Parameters
    ----------
    estimates : iterable of Estimate
        What the page shows; rows that cannot be estimated invite nothing.
    verdicts : iterable of Verdict

    Returns
    -------
    dict of str to str
        In the order of the list; only what the page invites.

    Examples
    --------
    >>> row = Estimate("t", "dropout", "combined", "risk_ratio", 1.1, reference="therapy")
    >>> misreadings([row])
    {'dropout': 'Leaving treatment is not always intolerance: people also leave because they are \
well.'}
    """
    shown = _Shown(tuple(row for row in estimates if row.is_estimable), tuple(verdicts))
    called_for = (name for name in words("misreadings") if SITUATIONS[name](shown))
    return {name: pick("misreadings", name, small=SMALL_STUDY) for name in called_for}
