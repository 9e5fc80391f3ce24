"""The grid of a multiverse: every way of analysing that a study's declarations allow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

from ctevidence.data.definitions import COUNTINGS, ResponseDefinition
from ctevidence.data.multiverse_rule import (
    DECLARED_COVARIATES,
    NO_COVARIATES,
    MultiverseRule,
    covariates_of,
)
from ctevidence.data.study import Study
from ctevidence.models.covariates import adjustment
from ctevidence.outcomes.response_definitions import declared_definitions
from ctevidence.terms import COMPONENTS, did_you_mean

#: Imputations that every grid holds unless it says otherwise: nothing changes by leaving, and
#: whoever leaves becomes like people of the reference arm.
USUAL_IMPUTED = ("missing at random", "jump to reference")
_AFTER_IMPUTATION = ("counts", "standardised")


@dataclass(frozen=True)
class Specification:
    """One way of analysing response.

    Parameters
    ----------
    definition : ResponseDefinition
    missing : str
        Of `multiverse_rule.MISSING_WAYS`.
    adjust : tuple of str
        Covariates; empty for none.
    model : str
        Of `multiverse_rule.WAYS_TO_FIT`.
    """

    definition: ResponseDefinition
    missing: str
    adjust: tuple[str, ...]
    model: str

    @property
    def choices(self) -> tuple[str, str, str, str]:
        """Definition, missing scores, adjustment and model, each a word without a slash."""
        parts = (self.definition.name, self.missing, "+".join(self.adjust) or "none", self.model)
        return tuple(part.replace(" ", "-").replace("/", "-") for part in parts)

    @property
    def outcome_name(self) -> str:
        """The outcome with its definition and what is assumed of missing scores."""
        if self.missing in COUNTINGS:
            return self.definition.outcome_name(self.missing)
        return f"response, {self.definition.label} (imputed, {self.missing})"

    @property
    def is_possible(self) -> bool:
        """Whether the choices go together.

        Counts know no covariates, all other models need some; a definition takes the countings
        that it declares; recovery is no rule about one score that could be imputed; after
        imputation people are counted, or their risks standardised.
        """
        if (self.model == "counts") == bool(self.adjust):
            return False
        if self.missing in COUNTINGS:
            return self.missing in self.definition.missing
        return self.definition.rule is not None and self.model in _AFTER_IMPUTATION


def specifications(study: Study, rule: MultiverseRule | None = None) -> tuple[Specification, ...]:
    """Every way of analysing in the grid, the declared main analysis first.

    Parameters
    ----------
    study : Study
    rule : MultiverseRule, optional
        The study's own (``[multiverse]``) when absent. What a rule leaves open is taken from what
        the study declares: its definitions with their countings, two imputations, no covariates
        and the declared ones, counts and standardised risks, and where not everything was
        randomised overlap weights, plain and doubly robust.

    Returns
    -------
    tuple of Specification

    Raises
    ------
    ValueError
        When no definition of response is declared, or no choices of a rule go together.
    KeyError
        For a definition or covariate that the study does not have.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> grid = specifications(simulate_study(n=40, seed=1))
    >>> grid[0].choices, len(grid)
    (('response', 'observed', 'baseline', 'standardised'), 16)
    """
    rule = rule or study.rules.multiverse or MultiverseRule()
    definitions = _definitions(study, rule)
    missing = rule.missing or (*COUNTINGS, *USUAL_IMPUTED)
    declared = tuple(adjustment(study, None))
    words = rule.adjust or (NO_COVARIATES, DECLARED_COVARIATES)
    adjust = dict.fromkeys(covariates_of(word, declared) for word in words)
    for names in adjust:
        adjustment(study, list(names))  # says which covariate there is not
    models = rule.models or _usual_models(study)
    grid = [Specification(*choice) for choice in product(definitions, missing, adjust, models)]
    found = [each for each in grid if each.is_possible]
    if not found:
        raise ValueError(
            f"No choices of the multiverse of {study.name} go together: counts take no covariates, "
            "other models need some, and a definition takes the countings that it declares."
        )
    main = _main(study, found, declared)
    return (main, *(each for each in found if each is not main))


def _definitions(study: Study, rule: MultiverseRule) -> tuple[ResponseDefinition, ...]:
    known = {definition.name: definition for definition in declared_definitions(study)}
    if not known:
        raise ValueError(
            f"{study.name} declares no definition of response. Add a table [response], or tables "
            "[definitions.NAME], to study.toml."
        )
    for name in rule.definitions:
        if name not in known:
            raise KeyError(f'No definition "{name}"{did_you_mean(name, known)}')
    return tuple(known[name] for name in rule.definitions or known)


def _usual_models(study: Study) -> tuple[str, ...]:
    weighted = () if study.randomised == set(COMPONENTS) else ("weighted", "doubly-robust")
    return ("counts", "standardised", *weighted)


def _main(study: Study, grid: list[Specification], declared: tuple[str, ...]) -> Specification:
    """The way that comes nearest to the declared main analysis, choice by choice."""
    rule = study.rules.response
    model = "standardised" if declared else "counts"

    def distance(each: Specification) -> tuple[bool, ...]:
        mine = each.definition.rule
        same = rule is not None and mine is not None and mine == replace(rule, missing=mine.missing)
        return (
            not same,
            rule is not None and each.missing != rule.missing,
            each.adjust != declared,
            each.model != model,
        )

    return min(grid, key=distance)
