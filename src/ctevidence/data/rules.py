"""Rules: what counts as response, remission, relapse, staying in treatment.

A rule is a small frozen object, declared in ``study.toml`` and never inferred. Each says itself in
one sentence (``describe``), which stands under every result made with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ctevidence.language import say
from ctevidence.names import in_words, name_of
from ctevidence.terms import did_you_mean

RESPONSE_KINDS = ("percent_fall", "reliable_change", "cut_off")
MISSING = ("observed", "non-response")
STARTS = ("response", "remission", "baseline")
#: comparisons of times to relapse that can be read first
LEADS = ("rmst", "hazard_ratio")
#: What a recorded reason of dropout may count as. People also leave because they are well.
DROPOUT_KINDS = ("well", "no benefit", "side effects", "never started", "other")


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f'{what} is "{value}"{did_you_mean(value, allowed)}')


def _positive(what: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{what} is {value}; it must be a number above 0.")


@dataclass(frozen=True)
class ResponseRule:
    """Improvement since baseline that counts as response.

    Parameters
    ----------
    kind : {"percent_fall", "reliable_change", "cut_off"}
        ``percent_fall``: improved by at least `percent` of the way from the baseline score to the
        best score of the scale.
        ``reliable_change``: improved by more than 1.96 standard errors of a difference
        (Jacobson and Truax 1991), from `reliability` and `standard_deviation`.
        ``cut_off``: at or beyond `threshold`, in the good direction.
    missing : {"observed", "non-response"}
        How a missing score counts. No default: people without a score are left out, or count as
        not having responded.
    """

    kind: Literal["percent_fall", "reliable_change", "cut_off"]
    missing: Literal["observed", "non-response"]
    percent: float = math.nan
    threshold: float = math.nan
    reliability: float = math.nan
    standard_deviation: float = math.nan

    def __post_init__(self) -> None:
        _one_of("The kind of response", self.kind, RESPONSE_KINDS)
        _one_of("How a missing score counts (missing)", self.missing, MISSING)
        if self.kind == "percent_fall":
            _positive("percent", self.percent)
            if self.percent > 100:
                raise ValueError(
                    f"percent is {self.percent}; a score cannot fall by more than 100."
                )
        elif self.kind == "reliable_change":
            _positive("standard_deviation", self.standard_deviation)
            if not 0 < self.reliability < 1:
                raise ValueError(f"reliability is {self.reliability}; it lies between 0 and 1.")
        elif not math.isfinite(self.threshold):
            raise ValueError("A cut-off rule needs threshold, the score that counts as response.")

    @property
    def reliable_change(self) -> float:
        """Points of change beyond measurement error: 1.96 SD sqrt(2 (1 - r)).

        Jacobson and Truax (1991), J Consult Clin Psychol 59:12.
        """
        return 1.959963984540054 * self.standard_deviation * math.sqrt(2 * (1 - self.reliability))

    def describe(self) -> str:
        missing = _describe_missing(self.missing)
        return say("rules.response", improvement=self.in_words, missing=missing)

    @property
    def in_words(self) -> str:
        """What counts as response."""
        return in_words(self.name)

    @property
    def name(self) -> str:
        """What counts as response, as rows name it."""
        if self.kind == "percent_fall":
            return name_of("percent_fall", percent=f"{self.percent:g}")
        if self.kind == "reliable_change":
            return name_of("reliable_change", points=f"{self.reliable_change:.1f}")
        return name_of("beyond", value=f"{self.threshold:g}")


def _describe_missing(missing: str) -> str:
    if missing == "observed":
        return say("rules.left_out")
    return say("rules.not_responded")


@dataclass(frozen=True)
class RemissionRule:
    """A score at or beyond `threshold`, in the good direction of the scale."""

    threshold: float
    missing: Literal["observed", "non-response"] = "observed"

    def __post_init__(self) -> None:
        _one_of("How a missing score counts (missing)", self.missing, MISSING)
        if not math.isfinite(self.threshold):
            raise ValueError("Remission needs threshold, the score at which someone is well.")

    def describe(self) -> str:
        threshold = say("names_with.beyond", value=f"{self.threshold:g}")
        missing = _describe_missing(self.missing)
        return say("rules.remission", threshold=threshold, missing=missing)


@dataclass(frozen=True)
class RelapseRule:
    """Return of illness.

    Parameters
    ----------
    after : {"response", "remission", "baseline"}
        Where counting starts. From response or remission it conditions on something that treatment
        changed: descriptive only, unless people were randomised after responding.
    threshold : float
        A score at or beyond this, in the bad direction, is ill again; empty with `from_events`.
    confirm_visits : int
        Visits in a row that must show it (1: the first is enough). The interval in which relapse
        happened ends at the first of them, not at the confirmation.
    from_events : bool
        Relapse is an event recorded in ``events`` (``relapse``) instead of a score.
    randomised_after_response : bool
        True in maintenance trials: then relapse is a randomised comparison.
    lead : {"rmst", "hazard_ratio"}
        Which comparison of times to relapse is read first: the difference in weeks without it, or
        the hazard ratio. A hazard ratio leads only while hazards are proportional; where they are
        not, weeks do, and say so.
    """

    after: Literal["response", "remission", "baseline"]
    threshold: float = math.nan
    confirm_visits: int = 1
    from_events: bool = False
    randomised_after_response: bool = False
    lead: Literal["rmst", "hazard_ratio"] = "rmst"

    def __post_init__(self) -> None:
        _one_of("Where relapse counts from (after)", self.after, STARTS)
        _one_of("Which comparison of times leads (lead)", self.lead, LEADS)
        if self.confirm_visits < 1:
            raise ValueError(
                f"confirm_visits is {self.confirm_visits}; at least one visit is needed."
            )
        if not self.from_events and not math.isfinite(self.threshold):
            raise ValueError('Relapse needs threshold, or from = "events" with recorded events.')

    @property
    def is_descriptive(self) -> bool:
        """Whether arms compared from this start are no longer the groups that were formed."""
        return self.after != "baseline" and not self.randomised_after_response

    def describe(self) -> str:
        if self.from_events:
            what = say("rules.recorded_relapse")
        else:
            what = say("names_with.beyond", value=f"{self.threshold:g}")
            if self.confirm_visits > 1:
                what += say("rules.in_a_row", visits=self.confirm_visits)
        lead = "" if self.lead == "rmst" else say("rules.hazard_leads")
        return say("rules.relapse", what=what, after=in_words(self.after), lead=lead)


@dataclass(frozen=True)
class RetentionRule:
    """Staying in treatment.

    ``from_events``: dropout is a recorded event. Otherwise it is read off the last visit: whoever
    was not seen at the last scheduled visit dropped out after the last visit attended.

    Parameters
    ----------
    source : {"events", "last_visit"}
    reasons : tuple of (str, str)
        Recorded reasons of dropout, each with what it counts as, one of `DROPOUT_KINDS`. Without
        any, dropout is not counted by reason: the words of reasons are never shown.
    treatments_show_starts : bool
        Whoever has no row in ``treatments`` for an active component of their arm never started it.
    """

    source: Literal["events", "last_visit"]
    reasons: tuple[tuple[str, str], ...] = ()
    treatments_show_starts: bool = False

    def __post_init__(self) -> None:
        _one_of("Where retention comes from (from)", self.source, ("events", "last_visit"))
        for reason, kind in self.reasons:
            _one_of(f'What the reason "{reason}" counts as', kind, DROPOUT_KINDS)

    def describe(self) -> str:
        recorded = self.source == "events"
        found = say("rules.no_dropout") if recorded else say("rules.last_visit")
        # kinds, not the words of the reasons: these may hold what a person said
        given = {kind for _, kind in self.reasons}
        kinds = ", ".join(in_words(kind) for kind in DROPOUT_KINDS if kind in given)
        by_kind = say("rules.dropout_kinds", kinds=kinds) if kinds else ""
        return say("rules.retention", found=found) + by_kind


@dataclass(frozen=True)
class EntryRule:
    """Who enters the analyses: a baseline score at least this bad; everyone when empty.

    Nobody enters without a baseline score. `allow_missing_baseline` says that the data may hold
    such people; otherwise a missing baseline score is a problem of the data.
    """

    baseline_at_least: float = math.nan
    allow_missing_baseline: bool = False

    def describe(self) -> str:
        if math.isnan(self.baseline_at_least):
            return say("rules.everyone_enters")
        severity = say("rules.baseline", value=f"{self.baseline_at_least:g}")
        return say("rules.severe_enter", severity=severity)
