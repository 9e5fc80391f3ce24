"""R5, R13 and R16: words that no page may use, and a brief that can be read in a few minutes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bs4 import Tag

from ctevidence.display.labels import treatment_label
from ctevidence.language import words
from ctevidence.reports.checks.pack import Pack, kind_of, text_of

#: said of results, these claim more than an interval can, or read as blame
BANNED = (
    "statistically significant", "not significant", "non-significant", "significantly",
    "trend towards", "trended", "borderline", "proven", "proves", "superior to", "inferior to",
    "no effect", "marginally",
)  # fmt: skip
#: of people
UNKIND = ("subjects", "cases of", "sufferers", "failed treatment", "non-compliant", "drop-outs")
#: these say that a treatment brought something about
CAUSAL = ("causes", "caused by", "reduces the", "increases the", "leads to", "lead to", "thanks to")
#: how a sentence of the grid begins
COMPARED = re.compile(
    r"compared with ((?:(?!compared with)[^,.:;])+), ([^,.:;]+?)"
    r" (?:may lead|probably leads|leads) to"
)
#: a question is no claim
WHETHER = re.compile(r"whether [^:.]*", re.I)
#: what a leader need not decode
NOT_IN_BRIEF = (r"\bp\s*[=<]", r"\bhazard ratio", r"\bodds ratio", r"\bNNT", r"\bp-value")
BRIEF_WORDS = 600
BRIEF_GRADE = 12.0  # years of school (SMOG)
VOWELS = re.compile(r"[aeiouy]+")


def banned(pack: Pack) -> Iterator[str]:
    """R5: no word that says more, or less, than the interval and the certainty allow."""
    yield from of_the_grid(pack)
    for name, page in pack.written.items():
        text = text_of(page.main).lower()
        yield from (f"{name} says {w!r}" for w in (*BANNED, *UNKIND) if _said(w, text))


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
        yield from (f"{name} says {w!r}" for w in CAUSAL if _said(w, text))


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
    for found in COMPARED.finditer(text_of(main).lower()):
        told |= {found.group()} if found.groups() in pairs else set()
    return sorted(told, key=len, reverse=True)


def of_the_grid(pack: Pack) -> Iterator[str]:
    """R5: verbs and sizes are those that certainty, size and design allow."""
    for verdict in pack.results.get("verdicts", ()):
        if verdict["lead"] is not None:
            for problem in _beyond(verdict["sentence"], verdict["wording"]):
                yield f"results.json: the sentence of {verdict['claim']} {problem}"


def _beyond(told: str, allowed: Mapping[str, str | None]) -> Iterator[str]:
    strength, design = allowed["strength"], allowed["design"]
    told = WHETHER.sub("", told)
    said = _verbs_in(told, words("leads_to"))
    better = (words("is_better"), words("does_better"))
    said |= {f"{design}-{s}" for verbs in better for s in _verbs_in(told, verbs)}
    for verb in sorted(said):
        if strength is None:
            yield f"claims a direction ({verb}), which very low certainty does not allow"
        elif verb != f"{design}-{strength}":
            yield f"is worded {verb}, where {design}-{strength} is allowed"
    for size in ("large", "slight"):
        if f" a {size} difference" in told and size != allowed["size"]:
            yield f"says {size}, where {allowed['size']} is allowed"


def _verbs_in(told: str, verbs: Mapping[str, str]) -> set[str]:
    """Names of the verbs that are said; a longer one is not also a shorter one within it."""
    found = set()
    for name, verb in sorted(verbs.items(), key=lambda v: -len(v[1])):
        pattern = re.escape(verb).replace(r"\{", "{").split("{")[0]
        if re.search(rf"\b{pattern}", told):
            found.add(name)
            told = re.sub(rf"\b{pattern}", "", told)
    return found


def short_brief(pack: Pack) -> Iterator[str]:
    """R13: at most 600 words, no p-values or ratios, readable with twelve years of school."""
    for name, page in pack.written.items():
        if kind_of(page) != "brief":
            continue
        text = text_of(page.main)
        if (count := len(text.split())) > BRIEF_WORDS:
            yield f"{name} has {count} words, more than {BRIEF_WORDS}"
        for pattern in NOT_IN_BRIEF:
            if found := re.search(pattern, text, re.I):
                yield f"{name} says {found.group()!r}"
        told = [text_of(tag) for tag in page.main.find_all(["p", "li"]) if not tag.find("b")]
        if (grade := smog(" ".join(told))) > BRIEF_GRADE:
            yield f"{name} asks for {grade:.1f} years of school (SMOG), more than {BRIEF_GRADE:g}"


def _said(what: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(what)}\b", text) is not None


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
