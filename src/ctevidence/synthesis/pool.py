"""Pool one contrast over studies, or group by group."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ctevidence.synthesis.conditions import MAIN_GROUPS
from ctevidence.synthesis.effect_sizes import COLUMNS, EffectSizes
from ctevidence.synthesis.pairwise import PoolOptions, pool_effects
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.subgroups import Subgroups, subgroup_test
from ctevidence.terms import did_you_mean

NOT_STATED = "not stated"


def pool(
    effects: EffectSizes | pd.DataFrame,
    *,
    measure: str | None = None,
    name: str | None = None,
    population: str | None = None,
    tau2_method="REML",
    hartung_knapp="guarded",
    prediction_df="k-1",
    prediction_error="interval",
    conf_level=0.95,
) -> Pooled:
    """Pool the effects of one contrast by random effects.

    Parameters
    ----------
    effects : EffectSizes or DataFrame
        One row for each study. A table needs `study`, `estimate` and `std_error` on the analysis
        scale (log for ratios).
    measure : str, optional
        For a table: one of `effect_sizes.MEASURES`; its column `measure` when absent, and then
        ``"effect"``, which is read as it stands.
    name, population : str, optional
        What the pooled rows carry as `study` and `population`; from the effects when absent.
    tau2_method, hartung_knapp, prediction_df, prediction_error, conf_level
        See `pairwise.pool_effects`.

    Raises
    ------
    ValueError
        When there is no study, or more than one contrast.

    Examples
    --------
    >>> table = pd.DataFrame({"study": ["a", "b", "c"], "estimate": [0.1, 0.3, 0.5],
    ...                       "std_error": [0.2, 0.2, 0.2]})
    >>> row = pool(table, measure="risk_ratio").pooled
    >>> round(row.estimate, 6), row.studies, row.error_scale
    (1.349859, 3, 'log')
    """
    effects = as_effects(effects, measure)
    options = PoolOptions(tau2_method, hartung_knapp, prediction_df, prediction_error, conf_level)
    return _pool(effects, options, name or effects.source, population or effects.population)


def pool_by(
    effects: EffectSizes | pd.DataFrame,
    by: str = "condition_group",
    expected: Sequence[str] | None = None,
    *,
    measure: str | None = None,
    name: str | None = None,
    tau2_method="REML",
    hartung_knapp="guarded",
    prediction_df="k-1",
    prediction_error="interval",
    conf_level=0.95,
) -> Subgroups:
    """Pool each group of studies by itself, and test whether the groups differ.

    Parameters
    ----------
    effects, measure, name, tau2_method, hartung_knapp, prediction_df, prediction_error, conf_level
        As in `pool`. Each group has its own tau-squared; the test assumes one for all.
    by : str
        A text column of the effects: `condition_group`, `condition`, `age_group`, `phase`,
        `stratum`, `outcome`, `control_type`.
    expected : sequence of str, optional
        Groups that keep a row without data, in the order wanted; those of the question
        (`conditions.MAIN_GROUPS`) for `condition_group`, else none.

    Raises
    ------
    KeyError
        When there is no such column.
    ValueError
        As in `pool`.
    """
    effects = as_effects(effects, measure)
    options = PoolOptions(tau2_method, hartung_knapp, prediction_df, prediction_error, conf_level)
    if by not in COLUMNS:
        raise KeyError(f'No column "{by}"{did_you_mean(by, COLUMNS)}')
    refuse_what_is_not_one_contrast(effects)
    if expected is None:
        expected = MAIN_GROUPS if by == "condition_group" else ()
    label = effects.frame[by].astype(str).replace("", NOT_STATED)
    groups = dict.fromkeys([*expected, *label.unique()])
    for group in label.unique():
        part = effects.where(study=effects.frame.loc[label == group, "study"].tolist())
        groups[group] = _pool(part, options, name or effects.source, _population(part, group))
    y, v = effects.frame["estimate"], effects.frame["std_error"] ** 2
    return Subgroups(by, groups, subgroup_test(y, v, label, options))


def _pool(effects: EffectSizes, options: PoolOptions, name: str, population: str) -> Pooled:
    refuse_what_is_not_one_contrast(effects)
    frame = effects.frame
    result = pool_effects(
        frame["estimate"], frame["std_error"] ** 2, tuple(frame["study"]), **vars(options)
    )
    return Pooled(effects, result, name, population)


def as_effects(effects: EffectSizes | pd.DataFrame, measure: str | None) -> EffectSizes:
    """Effects as given, or made of a table of them; refuses a measure that is not theirs."""
    if isinstance(effects, EffectSizes):
        if measure not in (None, effects.measure):
            raise ValueError(f"These effects are {effects.measure}, not {measure}.")
        return effects
    there = effects["measure"].unique() if "measure" in effects else ["effect"]
    if measure is None and len(there) > 1:
        raise ValueError(f"The table holds several measures ({', '.join(there)}); keep one.")
    return EffectSizes(effects, measure or there[0])


def refuse_what_is_not_one_contrast(effects: EffectSizes) -> None:
    """Refuse effects of no study or of several contrasts, saying what there is."""
    if effects.frame.empty:
        reasons = effects.excluded["reason"].value_counts()
        why = "; ".join(f"{reason} ({n})" for reason, n in reasons.head(3).items())
        raise ValueError(
            f"There is no study to pool. {len(effects.excluded)} left out"
            + (f": {why}." if why else ".")
        )
    contrasts = effects.frame[["treat1", "treat2"]].drop_duplicates()
    if len(contrasts) > 1:
        listed = ", ".join(f"{a} against {b}" for a, b in contrasts.head(4).itertuples(index=False))
        raise ValueError(
            f"The effects hold {len(contrasts)} contrasts ({listed} ...); pool one at a time: "
            "effect_sizes(..., contrast=...) or effects.where(treat1=..., treat2=...)."
        )


def _population(part: EffectSizes, group: str) -> str:
    """Words of the group first, then what else its studies have in common."""
    same = (group, f"{group} phase", f"stratum {group}")
    return "; ".join([group, *(w for w in part.population.split("; ") if w not in same)])
