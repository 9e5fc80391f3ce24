"""Clinical change, definitions, modifiers and the illness as values for ``study.toml``."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from ctevidence.data.declared_multiverse import LISTS
from ctevidence.data.declared_questions import RECOVERED
from ctevidence.data.study import Rules

Values = dict[str, Any]


def questions(rules: Rules) -> Values:
    """Tables of what a study declares beyond its main rules; None where there is nothing."""
    change = rules.clinical_change
    return {
        "clinical_change": given(asdict(change)) if change else None,
        "definitions": {d.name: _definition(d) for d in rules.definitions} or None,
        "modifiers": {m.name: _modifier(m) for m in rules.modifiers} or None,
        "illness": asdict(rules.illness) if rules.illness else None,
        "maintenance": _maintenance(rules.maintenance) if rules.maintenance else None,
        "intercurrent": [given(asdict(event)) for event in rules.intercurrent] or None,
        "multiverse": _multiverse(rules.multiverse) if rules.multiverse else None,
    }


def given(values: Values) -> Values:
    """Without what is empty, or no number: it was not declared."""
    empty = lambda v: v in (None, "", (), []) or (isinstance(v, float) and math.isnan(v))  # noqa: E731
    return {key: value for key, value in values.items() if not empty(value)}


def _maintenance(rule) -> Values:
    lists = {name: list(getattr(rule, name)) for name in ("continued", "tapered", "stopped")}
    return given(asdict(rule) | lists)


def _multiverse(rule) -> Values:
    lists = {name: list(getattr(rule, name)) for name in LISTS}
    return given(asdict(rule) | lists)


def _definition(definition) -> Values:
    about = {"label": definition.label, "missing": list(definition.missing)}
    if definition.rule is None:
        return {**about, "kind": RECOVERED}
    return {**given(asdict(definition.rule)), **about}


def _modifier(modifier) -> Values:
    values = given(asdict(modifier) | {"cuts": list(modifier.cuts)})
    del values["name"]
    defaults = {"per": 1.0, "confirmatory": False, "is_age": False}
    return {key: value for key, value in values.items() if value != defaults.get(key)}
