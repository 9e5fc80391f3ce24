"""Levels and contrasts in words, as strong as certainty, size and design allow."""

from __future__ import annotations

from ctevidence.display.contrast_words import (
    TIMES,
    amount,
    difference_words,
    in_brackets,
    outcome_words,
    range_words,
    when,
)
from ctevidence.display.disclosure import Disclosure
from ctevidence.display.format import interval, number_needed, shown
from ctevidence.display.labels import measure_label, outcome_label, treatment_label
from ctevidence.display.release import gate_of, people_text
from ctevidence.display.verbs import did, without
from ctevidence.estimates import SMALL, Estimate
from ctevidence.evidence.verdict import (
    SMALL_STUDY,
    Direction,
    Thresholds,
    better_direction,
    rests_on_one_small_study,
)
from ctevidence.evidence.wording import wording
from ctevidence.language import capital, pick, say
from ctevidence.names import in_words

#: part of an outcome's name -> how people without a score were counted
_COUNTING = {
    "(observed)": "observed",
    "(missing as": "missing",
    "(by the curve)": "by_curve",
    "(imputed, ": "imputed",
}


def level_sentence(row: Estimate, disclosure: Disclosure) -> str:
    """A quantity of one arm: a share of people with how many there were, or a mean."""
    limits = range_words(interval(row.conf_low, row.conf_high, row.unit))
    value, arm = shown(row.estimate, row.unit), treatment_label(row.arm)
    if row.unit == "probability":
        people = gate_of(row, disclosure).text(row.n)
        people = say("amounts.people", count=people) if people else ""
        behind = in_brackets(limits, people)
        verb = did(row)
        return say("level.share", arm=arm, value=value, verb=verb, when=when(row), behind=behind)
    return say(
        "level.value",
        arm=arm,
        measure=measure_label(row.measure),
        value=value,
        unit=in_words(row.unit),
        when=when(row, "at"),
        behind=in_brackets(limits),
    )


def contrast_sentence(
    row: Estimate,
    certainty: str | None,
    thresholds: Thresholds | None = None,
    is_too_few: bool = False,
) -> str:
    """A contrast: the answer, the amount, its range, how sure.

    Of groups too small to judge anything from, the amount and its range without an answer.
    """
    if row.measure == "nnt":
        value, limits = number_needed(row.estimate, row.conf_low, row.conf_high)
        return say("row.nnt", when=when(row), value=value, limits=limits)
    allowed = wording(row, certainty, thresholds)
    best, reach = difference_words(row)
    names = {"arm": treatment_label(row.arm), "reference": treatment_label(row.reference)}
    behind = tail(row, certainty)
    if allowed.strength is None:
        told = in_brackets(*behind)
        return say(
            "contrast.very_uncertain", outcome=outcome_label(row.outcome), behind=told, **names
        )
    if not allowed.claims_direction:
        question = _question(row, names)
        told = in_brackets(*behind)
        return say(
            "contrast.not_determined", question=question, best=best, reach=reach, behind=told
        )
    amount_told = {
        "best": best,
        "outcome": outcome_words(row),
        "behind": in_brackets(range_words(reach), *behind),
    }
    if is_too_few:
        seen = capital(say("contrast.too_few", **amount_told, **names))
        return f"{seen} {say('claims.too_few', few=SMALL)}"
    leads = pick("leads_to", allowed.verb)
    told = pick("effect", allowed.size, leads=leads, **amount_told, **names)
    # before the number: a striking estimate of a few people is never the headline
    first = guard(row) if allowed.found is Direction.NOT_ESTABLISHED else ""
    return f"{first} {told}".strip()


def _question(row: Estimate, names: dict[str, str]) -> str:
    if row.unit == "probability":
        more = "more_people" if better_direction(row) == "higher" else "fewer_people"
        return pick("contrast", more, verb=did(row), when=when(row), **names)
    if row.measure in TIMES:
        week = f"{row.week:g}"
        return say("contrast.longer_without", without=without(row), week=week, **names)
    return say(
        "contrast.differs", outcome=outcome_label(row.outcome), when=when(row, "at"), **names
    )


def guard(row: Estimate) -> str:
    """The sentence that one small study does not establish anything; empty for others."""
    return say("contrast.guard", small=SMALL_STUDY) if rests_on_one_small_study(row) else ""


def not_worse_sentence(row: Estimate, certainty: str | None, disclosure: Disclosure) -> str:
    """Non-inferiority: the declared margin, whether it is excluded, and the worst that may be."""
    names = {"arm": treatment_label(row.arm), "reference": treatment_label(row.reference)}
    if not row.is_estimable:
        return say("not_worse.not_judged", why=row.caution.split("; ")[-1], **names)
    margin = float(row.id.rsplit("/margin-", 1)[-1])
    lower = better_direction(row) == "lower"
    limit = row.conf_high if lower else row.conf_low
    excluded = limit < margin if lower else limit > -margin
    size, is_share = shown(margin, row.unit), row.unit == "probability"
    names["arm"] = capital(names["arm"]) if excluded else names["arm"]
    return pick(
        "not_worse",
        "excluded" if excluded else "not_determined",
        margin=say("amounts.of_100", amount=size) if is_share else f"{size} {in_words(row.unit)}",
        when=when(row, "at"),
        best=difference_words(row)[0],
        worst=amount(limit, row.unit),
        behind=in_brackets(*people_and_studies(row, disclosure, excluded), *tail(row, certainty)),
        **names,
    )


def tail(row: Estimate, certainty: str | None) -> list[str]:
    """How missing scores count, how sure, and whether randomisation protects the contrast."""
    parts = [
        counting_of(row),
        say("tail.certainty", certainty=certainty) if certainty else say("tail.not_assessed"),
        say("tail.association") if row.randomised is False else "",
        say("tail.transitivity") if say("caution.transitivity") in row.caution else "",
    ]
    return [part for part in parts if part]


def counting_of(row: Estimate) -> str:
    """How people without a score count in a row, in words; empty where nothing is said."""
    counted = next((name for mark, name in _COUNTING.items() if mark in row.outcome), "")
    return pick("tail", counted) if counted else ""


def people_and_studies(row: Estimate, disclosure: Disclosure, is_claimed: bool = True) -> list[str]:
    """People and studies behind a sentence; where it claims something, the guard as well."""
    people = people_text(row, disclosure)
    count = row.studies or 1
    studies = say("counts.one_study") if count == 1 else say("counts.studies", count=count)
    behind = [say("counts.people_in", people=people, studies=studies)] if people else []
    if is_claimed and rests_on_one_small_study(row):
        behind.append(say("tail.small_study", small=SMALL_STUDY))
    return behind
