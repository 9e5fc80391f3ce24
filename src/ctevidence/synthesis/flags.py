"""What a flag on a trial does to an analysis.

A flag either puts the trial into a *stratum* of its own, which the main analysis leaves out and
which is pooled when asked for by name, or leaves it where it is with a *caution*. A flag about one
arm acts only on contrasts with that arm: where the therapy arm alone tapered its drug, combined
against medication holds no withdrawal. Nothing is left out for good: ``exclude_flags`` of
`effect_sizes` does that, on request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ctevidence.language import pick

MAIN_STRATUM = "main"
ANY_STRATUM = "any"


@dataclass(frozen=True)
class FlagRule:
    """A flag and what it does.

    `declared` is what it means, in words; empty for a flag that the file of words knows.
    `stratum` names the stratum it makes (empty: a caution only), `treatments` the treatments of
    which a contrast must hold one for the flag to matter (empty: all contrasts), `is_bias` whether
    it speaks of bias in the trial itself: of whom it counted, or of who knew what was given.
    """

    flag: str
    declared: str = ""
    stratum: str = ""
    treatments: tuple[str, ...] = ()
    is_bias: bool = False

    @property
    def meaning(self) -> str:
        """What the flag says, in words."""
        return self.declared or pick("flags", self.flag)


FLAG_RULES = {
    rule.flag: rule
    for rule in (
        FlagRule(
            "taper_in_therapy_arm",
            stratum="taper",
            treatments=("therapy",),
        ),
        FlagRule(
            "taper_both_arms",
            stratum="taper",
        ),
        FlagRule(
            "prior_nonresponse",
            stratum="prior_nonresponse",
        ),
        FlagRule(
            "relapse_from_start",
            stratum="relapse_from_start",
        ),
        FlagRule(
            "therapy_arm_without_pill",
            treatments=("therapy",),
            is_bias=True,
        ),
        FlagRule(
            "drugs_allowed_in_control",
            treatments=("control",),
            is_bias=True,
        ),
        FlagRule(
            "group_therapy",
            treatments=("therapy", "combined"),
        ),
        FlagRule("completers", is_bias=True),
        FlagRule("survival_estimate"),
        FlagRule("response_by_cutoff"),
        FlagRule("arms_missing"),
        FlagRule("dropout_only"),
        FlagRule("bipolar_depression_recovery"),
    )
}


def acting(
    flags: Iterable[str], treatments: Iterable[str], rules: Mapping[str, FlagRule] = FLAG_RULES
) -> list[FlagRule]:
    """Rules of the flags that matter for a contrast of these treatments.

    Raises
    ------
    ValueError
        When a flag has no rule.

    Examples
    --------
    >>> [rule.flag for rule in acting(["completers", "taper_in_therapy_arm"],
    ...                               ["combined", "medication"])]
    ['completers']
    """
    unknown = sorted(set(flags) - set(rules))
    if unknown:
        raise ValueError(
            f"No rule says what the flag {', '.join(unknown)} does to an analysis. Correct the "
            f"word, or declare a FlagRule for it in flag_rules. Known: {', '.join(rules)}."
        )
    present = set(treatments)
    return [r for r in (rules[f] for f in flags) if not r.treatments or present & set(r.treatments)]


def stratum_of(rules: Iterable[FlagRule]) -> str:
    """The stratum that the rules make; several are joined by ``+``, none is the main analysis.

    Examples
    --------
    >>> stratum_of([]), stratum_of([FLAG_RULES["taper_both_arms"], FLAG_RULES["completers"]])
    ('main', 'taper')
    """
    return "+".join(sorted({rule.stratum for rule in rules} - {""})) or MAIN_STRATUM
