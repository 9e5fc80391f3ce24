"""Scores of the people who enter, at the scheduled visits."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ctevidence.data.study import Study
from ctevidence.outcomes.intercurrent import scores_as_declared

Weeks = float | Iterable[float] | None


def attended_scores(study: Study) -> pd.DataFrame:
    """Scores of the primary scale at the scheduled visits that were attended.

    Returns
    -------
    DataFrame
        ``participant_id, arm, baseline, week, day, score``; people in the study's order, each
        person's visits in the order of the schedule. Visits without a score are left out.
    """
    people = study.entering()[["participant_id", "arm", "baseline"]]
    return people.merge(study.scores(), on="participant_id")


def declared_scores(study: Study) -> pd.DataFrame:
    """Scores with the study's strategies for intercurrent events carried out.

    Returns
    -------
    DataFrame
        As `attended_scores`, and ``failed``; where nothing is declared the same rows. See
        `intercurrent.scores_as_declared`.
    """
    return scores_as_declared(study, attended_scores(study))


def scores_at(study: Study, week: Weeks = None) -> pd.DataFrame:
    """One row per person who enters and week asked for; ``day`` and ``score`` empty if not seen.

    Strategies for intercurrent events are carried out; ``failed`` is True where a score stands for
    failure by the composite strategy.

    Parameters
    ----------
    study : Study
    week : float or sequence of float, optional
        Scheduled weeks; the study's primary week when absent.

    Raises
    ------
    KeyError
        No visit is scheduled at a week; the message lists the weeks.
    ValueError
        No week, or the same week twice.
    """
    weeks = _resolve(study, week)
    grid = study.entering()[["participant_id", "arm", "baseline"]]
    grid = grid.merge(pd.DataFrame({"week": weeks}), how="cross")
    seen = declared_scores(study)[["participant_id", "week", "day", "score", "failed"]]
    rows = grid.merge(seen, on=["participant_id", "week"], how="left")
    return rows.assign(failed=rows["failed"].eq(True))


def _resolve(study: Study, week: Weeks) -> list[float]:
    asked = study.primary_week if week is None else week
    asked = list(asked) if isinstance(asked, Iterable) else [asked]
    weeks = [study.window(w).week for w in asked]
    if not weeks or len(set(weeks)) < len(weeks):
        raise ValueError(f"week is {asked}; give each scheduled week once, at least one.")
    return weeks
