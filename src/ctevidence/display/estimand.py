"""The question of an outcome in full: the five attributes of its estimand, as a sentence and table.

ICH E9(R1) (2019), Addendum on estimands and sensitivity analysis in clinical trials.
"""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.display.labels import contrast_label, measure_label
from ctevidence.display.table import Table
from ctevidence.language import pick, say
from ctevidence.outcomes.intercurrent import strategies_in_words
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import Estimand, contrast_measure

#: Comparison that each kind of outcome leads with.
LEADS_WITH = {
    "response": "risk_difference",
    "harms": "risk_difference",
    "never_started": "risk_difference",
    "course": "mean_difference",
    "relapse": "rmst_difference",
    "retention": "risk_difference",
    "time_to_response": "rmst_difference",
    "illness": "state_occupation_difference",
    "repeated_relapse": "mean_count_difference",
}
#: Kinds whose derivation carries declared strategies out.
CARRIED_OUT = ("response", "course", "relapse", "retention")


def estimand(
    outcome: Outcome,
    arm: str = "combined",
    *,
    against: str = "medication",
    week: float | None = None,
    measure: str | None = None,
) -> Estimand:
    """What exactly is asked of an outcome.

    Parameters
    ----------
    outcome : Outcome
        From a ``derive_`` function; what it says is what its analysis does.
    arm, against : str
        Arms or treatments.
    week : float, optional
        The study's primary week when absent.
    measure : str, optional
        A contrast measure; the one that the kind of outcome leads with when absent.

    Returns
    -------
    Estimand
        Population, treatments compared, outcome, time, summary measure, and what is done about
        intercurrent events: as the study declares it under ``[[intercurrent]]``, otherwise that
        nothing is declared and what then holds.

    Raises
    ------
    KeyError
        For a measure that there is not.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> from ctevidence.outcomes import derive_course
    >>> asked = estimand(derive_course(simulate_study(n=40, seed=1)), week=12)
    >>> asked.contrast, asked.time, asked.measure
    ('combined treatment against medication', 'week 12', 'difference in means')
    """
    study = outcome.study
    measure = contrast_measure(measure or LEADS_WITH[outcome.kind]).name
    at = study.primary_week if week is None else week
    return Estimand(
        population=study.population or say("estimand.everyone", condition=study.condition),
        contrast=contrast_label(arm, against),
        outcome=outcome.describe().rstrip("."),
        measure=measure_label(measure),
        time=say("estimand.no_week") if math.isnan(at) else say("estimand.week", week=f"{at:g}"),
        intercurrent_events=_intercurrent(outcome),
    )


def _intercurrent(outcome: Outcome) -> str:
    declared = strategies_in_words(outcome.study)
    rest = pick("estimand_default", outcome.kind)
    if not declared:
        return say("estimand.nothing_declared", otherwise=rest)
    if outcome.kind not in CARRIED_OUT:
        return say("estimand.not_carried_out", otherwise=rest)
    return say("estimand.declared", strategies=declared, otherwise=rest)


def estimand_sentence(asked: Estimand) -> str:
    """The estimand as one sentence."""
    return say(
        "estimand.sentence",
        population=asked.population,
        contrast=asked.contrast,
        outcome=asked.outcome,
        measure=asked.measure,
        time=asked.time,
        events=asked.intercurrent_events,
    )


def table_estimand(asked: Estimand, name: str = "estimand") -> Table:
    """The question in full, one attribute a row.

    Parameters
    ----------
    asked : Estimand
        From `estimand`.
    name : str

    Returns
    -------
    Table
        Population, treatments, outcome and time, intercurrent events, summary measure.
    """
    rows = {
        "population": asked.population,
        "treatments": asked.contrast,
        "outcome": say("estimand.outcome_at", outcome=asked.outcome, time=asked.time),
        "events": asked.intercurrent_events,
        "summary": asked.measure,
    }
    frame = pd.DataFrame(
        {
            say("estimand.attribute"): [pick("estimand_rows", key) for key in rows],
            say("estimand.here"): list(rows.values()),
        }
    )
    return Table(name, say("estimand.caption"), frame)
