"""The brief for practice leadership: at most two printed pages, no p-values, no ratios."""

from __future__ import annotations

from ctevidence.display.arm_sentences import sentence_of_arms
from ctevidence.display.certainty_tables import final_words
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.key_messages import study_messages
from ctevidence.display.release import is_hidden
from ctevidence.display.short_answer import ASKED, short_answer
from ctevidence.display.told import Told, told
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claim import ADULTS
from ctevidence.evidence.hearing import age_of
from ctevidence.language import pick, say
from ctevidence.outcomes.harms import is_harm
from ctevidence.reports.brief_leads import leads_told, young_told
from ctevidence.reports.brief_numbers import numbers_table
from ctevidence.reports.brief_service import service_blocks
from ctevidence.reports.components import components_words
from ctevidence.reports.material import Material
from ctevidence.reports.page import Page, Section, bullets, grid, picture, prose


def brief_page(material: Material) -> Page:
    """The page ``brief.html``."""
    asks_for_both = not _own_messages(material)
    sections = [
        _answer(material),
        _numbers(material),
        _picture(material),
        Section("service", say("brief.service"), service_blocks(material)),
        _burden(material),
        Section("ages", say("brief.ages"), (bullets(young_told(material)),)),
        _options() if asks_for_both else _options_of_arms(material.study),
        _unknown(material),
        _rests(material),
    ]
    return Page(
        kind="brief",
        title=_question(material) if asks_for_both else material.study.title,
        banner=material.banner,
        sections=tuple(s for s in sections if s is not None),
        footer=material.footer,
        version=material.version,
        running=material.running,
    )


def _question(material: Material) -> str:
    if material.condition_words:
        return say("brief.title_in", condition=material.condition_words)
    return say("brief.title")


def _own_messages(material: Material) -> tuple[str, ...]:
    """What a study has to say that cannot compare medication, therapy and both."""
    if material.study is None or material.trials:
        return ()
    return study_messages(material.study, material.own_estimates)


def _answer(material: Material) -> Section:
    if own := _own_messages(material):
        return Section("answer", say("brief.answer"), (bullets(own),), is_answer=True)
    blocks = (prose(short_answer(material.verdicts)), bullets(leads_told(material, ASKED)))
    return Section("answer", say("brief.answer"), blocks, is_answer=True)


def _numbers(material: Material) -> Section | None:
    table = numbers_table(material)
    return None if table is None else Section("numbers", say("brief.by_treatment"), (grid(table),))


def _picture(material: Material) -> Section | None:
    figures = ("response-counted", "forest-medication", "relapse")
    figure = next(filter(None, map(material.figure, figures)), None)
    if figure is None:
        return None
    drawn = picture(figure, has_numbers=False)  # they stand above it, and in the report
    return Section("picture", say("brief.picture"), (drawn,))


def _burden(material: Material) -> Section:
    """Harms of adults, or that none are recorded; those of the young stand with them. Burden."""
    own = material.own_estimates if material.study else material.estimates
    harms = [row for row in own if is_harm(row.outcome) and age_of(row) == ADULTS]
    found = "harms_hidden" if any(map(is_hidden, harms)) else "harms_none"
    points: list[str | Told] = [_harms_told(harms, material) or pick("brief", found)]
    if not _own_messages(material):  # else nobody was given both
        points.append(say("brief.burden"))
    return Section("burden", say("brief.harms"), (bullets(points),))


def _harms_told(harms: list[Estimate], material: Material) -> Told | None:
    """People with a harm of the first kind that is recorded, under each arm."""
    alone = [row for row in harms if row.measure == "risk" and not row.reference]
    kinds = [row.outcome for row in alone if row.is_estimable]
    if not kinds:
        return None
    rows = [row for row in alone if row.outcome == kinds[0]]
    words = sentence_of_arms(Estimates(rows), material.source)
    return told(f"{words} {say('brief.harms_some')}", *rows)


def _options() -> Section:
    points = [pick("brief", f"option-{name}") for name in ("both", "one-first", "preference")]
    return Section("options", say("brief.options"), (bullets(points),))


def _options_of_arms(study) -> Section:
    """Of a study that compares something else than medication, therapy and both."""
    offers = [pick("brief", "option-arm", arm=arm.label.lower()) for arm in study.arms]
    points = [*offers, pick("brief", "option-preference")]
    return Section("options", say("brief.options"), (bullets(points),))


def _unknown(material: Material) -> Section:
    own = [verdict for verdict in material.verdicts.values() if not verdict.is_elsewhere]
    led = any(verdict.lead is not None for verdict in own)
    points = [
        final_words(own) if led else say("answer.not_assessed"),
        pick("brief", "would-change-arms" if _own_messages(material) else "would-change"),
    ]
    given = {c for arm in material.study.arms for c in arm.components} if material.study else set()
    if by_choice := given - (material.study.randomised if material.study else set()):
        points.append(pick("brief", "not-by-chance", components=components_words(by_choice)))
    points.append(pick("brief", "again"))
    return Section("unknown", say("brief.unknown"), (bullets(points),))


def _rests(material: Material) -> Section:
    """Who was studied, with what, and which way the sample leans."""
    points = []
    if study := material.study:
        people = disclosure_of(study).text(len(study.entering()))
        points.append(say("brief.studied", people=people, title=study.title))
        points += [say("brief.were", population=study.population)] if study.population else []
        given = dict.fromkeys(
            g for arm in study.arms for g in (arm.medication, arm.therapy) if _counts(g, study)
        )
        points += [say("brief.given", given="; ".join(given))] if given else []
    if material.trials:
        points.append(say("misreadings.convenience-sample"))
    points.append(say("misreadings.per-100"))
    return Section("rests", say("brief.rests"), (bullets(points),))


def _counts(given: str | None, study) -> bool:
    return bool(given) and given.lower() not in {word.lower() for word in study.inactive}
