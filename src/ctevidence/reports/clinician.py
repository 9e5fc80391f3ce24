"""The evidence report for clinicians: the answer on top, absolute numbers, then what is behind."""

from __future__ import annotations

from collections.abc import Sequence

from ctevidence.contrasts.not_worse import judges_margin
from ctevidence.display.blunting import CLAIM, blunting
from ctevidence.display.certainty_tables import final_words, table_certainty
from ctevidence.display.conditions_compared import conditions_compared
from ctevidence.display.countings import told_by_counting
from ctevidence.display.glossary import glossary
from ctevidence.display.key_messages import (
    LEADING,
    further_messages,
    message,
    own_answer,
    study_alone,
    study_messages,
    treatments_missing,
)
from ctevidence.display.told import Told, told
from ctevidence.display.verdict_tables import (
    SHORT,
    table_behind,
    table_elsewhere,
    table_leads,
    table_verdicts,
)
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claims import Verdict
from ctevidence.language import say
from ctevidence.reports.findings_section import MISREAD as FINDINGS
from ctevidence.reports.findings_section import findings_section
from ctevidence.reports.material import Material
from ctevidence.reports.page import (
    Block,
    Page,
    Section,
    beside,
    bullets,
    definitions,
    folded,
    folded_picture,
    grid,
    heading,
    picture,
    prose,
)
from ctevidence.reports.question_section import question_section, response_words
from ctevidence.reports.sensitivity_section import limits_messages, sensitivity_section
from ctevidence.reports.staying_sections import (
    harms_section,
    illness_section,
    retention_section,
    staying_well_section,
)
from ctevidence.reports.trials_sections import MISREAD as TRIALS
from ctevidence.reports.trials_sections import network_section, trials_section

#: misreadings that the section on both treatments invites
BOTH = ("no-synergy", "one-sided")
#: words of the glossary that the page explains
GLOSSARY = (
    "range", "per-100", "association", "control", "staying-well", "prediction-interval",
    "span-of-methods", "network", "synergy", "benefit", "no-worse", "margin", "size",
    "not-determined", "not-established", "no-data", "certainty",
)  # fmt: skip


def clinician_page(material: Material) -> Page:
    """The page ``report.html``; sections without material are left out."""
    sections = [
        _answer(material),
        question_section(material),
        findings_section(material),
        _response(material),
        _course(material),
        staying_well_section(material),
        illness_section(material),
        _both(material),
        trials_section(material),
        network_section(material),
        retention_section(material),
        harms_section(material),
        sensitivity_section(material),
        _claims(material),
        _certainty(material),
        _who(material),
        _how(material),
        Section("glossary", say("report.glossary"), (definitions(glossary(*GLOSSARY)),)),
    ]
    return Page(
        kind="report",
        title=_title(material),
        lead=_lead(material),
        banner=material.banner,
        sections=tuple(s for s in sections if s is not None),
        footer=material.footer,
        version=material.version,
        has_contents=True,
        running=material.running,
        folds_in_appendix=True,
    )


def _title(material: Material) -> str:
    if material.study and not material.trials and len(treatments_missing(material.study)) > 1:
        return material.study.title
    if material.condition_words:
        return say("report.title_in", condition=material.condition_words)
    return say("report.title")


def _lead(material: Material) -> str:
    titles = [x.title for x in (material.study, material.trials, material.network) if x]
    return say("report.lead", titles="; ".join(titles))


def _answer(material: Material) -> Section:
    own = study_messages(material.study, material.own_estimates) if material.study else ()
    lead = [material.verdicts[claim] for claim in LEADING if claim in material.verdicts]
    messages = [told(message(v, material.source), v.lead, claim=v.claim.id) for v in lead]
    if own:  # it has said itself that it cannot answer them
        messages = [*own, *(messages if material.trials else ())]
    blocks = [bullets(messages)]
    if material.trials:
        further = further_messages(material.verdicts, material.source)
        if material.study and (own := own_answer(material.verdicts, material.study)):
            further.append(own)
        blocks += [heading(say("further.title")), bullets(further)]
    limits = limits_messages(material)
    if limits or material.trials:
        blocks.append(heading(say("limits.title")))
    if material.trials:
        blocks.append(bullets([say("misreadings.convenience-sample")]))
        if limits:  # the trials lead: what limits the study must not be read as being of them
            blocks.append(heading(say("limits.of_study", study=study_alone(material.study))))
    blocks.append(bullets(limits))
    return Section("answer", say("report.answer"), tuple(blocks), is_answer=True)


def _response(material: Material) -> Section | None:
    if material.table("response-differences") is None:
        return None
    observed = _caption(material, "response (observed)", say("report.response_observed"))
    counted = _caption(
        material, "response (missing as non-response)", say("report.response_counted")
    )
    return Section(
        "response",
        say("report.response"),
        (
            prose(response_words(material.study) + "."),
            beside(
                picture(material.figure("response-observed"), observed),
                picture(material.figure("response-counted"), counted),
            ),
            folded(say("report.differences"), material.table("response-differences")),
            *_definitions(material),
            *_for_whom(material),
        ),
    )


def _for_whom(material: Material) -> list[Block]:
    figure = material.figure("response-for-whom")
    if figure is None:
        return []
    return [folded(say("report.for_whom"), prose(say("report.for_whom_intro")), picture(figure))]


def _definitions(material: Material) -> list[Block]:
    figure = material.figure("response-definitions")
    if figure is None:
        return []
    intro = prose(say("report.definitions_intro"))
    return [folded(say("report.definitions"), intro, picture(figure), is_open=True)]


def _caption(material: Material, outcome: str, words: str) -> Told:
    """A caption with the risks under each treatment that the figure draws."""
    rows = material.estimates.where(study=material.study.name, outcome=outcome, measure="risk")
    return told(words, *(row for row in rows if not row.reference), outcome=outcome)


def _course(material: Material) -> Section | None:
    figure = material.figure("course")
    if figure is None:
        return None
    behind = folded(say("report.course_differences"), material.table("course-differences"))
    drawn = picture(figure, say("report.course_caption"))
    return Section(
        "course", say("report.course"), (prose(say("report.course_intro")), drawn, behind)
    )


def _both(material: Material) -> Section | None:
    """Both questions in words, table and figure; both countings of missing scores in words."""
    if material.table("response-best") is None:
        return None
    rows = material.estimates.where(study=material.study.name)
    rows = rows.where(outcome=("response (observed)", "response (missing as non-response)"))
    best = rows.where(reference="best single treatment", measure="risk_difference")
    best = [row for row in best if row.alternative != "two-sided"]
    blunted = [row for row in rows if judges_margin(row)]
    blocks: list[Block] = []
    if best:
        blocks += [prose(material.warning(*BOTH)), heading(say("report.best"))]
        blocks.append(prose(*told_by_counting(best, material.source)))
        tables = (material.table("response-best"), material.table("response-family"))
        blocks.append(folded(say("report.best_numbers"), *tables))
    if seen := _synergy_rows(rows):
        blocks += [
            heading(say("report.synergy")),
            prose(*told_by_counting(seen, material.source)),
            picture(material.figure("response-interaction"), say("report.synergy_caption")),
            grid(material.table("response-four-cells")),
            folded(say("report.synergy_scales"), material.table("response-synergy")),
            folded(say("report.synergy_models"), material.table("response-models")),
            folded(say("report.synergy_margins"), material.table("response-margins")),
        ]
    if blunted:
        blocks += [heading(say("report.blunted")), prose(*_blunted(blunted, material))]
    return Section("both", say("report.both"), tuple(blocks))


def _blunted(rows: Sequence[Estimate], material: Material) -> list[Told]:
    """By the study's own margin; where it declares none, by that of the claim."""
    if any(row.is_estimable for row in rows) or CLAIM not in material.verdicts:
        return told_by_counting(rows, material.source)
    outcomes = tuple(row.outcome for row in rows)
    plain = material.own_estimates.where(
        arm="combined", reference="therapy", measure="risk_difference", alternative="two-sided",
        outcome=outcomes,
    )  # fmt: skip
    same = [
        row
        for row in plain
        if say("caution.sensitivity") not in row.caution and "/multiverse/" not in row.id
    ]
    return blunting(same, material.verdicts[CLAIM], material.source)


def _synergy_rows(rows: Estimates) -> list[Estimate]:
    """The interactions, what could have been detected, and what adding each treatment brings."""
    models = ("additivity", "multiplicativity", "independence")
    found = [row for row in rows if row.reference in models]
    people = {row.population for row in found}
    added = [
        row
        for row in rows.where(arm="combined", measure="risk_difference", alternative="two-sided")
        if row.reference in ("medication", "therapy")
        # the same people analysed in another way are no second answer
        and row.population in people
        and say("caution.sensitivity") not in row.caution
    ]
    return [*added, *found] if found else []


def _claims(material: Material) -> Section:
    verdicts = tuple(material.verdicts.values())
    behind = table_behind(verdicts, material.source)
    return Section(
        "claims",
        say("report.claims"),
        (
            prose(say("report.claims_intro")),
            grid(table_verdicts(verdicts, material.source, SHORT)),
            prose(*conditions_compared(verdicts, material.estimates)),
            folded(behind.caption, behind),
            *_elsewhere(verdicts, material),
            folded(say("report.claims_leads"), table_leads(verdicts, material.source)),
        ),
    )


def _elsewhere(verdicts: tuple[Verdict, ...], material: Material) -> list[Block]:
    """Claims about other conditions than the report's, apart from its own."""
    if not any(verdict.is_elsewhere for verdict in verdicts):
        return []
    return [folded(say("report.elsewhere"), table_elsewhere(verdicts, material.source))]


def _certainty(material: Material) -> Section:
    verdicts = tuple(material.verdicts.values())
    own = [verdict for verdict in verdicts if not verdict.is_elsewhere]
    judged = not any(verdict.needs_judgement for verdict in own)
    intro = "" if judged else say("report.certainty_missing")
    table = table_certainty(own, material.source)
    return Section(
        "certainty",
        say("report.certainty"),
        (prose(intro, final_words(own)), folded(say("report.certainty_domains"), table)),
    )


def _who(material: Material) -> Section:
    """What no other section says: misreadings that stand where they arise are not repeated."""
    placed = {*FINDINGS, *TRIALS, *BOTH, "first-is-not-best", "small-study-span"}
    points = [words for name, words in material.misreadings.items() if name not in placed]
    points.append(say("report.empty_rows"))
    if material.trials:
        points.append(say("report.ages_apart"))
    return Section("limits", say("report.who"), (bullets(points),))


def _how(material: Material) -> Section:
    blocks = []
    if material.study:
        blocks += [
            folded_picture(material.figure("flow"), is_open=True),
            grid(material.table("baseline")),
            folded(say("report.arms"), *map(material.table, ("arms", "rules"))),
        ]
    blocks.append(prose(say("report.everything")))
    return Section("how", say("report.how"), tuple(blocks))
