"""Therapy in groups: the pooled effect under several intra-class correlations, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ctevidence.data.trial_columns import split_flags
from ctevidence.data.trials import Trials
from ctevidence.estimates import Estimates
from ctevidence.language import say
from ctevidence.synthesis.effect_sizes import effect_sizes
from ctevidence.synthesis.pool import pool
from ctevidence.synthesis.variance_inflation import GROUP_FLAG

#: Intra-class correlations to try: none, small, and what therapy groups seldom exceed.
ICCS = (0.0, 0.02, 0.05, 0.1)


def group_therapy_sensitivity(
    trials: Trials,
    outcome,
    contrast,
    *,
    group_size: float,
    icc: Sequence[float] = ICCS,
    **question,
) -> Estimates:
    """The pooled effect with therapy in groups taken as clustered, once for each correlation.

    Trials hardly ever report how alike the people of one group are, so the correlations are
    assumptions: what matters is whether the answer depends on them.

    Parameters
    ----------
    trials, outcome, contrast, **question
        As in `effect_sizes`.
    group_size : float
        People in a group.
    icc : sequence of float
        Intra-class correlations; 0 is the main analysis.

    Returns
    -------
    Estimates
        One pooled row for each correlation, named in `population`.
    """
    rows = []
    for r in icc:
        effects = effect_sizes(trials, outcome, contrast, icc=r, group_size=group_size, **question)
        row = pool(effects).pooled
        flagged = effects.frame["flags"].map(lambda cell: GROUP_FLAG in split_flags(cell))
        number = say("synthesis.group_therapy.in_groups", some=flagged.sum(), all=len(flagged))
        rows.append(
            replace(
                row,
                id="",
                population=f"{row.population}; intra-class correlation {r:g}",
                method=say(
                    "synthesis.group_therapy.method", method=row.method, size=f"{group_size:g}"
                ),
                caution="; ".join(filter(None, (number, row.caution))),
            )
        )
    return Estimates(rows)
