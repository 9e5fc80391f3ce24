"""How strong unmeasured confounding would have to be, in a sentence and a table."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.format import number, shown
from ctevidence.display.labels import contrast_label, measure_label, outcome_label
from ctevidence.display.release import gated
from ctevidence.display.table import Table
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import pick, say
from ctevidence.terms import E_VALUE


def sentence_e_value(row: Estimate | Estimates, source="open") -> str:
    """What an E-value says, in one sentence.

    Parameters
    ----------
    row : Estimate, or Estimates with one row
        From `ctevidence.e_values` or `ctevidence.interaction_bounds`.
    source : Study or name of a disclosure profile
        Whose gate the row has to pass.

    Raises
    ------
    ValueError
        For a row that is no E-value.

    Examples
    --------
    >>> print(sentence_e_value(Estimate("demo", "response", "combined", "risk_ratio_e_value", 3.26,
    ...     reference="medication", unit="ratio", conf_low=1.5)))
    Combined treatment against medication, response: something unmeasured that makes both the \
treatment and the outcome 3.26 times as likely could explain the whole association, and 1.50 times \
would be enough to let the range include no difference; anything weaker could not.
    """
    row = row.one() if isinstance(row, Estimates) else row
    if not row.measure.endswith(E_VALUE):
        raise ValueError(f"{row.id} is no E-value; it comes from e_values or interaction_bounds.")
    row = gated(row, disclosure_of(source))
    what = f"{_about(row)}, {outcome_label(row.outcome)}"
    if not row.is_estimable:
        return say("display.unmeasured.none", what=what, why=row.caution)
    kind = "interaction" if row.measure.startswith("interaction") else "association"
    whole = pick("display.unmeasured.whole", kind)
    none = pick("display.unmeasured.without", kind)
    strong = pick("display.unmeasured.both", kind)
    if math.isinf(row.estimate):
        return say("display.unmeasured.no_strength", what=what, whole=whole)
    start = say(
        "display.unmeasured.strength",
        what=what,
        whom=strong,
        size=shown(row.estimate, row.unit),
        whole=whole,
    )
    if row.conf_low <= 1:
        return say("display.unmeasured.any_range", start=start, none=none)
    return say(
        "display.unmeasured.limit", start=start, size=shown(row.conf_low, row.unit), none=none
    )


def _about(row: Estimate) -> str:
    if row.measure.startswith("interaction"):
        scale = "ratio" if "ratio" in row.measure else "difference"
        return say("display.unmeasured.synergy", scale=scale)
    words = contrast_label(row.arm, row.reference)
    return words[:1].upper() + words[1:]


def table_e_values(rows: Iterable[Estimate], source="open") -> Table:
    """E-values of several comparisons and interactions.

    Parameters
    ----------
    rows : Estimates
        Rows of other measures are left out.
    source : Study or name of a disclosure profile
    """
    disclosure = disclosure_of(source)
    kept = [gated(row, disclosure) for row in rows if row.measure.endswith(E_VALUE)]
    frame = pd.DataFrame(
        {
            "comparison": [_about(row) for row in kept],
            "outcome": [outcome_label(row.outcome) for row in kept],
            "week": ["" if math.isnan(row.week) else number(row.week, 0) for row in kept],
            "of the": [measure_label(row.measure.removesuffix(E_VALUE)) for row in kept],
            "to explain it away": [shown(row.estimate, row.unit) for row in kept],
            "to include no difference": [shown(row.conf_low, row.unit) for row in kept],
        }
    )
    note = say("display.unmeasured.note")
    numeric = ("week", "to explain it away", "to include no difference")
    return Table("e-values", say("display.unmeasured.caption"), frame, (note,), numeric)
