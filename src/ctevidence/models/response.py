"""Risks of response: counted, or standardised over the covariates of everyone analysed."""

from __future__ import annotations

from collections.abc import Sequence

from ctevidence.models.covariates import adjustment, covariate_columns, of_people_with
from ctevidence.models.fit import ScheduledFit, refuse_weights
from ctevidence.models.risk import Analysed, analysed, counted_fit, risk_fit
from ctevidence.models.standardised_risk import standardised_risks, why_not_adjustable
from ctevidence.outcomes.outcome import Outcome


def fit_response(outcome: Outcome, adjust: Sequence[str] | None = None) -> ScheduledFit:
    """Risk of an outcome under each arm, at each of its weeks, jointly.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``response``; people whose value is missing are not analysed at that week.
    adjust : sequence of str, optional
        Covariates; those declared by the study when absent, ``[]`` for none. People for whom one
        is missing are left out of an adjusted fit, with a caution.

    Returns
    -------
    ScheduledFit
        Levels of ``risk``. `n` and `events` are the people analysed. An arm of which the outcome
        is known for nobody is ``nan`` at that week, with a caution. `model` holds the regression
        of each week; None for counts.

    Raises
    ------
    KeyError
        For an unknown covariate.

    Notes
    -----
    Adjusted risks are those of everyone analysed at the week as if all were in the arm; see
    `standardised_risk.standardised_risks`. Where the data cannot carry the regression at one of
    the weeks (`standardised_risk.why_not_adjustable`), all weeks are counted instead and a
    caution says so: the weeks of one fit stay comparable.

    Unadjusted risks carry Wilson intervals, so that an arm where it happened to nobody has one
    too; differences of them are by Newcombe's method.
    """
    refuse_weights(outcome)
    names = adjustment(outcome.study, adjust)
    if not names:
        return counted_fit(outcome, _weekly(outcome))
    complete = of_people_with(outcome, names)
    weekly = _weekly(complete)
    covariates = [covariate_columns(outcome.study, at.people, names)[0] for at in weekly]
    for at, columns in zip(weekly, covariates, strict=True):
        reason = why_not_adjustable(at.y, at.arm, columns)
        if reason:
            caution = f"not adjusted for {', '.join(names)}: {reason} (week {at.week:g})"
            return counted_fit(outcome, _weekly(outcome), [caution])
    n_arms = len(outcome.study.arms)
    risks = [
        standardised_risks(at.y, at.arm, n_arms, columns)
        for at, columns in zip(weekly, covariates, strict=True)
    ]
    method = (
        f"logistic regression on arm and {', '.join(names)}, standardised over everyone analysed; "
        "stacked influence functions, HC3"
    )
    return risk_fit(complete, weekly, risks, method)


def _weekly(outcome: Outcome) -> list[Analysed]:
    return [analysed(outcome, float(week)) for week in sorted(outcome.frame["week"].unique())]
