"""Contrasts of published trials: what is wrong between the rows of a contrast-level table."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pandas as pd

from ctevidence.data.contrast_limits import SCALES, off_centre_studies
from ctevidence.data.problems import Problem
from ctevidence.data.trial_table import TrialTable

#: Scale on which a measure's estimate and standard error are given.
MEASURE_SCALES = {
    "odds_ratio": "log",
    "risk_ratio": "log",
    "hazard_ratio": "log",
    "risk_difference": "natural",
    "mean_difference": "natural",
    "std_mean_difference": "natural",
}

#: How far a loop of contrasts may fail to close, in units of the last digit given: three
#: estimates, each off by half a unit.
_ROUNDING = 1.5
_LEAST_TOLERANCE = 1e-6
#: Share by which rounding may make a squared standard error larger than two others together.
_VARIANCE_TOLERANCE = 0.02

#: What the contrasts of one study share, where the table has it.
_TOGETHER = ("study", "outcome", "measure", "phase", "weeks")


def contrast_problems(table: TrialTable, scale: str, decimals: float) -> list[Problem]:
    """All problems between cells and rows.

    Parameters
    ----------
    table : TrialTable
        With the columns of `CONTRAST_COLUMNS`, on the analysis scale.
    scale : {"log", "ratio", "natural"}
        Declared scale of what the file holds.
    decimals : float
        Decimal places to which the estimates are given.
    """
    found = [*_scales(table, scale), *_counts(table), *_spellings(table), *_pairs(table)]
    if not found:  # loops of contrasts that are wrong by themselves would only repeat the message
        tolerance = max(_ROUNDING * 10.0**-decimals, _LEAST_TOLERANCE)
        found = _several_arms(table, tolerance)
    return found


def _scales(table: TrialTable, scale: str) -> list[Problem]:
    wanted = table.frame["measure"].map(MEASURE_SCALES)
    return table.problems(
        wanted.notna() & (wanted != SCALES.get(scale)),
        f'trials.toml declares scale = "{scale}"; ratios are given on the log scale, to which '
        "their standard errors belong, differences on the natural scale.",
        'Correct scale: "log" for logarithms of ratios, "ratio" for ratios as printed (with '
        'limits, or the standard error of the logarithm), "natural" for differences.',
        "measure",
    )


def _counts(table: TrialTable) -> list[Problem]:
    problems = []
    for side in "12":
        problems += table.problems(
            table.frame[f"events{side}"] > table.frame[f"n{side}"],
            "There are more events than people.",
            "Correct events or n; if people had several events, count people.",
            f"events{side}",
        )
    return problems


def _spellings(table: TrialTable) -> list[Problem]:
    """Names that differ only in capitals or spaces would be two treatments."""
    names = pd.concat([table.frame["treat1"], table.frame["treat2"]])
    usual: dict[str, str] = {}
    for name in names.value_counts().index:  # the most frequent spelling first
        usual.setdefault(_plain(name), name)
    return [
        problem
        for column in ("treat1", "treat2")
        for problem in table.problems(
            table.frame[column] != table.frame[column].map(lambda name: usual[_plain(name)]),
            "Elsewhere the same name is written with other capitals or spaces.",
            "Write it in one way.",
            column,
        )
    ]


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()


def _together(rows: pd.DataFrame) -> list[str]:
    return [column for column in _TOGETHER if column in rows]


def _pairs(table: TrialTable) -> list[Problem]:
    rows = table.frame
    alike = rows["treat1"].eq(rows["treat2"]) & rows["treat1"].ne("")
    pair = pd.Series([" / ".join(sorted(p)) for p in rows[["treat1", "treat2"]].to_numpy()])
    what = rows["study"] + ": " + rows["treat1"] + " against " + rows["treat2"]
    again = rows[_together(rows)].assign(pair=pair.to_numpy()).duplicated()
    return [
        *table.problems(
            alike, "The treatment is compared with itself.", "Correct one of the two.", "treat2"
        ),
        *table.problems(
            again & ~alike,
            "The study compares the two treatments in an earlier row.",
            "Keep one of the rows; it does not matter which treatment comes first.",
            "study",
            value=what,
        ),
    ]


# -- studies with several arms --------------------------------------------------------------------


def _several_arms(table: TrialTable, tolerance: float) -> list[Problem]:
    problems = []
    together = _together(table.frame)
    for _, rows in table.frame.groupby(together, sort=False, dropna=False):
        if len(rows) > 1 and rows[["estimate", "std_error"]].notna().all(axis=None):
            fault = _missing_contrasts(rows) or _open_loop(rows, tolerance) or _errors(rows)
            problems += [Problem(table.file, **fault)] if fault else []
    return problems


def _treatments(rows: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys([*rows["treat1"], *rows["treat2"]]))


def _missing_contrasts(rows: pd.DataFrame) -> dict | None:
    treatments = _treatments(rows)
    given = {frozenset(pair) for pair in rows[["treat1", "treat2"]].to_numpy()}
    missing = [pair for pair in combinations(treatments, 2) if frozenset(pair) not in given]
    if not missing:
        return None
    return {
        "column": "study",
        "row": int(rows.index[0]),
        "value": rows["study"].iloc[0],
        "why": f"The study has {len(treatments)} treatments and lacks the contrast of "
        f"{' with '.join(missing[0])}: without it, how the others depend on each other is unknown.",
        "do": "Add every contrast of the study with its standard error.",
    }


def _open_loop(rows: pd.DataFrame, tolerance: float) -> dict | None:
    """The loop of three treatments whose contrasts add up worst, when beyond rounding."""
    effect, row = {}, {}
    for line, one, other, estimate in rows[["treat1", "treat2", "estimate"]].itertuples():
        effect[one, other], effect[other, one] = estimate, -estimate
        row[frozenset((one, other))] = line
    gaps = {
        (a, b, c): effect[a, b] + effect[b, c] + effect[c, a]
        for a, b, c in combinations(_treatments(rows), 3)
    }
    (a, b, c), gap = max(gaps.items(), key=lambda item: abs(item[1]))
    if abs(gap) <= tolerance * (1 + 1e-9):
        return None
    return {
        "column": "estimate",
        "row": int(row[frozenset((a, c))]),
        "value": f"{effect[a, c]:g}",
        "why": f"The contrasts of the study do not add up: {a} against {b} "
        f"({effect[a, b]:g}) and {b} against {c} ({effect[b, c]:g}) give "
        f"{effect[a, b] + effect[b, c]:g} for {a} against {c}, not {effect[a, c]:g}.",
        "do": "Check signs and order: an estimate is treat1 against treat2. Contrasts of different "
        "analyses of one trial cannot stand together.",
    }


def _errors(rows: pd.DataFrame) -> dict | None:
    """Independent arms have variances that add up: no arm's own can be negative."""
    variance, row = {}, {}
    for line, one, other, error in rows[["treat1", "treat2", "std_error"]].itertuples():
        variance[one, other] = variance[other, one] = error**2
        row[frozenset((one, other))] = line
    for a, b, c in permutations(_treatments(rows), 3):
        others = variance[a, b] + variance[a, c]
        if variance[b, c] > others * (1 + _VARIANCE_TOLERANCE):
            return {
                "column": "std_error",
                "row": int(row[frozenset((b, c))]),
                "value": f"{np.sqrt(variance[b, c]):g}",
                "why": f"The standard errors of the study do not go together: that of {b} against "
                f"{c} can be at most {np.sqrt(others):.3g}, given those against {a}.",
                "do": "Check the three standard errors, and that all are on the same scale.",
            }
    return None


def contrast_cautions(contrasts: pd.DataFrame, scale: str) -> list[str]:
    """What a reader has to know about a sound table."""
    found = []
    if scale == "log" and len(contrasts) >= 10 and contrasts["estimate"].gt(0).all():
        found.append(
            "All log estimates are above 0: these may be the ratios themselves, not their logs."
        )
    if off := off_centre_studies(contrasts):
        found.append(
            "The estimate is not in the middle of its limits, so the standard error taken from "
            f"them is rough: {', '.join(off)}."
        )
    return found
