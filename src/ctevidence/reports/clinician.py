"""The evidence report for clinicians: the answer on top, absolute numbers, then what is behind."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ctevidence.contrasts.treatments import PAIRS
from ctevidence.display.certainty_tables import final_words, table_certainty
from ctevidence.display.findings import table_findings
from ctevidence.display.glossary import glossary
from ctevidence.display.key_messages import key_messages, study_messages, treatments_missing
from ctevidence.display.misreadings import misreadings
from ctevidence.display.sentences import sentence
from ctevidence.display.tables import table_estimates
from ctevidence.display.verdict_tables import table_elsewhere, table_leads, table_verdicts
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claims import Verdict
from ctevidence.reports.material import Material
from ctevidence.reports.page import (
    Block,
    Page,
    Section,
    bullets,
    definitions,
    folded,
    grid,
    heading,
    picture,
    prose,
)
from ctevidence.reports.staying_sections import (
    harms_section,
    illness_section,
    retention_section,
    staying_well_section,
)
from ctevidence.reports.trials_sections import network_section, trials_section
from ctevidence.terms import COMPONENTS

COMPARISONS = (("combined", "medication"), ("combined", "therapy"), ("therapy", "medication"))

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
        _question(material),
        _findings(material),
        _response(material),
        _course(material),
        staying_well_section(material),
        illness_section(material),
        _both(material),
        trials_section(material),
        network_section(material),
        retention_section(material),
        harms_section(material),
        _claims(material),
        _certainty(material),
        _who(material),
        _how(material),
        Section("glossary", "Words", (definitions(glossary(*GLOSSARY)),)),
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
    )


def _title(material: Material) -> str:
    if material.study and not material.trials and len(treatments_missing(material.study)) > 1:
        return material.study.title
    condition = f" in {material.condition}" if material.condition else ""
    return f"Medication, therapy, or both{condition}?"


def _lead(material: Material) -> str:
    titles = [x.title for x in (material.study, material.trials, material.network) if x]
    return "Evidence from: " + "; ".join(titles) + "."


def _answer(material: Material) -> Section:
    own = study_messages(material.study, material.own_estimates) if material.study else ()
    messages = key_messages(material.verdicts.values(), material.source)
    if own and not material.trials:
        messages = ()  # it has said itself that it cannot answer them
    messages = (*own, *messages)
    return Section("answer", "Key messages", (bullets(messages),), is_answer=True)


def _question(material: Material) -> Section:
    study = material.study
    if study is None:
        rows = [
            ("People", material.trials.title),
            ("Treatments", "combined treatment against medication, and against therapy"),
            ("Outcomes", "response or remission at the end of treatment; relapse; dropout"),
            ("Measure", "risk ratio, turned into people per 100 at the risk seen in the trials"),
        ]
        return Section("question", "The question", (definitions(rows),))
    rules = study.rules
    rows = [
        ("People", study.population or study.title),
        ("Treatments", "; ".join(f"{a.label}: {_given(a)}" for a in study.arms)),
        ("Outcome", _outcome(rules)),
        ("Time", _times(study)),
        ("Stopping, switching", "what happens after stopping treatment counts as it is (treatment "
                                "policy)"),
        ("Missing scores", "counted both ways: left out, and as not having responded"
                           if study.schedule else "none are asked for after the start"),
        ("Measure", "difference of the share of people, per 100; ratios beside it"),
        ("Assigned by chance", _by_chance(study)),
    ]  # fmt: skip
    blocks = [definitions(rows)]
    if study.notes:
        blocks += [heading("Keep in mind"), bullets(study.notes)]
    return Section("question", "The question", tuple(blocks))


def _outcome(rules) -> str:
    rule = rules.response or rules.relapse
    return rule.describe() if rule else "neither response nor relapse is declared"


def _times(study) -> str:
    if study.schedule:
        seen = ", ".join(f"{w:g}" for w in study.weeks)
        return f"week {study.primary_week:g} leads; seen at weeks {seen}"
    leads = "" if math.isnan(study.primary_week) else f"; week {study.primary_week:g} leads"
    return f"events as they happened, no visit after the start{leads}"


def _by_chance(study) -> str:
    """Which components were randomised, and what that means for the contrasts."""
    if study.randomised == set(COMPONENTS):
        return "medication and therapy: every contrast of treatments is protected"
    if not study.randomised:
        return "nothing: every contrast is an association"
    return f"{' and '.join(sorted(study.randomised))}; other contrasts are associations"


def _given(arm) -> str:
    given = [g for g in (arm.medication, arm.therapy) if g and g.lower() != "none"]
    return " with ".join(given) or arm.treatment.value


def _findings(material: Material) -> Section | None:
    if material.study is None:
        return None
    own = material.own_estimates
    tables = [grid(table_findings(own, a, b, material.study)) for a, b in _pairs(material.study)]
    intro = prose(
        "Out of every 100 people with each treatment. Both ways of counting people without a score "
        "are shown, since they can change the order of the treatments."
    )
    return Section("findings", "Summary of findings", (intro, *tables))


def _pairs(study) -> list[tuple[str, str]]:
    """Comparisons of treatments that the study has; of its arms where it has none of them."""
    present = [str(arm.treatment) for arm in study.arms]
    found = [pair for pair in COMPARISONS if set(pair) <= {*present}]
    if not found and len({*present}) == len(present):
        found = [pair for pair in PAIRS if set(pair) <= {*present}]
    return found or [(arm.name, study.arms[0].name) for arm in study.arms[1:]]


def _response(material: Material) -> Section | None:
    if material.table("response-differences") is None:
        return None
    observed = "People without a score are left out."
    counted = "People without a score are counted as not having responded."
    return Section(
        "response",
        "Who responds",
        (
            prose(material.study.rules.response.describe()),
            picture(material.figure("response-observed"), observed),
            picture(material.figure("response-counted"), counted),
            grid(material.table("response-differences")),
        ),
    )


def _course(material: Material) -> Section | None:
    figure = material.figure("course")
    if figure is None:
        return None
    caption = "From a mixed model for repeated measures that uses every score."
    behind = folded("Differences at every visit", material.table("course-differences"))
    words = prose(
        "Means assume that people who were not seen again would have gone on like similar people "
        "who were."
    )
    return Section("course", "How symptoms change", (words, picture(figure, caption), behind))


def _both(material: Material) -> Section | None:
    """Both questions in words, table and figure; both countings of missing scores in words."""
    if material.table("response-best") is None:
        return None
    rows = material.estimates.where(study=material.study.name)
    rows = rows.where(outcome=("response (observed)", "response (missing as non-response)"))
    best = rows.where(reference="best single treatment", measure="risk_difference")
    best = [row for row in best if row.alternative != "two-sided"]
    blunted = [row for row in rows if row.method.startswith("non-inferiority")]
    blocks: list[Block] = []
    if best:
        blocks += [heading("Better than both?"), prose(*_each(best, material))]
        blocks.append(grid(material.table("response-best")))
        blocks.append(folded("The claims as one family", material.table("response-family")))
    if seen := _synergy_rows(rows):
        caption = (
            "Where the parts add up, the lines are parallel on the left; where their ratios "
            "multiply, on the right. The open diamond is what the parts predict for both together."
        )
        blocks += [
            heading("More than the sum of its parts?"),
            prose(*_each(seen, material)),
            picture(material.figure("response-interaction"), caption),
            grid(material.table("response-four-cells")),
            folded("Synergy on every scale", material.table("response-synergy")),
            folded("What other models expect", material.table("response-models")),
            folded("At the margins and inside the table", material.table("response-margins")),
        ]
    if blunted:
        blocks += [heading("Does medication blunt therapy?"), prose(*_each(blunted, material))]
    return Section("both", "Better than both, and more than the sum", tuple(blocks))


def _each(rows: Sequence[Estimate], material: Material) -> list[str]:
    """A paragraph for each outcome of the rows; what is the same for all is said once."""
    outcomes = dict.fromkeys(row.outcome for row in rows)
    told = (
        sentence(Estimates(r for r in rows if r.outcome == outcome), source=material.source)
        for outcome in outcomes
    )
    return list(dict.fromkeys(told))


def _synergy_rows(rows: Estimates) -> list[Estimate]:
    """The interactions, what could have been detected, and what adding each treatment brings."""
    models = ("additivity", "multiplicativity", "independence")
    found = [row for row in rows if row.reference in models]
    added = [
        row
        for row in rows.where(arm="combined", measure="risk_difference", alternative="two-sided")
        if row.reference in ("medication", "therapy")
    ]
    return [*added, *found] if found else []


def _claims(material: Material) -> Section:
    verdicts = tuple(material.verdicts.values())
    return Section(
        "claims",
        "The claims, weighed",
        (
            prose(
                "What is said of combined treatment, put to these data. The verdict says direction "
                "and size; how sure we are is a separate judgement."
            ),
            grid(table_verdicts(verdicts, material.source)),
            *_elsewhere(verdicts, material),
            folded("The estimates behind each verdict", table_leads(verdicts, material.source)),
        ),
    )


def _elsewhere(verdicts: tuple[Verdict, ...], material: Material) -> list[Block]:
    """Claims about other conditions than the report's, apart from its own."""
    if not any(verdict.is_elsewhere for verdict in verdicts):
        return []
    return [heading("In other conditions"), grid(table_elsewhere(verdicts, material.source))]


def _certainty(material: Material) -> Section:
    verdicts = tuple(material.verdicts.values())
    own = [verdict for verdict in verdicts if not verdict.is_elsewhere]
    missing = (
        "Certainty was not assessed. It is a judgement by people on risk of bias, inconsistency, "
        "imprecision, indirectness and publication bias; where it is not given, no sentence here "
        "says more than \u201cmay\u201d."
    )
    intro = missing if any(verdict.needs_judgement for verdict in own) else ""
    table = table_certainty(own, material.source)
    return Section(
        "certainty",
        "How certain",
        (prose(intro, final_words(own)), folded("Hints and judgements, domain by domain", table)),
    )


def _who(material: Material) -> Section:
    found = misreadings(material.estimates, material.verdicts.values())
    points = [*found.values(), "Outcomes without data keep their place in the tables and say so."]
    if material.trials:
        points.append("Adolescents and adults are pooled apart.")
    return Section("limits", "Who this applies to, and limits", (bullets(points),))


def _how(material: Material) -> Section:
    blocks = []
    if material.study:
        blocks += [
            picture(material.figure("flow")),
            grid(material.table("baseline")),
            grid(material.table("arms")),
            grid(material.table("rules")),
        ]
    if material.study and material.study.disclosure != "open":
        everything = material.estimates.where(study=material.study.name)
    else:
        everything = material.estimates
    table = table_estimates(everything, material.source, "all-estimates", "All estimates")
    blocks.append(folded(f"All {len(everything)} estimates", table))
    return Section("how", "How this was made", tuple(blocks))
