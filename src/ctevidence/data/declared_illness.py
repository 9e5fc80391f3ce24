"""The tables ``[illness]`` and ``[maintenance]`` of ``study.toml``."""

from __future__ import annotations

import math

from ctevidence.data.illness_rule import ENDINGS, IllnessRule
from ctevidence.data.maintenance_rule import ENTERED_AFTER, MaintenanceRule
from ctevidence.data.rules import RelapseRule
from ctevidence.data.toml_table import TomlTable


def read_illness(root: TomlTable) -> IllnessRule | None:
    """What dropout and switch are for the history of illness; None when not declared."""
    table = root.table("illness", required=False)
    if table is None:
        return None
    dropout, switch = table.choice("dropout", ENDINGS), table.choice("switch", ENDINGS)
    table.close()
    return IllnessRule(dropout, switch) if dropout and switch else None


def read_maintenance(root: TomlTable, relapse: RelapseRule | None) -> MaintenanceRule | None:
    """Who entered a maintenance trial, after what, and what was continued or stopped.

    Parameters
    ----------
    root : TomlTable
        The whole file.
    relapse : RelapseRule or None
        Must count from randomisation.
    """
    table = root.table("maintenance", required=False)
    if table is None:
        return None
    after = table.choice("entered_after", ENTERED_AFTER)
    acute = table.text("acute_treatment")
    arms = {
        "continued": table.texts("continued"),
        "tapered": table.texts("tapered", required=False) or (),
        "stopped": table.texts("stopped", required=False) or (),
    }
    weeks = {
        "taper_weeks": table.number("taper_weeks", required=bool(arms["tapered"])),
        "stable_weeks": table.number("stable_weeks", required=False),
    }
    table.close()
    if not (after and acute) or arms["continued"] is None:
        return None
    if arms["tapered"] and weeks["taper_weeks"] is None:
        return None
    if relapse is not None and relapse.after != "baseline":
        why = f"People entered after {after}: relapse counts from randomisation."
        do = 'Use after = "baseline", or remove the table [maintenance].'
        root.refuse("relapse.after", why, do, relapse.after)
        return None
    weeks = {name: math.nan if value is None else value for name, value in weeks.items()}
    return _made(table, root, after, acute, arms | weeks)


def _made(table, root, after, acute, values) -> MaintenanceRule | None:
    """The rule, or None with a problem that says what it objects to, or which arms it forgets."""
    try:
        rule = MaintenanceRule(after, acute, **values)
    except ValueError as error:
        table.refuse("", str(error), "Correct the keys of this table.")
        return None
    declared = tuple(root.values.get("arms", {}))
    if set(rule.arms) != set(declared):
        why = f"The arms named are {', '.join(rule.arms)}; the study has {', '.join(declared)}."
        table.refuse("", why, "Put each arm into continued, tapered or stopped.")
        return None
    return rule
