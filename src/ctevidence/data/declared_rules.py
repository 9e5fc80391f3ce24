"""Declared rules: the tables of ``study.toml`` that say what counts as what."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from ctevidence.data.declared_illness import read_illness, read_maintenance
from ctevidence.data.declared_intercurrent import read_intercurrent
from ctevidence.data.declared_multiverse import read_multiverse
from ctevidence.data.declared_questions import (
    read_clinical_change,
    read_definitions,
    read_modifiers,
)
from ctevidence.data.rules import (
    DROPOUT_KINDS,
    LEADS,
    MISSING,
    RESPONSE_KINDS,
    STARTS,
    EntryRule,
    RelapseRule,
    RemissionRule,
    ResponseRule,
    RetentionRule,
)
from ctevidence.data.scales import Scale
from ctevidence.data.study import Rules
from ctevidence.data.toml_table import TomlTable

Rule = TypeVar("Rule")

#: Keys that each kind of response needs; the others would be ignored and are refused.
RESPONSE_KEYS = {
    "percent_fall": ("percent",),
    "reliable_change": ("reliability", "standard_deviation"),
    "cut_off": ("threshold",),
}
_SOURCES = ("visits", "events")


def read_rules(root: TomlTable, scale: Scale | None) -> Rules:
    """Rules of a study, as far as they could be read.

    Parameters
    ----------
    root : TomlTable
        The whole file.
    scale : Scale or None
        The primary scale: thresholds lie within its range. Not checked when None.
    """
    response = _response(root.table("response", required=False), scale)
    remission = _remission(root.table("remission", required=False), scale)
    relapse = _relapse(root.table("relapse", required=False), scale)
    _check_start(root, relapse, response, remission, scale)
    change = read_clinical_change(root)
    definitions = read_definitions(root, change)
    return Rules(
        response=response,
        remission=remission,
        relapse=relapse,
        retention=_retention(root.table("retention", required=False)),
        entry=_entry(root.table("who_enters", required=False), scale),
        clinical_change=change,
        definitions=definitions,
        modifiers=read_modifiers(root),
        illness=read_illness(root),
        maintenance=read_maintenance(root, relapse),
        intercurrent=read_intercurrent(root),
        multiverse=read_multiverse(root, definitions),
    )


def _build(table: TomlTable, make: Callable[..., Rule], **values) -> Rule | None:
    """The rule, or None with a problem that says what the rule itself objects to."""
    try:
        return make(**values)
    except ValueError as error:
        table.refuse("", str(error), "Correct the keys of this table.")
        return None


def _threshold(table: TomlTable, key: str, scale: Scale | None, **options) -> float | None:
    """A score that someone can have on the primary scale."""
    value = table.number(key, **options)
    if value is not None and scale is not None and not scale.low <= value <= scale.high:
        why = f"{scale.label} runs from {scale.low:g} to {scale.high:g}."
        table.refuse(key, why, "Correct the score.", f"{value:g}")
        return None
    return value


def _response(table: TomlTable | None, scale: Scale | None) -> ResponseRule | None:
    if table is None:
        return None
    kind, missing = table.choice("kind", RESPONSE_KINDS), table.choice("missing", MISSING)
    needed = RESPONSE_KEYS.get(kind, ())
    given = {
        key: table.number(key, required=key in needed)
        for key in ("percent", "reliability", "standard_deviation")
    }
    given["threshold"] = _threshold(table, "threshold", scale, required="threshold" in needed)
    table.close()
    for key in given:
        if kind and key in table.values and key not in needed:
            why = f'A rule of kind "{kind}" does not use this key.'
            table.refuse(key, why, "Remove it, or correct kind.", table.values[key])
    values = {key: given[key] for key in needed}
    if not (kind and missing) or None in values.values():
        return None
    return _build(table, ResponseRule, kind=kind, missing=missing, **values)


def _remission(table: TomlTable | None, scale: Scale | None) -> RemissionRule | None:
    if table is None:
        return None
    threshold = _threshold(table, "threshold", scale)
    missing = table.choice("missing", MISSING, required=False) or "observed"
    table.close()
    if threshold is None:
        return None
    return _build(table, RemissionRule, threshold=threshold, missing=missing)


def _relapse(table: TomlTable | None, scale: Scale | None) -> RelapseRule | None:
    if table is None:
        return None
    source, after = table.choice("from", _SOURCES), table.choice("after", STARTS)
    by_score = source == "visits"
    threshold = _threshold(table, "threshold", scale, required=by_score)
    confirm = table.count("confirm_visits", required=by_score)
    maintenance = table.flag("randomised_after_response", required=False) or False
    lead = table.choice("lead", LEADS, required=False) or "rmst"
    for key in ("threshold", "confirm_visits"):
        if source == "events" and key in table.values:
            why = "Relapse is a recorded event here; a score decides nothing."
            do = 'Remove the key, or use from = "visits".'
            table.refuse(key, why, do, table.values[key])
    table.close()
    if not (source and after) or (by_score and None in (threshold, confirm)):
        return None
    values = {"threshold": threshold, "confirm_visits": confirm} if by_score else {}
    return _build(
        table,
        RelapseRule,
        after=after,
        from_events=not by_score,
        randomised_after_response=maintenance,
        lead=lead,
        **values,
    )


def _check_start(
    root: TomlTable,
    relapse: RelapseRule | None,
    response: ResponseRule | None,
    remission: RemissionRule | None,
    scale: Scale | None,
) -> None:
    """Relapse starts from something declared, and is worse than it."""
    if relapse is None or relapse.after == "baseline":
        return
    if relapse.after not in root.values:
        why = f"Relapse counts from {relapse.after}, but no rule says what that is."
        do = f'Add a table [{relapse.after}], or count from another start with after = "...".'
        root.refuse("relapse.after", why, do, relapse.after)
        return
    start = remission if relapse.after == "remission" else response
    well = getattr(start, "threshold", math.nan)
    if scale is None or math.isnan(well) or math.isnan(relapse.threshold):
        return
    if (relapse.threshold - well) * scale.bad_direction <= 0:
        why = f"Someone who is well ({relapse.after} at {well:g}) would have relapsed at once."
        do = f"Choose a threshold that is worse than {well:g}."
        root.refuse("relapse.threshold", why, do, f"{relapse.threshold:g}")


def _retention(table: TomlTable | None) -> RetentionRule | None:
    if table is None:
        return None
    source = table.choice("from", ("events", "last_visit"))
    starts = table.flag("treatments_show_starts", required=False) or False
    given = table.table("reasons", required=False)
    reasons = {}
    if given is not None:
        reasons = {reason: given.choice(reason, DROPOUT_KINDS) for reason in given.values}
    table.close()
    if not source or None in reasons.values():
        return None
    return RetentionRule(source, tuple(reasons.items()), starts)


def _entry(table: TomlTable | None, scale: Scale | None) -> EntryRule:
    if table is None:
        return EntryRule()
    least = _threshold(table, "baseline_at_least", scale, required=False)
    allowed = table.flag("allow_missing_baseline", required=False) or False
    table.close()
    return EntryRule(math.nan if least is None else least, allow_missing_baseline=allowed)
