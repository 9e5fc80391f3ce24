"""Certainty as readers see it: computed hints, the judgement if there is one, what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.format import interval, number
from ctevidence.display.release import gated
from ctevidence.display.table import Table
from ctevidence.display.verdict_tables import sure_words
from ctevidence.estimates import Estimate
from ctevidence.evidence.certainty import LOWERING, RAISING, Judgement
from ctevidence.evidence.claims import Verdict
from ctevidence.evidence.hints import Hint
from ctevidence.language import capital, pick, say, words


def table_certainty(verdicts: Iterable[Verdict], source="opensafely") -> Table:
    """Hints and judgements, domain by domain, of every claim that has an estimate.

    Parameters
    ----------
    verdicts : iterable of Verdict
    source : Study, Trials or name of a disclosure profile
        Where the lead may not be shown, nor are its hints.
    """
    disclosure = disclosure_of(source)
    rows = [
        [verdict.claim.says, *cells]
        for verdict in verdicts
        if verdict.lead is not None and gated(verdict.lead, disclosure).is_estimable
        for cells in _domains(verdict)
    ]
    titles = words("certainty_columns")
    columns = [titles[name] for name in ("claim", "domain", "hint", "judged")]
    frame = pd.DataFrame(rows, columns=columns)
    return Table("certainty", say("certainty.title"), frame, (say("certainty.hint"),))


def _domains(verdict: Verdict) -> Iterable[list[str]]:
    """A row for each domain, and one for the level."""
    judged = {step.domain: step for step in verdict.judgement.steps} if verdict.judgement else {}
    for domain in (*LOWERING, *(d for d in RAISING if d in judged)):
        hints = [hint_words(hint) for hint in verdict.hints if hint.domain == domain]
        step = judged.get(domain)
        told = say("certainty.not_assessed")
        if step is not None:
            told = say("certainty.judged", step=f"{step.step:+d}", reason=step.reason)
        yield [pick("domains", domain), capital("; ".join(hints)), told]
    yield [say("certainty.whole"), "", level_words(verdict)]


def level_words(verdict: Verdict) -> str:
    """The level, with who judged it and when."""
    judgement: Judgement | None = verdict.judgement
    if judgement is None:
        return sure_words(verdict)
    who, day = judgement.judged_by, judgement.date.isoformat()
    return say("certainty.level", level=sure_words(verdict), who=who, date=day)


def hint_words(hint: Hint) -> str:
    """A hint in words, numbers as precise as readers see them."""
    values = {k: v for k, v in hint.values.items() if not isinstance(v, Estimate)}
    row = hint.values.get("row")
    if row is not None:
        limits = interval(row.conf_low, row.conf_high, row.unit)
        is_ratio = row.unit == "ratio"
        values["limits"] = say("certainty.times", limits=limits) if is_ratio else limits
    if "tau" in values:
        tau = values["tau"]
        values["tau"] = say("certainty.unknown") if math.isnan(tau) else number(tau, 2)
    return pick("hints", hint.key, **values)


def final_words(verdicts: Iterable[Verdict]) -> str:
    """Whether the report may be called final: the certainty of every estimate was judged."""
    having = [verdict for verdict in verdicts if verdict.lead is not None]
    missing = sum(verdict.needs_judgement for verdict in having)
    if missing or not having:
        return say("claims.not_final", count=missing, all=len(having))
    return say("claims.final")


def is_final(verdicts: Iterable[Verdict]) -> bool:
    """Whether the certainty of every claim that has an estimate was judged by people."""
    having = [verdict for verdict in verdicts if verdict.lead is not None]
    return bool(having) and not any(verdict.needs_judgement for verdict in having)
