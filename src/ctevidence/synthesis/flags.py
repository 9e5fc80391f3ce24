"""What a flag on a trial does to an analysis.

A flag either puts the trial into a *stratum* of its own, which the main analysis leaves out and
which is pooled when asked for by name, or leaves it where it is with a *caution*. Nothing is left
out for good: ``exclude_flags`` of `effect_sizes` does that, on request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAIN_STRATUM = "main"
ANY_STRATUM = "any"


@dataclass(frozen=True)
class FlagRule:
    """A flag, what it means in words, and the stratum it makes (empty: a caution only)."""

    flag: str
    meaning: str
    stratum: str = ""


FLAG_RULES = {
    rule.flag: rule
    for rule in (
        FlagRule(
            "taper_in_therapy_arm",
            "the therapy arm tapered the drug: withdrawal is part of the contrast",
            stratum="taper",
        ),
        FlagRule(
            "taper_both_arms",
            "both arms tapered the drug: withdrawal is part of both",
            stratum="taper",
        ),
        FlagRule(
            "prior_nonresponse",
            "people who had not responded to a first treatment",
            stratum="prior_nonresponse",
        ),
        FlagRule(
            "relapse_from_start",
            "relapse counted among everyone who started, not after response",
            stratum="relapse_from_start",
        ),
        FlagRule("therapy_arm_without_pill", "the therapy arm took no pill: not blinded to the drug"),
        FlagRule("drugs_allowed_in_control", "drugs were allowed in the control arm"),
        FlagRule("completers", "completers only, not everyone randomised"),
        FlagRule("group_therapy", "therapy in groups: the interval ignores clustering"),
        FlagRule("survival_estimate", "counts worked out from survival curves: too certain"),
        FlagRule("response_by_cutoff", "response by a cut-off score, not by improvement"),
        FlagRule("arms_missing", "counts of other arms of the trial were not available"),
        FlagRule("dropout_only", "only dropout is available from this trial"),
        FlagRule("bipolar_depression_recovery", "remission is recovery from bipolar depression"),
    )
}


def split_flags(text: str) -> tuple[str, ...]:
    """The flags of a semicolon list.

    Examples
    --------
    >>> split_flags("completers; group_therapy")
    ('completers', 'group_therapy')
    """
    return tuple(word.strip() for word in text.split(";") if word.strip())


def stratum_of(flags: Iterable[str], rules: Mapping[str, FlagRule] = FLAG_RULES) -> str:
    """The stratum that flags make; several are joined by ``+``, none is the main analysis.

    Examples
    --------
    >>> stratum_of(["group_therapy"]), stratum_of(["taper_both_arms", "group_therapy"])
    ('main', 'taper')
    """
    found = {rules[flag].stratum for flag in flags} - {""}
    return "+".join(sorted(found)) or MAIN_STRATUM


def cautions_of(flags: Iterable[str], rules: Mapping[str, FlagRule] = FLAG_RULES) -> list[str]:
    """What the flags mean, in words."""
    return [rules[flag].meaning for flag in flags]


def undeclared(flags: Iterable[str], rules: Mapping[str, FlagRule] = FLAG_RULES) -> list[str]:
    """Flags for which no rule is declared."""
    return sorted(set(flags) - set(rules))
