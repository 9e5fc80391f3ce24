"""Missing scores imputed many times under a declared assumption."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ctevidence.language import say
from ctevidence.models.covariates import adjustment
from ctevidence.models.fit import refuse_weights
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.visit_scores import declared_scores
from ctevidence.sensitivity.chained_equations import impute_by_chains
from ctevidence.sensitivity.conditional_normal import fill
from ctevidence.sensitivity.delta import AskedDelta
from ctevidence.sensitivity.imputed import Imputed
from ctevidence.sensitivity.joint_model import fit_joint_normal
from ctevidence.sensitivity.monotone_posterior import draw_posterior
from ctevidence.sensitivity.score_table import score_table
from ctevidence.sensitivity.strategies import MISSING_AT_RANDOM, Asked, plan_for
from ctevidence.terms import did_you_mean

KINDS = ("course", "response")
METHODS = ("joint normal", "chained equations")


def impute(
    outcome: Outcome,
    strategies: Asked = MISSING_AT_RANDOM,
    *,
    reference: str | Mapping[str, str] | None = None,
    delta: AskedDelta = 0.0,
    reasons: Mapping[str, str] | None = None,
    adjust: Sequence[str] | None = None,
    imputations: int = 200,
    seed: int,
    method: str = "joint normal",
    by_arm: bool = False,
    jobs: int = 1,
    backend: str | None = None,
) -> Imputed:
    """Impute missing scores of everyone who entered, many times.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course``: everyone who entered its study is imputed, also who has no score. Or of
        kind ``response``: the scores behind it are imputed for everyone in it and its rule applied
        to them, however it counts missing scores itself.
    strategies : str or mapping
        ``missing at random``, ``jump to reference``, ``copy reference``, ``copy increments in
        reference`` or ``last mean carried forward``, for everybody; or a mapping from arms or
        treatments, reasons of dropout, or pairs (arm, reason). A pair goes before a reason, a
        reason before an arm; everyone else is missing at random.
    reference : str or mapping, optional
        The reference arm or treatment, needed by the strategies that refer to one; a mapping gives
        each arm its own (``{"combined": "medication"}``).
    delta : float, Delta or mapping, optional
        Points by which scores after dropout are worse than imputed; by arm or treatment where it
        is a mapping.
    reasons : mapping of participant id to str, optional
        Why each person's scores end, where `strategies` tell reasons apart; those of the recorded
        events ``dropout`` and ``death`` when absent.
    adjust : sequence of str, optional
        Covariates of the imputation model and of the analysis; those declared by the study when
        absent. The baseline score always helps to impute.
    imputations : int
    seed : int
    method : {"joint normal", "chained equations"}
        Chained equations impute missing covariates too, of any type, as missing at random; scores
        by predictive mean matching.
    by_arm : bool
        Slopes and covariance of each arm by itself; needs more people.
    jobs, backend
        As for `replicates.run_replicates`, for chained equations; the joint normal model carries
        all imputations side by side. The numbers are the same whatever they are.

    Returns
    -------
    Imputed
        Compares like a fit: ``.compare(...)``, ``.levels()``, ``synergy(...)``. ``.under(...)``
        and ``.shifted(...)`` change the assumption and keep the draws.

    Raises
    ------
    ValueError
        When the scores do not support the model, or a reference arm is missing.
    KeyError
        For a strategy, arm, reason or method that there is not.

    Notes
    -----
    Parameters are drawn from their posterior (`monotone_posterior`), scores given those seen from
    the normal distribution that the strategy says (`strategies`). Gaps before a person's last
    score are missing at random under every strategy. Imputation k draws from its own stream of
    random numbers, made of the seed and k.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> from ctevidence.outcomes import derive_course
    >>> course = derive_course(simulate_study(n=120, seed=1))
    >>> jumped = impute(course, "jump to reference", reference="control", imputations=20, seed=1)
    >>> row = jumped.compare("combined", against="control", week=12).one()
    >>> row.outcome
    'PHQ-9 score (lower is better), jump to reference, reference control'
    """
    _check(outcome, method)
    names = adjustment(outcome.study, adjust)
    frame, among = outcome.frame, None
    if outcome.kind == "response":  # its frame holds everyone; of a course only who was seen
        frame, among = declared_scores(outcome.study), set(outcome.frame["participant_id"])
    chained = method == "chained equations"
    table, cautions = score_table(outcome.study, frame, names, chained, reasons, among)
    plan = plan_for(table, outcome.study.arms, strategies, reference)
    own = tuple(c for c in outcome.cautions if c not in cautions)
    posterior, covariates = None, None
    if chained:
        _refuse_other_strategies(plan.words)
        table, base, covariates = impute_by_chains(
            outcome.study, table, imputations, seed=seed, jobs=jobs, backend=backend
        )
    else:
        start, more = fit_joint_normal(table, by_arm)
        posterior = draw_posterior(table, start, imputations, seed, by_arm)
        cautions = (*cautions, *more)
        base = fill(table, plan, posterior.parameters, posterior.noise)
    how = say("sensitivity.impute.chained") if chained else say("sensitivity.impute.joint")
    separate = say("sensitivity.impute.by_arm") if by_arm else ""
    imputed = Imputed(
        outcome=outcome,
        table=table,
        plan=plan,
        base=base,
        shift=np.zeros(base.shape[1]),
        assumption=plan.words,
        method=say("sensitivity.impute.method", count=imputations, how=how, separate=separate),
        posterior=posterior,
        covariates=covariates,
        cautions=(*own, *cautions),
    )
    return imputed.shifted(delta)


def _refuse_other_strategies(words: str) -> None:
    if words != MISSING_AT_RANDOM:
        raise ValueError(
            f"Chained equations impute as missing at random, not by {words}. Use "
            'method="joint normal" for reference-based strategies; a delta can be added to either.'
        )


def _check(outcome: Outcome, method: str) -> None:
    if not isinstance(outcome, Outcome):
        raise TypeError(
            f"impute takes an outcome; found {type(outcome).__name__}. Give it "
            "derive_course(study) or derive_response(study)."
        )
    if outcome.kind not in KINDS:
        raise ValueError(
            f"Scores can be imputed for outcomes of kind course or response; {outcome.name} is of "
            f"kind {outcome.kind}."
        )
    refuse_weights(outcome)
    if method not in METHODS:
        raise KeyError(f'There is no method "{method}"{did_you_mean(method, METHODS)}')
