"""``results.json``: everything that a report says, for machines, as far as it may be shown.

Its schema (``results.schema.json``) is published with the package and stands in every pack. Numbers
pass the same gate as the tables; beside each stands the text that pages show.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from ctevidence.display.certainty_tables import final_words, hint_words
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.estimands import outcome_estimands
from ctevidence.display.format import shown
from ctevidence.display.key_messages import key_messages, message
from ctevidence.display.release import counts_released
from ctevidence.display.tables import shown_estimate
from ctevidence.display.verdict_words import (
    detectable_words,
    direction_words,
    driver_words,
    fragility_words,
    rests_words,
    says,
)
from ctevidence.estimates import COLUMNS, Estimate, Estimates
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.wording import wording
from ctevidence.reports.checks.check import Check
from ctevidence.reports.material import Material
from ctevidence.reports.results import read_figure

RESULTS, SCHEMA = "results.json", "results.schema.json"
VERSION = 1
#: in JSON there is no infinity
_INFINITE = {math.inf: "infinite", -math.inf: "-infinite"}


def results_of(material: Material, checks: Iterable[Check]) -> dict:
    """What a report holds, ready for JSON.

    Parameters
    ----------
    material : Material
    checks : iterable of Check
        The rules that the pack is held against; one that fails stops its release.
    """
    disclosure = disclosure_of(material.source)
    own = material.study.name if material.study else ""
    rows = list(_shown_rows(material.estimates, material))
    return {
        "schema": SCHEMA,
        "schema_version": VERSION,
        "report": {
            "name": material.name,
            "made_on": material.date,
            "ctevidence": material.version,
            "condition": material.condition,
        },
        "data_kind": material.banner,
        "disclosure": {
            "profile": disclosure.name,
            "rule": disclosure.describe,
            "suppress_up_to": disclosure.suppress_up_to,
            "round_to": disclosure.round_to,
            "of": disclosure.of,
        },
        "question": _question(material),
        "service": None if material.service is None else _plain(asdict(material.service)),
        "estimands": [_plain(asdict(e)) for e in outcome_estimands(material.estimates, own)],
        "estimates": rows,
        "verdicts": [_verdict(v, material) for v in material.verdicts.values()],
        "certainty": final_words([v for v in material.verdicts.values() if not v.is_elsewhere]),
        "key_messages": list(key_messages(material.verdicts.values(), material.source)),
        "figures": list(_figures(material)),
        "checks": [{"id": c.id, "rule": c.rule, "source": c.source} for c in checks],
    }


def write_results(content: dict, target: Path) -> None:
    """Write ``results.json`` and its schema into a pack."""
    text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
    (target / RESULTS).write_text(text + "\n", encoding="utf-8")
    (target / SCHEMA).write_text(schema_text(), encoding="utf-8")


def schema_text() -> str:
    """The published schema."""
    return (files("ctevidence.reports") / SCHEMA).read_text("utf-8")


def _question(material: Material) -> dict:
    study = material.study
    if study is None:
        return {"people": material.trials.title, "arms": [], "randomised": [], "outcome": None,
                "weeks": [], "primary_week": None, "sources": _sources(material)}  # fmt: skip
    names = ("name", "label", "medication", "therapy")
    arms = [{**{n: getattr(a, n) for n in names}, "treatment": a.treatment} for a in study.arms]
    return {
        "people": study.population or study.title,
        "arms": _plain(arms),
        "randomised": sorted(study.randomised),
        "outcome": study.rules.response.describe() if study.rules.response else None,
        "weeks": list(study.weeks),
        "primary_week": _number(study.primary_week),
        "sources": _sources(material),
    }


def _sources(material: Material) -> list[dict]:
    return [
        {"name": source.name, "title": source.title, "citation": source.citation}
        for source in (material.study, material.trials, material.network)
        if source is not None
    ]


def _shown_rows(rows: Iterable[Estimate], material: Material) -> Iterable[dict]:
    """Rows as released, with the texts that pages show."""
    disclosure = disclosure_of(material.source)
    given = list(rows)
    for exact, row in zip(given, counts_released(Estimates(given), material.source), strict=True):
        value, limits = shown_estimate(exact, disclosure)
        plain = {column: _number(getattr(row, column)) for column in COLUMNS}
        yield {**plain, "shown": {"estimate": value, "range": limits}}


def _verdict(verdict: Verdict, material: Material) -> dict:
    claim, disclosure = verdict.claim, disclosure_of(material.source)
    told = {
        "claim": claim.id,
        "says": says(verdict),
        "is_worry": claim.worry,
        "direction": verdict.direction.value,
        "in_words": direction_words(verdict),
        "certainty": verdict.certainty,
        "is_elsewhere": verdict.is_elsewhere,
        "sentence": message(verdict, material.source),
        "lead": None,
        "lead_id": None,
        "beside": [row.id for row in verdict.beside if row.is_estimable],
        "elsewhere": [row.id for row in verdict.elsewhere],
        "reason": verdict.reason,
        "wording": None,
        "rests": "",
        "risks": {"reference": "", "arm": ""},
        "detectable": "",
        "driver": "",
        "hints": [],
    }
    if verdict.lead is None:
        return told
    (lead,) = _shown_rows([verdict.lead], material)
    allowed = wording(verdict.lead, verdict.certainty, claim.thresholds)
    names = ("strength", "size", "design")
    return told | {
        "lead": lead,
        "lead_id": (verdict.ratio or verdict.lead).id,
        "wording": {name: getattr(allowed, name) for name in names},
        "risks": _risks(verdict),
        "rests": rests_words(verdict, disclosure),
        "detectable": detectable_words(verdict, disclosure),
        "driver": "; ".join(
            filter(None, (driver_words(verdict), fragility_words(verdict, disclosure)))
        ),
        "hints": [
            {"domain": h.domain, "is_concern": h.is_concern, "words": hint_words(h)}
            for h in verdict.hints
        ],
    }


def _risks(verdict: Verdict) -> dict[str, str]:
    """Both risks per 100, where the lead starts from a stated one."""
    baseline, unit = verdict.baseline, verdict.lead.unit
    if unit != "probability" or not 0 < baseline < 1:
        return {"reference": "", "arm": ""}
    with_arm = min(max(baseline + verdict.lead.estimate, 0.0), 1.0)
    return {"reference": shown(baseline, unit), "arm": shown(with_arm, unit)}


def _figures(material: Material) -> Iterable[dict]:
    for path in sorted((material.results / "figures").glob("*.json")):
        figure = read_figure(material.results, path.stem)
        yield {
            "name": figure.name,
            "file": f"figures/{figure.name}.png",
            "title": figure.title,
            "alt": figure.alt,
            "drawn": list(figure.drawn),
        }


def _number(value):
    """A value that JSON knows: missing numbers as null, infinity in words."""
    if isinstance(value, float):
        return None if math.isnan(value) else _INFINITE.get(value, value)
    return value


def _plain(value):
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return _number(value)
