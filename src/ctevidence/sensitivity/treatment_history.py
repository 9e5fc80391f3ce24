"""Who was on what, and how they fared, at each visit: the table that weights over time are made of.

Decisions
---------
- Time is cut at the start (day 0) and at the scheduled visits. Interval k runs from one of these to
  the next visit.
- Someone is on a component in an interval when it was given on the last day of the window of the
  visit that opens it; what begins later counts from the next visit on. Nobody is on a treatment
  before it was begun, so that no time is immortal; it may count a little late.
- What the decision was made upon is the last score up to that day, and not after the change itself;
  a score that was not taken is the one before it.
- Names that the study declares inactive are no treatment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.models.covariates import adjustment, design_columns
from ctevidence.terms import COMPONENTS, did_you_mean


@dataclass(frozen=True, eq=False)
class TreatmentHistory:
    """People by interval.

    Parameters
    ----------
    study : Study
    people : Index of participant ids, length n
        Those who entered and whose baseline covariates are known.
    arm : ndarray of str, shape (n,)
        As they started.
    weeks : ndarray, shape (K + 1,)
        Start of each interval, and end of the last: 0 and the scheduled weeks.
    on : ndarray of bool, shape (n, K, 2)
        Medication, therapy.
    scores : ndarray, shape (n, K, v)
        What each decision was made upon.
    baseline : ndarray, shape (n, q)
        Baseline covariates as columns.
    attended : ndarray of bool, shape (n, K + 1)
        Whether there is a score at the start and at each visit.
    names, varying : tuple of str
        Baseline covariates; scales.
    cautions : tuple of str
    """

    study: Study
    people: pd.Index
    arm: np.ndarray
    weeks: np.ndarray
    on: np.ndarray
    scores: np.ndarray
    baseline: np.ndarray
    attended: np.ndarray
    names: tuple[str, ...]
    varying: tuple[str, ...]
    cautions: tuple[str, ...] = ()

    @property
    def known(self) -> str:
        """What is known of people at the start and on the way, in words."""
        return ", ".join((*self.names, *self.varying)) or say("sensitivity.nothing")

    @property
    def intervals(self) -> int:
        return len(self.weeks) - 1

    @property
    def last_seen(self) -> np.ndarray:
        """Number of the last visit attended, 0 for the start, shape (n,)."""
        return self.intervals - np.argmax(self.attended[:, ::-1], axis=1)

    def visit(self, week: float) -> int:
        """Number of the scheduled visit of a week, from 1.

        Raises
        ------
        KeyError
            When no visit is scheduled then.
        """
        return self.study.weeks.index(self.study.window(week).week) + 1

    def of(self, kept: np.ndarray) -> TreatmentHistory:
        """The history of some of the people."""
        columns = ("people", "arm", "on", "scores", "baseline", "attended")
        return replace(self, **{name: getattr(self, name)[kept] for name in columns})


def treatment_history(
    study: Study, adjust: Sequence[str] | None = None, varying: Sequence[str] | None = None
) -> TreatmentHistory:
    """The history of everyone who entered.

    Parameters
    ----------
    study : Study
        With a table of treatments.
    adjust : sequence of str, optional
        Baseline covariates on which treatment may have been decided; those that the study declares
        when absent, ``[]`` for none.
    varying : sequence of str, optional
        Scales whose scores may have decided treatment on the way; the primary one when absent,
        ``[]`` for none.

    Raises
    ------
    ValueError
        Without treatments or scheduled visits.
    KeyError
        For a covariate or scale that there is not.
    """
    if not len(study.treatments) or not study.schedule:
        raise ValueError(
            f"{study.name} has no treatments, or no scheduled visits: what was added or stopped "
            "when cannot be told. Add treatments.csv with start_day and stop_day."
        )
    names = adjustment(study, adjust)
    varying = (study.primary_scale,) if varying is None else tuple(varying)
    for scale in varying:
        if scale not in study.scales:
            raise KeyError(
                f'{study.name} has no scale "{scale}"{did_you_mean(scale, study.scales)}'
            )
    entered = study.entering()
    known = entered[list(names)].notna().all(axis=1)
    people = entered[known].reset_index(drop=True)
    ids = pd.Index(people["participant_id"])
    closes = np.array([study.baseline_days[1], *(w.last_day for w in study.schedule[:-1])])
    begun = np.stack([_on(study, ids, c, closes) for c in COMPONENTS], axis=2)
    until = _until(study, ids, begun, closes)
    scores = [_last_scores(study, ids, scale, until) for scale in varying]
    gaps = [name for name in names if entered[name].isna().any()]
    return TreatmentHistory(
        study=study,
        people=ids,
        arm=people["arm"].astype(str).to_numpy(),
        weeks=np.array([0.0, *study.weeks]),
        on=begun,
        scores=np.stack(scores, axis=2) if scores else np.empty((len(ids), len(closes), 0)),
        baseline=design_columns(people[list(names)]).to_numpy(float),
        attended=_attended(study, ids),
        names=names,
        varying=varying,
        cautions=(say("models.left_out", covariates=", ".join(gaps)),) if gaps else (),
    )


def _spells(study: Study, component: str) -> pd.DataFrame:
    table = study.treatments
    inactive = {word.lower() for word in study.inactive}
    active = ~table["name"].astype(str).str.lower().isin(inactive)
    return table[(table["component"] == component) & active]


def _on(study: Study, ids: pd.Index, component: str, closes: np.ndarray) -> np.ndarray:
    """Whether each person is on a component on each day, shape (n, K)."""
    rows = _spells(study, component)
    place = ids.get_indexer(rows["participant_id"])
    rows, place = rows[place >= 0], place[place >= 0]
    start = rows["start_day"].to_numpy(float)[:, None]
    stop = rows["stop_day"].astype(float).fillna(np.inf).to_numpy()[:, None]
    on = np.zeros((len(ids), len(closes)), bool)
    np.logical_or.at(on, place, (start <= closes) & (stop > closes))
    return on


def _until(study: Study, ids: pd.Index, on: np.ndarray, closes: np.ndarray) -> np.ndarray:
    """Day up to which scores can have led to the decision, shape (n, K)."""
    until = np.broadcast_to(closes, on.shape[:2]).astype(float).copy()
    for c, component in enumerate(COMPONENTS):
        changed = np.diff(on[:, :, c].astype(int), axis=1, prepend=0) != 0
        rows = _spells(study, component)
        place = ids.get_indexer(rows["participant_id"])
        for days in (rows["start_day"], rows["stop_day"].astype(float)):
            day = days.to_numpy(float)
            k = np.searchsorted(closes, day)  # the first visit that sees the change
            used = (place >= 0) & (k < len(closes)) & ~np.isnan(day)
            here = (place[used], k[used])
            earlier = np.where(changed[here], np.minimum(until[here], day[used]), until[here])
            np.minimum.at(until, here, earlier)
    until[:, 0] = closes[0]
    return until


def _last_scores(study: Study, ids: pd.Index, scale: str, until: np.ndarray) -> np.ndarray:
    """The last score up to a day of each person and interval, shape (n, K)."""
    visits = study.visits
    visits = visits[(visits["scale"] == scale) & visits["score"].notna()]
    visits = visits[visits["day"] >= study.baseline_days[0]].sort_values("day", kind="stable")
    n, k = until.shape
    asked = pd.DataFrame({"participant_id": np.repeat(ids, k), "day": until.ravel()})
    asked["at"] = np.arange(n * k)
    asked = asked.sort_values("day", kind="stable")
    right = visits[["participant_id", "day", "score"]].astype({"day": float})
    found = pd.merge_asof(
        asked.astype({"participant_id": object}),
        right.astype({"participant_id": object}),
        on="day",
        by="participant_id",
    )
    scores = found.sort_values("at")["score"].to_numpy(float).reshape(n, k)
    if np.isnan(scores).any():
        raise ValueError(
            f"Some people have no {scale} score before their first treatment decision. Leave the "
            "scale out of varying, or those people out of the study."
        )
    return scores


def _attended(study: Study, ids: pd.Index) -> np.ndarray:
    attended = np.zeros((len(ids), len(study.schedule) + 1), bool)
    attended[:, 0] = True
    seen = study.scores()
    place = ids.get_indexer(seen["participant_id"])
    visit = pd.Index(study.weeks).get_indexer(seen["week"]) + 1
    attended[place[place >= 0], visit[place >= 0]] = True
    return attended
