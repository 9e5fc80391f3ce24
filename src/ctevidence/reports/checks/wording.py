"""R5, R13 and R16: words that no page may use, and a brief that can be read in a few minutes."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
CAUSAL = (
    "causes",
    "caused by",
    "reduces the",
    "increases the",
    "leads to",
    "thanks to",
)
#: what a leader need not decode
NOT_IN_BRIEF = (r"\bp\s*[=<]", r"\bhazard ratio", r"\bodds ratio", r"\bNNT", r"\bp-value")
BRIEF_WORDS = 600
BRIEF_GRADE = 12.0  # years of school (SMOG)
VOWELS = re.compile(r"[aeiouy]+")


def banned(pack: Pack) -> Iterator[str]:
    """R5: no word that says more, or less, than the interval and the certainty allow."""
    for name, page in pack.written.items():
        words = text_of(page.main).lower()
        yield from (f"{name} says {w!r}" for w in (*BANNED, *UNKIND) if _said(w, words))


def causal(pack: Pack) -> Iterator[str]:
    """R16: no causal words; a banner that says what kind of data this is."""
    for name, page in pack.pages.items():
        banner = page.find(class_="banner")
        if banner is None or not text_of(banner):
            yield f"{name} has no banner that says what kind of data this is"
    for name, page in pack.written.items():
        words = text_of(page.main).lower()
        yield from (f"{name} says {w!r}" for w in CAUSAL if _said(w, words))


def short_brief(pack: Pack) -> Iterator[str]:
    """R13: at most 600 words, no p-values or ratios, readable with twelve years of school."""
    for name, page in pack.written.items():
        if kind_of(page) != "brief":
            continue
        words = text_of(page.main)
        if (count := len(words.split())) > BRIEF_WORDS:
            yield f"{name} has {count} words, more than {BRIEF_WORDS}"
        for pattern in NOT_IN_BRIEF:
            if found := re.search(pattern, words, re.I):
                yield f"{name} says {found.group()!r}"
        told = [text_of(tag) for tag in page.main.find_all(["p", "li"]) if not tag.find("b")]
        if (grade := smog(" ".join(told))) > BRIEF_GRADE:
            yield f"{name} asks for {grade:.1f} years of school (SMOG), more than {BRIEF_GRADE:g}"


def _said(words: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(words)}\b", text) is not None


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
    words = re.findall(r"[a-z]+", text.lower())
    long = sum(_syllables(word) >= 3 for word in words)
    return 1.0430 * (30 * long / sentences) ** 0.5 + 3.1291


def _syllables(word: str) -> int:
    word = re.sub(r"(?:es|ed|e)$", "", word) or word
    return len(VOWELS.findall(word))
