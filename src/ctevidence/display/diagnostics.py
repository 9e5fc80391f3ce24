"""Diagnostics as tables: residuals by arm and visit, the model beside others, influence."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of, people_may_be_shown
from ctevidence.display.format import number, shown
from ctevidence.display.labels import contrast_label
from ctevidence.display.release import HIDDEN, gated, is_hidden
from ctevidence.display.table import Table
from ctevidence.models.diagnostics import (
    OUTLYING_BELOW,
    Diagnostics,
    alternatives,
    diagnose,
    influence_on,
    model_of,
)
from ctevidence.models.influence import Influence
from ctevidence.models.period_mean import PeriodFit
from ctevidence.models.scaled_residuals import excess_kurtosis, moments, plot_correlation
from ctevidence.terms import Treatment

COUNTING = (
    "AIC and BIC count covariance parameters only (REML), BIC with the number of people: smaller "
    "is better. They compare covariances, with the same coefficients."
)
SCALED = (
    "Scaled residuals are made independent within each person by the fitted covariance: mean 0, "
    "standard deviation 1 and skewness 0 are expected."
)
KEPT = (
    "Exact refits without these people, the fitted covariance taken as known and degrees of "
    "freedom kept. Several are left out one after the other, the most influential first: so many "
    "are enough, fewer might be."
)


def table_residuals(fit, name: str = "residuals", caption: str = "Scaled residuals") -> Table:
    """Scaled residuals by arm and visit.

    Parameters
    ----------
    fit : a fit of the course or of growth
    name, caption : str
    """
    reason = _no_model(fit)
    if reason:
        return _nothing(name, caption, reason)
    disclosure, arms = disclosure_of(fit.study), {a.name: a.label for a in fit.study.arms}
    rows = [
        {
            "arm": arms[row.arm],
            "week": f"{row.week:g}",
            "scores": disclosure.text(row.n),
            "mean": _gated(row.mean, row.n, disclosure),
            "standard deviation": _gated(row.sd, row.n, disclosure),
            "skewness": _gated(row.skewness, row.n, disclosure),
        }
        for row in diagnose(fit).by_arm_and_week(list(arms)).itertuples()
    ]
    frame = pd.DataFrame(rows)
    return Table(name, caption, frame, _notes(SCALED, disclosure), tuple(frame.columns[1:]))


def table_diagnostics(
    fit, name: str = "diagnostics", caption: str = "The model and its diagnostics"
) -> Table:
    """Convergence, the covariance beside others, normality, and outlying people, counted.

    Parameters
    ----------
    fit : a fit of the course or of growth
    name, caption : str
    """
    reason = _no_model(fit)
    if reason:
        return _nothing(name, caption, reason)
    disclosure = disclosure_of(fit.study)
    found = diagnose(fit)
    rows = [*_facts(fit, disclosure), *_covariances(fit), *_normality(found)]
    rows += _outlying(found, fit, disclosure)
    frame = pd.DataFrame(rows, columns=["what", "found"])
    return Table(name, caption, frame, _notes(COUNTING, disclosure))


def table_influence(
    fit,
    arm: str,
    against: str,
    week: float | None = None,
    name: str = "influence",
    caption: str = "How much single people decide",
) -> Table:
    """How a difference changes when people are left out, by arm and without identifiers.

    Parameters
    ----------
    fit : a fit of the course or of growth
    arm, against : str
        Arms or treatments.
    week : float, optional
        May be left out where there is only one.
    name, caption : str
    """
    reason = _no_model(fit) or _no_arm(fit.study, arm, against)
    if reason:
        return _nothing(name, caption, reason)
    try:
        found, arms = influence_on(fit, arm, against, week)
    except ValueError as error:
        return _nothing(name, caption, str(error).rstrip("."))
    disclosure = disclosure_of(fit.study)
    row = fit.compare(arm, against=against, week=week).one()
    if is_hidden(gated(row, disclosure)):
        return _nothing(name, caption, HIDDEN)
    unit = f"{fit.study.scale.label} points"
    label = contrast_label(arm, against)
    at = _when(fit, week)
    rows = [(f"{label[0].upper()}{label[1:]}{at}, {unit}", shown(found.estimate, "points"))]
    rows += [
        (
            f"Largest change without one person of {a.label}",
            _largest(found, arms == a.name, disclosure),
        )
        for a in fit.study.arms
        if (arms == a.name).any()
    ]
    if people_may_be_shown(fit.study) and np.isfinite(found.cook).any():
        rows.append(("Largest Cook's distance", number(float(np.nanmax(found.cook)), 2)))
    limits = "no longer holds zero" if row.conf_low <= 0 <= row.conf_high else "holds zero"
    rows += [
        ("Left out until the difference changes sign", _people(found.to_change_sign, disclosure)),
        (f"Left out until its range {limits}", _people(found.to_change_limits, disclosure)),
    ]
    frame = pd.DataFrame(rows, columns=["what", "found"])
    notes = (KEPT,)
    if not disclosure.is_open:
        few = disclosure.suppress_up_to + 1
        notes = (KEPT, f"Changes are the mean of the {few} largest in the arm.")
    return Table(name, caption, frame, (*notes, *_notes("", disclosure)))


def _when(fit, week: float | None) -> str:
    if isinstance(fit, PeriodFit):
        return f", mean over weeks {fit.visits[0]:g} to {fit.visits[-1]:g}"
    return "" if week is None else f" at week {week:g}"


def _no_model(fit) -> str:
    try:
        model_of(fit)
    except ValueError as reason:
        return str(reason)
    return ""


def _no_arm(study, *names: str) -> str:
    """Which treatment the study does not have; a word that is no treatment is the caller's slip."""
    there = {a.name for a in study.arms} | {a.treatment for a in study.arms}
    missing = [name for name in names if name in set(Treatment) and name not in there]
    return f"{study.name} has no arm of {' and of '.join(missing)}" if missing else ""


def _nothing(name: str, caption: str, reason: str) -> Table:
    return Table(name, caption, pd.DataFrame({"nothing to show": [reason]}))


def _notes(text: str, disclosure: Disclosure) -> tuple[str, ...]:
    return tuple(filter(None, (text, "" if disclosure.is_open else disclosure.describe)))


def _gated(value: float, n: int, disclosure: Disclosure) -> str:
    if disclosure.count(n) is None:
        return HIDDEN
    return "" if math.isnan(value) else number(value, 2)


def _facts(fit, disclosure: Disclosure) -> list[tuple[str, str]]:
    model = fit.model
    reached = "yes" if model.converged else "no"
    slope = "zero up to rounding" if abs(model.score).max() < 1e-5 else "not zero"
    return [
        ("Scores, people", f"{disclosure.text(model.n_obs)}, {disclosure.text(model.n_subjects)}"),
        ("Method", model.method),
        ("Converged", f"{reached}; gradient of the log-likelihood {slope}"),
        ("Singular", "yes, see below" if getattr(model, "singular", False) else "no"),
        *(("Caution", caution) for caution in fit.cautions),
    ]


def _covariances(fit) -> list[tuple[str, str]]:
    rows = []
    for row in alternatives(fit).itertuples():
        used = " (used)" if row.used else ""
        if math.isnan(row.aic):
            value = "could not be fitted to these scores"
        else:
            value = (
                f"AIC {number(row.aic, 1)}, BIC {number(row.bic, 1)}, "
                f"{row.parameters:.0f} parameters"
            )
        rows.append((f"Covariance: {row.covariance}{used}", value))
    return rows


def _normality(found: Diagnostics) -> list[tuple[str, str]]:
    values = found.scores["scaled"].to_numpy()
    return [
        ("Scaled residuals: skewness (0 expected)", _plain(moments(values)[2])),
        ("Scaled residuals: excess kurtosis (0 expected)", _plain(excess_kurtosis(values))),
        ("Correlation with normal quantiles (1 expected)", _plain(plot_correlation(values), 3)),
    ]


def _plain(value: float, decimals: int = 2) -> str:
    return "too few scores" if math.isnan(value) else number(value, decimals)


def _outlying(found: Diagnostics, fit, disclosure: Disclosure) -> list[tuple[str, str]]:
    """People whose scores as a whole are hard to believe under the model, counted by arm."""
    rows = []
    for arm in fit.study.arms:
        p = found.people.loc[found.people["arm"] == arm.name, "p_value"]
        if len(p):
            count = disclosure.text(int((p < OUTLYING_BELOW).sum()))
            people = disclosure.text(len(p))
            rows.append((f"Outlying people in {arm.label}", f"{count} of {people}"))
    expected = f"1 in {1 / OUTLYING_BELOW:.0f}" if rows else ""
    return [*rows, ("Outlying people expected by chance", expected)]


def _largest(found: Influence, here: np.ndarray, disclosure: Disclosure) -> str:
    """The largest change; where people may not be shown, the mean of as many as may be."""
    change = found.change[here]
    lost = np.isnan(change)
    if disclosure.count(len(change)) is None:
        return HIDDEN
    if lost.all():
        return "not estimable without them"
    change = change[~lost]
    by_size = change[np.argsort(-abs(change))]
    if not disclosure.is_open:
        few = disclosure.suppress_up_to + 1
        return shown(float(abs(by_size[:few]).mean()), "points") if len(change) >= few else HIDDEN
    note = f"; not estimable without {int(lost.sum())} of them" if lost.any() else ""
    share = abs(by_size[0]) / found.std_error
    return f"{number(by_size[0], 2)} ({number(share, 2)} standard errors){note}"


def _people(count: int | None, disclosure: Disclosure) -> str:
    if count is None:
        return "not by leaving out half of all people"
    text = disclosure.text(count)
    return f"{text} {'person' if text == '1' else 'people'}"
