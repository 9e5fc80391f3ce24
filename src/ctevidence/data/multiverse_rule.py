"""The grid of ways of analysing that a study declares: its multiverse."""

from __future__ import annotations

from dataclasses import dataclass

from ctevidence.data.definitions import COUNTINGS
from ctevidence.terms import did_you_mean

#: How scores after dropout can be imputed before the rule is applied.
IMPUTED = (
    "missing at random",
    "jump to reference",
    "copy reference",
    "copy increments in reference",
    "last mean carried forward",
)
MISSING_WAYS = (*COUNTINGS, *IMPUTED)
#: Without covariates, then with: standardised logistic regression, with Firth's penalty, and two
#: that make arms alike by overlap weights.
WAYS_TO_FIT = ("counts", "standardised", "firth", "weighted", "doubly-robust")
#: Words for sets of covariates; others are named, joined by ``+``.
NO_COVARIATES, DECLARED_COVARIATES = "none", "declared"


@dataclass(frozen=True)
class MultiverseRule:
    """What of each choice belongs to the grid; an empty tuple leaves it to what is declared.

    Parameters
    ----------
    definitions : tuple of str
        Names of declared definitions of response.
    missing : tuple of str
        Of `MISSING_WAYS`. A definition takes the countings that it declares.
    adjust : tuple of str
        ``none``, ``declared``, or covariates joined by ``+``.
    models : tuple of str
        Of `WAYS_TO_FIT`.
    reference : str
        Reference arm or treatment of reference-based strategies; empty for control.

    Raises
    ------
    ValueError
        For a word that is not known, or the same twice.

    Examples
    --------
    >>> MultiverseRule(models=("counts", "counts"))
    Traceback (most recent call last):
    ValueError: models lists "counts" twice; each way once.
    """

    definitions: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    adjust: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    reference: str = ""

    def __post_init__(self) -> None:
        for name, known in (("missing", MISSING_WAYS), ("models", WAYS_TO_FIT)):
            for word in getattr(self, name):
                if word not in known:
                    raise ValueError(f'{name} lists "{word}"{did_you_mean(word, known)}')
        for name in ("definitions", "missing", "adjust", "models"):
            words = getattr(self, name)
            twice = next((word for word in words if words.count(word) > 1), None)
            if twice:
                raise ValueError(f'{name} lists "{twice}" twice; each way once.')


def covariates_of(word: str, declared: tuple[str, ...]) -> tuple[str, ...]:
    """The covariates that a word of `adjust` means.

    Examples
    --------
    >>> [covariates_of(w, ("baseline", "age")) for w in ("none", "declared", "age + sex")]
    [(), ('baseline', 'age'), ('age', 'sex')]
    """
    if word == NO_COVARIATES:
        return ()
    if word == DECLARED_COVARIATES:
        return declared
    return tuple(part.strip() for part in word.split("+"))
