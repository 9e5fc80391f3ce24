"""Levels of risks from counts: a published four-arm trial, or what a trial is planned to see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ctevidence.contrasts.combination import wilson
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.terms import COMPONENTS, Arm, Treatment

#: in the order in which contrasts take the four cells
FOUR_ARMS = tuple(
    Arm(name, name)
    for name in (
        Treatment.COMBINED.value,
        Treatment.MEDICATION.value,
        Treatment.THERAPY.value,
        Treatment.CONTROL.value,
    )
)


def counted_levels(
    events: Sequence[int],
    n: Sequence[int],
    *,
    outcome: str = "response",
    better: str = "higher",
    study: str = "counts",
    population: str = "everyone who started",
    week: float | None = None,
    arms: Sequence[Arm] | None = None,
    randomised: frozenset[str] = frozenset(COMPONENTS),
    caution: str = "",
) -> Levels:
    """Risks of independent groups of people, each with its Wilson interval.

    Parameters
    ----------
    events, n : sequence of int
        People with the outcome, and people, of each arm.
    outcome, study, population : str
    better : {"higher", "lower"}
        Whether more of the outcome is good.
    week : float, optional
    arms : sequence of Arm, optional
        Combined, medication, therapy, control when absent, as many as there are counts.
    randomised : frozenset of str
    caution : str

    Returns
    -------
    Levels
        An arm with nobody is nan.

    Examples
    --------
    TADS, response at week 12 (March et al. 2004, JAMA 292:807).

    >>> counted_levels((76, 66, 48, 39), (107, 109, 111, 112)).values.round(2).tolist()
    [0.71, 0.61, 0.43, 0.35]
    """
    happened, people = np.asarray(events, float), np.asarray(n, float)
    arms = tuple(FOUR_ARMS[: len(people)] if arms is None else arms)
    with np.errstate(divide="ignore", invalid="ignore"):
        risk = happened / people
        variance = risk * (1 - risk) / people

    def interval_for(conf_level: float) -> np.ndarray:
        pairs = zip(happened, people, strict=True)
        return np.array([wilson(e, k, conf_level) if k else (np.nan, np.nan) for e, k in pairs])

    return Levels(
        study=study,
        outcome=outcome,
        population=population,
        arms=arms,
        keys=tuple((arm.name, week) for arm in arms),
        measure="risk",
        better=better,
        estimate=risk,
        cov=np.diag(variance),
        n=tuple(int(k) for k in n),
        events=tuple(int(e) for e in events),
        randomised=randomised,
        method=say("contrasts.counted_levels.method"),
        caution=caution,
        interval_for=interval_for,
    )
