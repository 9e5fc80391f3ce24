"""The question box: what is asked, in the five attributes of an estimand (ICH E9(R1))."""

from __future__ import annotations

import math

from ctevidence.data.study import Study
from ctevidence.display.baseline import baseline_gap
from ctevidence.display.rule_words import rule_words
from ctevidence.language import say, words
from ctevidence.outcomes.intercurrent import strategies_in_words
from ctevidence.reports.components import components_words
from ctevidence.reports.material import Material
from ctevidence.reports.page import Section, bullets, definitions, heading, prose
from ctevidence.terms import COMPONENTS


def question_section(material: Material) -> Section:
    """Population, treatments, outcome, events on the way, measure; then what to keep in mind."""
    study = material.study
    if study is None:
        return Section("question", say("question.title"), (definitions(_of_trials(material)),))
    beside = say("question.beside_trials") if material.trials else ""
    blocks = [definitions(_of_study(study)), prose(beside)]
    if notes := [*study.notes, *filter(None, [baseline_gap(study)])]:
        blocks += [heading(say("question.keep_in_mind")), bullets(notes)]
    return Section("question", say("question.title"), tuple(blocks))


def _of_trials(material: Material) -> list[tuple[str, str]]:
    told = words("question_trials")
    told["people"] = say("question.people_of_trials", title=material.trials.title)
    return _rows(told)


def _of_study(study: Study) -> list[tuple[str, str]]:
    missing = say("question.both_ways") if study.schedule else say("question.no_scores")
    return _rows(
        {
            "people": study.population or study.title,
            "treatments": "; ".join(f"{arm.label}: {_given(arm)}" for arm in study.arms),
            "outcome": _outcome(study),
            "time": _times(study),
            "events": strategies_in_words(study) or say("question.policy"),
            "missing": missing,
            "measure": say("question.share"),
            "chance": _by_chance(study),
        }
    )


def _rows(told: dict[str, str]) -> list[tuple[str, str]]:
    """In the order of the parts of a question."""
    return [(part, told[name]) for name, part in words("question_parts").items() if name in told]


def _outcome(study: Study) -> str:
    if study.rules.response is not None:
        return response_words(study)
    if study.rules.relapse is not None:
        return rule_words(study.rules.relapse, study.scale)
    return say("question.no_outcome")


def response_words(study: Study) -> str:
    """What response is; how a missing score counts, after the semicolon, is told elsewhere."""
    return rule_words(study.rules.response, study.scale).split(";")[0]


def _times(study: Study) -> str:
    if study.schedule:
        seen = ", ".join(f"{week:g}" for week in study.weeks)
        return say("question.weeks", week=f"{study.primary_week:g}", weeks=seen)
    if math.isnan(study.primary_week):
        return say("question.no_visits")
    return say("question.no_visits_week", week=f"{study.primary_week:g}")


def _by_chance(study: Study) -> str:
    """Which components were randomised, and what that means for the contrasts."""
    if study.randomised == set(COMPONENTS):
        return say("question.all_by_chance", components=components_words(study.randomised))
    if not study.randomised:
        return say("question.none_by_chance")
    return say("question.some_by_chance", components=components_words(study.randomised))


def _given(arm) -> str:
    given = [g for g in (arm.medication, arm.therapy) if g and g.lower() != "none"]
    if len(given) > 1:
        return say("question.given_both", first=given[0], second=given[1])
    return "".join(given) or (str(arm.treatment) if arm.treatment else arm.label)
