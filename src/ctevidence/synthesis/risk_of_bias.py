"""Risk of bias as judged by whoever compiled the trials: columns ``rob_*``, or not assessed.

The judgements are carried along and shown; no weight and no estimate depends on them.
"""

from __future__ import annotations

import pandas as pd

from ctevidence.data.trial_columns import ROB_PREFIX

NOT_ASSESSED = "not assessed"
HIGH = "high"


def judged(rows: pd.DataFrame) -> str:
    """Judgements of one trial by domain, in words.

    Where rows disagree (arms, outcomes), each judgement is named once.

    Examples
    --------
    >>> judged(pd.DataFrame({"rob_missing_data": ["high", "high"], "rob_overall": ["high", ""]}))
    'missing data: high; overall: high'
    >>> judged(pd.DataFrame({"arm": ["a"]}))
    'not assessed'
    """
    found = []
    for column in domains(rows):
        words = [word for word in rows[column].fillna("").astype(str).unique() if word]
        if words:
            name = column.removeprefix(ROB_PREFIX).replace("_", " ")
            found.append(f"{name}: {' or '.join(words)}")
    return "; ".join(found) or NOT_ASSESSED


def domains(table: pd.DataFrame) -> list[str]:
    """The columns that hold judgements, in their order."""
    return [column for column in table if column.startswith(ROB_PREFIX)]


def worst_words(bias: str) -> list[str]:
    """A caution where a domain was judged to be of high risk.

    Examples
    --------
    >>> worst_words("missing data: high; overall: low")
    ['high risk of bias: missing data']
    """
    parts = (part.partition(": ") for part in bias.split("; "))
    high = [name for name, _, words in parts if HIGH in words.split(" or ")]
    return [f"high risk of bias: {', '.join(high)}"] if high else []
