"""Tables of a simulated study: what would have been recorded of each history."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.simulate.effects import ARMS, HAS_MEDICATION, HAS_THERAPY
from ctevidence.simulate.generate import REASONS, Histories
from ctevidence.simulate.people import People
from ctevidence.simulate.scenario import LAST_DAY, SCALE, SCHEDULE
from ctevidence.terms import DAYS_PER_WEEK

PLANNED_SESSIONS = 14
MEDICATION_DAYS = 182
DOSES = ("50 mg", "100 mg", "150 mg")
SEVERITIES = ("mild", "moderate", "severe")
SEVERITY_SHARES = (0.6, 0.3, 0.1)


def study_tables(
    people: People, arm: np.ndarray, happened: Histories, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """The four tables of the data contract.

    Parameters
    ----------
    people : People
    arm : ndarray of int, shape (n,)
        Position in `ARMS`.
    happened : Histories
        Under these arms.
    rng : numpy Generator
        For what has no bearing on outcomes: doses, sessions attended, severity of harm.
    """
    ids = _identifiers(len(people))
    end = np.minimum(happened.dropout_day, LAST_DAY)
    return {
        "participants": _participants(ids, people, arm),
        "visits": _visits(ids, people, happened),
        "events": _events(ids, happened, end, rng),
        "treatments": _treatments(ids, arm, end, rng),
    }


def _identifiers(n: int) -> np.ndarray:
    width = max(4, len(str(n)))
    return np.array([f"P{i:0{width}d}" for i in range(1, n + 1)], dtype=object)


def _participants(ids: np.ndarray, people: People, arm: np.ndarray) -> pd.DataFrame:
    therapist = _named("T", people.therapist)
    return pd.DataFrame(
        {
            "participant_id": ids,
            "arm": np.array([str(a) for a in ARMS], dtype=object)[arm],
            "site": _named("S", people.site),
            "therapist": np.where(HAS_THERAPY[arm] == 1, therapist, np.nan),
            "age": people.age.astype(float),
            "sex": np.where(people.female, "female", "male").astype(object),
            "earlier_episodes": people.earlier_episodes.astype(float),
        }
    )


def _named(letter: str, number: np.ndarray) -> np.ndarray:
    width = len(str(number.max() + 1))
    names = [f"{letter}{k:0{width}d}" for k in range(1, number.max() + 2)]
    return np.array(names, dtype=object)[number]


def _visits(ids: np.ndarray, people: People, happened: Histories) -> pd.DataFrame:
    person, visit = np.nonzero(happened.attended)
    names = np.array(["baseline", *(w.name for w in SCHEDULE)], dtype=object)
    return pd.DataFrame(
        {
            "participant_id": ids[person],
            "day": people.days[person, visit].astype(float),
            "scale": SCALE.label,
            "score": happened.scores[person, visit].astype(float),
            "visit": names[visit],
        }
    )


def _events(
    ids: np.ndarray, happened: Histories, end: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Events up to the end of each person's follow-up, by person and day."""
    severity = rng.choice(np.array(SEVERITIES, dtype=object), size=len(ids), p=SEVERITY_SHARES)
    reason = np.array(REASONS, dtype=object)[happened.dropout_reason]
    recorded = [
        ("adverse_event", happened.adverse_day, None, severity),
        ("relapse", happened.relapse_day, None, None),
        ("dropout", happened.dropout_day, reason, None),
        ("end_of_follow_up", end, None, None),
    ]
    parts, owners = [], []
    for event, day, why, how_bad in recorded:
        who = np.flatnonzero(day <= end)
        part = {"participant_id": ids[who], "day": day[who], "event": event}
        part["reason"] = "" if why is None else why[who]
        part["severity"] = "" if how_bad is None else how_bad[who]
        parts.append(pd.DataFrame(part))
        owners.append(who)
    table = pd.concat(parts, ignore_index=True)
    order = np.lexsort((table["day"], np.concatenate(owners)))
    return table.iloc[order].reset_index(drop=True)


def _treatments(
    ids: np.ndarray, arm: np.ndarray, end: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """What was given from when to when; both end with follow-up at the latest."""
    medicated, in_therapy = np.flatnonzero(HAS_MEDICATION[arm]), np.flatnonzero(HAS_THERAPY[arm])
    start = np.minimum(rng.integers(0, 11, size=len(in_therapy)), end[in_therapy])
    stop = np.minimum(start + DAYS_PER_WEEK * PLANNED_SESSIONS, end[in_therapy])
    offered = 1 + np.floor((stop - start) / DAYS_PER_WEEK).clip(max=PLANNED_SESSIONS - 1).astype(
        int
    )
    dose = rng.choice(np.array(DOSES, dtype=object), size=len(medicated))
    medication = {
        "participant_id": ids[medicated],
        "component": "medication",
        "name": "sertraline",
        "start_day": 0.0,
        "stop_day": np.minimum(MEDICATION_DAYS, end[medicated]),
        "dose": dose,
        "sessions": np.nan,
    }
    therapy = {
        "participant_id": ids[in_therapy],
        "component": "therapy",
        "name": "CBT",
        "start_day": start,
        "stop_day": stop,
        "dose": "",
        "sessions": rng.binomial(offered, 0.92).astype(float),
    }
    table = pd.concat([pd.DataFrame(medication), pd.DataFrame(therapy)], ignore_index=True)
    order = np.argsort(np.concatenate([medicated, in_therapy]), kind="stable")
    return table.iloc[order].reset_index(drop=True)
