"""Definitions of response that a study declares, to be shown side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ctevidence.data.rules import MISSING, ResponseRule
from ctevidence.terms import did_you_mean

#: How a missing score can count in a definition, with the words that a row's name carries.
#: Carrying the last score forward assumes that nothing changed after it: shown because others have
#: used it, never the main analysis.
COUNTINGS = {
    "observed": "(observed)",
    "non-response": "(missing as non-response)",
    "last-observation": "(last score carried forward)",
}


@dataclass(frozen=True)
class ResponseDefinition:
    """One way of saying who responded, and the ways in which its missing scores count.

    Parameters
    ----------
    name : str
        The key in ``study.toml``.
    label : str
        In words, ``"50 % fall"``.
    rule : ResponseRule or None
        None for recovery by the declared rule of clinical change.
    missing : tuple of str
        Some of `COUNTINGS`.
    """

    name: str
    label: str
    rule: ResponseRule | None
    missing: tuple[str, ...]

    def __post_init__(self) -> None:
        for word in self.missing:
            if word not in COUNTINGS:
                raise ValueError(
                    f'How a missing score counts is "{word}"{did_you_mean(word, COUNTINGS)}'
                )
        if not self.missing or len(set(self.missing)) < len(self.missing):
            raise ValueError("missing lists how a missing score counts, each way once.")
        if self.rule is None and "last-observation" in self.missing:
            raise ValueError("Recovery is not counted with the last score carried forward.")

    def outcome_name(self, missing: str) -> str:
        return f"response, {self.label} {COUNTINGS[missing]}"

    def rule_counting(self, missing: str) -> ResponseRule:
        """The rule with a missing score counted in one of the two ways that a rule knows."""
        return replace(self.rule, missing=missing if missing in MISSING else "observed")
