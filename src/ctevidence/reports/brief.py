"""The brief for practice leadership: at most two printed pages, no p-values, no ratios."""

from __future__ import annotations

import math

from ctevidence.display.certainty_tables import final_words
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.key_messages import message, study_messages
from ctevidence.display.labels import treatment_label
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate
from ctevidence.reports.material import Material
from ctevidence.reports.page import Block, Page, Section, bullets, heading, numbers, picture, prose

#: outcomes that the three numbers are about, and how a leader would call them
NUMBERS = (
    ("response (missing as non-response)", "responded (missing as not)"),
    ("staying well (missing as not well)", "reached {start} and stayed well (missing as not)"),
    ("staying well (by the curve)", "did not relapse (by the curve)"),
    ("staying in treatment", "were still in treatment"),
)


def brief_page(material: Material) -> Page:
    """The page ``brief.html``."""
    asks_for_both = not _own_messages(material)
    sections = [
        _answer(material),
        _numbers(material),
        _picture(material),
        _service(),
        _options() if asks_for_both else _options_of_arms(material.study),
        _unknown(material),
    ]
    condition = f" in {material.condition}" if material.condition else ""
    question = f"Should we offer medication, therapy, or both{condition}?"
    return Page(
        kind="brief",
        title=question if asks_for_both else material.study.title,
        banner=material.banner,
        sections=tuple(s for s in sections if s is not None),
        footer=material.footer,
        version=material.version,
    )


def _own_messages(material: Material) -> tuple[str, ...]:
    """What a study has to say that cannot compare medication, therapy and both."""
    if material.study is None or material.trials:
        return ()
    return study_messages(material.study, material.own_estimates)


def _answer(material: Material) -> Section:
    if own := _own_messages(material):
        return Section("answer", "In short", (bullets(own),), is_answer=True)
    lead = [material.verdicts[key] for key in ("better-than-medication", "better-than-therapy")]
    return Section(
        "answer", "In short", (bullets(message(v, material.source) for v in lead),), is_answer=True
    )


def _numbers(material: Material) -> Section | None:
    if material.study is None:
        return None
    blocks: list[Block] = []
    relapse = material.study.rules.relapse
    for start, label in NUMBERS:
        rows = _arm_rows(material, start)
        if rows:
            did = label.format(start=relapse.after if relapse else "")
            blocks += [heading(f"Of every 100 people, {did}"), numbers(_cards(material, rows))]
    return Section("numbers", "Numbers for each treatment", tuple(blocks))


def _arm_rows(material: Material, start: str) -> list[Estimate]:
    own = material.own_estimates.where(measure=("risk", "survival"), reference="")
    return [row for row in own if row.outcome.startswith(start) and not math.isnan(row.week)]


def _cards(material: Material, rows: list[Estimate]) -> list[tuple[str, str]]:
    disclosure = disclosure_of(material.study)
    cards = []
    for row in rows:
        value, limits = shown_estimate(row, disclosure)
        reach = f", range {limits}" if limits else ""
        cards.append((value, f"{treatment_label(row.arm)}, week {row.week:g}{reach}"))
    return cards


def _picture(material: Material) -> Section | None:
    figures = ("response-counted", "forest-medication", "relapse")
    figure = next(filter(None, map(material.figure, figures)), None)
    if figure is None:
        return None
    return Section("picture", "In one picture", (picture(figure),))


def _service() -> Section:
    return Section(
        "service",
        "What it means for a service",
        (
            prose(
                "Multiply the numbers per 100 by the people you treat in a year, and keep the "
                "range: the lower end is as compatible with the data as the upper. Sessions, "
                "clinician hours and waiting times are your own figures; none are assumed here."
            ),
        ),
    )


def _options() -> Section:
    return Section(
        "options",
        "Options",
        (
            bullets(
                [
                    "Offer both from the start: the most resources for each person; see above what "
                    "it may add.",
                    "Start with one and add the other for those who do not get better: fewer "
                    "sessions; the people who wait for the second treatment bear the delay.",
                    "Follow what people prefer: staying in treatment is part of the outcome.",
                ]
            ),
        ),
    )


def _options_of_arms(study) -> Section:
    """Of a study that compares something else than medication, therapy and both."""
    offers = [
        f"Offer {arm.label.lower()}: see above what it may bring; its sessions, beds and waiting "
        "times are your own figures."
        for arm in study.arms
    ]
    follow = "Follow what people prefer: staying in treatment is part of the outcome."
    return Section("options", "Options", (bullets([*offers, follow]),))


def _unknown(material: Material) -> Section:
    points = [final_words([v for v in material.verdicts.values() if not v.is_elsewhere])]
    harm = [row for row in material.estimates if row.outcome.startswith("any ")]
    if not any(row.is_estimable for row in harm):
        points.append("Harms beyond leaving treatment are not recorded.")
    points.append(
        "A trial with all four arms and scores from nearly everyone could change the answer."
    )
    given = {c for arm in material.study.arms for c in arm.components} if material.study else set()
    if by_choice := given - (material.study.randomised if material.study else set()):
        missing = " and ".join(sorted(by_choice))
        points.append(f"In this study {missing} was not assigned by chance.")
    points.append("Look at this again when new data arrive, or in a year.")
    return Section("unknown", "What we do not know", (bullets(points),))
