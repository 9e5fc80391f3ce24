"""Who the people of pooled trials were, where a part of them is a group of its own."""

from __future__ import annotations

import pandas as pd

from ctevidence.language import pattern, say
from ctevidence.names import in_words
from ctevidence.synthesis.conditions import CONDITIONS

#: a smaller part than this does not change whom a pooled number is about
LEAST_SHARE = 0.2
#: conditions that are special by age alone
OF_ONE_AGE = {"adolescent_depression", "late_life_depression", "paediatric_anxiety"}


def who_was_studied(effects: pd.DataFrame) -> str:
    """The largest special condition within a group of conditions: people and trials; or empty.

    Parameters
    ----------
    effects : DataFrame
        Frame of `EffectSizes`, one row for each contrast.

    Returns
    -------
    str
        Such as ``442 of 1276 people have persistent depression (Keller 2000)``. Empty where
        nobody was counted, the part is smaller than `LEAST_SHARE`, or all are of one age, which
        the population says.
    """
    people = effects["n1"] + effects["n2"]
    if people.isna().any():
        return ""
    special = effects["condition"] != effects["condition_group"]
    by = people[special].groupby(effects["condition"][special]).sum()
    if by.empty or by.max() < LEAST_SHARE * people.sum():
        return ""
    code = by.idxmax()
    if code in OF_ONE_AGE and effects["condition"].nunique() < 2:
        return ""
    trials = ", ".join(effects.loc[effects["condition"] == code, "label"])
    name = CONDITIONS[code].name if code in CONDITIONS else code.replace("_", " ")
    return say(
        "synthesis.who_was_studied.told",
        some=f"{by.max():.0f}",
        all=f"{people.sum():.0f}",
        condition=in_words(name),
        trials=trials,
    )


def tells_who(caution: str) -> bool:
    """Whether one caution of a row is of this kind."""
    return bool(
        pattern("synthesis.who_was_studied.told", some="[0-9]+", all="[0-9]+").match(caution)
    )
