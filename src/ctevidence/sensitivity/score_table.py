"""Scores of everyone who entered as one table, people by visits, with what is missing and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.models.covariates import covariate_columns

BASELINE = "baseline"
UNKNOWN_REASON = "no reason given"
#: Events that end a person's scores; the first of them is the reason why they end.
ENDING = ("dropout", "death")


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Scores of n people at m visits.

    Parameters
    ----------
    people : Index of participant ids, length n
    arms : tuple of str
        Arms that have people, in the study's order.
    arm : ndarray of int, shape (n,)
        Position of each person's arm in `arms`.
    weeks : tuple of float, length m
    scores : ndarray, shape (n, m)
        nan where missing.
    baseline : ndarray, shape (n,)
        Scores before treatment; none is missing.
    covariates : ndarray, shape (n, q)
        Centred, of the imputation model.
    names : tuple of str
        The covariates that the analysis adjusts for.
    columns : dict of str to list of int
        Columns of `covariates` that stand for each covariate.
    seen : ndarray of int, shape (n,)
        Visits up to the last score, 0 without any: what is missing from there on is missing after
        dropout, what is missing before it is a gap.
    reason : ndarray of str, shape (n,)
        Why scores end before the last visit; empty where they do not.
    """

    people: pd.Index
    arms: tuple[str, ...]
    arm: np.ndarray
    weeks: tuple[float, ...]
    scores: np.ndarray
    baseline: np.ndarray
    covariates: np.ndarray
    names: tuple[str, ...]
    columns: Mapping[str, list[int]]
    seen: np.ndarray
    reason: np.ndarray

    @cached_property
    def missing(self) -> np.ndarray:
        """What is missing, bool, shape (n, m)."""
        return np.isnan(self.scores)

    @cached_property
    def after_dropout(self) -> np.ndarray:
        """What is missing after the last score, bool, shape (n, m)."""
        return np.arange(len(self.weeks)) >= self.seen[:, None]

    @cached_property
    def gaps(self) -> np.ndarray:
        """What is missing before the last score, bool, shape (n, m)."""
        return self.missing & ~self.after_dropout

    @property
    def adjusted_for(self) -> np.ndarray:
        """Columns of the covariates that the analysis adjusts for, shape (n, q)."""
        return self.covariates[:, [c for name in self.names for c in self.columns[name]]]

    def filled(self, values: np.ndarray) -> np.ndarray:
        """Complete scores, shape (imputations, n, m), from values of what is missing.

        Parameters
        ----------
        values : ndarray, shape (imputations, number missing)
            In the order of ``np.nonzero(missing)``.
        """
        complete = np.repeat(self.scores[None], len(values), axis=0)
        complete[:, self.missing] = values
        return complete

    def without(self, person: int) -> ScoreTable:
        """The table without one person, the covariates still centred as before."""
        return self.of(np.arange(len(self.people)) != person)

    def of(self, keep: np.ndarray) -> ScoreTable:
        """The table of some people, by position or as bool, the covariates centred as before."""
        of_people = ("people", "arm", "scores", "baseline", "covariates", "seen", "reason")
        return replace(self, **{name: getattr(self, name)[keep] for name in of_people})


def score_table(
    study: Study,
    frame: pd.DataFrame,
    names: Sequence[str],
    keep_unknown: bool = False,
    reasons: Mapping[str, str] | None = None,
    among: Iterable[str] | None = None,
) -> tuple[ScoreTable, tuple[str, ...]]:
    """The table of everyone who entered, and cautions.

    Parameters
    ----------
    study : Study
    frame : DataFrame
        ``participant_id, week, score``: the scores that were seen and count.
    names : sequence of str
        Covariates to adjust for; people for whom one is missing are left out, with a caution.
    keep_unknown : bool
        Keep them, and leave the covariates to whoever imputes them.
    reasons : mapping of participant id to str, optional
        Why scores end; the recorded events when absent.
    among : iterable of participant ids, optional
        Only these people; everyone who entered when absent.

    Raises
    ------
    ValueError
        When nobody of an arm has a score at a visit: there is nothing to impute from.
    """
    entered = study.entering()
    if among is not None:
        entered = entered[entered["participant_id"].isin(set(among))]
    gaps = [name for name in names if entered[name].isna().any()]
    if gaps and not keep_unknown:
        entered = entered[~entered[list(names)].isna().any(axis=1)]
    left_out = say("models.left_out", covariates=", ".join(gaps))
    cautions = (left_out,) if gaps and not keep_unknown else ()
    people = entered.reset_index(drop=True)
    scores = _wide(study, frame, people["participant_id"])
    arms = tuple(arm.name for arm in study.arms if arm.name in set(people["arm"]))
    arm = people["arm"].map({name: i for i, name in enumerate(arms)}).to_numpy(int)
    _refuse_unseen(scores, arm, arms)
    present = scores.notna().to_numpy()
    seen = np.where(present.any(axis=1), present.shape[1] - present[:, ::-1].argmax(axis=1), 0)
    covariates, columns = _columns(study, people["participant_id"], names, keep_unknown)
    table = ScoreTable(
        people=pd.Index(people["participant_id"]),
        arms=arms,
        arm=arm,
        weeks=tuple(float(w) for w in scores.columns),
        scores=scores.to_numpy(float),
        baseline=people[BASELINE].to_numpy(float),
        covariates=covariates,
        names=tuple(names),
        columns=columns,
        seen=seen,
        reason=_reasons(study, people["participant_id"], seen < present.shape[1], reasons),
    )
    return table, (*cautions, *_dead(table))


def _columns(study: Study, people: pd.Series, names: Sequence[str], keep_unknown: bool):
    """Columns of the covariates and of the baseline, and which belong to which."""
    parts, columns, width = [], {}, 0
    for name in dict.fromkeys([] if keep_unknown else [*names, BASELINE]):
        part = covariate_columns(study, people, [name])[0]
        columns[name] = list(range(width, width + part.shape[1]))
        width += part.shape[1]
        parts.append(part)
    return np.hstack([np.empty((len(people), 0)), *parts]), columns


def _wide(study: Study, frame: pd.DataFrame, people: pd.Series) -> pd.DataFrame:
    seen = frame[frame["score"].notna()]
    wide = seen.pivot(index="participant_id", columns="week", values="score")
    return wide.reindex(index=people, columns=[w for w in study.weeks if w in wide])


def _refuse_unseen(scores: pd.DataFrame, arm: np.ndarray, arms: tuple[str, ...]) -> None:
    if scores.shape[1] == 0:
        raise ValueError("Nobody has a score after baseline: there is nothing to impute from.")
    counts = scores.notna().groupby(arm).sum()
    nobody = [
        f"{arms[a]} at week {week:g}" for a, row in counts.iterrows() for week in row.index[row < 1]
    ]
    if nobody:
        raise ValueError(
            f"Nobody has a score in {', '.join(nobody)}: there is nothing to impute from. Leave "
            "these weeks out of the schedule, or combine the arm with another."
        )


def _reasons(
    study: Study, people: pd.Series, ended: np.ndarray, reasons: Mapping[str, str] | None
) -> np.ndarray:
    """Why the scores of each person end: as given, or by the first event that can end them."""
    if reasons is None:
        reasons = _recorded(study.events)
    said = [reasons.get(person, UNKNOWN_REASON) for person in people]
    return np.where(ended, np.array(said, dtype=str), "")


def _recorded(events: pd.DataFrame) -> dict[str, str]:
    if not len(events):
        return {}
    ending = events[events["event"].isin(ENDING)].sort_values("day", kind="stable")
    ending = ending.drop_duplicates("participant_id").set_index("participant_id")
    said = ending["reason"] if "reason" in ending else pd.Series("", index=ending.index)
    said = said.fillna("").astype(str).str.strip().replace("", UNKNOWN_REASON)
    return said.where(ending["event"] != "death", "death").to_dict()


def _dead(table: ScoreTable) -> tuple[str, ...]:
    if not (table.reason == "death").any():
        return ()
    return (say("sensitivity.score_table.after_death"),)
