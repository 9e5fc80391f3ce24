"""A treatment that was started, or stopped, during follow-up, as a covariate that changes in time.

Treatment that is chosen during follow-up is chosen in the light of how the person fares: its
coefficient is an association, and comparisons of arms adjusted for it are no longer protected by
randomisation (Rosenbaum 1984, J R Stat Soc A 147:656; Hernan & Robins 2020, Causal Inference,
ch. 20).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.terms import COMPONENTS, DAYS_PER_WEEK, did_you_mean

FORMS = ("on", "since_start")


def checked_over_time(given: object) -> tuple[TreatmentOverTime, ...]:
    """Treatments over time as they were given, alone or in a sequence.

    Raises
    ------
    TypeError
        For anything else, such as the name of a component.
    """
    alone = isinstance(given, TreatmentOverTime) or not isinstance(given, Sequence)
    treatments = (given,) if alone or isinstance(given, str) else tuple(given)
    for treatment in treatments:
        if not isinstance(treatment, TreatmentOverTime):
            raise TypeError(
                f"over_time takes TreatmentOverTime; found {treatment!r}. Write for instance "
                'TreatmentOverTime("medication", arms=("control",)).'
            )
    return treatments


@dataclass(frozen=True)
class TreatmentOverTime:
    """What is known of a treatment on the day of a score, from the table of treatments.

    Parameters
    ----------
    component : {"medication", "therapy"}
    form : {"on", "since_start"}
        ``on``: 1 from the day it starts to the day it stops, both counted, else 0; a treatment
        without a last day goes on. ``since_start``: weeks since it first started, 0 before; it
        goes on counting after the treatment stops.
    name : str
        One treatment by its name; all of the component when empty.
    arms : tuple of str
        Arms in which it counts, for instance those without the component; all when empty.

    Examples
    --------
    >>> TreatmentOverTime("medication", arms=("control",)).label
    'on medication (control)'
    """

    component: str
    form: str = "on"
    name: str = ""
    arms: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for what, value, known in (
            ("component", self.component, COMPONENTS),
            ("form", self.form, FORMS),
        ):
            if value not in known:
                raise ValueError(f'{what} is "{value}"{did_you_mean(value, known)}')
        arms = (self.arms,) if isinstance(self.arms, str) else tuple(self.arms)
        object.__setattr__(self, "arms", arms)

    @property
    def label(self) -> str:
        what = self.name or self.component
        where = f" ({', '.join(self.arms)})" if self.arms else ""
        return (f"on {what}" if self.form == "on" else f"weeks since {what} started") + where

    def check(self, study: Study, rows: pd.DataFrame) -> None:
        """Refuse a treatment that none of these rows knows of.

        Raises
        ------
        KeyError
            For an arm that the study does not have.
        ValueError
            When nobody in these arms had the treatment by the day of a score.
        """
        known = [arm.name for arm in study.arms]
        for arm in self.arms:
            if arm not in known:
                raise KeyError(f'No arm "{arm}" in {study.name}{did_you_mean(arm, known)}')
        if not self.column(study, rows).any():
            raise ValueError(
                f'Nobody is "{self.label}" on the day of a score, by the table of treatments of '
                f"{study.name}: there is nothing to adjust for. Leave it out."
            )

    def column(self, study: Study, rows: pd.DataFrame) -> np.ndarray:
        """Its value at n rows with ``participant_id, arm, day``."""
        there = True if not self.arms else rows["arm"].isin(self.arms).to_numpy()
        return np.where(there, self._of(study.treatments, rows), 0.0)

    def _of(self, given: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
        if given.empty:
            return np.zeros(len(rows))
        given = given[given["component"] == self.component]
        given = given[given["name"] == self.name] if self.name else given
        at = rows[["participant_id", "day"]].reset_index(drop=True)
        met = at.reset_index().merge(given, on="participant_id")
        begun = met[met["start_day"] <= met["day"]]
        if self.form == "on":
            stop = begun["stop_day"].fillna(np.inf) if "stop_day" in begun else np.inf
            begun = begun[begun["day"] <= stop]
            return at.index.isin(begun["index"]).astype(float)
        since = (begun["day"] - begun["start_day"]).groupby(begun["index"]).max()
        return since.reindex(at.index).fillna(0.0).to_numpy(float) / DAYS_PER_WEEK
