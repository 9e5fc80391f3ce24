"""Log hazards of the arms of an outcome, adjusted where that can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from ctevidence.models.clustered_curves import clusters_of
from ctevidence.models.covariates import covariate_columns, of_people_with
from ctevidence.models.hazard_ratios import LogHazards, log_hazards
from ctevidence.models.observed_times import observed_times
from ctevidence.models.survival_levels import AtRisk
from ctevidence.outcomes.outcome import Outcome


def adjusted_hazards(
    outcome: Outcome,
    at_risk: AtRisk,
    names: tuple[str, ...],
    cluster: str = "",
    subdistribution: bool = False,
) -> LogHazards:
    """Log hazards adjusted for covariates, or unadjusted with the reason where that fails.

    Parameters
    ----------
    outcome : Outcome
    at_risk : AtRisk
    names : tuple of str
        Covariates.
    cluster : str
        Column of the participants over whose groups the covariance is robust; empty for none.
    subdistribution : bool
        By Fine-Gray, what competes keeping people at risk, and not by Cox.
    """
    unadjusted = _hazards(outcome, at_risk, (), cluster, subdistribution)
    if not names or unadjusted.model is None:
        return unadjusted
    complete = of_people_with(outcome, names)
    try:
        adjusted = _hazards(complete, at_risk, names, cluster, subdistribution)
    except ArithmeticError as reason:
        caution = f"hazard ratio not adjusted for {', '.join(names)}: {reason}"
        return replace(unadjusted, cautions=(caution, *unadjusted.cautions))
    left_out = complete.cautions[len(outcome.cautions) :]
    return replace(adjusted, adjusted_for=names, cautions=(*left_out, *adjusted.cautions))


def _hazards(
    outcome: Outcome,
    at_risk: AtRisk,
    names: Sequence[str],
    cluster: str,
    subdistribution: bool,
) -> LogHazards:
    arms = [arm.name for arm in outcome.study.arms]
    people = observed_times(outcome, at_risk)
    arm = people["arm"].map({name: i for i, name in enumerate(arms)}).to_numpy(int)
    time, event = people["time"].to_numpy(), people["event"].to_numpy()
    code = clusters_of(outcome.study, people, cluster).code if cluster else None
    covariates = None
    if names:
        columns, labels = covariate_columns(outcome.study, people["participant_id"], names)
        covariates = pd.DataFrame(columns, columns=labels)
    competed = people["competed"].to_numpy(bool) if subdistribution else None
    found = log_hazards(time, event, arm, arms, covariates, code, competed)
    return replace(found, clustered_by=cluster)
