"""Declaration: what ``study.toml`` says a study is, with all that is wrong in it.

The template that ``ctevidence new`` writes explains the keys one by one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ctevidence.data.columns import COVARIATE_KINDS, EVENTS
from ctevidence.data.declared_rules import read_rules
from ctevidence.data.declared_scales import DeclaredScales, read_scales
from ctevidence.data.declared_schedule import DeclaredSchedule, read_schedule
from ctevidence.data.file_format import FileFormat
from ctevidence.data.problems import Problem
from ctevidence.data.study import (
    DATA_KINDS,
    DESIGNS,
    DISCLOSURE_PROFILES,
    STUDY_NAME,
    Rules,
    VisitWindow,
)
from ctevidence.data.toml_file import read_file_format, read_toml
from ctevidence.data.toml_table import TomlTable, suggest
from ctevidence.terms import COMPONENTS, INACTIVE_COMPONENTS, SEVERAL_ARMS, Arm, Treatment

FILE = "study.toml"
_REQUIRED_WORDS = ("name", "title", "condition")
_OPTIONAL_WORDS = ("population", "citation")


@dataclass(frozen=True)
class Declaration:
    """What a study declares; None or empty where it could not be read.

    Parameters
    ----------
    about : dict of str to str
        ``name, title, condition, population, citation, data_kind, design``.
    randomised : frozenset of str
    notes, inactive : tuple of str
    arms : tuple of Arm
    scales : DeclaredScales
    baseline_days : tuple of float or None
    schedule : tuple of VisitWindow
    rules : Rules
    primary_week : float
        NaN where none is declared, in a study without scheduled visits.
    adjust : tuple of str
    several_arms, disclosure : str
    not_worse_margin : float
        NaN where none is declared.
    covariates : dict of str to {"number", "category"}
        Declared kinds of covariates.
    other_events : tuple of str
    file_format : FileFormat
    lines : dict of str to int
        Lines of the keys, for checks that look at the tables too.
    """

    about: Mapping[str, str] = field(default_factory=dict)
    randomised: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    inactive: tuple[str, ...] = INACTIVE_COMPONENTS
    arms: tuple[Arm, ...] = ()
    scales: DeclaredScales = field(default_factory=DeclaredScales)
    baseline_days: tuple[float, float] | None = None
    schedule: tuple[VisitWindow, ...] = ()
    rules: Rules = field(default_factory=Rules)
    primary_week: float = math.nan
    adjust: tuple[str, ...] = ()
    several_arms: str = "error"
    not_worse_margin: float = math.nan
    disclosure: str = "opensafely"
    covariates: Mapping[str, str] = field(default_factory=dict)
    other_events: tuple[str, ...] = ()
    file_format: FileFormat = field(default_factory=FileFormat)
    lines: Mapping[str, int] = field(default_factory=dict)

    def problem(self, key: str, why: str, do: str, value: str = "") -> Problem:
        """A problem with one key of the file."""
        return Problem(FILE, why, do, column=key, row=self.lines.get(key), value=value)


def read_declaration(path: Path) -> tuple[Declaration, list[Problem]]:
    """Read ``study.toml``.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Declaration
        With what could be read, so that the tables can be checked against it.
    list of Problem
        All problems of the file.

    Raises
    ------
    DataProblems
        When the file is missing or not TOML at all.
    """
    root = read_toml(path)
    parts = _read_study(root.table("study"))
    parts["arms"] = _read_arms(root, parts["inactive"])
    scales = read_scales(root)
    schedule = read_schedule(root.table("schedule"))
    parts |= _read_analysis(root.table("analysis"), schedule)
    parts |= _read_tables(root)
    recorded = parts.pop("recorded_events")
    declared = Declaration(
        **parts,
        scales=scales,
        baseline_days=schedule.baseline_days,
        schedule=schedule.windows,
        rules=replace(read_rules(root, scales.find(scales.primary)), recorded_events=recorded),
        disclosure=_read_disclosure(root.table("disclosure"), parts["about"]),
        lines=root.lines,
    )
    root.close()
    return declared, root.problems


def _read_study(study: TomlTable | None) -> dict:
    if study is None:
        return {"about": {}, "inactive": INACTIVE_COMPONENTS}
    about = {key: study.text(key) for key in _REQUIRED_WORDS}
    about |= {key: study.text(key, required=False) for key in _OPTIONAL_WORDS}
    about["data_kind"] = study.choice("data_kind", DATA_KINDS)
    about["design"] = study.choice("design", DESIGNS)
    if (name := about["name"]) and not re.fullmatch(STUDY_NAME, name):
        why = "The name becomes the name of a folder."
        study.refuse("name", why, "Use small letters, digits and hyphens: my-study.", name)
    randomised = study.texts("randomised") or ()
    for word in sorted(set(randomised) - set(COMPONENTS)):
        why = "Only medication and therapy can be randomised."
        study.refuse("randomised", why, 'Use "medication", "therapy", both or none ([]).', word)
    if randomised and about["design"] == "registry":
        why = "A registry randomises no one."
        study.refuse("randomised", why, 'Use [], or design = "trial".', list(randomised))
    inactive = study.texts("inactive", required=False)
    notes = study.texts("notes", required=False) or ()
    study.close()
    return {
        "about": {key: value or "" for key, value in about.items()},
        "randomised": frozenset(randomised),
        "notes": notes,
        "inactive": INACTIVE_COMPONENTS if inactive is None else inactive,
    }


def _read_arms(root: TomlTable, inactive: tuple[str, ...]) -> tuple[Arm, ...]:
    if root.values.get("arms") == {}:
        root.refuse("arms", "There is no arm.", "Add a table [arms.NAME] for each arm.")
    found = [_read_arm(name, table, inactive) for name, table in root.tables("arms").items()]
    return tuple(arm for arm in found if arm is not None)


def _read_arm(name: str, table: TomlTable, inactive: tuple[str, ...]) -> Arm | None:
    treatment = table.choice("treatment", [t.value for t in Treatment])
    words = {key: table.text(key, required=False) or "" for key in (*COMPONENTS, "label")}
    table.close()
    if treatment is None:
        return None
    try:
        arm = Arm(name, treatment, **words)
    except ValueError as error:
        table.refuse("", str(error), "Rename the arm, or correct its treatment.", name)
        return None
    do = (
        "Correct the treatment or the component. Components that do not count as treatment stand "
        "in inactive = [...] under [study]."
    )
    for why in arm.contradictions(inactive):
        table.refuse("treatment", f"The arm {why}.", do, treatment)
    return arm


def _read_analysis(analysis: TomlTable | None, schedule: DeclaredSchedule) -> dict:
    if analysis is None:
        return {}
    week = analysis.number("primary_week", required=False)
    _check_primary_week(analysis, week, schedule.weeks)
    adjust = analysis.texts("adjust") or ()
    for name in sorted({name for name in adjust if adjust.count(name) > 1}):
        analysis.refuse("adjust", "The covariate stands twice.", "Name it once.", name)
    several = analysis.choice("several_arms", SEVERAL_ARMS, required=False) or "error"
    margin = _read_margin(analysis)
    analysis.close()
    return {
        "not_worse_margin": margin,
        "primary_week": math.nan if week is None else week,
        "adjust": adjust,
        "several_arms": several,
    }


def _read_margin(analysis: TomlTable) -> float:
    margin = analysis.number("not_worse_margin", required=False)
    if margin is None:
        return math.nan
    if 0 < margin < 1:
        return margin
    why = "The margin is a share of people: above 0 and below 1."
    do = "For 5 of every 100 people write not_worse_margin = 0.05, or leave the key out."
    analysis.refuse("not_worse_margin", why, do, margin)
    return math.nan


def _check_primary_week(analysis: TomlTable, week: float | None, weeks: tuple[float, ...]) -> None:
    listed = ", ".join(f"{w:g}" for w in weeks) or "none"
    if week is None and weeks and "primary_week" not in analysis.values:
        why = "The key is missing: reports lead with one scheduled week."
        analysis.refuse("primary_week", why, f"Add primary_week = ..., one of the weeks {listed}.")
    elif week is not None and weeks and week not in weeks:
        why = "No visit is scheduled in this week."
        analysis.refuse("primary_week", why, f"Use one of the weeks: {listed}.", week)
    elif week is not None and not week > 0:
        why = "Outcomes are counted after the start."
        analysis.refuse("primary_week", why, "Name a week above 0, or leave the key out.", week)


def _read_disclosure(disclosure: TomlTable | None, about: Mapping[str, str]) -> str:
    if disclosure is None:
        return "opensafely"
    profile = disclosure.choice("profile", DISCLOSURE_PROFILES)
    disclosure.close()
    if profile == "open" and about.get("data_kind") == "patient-level":
        why = 'The profile "open" shows every count as it is, but the data are not open.'
        do = 'Use another profile; for published data say data_kind = "open patient-level".'
        disclosure.refuse("profile", why, do, profile)
    return profile or "opensafely"


def _read_tables(root: TomlTable) -> dict:
    """How the files are written, of which kind covariates are, which further events there are."""
    covariates = root.table("covariates", required=False)
    kinds = (
        {name: covariates.choice(name, COVARIATE_KINDS) for name in covariates.values}
        if covariates
        else {}
    )
    other: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    if events := root.table("events", required=False):
        other = events.texts("other", required=False) or ()
        recorded = events.texts("recorded", required=False) or ()
        for word in sorted(set(recorded) - {*EVENTS, *other}):
            why = "The event is not known."
            events.refuse("recorded", why, suggest(word, EVENTS, (*EVENTS, *other)), word)
        events.close()
    return {
        "covariates": {name: kind for name, kind in kinds.items() if kind},
        "other_events": other,
        "recorded_events": recorded,
        "file_format": read_file_format(root.table("files", required=False)),
    }
