"""Parts of verdicts in words: the estimate with its noun, what it rests on, what drives it."""

from __future__ import annotations

import math

from ctevidence.display.contrast_words import difference_words, outcome_words
from ctevidence.display.disclosure import Disclosure
from ctevidence.display.format import number, shown
from ctevidence.display.labels import outcome_label, population_label, treatment_label
from ctevidence.display.release import gated, people_text
from ctevidence.display.too_few import too_few
from ctevidence.estimates import SMALL, Estimate
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.hearing import lacks_harms
from ctevidence.evidence.verdict import (
    SMALL_STUDY,
    Direction,
    Thresholds,
    by_interval,
)
from ctevidence.language import pick, say, words
from ctevidence.names import in_words
from ctevidence.synthesis.who_was_studied import tells_who

#: verdicts that claim no direction
_UNDECIDED = {Direction.NOT_DETERMINED, Direction.NOT_ESTABLISHED}


def direction_words(verdict: Verdict) -> str:
    """The verdict; of a worry also whether it is borne out, or which way one small study points."""
    found = pick("direction", verdict.direction.key)
    if not verdict.claim.worry:
        return found
    if verdict.direction is Direction.NOT_ESTABLISHED:
        seen = by_interval(verdict.lead, verdict.claim.thresholds, verdict.claim.margin)
        points = {True: "small-for", False: "small-against"}.get(verdict.claim.is_borne_out(seen))
        return pick("worry", points, found=found) if points else found
    if verdict.is_borne_out is not None:
        return pick("worry", "borne-out" if verdict.is_borne_out else "not-borne-out", found=found)
    return found


def says(verdict: Verdict) -> str:
    """The claim, a worry called so, with its margin where it has one."""
    claim = verdict.claim
    text = say("claims.worry", says=claim.says) if claim.worry else claim.says
    if claim.margin is None:
        return text
    return text + say("claims.margin", size=shown(claim.margin, "probability"))


def explained(direction: Direction) -> str:
    """What a verdict means, and what it does not."""
    what = pick("direction", direction.key)
    meaning = pick("explained", direction.key, small=SMALL_STUDY)
    return say("claims.explained", verdict=f"{what[:1].upper()}{what[1:]}", meaning=meaning)


def estimate_words(row: Estimate, disclosure: Disclosure, baseline: float = math.nan) -> str:
    """The estimate with what it is of, its range, and the risk it starts from.

    Examples
    --------
    >>> from ctevidence.display.disclosure import PROFILES
    >>> row = Estimate("t", "response", "combined", "risk_difference", 0.13, unit="probability",
    ...     reference="medication", conf_low=-0.05, conf_high=0.37)
    >>> estimate_words(row, PROFILES["open"], 0.49)
    '13 more of every 100 people who respond (range 5 fewer to 37 more), where 49 of every 100 do \
with medication'
    """
    row = gated(row, disclosure)
    if not row.is_estimable:
        return row.caution
    best, limits = difference_words(row)
    outcome = outcome_words(row)
    if row.reference in words("than") and row.unit != "ratio":  # a model, or the better of two
        outcome += pick("than", row.reference)
    told = say("claims.estimate", best=best, outcome=outcome, limits=limits)
    if row.unit != "probability" or not 0 < baseline < 1 or row.reference not in _SINGLES:
        return told
    risk, reference = shown(baseline, "probability"), treatment_label(row.reference)
    return told + say("claims.at_baseline", risk=risk, reference=reference)


_SINGLES = ("medication", "therapy", "control")


def seen_words(verdict: Verdict, disclosure: Disclosure) -> str:
    """The lead; of a claim that says what would be seen if it held, that first."""
    told = estimate_words(verdict.lead, disclosure, verdict.baseline)
    if not verdict.claim.expected:
        return told
    return say("claims.expected_seen", expected=verdict.claim.expected, seen=told)


def rests_words(verdict: Verdict, disclosure: Disclosure) -> str:
    """Studies and people behind the lead, and what stands beside it and elsewhere."""
    row = verdict.lead
    several = (row.studies or 1) > 1
    parts = [
        say(
            "claims.rests",
            count=say("counts.trials", count=row.studies) if several else study_words(verdict),
            people=people_text(row, disclosure),
            where=f"{outcome_label(row.outcome)}, {population_label(row.population)}",
        )
    ]
    if lacks_harms(row):
        parts.append(say("claims.young_harms"))
    if too_few(row, disclosure):
        parts.append(say("claims.few", few=SMALL))
    if count := sum(other.is_estimable for other in verdict.beside):
        parts.append(say("claims.beside", count=count) if count > 1 else say("claims.one_beside"))
    if len(verdict.elsewhere):
        parts.append(say("claims.elsewhere_rows", count=len(verdict.elsewhere)))
    parts += [
        say("claims.shared", count=n, source=source, other=other)
        for n, source, other in verdict.shared
    ]
    return "; ".join(parts)


def study_words(verdict: Verdict) -> str:
    """The one study that a lead rests on, as readers know it."""
    # a trial that stands alone keeps its name in its ratio; people per 100 are of the source
    row = verdict.lead if verdict.ratio is None else verdict.ratio
    return verdict.name_of(row.study)


def count_words(verdict: Verdict, disclosure: Disclosure) -> str:
    """How many trials, or which, and how many people stand behind the lead."""
    row = verdict.lead
    several = (row.studies or 1) > 1
    count = say("counts.trials", count=row.studies) if several else study_words(verdict)
    people = people_text(row, disclosure)
    return say("claims.people", count=count, people=people)


def people_words(verdict: Verdict, disclosure: Disclosure) -> str:
    """Studies and people behind the lead, and whom of them a reader must know of."""
    row = verdict.lead
    told = count_words(verdict, disclosure)
    harms = say("claims.young_harms") if lacks_harms(row) else ""
    return "; ".join(filter(None, (told, who_words(row), harms)))


def who_words(row: Estimate) -> str:
    """A special group that many of the people behind a row belong to; empty without one.

    Examples
    --------
    >>> row = Estimate("t", "response", "combined", "risk_ratio", 1.2, reference="medication",
    ...     caution="few studies; 918 of 1276 people have persistent depression (Keller 2000)")
    >>> who_words(row)
    '918 of 1276 people have persistent depression (Keller 2000)'
    """
    return ", ".join(part for part in row.caution.split("; ") if tells_who(part))


def detectable_words(verdict: Verdict, disclosure: Disclosure) -> str:
    """The smallest effect that the lead could reliably have shown."""
    row = gated(verdict.lead, disclosure)
    if not row.is_estimable or math.isnan(verdict.detectable):
        return ""
    size = shown(verdict.detectable, row.unit)
    if row.unit == "probability":
        return say("claims.detectable_100", size=size)
    unit = "" if row.unit == "ratio" else f" {in_words(row.unit)}"
    return say("claims.detectable", size=f"{size}{unit}")


def driver_words(verdict: Verdict) -> str:
    """The trial that moves the lead most, and the verdict without it; empty for one trial."""
    driver = verdict.driver
    if driver is None:
        return ""
    best, limits = difference_words(driver.without)
    told = say(
        "claims.driven",
        trial=_trial(verdict),
        weight=number(100 * driver.weight, 0),
        without=say("amounts.best_and_range", best=best, limits=limits),
    )
    if driver.direction is verdict.direction:
        return told
    return told + say("claims.driven_turns", direction=pick("direction", driver.direction.key))


def _trial(verdict: Verdict) -> str:
    """The trial that drives a lead, with what speaks of bias in it."""
    name, bias = verdict.name_of(verdict.driver.trial), verdict.driver.bias
    return say("claims.driver_bias", trial=name, bias=bias) if bias else name


def turned_words(verdict: Verdict) -> str:
    """The trial that decides the verdict, and the verdict without it, in few words."""
    if not _is_decided_by_one(verdict):
        return ""
    found = pick("direction", verdict.driver.direction.key)
    return say("claims.turned", trial=verdict.name_of(verdict.driver.trial), direction=found)


def _is_decided_by_one(verdict: Verdict) -> bool:
    """Whether another verdict would stand without the trial that moves the lead most."""
    driver = verdict.driver
    if driver is None or driver.direction is verdict.direction:
        return False
    return not {driver.direction, verdict.direction} <= _UNDECIDED  # these say nothing either way


def decides_words(verdict: Verdict) -> str:
    """That one trial decides the verdict, and what it would be without; empty where none does."""
    driver = verdict.driver
    if not _is_decided_by_one(verdict):
        return ""
    best, limits = difference_words(driver.without)
    return say(
        "claims.decides",
        trial=_trial(verdict),
        without=say("amounts.best_and_range", best=best, limits=limits),
        direction=pick("direction", driver.direction.key),
    )


def fragility_words(verdict: Verdict, disclosure: Disclosure) -> str:
    """In how many ways of analysing the lead's own study the answer is another."""
    found = verdict.fragility
    if found is None or not gated(verdict.lead, disclosure).is_estimable:
        return ""
    return say("claims.fragile", turned=found.turned, ways=found.ways, changed=found.changed)


def no_data_words(verdict: Verdict) -> str:
    """Why there is no estimate."""
    if verdict.reason:
        return "; ".join(part.removesuffix(".") for part in verdict.reason.split("; "))
    count = len(verdict.elsewhere)
    return say("claims.none_here", count=count) if count else say("claims.no_source")


def thresholds_words(thresholds: Thresholds) -> str:
    """What matters, and who said so; placeholders are called so."""
    told = say(
        "claims.thresholds",
        probability=shown(thresholds.probability, "probability"),
        ratio=shown(thresholds.ratio, "ratio"),
        points=f"{thresholds.points:g}",
        weeks=f"{thresholds.weeks:g}",
    )
    if thresholds.set_by:
        return say("claims.set_by", thresholds=told, who=thresholds.set_by)
    return say("claims.placeholders", thresholds=told)
