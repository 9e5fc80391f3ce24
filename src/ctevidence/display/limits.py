"""What could overturn an answer, in words: missing scores, treatment by choice, the analysis."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from ctevidence.display.balance import largest_differences, plot_balance
from ctevidence.display.contrast_words import amount
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.figure import Figure, nothing_to_draw
from ctevidence.display.format import number, shown
from ctevidence.display.labels import contrast_label, treatment_label
from ctevidence.display.missing_scores import plot_missing_scores
from ctevidence.display.multiverse_words import multiverse_sentence
from ctevidence.display.release import gated
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.display.tipping_point import plot_tipping_point
from ctevidence.display.tipping_sentence import better_side, points_words
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import capital, pick, say
from ctevidence.names import in_words
from ctevidence.sensitivity.limits_of_confounding import WAYS, LimitsOfConfounding
from ctevidence.sensitivity.limits_of_missing import LimitsOfMissing
from ctevidence.sensitivity.multiverse import Multiverse
from ctevidence.sensitivity.tipping_point import TippingPoint
from ctevidence.sensitivity.weighting import LARGEST_DIFFERENCE
from ctevidence.terms import COMPONENTS


def table_limits(
    missing: LimitsOfMissing, confounding: LimitsOfConfounding, choices: Multiverse
) -> Table:
    """What could overturn the answer of a study, one sentence each; pages lead with it.

    Parameters
    ----------
    missing, confounding, choices
        From `limits_of_missing`, `limits_of_confounding` and `multiverse`.

    Returns
    -------
    Table
        Two columns: what limits the answer, and how far.
    """
    told = {
        "missing": missing_words(missing),
        "confounding": confounding_words(confounding),
        "choices": choices_words(choices, missing.contrast.arm, missing.contrast.against),
    }
    titles = [say("limits.kind"), say("limits.how")]
    rows = [[pick("limits_kinds", kind), text] for kind, text in told.items()]
    return Table("limits", say("limits.title"), pd.DataFrame(rows, columns=titles))


def missing_words(limits: LimitsOfMissing) -> str:
    """How far missing scores limit the answer, with tipping points."""
    if limits.reason:
        return say("limits.cannot_impute", reason=_plain(limits.reason))
    disclosure = disclosure_of(limits.study)
    parts = [_tipping(tip, disclosure) for tip in limits.tipping]
    return " ".join(filter(None, (*parts, _assumed(limits.course, disclosure))))


def _tipping(tip: TippingPoint, disclosure: Disclosure) -> str:
    row = gated(tip.base, disclosure)
    names = {"arm": treatment_label(row.arm), "against": treatment_label(row.reference)}
    shares = [disclosure.share(*pair) for pair in zip(tip.missing, tip.people, strict=True)]
    if not row.is_estimable or any(map(math.isnan, shares)):
        return say("limits.hidden", what=pick("limits_kinds", "missing").lower())
    week = f"{row.week:g}"
    if not any(tip.missing):
        return say("limits.none_missing", week=week, **names)
    first, second = (number(100 * share, 0) for share in shares)
    share = say("limits.share", week=week, first=first, second=second, **names)
    if not tip.missing[0]:
        return say("limits.none_in_arm", share=share, arm=names["arm"])
    if math.isnan(tip.alone):
        name = "never_worse" if better_side(tip) > 0 else "never_better"
        return pick("limits", name, share=share, arm=names["arm"])
    change = say("limits.lost") if tip.is_shown else say("limits.gained")
    sign = "" if math.isnan(tip.turns) else say("limits.sign", points=points_words(tip.turns, tip))
    points = points_words(tip.alone, tip)
    told = {"share": share, "arm": names["arm"], "points": points, "change": change, "sign": sign}
    return say("limits.turns", **told)


def _assumed(rows: Estimates, disclosure: Disclosure) -> str:
    """From where to where the difference goes over the assumptions."""
    known = [row for row in (gated(r, disclosure) for r in rows) if row.is_estimable]
    if len(known) < 2:
        return ""
    least = min(known, key=lambda row: row.estimate)
    most = max(known, key=lambda row: row.estimate)
    ends = {"low": amount(least.estimate, least.unit), "high": amount(most.estimate, most.unit)}
    count = len({row.outcome.removesuffix(", repeated sampling") for row in known})
    return say(
        "limits.assumed", count=count, week=f"{least.week:g}", unit=in_words(least.unit), **ends
    )


def confounding_words(limits: LimitsOfConfounding) -> str:
    """How far treatment that chance did not assign limits the answer."""
    if not limits.pairs:
        return say("limits.all_randomised")
    study, disclosure = limits.study, disclosure_of(limits.study)
    rest = [name for name in COMPONENTS if name not in study.randomised]
    if len(rest) == len(COMPONENTS):
        start = say("limits.not_randomised_all")
    else:
        pairs = [contrast_label(*pair) for pair in limits.pairs]
        start = say("limits.not_randomised", components=capital(rest[0]), pairs="; ".join(pairs))
    if limits.weights is None:
        return f"{start} {say('limits.cannot_weigh', reason=limits.reason.rstrip('.'))}"
    rows = [gated(row, disclosure) for row in limits.of(*limits.pairs[0])]
    if not rows[0].is_estimable or not rows[-1].is_estimable:
        return f"{start} {say('limits.nothing_left')}"
    covariates = ", ".join(name.replace("_", " ") for name in limits.weights.plan.adjust)
    weighed = say(
        "limits.weighed",
        covariates=covariates,
        contrast=contrast_label(*limits.pairs[0]),
        seen=amount(rows[0].estimate, rows[0].unit),
        after=amount(rows[-1].estimate, rows[-1].unit),
    )
    return " ".join(filter(None, (start, weighed, _explained(limits, disclosure))))


def _explained(limits: LimitsOfConfounding, disclosure: Disclosure) -> str:
    arm, against = limits.pairs[0]
    found = limits.e_values.where(arm=arm, reference=against)
    row = gated(found.one(), disclosure) if len(found) else None
    if row is None or not row.is_estimable:
        return ""
    whole = shown(row.estimate, row.unit)
    if row.conf_low <= 1:
        return say("limits.explained", whole=whole)
    return say("limits.explained_range", whole=whole, limit=shown(row.conf_low, row.unit))


def sentence_of_weights(limits: LimitsOfConfounding) -> str:
    """What weights did and could not do: balance, chances of each arm, how much information."""
    if limits.weights is None:
        reason = limits.reason.rstrip(".")
        told = say("limits.cannot_weigh", reason=reason)
        return told if limits.pairs else say("limits.all_randomised")
    disclosure = disclosure_of(limits.study)
    parts = [_alike(limits)]
    found = limits.weights.positivity()
    some = found["no_chance"].any()
    parts.append(say("limits.no_chance") if some else say("limits.fair_chance"))
    few = found.loc[found["effective"].idxmin()]
    if disclosure.count(int(few["people"])) is not None:
        label = next(a.label for a in limits.study.arms if a.name == few["arm"])
        people = disclosure.text(math.floor(few["effective"] + 0.5))
        parts.append(say("limits.few", arm=label.lower(), people=people))
    return " ".join(filter(None, parts))


def _alike(limits: LimitsOfConfounding) -> str:
    found = largest_differences(limits.weights).dropna(subset=["before", "after"])
    if found.empty:
        return ""
    worst = found.loc[found["before"].idxmax()]
    return say(
        "limits.alike",
        before=number(worst["before"], 2),
        covariate=worst["covariate"].replace("_", " "),
        after=number(found["after"].max(), 2),
        least=f"{LARGEST_DIFFERENCE:g}",
    )


def choices_words(choices: Multiverse, arm: str, against: str) -> str:
    """How often, and under what, choices of analysis change the answer."""
    return multiverse_sentence(choices.of(arm, against), choices.study)


def table_confounding(limits: LimitsOfConfounding) -> Table:
    """Comparisons that chance did not make, as seen, adjusted and weighted, with E-values.

    Parameters
    ----------
    limits : LimitsOfConfounding

    Returns
    -------
    Table
        One row for each comparison; without any, one that says that chance made them all.
    """
    caption = say("ways.title")
    if not limits.pairs:
        frame = pd.DataFrame({say("ways.comparison"): [say("limits.all_randomised")]})
        return Table("confounding", caption, frame)
    disclosure = disclosure_of(limits.study)
    rows = [_compared(limits, pair, disclosure) for pair in limits.pairs]
    frame = pd.DataFrame(rows)
    notes = (say("ways.note", week=f"{limits.week:g}"), sentence_of_weights(limits))
    notes += () if disclosure.is_open else (disclosure.describe,)
    return Table("confounding", caption, frame, notes, tuple(frame)[1:])


def _compared(limits: LimitsOfConfounding, pair: tuple[str, str], disclosure: Disclosure):
    line = {say("ways.comparison"): capital(contrast_label(*pair))}
    for way, row in zip(WAYS, limits.of(*pair), strict=False):
        value, reach = shown_estimate(row, disclosure)
        line[pick("ways", way.replace(" ", "-"))] = f"{value} ({reach})" if reach else value
    found: Iterable[Estimate] = limits.e_values.where(arm=pair[0], reference=pair[1])
    told = [shown(gated(row, disclosure).estimate, row.unit) for row in found]
    return line | {say("ways.e_value"): "; ".join(told)}


def plot_limits_of_missing(
    limits: LimitsOfMissing, outcome: str = "course", name: str | None = None
) -> Figure:
    """The leading comparison under every assumption about missing scores.

    Parameters
    ----------
    limits : LimitsOfMissing
    outcome : {"course", "response"}
    name : str, optional
        ``missing-course`` or ``missing-response`` when absent.

    Returns
    -------
    Figure
        As `plot_missing_scores`; where scores cannot be imputed it says why.
    """
    rows = limits.response if outcome == "response" else limits.course
    name = name or f"missing-{outcome}"
    if not len(rows):
        reason = _plain(limits.reason) or say("limits.no_response")
        return nothing_to_draw(name, pick("limits_kinds", "missing"), reason)
    return plot_missing_scores(rows, limits.study, name)


def plot_limits_tipping(limits: LimitsOfMissing, name: str = "tipping-point") -> Figure:
    """The tipping-point grid at the week of the limits; says why where there is none."""
    if limits.reason:
        return nothing_to_draw(name, pick("limits_kinds", "missing"), _plain(limits.reason))
    return plot_tipping_point(limits.tipping[-1], name)


def plot_limits_of_confounding(limits: LimitsOfConfounding, name: str = "balance") -> Figure:
    """Whether arms are alike before and after weighting; says why where nothing was weighed."""
    if limits.weights is None:
        reason = limits.reason or say("limits.all_randomised")
        return nothing_to_draw(name, pick("limits_kinds", "confounding"), reason.rstrip("."))
    return plot_balance(limits.weights, name)


def _plain(reason: str) -> str:
    """What was found, without the advice to whoever runs the analysis."""
    found = reason.split(". ", maxsplit=1)[0].rstrip(".")
    return found[:1].lower() + found[1:]
