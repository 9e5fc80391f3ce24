"""Risk of bias: as judged by whoever compiled the trials (``rob_*``), and as flags say of it.

Both are carried along and shown; no weight and no estimate depends on them.
"""

from __future__ import annotations

import pandas as pd

from ctevidence.data.trial_columns import ROB_PREFIX
from ctevidence.language import pattern, say
from ctevidence.synthesis.flags import FLAG_RULES

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
    return [say("synthesis.risk_of_bias.high", domains=", ".join(high))] if high else []


def bias_of(caution: str) -> list[str]:
    """The parts of a caution that speak of bias: a flag that says so, or a judgement of high risk.

    Examples
    --------
    >>> bias_of("arm sizes inferred; completers only, not everyone randomised (Ann 2014)")
    ['completers only, not everyone randomised (Ann 2014)']
    """
    said = tuple(rule.meaning for rule in FLAG_RULES.values() if rule.is_bias)
    return [p for p in caution.split("; ") if p.startswith(said) or is_judged_high(p)]


def is_judged_high(caution: str) -> bool:
    """Whether one caution is a judgement of high risk."""
    return pattern("synthesis.risk_of_bias.high").match(caution) is not None


def bias_among(effects: pd.DataFrame) -> list[str]:
    """What speaks of bias among pooled trials, with the trials that it is true of.

    Parameters
    ----------
    effects : DataFrame
        Frame of `EffectSizes`.

    Examples
    --------
    >>> bias_among(pd.DataFrame({"label": ["Ann 2014", "Bob 2015"], "caution": [
    ...     "completers only, not everyone randomised", "arm sizes inferred"]}))
    ['completers only, not everyone randomised (Ann 2014)']
    """
    found: dict[str, list[str]] = {}
    for label, caution in zip(effects["label"], effects["caution"], strict=True):
        for part in bias_of(caution):
            found.setdefault(part, []).append(label)
    return [f"{part} ({', '.join(labels)})" for part, labels in found.items()]
