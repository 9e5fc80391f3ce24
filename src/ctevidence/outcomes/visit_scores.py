"""Scores of the people who enter, at the scheduled visits."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ctevidence.data.study import Study

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


def scores_at(study: Study, week: Weeks = None) -> pd.DataFrame:
    """One row per person who enters and week asked for; ``day`` and ``score`` empty if not seen.

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
    seen = attended_scores(study)[["participant_id", "week", "day", "score"]]
    return grid.merge(seen, on=["participant_id", "week"], how="left")


def _resolve(study: Study, week: Weeks) -> list[float]:
    asked = study.primary_week if week is None else week
    asked = list(asked) if isinstance(asked, Iterable) else [asked]
    weeks = [study.window(w).week for w in asked]
    if not weeks or len(set(weeks)) < len(weeks):
        raise ValueError(f"week is {asked}; give each scheduled week once, at least one.")
    return weeks
