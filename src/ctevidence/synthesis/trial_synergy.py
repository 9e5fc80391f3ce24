"""Synergy inside each published trial that has all four cells; nothing is pooled."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ctevidence.contrasts.better_than_both import better_than_both
from ctevidence.contrasts.counted_levels import FOUR_ARMS, counted_levels
from ctevidence.contrasts.per_arm import per_arm
from ctevidence.contrasts.synergy import synergy
from ctevidence.data.trials import Trials
from ctevidence.estimates import Estimates
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.synthesis.effect_sizes import BETTER
from ctevidence.synthesis.flags import MAIN_STRATUM
from ctevidence.synthesis.question import Question
from ctevidence.synthesis.trial_selection import TREATMENT_ORDER, TrialCells, select_trials


def trials_synergy(
    trials: Trials,
    outcome: str | Sequence[str] = "response",
    *,
    phase: str | Sequence[str] = (),
    week: str | float = "first",
    stratum: str = MAIN_STRATUM,
    conf_level: float = 0.95,
) -> Estimates:
    """Synergy, and better than both, of every trial with counts of all four cells.

    Parameters
    ----------
    trials : Trials
        By arm. Contrasts of named treatments hold no cells and give no rows.
    outcome : str or sequence of str
        An outcome, or several in order of preference: each trial gives the first that it reports
        of all four cells.
    phase, week, stratum
        As for `effect_sizes`; trials with a taper stand in a stratum of their own.
    conf_level : float

    Returns
    -------
    Estimates
        For each trial the four levels, the rows of `synergy`, and those of `better_than_both` at
        half the error, one-sided. Both components are randomised in a trial of four arms. Counts
        are of everyone randomised unless a caution says otherwise.

    See Also
    --------
    four_cell_levels : the levels that the rows are made from.

    Examples
    --------
    TADS (March et al. 2004, JAMA 292:807): 71.0 - 60.6 - 43.2 + 34.8 per 100.

    >>> arms = pd.DataFrame({
    ...     "trial_id": "tads", "arm": ["both", "drug", "CBT", "pill"], "outcome": "response",
    ...     "treatment": ["combined", "medication", "therapy", "control"], "weeks": 12.0,
    ...     "events": [76, 66, 48, 39], "n": [107, 109, 111, 112]})
    >>> rows = trials_synergy(Trials("demo", "One", arms=arms))
    >>> round(rows.where(measure="interaction_difference").one().estimate, 4)
    0.0206
    """
    rows = Estimates()
    for levels in four_cell_levels(trials, outcome, phase=phase, week=week, stratum=stratum):
        rows += per_arm(levels, conf_level=conf_level)
        rows += synergy(levels, conf_level=conf_level)
        rows += better_than_both(levels, conf_level=(1 + conf_level) / 2)
    return rows


def four_cell_levels(
    trials: Trials,
    outcome: str | Sequence[str] = "response",
    *,
    phase: str | Sequence[str] = (),
    week: str | float = "first",
    stratum: str = MAIN_STRATUM,
) -> tuple[Levels, ...]:
    """The four cells of each trial as levels, in the order of the table; see `trials_synergy`."""
    question = Question(
        outcome,
        phase=phase,
        week=week,
        stratum=stratum,
        several_arms=trials.several_arms,
        arms=trials.use_arms,
    )
    if trials.arms is None:
        return ()
    whole = _with_all_cells(trials.arms, question)
    if whole.empty:
        return ()
    named = set(zip(whole["trial_id"], whole["arm"], strict=True))
    there = {column: set(whole[column]) for column in ("outcome", "phase") if column in whole}
    question = Question(
        tuple(word for word in question.outcome if word in there["outcome"]),
        phase=tuple(word for word in question.phase if word in there["phase"]),
        week=week,
        stratum=stratum,
        several_arms=question.several_arms,
        arms={k: arm for k, arm in trials.use_arms.items() if (k, arm) in named},
    )
    chosen, _ = select_trials(whole, question)
    return tuple(_levels(trial) for trial in chosen)


def _with_all_cells(arms: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Rows of the outcomes at the times at which a trial counted all four treatments."""
    rows = arms[arms["outcome"].isin(question.outcome) & arms["events"].notna()]
    if question.phase:
        rows = rows[rows["phase"].isin(question.phase)]
    time = [c for c in ("trial_id", "outcome", "phase", "weeks") if c in rows]
    # weeks may be missing, and a missing week is a time of its own
    cells = rows.groupby(time, dropna=False)["treatment"].transform("nunique")
    return rows[cells == len(TREATMENT_ORDER)]


def _levels(trial: TrialCells) -> Levels:
    cells = trial.cells.set_index("treatment").loc[[arm.treatment for arm in FOUR_ARMS]]
    first = cells.iloc[0]
    people = ", ".join(word for word in (first["condition"], first["age_group"]) if word)
    week = first["weeks"]
    return counted_levels(
        cells["events"].to_numpy(),
        cells["n"].to_numpy(),
        outcome=trial.outcome,
        better=BETTER.get(trial.outcome, "higher"),
        study=trial.study,
        population=people.replace("_", " ") or "everyone who started",
        week=None if pd.isna(week) else float(week),
        caution="; ".join((*trial.cautions, say("synthesis.trial_synergy.not_pooled"))),
    )
