"""One comparison under every assumption about missing scores, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ctevidence.contrasts import compare
from ctevidence.contrasts.compare import joined
from ctevidence.data.rules import RemissionRule
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.models.course import fit_course
from ctevidence.models.response import fit_response
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.remission import derive_remission
from ctevidence.outcomes.response import derive_response
from ctevidence.sensitivity.conditional_means import impute_means
from ctevidence.sensitivity.impute import impute
from ctevidence.sensitivity.imputed import Imputed
from ctevidence.sensitivity.strategies import LAST_MEAN, MISSING_AT_RANDOM, STRATEGIES

#: The countings of response that need no imputation.
COUNTINGS = ("observed", "non-response")


def missing_scores(
    outcome: Outcome,
    arm: str,
    *,
    against: str,
    reference: str | Mapping[str, str],
    week: float | None = None,
    strategies: Sequence[str] = STRATEGIES,
    adjust: Sequence[str] | None = None,
    imputations: int = 200,
    seed: int,
    jackknife: bool = True,
    jobs: int = 1,
    drawn: Imputed | None = None,
) -> Estimates:
    """How far the answer depends on what is assumed about missing scores.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course`` or ``response``.
    arm, against : str
        Arms or treatments.
    reference : str or mapping
        Reference arm of the strategies, as for `impute`.
    week : float, optional
        The study's primary week when absent.
    strategies : sequence of str
        Names of strategies, each for everybody.
    adjust, imputations, seed, jobs
        As for `impute`.
    jackknife : bool
        Of a course: beside Rubin's variance that over repeated trials (`impute_means`), which
        takes a fit for each person, or for each of a sample of many.
    drawn : Imputed, optional
        What `impute` gave with the same covariates for a course of the same study, where it is at
        hand: `imputations` and `seed` are then those of these draws.

    Returns
    -------
    Estimates
        One row each; the outcome names the assumption. Of a course first the mixed model of the
        scores seen; of response first those seen, then missing counted as non-response. Their
        caution says that they answer one question in several ways: they speak to no claim.
    """
    week = outcome.study.primary_week if week is None else week
    asked = {"against": against, "week": week}
    if outcome.kind == "course":
        rows = fit_course(outcome, adjust).compare(arm, **asked)
        rows = Estimates(_told(row, f"{row.outcome}, scores seen only") for row in rows)
    else:
        rows = Estimates()
        for counting in COUNTINGS:
            rows += fit_response(_counted(outcome, counting, week), adjust).compare(arm, **asked)
        outcome = _counted(outcome, "observed", week)
    start = drawn if outcome.kind == "course" else _read_as(drawn, outcome)
    if start is None:
        start = impute(outcome, adjust=adjust, imputations=imputations, seed=seed)
    means = None
    if jackknife and outcome.kind == "course":
        means = impute_means(outcome, adjust=adjust, seed=seed, jobs=jobs)
    for strategy in strategies:
        named = None if strategy in (MISSING_AT_RANDOM, LAST_MEAN) else reference
        rows += compare(start.under(strategy, named), arm, **asked)
        if means is not None:
            rows += compare(means.under(strategy, named), arm, **asked)
    return Estimates(again(row) for row in rows)


def _read_as(drawn: Imputed | None, outcome: Outcome) -> Imputed | None:
    """The draws for response, None where they are of other people."""
    if drawn is None:
        return None
    try:
        return drawn.read_as(outcome)
    except ValueError:
        return None


def again(row: Estimate) -> Estimate:
    """The row as an answer given a second time, with an id of its own: no claim hears it."""
    return replace(
        row, id=f"{row.id}/sensitivity", caution=joined(say("caution.sensitivity"), row.caution)
    )


def _told(row, name: str):
    return replace(row, outcome=name, id="")


def _counted(outcome: Outcome, missing: str, week: float) -> Outcome:
    """The same rule with another counting of missing scores, at one week."""
    rule, study = replace(outcome.rule, missing=missing), outcome.study
    derive = derive_remission if isinstance(rule, RemissionRule) else derive_response
    found = derive(study, week, rule)
    what = outcome.name.rpartition(" (")[0]
    counting = found.name.rpartition(" (")[2]
    return replace(found, name=f"{what} ({counting}") if what else found
