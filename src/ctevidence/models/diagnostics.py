"""Diagnostics of a fitted course or growth model: residuals, alternatives, influence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ctevidence.language import pick, say
from ctevidence.models.covariance_structures import ON_VISITS
from ctevidence.models.gaussian_fit import GaussianFit
from ctevidence.models.growth_fit import GrowthFit
from ctevidence.models.influence import Influence, influence
from ctevidence.models.mixed import fit_mixed
from ctevidence.models.mmrm import MmrmFit, fit_mmrm_by_structures
from ctevidence.models.period_mean import PeriodFit, trapezoid_weights
from ctevidence.models.scaled_residuals import moments, scaled_residuals
from ctevidence.terms import DAYS_PER_WEEK

#: People whose scores are less likely than this under the model are called outlying.
OUTLYING_BELOW = 0.001
#: Random effects that are compared with those fitted: which, `random`, correlated or not.
RANDOM_EFFECTS = (
    ("intercept", "intercept", True),
    ("uncorrelated", "slope", False),
    ("slope", "slope", True),
)


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Residuals of a model, by score and by person.

    Attributes
    ----------
    scores : DataFrame
        ``arm, week`` (nominal), ``scaled`` and ``fitted`` of each score.
    people : DataFrame
        ``arm`` of each person and ``p_value`` of their Mahalanobis distance.
    """

    scores: pd.DataFrame
    people: pd.DataFrame

    def by_arm_and_week(self, arms: Sequence[str]) -> pd.DataFrame:
        """``arm, week, n, mean, sd, skewness`` of scaled residuals: 0, 1 and 0 are expected."""
        found = []
        for (week, arm), part in self.scores.groupby(["week", "arm"], observed=True):
            mean, sd, skewness = moments(part["scaled"].to_numpy())
            found.append((arm, week, len(part), mean, sd, skewness))
        frame = pd.DataFrame(found, columns=["arm", "week", "n", "mean", "sd", "skewness"])
        frame["arm"] = pd.Categorical(frame["arm"], list(arms))
        return frame.sort_values(["arm", "week"], ignore_index=True).astype({"arm": str})


def diagnose(fit) -> Diagnostics:
    """Scaled residuals of a fit of the course or of growth.

    Raises
    ------
    ValueError
        When nothing was fitted, or the rows of the model are not the scores of its outcome.
    """
    model, rows = model_of(fit), scores_of(fit)
    found = scaled_residuals(model.people, model.coef)
    scores = pd.DataFrame(
        {
            "arm": rows["arm"].to_numpy(),
            "week": rows["week"].to_numpy(float),
            "scaled": found.scaled,
            "fitted": found.fitted,
        }
    )
    first = np.unique(found.person, return_index=True)[1]
    people = pd.DataFrame({"arm": scores["arm"].to_numpy()[first], "p_value": found.p_value})
    return Diagnostics(scores, people)


def model_of(fit) -> GaussianFit:
    """The fitted mixed model; ValueError with the reason where there is none."""
    if not isinstance(fit.model, GaussianFit):
        raise ValueError("; ".join(fit.cautions) or "no mixed model was fitted")
    return fit.model


def scores_of(fit) -> pd.DataFrame:
    """The scores behind the model, in its order."""
    rows = getattr(fit, "rows", None)
    if rows is None:
        frame = fit.outcome.frame
        rows = frame[frame["score"].notna()]
    if len(rows) != fit.model.n_obs:
        raise ValueError(
            f"The model was fitted to {fit.model.n_obs} rows, which are not the {len(rows)} scores "
            "of its outcome: they cannot be told apart by arm and visit."
        )
    return rows


def alternatives(fit) -> pd.DataFrame:
    """The covariance that was used beside others, with the same coefficients.

    Returns
    -------
    DataFrame
        ``covariance, parameters, aic, bic, used``; nan where one could not be fitted. AIC and BIC
        count covariance parameters only (REML), BIC with the number of people, as R's mmrm and
        SAS: smaller is better. They compare covariances, not coefficients.
    """
    model = model_of(fit)
    fitted = _other_structures(fit, model) if isinstance(model, MmrmFit) else _other_effects(fit)
    rows = [
        (name, other.n_parameters, other.aic, other.bic, used)
        if other
        else (name, np.nan, np.nan, np.nan, used)
        for name, other, used in fitted
    ]
    return pd.DataFrame(rows, columns=["covariance", "parameters", "aic", "bic", "used"])


def _other_structures(fit, model: MmrmFit):
    rows = scores_of(fit)
    found = fit_mmrm_by_structures(
        [name for name in ON_VISITS if name != model.covariance],
        model.people.y,
        model.people.X,
        rows["participant_id"].to_numpy(),
        rows["week"].to_numpy(float),
        reml=model.reml,
    )
    for name in ON_VISITS:
        used = name == model.covariance
        yield name, model if used else found[name], used


def _other_effects(fit: GrowthFit):
    rows, model = scores_of(fit), fit.model
    week = rows["day"].to_numpy(float) / DAYS_PER_WEEK
    second = model.people.second
    members = None
    if second is not None:
        members = np.where(second.codes < 0, None, second.codes.astype(object))
    for kind, random, correlated in RANDOM_EFFECTS:
        name = pick("models.diagnostics.random_effects", kind)
        if random == fit.design.random and correlated:
            yield name, model, True
            continue
        Z = replace(fit.design, random=random).effects(week)
        try:
            other = fit_mixed(
                model.people.y, model.people.X, Z, rows["participant_id"].to_numpy(),
                correlated=correlated, second_groups=members,
            )  # fmt: skip
        except ValueError:
            other = None
        yield name, other, False
    if fit.design.random == "shape":
        yield say("models.diagnostics.every_function"), model, True


def influence_on(
    fit, arm: str, against: str, week: float | None = None, measure: str | None = None
) -> tuple[Influence, np.ndarray]:
    """What a difference between arms would be without each person.

    Parameters
    ----------
    fit : a fit of the course or of growth
    arm, against : str
        Arms or treatments.
    week : float, optional
        May be left out where there is only one.
    measure : str, optional
        Level measure; the fit's first when absent.

    Returns
    -------
    Influence
    arms : array of str (g,)
        Arm of each person.

    Raises
    ------
    ValueError
        When nothing was fitted, the difference cannot be estimated, or it is none of coefficients
        alone (a standardised one, which also divides by an estimate).
    """
    model, rows = model_of(fit), scores_of(fit)
    levels = fit.levels(measure, week).at(week)
    weights = levels.cell(arm).weights - levels.cell(against).weights
    if not np.isfinite(levels.estimate[weights != 0]).all():
        raise ValueError(f"{arm} against {against} cannot be estimated in this model.")
    contrast = weights @ _coefficient_weights(fit, levels)
    if not np.isclose(contrast @ model.coef, weights @ np.nan_to_num(levels.estimate)):
        raise ValueError(
            f"A difference in {levels.measure} of {fit.outcome.name} is none of the model's "
            "coefficients, which are what people are left out of. Ask for that of the means."
        )
    test = model.contrast(contrast)
    found = influence(model.people, contrast, test.std_error, test.df)
    return found, rows["arm"].to_numpy()[found.first_row]


def _coefficient_weights(fit, levels) -> np.ndarray:
    """Weights of the coefficients in each level, (m, q)."""
    if isinstance(fit, GrowthFit):
        return fit.weights([(k.arm, k.week) for k in levels.keys], levels.measure)
    names = {name: i for i, name in enumerate(fit.model.names)}
    lines = np.zeros((len(levels.keys), len(names)))
    for line, key in zip(lines, levels.keys, strict=True):
        # each arm and visit attended has a coefficient of its own (`models.course`); what is the
        # same in all arms (the start) has no part in a difference
        for week, weight in _visits_of(fit, levels.measure, key.week).items():
            if (name := f"{key.arm}, week {week:g}") in names:
                line[names[name]] = weight
    return lines


def _visits_of(fit, measure: str, week: float) -> dict[float, float]:
    """Weight of each visit in a level: of a course the visit itself, of a period all of its."""
    if not isinstance(fit, PeriodFit):
        return {week: 1.0}
    scale = fit.length if measure == "area_under_curve" else 1.0
    weights = scale * trapezoid_weights(np.array(fit.visits))
    return dict(zip(fit.visits, weights, strict=True))
