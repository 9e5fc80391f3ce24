"""Outcome: what happened to each person, by a declared rule."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from ctevidence.data.study import Study
from ctevidence.outcomes.person_weights import PersonWeights

#: Columns of `Outcome.frame` for each kind, beyond ``participant_id`` and ``arm``.
#: `value` is 1.0 / 0.0 / nan (missing). Times are in weeks since the start of treatment.
FRAME_COLUMNS = {
    "response": ("week", "value"),
    "course": ("week", "score"),
    "relapse": ("entry", "lower", "upper", "state"),
    "retention": ("entry", "lower", "upper", "state"),
    "harms": ("value", "years"),
    "never_started": ("value",),
    "time_to_response": ("entry", "lower", "upper", "state"),
    "illness": ("start", "stop", "state", "then"),
    "repeated_relapse": ("start", "stop", "event", "ended", "number"),
}


@dataclass(frozen=True, eq=False)
class Outcome:
    """What happened to each person who entered, by the declared rule.

    Parameters
    ----------
    kind : str
        One of `FRAME_COLUMNS`.
    name : str
        The outcome as rows name it, e.g. ``"response (missing as non-response)"``.
    study : Study
    frame : DataFrame
        One row per person (per person and week for ``response`` and ``course``, per time of a
        person for ``illness`` and ``repeated_relapse``), columns
        ``participant_id``, ``arm`` and those of `FRAME_COLUMNS`.
    rule : object
        The rule that decided, with ``describe()``.
    better : {"higher", "lower"}
        Whether more of it is good.
    weight : PersonWeights, optional
        Weights of people, from `weighted`; all alike when absent. A fit that cannot use them
        refuses the outcome.
    cautions : tuple of str
    """

    kind: str
    name: str
    study: Study
    frame: pd.DataFrame
    rule: object
    better: str
    weight: PersonWeights | None = None
    cautions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wanted = ["participant_id", "arm", *FRAME_COLUMNS[self.kind]]
        missing = [c for c in wanted if c not in self.frame.columns]
        if missing:
            raise ValueError(f"An outcome of kind {self.kind} needs the columns {missing}.")
        unknown = set(self.frame["arm"]) - {arm.name for arm in self.study.arms}
        if unknown:
            raise ValueError(f"The outcome names arms the study does not have: {sorted(unknown)}.")

    def describe(self) -> str:
        """The rule in one sentence."""
        return self.rule.describe()

    def weighted(self, weights: PersonWeights) -> Outcome:
        """The outcome with weights of its people, for fits that use them.

        Parameters
        ----------
        weights : PersonWeights
            From `ctevidence.weigh` for the same study.

        Raises
        ------
        TypeError
            When they are no weights.
        ValueError
            When the outcome has weights already, or they are of people in other arms.
        """
        if not isinstance(weights, PersonWeights):
            raise TypeError(f"Give weights from weigh(study, ...), not {type(weights).__name__}.")
        if self.weight is not None:
            raise ValueError(f"{self.name} has weights already; weigh the outcome as derived.")
        people = self.frame.drop_duplicates("participant_id")
        place = weights.places(people["participant_id"])
        known = place >= 0
        if not known.any() or (weights.arm[place[known]] != people["arm"][known].astype(str)).any():
            raise ValueError(
                f"The weights are not of the people of {self.study.name}, or of other arms. Weigh "
                "the study that the outcome was derived from."
            )
        return replace(self, weight=weights)
