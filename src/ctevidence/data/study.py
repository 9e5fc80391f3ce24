"""Study: what a study is, and its tables, known to be sound.

A `Study` cannot exist with data problems: `readers.read_study` collects them all and raises before
one is built.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from ctevidence.data.clinical_change_rule import ClinicalChangeRule
from ctevidence.data.definitions import ResponseDefinition
from ctevidence.data.illness_rule import IllnessRule
from ctevidence.data.intercurrent_events import IntercurrentEvent
from ctevidence.data.maintenance_rule import MaintenanceRule
from ctevidence.data.modifiers import Modifier
from ctevidence.data.multiverse_rule import MultiverseRule
from ctevidence.data.rules import EntryRule, RelapseRule, RemissionRule, ResponseRule, RetentionRule
from ctevidence.data.scales import Scale
from ctevidence.data.table_names import TABLES
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.terms import (
    COMPONENTS,
    DAYS_PER_WEEK,
    INACTIVE_COMPONENTS,
    SEVERAL_ARMS,
    Arm,
)

DATA_KINDS = ("patient-level", "open patient-level", "synthetic")
DESIGNS = ("trial", "registry")
#: Names of the disclosure profiles; `display.disclosure` says what each does.
DISCLOSURE_PROFILES = ("opensafely", "nhs-hes", "min10", "open")
#: What a study's name looks like (a regular expression): it becomes the name of folders.
STUDY_NAME = r"[a-z0-9]+([-_][a-z0-9]+)*"


@dataclass(frozen=True)
class VisitWindow:
    """A scheduled visit: its name, nominal week, and the days that count as this visit.

    The window holds ``first_day <= day <= last_day``; of several scores in it the one nearest to
    the nominal day counts, of two equally near the later.
    """

    name: str
    week: float
    first_day: float
    last_day: float

    def __post_init__(self) -> None:
        if not self.first_day <= self.week * DAYS_PER_WEEK <= self.last_day:
            raise ValueError(
                f'Visit "{self.name}": week {self.week:g} (day {self.week * DAYS_PER_WEEK:g}) lies '
                f"outside its window, days {self.first_day:g} to {self.last_day:g}."
            )


@dataclass(frozen=True)
class Rules:
    """The declared rules of a study; None, or empty, where nothing is declared."""

    response: ResponseRule | None = None
    remission: RemissionRule | None = None
    relapse: RelapseRule | None = None
    retention: RetentionRule | None = None
    entry: EntryRule = field(default_factory=EntryRule)
    clinical_change: ClinicalChangeRule | None = None
    definitions: tuple[ResponseDefinition, ...] = ()
    modifiers: tuple[Modifier, ...] = ()
    illness: IllnessRule | None = None
    maintenance: MaintenanceRule | None = None
    multiverse: MultiverseRule | None = None
    #: kinds of events that were looked for in everyone: none recorded means that none happened
    recorded_events: tuple[str, ...] = ()
    intercurrent: tuple[IntercurrentEvent, ...] = ()


@dataclass(frozen=True, eq=False)
class Study:
    """Participants, visits, events and treatments of one study, with what it declares.

    Parameters
    ----------
    name, title, condition : str
    data_kind : {"patient-level", "open patient-level", "synthetic"}
    design : str
        ``"trial"`` or ``"registry"``.
    randomised : frozenset of str
        Which of ``medication`` and ``therapy`` were randomised.
    arms : tuple of Arm
        In the order in which tables and figures show them.
    primary_scale : str
        The word that the visits use for the primary scale.
    scales : mapping of str to Scale
        All scales of the visits, by the word used in the column ``scale``.
    schedule : tuple of VisitWindow
        Visits after baseline, in order.
    rules : Rules
    adjust : tuple of str
        Covariates to adjust for by default, columns of `participants` or ``"baseline"``.
    several_arms : {"error", "combine", "first"}
    disclosure : str
        Name of the disclosure profile.
    population : str
        Who was studied, in words.
    notes : tuple of str
        Remarks that every report repeats (for instance that the therapy was computerised).
    primary_week : float
        The week that reports lead with: a scheduled one, or without scheduled visits any (NaN where
        none is declared).
    baseline_days : tuple of float
        First and last day of the window of the baseline score.
    tables : mapping of str to DataFrame
        `participants`, `visits`, `events`, `treatments`, clean and typed; columns as in the data
        dictionary (``data/README.md``). A row of `visits` is someone who was seen; the score is NaN
        where a questionnaire had too many gaps.
    citation : str
    inactive : tuple of str
        Components that do not count as treatment.
    missing_items : mapping of str to int
        Missing items up to which a total is prorated, by scale, where the study declares it.
    not_worse_margin : float
        Share of people by which fewer may respond to the combination than to therapy and it still
        counts as no worse; NaN where the study declares none.

    Raises
    ------
    ValueError
        When the parts contradict each other, with all that is wrong.

    See Also
    --------
    ctevidence.data.readers.read_study : makes one from a folder.
    """

    name: str
    title: str
    condition: str
    data_kind: str
    design: str
    randomised: frozenset[str]
    arms: tuple[Arm, ...]
    primary_scale: str
    scales: Mapping[str, Scale]
    schedule: tuple[VisitWindow, ...]
    rules: Rules
    primary_week: float
    tables: Mapping[str, pd.DataFrame]
    adjust: tuple[str, ...] = ("baseline",)
    several_arms: str = "error"
    disclosure: str = "opensafely"
    population: str = ""
    notes: tuple[str, ...] = ()
    baseline_days: tuple[float, float] = (-28.0, 0.0)
    citation: str = ""
    inactive: tuple[str, ...] = INACTIVE_COMPONENTS
    missing_items: Mapping[str, int] = field(default_factory=dict)
    not_worse_margin: float = math.nan

    def __post_init__(self) -> None:
        if wrong := _contradictions(self):
            raise ValueError(f'Study "{self.name}" contradicts itself: {"; ".join(wrong)}.')

    @property
    def participants(self) -> pd.DataFrame:
        return self.tables["participants"].copy()

    @property
    def visits(self) -> pd.DataFrame:
        return self.tables["visits"].copy()

    @property
    def events(self) -> pd.DataFrame:
        return self.tables["events"].copy()

    @property
    def treatments(self) -> pd.DataFrame:
        return self.tables["treatments"].copy()

    @property
    def weeks(self) -> tuple[float, ...]:
        """Nominal weeks of the scheduled visits."""
        return tuple(window.week for window in self.schedule)

    @property
    def last_week(self) -> float:
        """The week of the last scheduled visit; without visits the primary week, NaN if none."""
        return self.weeks[-1] if self.schedule else self.primary_week

    @property
    def scale(self) -> Scale:
        """The primary scale."""
        return self.scales[self.primary_scale]

    @property
    def is_synthetic(self) -> bool:
        return self.data_kind == "synthetic"

    def window(self, week: float) -> VisitWindow:
        """The scheduled visit of a nominal week.

        Raises
        ------
        KeyError
            When no visit is scheduled then; the message lists the weeks.
        """
        for window in self.schedule:
            if math.isclose(window.week, week):
                return window
        weeks = ", ".join(f"{w:g}" for w in self.weeks) or "none"
        raise KeyError(f"{self.name} has no visit scheduled at week {week:g}; weeks: {weeks}.")

    def baseline(self) -> pd.Series:
        """Baseline score of the primary scale by participant; the last in the baseline window."""
        return self._baseline.copy()

    def entering(self) -> pd.DataFrame:
        """Participants who enter the analyses, with their baseline score (column ``baseline``).

        People without a baseline score or below the declared severity do not enter; the
        participant flow counts them.
        """
        return self._entering.copy()

    def scores(self) -> pd.DataFrame:
        """Scores of the primary scale by participant and scheduled visit.

        Returns
        -------
        DataFrame
            Columns ``participant_id``, ``week`` (nominal), ``day``, ``score``; one row per person
            and visit attended.
        """
        return self._scores.copy()

    # every outcome asks for the next three, and the tables never change: found once, given as
    # copies

    @cached_property
    def _baseline(self) -> pd.Series:
        first, last = self.baseline_days
        v = self._scored
        v = v[v["day"].between(first, last)]
        v = v.sort_values(["participant_id", "day"], kind="stable")
        return v.groupby("participant_id", observed=True)["score"].last().rename("baseline")

    @cached_property
    def _entering(self) -> pd.DataFrame:
        people = self.participants.merge(
            self._baseline, left_on="participant_id", right_index=True, how="left"
        )
        keep = people["baseline"].notna()
        least = self.rules.entry.baseline_at_least
        if not math.isnan(least):
            worse = (
                people["baseline"] * self.scale.bad_direction >= least * self.scale.bad_direction
            )
            keep &= worse
        return people[keep].reset_index(drop=True)

    @cached_property
    def _scores(self) -> pd.DataFrame:
        v = self._scored
        # numbers in the order of the identifiers are sorted many times faster than these
        v = v.assign(place=pd.factorize(v["participant_id"], sort=True)[0])
        found = []
        for window in self.schedule:
            seen = v[v["day"].between(window.first_day, window.last_day)]
            if seen["place"].duplicated().any():
                far = (seen["day"] - window.week * DAYS_PER_WEEK).abs()
                seen = seen.iloc[np.lexsort((-seen["day"], far))].drop_duplicates("place")
            found.append(seen.assign(week=window.week))
        columns = ["participant_id", "week", "day", "score"]
        if not found:
            return pd.DataFrame(columns=columns)
        rows = pd.concat(found)
        rows = rows.iloc[np.lexsort((rows["week"], rows["place"]))]
        return rows[columns].reset_index(drop=True)

    @property
    def short_title(self) -> str:
        """The title up to its colon, by which readers know the study."""
        return self.title.partition(":")[0]

    @property
    def _scored(self) -> pd.DataFrame:
        """Visits with a score of the primary scale."""
        v = self.tables["visits"]
        kept = (v["scale"] == self.primary_scale) & v["score"].notna()
        return v.loc[kept, ["participant_id", "day", "score"]]

    def __repr__(self) -> str:
        # counts wait for the disclosure gate: a printed study says only what it declares
        arms = ", ".join(f"{a.name} ({in_words(a.treatment)})" for a in self.arms)
        weeks = ", ".join(f"{w:g}" for w in self.weeks)
        told = {"arms": arms, "scale": self.scale.label, "weeks": weeks}
        return say("study.printed", name=self.name, title=self.title, **told)


def _contradictions(study: Study) -> list[str]:
    """What is wrong between the parts of a study, in words."""
    wrong = []
    names = [arm.name for arm in study.arms]
    for what, value, allowed in (
        ("data_kind", study.data_kind, DATA_KINDS),
        ("design", study.design, DESIGNS),
        ("several_arms", study.several_arms, SEVERAL_ARMS),
        ("disclosure", study.disclosure, DISCLOSURE_PROFILES),
    ):
        if value not in allowed:
            wrong.append(f'{what} is "{value}", not one of {", ".join(allowed)}')
    if not re.fullmatch(STUDY_NAME, study.name):
        wrong.append(f'the name "{study.name}" is not small letters, digits and hyphens')
    if len(set(names)) < len(names) or not names:
        wrong.append("arms need names of their own, and there must be one")
    if not (math.isnan(study.not_worse_margin) or 0 < study.not_worse_margin < 1):
        wrong.append(f"not_worse_margin is {study.not_worse_margin:g}, not between 0 and 1")
    if unknown := study.randomised - set(COMPONENTS):
        wrong.append(f"{sorted(unknown)} cannot be randomised")
    wrong += _maintenance_contradictions(study.rules, names)
    if study.primary_scale not in study.scales:
        wrong.append(f'scales do not hold the primary scale "{study.primary_scale}"')
    if study.schedule and study.primary_week not in study.weeks:
        wrong.append(f"the primary week {study.primary_week:g} is not scheduled")
    if missing := [table for table in TABLES if table not in study.tables]:
        return [*wrong, f"the tables {missing} are missing (give them without rows)"]
    if unknown := sorted(set(study.tables["participants"]["arm"].unique()) - set(names)):
        wrong.append(f"participants are in arms that it does not have, {unknown}")
    return wrong


def _maintenance_contradictions(rules: Rules, arms: list[str]) -> list[str]:
    """What a declared maintenance trial says against its arms and its rule of relapse."""
    maintenance, wrong = rules.maintenance, []
    if maintenance is None:
        return wrong
    if set(maintenance.arms) != set(arms):
        wrong.append(
            f"maintenance speaks of the arms {', '.join(maintenance.arms)}, the study has "
            f"{', '.join(arms)}; each stands in continued, tapered or stopped"
        )
    if rules.relapse and rules.relapse.after != "baseline":
        wrong.append(
            f"people entered after {maintenance.entered_after}, but relapse counts from "
            f'{rules.relapse.after}; from randomisation is after = "baseline"'
        )
    return wrong
