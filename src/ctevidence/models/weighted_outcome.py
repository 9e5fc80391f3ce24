"""Risks and mean scores at scheduled weeks from weighted people, plain or doubly robust."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ctevidence.language import pick, say
from ctevidence.levels import Levels
from ctevidence.models.covariates import adjustment, covariate_columns
from ctevidence.models.fit import ScheduledFit, build_levels
from ctevidence.models.weighted_mean import WeightedMeans, augmented_means, weighted_means
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.person_weights import PersonWeights
from ctevidence.terms import did_you_mean

#: What a fit of a weighted outcome can be; the first when none is named.
WEIGHTED_MODELS = ("weighted", "doubly-robust")


def weighted_fit(
    outcome: Outcome, model: str | None = None, adjust: Sequence[str] | None = None
) -> ScheduledFit:
    """Risk or mean score under each arm at each week, in the population of the weights.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``response``, ``harms`` or ``course``, with weights.
    model : {"weighted", "doubly-robust"}, optional
        ``"weighted"`` when absent; see `weighted_mean.weighted_means` and `augmented_means`.
    adjust : sequence of str, optional
        Covariates of the regression of ``"doubly-robust"``; those of the weights when absent.

    Returns
    -------
    ScheduledFit
        With the joint covariance of all arms and weeks. Where the data cannot carry the
        regression at a week, its levels are weighted only, and a caution says so and why.

    Raises
    ------
    KeyError
        For another model, or an unknown covariate.
    ValueError
        For covariates with ``"weighted"``, or some that are missing for people with a weight.
    """
    model = weighted_model(model, adjust)
    weights = outcome.weight
    if outcome.kind == "course":
        measure, column, link = "mean", "score", "identity"
        weeks = sorted({*outcome.study.weeks, *outcome.frame["week"]})
    else:
        measure, column, link = "risk", "value", "logit"
        has_week = "week" in outcome.frame
        weeks = sorted(outcome.frame["week"].unique()) if has_week else [None]
    arms = [arm.name for arm in outcome.study.arms]
    number = pd.Index(arms).get_indexer(pd.Index(weights.arm))
    columns, names = regression_columns(outcome, model, adjust)
    keys, means, seen, reasons = [], [], [], []
    for week in weeks:
        y = _values(outcome, column, week)
        found, reason = mean_levels(y, number, len(arms), weights, columns, link)
        keys += [(arm, None if week is None else float(week)) for arm in arms]
        means.append(found)
        seen.append((number, y))
        reasons += [f"{reason}{_at(week)}"] if reason else []
    cautions = (
        *outcome.cautions, *weights.cautions, *reasons, *_unseen(keys, means, outcome),
        *_left_out(seen, columns is not None),
    )  # fmt: skip
    expected = _levels(outcome, measure, keys, means, seen, model, names, link, cautions)
    return ScheduledFit(outcome, expected, weights, cautions)


def weighted_model(model: str | None, adjust: Sequence[str] | None) -> str:
    """The model asked for, checked.

    Raises
    ------
    KeyError
    ValueError
    """
    model = model or WEIGHTED_MODELS[0]
    if model not in WEIGHTED_MODELS:
        raise KeyError(
            f'No model "{model}" of an outcome with weights{did_you_mean(model, WEIGHTED_MODELS)}'
        )
    if model == "weighted" and adjust:
        raise ValueError(
            "The weights already make the arms alike; adjust= is the regression of "
            'model="doubly-robust". Name that model, or leave adjust out.'
        )
    return model


def refuse_weighted_model(model: str | None) -> None:
    """Refuse a model that needs weights, for an outcome without.

    Raises
    ------
    ValueError
    """
    if model in WEIGHTED_MODELS:
        raise ValueError(
            f'model="{model}" needs weights: give outcome.weighted(weigh(study)) instead of the '
            "outcome."
        )


def regression_columns(
    outcome: Outcome, model: str, adjust: Sequence[str] | None
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Covariates of everyone with a weight for the regression, and their names; None for none."""
    if model == "weighted":
        return None, ()
    weights, study = outcome.weight, outcome.study
    if adjust is None:
        if weights.columns is None:
            raise ValueError(
                "These weights were given without covariates: name those of the regression, "
                "adjust=[...]."
            )
        return weights.columns, weights.covariates
    names = adjustment(study, adjust)
    table = study.entering().set_index("participant_id").loc[list(weights.people), list(names)]
    if gaps := [name for name in names if table[name].isna().any()]:
        raise ValueError(
            f"{', '.join(gaps)} is missing for people with a weight. Leave it out of adjust, or "
            "weigh by it too: then they are left out of both."
        )
    return covariate_columns(study, weights.people, names)[0], names


def mean_levels(
    y: np.ndarray,
    arm: np.ndarray,
    n_arms: int,
    weights: PersonWeights,
    columns: np.ndarray | None,
    link: str,
    among: np.ndarray | None = None,
) -> tuple[WeightedMeans, str]:
    """Means with the regression where there are columns and the data carry it, and else why not."""
    if columns is None:
        return weighted_means(y, arm, n_arms, weights), ""
    try:
        return augmented_means(y, arm, n_arms, columns, weights, link, among), ""
    except ArithmeticError as reason:
        found = weighted_means(y, arm, n_arms, weights)
        return found, say("models.weighted_outcome.weighted_only", reason=reason)


def population_of(weights: PersonWeights, model: str) -> str:
    """Whom the levels are of, and how they were reached: rows of both ways stand side by side."""
    return f"{weights.population} ({model.replace('-', ' ')})"


def method_of(weights: PersonWeights, names: Sequence[str], link: str) -> str:
    """The method in words."""
    words = [weights.method]
    if names:
        words.append(
            say(
                "models.weighted_outcome.augmented",
                regression=pick("models.weighted_outcome.regressions", link),
                covariates=", ".join(map(in_words, names)),
            )
        )
    return "; ".join([*words, say("models.weighted_outcome.influence")])


def _values(outcome: Outcome, column: str, week: float | None) -> np.ndarray:
    """The outcome of everyone with a weight at a week; nan where it is not known."""
    rows = outcome.frame if week is None else outcome.frame[outcome.frame["week"] == week]
    place = outcome.weight.places(rows["participant_id"])
    y = np.full(len(outcome.weight.people), np.nan)
    y[place[place >= 0]] = rows[column].to_numpy(float)[place >= 0]
    return y


def _levels(outcome, measure, keys, means, seen, model, names, link, cautions) -> Levels:
    n_arms = len(outcome.study.arms)
    influence = np.hstack([np.nan_to_num(found.influence) for found in means])
    counts = [np.bincount(arm[np.isfinite(y)], minlength=n_arms) for arm, y in seen]
    events = None
    if measure == "risk":
        events = np.concatenate([
            np.bincount(arm, np.nan_to_num(y), minlength=n_arms) for arm, y in seen
        ])  # fmt: skip
    options = {} if measure == "risk" else {"unit": f"{outcome.study.scale.label} points"}
    estimate = np.concatenate([found.estimate for found in means])
    if measure == "risk":  # an augmented risk may leave its range by a little where nearly all have
        estimate = np.clip(estimate, 0.0, 1.0)
    return build_levels(
        outcome,
        measure,
        keys,
        estimate,
        influence.T @ influence,
        n=np.concatenate(counts),
        events=events,
        method=method_of(outcome.weight, names, link),
        cautions=cautions,
        population=population_of(outcome.weight, model),
        **options,
    )


def _at(week: float | None) -> str:
    return "" if week is None else say("models.in_week", week=f"{week:g}")


def _unseen(keys, means, outcome: Outcome):
    """A caution for each week at which nobody of some arm is seen."""
    empty = [key for key, value in zip(keys, np.concatenate([m.estimate for m in means]),
                                       strict=True) if np.isnan(value)]  # fmt: skip
    for week in dict.fromkeys(week for _, week in empty):
        arms = ", ".join(arm for arm, w in empty if w == week)
        at = "" if week is None else say("models.at_week", week=f"{week:g}")
        yield say("models.known_for_nobody", outcome=in_words(outcome.name), arms=arms, at=at)


def _left_out(seen, is_augmented: bool):
    if any(np.isnan(y).any() for _, y in seen):
        yield (
            say("models.weighted_outcome.through_regression")
            if is_augmented
            else say("models.weighted_outcome.left_out")
        )
