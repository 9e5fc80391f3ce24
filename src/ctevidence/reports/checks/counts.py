"""R8 and R10: counts that add up, and none that points to a few people."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import Tag

from ctevidence.display.labels import heading
from ctevidence.language import say, words
from ctevidence.reports.checks.pack import Pack, text_of
from ctevidence.reports.checks.phrases import any_of, pattern, phrases

COUNTS = ("n", "events", "n_reference", "events_reference")
CELLS = ["th", "td"]


def add_up(pack: Pack) -> Iterator[str]:
    """R8: nobody is lost or gained on the way of a flow, or under a curve."""
    slack = _step(pack) - 1  # of each rounded count
    for name, page in pack.pages.items():
        for table in page.find_all("table"):
            heads = _heads(table)
            if {heading("at risk"), heading("censored")} <= set(heads):
                problems = _under_a_curve(heads, _rows(table), 3 * slack)
                yield from (f"{name}: {p}" for p in problems)
            rows = _rows(table) if heads[:1] == [heading("step")] else []
            if rows and rows[0][0] == say("display.flow.in_study"):
                yield from (f"{name}: {p}" for p in _on_the_way(heads, rows, 2 * slack))


def _under_a_curve(heads: list[str], rows: list[list[str]], slack: int) -> Iterator[str]:
    began: dict[str, int] = {}
    # between them those with an event, of each kind
    first, last = heads.index(heading("at risk")), heads.index(heading("censored"))
    for row in rows:
        counts = row[first : last + 1]
        if not all(count.isdigit() for count in counts):
            continue  # a count that is not shown
        total = sum(map(int, counts))
        start = began.setdefault(row[0], total)
        if abs(total - start) > slack:
            yield f"{' '.join(row[:first])}: at risk, with and without are {total} of {start}"


def _on_the_way(heads: list[str], rows: list[list[str]], slack: int) -> Iterator[str]:
    entered = next((r for r in rows if r[0] == say("display.flow.entered")), None)
    if entered is None:
        yield "the flow does not say who entered"
        return
    before = rows[: rows.index(entered)]
    for column, arm in enumerate(heads[1:], start=1):
        shown = [row[column] for row in (*before, entered)]
        if not all(text.isdigit() for text in shown):
            continue
        first, *left = map(int, shown[:-1])
        if abs(first - sum(left) - int(shown[-1])) > slack * len(shown):
            yield f"the flow of {arm}: {first} less {left} is not {shown[-1]}"
        seen = [row[column] for row in rows[rows.index(entered) + 1 :]]
        yield from (
            f"the flow of {arm}: {text} seen of {entered[column]} who entered"
            for text in seen
            if text.isdigit() and int(text) > int(entered[column]) + slack
        )


def hidden(pack: Pack) -> Iterator[str]:
    """R10: under a disclosure profile no small count, none that is not rounded, no extremes.

    The message names the place, never the count.
    """
    profile = pack.results.get("disclosure", {"suppress_up_to": 0})
    if profile["suppress_up_to"] == 0:
        return
    allowed = _Allowed(profile["suppress_up_to"], profile["round_to"])
    counted, extremes = _people_of(), any_of(phrases("extremes"))
    rows = pack.results["estimates"]
    public = [row for row in rows if _is_public(row, profile.get("of", ""))]
    for row in (row for row in rows if not _is_public(row, profile.get("of", ""))):
        yield from (f"results.json: {row['id']} shows {c} too exactly"
                    for c in COUNTS if row[c] is not None and not allowed(row[c]))  # fmt: skip
    published = _published(public, counted)
    for name, page in pack.pages.items():
        for found in re.finditer(counted, text_of(page.main)):
            if found.groups() in published or found.group(2) == "100":
                continue
            if not all(allowed(int(k)) for k in found.groups()):
                yield f"{name}: a count of people is shown too exactly"
        for table in page.find_all("table"):
            yield from (f"{name}: the column {h!r} shows an extreme" for h in _heads(table)
                        if re.search(extremes, h, re.I))  # fmt: skip


def _is_public(row: dict, of: str) -> bool:
    """Whether a row holds published numbers: of several studies, or of another than protected."""
    return (row["studies"] or 1) > 1 or bool(of and row["study"] != of)


def _published(rows: list[dict], counted: str) -> set[tuple[str, str]]:
    """How many of how many people, as published trials have them and their rows tell them."""
    sides = (("events", "n"), ("events_reference", "n_reference"))
    told = {(f"{row[some]}", f"{row[whole]}") for row in rows for some, whole in sides}
    texts = (row.get(name) or "" for row in rows for name in ("caution", "method", "population"))
    return told | {found.groups() for text in texts for found in re.finditer(counted, text)}


def _people_of() -> str:
    """How many of how many, if these are people."""
    told = pattern(words("looked_for")["of"], count=r"(\d+)", all=r"(\d+)")
    return rf"(?<![\w.–-]){told}(?![\w.–])(?! {any_of(phrases('not_people'))})"


class _Allowed:
    """Whether a count may be shown under a profile."""

    def __init__(self, suppress_up_to: int, round_to: int) -> None:
        self.suppress_up_to, self.round_to = suppress_up_to, round_to

    def __call__(self, count: int) -> bool:
        return count == 0 or (count > self.suppress_up_to and count % self.round_to == 0)


def _step(pack: Pack) -> int:
    return pack.results.get("disclosure", {}).get("round_to", 1)


def _heads(table: Tag) -> list[str]:
    return [text_of(cell) for part in table.find_all("thead") for cell in part.find_all(CELLS)]


def _rows(table: Tag) -> list[list[str]]:
    rows = [row for part in table.find_all("tbody") for row in part.find_all("tr")]
    return [[text_of(cell) for cell in row.find_all(CELLS)] for row in rows]
