"""Response of completed scores: the score is imputed, then the declared rule applied."""

from __future__ import annotations

import numpy as np

from ctevidence.data.rules import RemissionRule, ResponseRule
from ctevidence.data.scales import Scale
from ctevidence.language import pick, say
from ctevidence.models.firth_risk import penalised_risks
from ctevidence.models.standardised_risk import EVENTS_PER_COEFFICIENT
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.response import has_responded, is_at_least_as_good
from ctevidence.sensitivity.batched_risks import counted, standardised
from ctevidence.sensitivity.draw_blocks import blocks
from ctevidence.sensitivity.rubin import Pooled
from ctevidence.sensitivity.score_table import ScoreTable
from ctevidence.terms import did_you_mean

MODELS = ("counts", "standardised")


def possible_scores(scale: Scale, scores: np.ndarray) -> np.ndarray:
    """Scores as the scale can give them: rounded to its step, within its range.

    A rule such as "at most 9" means whole scores; of normal values it would leave out those
    between 9 and 9.5 and make a rule stricter than it is.

    Examples
    --------
    >>> from ctevidence.data.scales import get_scale
    >>> possible_scores(get_scale("bdi"), np.array([9.4, -2.0, 80.0])).tolist()
    [9.0, 0.0, 63.0]
    """
    if scale.step > 0:
        scores = scale.low + scale.step * np.round((scores - scale.low) / scale.step)
    return np.clip(scores, scale.low, scale.high)


def by_rule(
    outcome: Outcome, baseline: np.ndarray, scores: np.ndarray, imputed: np.ndarray
) -> np.ndarray:
    """Whether each completed score counts as response, 0.0 or 1.0, shape (M, n, weeks).

    Parameters
    ----------
    outcome : Outcome
        Its rule and scale decide.
    baseline : ndarray, shape (n,)
    scores : ndarray, shape (M, n, weeks)
    imputed : ndarray of bool, shape (n, weeks)
        Scores that were not seen: these are made possible scores first.

    Raises
    ------
    TypeError
        For a rule that more than the score decides.
    """
    scale, rule = outcome.study.scale, outcome.rule
    whole = np.where(imputed, possible_scores(scale, scores), scores)
    if isinstance(rule, ResponseRule):
        return has_responded(rule, scale, baseline[:, None], whole)
    if isinstance(rule, RemissionRule):
        return is_at_least_as_good(scale, whole, rule.threshold)
    raise TypeError(
        f"{outcome.name} is decided by {type(rule).__name__}; scores can be imputed for a rule of "
        "response or remission. Give derive_response(study) or derive_remission(study)."
    )


def response_risks(
    y: np.ndarray, table: ScoreTable, covariates: np.ndarray, model: str | None
) -> tuple[Pooled, np.ndarray, str, tuple[str, ...]]:
    """Risks of each arm and week, pooled on the risk scale.

    Parameters
    ----------
    y : ndarray of bool, shape (M, n, weeks)
    table : ScoreTable
    covariates : ndarray, shape (n, q) or (M, n, q)
    model : {"counts", "standardised"}, optional

    Returns
    -------
    Pooled
        By week, then arm.
    events : ndarray of int
        People with the outcome, on average over the imputations.
    str
        The model in words.
    tuple of str
        Cautions.

    Notes
    -----
    Risks are pooled as they are, not their logits: differences and interactions of risks are the
    primary scale here, an arm may have nobody with the outcome, and without missing scores the
    complete-data answer comes back exactly. Single arms get their interval on the logit scale.
    """
    if model not in (None, *MODELS):
        raise KeyError(f'No model "{model}" of imputed response{did_you_mean(model, MODELS)}')
    caution: tuple[str, ...] = ()
    if model is None:
        model, caution = _model_for(y, table, covariates)
    arms = len(table.arms)
    columns = 0 if model == "counts" else covariates.shape[-1]
    size = y.shape[1] * (arms + columns) * y.shape[2]
    each = [
        _risks(y[s], table.arm, arms, covariates[s] if covariates.ndim == 3 else covariates, model)
        for s in blocks(len(y), size)
    ]
    estimate, cov = (np.concatenate(part) for part in zip(*each, strict=True))
    member = table.arm[:, None] == np.arange(arms)
    events = np.rint((y.mean(axis=0).T @ member).ravel()).astype(int)
    pooled = Pooled(estimate, cov, float(y.shape[1] - arms - columns))
    how = pick("sensitivity.imputed_response.models", model)
    return pooled, events, how, caution


def _risks(y, arm, arms: int, covariates, model: str) -> tuple[np.ndarray, np.ndarray]:
    """Risks of some data sets by week, then arm, and their covariance."""
    y = y.astype(float)
    parts = [_at_week(y[:, :, w], arm, arms, covariates, model) for w in range(y.shape[2])]
    estimate = np.concatenate([e for e, _ in parts], axis=1)
    influence = np.concatenate([i for _, i in parts], axis=2)
    return estimate, np.swapaxes(influence, 1, 2) @ influence


def _model_for(y, table, covariates) -> tuple[str, tuple[str, ...]]:
    """Standardised where every data set has people enough for the regression, else counts."""
    if not covariates.shape[-1]:
        return "counts", ()
    coefficients = len(table.arms) - 1 + covariates.shape[-1]
    happened = y.sum(axis=1)
    rarer = np.minimum(happened, y.shape[1] - happened).min()
    if rarer >= EVENTS_PER_COEFFICIENT * coefficients:
        return "standardised", ()
    few = say(
        "sensitivity.imputed_response.not_adjusted",
        events=EVENTS_PER_COEFFICIENT,
        coefficients=coefficients,
    )
    return "counts", (few,)


def _at_week(y, arm, arms: int, covariates, model: str) -> tuple[np.ndarray, np.ndarray]:
    if model == "counts":
        return counted(y, arm, arms)
    if covariates.ndim == 3:
        each = [standardised(y[[k]], arm, arms, covariates[k]) for k in range(len(y))]
        estimate, influence = (np.concatenate(part) for part in zip(*each, strict=True))
    else:
        estimate, influence = standardised(y, arm, arms, covariates)
    for k in np.flatnonzero(np.isnan(estimate).any(axis=1)):  # separated: Firth's penalty
        columns = covariates if covariates.ndim == 2 else covariates[k]
        risks = penalised_risks(y[k], arm, arms, columns)
        estimate[k], influence[k] = risks.estimate, risks.influence
    return estimate, influence
