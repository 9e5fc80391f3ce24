"""Staying well, staying in treatment and harms in the clinician's report.

Risks of all arms stand in words beside each figure. What a study does not record keeps its place.
"""

from __future__ import annotations

from ctevidence.display.arm_sentences import sentence_of_arms, sentence_of_countings
from ctevidence.display.figure import Figure
from ctevidence.display.illness import state_words
from ctevidence.display.key_messages import harm_messages, study_alone
from ctevidence.display.sentences import sentence
from ctevidence.display.table import Table
from ctevidence.display.told import told
from ctevidence.estimates import Estimates
from ctevidence.language import say
from ctevidence.reports.material import Material
from ctevidence.reports.page import (
    Block,
    Section,
    beside,
    bullets,
    folded,
    folded_table,
    grid,
    heading,
    joined,
    picture,
    prose,
)
from ctevidence.terms import Treatment

DIFFERENCES = ("risk_difference", "survival_difference")


def staying_well_section(material: Material) -> Section | None:
    """Who stays well in each way of counting; relapse over time below it."""
    if material.table("staying-well") is None:
        return None
    rows = _about(material, "staying well")
    arms = Estimates(r for r in rows if r.measure in ("risk", "survival"))
    differences = Estimates(r for r in rows if r.measure in DIFFERENCES)
    words = [told(sentence_of_arms(arms, material.study), *arms)] if len(arms) else []
    words.append(told(sentence_of_countings(differences, material.study), *differences))
    known, everyone = "staying-well", "staying-well-everyone"
    if any("(by the curve)" in row.outcome for row in arms):
        everyone = ""  # one way of counting, one figure
    return Section(
        "staying-well",
        say("staying.well"),
        (
            prose(_counted(material.study.rules.relapse), *words),
            beside(
                picture(material.figure(known)),
                picture(material.figure(everyone) if everyone else None),
            ),
            folded(say("report.differences"), material.table("staying-well-differences")),
            *_relapse(material),
        ),
    )


def _counted(rule) -> str:
    """What staying well is, and among whom it is counted."""
    if rule is not None and rule.after == "baseline":
        return say("staying.well_since_start")
    return say("staying.well_since_response")


def _relapse(material: Material) -> list[Block]:
    rule = material.study.rules.relapse
    if rule is None:
        return []
    rows = _about(material, "relapse")
    alone = Estimates(row for row in rows if row.measure == "survival")
    words = told(sentence_of_arms(alone, material.study) if len(alone) else "", *alone)
    curves = beside(
        picture(material.figure("relapse")), picture(material.figure("relapse-competing"))
    )
    competing = [
        folded(say("staying.competing_differences"), material.table("relapse-competing")),
        folded(say("staying.event_tests"), material.table("event-tests")),
        folded(say("staying.dating"), material.table("dating")),
        folded(say("staying.recomputed"), material.table("recomputed")),
    ]
    table = material.table("relapse-differences")
    if rule.is_descriptive:
        return [
            heading(say("staying.relapse_description")),
            prose(say("staying.selected"), words, say("staying.competing_intro")),
            curves,
            folded(say("staying.relapse_differences"), table),
            *competing,
        ]
    times = [r for r in rows if r.measure == "rmst_difference" and r.is_estimable]
    longer = [told(sentence(row, source=material.study), row) for row in times]
    return [
        heading(say("staying.relapse")),
        # without visits the curve has been put into words above
        prose(words if material.study.schedule else "", *longer, say("staying.competing_intro")),
        curves,
        grid(table),
        *competing,
    ]


def illness_section(material: Material) -> Section | None:
    """Where everyone is in the illness week by week; absent where the study does not declare it."""
    if material.study is None or material.study.rules.illness is None:
        return None
    rows = [r for r in material.own_estimates if r.outcome.startswith("being ")]
    alone = Estimates(row for row in rows if row.measure == "state_occupation")
    longer = [r for r in rows if r.measure == "weeks_in_state_difference" and r.is_estimable]
    # what combining adds; the other comparisons stand in the table below
    longer = [r for r in longer if r.arm == Treatment.COMBINED.value] or longer
    if not len(alone):
        return None
    return Section(
        "illness",
        say("staying.illness"),
        (
            prose(
                say("staying.illness_intro"),
                told(sentence_of_arms(alone, material.study), *alone),
            ),
            picture(material.figure("illness"), _after_leaving(material.figure("illness"))),
            bullets([told(sentence(row, source=material.study), row) for row in longer]),
            folded(say("staying.illness_differences"), material.table("illness-differences")),
        ),
    )


def _after_leaving(figure: Figure | None) -> str:
    """That nobody knows how those fare who left; empty where the figure does not show any."""
    shows = figure and state_words("dropped out") in set(figure.data.frame["state"])
    return say("staying.illness_left") if shows else ""


def retention_section(material: Material) -> Section | None:
    """Who stays in treatment, why others left, who never started, and how much was taken up."""
    if material.table("retention-differences") is None:
        return None
    rule = material.study.rules.retention
    rows = [*_about(material, "staying in treatment"), *_about(material, "never starting")]
    alone = Estimates(row for row in rows if row.measure == "risk")
    return Section(
        "retention",
        say("staying.treatment"),
        (
            beside(
                picture(material.figure("retention")),
                joined(
                    prose(_seen_how(rule)),
                    prose(material.warning("dropout")),
                    prose(told(sentence_of_arms(alone, material.study), *alone)),
                ),
            ),
            folded(say("report.differences"), material.table("retention-differences")),
            picture(material.figure("dropout-kinds")),
            folded_table(material.table("adherence")),
        ),
    )


def _seen_how(rule) -> str:
    """How leaving is seen; that attendance at visits is not treatment."""
    if rule is None:
        return say("staying.leaving_not_declared")
    if rule.source == "last_visit":
        return say("staying.leaving_by_visits")
    return rule.describe()


def harms_section(material: Material) -> Section | None:
    """What published trials found, then what the study records; not recorded is not zero."""
    table = material.table("harms")
    if table is None:
        return None
    blocks = [bullets(harm_messages(material.verdicts, material.source))]
    if kinds := _none_recorded(table):
        study = study_alone(material.study)
        blocks.append(prose(say("staying.none_recorded", study=study, kinds=kinds)))
    else:
        blocks += [
            grid(table),
            folded(say("staying.harms_differences"), material.table("harms-differences")),
        ]
    return Section("harms", say("staying.harms"), tuple(blocks))


def _none_recorded(table: Table) -> str:
    """The kinds of harm, one after the other, where the study records none of them; else empty."""
    if not (table.frame["people"] == say("display.adherence.none")).all():
        return ""
    return ", ".join(kind.lower() for kind in table.frame["harm"])


def _about(material: Material, start: str) -> list:
    return [row for row in material.own_estimates if row.outcome.startswith(start)]
