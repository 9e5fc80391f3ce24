"""What disclosure control did to a report: how often each rule acted, and no value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from ctevidence.display.disclosure import LEAST_DF, Disclosure, disclosure_of
from ctevidence.display.labels import outcome_label, treatment_label
from ctevidence.display.release import gated, is_public, why_hidden
from ctevidence.display.table import Table
from ctevidence.estimates import COUNT_COLUMNS, Estimate, Estimates, has_small_group
from ctevidence.language import pick, say, words

#: rules in the order in which they act on estimates
RULES = ("few_people", "few_with", "several", "few_df", "from_counts", "coarse")


def table_disclosure(estimates: Estimates, tables: Iterable[Table], source) -> Table:
    """The rules that acted on a report, and on how much.

    Parameters
    ----------
    estimates : Estimates
        Exact, as the notebooks kept them.
    tables : iterable of Table
        As they are shown: those of the pages, and those behind the figures.
    source : Study or name of a disclosure profile

    Returns
    -------
    Table
        One row for each rule, with what it does; below it the groups in which everyone or nobody
        has the outcome, which a person has to look at (class disclosure).

    Examples
    --------
    >>> rows = Estimates([Estimate("s", "response", "combined", "risk", 0.1, n=30, events=3)])
    >>> table_disclosure(rows, (), "opensafely").frame.iloc[1].tolist()[0]
    'too few with, or without, the outcome: the number is not shown'
    """
    disclosure = disclosure_of(source)
    acted = Counter(_rule(row, disclosure) for row in estimates)
    own = [row for row in estimates if not is_public(row, disclosure)]
    counts = [getattr(row, c) for row in own for c in COUNT_COLUMNS if c != "studies"]
    acted["counts"] = sum(k is not None and disclosure.count(k) not in (None, k) for k in counts)
    acted |= _cells(tables, disclosure)
    titles = words("disclosure_columns")
    order = (*RULES, "counts", "masked", "held_back")
    rows = [[pick("disclosure_rules", rule), f"{acted[rule]}"] for rule in order]
    frame = pd.DataFrame(rows, columns=[titles["rule"], titles["times"]])
    notes = (disclosure.describe, *_whole_groups(estimates, disclosure))
    return Table("disclosure", say("disclosure.title"), frame, notes, (titles["times"],))


def _rule(row: Estimate, disclosure: Disclosure) -> str:
    """Which rule decides how a row is shown; empty for one without numbers, or of open data."""
    if disclosure.is_open or is_public(row, disclosure) or not row.is_estimable:
        return ""
    hidden = why_hidden(row, disclosure)
    if hidden == say("display.release.few_df", least=LEAST_DF):
        return "few_df"
    if hidden:
        if any(disclosure.hides(None, n) for n in (row.n, row.n_reference)):
            return "few_people"
        return "several" if has_small_group(row.caution) else "few_with"
    return (
        "from_counts"
        if gated(row, disclosure).method.endswith(say("display.from_rounded_counts"))
        else "coarse"
    )


def _cells(tables: Iterable[Table], disclosure: Disclosure) -> dict[str, int]:
    mask = disclosure.text(1)
    cells = [str(v) for t in tables for v in t.frame.to_numpy().ravel()]
    if disclosure.is_open:
        return {"masked": 0, "held_back": 0}
    return {
        "masked": sum(mask in cell for cell in cells),
        "held_back": sum(cell == say("display.not_shown") for cell in cells),
    }


def _whole_groups(estimates: Estimates, disclosure: Disclosure) -> list[str]:
    """Groups of which everyone or nobody has the outcome: known of each member by that."""
    found = [
        f"{treatment_label(row.arm)}, {outcome_label(row.outcome)}"
        for row in estimates
        if not row.reference
        and row.n
        and row.events in (0, row.n)
        and not is_public(row, disclosure)
        and not why_hidden(row, disclosure)
    ]
    if disclosure.is_open or not found:
        return []
    return [say("disclosure.whole_groups", groups="; ".join(dict.fromkeys(found)))]
