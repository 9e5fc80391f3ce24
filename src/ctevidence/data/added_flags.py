"""Flags that the rows of published trials lack as received, added as ``trials.toml`` declares.

Raw tables are never edited. What is found later about an arm - that a therapy arm took no pill, say
- is declared under ``[add_flags.FLAG]`` by trial and arm, and stands in the table once it is read.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ctevidence.data.problems import Problem
from ctevidence.data.toml_table import TomlTable
from ctevidence.data.trial_columns import split_flags
from ctevidence.terms import did_you_mean

TABLE = "add_flags"
#: By flag, the arm by trial.
AddedFlags = Mapping[str, Mapping[str, str]]


def read_added_flags(root: TomlTable) -> AddedFlags:
    """The tables ``[add_flags.FLAG]``, each with ``trial = "arm"``."""
    return {
        flag: {trial: arms.text(trial) or "" for trial in arms.values}
        for flag, arms in root.tables(TABLE, required=False).items()
    }


def added_flag_problems(
    arms: pd.DataFrame, added: AddedFlags, known: tuple[str, ...], root: TomlTable
) -> list[Problem]:
    """Flags that are no known word, trials and arms that the table does not hold."""
    there = set(zip(arms["trial_id"], arms["arm"], strict=True))
    problems = []
    for flag, pairs in added.items():
        if flag not in known:
            problems.append(
                Problem(
                    root.file,
                    f"The flag is not a known word{did_you_mean(flag, known)}",
                    f'Correct it, or declare it: [vocabulary] flags = ["{flag}"].',
                    column=f"{TABLE}.{flag}",
                    row=root.lines.get(f"{TABLE}.{flag}"),
                    value=flag,
                )
            )
        problems += [
            Problem(
                root.file,
                f"The table holds no such arm of {trial}.",
                "Correct the trial or the arm to one of the table.",
                column=f"{TABLE}.{flag}.{trial}",
                row=root.lines.get(f"{TABLE}.{flag}.{trial}"),
                value=arm,
            )
            for trial, arm in pairs.items()
            if (trial, arm) not in there
        ]
    return problems


def with_added_flags(arms: pd.DataFrame, added: AddedFlags) -> pd.DataFrame:
    """A copy of the table whose arms have the flags declared for them, each once.

    Examples
    --------
    >>> arms = pd.DataFrame({"trial_id": ["a", "a"], "arm": ["CBT", "SSRI"], "flags": ["x", ""]})
    >>> with_added_flags(arms, {"completers": {"a": "CBT"}})["flags"].tolist()
    ['x;completers', '']
    """
    flags = arms["flags"].copy()
    for flag, pairs in added.items():
        for trial, arm in pairs.items():
            rows = (arms["trial_id"] == trial) & (arms["arm"] == arm)
            flags[rows] = flags[rows].map(
                lambda cell, flag=flag: ";".join(dict.fromkeys([*split_flags(cell), flag]))
            )
    return arms.assign(flags=flags)
