"""Risks of response, by the model that is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from ctevidence.language import say
from ctevidence.models.covariates import adjustment, covariate_columns, of_people_with
from ctevidence.models.firth_risk import penalised_risks
from ctevidence.models.fit import ScheduledFit
from ctevidence.models.logistic_mixed import POINTS
from ctevidence.models.pairwise_risk import PairwiseRiskFit
from ctevidence.models.repeated_risk import gee_risk_fit, mixed_risk_fit
from ctevidence.models.risk import counted_fit, risk_fit, weekly
from ctevidence.models.standardised_risk import is_separated, standardised_risks, why_not_adjustable
from ctevidence.models.weighted_outcome import refuse_weighted_model, weighted_fit
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import did_you_mean

#: What `fit_response` can fit; None is ``standardised`` where there are covariates and the data
#: carry a regression, else ``counts``.
MODELS = (
    "counts",
    "standardised",
    "firth",
    "mixed",
    "gee",
    "miettinen-nurminen",
    "mantel-haenszel",
)
PERSON = "participant_id"


def fit_response(
    outcome: Outcome,
    adjust: Sequence[str] | None = None,
    model: str | None = None,
    *,
    group: str = PERSON,
    strata: Sequence[str] = (),
    working: str = "exchangeable",
    points: int = POINTS,
) -> ScheduledFit | PairwiseRiskFit:
    """Risk of an outcome under each arm, at each of its weeks, jointly.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``response``; people whose value is missing are not analysed at that week.
    adjust : sequence of str, optional
        Covariates; those declared by the study when absent, ``[]`` for none. People for whom one
        is missing are left out of an adjusted fit, with a caution.
    model : str, optional
        One of `MODELS`:

        ======================  ==================================================================
        ``counts``              shares, Wilson; differences by Newcombe's method
        ``standardised``        logistic regression, standardised over everyone analysed; with
                                Firth's penalty, and a caution, where data are separated
        ``firth``               the same, always with the penalty
        ``mixed``               logistic random intercept of `group`, all weeks together
        ``gee``                 estimating equations clustered by `group`, all weeks together
        ``miettinen-nurminen``  counts, each pair of arms by the score interval
        ``mantel-haenszel``     counts, each pair of arms pooled over `strata`
        ======================  ==================================================================

        When absent: standardised where there are covariates, else counts; see Notes. An outcome
        with weights (``outcome.weighted(weights)``) has two models of its own, ``weighted`` and
        ``doubly-robust``, the first when absent; see `weighted_outcome.weighted_fit`.
    group : str
        For ``mixed`` and ``gee``: the person, or a column of the participants such as ``"site"``.
    strata : sequence of str
        For ``mantel-haenszel``: columns of the participants.
    working : {"exchangeable", "independence"}
        Working correlation for ``gee``.
    points : int
        Quadrature points for ``mixed``.

    Returns
    -------
    ScheduledFit or PairwiseRiskFit
        Levels of ``risk``. `n` and `events` are the people analysed. An arm of which the outcome
        is known for nobody is ``nan`` at that week, with a caution. `model` holds the regression,
        of each week where they are separate; None for counts. Standardised ones keep no data.

    Raises
    ------
    KeyError
        For an unknown model, covariate, group or stratum.
    ValueError
        For a random intercept of sites at several weeks, which would ignore that visits are of
        the same people; for a model that needs weights without them.

    Notes
    -----
    Adjusted risks are those of everyone analysed at the week as if all were in the arm; see
    `standardised_risk.standardised_risks`. Where no model is named and the data cannot carry the
    regression at one of the weeks (`standardised_risk.why_not_adjustable`), all weeks are counted
    instead and a caution says so: the weeks of one fit stay comparable.

    Unadjusted risks carry Wilson intervals, so that an arm where it happened to nobody has one
    too; differences of them are by Newcombe's method.
    """
    if outcome.weight is not None:
        return weighted_fit(outcome, model, adjust)
    refuse_weighted_model(model)
    if model not in (None, *MODELS):
        raise KeyError(f'No model "{model}" of response{did_you_mean(model, MODELS)}')
    names = adjustment(outcome.study, adjust)
    if model in ("mixed", "gee"):
        if group != PERSON:
            adjustment(outcome.study, [group])  # the same words about an unknown column
        if model == "mixed":
            _refuse_visits_within(outcome, group)
            return mixed_risk_fit(outcome, names, group, points)
        return gee_risk_fit(outcome, names, group, working)
    if model in ("miettinen-nurminen", "mantel-haenszel"):
        known = adjustment(outcome.study, list(strata))
        complete = of_people_with(outcome, known) if known else outcome
        return PairwiseRiskFit(complete, counted_fit(complete, weekly(complete)), model, known)
    if model == "counts" or (model is None and not names):
        return counted_fit(outcome, weekly(outcome))
    return _adjusted(outcome, names, model)


def _refuse_visits_within(outcome: Outcome, group: str) -> None:
    if group != PERSON and outcome.frame["week"].nunique() > 1:
        raise ValueError(
            f"With several weeks a random intercept of {group} would count the visits of one "
            f'person as if they were several people. Take one week, or group="{PERSON}".'
        )


def _adjusted(outcome: Outcome, names: tuple[str, ...], model: str | None) -> ScheduledFit:
    """Standardised risks of each week; the fallbacks are those of `fit_response`."""
    complete = of_people_with(outcome, names) if names else outcome
    at_weeks = weekly(complete)
    covariates = [covariate_columns(outcome.study, at.people, names)[0] for at in at_weeks]
    if model is None:
        for at, columns in zip(at_weeks, covariates, strict=True):
            reason = why_not_adjustable(at.y, at.arm, columns)
            if reason:
                caution = say(
                    "models.response.not_adjusted",
                    names=", ".join(map(in_words, names)),
                    reason=reason,
                    week=f"{at.week:g}",
                )
                return counted_fit(outcome, weekly(outcome), [caution])
    n_arms = len(outcome.study.arms)
    risks, cautions = [], []
    for at, columns in zip(at_weeks, covariates, strict=True):
        # without a model asked for, it was just seen that nothing separates
        separated = bool(len(at.y) and model) and is_separated(at.y, at.arm, columns)
        if separated and model == "standardised":
            cautions.append(say("models.response.separated", week=f"{at.week:g}"))
        fit = penalised_risks if separated or model == "firth" else standardised_risks
        risks.append(fit(at.y, at.arm, n_arms, columns))
    on = (
        say("models.on_arm_and", covariates=", ".join(map(in_words, names)))
        if names
        else say("models.on_arm")
    )
    how = (
        say("models.firth_risk.variance")
        if model == "firth" or cautions
        else say("models.response.influence")
    )
    method = say("models.response.method", on=on, how=how)
    return risk_fit(complete, at_weeks, risks, method, cautions)
