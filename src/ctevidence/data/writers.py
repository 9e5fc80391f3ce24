"""Writers: a `Study` becomes a folder that `read_study` reads back as the same study."""

from __future__ import annotations

import math
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any

import pandas as pd

from ctevidence.data.columns import KEY, TABLE_COLUMNS, TEXT_COVARIATES, item_columns
from ctevidence.data.declaration import FILE
from ctevidence.data.declared_rules import RESPONSE_KEYS
from ctevidence.data.event_checks import EVENTS
from ctevidence.data.scales import Scale, get_scale
from ctevidence.data.study import TABLES, Rules, Study
from ctevidence.data.toml_text import toml_text

#: Tables that are left out when they have no rows.
_OPTIONAL = ("events", "treatments")


def write_study(study: Study, folder: str | Path) -> Path:
    """Write ``study.toml`` and the tables as CSV.

    Parameters
    ----------
    study : Study
    folder : str or Path
        A new or empty folder.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileExistsError
        When the folder holds something: data are never overwritten.
    """
    folder = Path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(
            f"{folder} is not empty, and data are never overwritten. Give a new folder, or remove "
            "this one."
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(toml_text(declaration_of(study)), encoding="utf-8", newline="\n")
    for name in TABLES:
        table = _as_text(study, name)
        if len(table) or name not in _OPTIONAL or _needs_events(study, name):
            table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    return folder


def _needs_events(study: Study, table: str) -> bool:
    """Whether a rule looks at events: then no events are a finding, not a missing file."""
    rules = study.rules
    by_events = (rules.relapse and rules.relapse.from_events) or (
        rules.retention and rules.retention.source == "events"
    )
    return table == "events" and bool(by_events)


# -- tables ---------------------------------------------------------------------------------------


def _as_text(study: Study, name: str) -> pd.DataFrame:
    frame = study.tables[name]
    if items := item_columns(frame):
        # the total of a questionnaire is calculated again when it is read
        answered = frame[items].notna().any(axis=1)
        frame = frame.assign(score=frame["score"].mask(answered))
    optional = [c for c, spec in TABLE_COLUMNS[name].items() if not spec.required]
    empty = [c for c in optional if c in frame and (frame[c].isna() | (frame[c] == "")).all()]
    return frame.drop(columns=empty).map(_cell)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or math.isnan(value):
        return ""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


# -- study.toml -----------------------------------------------------------------------------------


def declaration_of(study: Study) -> dict[str, Any]:
    """What ``study.toml`` says of a study, as plain values by table and key."""
    return {
        "study": {
            "name": study.name,
            "title": study.title,
            "condition": study.condition,
            "population": study.population or None,
            "data_kind": study.data_kind,
            "design": study.design,
            "randomised": sorted(study.randomised),
            "citation": study.citation or None,
            "notes": list(study.notes) or None,
            "inactive": list(study.inactive),
        },
        "arms": {
            arm.name: {
                "treatment": str(arm.treatment),
                "label": None if arm.label == arm.name else arm.label,
                "medication": arm.medication or None,
                "therapy": arm.therapy or None,
            }
            for arm in study.arms
        },
        "scale": {"primary": study.primary_scale},
        "scales": _own_scales(study) or None,
        "missing_items": dict(study.missing_items) or None,
        "schedule": {
            "baseline_days": list(study.baseline_days),
            "visits": [
                {"name": w.name, "week": w.week, "days": [w.first_day, w.last_day]}
                for w in study.schedule
            ],
        },
        **_declared_rules(study.rules),
        "events": _other_events(study),
        "covariates": _covariate_kinds(study) or None,
        "analysis": {
            "primary_week": _number(study.primary_week),
            "adjust": list(study.adjust),
            "several_arms": study.several_arms,
        },
        "disclosure": {"profile": study.disclosure},
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _declared_rules(rules: Rules) -> dict[str, Any]:
    response, remission, relapse, retention = (
        rules.response,
        rules.remission,
        rules.relapse,
        rules.retention,
    )
    entry = {
        "baseline_at_least": _number(rules.entry.baseline_at_least),
        "allow_missing_baseline": rules.entry.allow_missing_baseline or None,
    }
    return {
        "who_enters": entry if any(v is not None for v in entry.values()) else None,
        "response": response
        and {
            "kind": response.kind,
            **{key: getattr(response, key) for key in RESPONSE_KEYS[response.kind]},
            "missing": response.missing,
        },
        "remission": remission and asdict(remission),
        "relapse": relapse
        and {
            "from": "events" if relapse.from_events else "visits",
            "after": relapse.after,
            "threshold": None if relapse.from_events else relapse.threshold,
            "confirm_visits": None if relapse.from_events else relapse.confirm_visits,
            "randomised_after_response": relapse.randomised_after_response or None,
        },
        "retention": retention and {"from": retention.source},
    }


def _own_scales(study: Study) -> dict[str, Any]:
    """Scales that the package does not have, by the word that the visits use."""
    return {word: _scale(scale) for word, scale in study.scales.items() if not _is_known(word)}


def _is_known(word: str) -> bool:
    try:
        get_scale(word)
    except ValueError:
        return False
    return True


def _scale(scale: Scale) -> dict[str, Any]:
    """The keys of a scale that say more than their default."""
    values: dict[str, Any] = {}
    for key in fields(scale):
        default = (
            key.default_factory()
            if key.default is MISSING and callable(key.default_factory)
            else key.default
        )
        value = getattr(scale, key.name)
        if value != default:
            values[key.name] = value
    if scale.bands:
        values["bands"] = [[band.label, band.low, band.high] for band in scale.bands]
    if scale.reliability:
        known = {k: v for k, v in asdict(scale.reliability).items() if v is not None}
        values["reliability"] = known
    return values


def _other_events(study: Study) -> dict[str, list[str]] | None:
    other = sorted(set(study.tables["events"]["event"]) - set(EVENTS))
    return {"other": other} if other else None


def _covariate_kinds(study: Study) -> dict[str, str]:
    people = study.tables["participants"]
    names = [name for name in people.columns if name not in (KEY, "arm", *TEXT_COVARIATES)]
    return {n: "number" if people[n].dtype.kind in "fi" else "category" for n in names}
