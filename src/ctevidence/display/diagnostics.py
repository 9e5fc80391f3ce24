"""Diagnostics as tables: residuals by arm and visit, the model beside others, influence."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of, people_may_be_shown
from ctevidence.display.format import number, shown
from ctevidence.display.labels import contrast_label
from ctevidence.display.release import gated, is_hidden
from ctevidence.display.table import Table
from ctevidence.language import listed, pick, say
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
from ctevidence.names import in_words
from ctevidence.terms import Treatment


def table_residuals(fit, name: str = "residuals", caption: str = "") -> Table:
    """Scaled residuals by arm and visit.

    Parameters
    ----------
    fit : a fit of the course or of growth
    name, caption : str
    """
    caption = caption or say("display.diagnostics.residuals_caption")
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
    return Table(
        name,
        caption,
        frame,
        _notes(say("display.diagnostics.scaled"), disclosure),
        tuple(frame.columns[1:]),
    )


def table_diagnostics(fit, name: str = "diagnostics", caption: str = "") -> Table:
    """Convergence, the covariance beside others, normality, and outlying people, counted.

    Parameters
    ----------
    fit : a fit of the course or of growth
    name, caption : str
    """
    caption = caption or say("display.diagnostics.caption")
    reason = _no_model(fit)
    if reason:
        return _nothing(name, caption, reason)
    disclosure = disclosure_of(fit.study)
    found = diagnose(fit)
    rows = [*_facts(fit, disclosure), *_covariances(fit), *_normality(found)]
    rows += _outlying(found, fit, disclosure)
    frame = pd.DataFrame(rows, columns=["what", "found"])
    return Table(name, caption, frame, _notes(say("display.diagnostics.information"), disclosure))


def table_influence(
    fit,
    arm: str,
    against: str,
    week: float | None = None,
    name: str = "influence",
    caption: str = "",
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
    caption = caption or say("display.diagnostics.influence_caption")
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
        return _nothing(name, caption, say("display.release.hidden"))
    unit = in_words(f"{fit.study.scale.label} points")
    label = contrast_label(arm, against)
    at = _when(fit, week)
    rows = [(f"{label[0].upper()}{label[1:]}{at}, {unit}", shown(found.estimate, "points"))]
    rows += [
        (
            say("display.diagnostics.largest_without", arm=a.label),
            _largest(found, arms == a.name, disclosure),
        )
        for a in fit.study.arms
        if (arms == a.name).any()
    ]
    if people_may_be_shown(fit.study) and np.isfinite(found.cook).any():
        rows.append((say("display.diagnostics.cook"), number(float(np.nanmax(found.cook)), 2)))
    limits = (
        say("display.diagnostics.no_longer")
        if row.conf_low <= 0 <= row.conf_high
        else say("display.diagnostics.holds_zero")
    )
    rows += [
        (say("display.diagnostics.until_sign"), _people(found.to_change_sign, disclosure)),
        (
            say("display.diagnostics.until_range", limits=limits),
            _people(found.to_change_limits, disclosure),
        ),
    ]
    frame = pd.DataFrame(rows, columns=["what", "found"])
    notes = (say("display.diagnostics.kept"),)
    if not disclosure.is_open:
        few = disclosure.suppress_up_to + 1
        notes = (say("display.diagnostics.kept"), say("display.diagnostics.few_largest", count=few))
    return Table(name, caption, frame, (*notes, *_notes("", disclosure)))


def _when(fit, week: float | None) -> str:
    if isinstance(fit, PeriodFit):
        return say(
            "display.diagnostics.mean_over", first=f"{fit.visits[0]:g}", last=f"{fit.visits[-1]:g}"
        )
    return "" if week is None else say("display.at_week_only", week=f"{week:g}")


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
    return (
        say("display.diagnostics.no_arm", study=study.name, arms=listed(missing, "of"))
        if missing
        else ""
    )


def _nothing(name: str, caption: str, reason: str) -> Table:
    return Table(name, caption, pd.DataFrame({"nothing to show": [reason]}))


def _notes(text: str, disclosure: Disclosure) -> tuple[str, ...]:
    return tuple(filter(None, (text, "" if disclosure.is_open else disclosure.describe)))


def _gated(value: float, n: int, disclosure: Disclosure) -> str:
    if disclosure.count(n) is None:
        return say("display.release.hidden")
    return "" if math.isnan(value) else number(value, 2)


def _facts(fit, disclosure: Disclosure) -> list[tuple[str, str]]:
    model = fit.model
    reached = pick("display.diagnostics", "yes" if model.converged else "no")
    slope = (
        say("display.diagnostics.zero")
        if abs(model.score).max() < 1e-5
        else say("display.diagnostics.not_zero")
    )
    return [
        (
            say("display.diagnostics.people"),
            f"{disclosure.text(model.n_obs)}, {disclosure.text(model.n_subjects)}",
        ),
        (say("display.diagnostics.method"), model.method),
        (
            say("display.diagnostics.converged"),
            say("display.diagnostics.reached", reached=reached, slope=slope),
        ),
        (
            say("display.diagnostics.singular"),
            say("display.diagnostics.see_below")
            if getattr(model, "singular", False)
            else say("display.diagnostics.no"),
        ),
        *((say("display.diagnostics.caution"), caution) for caution in fit.cautions),
    ]


def _covariances(fit) -> list[tuple[str, str]]:
    rows = []
    for row in alternatives(fit).itertuples():
        used = say("display.diagnostics.used") if row.used else ""
        if math.isnan(row.aic):
            value = say("display.diagnostics.not_fitted")
        else:
            value = say(
                "display.diagnostics.criteria",
                aic=number(row.aic, 1),
                bic=number(row.bic, 1),
                parameters=f"{row.parameters:.0f}",
            )
        rows.append(
            (
                say(
                    "display.diagnostics.covariance", covariance=in_words(row.covariance), used=used
                ),
                value,
            )
        )
    return rows


def _normality(found: Diagnostics) -> list[tuple[str, str]]:
    values = found.scores["scaled"].to_numpy()
    return [
        (say("display.diagnostics.skewness"), _plain(moments(values)[2])),
        (say("display.diagnostics.kurtosis"), _plain(excess_kurtosis(values))),
        (say("display.diagnostics.quantiles"), _plain(plot_correlation(values), 3)),
    ]


def _plain(value: float, decimals: int = 2) -> str:
    return say("display.diagnostics.too_few") if math.isnan(value) else number(value, decimals)


def _outlying(found: Diagnostics, fit, disclosure: Disclosure) -> list[tuple[str, str]]:
    """People whose scores as a whole are hard to believe under the model, counted by arm."""
    rows = []
    for arm in fit.study.arms:
        p = found.people.loc[found.people["arm"] == arm.name, "p_value"]
        if len(p):
            count = disclosure.text(int((p < OUTLYING_BELOW).sum()))
            people = disclosure.text(len(p))
            rows.append(
                (
                    say("display.diagnostics.outlying", arm=arm.label),
                    say("display.diagnostics.of_people", count=count, people=people),
                )
            )
    expected = say("display.diagnostics.one_in", count=f"{1 / OUTLYING_BELOW:.0f}") if rows else ""
    return [*rows, (say("display.diagnostics.by_chance"), expected)]


def _largest(found: Influence, here: np.ndarray, disclosure: Disclosure) -> str:
    """The largest change; where people may not be shown, the mean of as many as may be."""
    change = found.change[here]
    lost = np.isnan(change)
    if disclosure.count(len(change)) is None:
        return say("display.release.hidden")
    if lost.all():
        return say("display.diagnostics.without_them")
    change = change[~lost]
    by_size = change[np.argsort(-abs(change))]
    if not disclosure.is_open:
        few = disclosure.suppress_up_to + 1
        return (
            shown(float(abs(by_size[:few]).mean()), "points")
            if len(change) >= few
            else say("display.release.hidden")
        )
    note = say("display.diagnostics.without_some", count=int(lost.sum())) if lost.any() else ""
    share = abs(by_size[0]) / found.std_error
    return say(
        "display.diagnostics.change", size=number(by_size[0], 2), share=number(share, 2), note=note
    )


def _people(count: int | None, disclosure: Disclosure) -> str:
    if count is None:
        return say("display.diagnostics.not_by_half")
    text = disclosure.text(count)
    return say("display.diagnostics.one") if text == "1" else say("amounts.people", count=text)
