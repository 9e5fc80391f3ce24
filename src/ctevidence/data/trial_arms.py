"""Arms of published trials: what is wrong between the rows of an arm-level table.

`problems` make the table unusable; `cautions` are oddities that a reader has to know.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from ctevidence.data.problems import Problem
from ctevidence.data.trial_columns import split_flags
from ctevidence.data.trial_table import TrialTable
from ctevidence.terms import COMPONENTS, Arm

#: What names one count: a second row of the same would count people twice.
_ROW_KEY = ["trial_id", "arm", "outcome", "weeks", "phase"]
#: Arms that can be compared with each other.
_COMPARISON = ["trial_id", "phase", "outcome", "weeks"]
_SAME_IN_TRIAL = ("year", "condition", "age_group")
_SAME_IN_ARM = ("treatment", "medication", "therapy", "control_type")


def arm_problems(table: TrialTable, inactive: Iterable[str]) -> list[Problem]:
    """All problems between cells and rows.

    Parameters
    ----------
    table : TrialTable
        With the columns of `ARM_COLUMNS`.
    inactive : iterable of str
        Words for medication and therapy that do not count as treatment.
    """
    return [
        *_results(table),
        *_duplicates(table),
        *_changing(table, ["trial_id"], _SAME_IN_TRIAL, "trial"),
        *_changing(table, ["trial_id", "arm"], _SAME_IN_ARM, "arm"),
        *_controls(table),
        *_components(table, _normal(inactive)),
    ]


def _results(table: TrialTable) -> list[Problem]:
    rows = table.frame
    counted, mean, sd = (table.given(column) for column in ("events", "mean", "sd"))
    change = _given(table, "mean_change")
    return [
        *table.problems(
            rows["events"] > rows["n"],
            "There are more events than people in the arm.",
            "Correct events or n; if people had several events, count people.",
            "events",
        ),
        *table.problems(
            mean ^ sd,
            "A mean needs its standard deviation, and a standard deviation its mean.",
            "Enter both, or leave both empty.",
            "sd",
        ),
        *table.problems(
            ~counted & ~mean & ~sd & ~change,
            "The row has no result: neither events, nor mean and sd, nor mean_change.",
            "Enter one of them; delete the row if the report gives none.",
            "events",
        ),
        *table.problems(
            counted & (mean & sd | change),
            "The row has two results, events and a mean.",
            "Give each outcome a row of its own.",
            "events",
        ),
        *(_too_many(table) if "n_effective" in rows else []),
    ]


def _too_many(table: TrialTable) -> list[Problem]:
    return table.problems(
        table.frame["n_effective"] > table.frame["n"],
        "A count from a survival curve cannot be worth more people than there were.",
        "Correct n_effective or n.",
        "n_effective",
    )


def _given(table: TrialTable, column: str) -> pd.Series:
    """As `TrialTable.given`, of a column that the table need not have."""
    if column in table.frame:
        return table.given(column)
    return pd.Series(False, index=table.frame.index)


def _duplicates(table: TrialTable) -> list[Problem]:
    rows = table.frame
    named = rows[["trial_id", "arm", "outcome", "phase"]].ne("").all(axis=1)
    what = rows["trial_id"] + ", " + rows["arm"] + ", " + rows["outcome"] + ", week " + _weeks(rows)
    return table.problems(
        rows.duplicated(_ROW_KEY) & named,
        "The same trial, arm, outcome, week and phase stands in an earlier row.",
        "Delete one of the rows, or tell them apart by arm, weeks or phase.",
        "trial_id",
        value=what,
    )


def _weeks(rows: pd.DataFrame) -> pd.Series:
    return rows["weeks"].map(lambda week: "not given" if np.isnan(week) else f"{week:g}")


def _changing(
    table: TrialTable, same: list[str], columns: Iterable[str], what: str
) -> list[Problem]:
    """Rows that contradict the first row of the same trial or arm."""
    rows, problems = table.frame, []
    for column in columns:
        usable = rows[column].mask(table.refused[column])
        first = usable.groupby([rows[name] for name in same]).transform("first")
        differs = usable.ne(first) & usable.notna() & rows[same].ne("").all(axis=1)
        problems += table.problems(
            differs,
            f"An earlier row of the same {what} says something else.",
            f"Make them agree; give different {what}s different names.",
            column,
        )
    return problems


def _controls(table: TrialTable) -> list[Problem]:
    rows = table.frame
    return table.problems(
        rows["control_type"].ne("") & rows["treatment"].ne("control"),
        "control_type says what a control arm got, but the arm is not declared control.",
        "Leave it empty, or correct the treatment.",
        "control_type",
    )


# -- treatment against components -----------------------------------------------------------------


def _normal(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.lower().replace("_", " ") for word in words)


def _active(given: str, inactive: frozenset[str]) -> str:
    """The parts of a component that count as treatment: of ``placebo + SRI``, ``SRI``."""
    parts = [part.strip() for part in given.split("+")]
    return " + ".join(part for part in parts if not _normal([part]) <= inactive)


def _components(table: TrialTable, inactive: frozenset[str]) -> list[Problem]:
    """Arms whose treatment and components contradict each other, each told once."""
    rows, problems = table.frame, []
    arms = rows.drop_duplicates(["trial_id", "arm", *_SAME_IN_ARM])
    stated = [component for component in COMPONENTS if rows[component].ne("").any()]
    for row, arm in arms[arms["treatment"].ne("") & arms["arm"].ne("")].iterrows():
        for why in _contradictions(arm, stated, inactive):
            problems.append(
                Problem(
                    table.file,
                    f"The arm {why}.",
                    "Correct treatment, medication or therapy; words that do not count as "
                    "treatment stand in inactive = [...] in trials.toml.",
                    column="treatment",
                    row=int(row),
                    value=f"{arm['trial_id']}, {arm['arm']}: {arm['treatment']}",
                )
            )
    return problems


def _contradictions(arm: pd.Series, stated: list[str], inactive: frozenset[str]) -> list[str]:
    active = {component: _active(arm[component], inactive) for component in COMPONENTS}
    idle = [arm[component].lower() for component in COMPONENTS if not active[component]]
    given = {component: active[component] or arm[component] for component in COMPONENTS}
    try:
        declared = Arm(arm["arm"], arm["treatment"], **given)
    except ValueError:
        return ["has the name of another treatment"]
    silent = [c for c in stated if c in declared.components and not arm[c]]
    return [
        *declared.contradictions(idle),
        *(f'is declared "{declared.treatment}", but no {c} is stated' for c in silent),
    ]


# -- cautions -------------------------------------------------------------------------------------


def arm_cautions(arms: pd.DataFrame) -> list[str]:
    """What a reader has to know about a sound table, a sentence for each."""
    found = {
        "Only one arm has the outcome, so it cannot be compared": _single_arms(arms),
        "An arm counts more people for one outcome than for another": _uneven_n(arms),
        "Therapy without pill beside a pill placebo, not flagged as such": _unblinded(arms),
    }
    return [f"{what}: {', '.join(where)}." for what, where in found.items() if where]


def _flagged(arms: pd.DataFrame, flag: str) -> pd.Series:
    return arms["flags"].map(lambda cell: flag in split_flags(cell))


def _single_arms(arms: pd.DataFrame) -> list[str]:
    known = arms[~_flagged(arms, "arms_missing")]
    number = known.groupby(_COMPARISON, dropna=False, sort=False)["arm"].nunique()
    return [f"{trial} ({outcome})" for trial, _, outcome, _ in number[number == 1].index]


def _uneven_n(arms: pd.DataFrame) -> list[str]:
    sizes = arms.groupby(["trial_id", "phase", "arm"], sort=False)["n"].agg(["min", "max"])
    uneven = sizes[sizes["min"] < sizes["max"]]
    return [
        f"{trial} ({arm}: {low} to {high})"
        for (trial, _, arm), (low, high) in zip(uneven.index, uneven.to_numpy(), strict=True)
    ]


def _unblinded(arms: pd.DataFrame) -> list[str]:
    """Such a therapy arm is not blinded to the drug; the flag says so."""
    placebo = arms.loc[arms["control_type"] == "pill_placebo", "trial_id"]
    without_pill = (arms["treatment"] == "therapy") & (arms["medication"] == "")
    unflagged = ~_flagged(arms, "therapy_arm_without_pill")
    return list(
        arms.loc[without_pill & unflagged & arms["trial_id"].isin(placebo), "trial_id"].unique()
    )
