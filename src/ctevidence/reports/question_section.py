"""The question box: what is asked, in the five attributes of an estimand (ICH E9(R1))."""

from __future__ import annotations

import math

from ctevidence.data.study import Study
from ctevidence.display.baseline import baseline_gap
from ctevidence.display.rule_words import rule_words
from ctevidence.outcomes.intercurrent import strategies_in_words
from ctevidence.reports.material import Material
from ctevidence.reports.page import Section, bullets, definitions, heading
from ctevidence.terms import COMPONENTS


def question_section(material: Material) -> Section:
    """Population, treatments, outcome, events on the way, measure; then what to keep in mind."""
    study = material.study
    if study is None:
        return Section("question", "The question", (definitions(_of_trials(material)),))
    blocks = [definitions(_of_study(study))]
    if notes := [*study.notes, *filter(None, [baseline_gap(study)])]:
        blocks += [heading("Keep in mind"), bullets(notes)]
    return Section("question", "The question", tuple(blocks))


def _of_trials(material: Material) -> list[tuple[str, str]]:
    return [
        ("People", f"those of the trials: {material.trials.title}"),
        ("Treatments", "combined treatment against medication, and against therapy"),
        ("Outcome", "response or remission at the end of treatment; relapse; leaving treatment"),
        ("On the way", "as each trial counted people who left; where it counted completers only, "
                       "its row says so"),
        ("Measure", "ratio of risks, turned into people per 100 at the risk typical of the trials"),
    ]  # fmt: skip


def _of_study(study: Study) -> list[tuple[str, str]]:
    return [
        ("People", study.population or study.title),
        ("Treatments", "; ".join(f"{arm.label}: {_given(arm)}" for arm in study.arms)),
        ("Outcome", _outcome(study)),
        ("Time", _times(study)),
        ("On the way", strategies_in_words(study) or "what happens after stopping or switching "
                       "treatment counts as it is (treatment policy)"),
        ("Missing scores", "counted both ways: left out, and as not having responded"
                           if study.schedule else "none are asked for after the start"),
        ("Measure", "difference of the share of people, per 100; ratios beside it"),
        ("By chance", _by_chance(study)),
    ]  # fmt: skip


def _outcome(study: Study) -> str:
    rule = study.rules.response or study.rules.relapse
    if rule is None:
        return "neither response nor relapse is declared"
    # how a missing score counts stands in a row of its own
    return rule_words(rule, study.scale).split("; people without a score")[0]


def _times(study: Study) -> str:
    if study.schedule:
        seen = ", ".join(f"{week:g}" for week in study.weeks)
        return f"week {study.primary_week:g} leads; seen at weeks {seen}"
    leads = "" if math.isnan(study.primary_week) else f"; week {study.primary_week:g} leads"
    return f"events as they happened, no visit after the start{leads}"


def _by_chance(study: Study) -> str:
    """Which components were randomised, and what that means for the contrasts."""
    if study.randomised == set(COMPONENTS):
        return "medication and therapy: every contrast of treatments is protected"
    if not study.randomised:
        return "nothing: every contrast is an association"
    return f"{' and '.join(sorted(study.randomised))}; other contrasts are associations"


def _given(arm) -> str:
    given = [g for g in (arm.medication, arm.therapy) if g and g.lower() != "none"]
    return " with ".join(given) or (str(arm.treatment) if arm.treatment else arm.label)
