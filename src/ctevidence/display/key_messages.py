"""Key messages: the few sentences that stand on top, made from verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ctevidence.data.study import Study
from ctevidence.display.arm_sentences import sentence_of_arms
from ctevidence.display.contrast_sentences import tail
from ctevidence.display.contrast_words import difference_told, in_brackets
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.labels import condition_of, population_label, treatment_label
from ctevidence.display.release import gated, people_text
from ctevidence.display.sentences import sentence
from ctevidence.display.told import Told, told
from ctevidence.display.too_few import too_few
from ctevidence.display.verdict_words import (
    count_words,
    decides_words,
    direction_words,
    no_data_words,
    study_words,
    who_words,
)
from ctevidence.estimates import SMALL, Estimate, Estimates
from ctevidence.evidence.claim import TRIALS
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.hearing import lacks_harms, source_of
from ctevidence.evidence.verdict import Direction
from ctevidence.language import capital, pick, say, words
from ctevidence.names import in_words
from ctevidence.synthesis.trial_overview import YOUNG
from ctevidence.terms import Treatment

#: claims that lead, in this order; at most four messages
LEADING = ("better-than-medication", "better-than-therapy", "better-than-both", "synergy")

#: claims of which a line below says what was found, by the words that introduce them
FURTHER = {
    "relapse": ("relapse-prevention", "relapse-prevention-therapy"),
    "harm": ("harms", "harms-therapy"),
    "taper": ("reduce-medication-later",),
    "young": ("better-than-medication-young", "better-than-therapy-young"),
    "young-harm": ("harms-young", "harms-therapy-young"),
    "singles": ("therapy-or-medication",),
}
HARMS = ("harms", "harms-therapy", "harms-young", "harms-therapy-young")
#: sources that are named where they contradict; more are counted only
MOST_NAMED = 3


def key_messages(verdicts: Iterable[Verdict], source="opensafely") -> tuple[str, ...]:
    """One sentence for each leading claim: the answer, the number per 100, what it rests on.

    `source` decides how counts are shown, as in `sentence`.
    """
    found = {verdict.claim.id: verdict for verdict in verdicts}
    return tuple(message(found[key], source) for key in LEADING if key in found)


def treatments_missing(study: Study) -> tuple[str, ...]:
    """Treatments of the question that a study does not have, of medication, therapy and both."""
    present = {arm.treatment for arm in study.arms}
    asked = (Treatment.MEDICATION, Treatment.THERAPY, Treatment.COMBINED)
    return tuple(str(treatment) for treatment in asked if treatment not in present)


def study_messages(study: Study, estimates: Estimates) -> tuple[str, ...]:
    """What a study without several of the treatments in question answers, and what it cannot.

    Parameters
    ----------
    study : Study
    estimates : Estimates
        Its own.

    Returns
    -------
    tuple of str
        Empty for a study in which treatments can be compared.
    """
    missing = treatments_missing(study)
    if len(missing) < 2:
        return ()
    arms = " and ".join(arm.label.lower() for arm in study.arms)
    absent = " and ".join(treatment_label(name) for name in missing)
    verb = "is" if len(missing) == 1 else "are"
    limits = (
        f"This study compares {arms}: {absent} {verb} not in it, so it cannot say whether "
        "medication, therapy or both is better."
    )
    asked = [
        row
        for row in estimates.where(alternative="two-sided")
        if row.outcome.startswith(("response (", "staying well")) and row.is_estimable
    ]
    arms_alone = [row for row in asked if row.measure in ("risk", "survival")]
    compared = [row for row in asked if row.measure in ("risk_difference", "survival_difference")]
    times = list(estimates.where(outcome="relapse", measure="rmst_difference"))
    answers = [sentence(row, source=study) for row in (*compared, *times) if row.is_estimable]
    if arms_alone:
        answers.insert(0, sentence_of_arms(Estimates(arms_alone), study))
    return (*answers, limits)


def message(verdict: Verdict, source="opensafely") -> str:
    """A verdict as one or two sentences."""
    if verdict.lead is None:
        why = capital(no_data_words(verdict))
        return say("claims.no_data", says=verdict.claim.says, why=why)
    lead = verdict.lead
    told = sentence(lead, verdict.certainty, source, verdict.claim.thresholds)
    parts = [told, rests_on(lead, study_words(verdict))]
    few = say("claims.too_few", few=SMALL)
    if lead.is_estimable and too_few(lead, disclosure_of(source)) and few not in told:
        parts.insert(1, few)
    # before whom it is of: a reader must not take the sentence for settled
    if decides := decides_words(verdict):
        parts.insert(1, decides)
    if who := who_words(lead):
        parts.append(say("claims.who", who=who))
    if other := _other_side(verdict):
        parts.append(other)
    if lacks_harms(lead):
        parts.append(say("misreadings.young-harms"))
    return " ".join(parts)


def _other_side(verdict: Verdict) -> str:
    """Which of the sources beside a lead have their best estimate on its other side."""
    lead = verdict.lead
    same = [r for r in verdict.beside if r.measure == lead.measure and r.is_estimable]
    none = 1.0 if lead.unit == "ratio" else 0.0
    over = [row for row in same if (row.estimate - none) * (lead.estimate - none) < 0]
    if not over:
        return ""
    # a study that counts missing scores in two ways is one source
    beside, names = ({verdict.name_of(row.study): None for row in rows} for rows in (same, over))
    named = list(names)[:MOST_NAMED]
    if more := len(names) - len(named):
        named.append(say("claims.more_sources", count=more))
    return say("claims.other_side", over=len(names), beside=len(beside), named="; ".join(named))


def rests_on(row: Estimate, study: str = "") -> str:
    """What an estimate rests on, in words; `study` is what readers see of one study.

    Examples
    --------
    >>> rests_on(Estimate("t", "response", "combined", "risk_ratio", 1.2, studies=9, n=400,
    ...     n_reference=380))
    'It rests on 9 trials (everyone who started).'
    """
    if (row.studies or 1) > 1:
        return say(
            "claims.rests_trials", count=row.studies, population=population_label(row.population)
        )
    study = study or row.study
    if row.population == "everyone who started":
        return say("claims.rests_one", study=study)
    return say("claims.rests_one_of", study=study, population=population_label(row.population))


def further_messages(verdicts: Mapping[str, Verdict], source="opensafely") -> list[Told]:
    """Relapse, the young, and one treatment against the other: a line each, below the messages.

    Parameters
    ----------
    verdicts : mapping of str to Verdict
        By id of the claim.
    source : Study, Trials or name of a disclosure profile
    """
    lines = []
    for name, claims in FURTHER.items():
        known = [verdicts[claim] for claim in claims if claim in verdicts]
        if not known:
            continue
        parts = [_in_short(verdict, source) for verdict in known]
        harms = name == "young" and any(verdict.lead is not None for verdict in known)
        line = say("further.line", about=pick("further", name), found="; ".join(parts))
        if harms:
            line = f"{line} {say('misreadings.young-harms')}"
        lines.append(told(line, *(verdict.lead for verdict in known)))
    return lines


def harm_messages(verdicts: Mapping[str, Verdict], source="opensafely") -> list[Told]:
    """A message for each claim on harm that published trials can speak to; empty without one."""
    found = [verdicts[claim] for claim in HARMS if claim in verdicts]
    return [
        told(message(verdict, source), verdict.lead, claim=verdict.claim.id)
        for verdict in found
        if verdict.lead is not None and source_of(verdict.lead) == TRIALS
    ]


def own_answer(verdicts: Mapping[str, Verdict], study: Study) -> Told | None:
    """What a study itself finds of the two main claims, where other sources lead both."""
    parts, rows = [], []
    for claim in LEADING[:2]:
        verdict = verdicts.get(claim)
        if verdict is None or verdict.lead is None or verdict.lead.study == study.name:
            continue
        beside = verdict.beside
        own = [r for r in beside if r.study == study.name and r.unit == "probability"]
        if own:
            rows.append(gated(own[0], disclosure_of(study)))
            parts.append(_own_found(rows[-1], study))
    if not rows:
        return None
    line = say("further.own", study=study.short_title, found="; ".join(parts))
    return told(line, *rows)


def _own_found(row: Estimate, study: Study) -> str:
    reference = treatment_label(row.reference)
    if not row.is_estimable:
        return say("further.own_nothing", reference=reference, why=row.caution)
    if too_few(row, disclosure_of(study)):
        return say("further.own_nothing", reference=reference, why=say("claims.few", few=SMALL))
    people = people_text(row, disclosure_of(study))
    behind = "".join(f"; {part}" for part in tail(row, None))
    found = difference_told(row)
    return say("further.own_found", reference=reference, people=people, behind=behind, **found)


def study_alone(study: Study) -> str:
    """A study with those who entered, to say that words are of it and of no trial beside it."""
    people = disclosure_of(study).text(len(study.entering()))
    return say("further.study_alone", people=people, title=study.short_title)


def _in_short(verdict: Verdict, source) -> str:
    """Against what, the number with its range, the verdict, and how many trials or whose."""
    disclosure = disclosure_of(source)
    reference = _against(verdict)
    lead = None if verdict.lead is None else gated(verdict.lead, disclosure)
    if lead is None or not lead.is_estimable:
        return say("further.nothing", reference=reference, found=direction_words(verdict))
    return say(
        "further.found",
        reference=reference,
        **difference_told(lead),
        found=f"{direction_words(verdict)}{in_brackets(*_how_sure(verdict))}",
        rests=", ".join(filter(None, (count_words(verdict, disclosure), _of_age(lead)))),
    )


def _against(verdict: Verdict) -> str:
    """What a treatment is held against; who goes on with medication stays on it."""
    own = words("further_against").get(verdict.claim.id)
    return own or treatment_label(verdict.claim.reference)


def _of_age(row: Estimate) -> str:
    """The age group that all trials behind a row are of, where it is another than adults."""
    ages = [part for part in row.population.split("; ") if part in ("older adults", *YOUNG)]
    if not ages:
        return ""
    if condition := condition_of(row.population):
        return say("further.of_age_with", age=in_words(ages[0]), condition=condition)
    return say("further.of_age", age=in_words(ages[0]))


def _how_sure(verdict: Verdict) -> list[str]:
    """Certainty, and that chance did not assign people, where a verdict claims a direction."""
    if verdict.direction in (Direction.NOT_DETERMINED, Direction.NOT_ESTABLISHED):
        return []
    given = verdict.certainty
    sure = say("tail.certainty", certainty=given) if given else say("tail.not_assessed")
    return [sure, say("tail.association") if verdict.lead.randomised is False else ""]
