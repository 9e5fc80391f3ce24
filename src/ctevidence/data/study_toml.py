"""study.toml: what a `Study` declares, as the text that is read back as the same declaration."""

from __future__ import annotations

import math
from dataclasses import asdict, fields
from typing import Any

from ctevidence.data.columns import EVENTS, KEY, TEXT_COVARIATES
from ctevidence.data.declared_rules import RESPONSE_KEYS
from ctevidence.data.questions_toml import questions
from ctevidence.data.rules import EntryRule, RelapseRule, ResponseRule, RetentionRule
from ctevidence.data.scales import Scale, get_scale
from ctevidence.data.study import Study
from ctevidence.data.toml_text import toml_text
from ctevidence.terms import Arm

Values = dict[str, Any]


def study_toml(study: Study) -> str:
    """The text of ``study.toml``."""
    rules = study.rules
    return toml_text(
        {
            "study": _about(study),
            "arms": {arm.name: _filled(_arm(arm)) for arm in study.arms},
            "scale": {"primary": study.primary_scale},
            "scales": _own_scales(study),
            "missing_items": dict(study.missing_items) or None,
            "schedule": _schedule(study),
            "who_enters": _filled(_entry(rules.entry)) or None,
            "response": rules.response and _response(rules.response),
            "remission": rules.remission and asdict(rules.remission),
            "relapse": rules.relapse and _filled(_relapse(rules.relapse)),
            "retention": rules.retention and _filled(_retention(rules.retention)),
            **questions(rules),
            "events": _other_events(study),
            "covariates": _covariate_kinds(study) or None,
            "analysis": {
                "primary_week": _number(study.primary_week),
                "adjust": list(study.adjust),
                "several_arms": study.several_arms,
                "not_worse_margin": _number(study.not_worse_margin),
            },
            "disclosure": {"profile": study.disclosure},
        }
    )


def _filled(values: Values) -> Values:
    """Without what is empty: it was not declared."""
    return {key: value for key, value in values.items() if value not in (None, "", (), [], {})}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _about(study: Study) -> Values:
    optional = {"population": study.population, "citation": study.citation, "notes": study.notes}
    return {
        "name": study.name,
        "title": study.title,
        "condition": study.condition,
        "data_kind": study.data_kind,
        "design": study.design,
        "randomised": sorted(study.randomised),
        "inactive": list(study.inactive),
        **_filled(optional),
    }


def _arm(arm: Arm) -> Values:
    return {
        "treatment": str(arm.treatment),
        "label": "" if arm.label == arm.name else arm.label,
        "medication": arm.medication,
        "therapy": arm.therapy,
    }


def _schedule(study: Study) -> Values:
    visits = [
        {"name": window.name, "week": window.week, "days": [window.first_day, window.last_day]}
        for window in study.schedule
    ]
    return {"baseline_days": list(study.baseline_days), "visits": visits}


def _entry(rule: EntryRule) -> Values:
    return {
        "baseline_at_least": _number(rule.baseline_at_least),
        "allow_missing_baseline": rule.allow_missing_baseline or None,
    }


def _response(rule: ResponseRule) -> Values:
    numbers = {key: getattr(rule, key) for key in RESPONSE_KEYS[rule.kind]}
    return {"kind": rule.kind, **numbers, "missing": rule.missing}


def _relapse(rule: RelapseRule) -> Values:
    return {
        "from": "events" if rule.from_events else "visits",
        "after": rule.after,
        "threshold": None if rule.from_events else rule.threshold,
        "confirm_visits": None if rule.from_events else rule.confirm_visits,
        "randomised_after_response": rule.randomised_after_response or None,
        "lead": None if rule.lead == "rmst" else rule.lead,
    }


def _retention(rule: RetentionRule) -> Values:
    return {
        "from": rule.source,
        "treatments_show_starts": rule.treatments_show_starts or None,
        "reasons": dict(rule.reasons),
    }


def _own_scales(study: Study) -> Values | None:
    """Scales that the package does not have, by the word that the visits use."""
    own = {word: _scale(scale) for word, scale in study.scales.items() if not _is_known(word)}
    return own or None


def _is_known(word: str) -> bool:
    try:
        get_scale(word)
    except ValueError:
        return False
    return True


def _scale(scale: Scale) -> Values:
    values = _filled({field.name: getattr(scale, field.name) for field in fields(scale)})
    if scale.bands:
        values["bands"] = [[band.label, band.low, band.high] for band in scale.bands]
    if scale.reliability:
        values["reliability"] = _filled(asdict(scale.reliability))
    return values


def _other_events(study: Study) -> Values | None:
    other = sorted(set(study.tables["events"]["event"]) - set(EVENTS))
    return _filled({"other": other, "recorded": list(study.rules.recorded_events)}) or None


def _covariate_kinds(study: Study) -> Values:
    people = study.tables["participants"]
    names = [name for name in people.columns if name not in (KEY, "arm", *TEXT_COVARIATES)]
    return {n: "number" if people[n].dtype.kind in "fi" else "category" for n in names}
