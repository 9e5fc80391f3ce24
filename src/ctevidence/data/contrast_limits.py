"""Contrasts that a report gives as ratios, or with limits instead of a standard error.

After this a contrast stands on the analysis scale and has a standard error, whatever was reported.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ctevidence.data.problems import Problem
from ctevidence.data.reported_limits import off_centre, std_error_from_limits
from ctevidence.data.trial_table import TrialTable

#: Declared scale of the numbers in the file -> scale on which they are kept.
SCALES = {"log": "log", "ratio": "log", "natural": "natural"}
LIMITS = ("conf_low", "conf_high")
#: Share by which a standard error given beside limits may differ from what they say: rounding.
_AGREE = 0.1
#: Distance from the middle of the limits, of half their width, that a reader is told of.
_OFF_CENTRE = 0.1


def on_analysis_scale(table: TrialTable, scale: str) -> tuple[TrialTable, list[Problem]]:
    """Logarithms of ratios, standard errors from limits, and all that is wrong with them.

    Parameters
    ----------
    table : TrialTable
        With the columns of `CONTRAST_COLUMNS`; not changed.
    scale : str
        One of `SCALES`: of `estimate` and the limits. A standard error always belongs to the
        analysis scale.
    """
    problems = _limit_problems(table)
    if scale == "ratio":
        problems += _not_positive(table)
        table = _logarithms(table)
    problems += _outside(table)
    if problems:
        return table, problems
    rows = table.frame
    limits = rows[[*LIMITS, "conf_level"]].notna().all(axis=1)
    found = std_error_from_limits(*(rows[name] for name in (*LIMITS, "conf_level")))
    contradicts = limits & ((rows["std_error"] / found - 1).abs() > _AGREE)
    problems = table.problems(
        contradicts,
        "The standard error and the limits say different things.",
        "Keep the one that is right; the standard error of a ratio belongs to its logarithm, and "
        "conf_level says how wide the limits are.",
        "std_error",
    )
    filled = rows["std_error"].fillna(pd.Series(found, index=rows.index))
    return replace(table, frame=rows.assign(std_error=filled)), problems


def _limit_problems(table: TrialTable) -> list[Problem]:
    low, high, level, error = (table.given(c) for c in (*LIMITS, "conf_level", "std_error"))
    levels = table.frame["conf_level"]
    return [
        *table.problems(
            low ^ high, "One limit stands without the other.", "Enter both limits.", "conf_low"
        ),
        *table.problems(
            ~error & ~(low & high),
            "There is neither a standard error nor both limits: how sure the estimate is cannot "
            "be known.",
            "Enter std_error, or conf_low, conf_high and conf_level.",
            "std_error",
        ),
        *table.problems(
            low & high & ~level,
            "The limits have no level: 90 % and 95 % limits give different standard errors.",
            "Enter conf_level (0.95 for 95 %), or declare it for all rows in trials.toml.",
            "conf_level",
        ),
        *table.problems(
            (levels <= 0) | (levels >= 1),
            "A confidence level lies between 0 and 1.",
            "Enter 0.95 for 95 %.",
            "conf_level",
        ),
    ]


def _not_positive(table: TrialTable) -> list[Problem]:
    return [
        problem
        for column in ("estimate", *LIMITS)
        for problem in table.problems(
            table.frame[column] <= 0,
            'trials.toml declares scale = "ratio", and a ratio is above 0.',
            'Correct the value; if these are logarithms, declare scale = "log".',
            column,
        )
    ]


def _logarithms(table: TrialTable) -> TrialTable:
    rows = table.frame
    logs = {c: np.log(rows[c].where(rows[c] > 0)) for c in ("estimate", *LIMITS)}
    return replace(table, frame=rows.assign(**logs))


def _outside(table: TrialTable) -> list[Problem]:
    rows = table.frame
    low, high = rows["conf_low"], rows["conf_high"]
    return [
        *table.problems(
            low >= high, "The lower limit is not below the upper.", "Correct them.", "conf_low"
        ),
        *table.problems(
            (low < high) & ((rows["estimate"] < low) | (rows["estimate"] > high)),
            "The estimate lies outside its limits.",
            "Check all three, and which treatment comes first.",
            "estimate",
        ),
    ]


def off_centre_studies(contrasts: pd.DataFrame) -> list[str]:
    """Studies whose estimate is not in the middle of its limits on the analysis scale."""
    if not set(LIMITS) <= set(contrasts):
        return []
    given = contrasts.dropna(subset=list(LIMITS))
    far = off_centre(given["estimate"], given["conf_low"], given["conf_high"]) > _OFF_CENTRE
    return list(given.loc[far, "study"].unique())
