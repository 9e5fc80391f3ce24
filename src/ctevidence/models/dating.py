"""How much the answer moves when relapse lies between visits, not at the one that showed it.

Side by side: the usual curve, which dates a relapse to the first visit that showed it; a model of
these dates as if they were exact; and the same model of the intervals. The last two differ in the
dating alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ctevidence.data.study import Study
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.models.fit import Fit
from ctevidence.models.over_time import OverTime, relapse_over_time
from ctevidence.models.relapse import fit_relapse
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import contrast_measure

MEASURE = "rmst_difference"


@dataclass(frozen=True)
class Dating:
    """One question answered under each dating.

    Parameters
    ----------
    curve, first_seen, between : Estimates
        The comparison, then each of its arms where single arms mean something: by the curve of
        first-seen weeks, by the model of first-seen days, and by the model of the intervals.
    reason : str
        Why there are no rows; empty when there are.
    """

    curve: Estimates
    first_seen: Estimates
    between: Estimates
    reason: str = ""

    @property
    def rows(self) -> Estimates:
        """All rows, as they are stored and shown."""
        return self.curve + self.first_seen + self.between

    def moved(self, row: int = 0) -> float:
        """What the interval changes: a difference, or the factor of a ratio; nan if either is not.

        Parameters
        ----------
        row : int
            0 for the comparison, then its arms.
        """
        return moved_to(self.first_seen.rows[row], self.between.rows[row])

    @property
    def moved_errors(self) -> float:
        """The change of the comparison in standard errors of the comparison between visits."""
        return moved_errors(self.first_seen.rows[0], self.between.rows[0])


def moved_to(before: Estimate, after: Estimate) -> float:
    """The change from one row to another: a difference, or the factor of a ratio."""
    return moved(before.estimate, after.estimate, is_ratio=_is_ratio(after))


def moved_errors(before: Estimate, after: Estimate) -> float:
    """The change from one row to another in standard errors of the other."""
    change = moved_to(before, after)
    return (math.log(change) if _is_ratio(after) else change) / after.std_error


def moved(before: float, after: float, is_ratio: bool) -> float:
    """A change as difference, or as factor of ratios.

    Examples
    --------
    >>> moved(2.0, 3.0, is_ratio=False), moved(2.0, 3.0, is_ratio=True)
    (1.0, 1.5)
    """
    return after / before if is_ratio else after - before


def relapse_dating(
    outcome: Outcome,
    arm: str,
    *,
    against: str,
    week: float | None = None,
    measure: str = "rmst_difference",
    model: str = "weibull",
) -> Dating:
    """The same comparison with relapse at the first visit that showed it, and between visits.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``relapse``, read off visits.
    arm, against : str
    week : float, optional
        Weeks since risk began; none for a hazard ratio.
    measure : str
        A contrast of ``survival``, ``rmst`` or ``log_hazard``; with the last the arms share the
        shape of the curve.
    model : str
        As in `fit_relapse`.

    Returns
    -------
    Dating
        Nothing is adjusted, because the curve cannot be.

    Raises
    ------
    ValueError
        When no relapse lies between two visits, so that there is nothing to move.
    """
    if not _between(outcome).any():
        raise ValueError(
            f"No {outcome.name} lies between two visits: dates are recorded, or nobody had one, "
            "and dating cannot move the answer. Compare with fit_relapse alone."
        )
    options = {"seen": "interval", "model": model, "proportional": measure == "hazard_ratio"}
    fits = (
        fit_relapse(outcome, []),
        fit_relapse(dated_first_seen(outcome), [], **options),
        fit_relapse(outcome, [], **options),
    )
    return Dating(*(_answer(fit, arm, against, measure, week) for fit in fits))


def dating_of_study(
    study: Study,
    week: float | None = None,
    model: str = "weibull",
    relapse: OverTime | None = None,
) -> Dating:
    """How much dating moves the first comparison of weeks without relapse that a study allows.

    Parameters
    ----------
    study : Study
    week, model
        As in `relapse_dating`; the week of `relapse_over_time` when absent.
    relapse : OverTime, optional
        What `relapse_over_time` gave for the study and week, where it is at hand.

    Returns
    -------
    Dating
        Without rows, and with the reason, where dating cannot move the answer or nothing can be
        compared.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> dating_of_study(simulate_study(n=40, seed=1)).reason
    'no relapse lies between two visits: dates are recorded, or nobody had one'
    """
    relapse = relapse_over_time(study, week) if relapse is None else relapse
    if relapse.fit is None:
        return _undated(relapse.reason)
    outcome = relapse.fit.outcome
    if not _between(outcome).any():
        return _undated(say("models.dating.not_between"))
    rows = relapse.compare_treatments(MEASURE)
    known = [row for row in rows if row.is_estimable]
    if not known:
        return _undated(say("models.dating.nothing_to_compare", outcome=in_words(outcome.name)))
    arm, against = known[0].arm, known[0].reference
    try:
        return relapse_dating(outcome, arm, against=against, week=relapse.week, model=model)
    except (ArithmeticError, ValueError) as reason:
        return _undated(str(reason).rstrip("."))


def _undated(reason: str) -> Dating:
    return Dating(Estimates(), Estimates(), Estimates(), reason)


def dated_first_seen(outcome: Outcome) -> Outcome:
    """The outcome with every event on the day of the first visit that showed it."""
    frame = outcome.frame.copy()
    between = _between(outcome)
    frame.loc[between, "lower"] = frame.loc[between, "upper"]
    return replace(outcome, frame=frame, name=f"{outcome.name} (first seen)")


def _between(outcome: Outcome) -> np.ndarray:
    rows = outcome.frame
    return ((rows["state"] == "relapsed") & (rows["lower"] < rows["upper"])).to_numpy()


def _answer(fit: Fit, arm: str, against: str, measure: str, week: float | None) -> Estimates:
    comparison = fit.compare(arm, against=against, measure=measure, week=week)
    level = contrast_measure(measure).of
    levels = fit.levels(level, week)
    if not levels.anchored:
        return comparison
    wanted = [a.name for side in (arm, against) for a in levels.cell(side).arms]
    rows = {row.arm: row for row in fit.per_arm(level, week)}
    return comparison + Estimates(rows[name] for name in wanted)


def _is_ratio(row: Estimate) -> bool:
    return row.unit == "ratio"
