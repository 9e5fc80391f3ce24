"""Log hazards of the arms of an outcome, adjusted where that can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ctevidence.language import say
from ctevidence.models.clustered_curves import clusters_of, column_of
from ctevidence.models.covariates import covariate_columns, of_people_with
from ctevidence.models.hazard_ratios import LogHazards, log_hazards
from ctevidence.models.observed_times import observed_times
from ctevidence.models.shared_frailty import fit_shared_frailty
from ctevidence.models.survival_levels import AtRisk
from ctevidence.names import in_words
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
        caution = say(
            "models.arm_hazards.not_adjusted", names=", ".join(map(in_words, names)), reason=reason
        )
        return replace(unadjusted, cautions=(caution, *unadjusted.cautions))
    left_out = complete.cautions[len(outcome.cautions) :]
    return replace(adjusted, adjusted_for=names, cautions=(*left_out, *adjusted.cautions))


def frailty_hazards(
    outcome: Outcome, at_risk: AtRisk, names: tuple[str, ...], group: str, distribution: str
) -> LogHazards:
    """Log hazards of arms among people of the same group, by `shared_frailty`.

    Parameters
    ----------
    outcome, at_risk, names
        As for `adjusted_hazards`, which also says for which covariates and between which arms
        this is possible.
    group : str
        Column of the participants; people without an entry have no frailty.
    distribution : {"gamma", "normal"}
    """
    plain = adjusted_hazards(outcome, at_risk, names)
    used = np.flatnonzero(np.isfinite(plain.estimate))
    if plain.model is None:
        return plain
    people = observed_times(of_people_with(outcome, plain.adjusted_for), at_risk)
    arms = [arm.name for arm in outcome.study.arms]
    people = people[people["arm"].isin([arms[a] for a in used])].reset_index(drop=True)
    columns, _ = covariate_columns(outcome.study, people["participant_id"], plain.adjusted_for)
    of_arm = [(people["arm"] == arms[a]).to_numpy(float) for a in used[1:]]
    label = column_of(outcome.study, people, group)
    model = fit_shared_frailty(
        people["time"].to_numpy(),
        people["event"].to_numpy(),
        np.column_stack([*of_arm, columns]),
        label.to_numpy(object),
        distribution=distribution,
        names=plain.model.names,
    )
    k, estimate, cov = len(used) - 1, plain.estimate.copy(), plain.cov.copy()
    estimate[used[1:]], cov[np.ix_(used[1:], used[1:])] = model.coef[:k], model.cov[:k, :k]
    return replace(plain, estimate=estimate, cov=cov, model=model)


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
