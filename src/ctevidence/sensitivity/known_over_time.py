"""What is known of an outcome in each interval: who is at risk, followed, and has the event."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.models.observed_times import on_schedule
from ctevidence.outcomes.outcome import Outcome
from ctevidence.sensitivity.treatment_history import TreatmentHistory

KINDS = ("course", "response", "relapse")
#: A millionth of a week: weeks are sevenths, and do not always lead back to themselves.
TINY = 1e-6


@dataclass(frozen=True, eq=False)
class Known:
    """An outcome by interval; n people, K intervals.

    Parameters
    ----------
    at_risk : ndarray of bool, shape (n, K)
        Under observation when the interval begins (and without the event).
    followed : ndarray of bool, shape (n, K)
        And known to its end, or until the event.
    event : ndarray of bool, shape (n, K)
        Whether the event came in it; for scores nobody's.
    value : ndarray, shape (n,)
        Score, or response, at the visit that ends the last interval; nan where there is none.
    """

    at_risk: np.ndarray
    followed: np.ndarray
    event: np.ndarray
    value: np.ndarray


def known_scores(outcome: Outcome, history: TreatmentHistory, visit: int) -> Known:
    """Scores, or response, at one visit: whoever lacks it was lost before.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course`` or ``response``.
    history : TreatmentHistory
    visit : int
        From 1; intervals after it are left out.
    """
    column = "score" if outcome.kind == "course" else "value"
    rows = outcome.frame[outcome.frame["week"] == history.weeks[visit]]
    values = rows.set_index("participant_id")[column].astype(float)
    value = values.reindex(history.people).to_numpy()
    last = np.maximum(history.last_seen, np.where(np.isnan(value), 0, visit))
    ends = np.arange(1, visit + 1)
    followed = last[:, None] >= ends
    followed[:, -1] = ~np.isnan(value)
    at_risk = np.column_stack([np.ones(len(value), bool), followed[:, :-1]])
    return Known(at_risk, followed & at_risk, np.zeros_like(at_risk), value)


def known_events(outcome: Outcome, history: TreatmentHistory) -> Known:
    """Events by interval, of an outcome whose risk begins at the start.

    Raises
    ------
    ValueError
        When risk begins later, as of relapse after remission: treatment has then chosen who is at
        risk.
    """
    frame = outcome.frame.set_index("participant_id").reindex(history.people)
    if not (frame["entry"] == 0).all():
        raise ValueError(
            f"Risk of {outcome.name} begins after the start, when treatment has already changed "
            'who is at risk. Use a rule that counts from "baseline", or the score.'
        )
    lower, upper = frame["lower"].to_numpy(float), frame["upper"].to_numpy(float)
    if not getattr(outcome.rule, "from_events", True):
        lower, upper = (on_schedule(w, history.study.schedule) for w in (lower, upper))
    happened = (frame["state"] == "relapsed").to_numpy()
    time = np.where(happened, upper, np.inf)[:, None]
    free = np.where(happened, upper - 2 * TINY, lower)[:, None]
    begins, ends = history.weeks[:-1], history.weeks[1:]
    event = happened[:, None] & (time > begins + TINY) & (time <= ends + TINY)
    at_risk = (time > begins + TINY) & ((free >= begins - TINY) | event)
    followed = at_risk & (event | (free >= ends - TINY))
    return Known(at_risk, followed, event, np.full(len(frame), np.nan))
