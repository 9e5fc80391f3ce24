"""R3, R4 and R6: every effect on a page is one of the estimates, absolute, and fully described.

Templates fill numbers from estimates; these checks read the finished pages, and find a number that
was typed, or that belongs to another row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import Tag

from ctevidence.evidence.verdict import SMALL_STUDY
from ctevidence.language import say, words
from ctevidence.reports.checks.pack import Pack, text_of
from ctevidence.reports.checks.phrases import any_of, pattern, phrases

_SIGNED = r"([+−-]?(?:[<>] )?\d[\d.\u202f]*)"
NUMBER = re.compile(r"(?<![\w.])\d[\d\u202f]*(?:\.\d+)?")

#: where effects stand; a table's row is looked at as a whole
PLACES = ["p", "li", "figcaption", "dd"]
RELATIVE = ("risk_ratio", "odds_ratio", "hazard_ratio")
#: a network tells differences between treatments alone: no risk that a ratio could start from
WITHOUT_RISK = ("network",)

#: ratios that have a difference beside them; a hazard ratio has none
PAIRS = {"risk_ratio": "risk_difference", "odds_ratio": "risk_difference"}


def same_numbers(pack: Pack) -> Iterator[str]:
    """R3: an effect on a page is one of the estimates, and of those that its element names."""
    texts, no_estimate = _texts_by_id(pack), _no_estimate(pack)
    everywhere = _effects_of(pack)
    # the heterogeneity of effects is no effect
    effects, spread = effect(), re.compile(rf"{any_of(phrases('spread'))} $", re.I)
    for name, page in pack.written.items():
        for tag in page.find_all(attrs={"data-estimates": True}):
            people = _people_of(tag, pack)
            yield from (f"{name}: {p}" for p in _in_element(tag, texts, people, no_estimate))
        for tag in page.main.find_all(PLACES):
            if tag.find_parent(attrs={"data-estimates": True}) or tag.has_attr("data-estimates"):
                continue
            text = text_of(tag)
            for found in effects.finditer(text):
                if spread.search(text[: found.start()]):
                    continue
                if _plain(*found.groups()) not in everywhere:
                    yield f"{name}: {found.group()!r} is no estimate: {text[:80]!r}"


def effect() -> re.Pattern:
    """An effect with its range: ``1.25 (0.90 to 1.75)``, ``5 (range −32 to 42)``.

    Examples
    --------
    >>> effect().search("It is 1.25 (range 0.90 to 1.75).").groups()
    ('1.25', '0.90', '1.75')
    """
    amounts = words("amounts")
    limits = pattern(amounts["from_to"], low=_SIGNED, high=_SIGNED)
    before, after = (f"(?:{re.escape(part)})?" for part in amounts["range"].split("{limits}"))
    return re.compile(rf"(?<![\w.]){_SIGNED}\s+\({before}{limits}{after}[;)]")


def _counted() -> str:
    """Of the estimates that an element names, so many; and the mask of a small count."""
    told = pattern(words("looked_for")["counted"], count=r"\d+", all=r"\d+")
    return rf"(?<!\w)(?:{told}|1–\d+)(?!\w)"


def _people_of(tag: Tag, pack: Pack) -> list[int]:
    """Of how many people an element speaks that is of a service: a year's, those with a place."""
    service = pack.results.get("service")
    if not service or tag.get("data-per") != "service":
        return []
    places = (service.get(part, {}).get("places_per_year") for part in ("medication", "therapy"))
    return [service["people_per_year"], *(int(n) for n in places if n is not None)]


def _of_people(people: int, known: set[str]) -> set[str]:
    """So many people, and what the whole numbers that stand per 100 come to among them."""
    found = {people, *((int(n) * people + 50) // 100 for n in known if n.isdigit())}
    return {f"{number:,}".replace(",", "\u202f") for number in found}


def _too_few() -> str:
    """That a group is too small to judge anything from, with its threshold."""
    claims = words("claims")
    return "|".join(pattern(claims[key], few=r"\d+") for key in ("few", "too_few"))


def _no_estimate(pack: Pack) -> re.Pattern:
    """What holds numbers that are of no estimate: counts of rows, a threshold, titles."""
    titles = (rf"(?<!\w){re.escape(title)}(?!\w)" for title in _titles(pack))
    return re.compile("|".join([_counted(), _too_few(), *titles]))


def _titles(pack: Pack) -> list[str]:
    """Titles of the sources as pages say them: whole, or up to the colon; the longest first.

    One without a letter would take away numbers that are none of a title.
    """
    sources = pack.results.get("question", {}).get("sources", ())
    titles = {" ".join(source["title"].split()) for source in sources}
    titles |= {title.partition(":")[0] for title in titles}
    named = (title for title in titles if any(map(str.isalpha, title)))
    return sorted(named, key=len, reverse=True)


def _in_element(
    tag: Tag, texts: dict[str, set[str]], people: list[int], no_estimate: re.Pattern
) -> Iterator[str]:
    ids = str(tag["data-estimates"]).split()
    if unknown := [i for i in ids if i not in texts]:
        yield f"an element names estimates that results.json lacks: {unknown[:3]}"
        return
    # of every 100; and the people below whom one study alone establishes nothing
    known = {"100", str(SMALL_STUDY), *(number for i in ids for number in texts[i])}
    if people:
        known = set().union(*(_of_people(count, known) for count in people))
    for found in NUMBER.findall(no_estimate.sub("", text_of(tag))):
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
    texts = ("study", "population", "outcome", "arm", "reference", "method", "caution")
    told = " ".join([*row["shown"].values(), *(row[k] for k in texts)])
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
    found, effects = set(), effect()
    from_to = pattern(words("amounts")["from_to"], low="(.*?)", high="(.*)")
    for row in rows:
        if limits := re.fullmatch(from_to, row["shown"]["range"]):
            found.add(_plain(row["shown"]["estimate"], *limits.groups()))
    told = [v[k] for v in pack.results.get("verdicts", ()) for k in ("sentence", "driver")]
    for text in (*told, *(f["alt"] for f in pack.results.get("figures", ()))):
        found |= {_plain(*each.groups()) for each in effects.finditer(text)}
    return found


def _plain(*numbers: str) -> tuple[str, ...]:
    return tuple(
        n.replace("+", "").replace("-", "−").replace("\u202f", "").strip() for n in numbers
    )


def absolute_too(pack: Pack) -> Iterator[str]:
    """R4: a ratio stands with the numbers per 100; an NNT with its range and time."""
    relative, absolute = _relative(), any_of(phrases("per_100"))
    needed = rf"{re.escape(words('measures')['nnt'])}|\bNNT[BH]?\b"
    for name, page in pack.written.items():
        for section in page.main.find_all("section"):
            if section.get("id") in WITHOUT_RISK:
                continue
            text = text_of(section)
            if re.search(relative, text, re.I) and not re.search(absolute, text):
                yield f"{name}: section {section.get('id')} gives a ratio without numbers per 100"
        for tag in page.main.find_all(["p", "li", "tr"]):
            text = text_of(tag)
            if re.search(needed, text) and NUMBER.search(text) and not _has_range(text):
                yield f"{name}: a number needed to treat without its range: {text[:80]!r}"
    yield from _pairs(pack)


def _relative() -> str:
    """A ratio with its value."""
    names = "|".join(re.escape(words("measures")[measure]) for measure in RELATIVE)
    value = r"[<>]?\s?\d"
    told = pattern(words("amounts")["measure_of"], measure=f"(?:{names})", value=value)
    return rf"(?:{told}|(?:{names})\s{value})"


def _has_range(text: str) -> bool:
    """A number needed to treat with both its limits, or none at all."""
    needed = (pattern(words("needed")[side], size=r"\d+") for side in ("benefit", "harm"))
    one = f"(?:{'|'.join(needed)})"
    return (
        say("amounts.not_estimable") in text or re.search(f"{one}.*{one}.*{one}", text) is not None
    )


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
