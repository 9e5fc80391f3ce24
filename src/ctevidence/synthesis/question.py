"""What is asked of a table of published trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.synthesis.flags import ANY_STRATUM, FLAG_RULES, MAIN_STRATUM, FlagRule
from ctevidence.terms import SEVERAL_ARMS, did_you_mean

WEEK_RULES = ("first", "latest")
_SEVERAL_WORDS = (
    "outcome",
    "phase",
    "condition",
    "age_group",
    "exclude_flags",
    "exclude_studies",
)


@dataclass(frozen=True)
class Question:
    """A question to published trials; the parameters are those of `effect_sizes.effect_sizes`.

    Words may be given one by one or several at once; an empty tuple asks for all.

    Raises
    ------
    ValueError
        When an option is unknown or no outcome is named.

    Examples
    --------
    >>> Question("response", ("combined", "medication"), week=12).time
    'week 12'
    """

    outcome: tuple[str, ...]
    contrast: tuple[str, str] | None = None
    phase: tuple[str, ...] = ()
    condition: tuple[str, ...] = ()
    age_group: tuple[str, ...] = ()
    week: str | float = "first"
    several_arms: str = "error"
    arms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    stratum: str = MAIN_STRATUM
    exclude_flags: tuple[str, ...] = ()
    exclude_studies: tuple[str, ...] = ()
    flag_rules: Mapping[str, FlagRule] = field(default_factory=lambda: FLAG_RULES)

    def __post_init__(self) -> None:
        for name in _SEVERAL_WORDS:
            object.__setattr__(self, name, _several(getattr(self, name)))
        arms = {study: _several(names) for study, names in self.arms.items()}
        object.__setattr__(self, "arms", arms)
        strata = {MAIN_STRATUM, ANY_STRATUM} | {r.stratum for r in self.flag_rules.values()} - {""}
        if not self.outcome:
            raise ValueError('Say which outcome, for instance outcome="response".')
        if self.contrast is not None and len({*self.contrast}) != 2:
            raise ValueError(f"contrast={self.contrast} does not name two different treatments.")
        if isinstance(self.week, str) and self.week not in WEEK_RULES:
            raise ValueError(f'week="{self.week}" is none of {WEEK_RULES}, nor a number of weeks.')
        if self.several_arms not in SEVERAL_ARMS:
            raise ValueError(f'several_arms="{self.several_arms}" is none of {SEVERAL_ARMS}.')
        if not set(self.stratum.split("+")) <= strata:
            raise ValueError(
                f'There is no stratum "{self.stratum}"{did_you_mean(self.stratum, sorted(strata))}'
            )
        for flag in self.exclude_flags:
            if flag not in self.flag_rules:
                raise ValueError(f'There is no flag "{flag}"{did_you_mean(flag, self.flag_rules)}')

    @property
    def time(self) -> str:
        """Which time is taken, in words."""
        if isinstance(self.week, str):
            return in_words(f"{self.week} time reported")
        return say("when.plain", week=f"{self.week:g}")

    def rows_asked(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows of the phases, conditions and age groups asked for.

        Raises
        ------
        ValueError
            When a column or word is not in the table; the message lists the words there are.
        """
        for column in ("phase", "condition", "age_group"):
            words = getattr(self, column)
            require_words(table, column, words)
            if words:
                table = table[table[column].isin(words)]
        return table


def require_words(table: pd.DataFrame, column: str, words: Iterable[str]) -> None:
    """Refuse words that no row of the column has.

    Raises
    ------
    ValueError
        Naming the word and what there is.
    """
    for word in words:
        known = sorted(set(table[column].dropna().astype(str)) - {""}) if column in table else []
        if not known:
            raise ValueError(f"The table of trials does not say {column}; do not ask for it.")
        if word not in known:
            raise ValueError(f'No row has {column} "{word}"{did_you_mean(word, known)}')


def _several(words) -> tuple[str, ...]:
    """One word or several, as a tuple."""
    return (words,) if isinstance(words, str) else tuple(words or ())
