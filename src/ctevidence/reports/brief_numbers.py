"""Three numbers for each treatment, of every 100 people, with their ranges."""

from __future__ import annotations

import pandas as pd

from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.display.told import told
from ctevidence.display.too_few import too_few
from ctevidence.estimates import SMALL, Estimate
from ctevidence.language import pick, say
from ctevidence.reports.material import Material

#: start of the outcome -> what the column is called; one of those that are alike
COLUMNS = (
    (("response (missing as non-response)", "responded"),),
    (("staying well (missing as", "well"), ("staying well (by the curve)", "curve")),
    (("staying in treatment", "staying"),),
)


def numbers_table(material: Material) -> Table | None:
    """A row for each treatment; None without a study that has any of the numbers."""
    if material.study is None:
        return None
    own = material.estimates.where(
        study=material.study.name, measure=("risk", "survival"), reference=""
    )
    found: dict[str, dict[str, Estimate]] = {}
    for alike in COLUMNS:
        name, rows = _first(own, alike)
        if rows:
            found[_title(material, name, next(iter(rows.values())))] = rows
    if not found:
        return None
    disclosure = disclosure_of(material.study)
    arms = [arm for arm in material.study.arms if any(arm.name in r for r in found.values())]
    cells = [
        [
            arm.label,
            *(_cell(r.get(arm.name), disclosure) for r in found.values()),
        ]
        for arm in arms
    ]
    frame = pd.DataFrame(cells, columns=[say("brief.treatment"), *found])
    origins = tuple(
        told("", *(r.get(arm.name) for r in found.values()), arm=arm.name) for arm in arms
    )
    counted = {_first(own, alike)[0] for alike in COLUMNS}
    notes = [say("brief.counted")] if counted & {"responded", "well"} else []
    notes += [say("brief.by_curve")] if "curve" in counted else []
    if any(too_few(row, disclosure) for rows in found.values() for row in rows.values()):
        notes.append(say("brief.few", few=SMALL))
    return Table(
        "numbers",
        say("brief.numbers", title=material.study.title),
        frame,
        tuple(notes),
        tuple(found),
        origins=origins,
    )


def _first(own, alike) -> tuple[str, dict[str, Estimate]]:
    """The first of the outcomes that are there, by arm."""
    for start, name in alike:
        rows = {row.arm: row for row in own if row.outcome.startswith(start) and row.week > 0}
        if rows:
            return name, rows
    return "", {}


def _title(material: Material, name: str, row: Estimate) -> str:
    rule = material.study.rules.retention
    seen_only = name == "staying" and rule is not None and rule.source == "last_visit"
    return pick("brief", "attended" if seen_only else name, week=f"{row.week:g}")


def _cell(row: Estimate | None, disclosure) -> str:
    if row is None:
        return say("findings.nothing")
    value, limits = shown_estimate(row, disclosure)
    return say("amounts.value_and_range", value=value, limits=limits) if limits else value
