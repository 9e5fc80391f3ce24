"""R2, R7 and R9: tables of findings, a factorial trial and figures hold what they must."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from bs4 import Tag

from ctevidence.language import pattern as said
from ctevidence.language import say, words
from ctevidence.reports.checks.pack import Pack, text_of

MOST_FINDINGS = 7
TREATMENTS = ("control", "medication", "therapy", "combined")
SINGLES = ("medication", "therapy")
#: kinds of pictures by the name of their figure: what must be seen in them
CURVES, FORESTS = ("relapse", "retention", "survival"), ("forest-",)
RATIOS = ("risk_ratio", "odds_ratio", "hazard_ratio")


def findings(pack: Pack) -> Iterator[str]:
    """R2: at most seven outcomes in a comparison; each with both risks, people, how sure."""
    page = pack.pages.get("report.html")
    if page is None:
        return
    comparisons: dict[tuple[int, str], list[Tag]] = defaultdict(list)
    for row in page.find_all("tr", attrs={"data-outcome": True}):
        table = row.find_parent("table")
        comparisons[(id(table), row.get("data-comparison", ""))].append(row)
    estimable = {r["id"] for r in pack.results.get("estimates", ()) if r["estimate"] is not None}
    estimable |= {v["lead"]["id"] for v in pack.results.get("verdicts", ()) if v["lead"]}
    if pack.results.get("disclosure", {}).get("suppress_up_to"):
        estimable = set()  # a cell may be empty because it may not be shown
    for (_, comparison), rows in comparisons.items():
        if len(rows) > MOST_FINDINGS:
            yield f"report.html: {comparison} has {len(rows)} outcomes, more than {MOST_FINDINGS}"
        for row in rows:
            yield from (f"report.html: {comparison}, {p}" for p in _finding(row, estimable))


def _finding(row: Tag, estimable: set[str]) -> Iterator[str]:
    cells = [text_of(cell) for cell in row.find_all(["th", "td"])]
    outcome = row["data-outcome"]
    if not any(cells[1:]):
        yield f"{outcome}: a row without data must say so"
    elif estimable.intersection(row.get("data-estimates", "").split()) and not all(cells):
        yield f"{outcome}: a cell of a row with an estimate is empty"


def factorial(pack: Pack) -> Iterator[str]:
    """R7: a study of all four cells names its main comparisons and gives the interaction."""
    question = pack.results.get("question", {"arms": []})
    treatments = {arm["treatment"] for arm in question["arms"]}
    name = pack.results.get("report", {}).get("name")
    own = [row for row in pack.results.get("estimates", ()) if row["study"] == name]
    own = [row for row in own if row["outcome"].startswith("response")]
    if not set(TREATMENTS) <= treatments or not own:
        return  # no factorial study, or its response was not asked for
    for single in SINGLES:
        if not any((r["arm"], r["reference"]) == ("combined", single) for r in own):
            yield f"results.json: no comparison of combined treatment against {single}"
    interactions = [r for r in own if r["measure"] == "interaction_difference"]
    if not interactions:
        yield "results.json: no interaction of the two treatments"
    for row in interactions:
        if row["estimate"] is not None and row["conf_low"] is None and row["conf_high"] is None:
            yield f"results.json: {row['id']} has no range"
        if row["estimate"] is None and not row["caution"]:
            yield f"results.json: {row['id']} has no estimate and does not say why"
    why, appendix = say("appendix.four_cells"), pack.pages.get(_appendix(pack))
    if appendix is not None and not any(text_of(p) == why for p in appendix.find_all("p")):
        yield "appendix/index.html does not say why there are four cells"


def _appendix(pack: Pack) -> str:
    name = "appendix/index.html"
    return name if name in pack.sources else "index.html"


def figures(pack: Pack) -> Iterator[str]:
    """R9: curves have bands and people at risk below; forests a log axis and both directions."""
    for figure in pack.results.get("figures", ()):
        drawn = figure["drawn"]
        if not drawn or said("display.figure.none").match(figure["alt"]):
            continue
        if figure["name"].startswith(CURVES) and said("display.survival.alt").match(figure["alt"]):
            if "band" not in drawn:
                yield f"figures: {figure['name']} has no bands around its curves"
            yield from _people_below(pack, figure["name"])
        if figure["name"].startswith(FORESTS):
            yield from (f"figures: {figure['name']} {p}" for p in _forest(drawn))


def _people_below(pack: Pack, name: str) -> Iterator[str]:
    """The table behind a curve, on every page that shows it; one must."""
    table = f"table-{name}-data"
    if not any(f'id="{table}"' in html for html in pack.sources.values()):
        yield f"figures: {name} has no table of people at risk"
    for page in pack.pages:
        boxes = (tag for tag in pack.tags[page] if tag.name == "div" and tag.get("id") == table)
        if any(words("headings")["at risk"] not in text_of(box) for box in boxes):
            yield f"figures: {name} has no table of people at risk"


def _forest(drawn: list[str]) -> Iterator[str]:
    seen, measures = " ".join(drawn), words("measures")
    if any(measures[name] in seen for name in RATIOS) and "log axis" not in drawn:
        yield "shows ratios on an axis that is not logarithmic"
    ends = [
        part.strip(" \u2190\u2192")
        for part in re.split(r"\{\w+\}", words("display.forest")["sides"])
    ]
    if any(seen.count(part) < ends.count(part) for part in ends if part):
        yield "does not say at both ends what is better there"
