"""Declared questions beyond the main rules: clinical change, definitions, modifiers."""

from __future__ import annotations

import math

from ctevidence.data.clinical_change_rule import (
    CHANGE_METHODS,
    CUT_OFFS,
    NORMS,
    ClinicalChangeRule,
)
from ctevidence.data.definitions import ResponseDefinition
from ctevidence.data.modifiers import MODIFIER_KINDS, Modifier
from ctevidence.data.rules import RESPONSE_KINDS, ResponseRule
from ctevidence.data.toml_table import TomlTable

_CHANGE_NUMBERS = (
    "mean",
    "standard_deviation",
    "threshold",
    "functional_mean",
    "functional_standard_deviation",
    "reliability_after",
)
_RESPONSE_NUMBERS = ("percent", "threshold", "reliability", "standard_deviation")
RECOVERED = "recovered"


def read_clinical_change(root: TomlTable) -> ClinicalChangeRule | None:
    """Take ``[clinical_change]``."""
    table = root.table("clinical_change", required=False)
    if table is None:
        return None
    method, norms = table.choice("method", CHANGE_METHODS), table.choice("norms", NORMS)
    reliability = table.number("reliability")
    chosen = table.choice("cut_off", CUT_OFFS, required=False) or ""
    numbers = _numbers(table, _CHANGE_NUMBERS)
    table.close()
    if None in (method, norms, reliability):
        return None
    values = {"method": method, "norms": norms, "reliability": reliability, "cut_off": chosen}
    return _made(table, ClinicalChangeRule, **values, **numbers)


def read_definitions(
    root: TomlTable, change: ClinicalChangeRule | None
) -> tuple[ResponseDefinition, ...]:
    """Take ``[definitions.NAME]``, in the order of the file."""
    tables = root.tables("definitions", required=False)
    found = [_definition(name, table, change) for name, table in tables.items()]
    return tuple(d for d in found if d is not None)


def _definition(
    name: str, table: TomlTable, change: ClinicalChangeRule | None
) -> ResponseDefinition | None:
    label = table.text("label")
    kind = table.choice("kind", (*RESPONSE_KINDS, RECOVERED))
    missing = table.texts("missing")
    numbers = _numbers(table, _RESPONSE_NUMBERS)
    table.close()
    if None in (label, kind, missing):
        return None
    rule = None
    if kind == RECOVERED and change is None:
        why = "Recovery is decided by a rule of clinical change, and none is declared."
        table.refuse("kind", why, "Add a table [clinical_change], or use another kind.", kind)
        return None
    if kind != RECOVERED:
        rule = _made(table, ResponseRule, kind=kind, missing="observed", **numbers)
        if rule is None:
            return None
    return _made(table, ResponseDefinition, name=name, label=label, rule=rule, missing=missing)


def read_modifiers(root: TomlTable) -> tuple[Modifier, ...]:
    """Take ``[modifiers.COLUMN]``, in the order of the file."""
    found = [_modifier(n, t) for n, t in root.tables("modifiers", required=False).items()]
    return tuple(m for m in found if m is not None)


def _modifier(name: str, table: TomlTable) -> Modifier | None:
    kind = table.choice("kind", MODIFIER_KINDS)
    label = table.text("label", required=False) or ""
    per = table.number("per", required=False)
    flags = {key: bool(table.flag(key, required=False)) for key in ("confirmatory", "is_age")}
    cuts = _cuts(table)
    table.close()
    if kind is None or cuts is None:
        return None
    per = 1.0 if per is None else per
    return _made(table, Modifier, name=name, kind=kind, label=label, cuts=cuts, per=per, **flags)


def _cuts(table: TomlTable) -> tuple[float, ...] | None:
    cuts = table.numbers("cuts", required=False)
    return () if cuts is None and "cuts" not in table.values else cuts


def _numbers(table: TomlTable, keys: tuple[str, ...]) -> dict[str, float]:
    given = {key: table.number(key, required=False) for key in keys}
    return {key: math.nan if value is None else value for key, value in given.items()}


def _made(table: TomlTable, make, **values):
    """The object, or None with a problem that says what it objects to."""
    try:
        return make(**values)
    except ValueError as error:
        table.refuse("", str(error), "Correct the keys of this table.")
        return None
