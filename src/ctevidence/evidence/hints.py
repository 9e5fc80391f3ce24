"""Hints for the person who judges certainty: computed, domain by domain, and never a grade.

Domains as GRADE has them (Cochrane Handbook 6.5, ch. 14). What can be computed is said; what
cannot, such as risk of bias that nobody has judged, is said to be missing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from scipy.stats import norm

from ctevidence.contrasts.power import POWER
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claim import TRIALS, Claim
from ctevidence.evidence.hearing import is_elsewhere, rests_on_transitivity, source_of
from ctevidence.evidence.one_scale import Weighed, key_of
from ctevidence.evidence.verdict import (
    SMALL_STUDY,
    Thresholds,
    better_direction,
    is_ratio,
    limits_for_good,
    people_behind,
    rests_on_one_small_study,
)
from ctevidence.names import in_words
from ctevidence.synthesis.risk_of_bias import bias_of, is_judged_high

PREDICTION, SMALL_STUDIES = "_prediction", "_small_study_range"
#: below this small-study effects cannot be told from chance
ENOUGH_TRIALS = 10


@dataclass(frozen=True)
class Hint:
    """Something computed about one domain.

    Parameters
    ----------
    domain : str
        One of `certainty.LOWERING`.
    key : str
        What was found, by the name under which languages have their words.
    is_concern : bool or None
        Whether it speaks for lowering certainty; None where it could not be told.
    values : mapping
        Estimates and counts that the words need; display rounds them.
    """

    domain: str
    key: str
    is_concern: bool | None
    values: Mapping[str, object] = field(default_factory=dict)


def hints_of(
    claim: Claim, lead: Weighed, estimates: Estimates, condition: str | None = None
) -> tuple[Hint, ...]:
    """What can be computed about the certainty of a lead estimate, domain by domain.

    Parameters
    ----------
    claim : Claim
    lead : Weighed
    estimates : Estimates
        All, among which prediction and small-study range of the lead stand.
    condition : str, optional
        What was asked about.
    """
    about = {
        suffix: next((r for r in estimates if _belongs(r, lead, suffix)), None)
        for suffix in (PREDICTION, SMALL_STUDIES)
    }
    return (
        *_risk_of_bias(lead.row),
        *_inconsistency(lead, about[PREDICTION]),
        *_indirectness(claim, lead.row, condition),
        *_imprecision(claim.thresholds, lead),
        *_publication_bias(lead.row, about[SMALL_STUDIES]),
    )


def _belongs(row: Estimate, lead: Weighed, suffix: str) -> bool:
    ratio = lead.ratio or lead.row
    return row.measure == f"{ratio.measure}{suffix}" and key_of(row)[1:5] == key_of(ratio)[1:5]


def _risk_of_bias(row: Estimate) -> Iterator[Hint]:
    found = bias_of(row.caution)
    if found:
        yield Hint("risk_of_bias", "bias-flagged", True, {"flags": "; ".join(found)})
    if not any(map(is_judged_high, found)):
        yield Hint("risk_of_bias", "bias-not-assessed", None)
    if row.randomised is False:
        yield Hint("risk_of_bias", "bias-not-randomised", True)


def _inconsistency(lead: Weighed, new: Estimate | None) -> Iterator[Hint]:
    """From the prediction interval: what a new, similar trial may find; tau beside it."""
    if new is None or math.isnan(new.conf_low):
        yield Hint("inconsistency", "two-few-trials", None)
        return
    low, high = limits_for_good(new)
    values = {"row": new, "tau": _tau(lead.ratio or lead.row, new)}
    own_low, own_high = limits_for_good(lead.ratio or lead.row)
    if low > 0 or high < 0:
        yield Hint("inconsistency", "prediction-agrees", False, values)
    elif own_low > 0 or own_high < 0:  # the mean excludes none, a new trial does not
        yield Hint("inconsistency", "prediction-holds-none", True, values)
    else:
        yield Hint("inconsistency", "prediction-wide", True, values)


def _tau(mean: Estimate, new: Estimate) -> float:
    """Between-study standard deviation: what the error of a new trial has beyond that of the mean.

    ``sqrt(se_new^2 - se_mean^2)`` on the analysis scale, 0 where the two agree.
    """
    excess = new.std_error**2 - mean.std_error**2
    return math.nan if math.isnan(excess) else math.sqrt(max(excess, 0.0))


def _indirectness(claim: Claim, row: Estimate, condition: str | None) -> Iterator[Hint]:
    flags = []
    if rests_on_transitivity(row):
        flags.append(Hint("indirectness", "transitivity", True))
    if " or " in row.outcome:
        flags.append(
            Hint("indirectness", "mixed-outcomes", True, {"outcome": in_words(row.outcome)})
        )
    if is_elsewhere(claim, row, condition):
        flags.append(Hint("indirectness", "other-people", True))
    yield from flags or [Hint("indirectness", "direct", None)]


def _imprecision(thresholds: Thresholds, lead: Weighed) -> Iterator[Hint]:
    """The range against the thresholds, and the people against what one trial would need."""
    row, least = lead.row, thresholds.of(lead.row)
    low, high = limits_for_good(row)
    crossed = [x for x in (-least, least) if low < x < high]
    if low < 0 < high and crossed:
        yield Hint("imprecision", "crosses", True)
    else:
        yield Hint("imprecision", "crosses-least" if crossed else "holds", bool(crossed))
    needed = information_size(lead.baseline, least, better_direction(row))
    if needed is not None and not is_ratio(row):
        people = people_behind(row)
        is_few = people < needed
        values = {"people": people, "needed": needed}
        yield Hint("imprecision", "few-people" if is_few else "enough-people", is_few, values)
    if rests_on_one_small_study(row):
        yield Hint("imprecision", "one-small-study", True, {"small": SMALL_STUDY})


def information_size(baseline: float, least: float, better: str = "higher") -> int | None:
    r"""People in both arms that one trial needs to find the smallest difference that matters.

    The optimal information size of GRADE (Guyatt et al. 2011, J Clin Epidemiol 64:1283), two-sided
    5 %, power 80 %: :math:`2 (z_{0.975} + z_{0.8})^2 \{p_0 q_0 + p_1 q_1\}/\Delta^2`, with
    :math:`p_1 = p_0 \pm \Delta` in the good direction.

    Parameters
    ----------
    baseline, least : float
        Risk with the reference, and difference, as proportions.
    better : {"higher", "lower"}

    Returns
    -------
    int or None
        None where there is no such risk.

    Examples
    --------
    By hand: 2 x 7.8489 x (0.24 + 0.25) / 0.01 = 769.2.

    >>> information_size(0.4, 0.1)
    770
    """
    other = baseline + (least if better == "higher" else -least)
    if not (least > 0 and 0 < baseline < 1 and 0 < other < 1):
        return None
    z = float(norm.ppf(0.975) + norm.ppf(POWER))
    spread = baseline * (1 - baseline) + other * (1 - other)
    return math.ceil(2 * z**2 * spread / least**2)


def _publication_bias(row: Estimate, small: Estimate | None) -> Iterator[Hint]:
    if source_of(row) != TRIALS or (row.studies or 1) < 2:
        yield Hint("publication_bias", "none-published", None)
        return
    if small is not None:
        low, high = limits_for_good(small)
        turns = low <= 0 <= high
        key = "small-studies-turn" if turns else "small-studies-hold"
        yield Hint("publication_bias", key, turns, {"row": small})
    if (row.studies or 1) < ENOUGH_TRIALS:
        yield Hint("publication_bias", "small-studies-unknown", None)
