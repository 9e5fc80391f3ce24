"""R3, R4 and R6: every effect on a page is one of the estimates, absolute, and fully described.

Templates fill numbers from estimates; these checks read the finished pages, and find a number that
was typed, or that belongs to another row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import Tag

from ctevidence.evidence.verdict import SMALL_STUDY
from ctevidence.reports.checks.pack import Pack, text_of

#: an effect with its range: ``1.25 (0.90 to 1.75)``, ``5 (−32 to 42)``
_SIGNED = r"([+−-]?(?:[<>] )?\d[\d.\u202f]*)"
EFFECT = re.compile(rf"(?<![\w.]){_SIGNED}\s+\((?:range )?{_SIGNED} to {_SIGNED}[;)]")
NUMBER = re.compile(r"(?<![\w.])\d[\d\u202f]*(?:\.\d+)?")
#: of the estimates that an element names, counted; and the mask of a small count
COUNTED = re.compile(r"\b\d+ of \d+ comparisons\b|\b1–\d+\b")
#: where effects stand; a table's row is looked at as a whole
PLACES = ["p", "li", "figcaption", "dd"]
RELATIVE = re.compile(r"(?:risk|odds|hazard) ratio (?:of )?[<>]?\s?\d", re.I)
NEEDED = re.compile(r"number needed to treat|\bNNT[BH]?\b")
NEEDED_WITH_RANGE = re.compile(r"NNT[BH] \d+.*NNT[BH] \d+ to")
ABSOLUTE = re.compile(r"per 100|of (?:every )?100")
#: a network tells differences between treatments alone: no risk that a ratio could start from
WITHOUT_RISK = ("network",)
#: the heterogeneity of effects is no effect
HETEROGENEITY = re.compile(r"tau-squared $", re.I)
#: ratios that have a difference beside them; a hazard ratio has none
PAIRS = {"risk_ratio": "risk_difference", "odds_ratio": "risk_difference"}


def same_numbers(pack: Pack) -> Iterator[str]:
    """R3: an effect on a page is one of the estimates, and of those that its element names."""
    texts = _texts_by_id(pack)
    everywhere = _effects_of(pack)
    for name, page in pack.written.items():
        for tag in page.find_all(attrs={"data-estimates": True}):
            yield from (f"{name}: {p}" for p in _in_element(tag, texts))
        for tag in page.main.find_all(PLACES):
            if tag.find_parent(attrs={"data-estimates": True}) or tag.has_attr("data-estimates"):
                continue
            words = text_of(tag)
            for effect in EFFECT.finditer(words):
                if HETEROGENEITY.search(words[: effect.start()]):
                    continue
                if _plain(*effect.groups()) not in everywhere:
                    yield f"{name}: {effect.group()!r} is no estimate: {words[:80]!r}"


def _in_element(tag: Tag, texts: dict[str, set[str]]) -> Iterator[str]:
    ids = str(tag["data-estimates"]).split()
    if unknown := [i for i in ids if i not in texts]:
        yield f"an element names estimates that results.json lacks: {unknown[:3]}"
        return
    # of every 100; and the people below whom one study alone establishes nothing
    known = {"100", str(SMALL_STUDY), *(number for i in ids for number in texts[i])}
    for found in NUMBER.findall(COUNTED.sub("", text_of(tag))):
        if found not in known:
            yield f"{found} is no number of {ids[0]}: {text_of(tag)[:80]!r}"


def _texts_by_id(pack: Pack) -> dict[str, set[str]]:
    """The numbers that an element about a row may hold, as text."""
    found: dict[str, set[str]] = {}
    for row in pack.results.get("estimates", ()):
        found.setdefault(row["id"], set()).update(_numbers_of(row))
    for verdict in pack.results.get("verdicts", ()):
        if verdict["lead"] is None:
            continue
        told = [verdict[k] for k in ("sentence", "detectable", "driver", "rests", "says")]
        told += [hint["words"] for hint in verdict["hints"]] + [*verdict["risks"].values()]
        numbers = {*_numbers_of(verdict["lead"]), *NUMBER.findall(" ".join(told))}
        for key in (verdict["lead"]["id"], verdict["lead_id"]):
            found.setdefault(key, set()).update(numbers)
    return found


def _numbers_of(row: dict) -> set[str]:
    """Every number that the texts of a row hold, its counts, and what is left of 100."""
    words = ("study", "population", "outcome", "arm", "reference", "method", "caution")
    told = " ".join([*row["shown"].values(), *(row[k] for k in words)])
    found = set(NUMBER.findall(told))
    counts = ("n", "events", "n_reference", "events_reference", "studies")
    found |= {str(row[k]) for k in counts if row[k] is not None}
    known = [row[k] for k in ("n", "n_reference") if row[k] is not None]
    found |= {str(sum(known)), f"{100 * row['conf_level']:g}"}
    if row["week"] is not None:
        found.add(f"{row['week']:g}")
    if row["unit"] == "probability":  # both frames: 45 of 100 stay well, 55 do not
        found |= {str(100 - int(n)) for n in list(found) if n.isdigit() and int(n) <= 100}
    if row["p_value"] is not None:
        found |= {f"{row['p_value']:.3f}", "0.001"}
    return found


def _effects_of(pack: Pack) -> set[tuple[str, ...]]:
    """Every estimate with its range, as it may stand on a page."""
    rows = [*pack.results.get("estimates", ())]
    rows += [v["lead"] for v in pack.results.get("verdicts", ()) if v["lead"] is not None]
    found = set()
    for row in rows:
        low, to, high = row["shown"]["range"].partition(" to ")
        if to:
            found.add(_plain(row["shown"]["estimate"], low, high))
    told = [v[k] for v in pack.results.get("verdicts", ()) for k in ("sentence", "driver")]
    for text in (*told, *(f["alt"] for f in pack.results.get("figures", ()))):
        found |= {_plain(*effect.groups()) for effect in EFFECT.finditer(text)}
    return found


def _plain(*numbers: str) -> tuple[str, ...]:
    return tuple(
        n.replace("+", "").replace("-", "−").replace("\u202f", "").strip() for n in numbers
    )


def absolute_too(pack: Pack) -> Iterator[str]:
    """R4: a ratio stands with the numbers per 100; an NNT with its range and time."""
    for name, page in pack.written.items():
        for section in page.main.find_all("section"):
            if section.get("id") in WITHOUT_RISK:
                continue
            words = text_of(section)
            if RELATIVE.search(words) and not ABSOLUTE.search(words):
                yield f"{name}: section {section.get('id')} gives a ratio without numbers per 100"
        for tag in page.main.find_all(["p", "li", "tr"]):
            words = text_of(tag)
            if NEEDED.search(words) and NUMBER.search(words) and not _has_range(words):
                yield f"{name}: a number needed to treat without its range: {words[:80]!r}"
    yield from _pairs(pack)


def _has_range(words: str) -> bool:
    return "not estimable" in words or NEEDED_WITH_RANGE.search(words) is not None


def _pairs(pack: Pack) -> Iterator[str]:
    rows = pack.results.get("estimates", ())
    own = {arm["name"] for arm in pack.results.get("question", {}).get("arms", ())}
    keys = ("study", "population", "outcome", "arm", "reference", "week")
    there = {(row["measure"], *(row[k] for k in keys)) for row in rows}
    for row in rows:
        pair = PAIRS.get(row["measure"])
        # what has no participant-level risk behind it, such as a network, has no absolute pair
        if pair is None or row["study"] != pack.results["report"]["name"] or not own:
            continue
        if row["estimate"] is not None and (pair, *(row[k] for k in keys)) not in there:
            yield f"results.json: {row['id']} has no {pair} beside it"
        if row["measure"] == "nnt" and row["week"] is None:
            yield f"results.json: {row['id']} is a number needed to treat without a time"


def estimands(pack: Pack) -> Iterator[str]:
    """R6: every estimate belongs to an estimand with its five attributes."""
    attributes = ("population", "outcome", "intercurrent_events", "contrasts", "measures")
    described: set[str] = set()
    for one in pack.results.get("estimands", ()):
        described.update(one["estimates"])
        yield from (f"results.json: the estimand of {one['outcome']} ({one['study']}) has no {a}"
                    for a in attributes if not one[a] or not all(one[a]))  # fmt: skip
    for row in pack.results.get("estimates", ()):
        if row["id"] not in described:
            yield f"results.json: {row['id']} belongs to no estimand"
