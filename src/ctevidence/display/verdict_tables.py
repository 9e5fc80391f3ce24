"""Claims and their verdicts as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.labels import contrast_label, outcome_label, population_label
from ctevidence.display.release import gated, is_hidden, people_text
from ctevidence.display.table import Table
from ctevidence.display.told import told
from ctevidence.display.verdict_words import (
    detectable_words,
    direction_words,
    driver_words,
    estimate_words,
    explained,
    fragility_words,
    no_data_words,
    rests_words,
    says,
    seen_words,
    thresholds_words,
)
from ctevidence.estimates import Estimate
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.verdict import Direction, Thresholds
from ctevidence.language import pick, say, words

_VERDICTS = ("claim", "verdict", "sure", "estimate", "rests", "shown", "drives")
#: the estimate without the risk that it starts from
_ALL = (*_VERDICTS, "number")
#: what a page shows at once, and what it keeps behind a line
SHORT = ("claim", "verdict", "number", "sure")
BEHIND = ("claim", "estimate", "rests", "shown", "drives")
_LEADS = ("claim", "role", "source", "comparison", "outcome", "estimate", "people")


def table_verdicts(
    verdicts: Iterable[Verdict], source="opensafely", columns: tuple[str, ...] = _VERDICTS
) -> Table:
    """Every claim with its verdict: direction and size, how sure, and the number it leads with.

    Parameters
    ----------
    verdicts : iterable of Verdict
    source : Study, Trials or name of a disclosure profile
    columns : tuple of str
        Of ``claim verdict sure estimate rests shown drives``; `SHORT` for a page.

    Returns
    -------
    Table
        One row per claim, also where there is no data; claims about another condition than the one
        asked for stand in `table_elsewhere`. Each verdict that occurs is explained below.
    """
    own = [verdict for verdict in verdicts if not verdict.is_elsewhere]
    return _table("verdicts", say("claims.title"), own, source, columns)


def table_behind(verdicts: Iterable[Verdict], source="opensafely") -> Table:
    """What each verdict on the condition asked for rests on, and what could have been seen."""
    own = [verdict for verdict in verdicts if not verdict.is_elsewhere]
    return _table("verdicts-behind", say("claims.behind"), own, source, BEHIND)


def table_elsewhere(verdicts: Iterable[Verdict], source="opensafely") -> Table:
    """The claims about other conditions than the one asked for, kept apart; as `table_verdicts`."""
    other = [verdict for verdict in verdicts if verdict.is_elsewhere]
    return _table("verdicts-elsewhere", say("claims.elsewhere"), other, source)


def _table(
    name: str, caption: str, verdicts: list[Verdict], source, columns: tuple[str, ...] = _VERDICTS
) -> Table:
    disclosure = disclosure_of(source)
    rows = [_as_above(_verdict(v, disclosure), v, verdicts[:i]) for i, v in enumerate(verdicts)]
    seen = {v.direction for v in verdicts if not _is_hidden(v, disclosure)}
    occurring = [d for d in Direction if d in seen]
    notes = [explained(found) for found in occurring]
    notes += _thresholds_notes(verdicts)
    frame = _frame(rows, _ALL)[[words("claim_columns")[column] for column in columns]]
    origins = tuple(told("", verdict.lead, claim=verdict.claim.id) for verdict in verdicts)
    notes = () if columns == BEHIND else tuple(notes)
    return Table(name, caption, frame, notes, origins=origins)


def _thresholds_notes(verdicts: list[Verdict]) -> list[str]:
    """What matters; where claims differ in it, those that few claims share name their claims."""
    by: dict[Thresholds, list[str]] = {}
    for verdict in verdicts:
        by.setdefault(verdict.claim.thresholds, []).append(verdict.claim.says)
    most = max(by, key=lambda thresholds: len(by[thresholds]), default=None)
    return [
        thresholds_words(each)
        if each == most
        else say("claims.thresholds_of", told=thresholds_words(each), claims="; ".join(claims))
        for each, claims in by.items()
    ]


def _as_above(cells: list[str], verdict: Verdict, above: list[Verdict]) -> list[str]:
    """A claim that asks what one above asks, in the condition asked for, points to it."""
    claim = verdict.claim
    same = (
        other.claim.says
        for other in above
        if claim.condition
        and verdict.lead is not None
        and other.lead == verdict.lead
        and (other.claim.arm, other.claim.reference) == (claim.arm, claim.reference)
        and (other.claim.direction, other.claim.worry) == (claim.direction, claim.worry)
    )
    if (first := next(same, None)) is None:
        return cells
    there = say("claims.as_above", says=first)
    return [*cells[:3], there, "", "", "", there]


def _frame(rows: list[list[str]], columns: tuple[str, ...]) -> pd.DataFrame:
    titles = words("claim_columns")
    return pd.DataFrame(rows, columns=[titles[column] for column in columns])


def _verdict(verdict: Verdict, disclosure: Disclosure) -> list[str]:
    if verdict.lead is None:
        return [says(verdict), direction_words(verdict), "", "", no_data_words(verdict), "", "", ""]
    if _is_hidden(verdict, disclosure):  # its direction would tell that of the hidden number
        why = estimate_words(verdict.lead, disclosure)
        hidden = say("display.not_shown")
        return [says(verdict), hidden, "", why, rests_words(verdict, disclosure), "", "", why]
    return [
        says(verdict),
        direction_words(verdict),
        sure_words(verdict),
        seen_words(verdict, disclosure),
        rests_words(verdict, disclosure),
        detectable_words(verdict, disclosure),
        "; ".join(filter(None, (driver_words(verdict), fragility_words(verdict, disclosure)))),
        estimate_words(verdict.lead, disclosure) + words("claim_against").get(verdict.claim.id, ""),
    ]


def _is_hidden(verdict: Verdict, disclosure: Disclosure) -> bool:
    return verdict.lead is not None and is_hidden(gated(verdict.lead, disclosure))


def sure_words(verdict: Verdict) -> str:
    """How sure: the judgement, or that there is none."""
    if verdict.certainty is None:
        return say("certainty.not_assessed")
    return pick("levels", verdict.certainty.replace(" ", "-"))


def table_leads(verdicts: Iterable[Verdict], source="opensafely") -> Table:
    """The estimates behind the verdicts: the lead, those beside it, those of other people."""
    disclosure = disclosure_of(source)
    rows = []
    for verdict in verdicts:
        lead = [] if verdict.lead is None else [verdict.lead]
        roles = {"leads": lead, "beside": verdict.beside, "elsewhere": verdict.elsewhere}
        for role, estimates in roles.items():
            shown_rows = (gated(row, disclosure) for row in estimates)
            for row in shown_rows:
                if row.is_estimable:
                    rows.append(
                        [verdict.claim.says, pick("roles", role), *_row(verdict, row, disclosure)]
                    )
    return Table("leads", say("claims.leads"), _frame(rows, _LEADS), numeric=("people",))


def _row(verdict: Verdict, row: Estimate, disclosure: Disclosure) -> list[str]:
    week = "" if math.isnan(row.week) else f", {say('when.plain', week=f'{row.week:g}')}"
    several = (row.studies or 1) > 1
    studies = f" ({say('counts.studies', count=row.studies)})" if several else ""
    return [
        verdict.name_of(row.study) + studies,
        contrast_label(row.arm, row.reference),
        f"{outcome_label(row.outcome)}{week}; {population_label(row.population)}",
        estimate_words(row, disclosure),
        people_text(row, disclosure),
    ]
