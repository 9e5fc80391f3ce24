"""Individual growth: a line or curve for each person on actual time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.models.covariates import adjustment, of_people_with
from ctevidence.models.fit import nothing_to_fit, of_kind, refuse_weights, without_counts
from ctevidence.models.growth_design import (
    GrowthDesign,
    arms_with_a_curve,
    check_random,
    cluster_of_rows,
)
from ctevidence.models.growth_fit import GrowthFit, UnfittedGrowth
from ctevidence.models.growth_shape import GrowthShape, growth_shape
from ctevidence.models.mixed import MixedFit, fit_mixed
from ctevidence.models.treatment_over_time import TreatmentOverTime, checked_over_time
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import DAYS_PER_WEEK


def fit_growth(
    outcome: Outcome,
    adjust: Sequence[str] | None = None,
    shape: str = "linear",
    knots: Sequence[float] = (),
    df: int | None = None,
    random: str = "slope",
    cluster: str = "",
    over_time: Sequence[TreatmentOverTime] = (),
) -> GrowthFit | UnfittedGrowth:
    """Mean scores over actual time, with random effects of each person.

    The model is arm + arm x time + covariates, with time in weeks since the start.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course``, with the actual `day` of each score beside its nominal week.
    adjust : sequence of str, optional
        Covariates; those declared by the study when absent, ``[]`` for none. People for whom one
        is missing are left out, with a caution.
    shape : {"linear", "piecewise", "spline"}
        How the mean of an arm may run: straight, straight between `knots`, or a natural cubic
        spline.
    knots : sequence of float
        Weeks at which the line may bend; inner knots of a spline.
    df : int, optional
        For a spline instead of knots; see `ctevidence.models.growth_shape.growth_shape`.
    random : {"slope", "intercept", "shape"}
        What may differ between people beside chance: level and rate, level only, or level and
        every function of time.
    cluster : str
        Column of participants with the therapist or site that they belong to: a random intercept
        of each. Whoever has none stands alone, as in a trial with therapists in some arms only.
    over_time : sequence of TreatmentOverTime
        Treatments as covariates that change in time. Levels are then those without them, nothing
        counts as randomised, and a caution says that it is an association. Of an arm that was to
        have the treatment such levels are an extrapolation: name the other arms.

    Returns
    -------
    GrowthFit
        Levels of ``mean`` and ``rate`` at any week between the first and the last score, at the
        mean covariates; `n` is the people with a score at any time. Where the scores do not
        support the model, an `UnfittedGrowth` whose levels are all ``nan``, with the reason.

    Raises
    ------
    ValueError
        When the outcome is not a course or has no actual days, for an unknown shape, or for knots
        outside the scores.
    TypeError
        When `over_time` holds anything but `TreatmentOverTime`.
    KeyError
        For an unknown covariate, cluster or arm.

    Notes
    -----
    Each arm has an intercept of its own, also in a randomised trial: much of the change comes
    before the first visit, and arms that had to start at one point would need slopes that bend
    to make up for it. Where the course is not straight, `fit_course` or another shape is to be
    used. Inference is by Kenward and Roger; see `ctevidence.models.mixed.fit_mixed`.
    """
    of_kind(outcome, "course", "fit_growth")
    refuse_weights(outcome)
    check_random(random)
    over_time = checked_over_time(over_time)
    if "day" not in outcome.frame:
        raise ValueError(
            f"{outcome.name} has no column day: growth needs the actual time of each score. Use "
            "fit_course for scores by scheduled visit."
        )
    names = adjustment(outcome.study, adjust)
    outcome = of_people_with(outcome, names)
    rows = outcome.frame[outcome.frame["score"].notna()]
    if rows.empty:
        return _unfitted(outcome)
    form = growth_shape(shape, rows["day"].to_numpy(float) / DAYS_PER_WEEK, knots, df)
    outcome = _named(outcome, form, cluster, over_time)
    arms = arms_with_a_curve(outcome.study, rows, form)
    rows = rows[rows["arm"].isin(arms)]
    line = say("models.growth.no_line")
    few = line if shape == "linear" else say("models.growth.no_curve")
    unseen = [
        say("models.growth.cannot_be_drawn", arm=arm.name, few=few)
        for arm in outcome.study.arms
        if arm.name not in arms
    ]
    if not arms:
        return _unfitted(outcome, unseen[0])
    members, cautions = None, ()
    for treatment in over_time:
        treatment.check(outcome.study, rows)
    if cluster:
        members, cautions = cluster_of_rows(outcome.study, rows, cluster, names)
    people = pd.Index(rows["participant_id"].unique())
    design = GrowthDesign(outcome.study, arms, form, names, over_time, random, people)
    model = _model(design, rows, members)
    if isinstance(model, str):
        return _unfitted(outcome, model)
    week = rows["day"].to_numpy(float) / DAYS_PER_WEEK
    if over_time:
        cautions = (*cautions, _chosen(over_time), *_extrapolated(outcome.study, over_time))
    return GrowthFit(
        outcome=outcome,
        design=design,
        people=rows.groupby("arm", observed=True)["participant_id"].nunique().to_dict(),
        first_week=min(week.min(), rows["week"].min()),
        last_week=max(week.max(), rows["week"].max()),
        cluster=cluster,
        model=model,
        cautions=(*outcome.cautions, *map(without_counts, model.cautions), *cautions, *unseen),
    )


def _named(outcome: Outcome, shape: GrowthShape, cluster: str, over_time) -> Outcome:
    """Its rows stand beside those of the course and of other shapes: the name tells them apart."""
    parts = [outcome.name, shape.describe(), *([f"within {cluster}"] if cluster else [])]
    return replace(outcome, name=", ".join([*parts, *(t.label for t in over_time)]))


def _chosen(over_time: Sequence[TreatmentOverTime]) -> str:
    what = ", ".join(dict.fromkeys(t.name or t.component for t in over_time))
    return say("models.growth.chosen", what=what)


def _extrapolated(study: Study, over_time: Sequence[TreatmentOverTime]) -> list[str]:
    """What to say of arms that were to have the treatment without which their levels are."""
    found = []
    for component in dict.fromkeys(t.component for t in over_time):
        meant = [
            arm.name
            for arm in study.arms
            if component in arm.components
            and any(
                t.component == component and (not t.arms or arm.name in t.arms) for t in over_time
            )
        ]
        if meant:
            found.append(
                say("models.growth.extrapolated", arms=", ".join(meant), component=component)
            )
    return found


def _model(design: GrowthDesign, rows: pd.DataFrame, members) -> MixedFit | str:
    """The fitted engine; where the scores do not support it, the reason in words."""
    X = design.fixed(rows)
    try:
        return fit_mixed(
            rows["score"].to_numpy(float),
            X,
            design.effects(rows["day"].to_numpy(float) / DAYS_PER_WEEK),
            rows["participant_id"].to_numpy(),
            method="kenward-roger",
            names=design.names,
            random_names=design.random_names,
            second_groups=members,
        )
    except ValueError as reason:  # every argument but the data is fixed: the data are the reason
        return without_counts(str(reason)).rstrip(".")


def _unfitted(outcome: Outcome, why: str = "") -> UnfittedGrowth:
    keys = [(arm.name, w) for w in outcome.study.weeks for arm in outcome.study.arms]
    nothing = nothing_to_fit(outcome, keys, np.zeros(len(keys), int), why)
    return UnfittedGrowth(outcome, nothing.expected, None, nothing.cautions)
