"""Words for readers: measures, treatments, conditions, from the file of the language."""

from __future__ import annotations

from ctevidence.language import capital, pick, say, words
from ctevidence.names import in_words
from ctevidence.terms import SYNERGY_MEASURES

#: ends and starts of names of rows that say something about a measure
_ABOUT = ("_prediction", "_small_study_range", "_without_one", "_e_value", "_bounds")
_DETECTABLE, _POWER = "detectable_", "power_"


def measure_label(name: str) -> str:
    """A measure in words.

    Examples
    --------
    >>> measure_label("risk_ratio"), measure_label("risk_ratio_prediction")
    ('risk ratio', 'risk ratio expected in a new trial')
    """
    known = words("measures")
    if name in known:
        return known[name]
    for end in _ABOUT:
        if name.endswith(end):
            inner = measure_label(name.removesuffix(end))
            return pick("measures_about", end[1:], measure=inner)
    for start in (_DETECTABLE, _POWER):
        inner = name.removeprefix(start)
        if inner != name and inner in SYNERGY_MEASURES:
            return pick("measures_about", start[:-1], measure=measure_label(inner))
    return name.replace("_", " ")


def measure_with_article(name: str) -> str:
    """A measure as a sentence names it: ``a risk ratio``, ``an odds ratio``.

    Examples
    --------
    >>> measure_with_article("odds_ratio"), measure_with_article("synergy_index")
    ('an odds ratio', 'synergy index')
    """
    return words("with_article").get(name) or measure_label(name)


def heading(column: str) -> str:
    """The heading of a column as readers see it; code knows columns by their English names.

    Examples
    --------
    >>> heading("range"), heading("PHQ-9")
    ('range', 'PHQ-9')
    """
    return words("headings").get(column, column)


def treatment_label(name: str) -> str:
    """A treatment, an arm, or what an arm is held against, in words.

    Examples
    --------
    >>> treatment_label("combined"), treatment_label("best single treatment")
    ('combined treatment', 'best single treatment')
    """
    return words("treatments").get(name) or in_words(name)


def outcome_label(name: str) -> str:
    """The outcome of a row in words; a study's own as the study names it.

    Examples
    --------
    >>> outcome_label("response (observed)"), outcome_label("self_harm")
    ('response (observed)', 'self harm')
    """
    return in_words(name.replace("_", " "))


def caption_of(name: str) -> str:
    """The caption of a table by its name; ``Estimates`` for a name of one's own.

    Examples
    --------
    >>> caption_of("response-arms"), caption_of("mine")
    ('Response by arm', 'Estimates')
    """
    return words("captions").get(name) or say("display.tables.estimates")


def condition_label(name: str) -> str:
    """A group of conditions in words; any other name with a capital letter.

    Examples
    --------
    >>> condition_label("ptsd"), condition_label("several conditions")
    ('Post-traumatic stress disorder', 'Several conditions')
    """
    return words("conditions").get(name) or capital(name.replace("_", " "))


def contrast_label(arm: str, reference: str) -> str:
    """``combined treatment against medication``; the arm alone when there is no reference."""
    if not reference:
        return treatment_label(arm)
    return say("labels.against", arm=treatment_label(arm), reference=treatment_label(reference))


def population_label(population: str) -> str:
    """Who an estimate is of, without codes.

    Examples
    --------
    >>> population_label("depression; adults; maintenance phase; stratum taper")
    'depression; adults; maintenance phase; medication tapered'
    >>> population_label("alcohol_use; adults")
    'alcohol use; adults'
    """
    return "; ".join(map(_part_label, population.split("; ")))


def condition_of(population: str) -> str:
    """The condition of those an estimate is of, as in a sentence; empty where it names none.

    Examples
    --------
    >>> condition_of("anxiety; children and adolescents"), condition_of("everyone who started")
    ('anxiety disorders', '')
    """
    return words("in_sentence").get(population.partition("; ")[0], "")


def _part_label(part: str) -> str:
    _, is_stratum, stratum = part.partition("stratum ")
    if is_stratum:
        return strata_label(stratum)
    return in_words(part.replace("_", " "))


def strata_label(strata: str) -> str:
    """Strata of trials, joined by ``+``, in words.

    Examples
    --------
    >>> strata_label("taper+prior_nonresponse")
    'medication tapered + had not responded before'
    """
    known = words("strata")
    return " + ".join(known.get(name) or in_words(name) for name in strata.split("+"))
