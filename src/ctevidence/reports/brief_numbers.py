"""Three numbers for each treatment, of every 100 people, with their ranges."""

from __future__ import annotations

from itertools import permutations

import pandas as pd

from ctevidence.data.study import Study
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.format import rounded
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.display.told import told
from ctevidence.display.too_few import too_few
from ctevidence.estimates import SMALL, Estimate
from ctevidence.language import pick, say
from ctevidence.reports.components import components_words
from ctevidence.reports.material import Material

#: start of the outcome -> what the column is called; one of those that are alike
COLUMNS = (
    (("response (missing as non-response)", "responded"),),
    (("staying well (missing as", "well"), ("staying well (by the curve)", "curve")),
    (("staying in treatment", "staying"),),
)


def numbers_table(material: Material, is_beside_answer: bool = False) -> Table | None:
    """A row for each treatment; None without a study that has any of the numbers.

    Its caption says how many people it is of, what chance did not assign and, where it stands
    beside an answer that others gave, that the answer does not rest on it.
    """
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
    notes += [say("brief.turned")] if _is_turned(list(found.values())) else []
    return Table(
        "numbers",
        _caption(material.study, is_beside_answer),
        frame,
        tuple(notes),
        tuple(found),
        origins=origins,
    )


def not_by_chance(study: Study | None) -> set[str]:
    """Components that some people of a study were given, and that chance did not assign."""
    if study is None:
        return set()
    return {component for arm in study.arms for component in arm.components} - study.randomised


def _caption(study: Study, is_beside_answer: bool) -> str:
    people = disclosure_of(study).text(len(study.entering()))
    by_choice = components_words(not_by_chance(study))
    how = say("brief.by_choice", components=by_choice) if by_choice else ""
    rests = say("brief.not_behind") if is_beside_answer else ""
    return say("brief.numbers", people=people, how=how, rests=rests)


def _is_turned(columns: list[dict[str, Estimate]]) -> bool:
    """Whether two treatments stand in one order in a column and in the other order in another."""
    seen = [
        {arm: rounded(100 * row.estimate) for arm, row in rows.items() if row.is_estimable}
        for rows in columns
    ]
    ahead = {(a, b) for rows in seen for a, b in permutations(rows, 2) if rows[a] > rows[b]}
    return any((b, a) in ahead for a, b in ahead)


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
