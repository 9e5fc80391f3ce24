"""The estimand behind each estimate: its five attributes and the time, as readers see them.

After ICH E9(R1): population, treatments, variable, intercurrent events with the strategy for each,
and summary measure. Everything is read off the row and the rules that the study declares.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from ctevidence.display.labels import contrast_label, measure_label, outcome_label, population_label
from ctevidence.display.table import Table
from ctevidence.estimates import Estimate
from ctevidence.language import pick, say, words
from ctevidence.names import in_words
from ctevidence.outcomes.intercurrent import strategies_of
from ctevidence.terms import Estimand

#: start and end of an outcome's name -> how events on the way are handled (names in the language);
#: the first that fits
_HANDLING = (
    ("", "(missing as non-response)", "composite"),
    ("", "(missing as not well)", "composite"),
    ("", "(last score carried forward)", "carried"),
    ("staying in treatment", "", "leaving"),
    ("relapse", "", "leaving_ends"),
    ("recurrence", "", "leaving_ends"),
    ("any harm", "", "while_followed"),
    ("", "(observed)", "policy_observed"),
)
#: names of outcomes whose missing scores were imputed end with the assumption
_IMPUTED = re.compile(r"\(imputed, (.+)\)$")


@dataclass(frozen=True)
class OutcomeEstimand:
    """What is estimated of one outcome in one source.

    Parameters
    ----------
    study, population, outcome, intercurrent_events : str
    contrasts, measures, weeks : tuple of str
        In words, each once.
    estimates : tuple of str
        Ids of the rows.
    """

    study: str
    population: str
    outcome: str
    intercurrent_events: str
    contrasts: tuple[str, ...]
    measures: tuple[str, ...]
    weeks: tuple[str, ...]
    estimates: tuple[str, ...]


def estimand(row: Estimate, study: str = "") -> Estimand:
    """The estimand of one row.

    Parameters
    ----------
    row : Estimate
    study : str
        Name of the study whose people the report holds; rows of others are of published trials.

    Examples
    --------
    >>> row = Estimate("demo", "response (observed)", "combined", "risk_difference", 0.1,
    ...     reference="therapy", week=9.0)
    >>> estimand(row, "demo").intercurrent_events
    'stopping and switching: scores count as they are (treatment policy); without a score: left out'
    """
    return Estimand(
        row.population,
        contrast_label(row.arm, row.reference),
        row.outcome,
        measure_label(row.measure),
        _time(row),
        handling(row, study),
    )


def handling(row: Estimate, study: str) -> str:
    """How events on the way are handled, with the name of the strategy."""
    if row.study != study:
        return words("events_handled")["trials"]
    declared = strategies_of(row.caution)
    events = declared or words("events_handled")["as_they_are"]
    name, assumption = _handled(row.outcome)
    told = pick("events_handled", name, events=events, assumption=assumption)
    if not declared or events in told:
        return told
    return say("estimand.declared", strategies=declared, otherwise=told)


def _handled(outcome: str) -> tuple[str, str]:
    """Which way of handling the name of an outcome stands for, and the assumption of imputing."""
    if imputed := _IMPUTED.search(outcome):
        return "imputed", in_words(imputed.group(1))
    fitting = (
        n for start, end, n in _HANDLING if outcome.startswith(start) and outcome.endswith(end)
    )
    return next(fitting, "policy_model"), ""


def _time(row: Estimate) -> str:
    return (
        say("estimands.whole") if math.isnan(row.week) else say("when.plain", week=f"{row.week:g}")
    )


def outcome_estimands(rows: Iterable[Estimate], study: str) -> tuple[OutcomeEstimand, ...]:
    """Estimands gathered by source, population and outcome, in the order of the rows."""
    groups: dict[tuple[str, str, str], list[Estimate]] = {}
    for row in rows:
        groups.setdefault((row.study, row.population, row.outcome), []).append(row)
    return tuple(_gathered(key, group, study) for key, group in groups.items())


def _gathered(key: tuple[str, str, str], rows: list[Estimate], study: str) -> OutcomeEstimand:
    each = [estimand(row, study) for row in rows]
    return OutcomeEstimand(
        *key,
        each[0].intercurrent_events,
        tuple(dict.fromkeys(e.contrast for e in each)),
        tuple(dict.fromkeys(e.measure for e in each)),
        tuple(dict.fromkeys(e.time for e in each)),
        tuple(row.id for row in rows),
    )


def table_estimands(
    found: Iterable[OutcomeEstimand], name: str = "estimands", caption: str = ""
) -> Table:
    """Estimands as a table: one line for each source, population and outcome."""
    titles = words("estimand_columns")
    rows = [
        [
            outcome_label(one.outcome),
            f"{one.study}: {population_label(one.population)}",
            _few(one.contrasts),
            _few(one.weeks),
            one.intercurrent_events,
            _few(one.measures),
            str(len(one.estimates)),
        ]
        for one in found
    ]
    columns = [titles[k] for k in ("outcome", "who", "treatments", "time", "events", "measure",
                                   "rows")]  # fmt: skip
    caption = caption or say("estimands.caption")
    return Table(name, caption, pd.DataFrame(rows, columns=columns), numeric=(columns[-1],))


#: entries of one cell that are named; more are counted
_NAMED = 6


def _few(texts: tuple[str, ...]) -> str:
    named = "; ".join(texts[:_NAMED])
    more = len(texts) - _NAMED
    return say("estimands.more", named=named, count=more) if more > 0 else named
