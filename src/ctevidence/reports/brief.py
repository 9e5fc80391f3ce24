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
from ctevidence.reports.brief_numbers import not_by_chance, numbers_table
from ctevidence.reports.brief_picture import answered_elsewhere, picture_block
from ctevidence.reports.brief_service import service_blocks
from ctevidence.reports.components import components_words
from ctevidence.reports.material import Material
from ctevidence.reports.page import Page, Section, bullets, grid, prose

#: of a title, of who was studied, of what they were given; a brief has two pages in all
MOST_OWN_WORDS = 20


def brief_page(material: Material) -> Page:
    """The page ``brief.html``."""
    asks_for_both = not _own_messages(material)
    sections = [
        _answer(material),
        *_shown(material),
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


def _shown(material: Material) -> tuple[Section | None, ...]:
    """Table and picture; the picture first where it is of the answer and the table is not."""
    shown = (_numbers(material), _picture(material))
    return shown[::-1] if answered_elsewhere(material) else shown


def _numbers(material: Material) -> Section | None:
    table = numbers_table(material, answered_elsewhere(material))
    return None if table is None else Section("numbers", say("brief.by_treatment"), (grid(table),))


def _picture(material: Material) -> Section | None:
    block = picture_block(material)
    return None if block is None else Section("picture", say("brief.picture"), (block,))


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
    points = [pick("brief", f"option-{name}") for name in ("both", "one-first")]
    return Section("options", say("brief.options"), (bullets(points),))


def _options_of_arms(study) -> Section:
    """Of a study that compares something else than medication, therapy and both."""
    offers = [pick("brief", "option-arm", arm=arm.label.lower()) for arm in study.arms]
    return Section("options", say("brief.options"), (bullets(offers),))


def _unknown(material: Material) -> Section:
    own = [verdict for verdict in material.verdicts.values() if not verdict.is_elsewhere]
    led = any(verdict.lead is not None for verdict in own)
    points = [
        final_words(own) if led else say("answer.not_assessed"),
        pick("brief", "would-change-arms" if _own_messages(material) else "would-change"),
    ]
    by_choice = components_words(not_by_chance(material.study))
    if by_choice and numbers_table(material) is None:  # else its caption says so
        points.append(pick("brief", "not-by-chance", components=by_choice))
    points.append(pick("brief", "again"))
    return Section("unknown", say("brief.unknown"), (bullets(points),))


def _rests(material: Material) -> Section:
    """Who was studied, with what, and which way the sample leans."""
    points = []
    if study := material.study:
        people = disclosure_of(study).text(len(study.entering()))
        title = study.title if _is_short(study.title) else study.short_title
        points.append(say("brief.studied", people=people, title=title))
        if study.population and _is_short(study.population):
            points.append(say("brief.were", population=study.population))
        given = dict.fromkeys(
            g for arm in study.arms for g in (arm.medication, arm.therapy) if _counts(g, study)
        )
        if given and _is_short("; ".join(given)):
            points.append(say("brief.given", given="; ".join(given)))
    if material.trials:
        points.append(say("misreadings.convenience-sample"))
    points.append(say("misreadings.per-100"))
    return Section("rests", say("brief.rests"), (bullets(points),))


def _is_short(text: str) -> bool:
    """Whether a study's own words leave room for the answer; longer ones stand in the report."""
    return len(text.split()) <= MOST_OWN_WORDS


def _counts(given: str | None, study) -> bool:
    return bool(given) and given.lower() not in {word.lower() for word in study.inactive}
