"""Numbers in words. Every sentence is made from an estimate; none is typed.

Wording follows two fields: the direction that the interval allows and the certainty that a person
has given. Without a certainty the wording is capped at "may". Causal words are used only for
contrasts that randomisation protects.
"""

from __future__ import annotations

import math

from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.format import decimals_of, interval, number, number_needed, rounded, shown
from ctevidence.display.labels import measure_label, treatment_label, with_article
from ctevidence.display.network_sentences import special_sentence
from ctevidence.display.release import gated
from ctevidence.display.synergy_rows import (
    MODELS,
    is_less,
    synergy_row,
    synergy_seen,
    what_was_found,
)
from ctevidence.display.verbs import did, without
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.verdict import (
    Direction,
    better_direction,
    better_of,
    direction,
    people_behind,
    rests_on_one_small_study,
)
from ctevidence.terms import CONTRAST_MEASURES, TRANSITIVITY, did_you_mean

CERTAINTY_VERBS = {
    None: "may",
    "high": "",
    "moderate": "probably",
    "low": "may",
    "very low": None,
}
NOT_ASSESSED = "certainty not assessed"
_GUARD = "One small study alone does not establish this."

#: part of an outcome's name -> how people without a score were counted
_COUNTING = {
    "(observed)": "people without a score left out",
    "(missing as": "people without a score counted as not",
    "(by the curve)": "lost people taken to go on like those who stayed",
}


def sentence(estimates: Estimate | Estimates, certainty: str | None = None, source="opensafely"):
    """An estimate, or the rows of one question, as a sentence.

    Parameters
    ----------
    estimates : Estimate or Estimates
        One row; or what `synergy` or `better_than_both` returned.
    certainty : {"high", "moderate", "low", "very low"}, optional
        A person's judgement; None reads "certainty not assessed".
    source : Study, Trials or name of a disclosure profile
        Decides how counts are shown; strict when absent.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        When the certainty is none of the four.

    Examples
    --------
    >>> row = Estimate("demo", "response", "combined", "risk_difference", 0.14,
    ...     reference="medication", unit="probability", week=9, conf_low=-0.1, conf_high=0.36,
    ...     randomised=True, n=30, n_reference=14)
    >>> print(sentence(row))
    It is not determined whether more people respond by week 9 with combined treatment than with \
medication: the best estimate is 14 more of every 100 people, and the data allow anything from \
10 fewer to 36 more (certainty not assessed).
    """
    if certainty not in CERTAINTY_VERBS:
        known = [k for k in CERTAINTY_VERBS if k]
        raise KeyError(f'Certainty "{certainty}"{did_you_mean(certainty, known)}')
    disclosure = disclosure_of(source)
    rows = [estimates] if isinstance(estimates, Estimate) else list(estimates)
    rows = [gated(row, disclosure) for row in rows]
    # one question may be asked of several outcomes, or of one counted in two ways
    asked: dict[tuple, list[Estimate]] = {}
    for row in rows:
        asked.setdefault((row.study, row.outcome, str(row.week)), []).append(row)
    told = (_answer(each, certainty, disclosure) for each in asked.values())
    return " ".join(dict.fromkeys(told))  # what is the same for both countings is said once


def _answer(rows: list[Estimate], certainty: str | None, disclosure) -> str:
    """What the rows of one outcome at one week say together."""
    if synergy_seen(rows) is not None:
        return _synergy(rows, certainty, disclosure)
    if any(_is_min_test(row) for row in rows):
        return _better_than_both(rows, certainty, disclosure)
    return " ".join(_one(row, certainty, disclosure) for row in rows)


def _one(row: Estimate, certainty: str | None, disclosure) -> str:
    if not row.is_estimable and row.method.startswith("non-inferiority"):
        pair = f"{treatment_label(row.arm)} is no worse than {treatment_label(row.reference)}"
        return f"Whether {pair} is not judged: {row.caution.split('; ')[-1]}."
    if not row.is_estimable:
        return f"{_subject(row)} cannot be estimated: {row.caution or 'too little data'}."
    if special := special_sentence(row) or synergy_row(row):
        return special
    if not row.reference:
        return _level(row, disclosure)
    if row.method.startswith("non-inferiority"):
        return _not_worse(row, certainty, disclosure)
    return _contrast(row, certainty)


def _subject(row: Estimate) -> str:
    who = treatment_label(row.arm)
    against = f" against {treatment_label(row.reference)}" if row.reference else ""
    return f"The {measure_label(row.measure)} of {row.outcome} with {who}{against}{_when(row)}"


def _when(row: Estimate, word: str = "by") -> str:
    # the outcome of a period says its weeks itself
    is_period = row.measure.startswith(("mean_over_period", "area_under_curve"))
    return "" if math.isnan(row.week) or is_period else f" {word} week {row.week:g}"


def _level(row: Estimate, disclosure) -> str:
    limits = interval(row.conf_low, row.conf_high, row.unit)
    who = treatment_label(row.arm)
    if row.unit == "probability":
        value = f"{shown(row.estimate, row.unit)} of every 100 people {did(row)}"
        behind = _in_brackets(f"range {limits}" if limits else "", _people(row, disclosure))
        return f"With {who}, {value}{_when(row)}{behind}."
    value = f"{shown(row.estimate, row.unit)} {row.unit}"
    reach = _in_brackets(f"range {limits}" if limits else "")
    return f"With {who}, the {measure_label(row.measure)} is {value}{_when(row, 'at')}{reach}."


def _people(row: Estimate, disclosure) -> str:
    people = disclosure.text(row.n)
    return f"{people} people" if people else ""


def _in_brackets(*parts: str) -> str:
    inside = "; ".join(part for part in parts if part)
    return f" ({inside})" if inside else ""


def _contrast(row: Estimate, certainty: str | None) -> str:
    found = direction(row)
    tail = _tail(row, certainty)
    if row.measure == "nnt":
        value, limits = number_needed(row.estimate, row.conf_low, row.conf_high)
        return f"Number needed to treat{_when(row)}: {value} ({limits})."
    best, reach = difference_words(row)
    arm, reference = treatment_label(row.arm), treatment_label(row.reference)
    if certainty == "very low":
        return (
            f"The evidence on {row.outcome} with {arm} against {reference} is very uncertain{tail}."
        )
    if found is Direction.NOT_DETERMINED:
        return (
            f"It is not determined whether {_question(row)}: the best estimate is {best}, "
            f"and the data allow anything from {reach}{_in_brackets(*tail)}."
        )
    verb = _claim_verb(row, certainty, found)
    guard = ""
    if found is Direction.NOT_ESTABLISHED:
        guard = f" {_GUARD}"
    return (
        f"Compared with {reference}, {arm} {verb} {best}{_outcome_words(row)}"
        f"{_in_brackets(f'range {reach}', *tail)}.{guard}"
    )


def _not_worse(row: Estimate, certainty: str | None, disclosure) -> str:
    """Non-inferiority: the declared margin, whether it is excluded, and the worst that may be."""
    margin = float(row.id.rsplit("/margin-", 1)[-1])
    size = f"{shown(margin, row.unit)} " + (
        "of every 100 people" if row.unit == "probability" else row.unit
    )
    lower = better_direction(row) == "lower"
    limit = row.conf_high if lower else row.conf_low
    excluded = limit < margin if lower else limit > -margin
    what = "is" if excluded else "has not been shown to be"
    arm, reference = treatment_label(row.arm), treatment_label(row.reference)
    words = _more_or_fewer if row.unit == "probability" else lambda x: _higher_or_lower(x, row.unit)
    tail = _in_brackets(*_behind(row, disclosure), *_tail(row, certainty))
    return (
        f"{arm[0].upper()}{arm[1:]} {what} no worse than {reference} by the declared margin of "
        f"{size}{_when(row, 'at')}: the best estimate is {difference_words(row)[0]}, "
        f"{words(limit)} at worst{tail}."
    )


def _question(row: Estimate) -> str:
    arm, reference = treatment_label(row.arm), treatment_label(row.reference)
    if row.unit == "probability":
        more = "more" if better_direction(row) == "higher" else "fewer"
        return f"{more} people {did(row)}{_when(row)} with {arm} than with {reference}"
    if row.measure == "rmst_difference":
        time = f"over the first {row.week:g} weeks"
        return f"people are longer {without(row)} with {arm} than with {reference} {time}"
    return f"{row.outcome} differs between {arm} and {reference}{_when(row, 'at')}"


def _claim_verb(row: Estimate, certainty: str | None, found: Direction) -> str:
    """The verb that certainty, size and design allow."""
    base = ("lead to", "leads to") if row.randomised else ("go with", "goes with")
    word = CERTAINTY_VERBS[certainty]
    if word == "may":
        return f"may {base[0]}"
    return f"{word} {base[1]}".strip()


def _outcome_words(row: Estimate) -> str:
    if row.unit == "probability":
        return f" who {did(row)}{_when(row)}"
    if row.measure == "rmst_difference":
        return f" {without(row)} over the first {row.week:g} weeks"
    word = "for" if row.unit == "ratio" else "in"
    return f" {word} {row.outcome}{_when(row, 'at')}"


def difference_words(row: Estimate) -> tuple[str, str]:
    """Best estimate and range of a contrast in words, e.g. ``14 more of every 100 people``."""
    limits = (row.conf_low, row.conf_high)
    if row.unit == "probability":
        step = _reach(*("" if math.isnan(x) else _more_or_fewer(x) for x in limits))
        return f"{_more_or_fewer(row.estimate)} of every 100 people", step
    if row.unit == "ratio":
        value = f"{with_article(measure_label(row.measure))} of {shown(row.estimate, 'ratio')}"
        return value, interval(*limits, "ratio")
    step = _reach(*("" if math.isnan(x) else _higher_or_lower(x, row.unit) for x in limits))
    best = _higher_or_lower(row.estimate, row.unit)
    if row.unit == "weeks":
        size, _, word = best.partition(" ")
        return (f"{size} weeks {word}" if size[0].isdigit() else best), step
    return f"{best} {row.unit}".replace("  ", " "), step


def _reach(low: str, high: str) -> str:
    """Two limits in words; a one-sided range has one."""
    if low and high:
        return f"{low} to {high}"
    return f"from {low} upwards" if low else f"up to {high}" if high else ""


def _more_or_fewer(value: float) -> str:
    size = rounded(100 * abs(value))
    if size == 0:
        return "no more"
    return f"{number(size, 0)} {'more' if value > 0 else 'fewer'}"


def _higher_or_lower(value: float, unit: str) -> str:
    decimals = decimals_of(unit)
    size = rounded(abs(value), decimals)
    if size == 0:
        return "no difference"
    word = ("longer", "shorter") if unit == "weeks" else ("higher", "lower")
    return f"{number(size, decimals)} {word[0] if value > 0 else word[1]}"


def _tail(row: Estimate, certainty: str | None) -> list[str]:
    """How missing scores count, how sure, and whether randomisation protects the contrast."""
    counting = counting_of(row)
    sure = NOT_ASSESSED if certainty is None else f"{certainty} certainty"
    chance = "an association: not randomised" if row.randomised is False else ""
    indirect = TRANSITIVITY if TRANSITIVITY in row.caution else ""
    return [part for part in (counting, sure, chance, indirect) if part]


def counting_of(row: Estimate) -> str:
    """How people without a score count in a row, in words; empty where nothing is said."""
    return next((words for mark, words in _COUNTING.items() if mark in row.outcome), "")


def _synergy(rows: list[Estimate], certainty: str | None, disclosure) -> str:
    """Both scales, what could have been seen, and in the same breath what adding brings."""
    seen = synergy_seen(rows)
    parts = [f"{_more_than_the_sum(seen, certainty, disclosure)}{_added(rows, seen)}."]
    for ratio in _estimable(rows, measure="interaction_ratio"):
        if ratio is not seen:
            limits = interval(ratio.conf_low, ratio.conf_high, "ratio")
            value = shown(ratio.estimate, "ratio")
            parts.append(f"On the ratio scale: {value} (range {limits}; 1 is no synergy).")
    for least in _estimable(rows, measure=f"detectable_{seen.measure}"):
        parts.append(synergy_row(least))
    if seen.is_estimable and is_less(seen):
        parts.append("Less than the sum of its parts does not mean worse than either of them.")
    parts.append("No synergy does not mean no benefit.")
    return " ".join(parts)


def _more_than_the_sum(seen: Estimate, certainty: str | None, disclosure) -> str:
    if not seen.is_estimable:
        return f"Whether the two treatments do more together than they add up to: {seen.caution}"
    best, reach = difference_words(seen)
    behind = [*_behind(seen, disclosure), *_tail(seen, certainty)]
    if seen.unit == "ratio":
        tail = _in_brackets(f"range {reach}; 1 is no synergy", *behind)
        return f"{what_was_found(seen)}{_when(seen)}: {shown(seen.estimate, 'ratio')}{tail}"
    tail = _in_brackets(f"range {reach}", *behind)
    return f"{what_was_found(seen)}{_when(seen)}: {best} than the parts add up to{tail}"


def _added(rows: list[Estimate], seen: Estimate) -> str:
    """What adding the second treatment brings, as the second half of the sentence."""
    pairs = [
        row
        for row in _estimable(rows, arm=seen.arm, alternative="two-sided")
        if row.measure in CONTRAST_MEASURES and row.reference not in ("", *MODELS)
    ]
    if not pairs:
        return ""
    # each single treatment once, by the measure that leads
    pairs = [row for row in pairs if row.measure == pairs[0].measure]
    added = "; ".join(f"against {treatment_label(r.reference)}, {_with_range(r)}" for r in pairs)
    return f"; what adding the second treatment brings: {added}"


def _behind(row: Estimate, disclosure) -> list[str]:
    """People and studies behind a claim, and the guard against one small study."""
    people = disclosure.text(people_behind(row) or None)
    count = row.studies or 1
    studies = "one study" if count == 1 else f"{count} studies"
    behind = [f"{people} people in {studies}"] if people else []
    if rests_on_one_small_study(row):
        behind.append("one small study does not establish it")
    return behind


def _estimable(rows: list[Estimate], **wanted: str) -> list[Estimate]:
    return [
        r for r in rows if r.is_estimable and all(getattr(r, k) == v for k, v in wanted.items())
    ]


def _with_range(row: Estimate) -> str:
    best, reach = difference_words(row)
    return f"{best} (range {reach})"


def _is_min_test(row: Estimate) -> bool:
    return row.reference == "best single treatment" and row.measure in CONTRAST_MEASURES


def _better_than_both(rows: list[Estimate], certainty: str | None, disclosure) -> str:
    of_best = [row for row in rows if _is_min_test(row)]
    # the min test is one-sided; the two-sided range for the better single treatment stands back
    test = min(of_best, key=lambda row: row.alternative == "two-sided")
    if not test.is_estimable:
        return f"Whether the combination is better than both single treatments: {test.caution}."
    lower_better = better_of(test.outcome) == "lower"
    limit, null = (test.conf_high if lower_better else test.conf_low), float(test.unit == "ratio")
    is_shown = limit < null if lower_better else limit > null
    tail = _in_brackets(*_behind(test, disclosure), *_tail(test, certainty))
    who, verb = treatment_label(test.arm), _is_better(test, is_shown, certainty)
    return (
        f"{who[0].upper()}{who[1:]} {verb} better than each single treatment"
        f"{_when(test, 'at')}: against the better one {difference_words(test)[0]}, and it "
        f"could be as little as {_limit_words(limit, test)}{tail}."
    )


def _is_better(test: Estimate, is_shown: bool, certainty: str | None) -> str:
    """The verb of a min test: what was not shown is not claimed, what was is capped."""
    if not is_shown:
        return "has not been shown to be"
    if rests_on_one_small_study(test) or certainty == "very low":
        return "may be"
    return {"may": "may be", "probably": "is probably", "": "is"}[CERTAINTY_VERBS[certainty]]


def _limit_words(limit: float, row: Estimate) -> str:
    if row.unit == "probability":
        return _more_or_fewer(limit)
    return shown(limit, "ratio") if row.unit == "ratio" else _higher_or_lower(limit, row.unit)
