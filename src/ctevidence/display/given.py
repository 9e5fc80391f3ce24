"""Which drugs and which therapies were pooled, from the tables of the trials."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import pandas as pd

from ctevidence.data.trials import Trials
from ctevidence.display.labels import condition_label
from ctevidence.display.table import Table
from ctevidence.language import pick, say, words
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.trial_questions import AskedQuestions
from ctevidence.terms import COMPONENTS, INACTIVE_COMPONENTS

#: between the parts of what an arm was given
_PARTS = re.compile(r"\s*\+\s*")


def table_given(asked: AskedQuestions, trials: Trials, name: str = "trials-given") -> Table:
    """What was given in the trials of each question and condition, with how many trials gave it.

    Parameters
    ----------
    asked : AskedQuestions
    trials : Trials
        Arm-level: its columns ``medication`` and ``therapy`` are counted. What does not count as
        treatment (placebo, clinical management ...) is left out.
    name : str

    Returns
    -------
    Table
        Empty cells where the table of the trials does not say.
    """
    rows = [
        [each.question.words, condition_label(group).lower(), *_given(pooled, trials)]
        for each in asked
        for group, pooled in each.groups.items()
        if pooled is not None
    ]
    columns = [pick("given", key) for key in ("question", "people_with", *COMPONENTS)]
    return Table(name, say("given.title"), pd.DataFrame(rows, columns=columns))


def _given(pooled: Pooled, trials: Trials) -> list[str]:
    """Medication and therapy of the arms that are compared, the most frequent first."""
    row = pooled.pooled
    arms = trials.arms[
        trials.arms["trial_id"].isin(pooled.effects.studies)
        & trials.arms["treatment"].isin([row.arm, row.reference])
    ]
    return [_counted(arms, component) for component in COMPONENTS]


def _counted(arms: pd.DataFrame, component: str) -> str:
    if component not in arms:
        return ""
    by_trial = arms.groupby("trial_id", sort=False)[component].agg(lambda cells: {*_names(cells)})
    counts = Counter(given for found in by_trial for given in sorted(found))
    return ", ".join(f"{given} ({count})" for given, count in counts.most_common())


def _names(cells: Iterable[str]) -> Iterable[str]:
    """What arms were given, in words; codes that the language does not know stay as they are."""
    known = words("given_names")
    inactive = {word.lower() for word in INACTIVE_COMPONENTS}
    for cell in cells:
        for part in filter(None, _PARTS.split(cell)):
            if part.lower().replace("_", " ") not in inactive and part.lower() not in inactive:
                yield known.get(part.lower(), part.replace("_", " "))
