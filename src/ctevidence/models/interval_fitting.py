"""Models of intervals fitted to an outcome: all arms that can have one, and why others cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ctevidence.language import pick, say
from ctevidence.models.covariates import covariate_columns, of_people_with
from ctevidence.models.emicm import fit_npmle
from ctevidence.models.fit import ScheduledFit, refuse_weights
from ctevidence.models.hazard_ratios import EVENTS_PER_COEFFICIENT
from ctevidence.models.interval_regression import SCALE_OF, NoFiniteFitError, fit_intervals
from ctevidence.models.interval_times import IntervalTimesFit, is_between
from ctevidence.models.observed_times import TIME_DECIMALS, observed_times
from ctevidence.models.survival_levels import AtRisk
from ctevidence.models.turnbull import IntervalCurve
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import did_you_mean

#: A model is said to leave the non-parametric curve when it does so by more than this, and by more
#: than this many binomial standard errors of an arm's people.
MISFIT, MISFIT_ERRORS = 0.1, 2.5


def fit_interval_times(
    outcome: Outcome,
    at_risk: AtRisk,
    staying: ScheduledFit | None,
    adjust: Sequence[str] = (),
    *,
    model: str = "weibull",
    proportional: bool = False,
    knots: int = 1,
) -> IntervalTimesFit:
    """Model of an outcome with the columns ``entry, lower, upper, state``, intervals kept.

    Parameters
    ----------
    outcome : Outcome
    at_risk : AtRisk
    staying : ScheduledFit or None
    adjust : sequence of str
        Covariates, proportional on the scale of the model; survival and restricted means are then
        averaged over everyone at risk (standardised). They need 5 events for each coefficient.
    model : str
        One of `interval_regression.SCALE_OF`.
    proportional : bool
        Arms share one shape of the curve; each has its own when False.
    knots : int
        Inner knots of a spline.

    Notes
    -----
    Times are the actual days of visits, since risk began. Whoever died without having been seen
    ill counts as known well until the last visit only. An arm that has no event, or whose
    intervals do not determine the model, has no level, and says why.
    """
    if model not in SCALE_OF:
        raise KeyError(f'No model "{model}" of intervals{did_you_mean(model, SCALE_OF)}')
    refuse_weights(outcome)
    people = interval_people(outcome, at_risk)
    name = "between visits" if is_between(people) else "by a model"
    outcome = replace(outcome, name=f"{outcome.name} ({name})")
    arms = [arm.name for arm in outcome.study.arms if arm.name in set(people["arm"])]
    nonparametric = {
        arm: fit_npmle(group["lower"].to_numpy(), group["upper"].to_numpy())
        for arm, group in ((arm, people[people["arm"] == arm]) for arm in arms)
    }
    fitted, reasons = _arms_that_can(people, outcome, at_risk, model, proportional, knots)
    options = {"model": model, "proportional": proportional, "knots": knots}
    found, rows, adjusted, people, notes = _fitted(
        outcome, people, fitted, tuple(adjust), **options
    )
    if found is None and fitted:
        words = say(
            "models.interval_fitting.not_fitted",
            model=pick("models.interval_times.models", model),
            reason=_reason(notes.pop()),
        )
        reasons |= dict.fromkeys(fitted, words)
    fit = IntervalTimesFit(
        outcome=outcome,
        at_risk=at_risk,
        staying=staying,
        people=people,
        model=found,
        model_name=model,
        is_proportional=proportional,
        nonparametric=nonparametric,
        rows=rows,
        reasons=reasons,
        adjusted_for=adjusted,
        cautions=(*outcome.cautions, *notes, *_cautions(outcome, at_risk, people)),
    )
    return replace(fit, cautions=(*fit.cautions, *_misfit(fit), *_of_curves(nonparametric)))


def interval_people(outcome: Outcome, at_risk: AtRisk) -> pd.DataFrame:
    """Intervals, in weeks since risk began, of everyone who was at risk.

    Returns
    -------
    DataFrame
        ``participant_id, arm, lower, upper, seen``; see `IntervalTimesFit`.

    Raises
    ------
    ValueError
        When an interval ends before it begins, or begins before the risk; the message names the
        people.
    """
    rows = outcome.frame[outcome.frame["entry"].notna()].reset_index(drop=True)
    observed = observed_times(outcome, at_risk)
    event = observed["event"].to_numpy(bool)
    entry, lower, upper = (rows[c].to_numpy(float) for c in ("entry", "lower", "upper"))
    crossing = event & ~(lower <= upper) | ~(entry <= lower)
    if crossing.any():
        who = ", ".join(map(str, rows["participant_id"][crossing][:5]))
        raise ValueError(
            f"{outcome.name}: the interval of {who} ends before it begins, or begins before the "
            "risk. The event lies after the last visit known well (lower) and at or before the "
            "first that showed it (upper), both since entry."
        )
    return pd.DataFrame(
        {
            "participant_id": observed["participant_id"],
            "arm": observed["arm"],
            "lower": (lower - entry).round(TIME_DECIMALS),
            "upper": np.where(event, (upper - entry).round(TIME_DECIMALS), np.inf),
            "seen": observed["time"].where(event),
        }
    )


def _arms_that_can(people, outcome, at_risk, model, proportional, knots):
    """Arms that the model can have, and why the others have no level."""
    fitted, reasons = [], {}
    for arm in (a.name for a in outcome.study.arms):
        group = people[people["arm"] == arm]
        if not len(group):
            reasons[arm] = say(
                "models.interval_fitting.nobody_at_risk", arm=arm, event=in_words(at_risk.event)
            )
        elif not np.isfinite(group["upper"]).any():
            reasons[arm] = say(
                "models.interval_fitting.no_event", event=in_words(at_risk.event), arm=arm
            )
        elif not proportional and (why := _why_not_alone(group, model, knots)):
            reasons[arm] = say(
                "models.interval_fitting.arm_not_fitted",
                model=pick("models.interval_times.models", model),
                arm=arm,
                reason=_reason(why),
            )
        else:
            fitted.append(arm)
    return fitted, reasons


def _why_not_alone(group: pd.DataFrame, model: str, knots: int) -> str:
    try:
        fit = fit_intervals(group["lower"], group["upper"], model=model, knots=knots)
    except NoFiniteFitError as reason:
        return str(reason)
    return "" if fit.n_events >= len(fit.coef) else say("models.interval_fitting.fewer_events")


def _reason(text: str) -> str:
    """An engine's words inside a caution, which a full stop or a semicolon would cut."""
    return text.split(". ", maxsplit=1)[0].rstrip(".").replace("; ", ", ")


def _fitted(outcome, people, arms, adjust, **options):
    """The model, the rows of each arm, what it is adjusted for, its people, and notes in words."""
    notes: list[str] = []
    if not arms:
        return None, {}, (), people, notes
    if adjust:
        complete = of_people_with(outcome, adjust)
        kept = people[people["participant_id"].isin(set(complete.frame["participant_id"]))]
        try:
            model, rows = _joint(outcome, kept, arms, adjust, **options)
        except NoFiniteFitError as reason:
            notes.append(
                say(
                    "models.interval_fitting.not_adjusted",
                    names=", ".join(map(in_words, adjust)),
                    reason=_reason(str(reason)),
                )
            )
        else:
            return model, rows, adjust, kept, [*complete.cautions[len(outcome.cautions) :]]
    try:
        model, rows = _joint(outcome, people, arms, (), **options)
    except NoFiniteFitError as reason:
        return None, {}, (), people, [*notes, str(reason)]
    return model, rows, (), people, notes


def _joint(outcome, people, arms, adjust, *, model, proportional, knots):
    """One fit of these arms; its rows average over all of their people."""
    people = people[people["arm"].isin(arms)]
    code = people["arm"].map({arm: i for i, arm in enumerate(arms)}).to_numpy(int)
    happened = set(people["arm"][np.isfinite(people["upper"])])
    if lost := [arm for arm in arms if arm not in happened]:
        raise NoFiniteFitError(f"nobody of {lost[0]} with all of them had an event")
    columns, labels = np.zeros((len(people), 0)), []
    if adjust:
        columns, labels = covariate_columns(outcome.study, people["participant_id"], adjust)
        coefficients = len(labels) + len(arms) - 1
        if np.isfinite(people["upper"]).sum() < EVENTS_PER_COEFFICIENT * coefficients:
            raise NoFiniteFitError(
                say("models.few_events", few=EVENTS_PER_COEFFICIENT, coefficients=coefficients)
            )
    indicators = np.eye(len(arms))[:, 1:] if proportional else np.zeros((len(arms), 0))
    names = [f"arm {arm}" for arm in arms[1:]] if proportional else []
    fit = fit_intervals(
        people["lower"],
        people["upper"],
        np.hstack([indicators[code], columns]),
        stratum=np.zeros(len(code), int) if proportional else code,
        model=model,
        knots=knots,
        names=[*names, *labels],
    )
    # without covariates everyone of an arm is alike: one row stands for all
    over = columns if adjust else np.zeros((1, 0))
    rows = {
        arm: (
            0 if proportional else i,
            np.hstack([np.tile(indicators[i], (len(over), 1)), over]),
        )
        for i, arm in enumerate(arms)
    }
    return fit, rows


def _cautions(outcome: Outcome, at_risk: AtRisk, people: pd.DataFrame):
    event = at_risk.event
    if is_between(people):
        yield (say("models.interval_fitting.between", event=in_words(event)))
    if (outcome.frame["state"] == "died").any():
        yield say("models.interval_fitting.deaths", event=in_words(event))


def _misfit(fit: IntervalTimesFit):
    """A caution for each arm whose model leaves what the data allow without one."""
    table = fit.against_nonparametric()
    for arm, group in table.groupby("arm", sort=False):
        outside = np.maximum(group["lowest"] - group["model"], group["model"] - group["highest"])
        n = fit.nonparametric[arm].n
        error = np.sqrt(group["model"] * (1 - group["model"]) / n)
        if ((outside > MISFIT) & (outside > MISFIT_ERRORS * error)).any():
            words = pick("models.interval_times.models", fit.model_name)
            yield say("models.interval_fitting.does_not_follow", model=words, arm=arm)


def _of_curves(curves: Mapping[str, IntervalCurve]):
    for arm, curve in curves.items():
        yield from (f"{arm}: {caution}" for caution in curve.cautions)
