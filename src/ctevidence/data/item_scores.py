"""Item scores: totals from answers to items, by the scale's declared rule for missing items."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.checked_table import CheckedTable
from ctevidence.data.columns import item_columns
from ctevidence.data.declaration import Declaration
from ctevidence.data.problems import Problem
from ctevidence.data.scales import Scale


def total_items(visits: CheckedTable, declared: Declaration) -> tuple[CheckedTable, list[Problem]]:
    """Fill the scores of visits that give answers to items.

    A gap never counts as zero: with few missing the total is prorated, with more it is missing and
    the visit stays without a score. What "few" is comes from ``[missing_items]`` of ``study.toml``,
    else from the scale's published rule; where there is neither, gaps are problems.

    Parameters
    ----------
    visits : CheckedTable
        Columns ``item_1`` ... as on the form. A score given beside answers must be their total.
    declared : Declaration

    Returns
    -------
    CheckedTable
        With scores filled; visits without answers keep theirs.
    list of Problem
    """
    names = item_columns(visits.frame)
    if not names:
        return visits, []
    frame = visits.frame.copy()
    answered = frame[names].notna().any(axis=1)
    problems = visits.problems(
        ~answered & frame["score"].isna(),
        "The row has neither a score nor answers to items.",
        "Enter one of them; delete the row if there is none (a missed visit has no row).",
        "score",
    )
    for word in sorted(frame.loc[answered, "scale"].unique()):
        if (scale := declared.scales.find(word)) is None:
            continue  # the checks across tables name an unknown scale
        rows = CheckedTable(visits.file, frame[answered & (frame["scale"] == word)])
        totals, found = _totals(rows, names, scale, declared.scales.missing_items.get(word))
        problems += found
        given = rows.frame["score"]
        problems += rows.problems(
            given.notna() & totals.notna() & ~np.isclose(given, totals),
            "The score is not the total of the items.",
            "Correct one of them, or remove the column score: it is calculated.",
            "score",
            ("items", totals),
        )
        frame.loc[rows.frame.index, "score"] = totals
    return CheckedTable(visits.file, frame), problems


def _totals(
    rows: CheckedTable, names: list[str], scale: Scale, allowed: int | None
) -> tuple[pd.Series, list[Problem]]:
    """Totals of one scale; NaN where they could not be calculated."""
    nothing = pd.Series(np.nan, index=rows.frame.index)
    if scale.scoring != "sum" or scale.items is None:
        why = f"{scale.label} has no total that can be calculated from items."
        do = "Give scores; leave the items empty, or declare the scale with its items."
        return nothing, rows.problems(nothing.isna(), why, do, "scale")
    used = [f"item_{i}" for i in range(1, scale.items + 1)]
    problems = _faulty_answers(rows, names, used, scale)
    if absent := [name for name in used if name not in names]:
        why = f"{scale.label} has {scale.items} items; these columns are missing."
        do = "Add the columns; leave them empty where answers are missing."
        problems.append(Problem(rows.file, why, do, row=1, value=", ".join(absent)))
        return nothing, problems
    # one refused answer does not take the totals of everyone else away
    sound = CheckedTable(rows.file, rows.frame.drop(index={p.row for p in problems}))
    answers = sound.frame[used]
    if allowed is None and scale.max_missing_items is None:
        totals, found = _complete_totals(sound, answers, scale)
        return totals.reindex(nothing.index), problems + found
    try:
        totals = pd.Series(scale.total(answers, allowed), index=answers.index)
    except ValueError as error:
        do = "Correct the number under [missing_items] in study.toml."
        return nothing, [*problems, Problem(rows.file, str(error), do)]
    return totals.reindex(nothing.index), problems


def _complete_totals(
    rows: CheckedTable, answers: pd.DataFrame, scale: Scale
) -> tuple[pd.Series, list[Problem]]:
    """Totals where no answer is missing: there is no rule for the others."""
    totals = pd.Series(scale.total(answers, 0), index=answers.index)
    why = f"Answers are missing, and {scale.label} has no published rule for missing items."
    do = (
        "Say under [missing_items] in study.toml how many answers may be missing for a prorated "
        f'total; none: "{rows.frame["scale"].iloc[0]}" = 0.'
    )
    return totals, rows.problems(totals.isna(), why, do, "score")


def _faulty_answers(
    rows: CheckedTable, names: list[str], used: list[str], scale: Scale
) -> list[Problem]:
    """Answers out of the range of their item, and answers to items that the scale has not."""
    problems = []
    tops = np.broadcast_to(scale.item_high, scale.items)
    for name in names:
        answers = rows.frame[name]
        if name not in used:
            why = f"{scale.label} has only {scale.items} items."
            where = answers.notna()
        else:
            low, high = scale.item_low, float(tops[used.index(name)])
            why = f"Answers to this item of {scale.label} run from {low:g} to {high:g}."
            where = answers.notna() & ~answers.between(low, high)
        do = "Correct the answer; leave the cell empty where it is missing."
        problems += rows.problems(where, why, do, name)
    return problems
