"""Truth of a simulated world, on every scale that the package estimates.

Truth is `Levels`: what everyone in the population would have under each arm. Contrasts and
synergy are made of these levels like those of any fit; what is a standard error there is the
Monte-Carlo error here. Where the levels come from is in `population`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from ctevidence.contrasts import compare, compare_treatments, per_arm, synergy
from ctevidence.estimates import Estimate
from ctevidence.levels import Levels
from ctevidence.simulate.effects import ARMS
from ctevidence.simulate.population import PEOPLE, Quantity, quantities, true_levels
from ctevidence.simulate.scenario import LAST_DAY, WEEKS, Scenario
from ctevidence.terms import (
    COMPONENTS,
    CONTRAST_MEASURES,
    DAYS_PER_WEEK,
    LEVEL_MEASURES,
    Arm,
    did_you_mean,
)

COLUMNS = (
    *("outcome", "of", "arm", "reference", "measure", "week"),
    *("truth", "monte_carlo_error", "method"),
)


@dataclass(frozen=True)
class Truth:
    """What is true in a simulated world. Nothing is calculated before it is asked for.

    Parameters
    ----------
    scenario : Scenario
    people : int
        How many people are followed under all four arms, where there is no closed form.

    Examples
    --------
    >>> from ctevidence.simulate.effects import Effects
    >>> truth = Truth(Scenario(Effects(medication=-3, therapy=-2, interaction=-1)))
    >>> truth.value("mean_difference", "combined", 12, against="medication")
    -3.0
    >>> truth.value("interaction_difference", "combined", 12, outcome="course")
    -1.0
    """

    scenario: Scenario
    people: int = PEOPLE

    def levels(self, measure: str, week: float | None = None, *, outcome: str = "") -> Levels:
        """True levels of one measure at one week, under all arms jointly.

        Parameters
        ----------
        measure : str
            A level measure: ``risk``, ``mean``, ``survival``, ``rmst`` or ``log_hazard``.
        week : float, optional
            A scheduled week for what is seen at visits; any week of follow-up for survival and
            restricted mean times (of relapse: since remission); none for hazards and harms.
        outcome : str
            One of `outcomes`; may be left out where only one has this measure.

        Raises
        ------
        KeyError
            When the outcome is unknown or ambiguous, or the week is not one of its weeks; the
            message lists what there is.
        """
        return self._levels(self._quantity(measure, outcome), week)

    def value(self, measure: str, arm: str, week: float | None = None, **chosen: str) -> float:
        """The true value of a level, a contrast or an interaction; parameters as for `row`."""
        return float(self.row(measure, arm, week, **chosen)["truth"])

    def row(
        self,
        measure: str,
        arm: str,
        week: float | None = None,
        *,
        against: str = "",
        outcome: str = "",
        of: str = "",
    ) -> pd.Series:
        """One row of `frame`: a level, a contrast or an interaction, at any of its weeks.

        Parameters
        ----------
        measure : str
            As in the column ``measure`` of `Estimates`.
        arm : str
            ``"combined"`` for interactions.
        week : float, optional
            As for `levels`.
        against : str
            The other arm of a contrast.
        outcome, of : str
            The outcome and the level measure that are meant, where `measure` leaves a choice:
            risks are of response, remission and others; interactions are of any level.

        Raises
        ------
        KeyError
            For anything unknown or ambiguous; the message lists what there is.
        """
        if measure in CONTRAST_MEASURES and not against:
            raise KeyError(f"A {measure} compares two arms; say which one it is against.")
        quantity = self._quantity(measure, outcome, of)
        levels = self._levels(quantity, week)
        if measure in CONTRAST_MEASURES:
            rows = compare(levels, arm, against=against, measure=measure)
        else:
            rows = per_arm(levels) if measure == quantity.measure else synergy(levels)
        wanted = [row for row in rows if (row.arm, row.measure) == (arm, measure)]
        if not wanted:
            raise KeyError(f'There is no {measure} of "{arm}"{did_you_mean(arm, ARMS)}')
        return pd.Series(_row(quantity, wanted[0]))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes of which the truth is known."""
        return tuple(dict.fromkeys(quantity.outcome for quantity in quantities(self.scenario)))

    @property
    def frame(self) -> pd.DataFrame:
        """All levels, contrasts and interactions at the scheduled weeks, tidy.

        Columns: `COLUMNS`. ``of`` is the level measure that a row is made of;
        ``monte_carlo_error`` is on the scale of ``truth``, and 0 for a closed form.
        """
        return pd.DataFrame(self._rows, columns=COLUMNS)

    @cached_property
    def _rows(self) -> list[dict]:
        return [
            _row(quantity, row)
            for quantity in quantities(self.scenario)
            for week in ((None,) if quantity.when == "never" else WEEKS)
            for row in _all_rows(self._levels(quantity, week))
        ]

    def _quantity(self, measure: str, outcome: str, of: str = "") -> Quantity:
        """The one quantity that is meant: with this measure among what it gives."""
        if outcome and outcome not in self.outcomes:
            raise KeyError(f'There is no outcome "{outcome}"{did_you_mean(outcome, self.outcomes)}')
        known = quantities(self.scenario)
        found = [q for q in known if outcome in ("", q.outcome) and of in ("", q.measure)]
        found = [q for q in found if measure in _given_by(q)]
        if len(found) == 1:
            return found[0]
        listed = ", ".join(f"{q.measure} of {q.outcome}" for q in found or known)
        problem = (
            "could be several; say outcome= and, for interactions, of=" if found else "unknown"
        )
        raise KeyError(f'True "{measure}": {problem}. There is {listed}.')

    def _levels(self, quantity: Quantity, week: float | None) -> Levels:
        _refuse_week(quantity, week)
        estimate, cov, method = true_levels(self.scenario, self.people, quantity, week)
        return Levels(
            study="simulated",
            outcome=quantity.outcome,
            population="everyone in the population",
            arms=tuple(Arm(str(t), t) for t in ARMS),
            keys=tuple((str(t), week) for t in ARMS),
            measure=quantity.measure,
            better=quantity.better,
            estimate=estimate,
            cov=cov,
            n=(self.people,) * len(ARMS),
            events=(None,) * len(ARMS),
            randomised=frozenset(COMPONENTS),
            method=method,
            anchored=quantity.measure != "log_hazard",
        )


def _given_by(quantity: Quantity) -> tuple[str, ...]:
    level = LEVEL_MEASURES[quantity.measure]
    return (level.name, *level.contrasts, *level.synergy)


def _refuse_week(quantity: Quantity, week: float | None) -> None:
    last = LAST_DAY / DAYS_PER_WEEK
    allowed = {
        "scheduled": (week in WEEKS, f"weeks {', '.join(f'{w:g}' for w in WEEKS)}"),
        "any": (week is not None and 0 < week <= last, f"any week up to {last:g}"),
        "never": (week is None, "no week: leave it out"),
    }
    fits, what = allowed[quantity.when]
    if not fits:
        raise KeyError(f"{quantity.measure} of {quantity.outcome} has {what}; found {week}.")


def _all_rows(levels: Levels) -> Iterator[Estimate]:
    if levels.anchored:
        yield from per_arm(levels)
    yield from compare_treatments(levels)
    for row in synergy(levels):
        if row.measure in LEVEL_MEASURES[levels.measure].synergy:
            yield row


def _row(quantity: Quantity, row: Estimate) -> dict:
    """The row of an estimate whose standard error is a Monte-Carlo error."""
    slope = row.estimate if row.error_scale == "log" else 1.0
    if row.measure == "nnt":  # its error is that of the difference it inverts
        slope = row.estimate**2
    return {
        "outcome": quantity.outcome,
        "of": quantity.measure,
        "arm": row.arm,
        "reference": row.reference,
        "measure": row.measure,
        "week": row.week,
        "truth": row.estimate,
        "monte_carlo_error": row.std_error * slope,
        "method": row.method.split(";")[0],
    }
