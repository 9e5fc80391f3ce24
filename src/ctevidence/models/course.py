"""The course of scores over the visits: a mixed model for repeated measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ctevidence.language import listed, say
from ctevidence.levels import Levels
from ctevidence.models.course_fit import CourseFit
from ctevidence.models.covariance_structures import ON_TIMES, canonical_name
from ctevidence.models.covariates import (
    WEIGHTINGS,
    adjustment,
    covariate_columns,
    of_people_with,
)
from ctevidence.models.fit import (
    ScheduledFit,
    build_levels,
    in_brackets,
    nothing_to_fit,
    of_kind,
    without_counts,
)
from ctevidence.models.mmrm import METHODS, MmrmFit, fit_mmrm
from ctevidence.models.period_mean import START
from ctevidence.models.standardised_mean import (
    STANDARDISERS,
    Standardiser,
    baseline_sd,
    residual_sd,
)
from ctevidence.models.weighted_outcome import refuse_weighted_model, weighted_fit
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import did_you_mean

BASELINE = "baseline"
BASELINES = ("covariate", "constrained")
#: smallest eigenvalue of the correlation of the coefficients that rounding leaves meaningful
LEAST_APART = 1e-10


def fit_course(
    outcome: Outcome,
    adjust: Sequence[str] | None = None,
    covariance: str = "unstructured",
    method: str = "kenward-roger",
    *,
    baseline: str = "covariate",
    weighting: str = "observed",
    standardise_by: str = "baseline",
    model: str | None = None,
) -> CourseFit | ScheduledFit:
    """Mean score under each arm at each visit, by a mixed model for repeated measures.

    The model is arm x visit + baseline x visit + the other covariates; or, with a constrained
    baseline, arm x visit after the start, one mean for all arms at the start, and the other
    covariates.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course``.
    adjust : sequence of str, optional
        Covariates; those declared by the study when absent, ``[]`` for none. ``"baseline"`` has a
        slope of its own at each visit, any other covariate one for all visits. People for whom
        a covariate is missing are left out, with a caution.
    covariance, method : str
        Covariance within a person, and inference; see `ctevidence.models.mmrm.fit_mmrm`.
    baseline : {"covariate", "constrained"}
        ``"constrained"`` takes the baseline score as one more response, at week 0, with a mean
        common to all arms (constrained longitudinal data analysis; Liang and Zeger 2000, Sankhya
        B 62:134), as randomisation makes it; a caution where it was not. People with a baseline
        score and none later count in it. Any other covariate has a slope of its own at week 0.
        Then ``"baseline"`` in `adjust` says nothing more.
    weighting : {"observed", "equal"}
        The population of the marginal means: covariates as in everyone in the model, or with all
        values of a covariate that is not a number equally frequent. Contrasts do not depend on it.
    standardise_by : {"baseline", "residual"}
        What a standardised difference divides by: the SD of the baseline scores of everyone who
        entered, or the SD that the model leaves at the visit.
    model : {"weighted", "doubly-robust"}, optional
        For an outcome with weights (``outcome.weighted(weights)``) only, the first when absent:
        mean scores of weighted people week by week instead of the mixed model, which takes no
        weights; see `weighted_outcome.weighted_fit`. What belongs to the mixed model cannot be
        asked for together with weights.

    Returns
    -------
    CourseFit
        Levels of ``mean``: marginal means at the covariates that `weighting` says, of everyone in
        the model, each person counted once; and of ``standardised_mean``. `n` is the people seen
        at the visit. A visit that nobody of an arm attended is ``nan``, with a caution. Where
        there are too few scores, covariates are dropped, and if that does not help all levels are
        ``nan``; a caution says so, and what the engine found. `model` is the `MmrmFit`, or None.
        ``over`` and ``early`` give the mean over a period.

    Raises
    ------
    ValueError
        For an outcome that is not a course, an unknown word, a covariance that is not one of
        visits, or a residual SD with a method of inference that does not give its error.

    Notes
    -----
    Each arm and visit has its own coefficient and the covariates are centred, so that the first
    coefficients are the marginal means; contrasts do not depend on this parameterisation.
    """
    of_kind(outcome, "course", "fit_course")
    if outcome.weight is not None:
        of_mmrm = (covariance, method, baseline, weighting, standardise_by)
        _refuse_options_of_mmrm(of_mmrm)
        return weighted_fit(outcome, model, adjust)
    _refuse_model(model)
    _check_covariance(covariance)
    _check_words(method=(method, tuple(METHODS)), baseline=(baseline, BASELINES),
                 weighting=(weighting, WEIGHTINGS),
                 standardise_by=(standardise_by, STANDARDISERS))  # fmt: skip
    names = tuple(adjustment(outcome.study, adjust))
    if baseline == "constrained":
        names = tuple(name for name in names if name != BASELINE)
        cautions = (*outcome.cautions, *_unlike_starts(outcome))
        outcome = replace(outcome, frame=_with_start(outcome), cautions=cautions)
    form = _Form(names, covariance, method, baseline == "constrained", weighting, standardise_by)
    fitted, why = _fit(of_people_with(outcome, names), form)
    if fitted.model is None and names:
        dropped = say(
            "models.course.too_few", names=", ".join(map(in_words, names)), why=in_brackets(why)
        )
        outcome = replace(outcome, cautions=(*outcome.cautions, dropped))
        fitted, _ = _fit(outcome, replace(form, names=()))
    return fitted


@dataclass(frozen=True)
class _Form:
    """The model that is asked for; fields as the parameters of `fit_course`."""

    names: tuple[str, ...]
    covariance: str
    method: str
    constrained: bool
    weighting: str
    standardise_by: str

    def in_words(self) -> str:
        start = say("models.course.baseline_as_response") if self.constrained else ""
        fixed = (
            say("models.adjusted_for", names=", ".join(map(in_words, self.names)))
            if self.names
            else ""
        )
        equal = say("models.course.equal_weights") if self.weighting == "equal" else ""
        return start + fixed + equal


def _refuse_options_of_mmrm(given: tuple[str, ...]) -> None:
    if given != ("unstructured", "kenward-roger", "covariate", "observed", "baseline"):
        raise ValueError(
            "covariance, method, baseline, weighting and standardise_by belong to the mixed model, "
            "which takes no weights: means of weighted people are made week by week. Leave them "
            "out."
        )


def _refuse_model(model: str | None) -> None:
    refuse_weighted_model(model)
    if model is not None:
        raise ValueError(f'model is "{model}"; without weights a course has the mixed model only.')


def _check_words(**given: tuple[str, tuple[str, ...]]) -> None:
    for name, (word, known) in given.items():
        if word not in known:
            raise ValueError(f'{name} is "{word}"{did_you_mean(word, known)}')


def _check_covariance(covariance: str) -> None:
    if canonical_name(covariance) in ON_TIMES:
        raise ValueError(
            f'covariance is "{covariance}", which needs the actual time of each score; fit_course '
            "takes the scheduled visits. Use fit_growth, or the engine "
            "ctevidence.models.mmrm.fit_mmrm with times=."
        )


def _unlike_starts(outcome: Outcome) -> tuple[str, ...]:
    """What to say where one mean at the start is more than randomisation promises."""
    parts = frozenset().union(*(arm.components for arm in outcome.study.arms))
    chosen = sorted(parts - outcome.study.randomised)
    if not chosen:
        return ()
    return (say("models.course.one_baseline", components=listed(chosen)),)


def _with_start(outcome: Outcome) -> pd.DataFrame:
    """The frame with the baseline score of everyone who entered as rows of week 0."""
    people = outcome.study.entering()
    start = people[["participant_id", "arm"]].assign(week=START, score=people[BASELINE])
    return pd.concat([start, outcome.frame], ignore_index=True)


def _fit(outcome: Outcome, form: _Form) -> tuple[CourseFit, str]:
    """The fit of this form; levels without a value where the data do not allow it, and why."""
    rows = outcome.frame[outcome.frame["score"].notna()]
    later = rows[rows["week"] != START] if form.constrained else rows
    if form.constrained:
        outcome = replace(outcome, frame=outcome.frame[outcome.frame["week"] != START])
    weeks = sorted({*outcome.study.weeks, *later["week"]})
    seen = later.groupby(["week", "arm"], observed=True).size()
    keys = [(arm.name, week) for week in weeks for arm in outcome.study.arms]
    n = np.array([seen.get((week, arm), 0) for arm, week in keys])
    cells = [key for key, people in zip(keys, n, strict=True) if people]
    model = _model(outcome, rows, cells, form)
    if isinstance(model, str):
        nothing = nothing_to_fit(outcome, keys, n, model)
        by = baseline_sd(outcome.study, tuple(weeks))
        return CourseFit(outcome, nothing.expected, None, nothing.cautions, None, by), model
    unseen = _unseen(outcome, [key for key, people in zip(keys, n, strict=True) if not people])
    cautions = (*outcome.cautions, *map(without_counts, model.cautions), *unseen)
    named = replace(outcome, cautions=cautions)
    expected = _means(named, model, keys, cells, n, form)
    from_start = None
    if form.constrained or BASELINE in form.names:
        start = [(arm.name, START) for arm in outcome.study.arms]
        present = rows.drop_duplicates("participant_id").groupby("arm", observed=True).size()
        people = [present.get(arm, 0) for arm, _ in start]
        at_start = _mean_at_start(outcome, rows)
        from_start = _means(named, model, start + keys, cells, [*people, *n], form, at_start)
    by = _standardiser(outcome, model, tuple(weeks), form)
    return CourseFit(outcome, expected, model, cautions, from_start, by, rows), ""


def _unseen(outcome: Outcome, empty: list[tuple[str, float]]) -> list[str]:
    """One caution for each arm with visits that nobody attended."""
    weeks = {arm.name: [f"{w:g}" for name, w in empty if name == arm.name]
             for arm in outcome.study.arms}  # fmt: skip
    return [
        say("models.course.no_score", arm=arm, weeks=", ".join(w)) for arm, w in weeks.items() if w
    ]


def _mean_at_start(outcome: Outcome, rows: pd.DataFrame) -> float:
    """Mean baseline score of everyone in the model, each person once."""
    people = outcome.study.entering()
    return float(people.loc[people["participant_id"].isin(rows["participant_id"]), BASELINE].mean())


def _standardiser(outcome: Outcome, model: MmrmFit, weeks, form: _Form) -> Standardiser:
    if form.standardise_by == "baseline":
        return baseline_sd(outcome.study, weeks)
    return residual_sd(model, weeks, form.names)


def _model(outcome: Outcome, rows, cells, form: _Form) -> MmrmFit | str:
    """The fitted engine; where the scores do not support it, the reason in words."""
    if not cells:
        return say("models.course.nobody")
    later = rows[rows["week"] != START]
    if later.groupby(["arm", "week"], observed=True)["score"].nunique().max() == 1:
        # the spread at the start must not stand in for that of later scores
        return say("models.course.all_the_same")
    X, labels = _design(outcome, rows, cells, form)
    score, person = rows["score"].to_numpy(float), rows["participant_id"].to_numpy()
    week = rows["week"].to_numpy(float)
    try:
        model = fit_mmrm(score, X, person, week, form.covariance, form.method, names=labels)
    except ValueError as reason:  # every word was checked before: the data are the reason
        return without_counts(str(reason)).rstrip(".")
    return model if _tells_apart(model) else say("models.course.rounding")


def _tells_apart(model: MmrmFit) -> bool:
    """Whether no coefficient is, but for rounding, a combination of the others."""
    variances = np.diag(model.cov)
    if not np.all(variances > 0):
        return False
    errors = np.sqrt(variances)
    return bool(np.linalg.eigvalsh(model.cov / np.outer(errors, errors))[0] > LEAST_APART)


def _design(
    outcome: Outcome, rows: pd.DataFrame, cells: list[tuple[str, float]], form: _Form
) -> tuple[np.ndarray, list[str]]:
    """One column for each arm and visit attended, then the start or baseline by visit, then
    covariates."""
    code, people = pd.factorize(rows["participant_id"])
    people = pd.Index(people)
    arm, week = rows["arm"].to_numpy(), rows["week"].to_numpy(float)
    attended = sorted(set(week)) if BASELINE in form.names else []
    others = [name for name in form.names if name != BASELINE]
    covariates, names = covariate_columns(outcome.study, people, others, form.weighting)
    labels = [f"{a}, week {w:g}" for a, w in cells]
    labels += [f"{BASELINE}, week {w:g}" for w in attended]
    labels += ["start"] if form.constrained else []
    labels += [*names, *(f"{name}, start" for name in names if form.constrained)]
    # filled in place: of a registry it takes most of the memory, and there is room for one
    X = np.empty((len(rows), len(labels)))
    for k, (a, w) in enumerate(cells):
        X[:, k] = (arm == a) & (week == w)
    if attended:
        baseline = covariate_columns(outcome.study, people, [BASELINE])[0][code, 0]
        for k, w in enumerate(attended, len(cells)):
            X[:, k] = baseline * (week == w)
    last = len(cells) + len(attended)
    if form.constrained:
        at_start = week == START
        X[:, last] = at_start
        for k, column in enumerate(covariates.T, last + 1):
            X[:, k] = column[code] * ~at_start
            X[:, k + len(names)] = column[code] * at_start
    else:
        for k, column in enumerate(covariates.T, last):
            X[:, k] = column[code]
    return X, labels


def _means(
    outcome: Outcome,
    model: MmrmFit,
    keys: list[tuple[str, float]],
    cells: list[tuple[str, float]],
    n: Sequence[int],
    form: _Form,
    at_start: float = np.nan,
) -> Levels:
    """Levels of arms and weeks as linear functions of the coefficients.

    Parameters
    ----------
    keys : list of (arm, week), length m
        Those of week 0 are the common mean of a constrained baseline, or `at_start`.
    cells : list of (arm, week)
        Those that have a coefficient; they are the first of the model, then the common mean.
    """
    lines, known = np.zeros((len(keys), len(model.coef))), np.zeros(len(keys))
    for row, (arm, week) in enumerate(keys):
        if (arm, week) in cells:
            lines[row, cells.index((arm, week))] = 1.0
        elif week == START and form.constrained:
            lines[row, len(cells)] = 1.0
        else:
            known[row] = at_start if week == START else np.nan
    return build_levels(
        outcome,
        "mean",
        keys,
        lines @ model.coef + known,
        lines @ model.cov @ lines.T,
        n=np.array(n),
        events=None,
        method=model.method + form.in_words(),
        cautions=outcome.cautions,
        unit=f"{outcome.study.scale.label} points",
        df_for=lambda c: model.df_for(c @ lines),
    )
