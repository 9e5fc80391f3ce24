"""What would the two parts do together by some rule, what was seen, and the difference."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ctevidence.contrasts.combination import (
    Combination,
    by_delta,
    combine,
    values_of,
    why_not_estimable,
)
from ctevidence.contrasts.compare import compare, contrast_row, joined, levels_of
from ctevidence.contrasts.interaction_formulas import COMBINED, CONTROL, beyond, predicted_on
from ctevidence.contrasts.per_arm import per_arm
from ctevidence.contrasts.singles import against_best_single
from ctevidence.contrasts.synergy import interaction, predicted_row
from ctevidence.contrasts.unidentified import absent, unidentified, why_not_identified
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.levels import SCALES, Cell, Levels
from ctevidence.names import in_words
from ctevidence.terms import (
    CONTRAST_MEASURES,
    REFERENCE_MODELS,
    ContrastMeasure,
    ReferenceModel,
)


def reference_models(
    source,
    *,
    combined: str = "combined",
    medication: str = "medication",
    therapy: str = "therapy",
    control: str = "control",
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    r"""What each reference model predicts for the combination, what was seen, and the difference.

    Parameters
    ----------
    source : Levels or a fit
    combined, medication, therapy, control : str
        The arms or treatments that fill the four cells.
    measure, week, conf_level
        As for `synergy`.

    Returns
    -------
    Estimates
        First what was seen; then for each model of `terms.REFERENCE_MODELS` that is valid for the
        measure its prediction (column `reference` names the model) and seen minus predicted. For
        log hazards all are hazard ratios to control, the difference a ratio. Without all four
        cells every model keeps its place.

    Notes
    -----
    Models but the best single treatment are additive on a scale f and predict
    :math:`f^{-1}(f(\mu_{10}) + f(\mu_{01}) - f(\mu_{00}))`: additivity (f the identity), Bliss
    independence (:math:`\log(1-\mu)`; Bliss 1939, Ann Appl Biol 26:585), multiplicativity
    (:math:`\log\mu`), additive log odds. The interval of a prediction is made on f and turned
    back. The highest single agent is the better single treatment (Berenbaum 1989, Pharmacol Rev
    41:93); the range of the difference to it allows for the choice, see `compare_with_singles`.
    """
    levels = levels_of(source, measure, week)
    names = (combined, medication, therapy, control)
    models = [REFERENCE_MODELS[m] for m in levels.models]
    if absent(levels, names):
        # the same rows, and words, as in `synergy`
        why = why_not_identified(levels, names)
        return Estimates(unidentified(levels, combined, m.name, m.excess, why) for m in models)
    cells = [levels.cell(name) for name in names]
    if not levels.anchored:
        return _of_differences(levels, cells, names, conf_level)
    rows = [r for r in per_arm(levels, None, None, conf_level) if r.arm == cells[0].arms[0].name]
    for model in models:
        rows += _of_model(levels, cells, model, conf_level)
    return Estimates(rows)


def _of_model(levels, cells, model: ReferenceModel, conf_level: float) -> list[Estimate]:
    if not model.scale:
        excess = against_best_single(levels, cells[:3], conf_level)
        return [
            _better_single(levels, cells, conf_level),
            replace(excess, id="", measure=model.excess),
        ]
    predicted = predicted_row(
        levels, cells, model.name, _prediction(levels, cells, model, conf_level), conf_level
    )
    if model.excess in ("interaction_difference", "bliss_excess"):
        return [predicted, interaction(levels, cells, model.excess, conf_level)]
    problem = _without_prediction(levels, cells, model)
    result = (
        Combination(problem=problem)
        if problem
        else by_delta(levels, cells, beyond(model.scale), conf_level)
    )
    measure = ContrastMeasure(model.excess, levels.measure, "identity", levels.unit)
    return [predicted, contrast_row(levels, cells, model.name, measure, result, conf_level)]


def _prediction(levels: Levels, cells: list[Cell], model: ReferenceModel, conf_level: float):
    """The predicted value, its error on the scale of the value, its limits on that of the model."""
    problem = _without_prediction(levels, cells, model)
    if problem:
        return Combination(problem=problem)
    if model.scale == "identity":  # as `synergy` has it, whatever does not vary
        return combine(levels, cells[1:], [1.0, 1.0, -1.0], "identity", conf_level)
    found = by_delta(levels, cells, predicted_on(model.scale), conf_level)
    if why_not_estimable(levels, cells[1:], model.scale):
        return found  # nobody, or everybody: there is no interval on that scale
    on_scale = combine(levels, cells[1:], [1.0, 1.0, -1.0], model.scale, conf_level)
    if math.isnan(on_scale.low):
        return replace(found, low=math.nan, high=math.nan, problem=on_scale.problem)
    low, high = sorted(SCALES[model.scale].inverse(np.array([on_scale.low, on_scale.high])))
    method = joined(
        on_scale.method, say("contrasts.reference_models.on_scale", model=in_words(model.name))
    )
    return replace(found, low=low, high=high, method=method)


def _without_prediction(levels: Levels, cells: list[Cell], model: ReferenceModel) -> str:
    """Why a model predicts nothing; products only divide by the control."""
    divides = cells[CONTROL:] if model.scale in ("log", "log1m") else cells[1:]
    return why_not_estimable(levels, cells) or why_not_estimable(levels, divides, model.scale)


def _better_single(levels: Levels, cells: list[Cell], conf_level: float) -> Estimate:
    problem = why_not_estimable(levels, cells[1:3])
    values = values_of(levels, cells[1:3]) if not problem else [math.nan, math.nan]
    best = max(values) if levels.better == "higher" else min(values)
    result = Combination(best, problem=joined(problem, say("contrasts.reference_models.chosen")))
    measure = ContrastMeasure(levels.measure, levels.measure, "identity", levels.unit)
    row = contrast_row(levels, cells[:3], "best single treatment", measure, result, conf_level)
    return replace(row, n=None, events=None)


def _of_differences(levels: Levels, cells, names: tuple[str, ...], conf_level: float) -> Estimates:
    """Of relative levels: contrasts to control; ratios multiply where differences add."""
    seen = compare(levels, names[COMBINED], against=names[CONTROL], conf_level=conf_level).one()
    result = combine(levels, cells[1:], [1.0, 1.0, -2.0], "identity", conf_level)
    measure = CONTRAST_MEASURES[seen.measure]
    multiplied = measure.is_ratio
    model = "multiplicativity" if multiplied else "additivity"
    predicted = contrast_row(levels, cells, model, measure, result, conf_level)
    predicted = replace(predicted, p_value=math.nan, n=None, events=None)
    name = "interaction_ratio" if multiplied else "interaction_difference"
    return Estimates([seen, predicted, interaction(levels, cells, name, conf_level)])
