"""R5, R13 and R16: words that no page may use, and a brief that can be read in a few minutes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bs4 import Tag

from ctevidence.display.labels import treatment_label
from ctevidence.language import ENGLISH, spoken, words
from ctevidence.reports.checks.pack import Pack, kind_of, text_of
from ctevidence.reports.checks.phrases import any_of, pattern, phrases, up_to

#: measures that a leader need not decode, and signs of them that are the same in every language
NOT_IN_BRIEF = ("hazard_ratio", "odds_ratio")
SIGNS = (r"\bp\s*[=<]", r"\bNNT")
BRIEF_WORDS = 600
#: more of them where a service declares itself: two printed pages hold them
SERVICE_WORDS = 150
BRIEF_GRADE = 12.0  # years of school (SMOG)
VOWELS = re.compile(r"[aeiouy]+")


def banned(pack: Pack) -> Iterator[str]:
    """R5: no word that says more, or less, than the interval and the certainty allow."""
    yield from of_the_grid(pack)
    wanted = (*phrases("claims"), *phrases("people"))
    for name, page in pack.written.items():
        text = text_of(page.main).lower()
        yield from (f"{name} says {w!r}" for w in wanted if _said(w, text))


def causal(pack: Pack) -> Iterator[str]:
    """R16: no causal words; a banner that says what kind of data this is."""
    for name, page in pack.pages.items():
        banner = page.find(class_="banner")
        if banner is None or not text_of(banner):
            yield f"{name} has no banner that says what kind of data this is"
    for name, page in pack.written.items():
        protected = _protected(pack, page.main)
        text = text_of(page.main).lower()
        for told in protected:
            text = text.replace(told, "")
        yield from (f"{name} says {w!r}" for w in phrases("causes") if _said(w, text))


def _protected(pack: Pack, main: Tag) -> list[str]:
    """What is said of contrasts that chance protects: there a cause may be named."""
    rows = [*pack.results.get("estimates", ())]
    rows += [v["lead"] for v in pack.results.get("verdicts", ()) if v["lead"] is not None]
    by_chance = {row["id"]: row["randomised"] for row in rows}
    told = {
        text_of(tag).lower()
        for tag in main.find_all(attrs={"data-estimates": True})
        if all(by_chance.get(i) for i in tag["data-estimates"].split())
    }
    pairs = {tuple(treatment_label(row[k]).lower() for k in ("reference", "arm"))
             for row in rows if row["randomised"]}  # fmt: skip
    text = text_of(main).lower()
    for start in _compared(pairs):
        told |= set(re.findall(start, text))
    return sorted(told, key=len, reverse=True)


def _compared(pairs: set[tuple[str, ...]]) -> Iterator[str]:
    """How sentences of the grid begin that compare such pairs, as patterns."""
    verbs = [verb for name, verb in words("leads_to").items() if name.startswith("randomised")]
    leads = f"(?:{'|'.join(re.escape(verb.lower()) for verb in verbs)})"
    names = ("reference", "arm", "leads")
    starts = {up_to(template, *names).lower() for template in words("effect").values()}
    for reference, arm in sorted(pairs):
        given = {"reference": re.escape(reference), "arm": re.escape(arm), "leads": leads}
        yield from (pattern(start, **given) for start in sorted(starts))


def of_the_grid(pack: Pack) -> Iterator[str]:
    """R5: verbs and sizes are those that certainty, size and design allow."""
    for verdict in pack.results.get("verdicts", ()):
        if verdict["lead"] is not None:
            for problem in _beyond(verdict["sentence"], verdict["wording"]):
                yield f"results.json: the sentence of {verdict['claim']} {problem}"


def _beyond(told: str, allowed: Mapping[str, str | None]) -> Iterator[str]:
    strength, design = allowed["strength"], allowed["design"]
    # a question is no claim
    told = re.sub(rf"{any_of(phrases('whether'))}[^:.]*", "", told, flags=re.I)
    said = _verbs_in(told, words("leads_to"))
    better = (words("is_better"), words("does_better"))
    said |= {f"{design}-{s}" for verbs in better for s in _verbs_in(told, verbs)}
    for verb in sorted(said):
        if strength is None:
            yield f"claims a direction ({verb}), which very low certainty does not allow"
        elif verb != f"{design}-{strength}":
            yield f"is worded {verb}, where {design}-{strength} is allowed"
    for size in ("large", "slight"):
        if re.search(pattern(words("effect")[size]), told) and size != allowed["size"]:
            yield f"says {size}, where {allowed['size']} is allowed"


def _verbs_in(told: str, verbs: Mapping[str, str]) -> set[str]:
    """Names of the verbs that are said; a longer one is not also a shorter one within it."""
    found = set()
    for name, verb in sorted(verbs.items(), key=lambda v: -len(v[1])):
        start = re.escape(verb.split("{")[0])
        if re.search(rf"(?<!\w){start}", told):
            found.add(name)
            told = re.sub(rf"(?<!\w){start}", "", told)
    return found


def short_brief(pack: Pack) -> Iterator[str]:
    """R13: at most 600 words, no p-values or ratios, readable with twelve years of school.

    What a service declares of itself is told apart, in a section that has words of its own.
    """
    for name, page in pack.written.items():
        if kind_of(page) != "brief":
            continue
        text = text_of(page.main)
        most = BRIEF_WORDS + (SERVICE_WORDS if pack.results.get("service") else 0)
        if (count := len(text.split())) > most:
            shorten = "shorten labels of arms, title or population in study.toml"
            yield f"{name} has {count} words, more than {most}: {shorten}"
        named = [re.escape(words("measures")[measure]) for measure in NOT_IN_BRIEF]
        named += map(re.escape, phrases("brief"))
        for each in (*SIGNS, *(rf"(?<!\w){name}" for name in named)):
            if found := re.search(each, text, re.I):
                yield f"{name} says {found.group()!r}"
        if spoken().name != ENGLISH:
            continue  # SMOG counts syllables of English
        told = [text_of(tag) for tag in page.main.find_all(["p", "li"]) if not tag.find("b")]
        if (grade := smog(" ".join(told))) > BRIEF_GRADE:
            yield f"{name} asks for {grade:.1f} years of school (SMOG), more than {BRIEF_GRADE:g}"


def _said(what: str, text: str) -> bool:
    return re.search(any_of((what.lower(),)), text) is not None


def smog(text: str) -> float:
    """Years of school that a text asks for.

    :math:`1.043 \\sqrt{30 \\, p / s} + 3.1291` with p words of three syllables or more in s
    sentences (McLaughlin 1969, J Reading 12:639-646). Syllables are counted as groups of vowels,
    a silent final e left out; fewer than 30 sentences make it less exact.

    Examples
    --------
    >>> round(smog("We do not know. It may help."), 1)
    3.1
    """
    sentences = max(len([s for s in re.split(r"[.!?:;]+(?:\s|$)", text) if s.strip()]), 1)
    long = sum(_syllables(word) >= 3 for word in re.findall(r"[a-z]+", text.lower()))
    return 1.0430 * (30 * long / sentences) ** 0.5 + 3.1291


def _syllables(word: str) -> int:
    word = re.sub(r"(?:es|ed|e)$", "", word) or word
    return len(VOWELS.findall(word))
