"""One scale: a ratio of risks becomes people per 100 at a stated baseline; no evidence twice."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claim import TRIALS, Claim
from ctevidence.evidence.hearing import rests_on_transitivity, source_of
from ctevidence.language import say
from ctevidence.synthesis.absolute import RATIOS, absolute_effect

#: between the id of a difference and the arm, in the id of a risk that it starts from
OWN_RISK = "/risk-with-"
#: the same question to the same people in the same source
Key = tuple[str, ...]


@dataclass(frozen=True)
class Weighed:
    """An estimate as it is weighed, with the ratio behind it and the risk it starts from.

    Attributes
    ----------
    row : Estimate
        Per 100 people where that can be said, else as it is.
    ratio : Estimate or None
        The same evidence as a ratio.
    baseline : float
        Risk with the reference; ``nan`` where it is not known.
    """

    row: Estimate
    ratio: Estimate | None = None
    baseline: float = math.nan


def key_of(row: Estimate) -> Key:
    """What rows share that are the same evidence; pooled rows are told apart by population."""
    study = "" if source_of(row) == TRIALS else row.study
    return (study, row.population, row.outcome, row.arm, row.reference, str(row.week),
            row.alternative)  # fmt: skip


def on_one_scale(claim: Claim, speaking: Iterable[Estimate], estimates: Estimates):
    """The estimates that speak, each piece of evidence once, per 100 people where possible.

    Parameters
    ----------
    claim : Claim
    speaking : iterable of Estimate
    estimates : Estimates
        All, among which the risks with the reference stand.

    Returns
    -------
    list of Weighed
        In the order given. Of the same evidence in several measures the claim's first is kept.
    """
    same: dict[Key, list[Estimate]] = {}
    for row in speaking:
        same.setdefault(key_of(row), []).append(row)
    baselines = _baselines(estimates)
    return [_weighed(claim, rows, baselines) for rows in same.values()]


def _weighed(claim: Claim, rows: list[Estimate], baselines: Mapping) -> Weighed:
    order = _order(claim, rows[0])
    first = min(rows, key=lambda row: (not row.is_estimable, order.index(row.measure)))
    ratio = next((r for r in rows if r.measure in RATIOS and r.is_estimable), None)
    # risks of one arm stand at another baseline in every comparison: that of its own comes first
    place = _place(first)
    baseline = baselines.get(
        f"{first.id}{OWN_RISK}{first.reference}", baselines.get(place, math.nan)
    )
    if math.isnan(baseline) and first.n_reference and first.events_reference is not None:
        baseline = first.events_reference / first.n_reference
    if first is ratio:
        first = per_100(ratio, baseline)
    return Weighed(first, ratio, baseline)


def _order(claim: Claim, row: Estimate) -> tuple[str, ...]:
    return claim.network_measures if rests_on_transitivity(row) else claim.measures


def _baselines(estimates: Estimates) -> dict:
    """Risks with one arm, by id, and by study where they are of one, population, outcome, arm."""
    found: dict = {}
    for row in estimates:
        if row.measure == "risk" and not row.reference and row.is_estimable:
            found.setdefault(_place(row, row.arm), row.estimate)
            found.setdefault(row.id, row.estimate)
    return found


def _place(row: Estimate, arm: str | None = None) -> tuple:
    study = "" if source_of(row) == TRIALS else row.study
    return study, row.population, row.outcome, arm or row.reference, str(row.week)


def per_100(ratio: Estimate, baseline: float) -> Estimate:
    """A ratio as a risk difference at a baseline risk; as it is where that cannot be said.

    Examples
    --------
    >>> ratio = Estimate("t", "relapse", "combined", "risk_ratio", 0.5, reference="medication",
    ...     unit="ratio", conf_low=0.25, conf_high=1.0)
    >>> per_100(ratio, 0.4).estimate
    -0.2
    """
    limits = (ratio.conf_low, ratio.conf_high)
    can = ratio.measure in RATIOS and all(math.isfinite(x) and x > 0 for x in limits)
    if not can or not 0 < baseline < 1:
        return ratio
    found = absolute_effect(ratio.estimate, *limits, baseline, ratio.measure)
    if math.isnan(found.difference):
        return ratio
    return replace(
        ratio,
        id=f"{ratio.id}/per-100",
        measure="risk_difference",
        unit="probability",
        estimate=found.difference,
        conf_low=found.difference_low,
        conf_high=found.difference_high,
        std_error=math.nan,
        error_scale="identity",
        p_value=math.nan,
        method=say("evidence.one_scale.method", method=ratio.method, risk=f"{100 * baseline:.0f}"),
        caution="; ".join(filter(None, (found.caution, ratio.caution))),
    )
