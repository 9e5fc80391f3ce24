"""Who speaks to a claim: where an estimate comes from, of whom it is, what it compares."""

from __future__ import annotations

from functools import lru_cache

from ctevidence.contrasts.not_worse import judges_margin
from ctevidence.estimates import Estimate
from ctevidence.evidence.claim import ADULTS, FOUR_ARMS, NETWORK, PARTICIPANTS, TRIALS, YOUNG, Claim
from ctevidence.language import say
from ctevidence.outcomes.harms import is_harm
from ctevidence.synthesis.conditions import CONDITION_GROUPS, UNCLASSIFIED, condition_group
from ctevidence.synthesis.conditions import group_named as group_of
from ctevidence.synthesis.trial_overview import OVERVIEW
from ctevidence.synthesis.trial_overview import YOUNG as YOUNG_WORDS

#: how a row says that it is of a stratum of its own, and how combinations join their parts
STRATUM, PARTS = "stratum ", " + "
SEVERAL = "several conditions"


def rests_on_transitivity(row: Estimate) -> bool:
    """Whether an estimate is of a network: every row of one says what it assumes."""
    return say("caution.transitivity") in row.caution


def source_of(row: Estimate) -> str:
    """What kind of source an estimate comes from: one of `claim.SOURCES`."""
    if rests_on_transitivity(row):
        return NETWORK
    if say("synthesis.trial_synergy.not_pooled") in row.caution.split("; "):
        return FOUR_ARMS
    return PARTICIPANTS if condition_of(row) is None else TRIALS


def condition_of(row: Estimate) -> str | None:
    """The group of conditions that a published estimate is of; None for participants' data.

    Examples
    --------
    >>> row = Estimate("t", "response", "combined", "risk_difference", 0.1, reference="therapy",
    ...                population="adolescent depression, adolescents")
    >>> condition_of(row)
    'depression'
    """
    return _condition_in(row.population)


@lru_cache(maxsize=4096)
def _condition_in(population: str) -> str | None:
    """Populations come back in thousands of rows, and each claim asks all of them."""
    code = population.partition(";")[0].partition(",")[0].strip().replace(" ", "_")
    if code in CONDITION_GROUPS:
        return code
    if code in (UNCLASSIFIED.replace(" ", "_"), SEVERAL.replace(" ", "_")):
        return code.replace("_", " ")
    found = condition_group(code)
    return None if found == UNCLASSIFIED else found


def age_of(row: Estimate) -> str:
    """Adults, unless the population says adolescents or children."""
    return YOUNG if any(word in row.population for word in YOUNG_WORDS) else ADULTS


def is_of_the_young(row: Estimate) -> bool:
    """Whether an estimate is of adolescents or children."""
    return age_of(row) == YOUNG


def lacks_harms(row: Estimate) -> bool:
    """Whether an effect on the young stands without what it costs them in harm."""
    return is_of_the_young(row) and not is_harm(row.outcome)


def stratum_of(row: Estimate) -> str:
    """The stratum of its own that a row names; empty for the main one."""
    _, _, after = row.population.partition(STRATUM)
    return after.split(";")[0].strip()


def speaks_to(claim: Claim, row: Estimate) -> bool:
    """Whether an estimate speaks to a claim, be it of the condition asked about or elsewhere.

    Rows that hold the same trials again (cells of the overview) do not speak. Nor do
    rows that compare people whom treatment has selected: they are descriptive. Relapse counted
    among people who got better is barred unless they were randomised then. Rows that analyse the
    same people once more say how fragile a verdict is, not what it is.
    """
    compares, in_network = _compares(claim, row), _compares_in_network(claim, row)
    # first what is cheap to tell, and true of most rows
    if not (compares or in_network) or claim.place_of(row.outcome) is None:
        return False
    source = source_of(row)
    if source not in claim.sources:
        return False
    is_described = say("caution.descriptive") in row.caution or row.population.startswith(OVERVIEW)
    is_again = say("caution.sensitivity") in row.caution.split("; ")
    if is_described or is_again or stratum_of(row) != claim.stratum:
        return False
    if source == NETWORK:
        return in_network
    is_relapse = row.outcome.startswith(("relapse", "recurrence"))
    if source == PARTICIPANTS and is_relapse and row.randomised is not True:
        return False
    # of a contrast that is judged by a margin, the two-sided row speaks
    return compares and not judges_margin(row)


def _compares(claim: Claim, row: Estimate) -> bool:
    """The two groups of the claim, on one of its measures."""
    return (
        row.arm == claim.arm and row.reference == claim.reference and row.measure in claim.measures
    )


def _compares_in_network(claim: Claim, row: Estimate) -> bool:
    """A combination, as `arm` or by its parts, where the claim lists networks as a source."""
    return (
        (row.arm == claim.arm or PARTS in row.arm)
        and row.reference in claim.network_references
        and row.measure in claim.network_measures
    )


def is_of_another_condition(row: Estimate, condition: str | None) -> bool:
    """Whether an estimate is of published trials of another condition, or of several.

    Examples
    --------
    >>> row = Estimate("t", "dropout", "combined", "risk_difference", 0.04,
    ...                population="alcohol_use; adults", reference="therapy")
    >>> is_of_another_condition(row, "depression"), is_of_another_condition(row, None)
    (True, False)
    """
    asked, whose = group_of(condition), condition_of(row)
    return asked is not None and whose is not None and whose != asked


def is_elsewhere(claim: Claim, row: Estimate, condition: str | None) -> bool:
    """Whether an estimate is of other people than asked about: condition, or age."""
    other = is_of_another_condition(row, claim.condition or condition)
    return other or age_of(row) != claim.age_group


def is_of_other_study(claim: Claim, row: Estimate, condition: str | None) -> bool:
    """Participants' data say nothing of a claim about a condition that is not theirs."""
    own = condition_of(row) is None and source_of(row) == PARTICIPANTS
    return own and bool(claim.condition) and claim.condition != group_of(condition)
