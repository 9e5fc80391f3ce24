"""How far missing scores limit the answer of a study: every assumption, and tipping points."""

from __future__ import annotations

from dataclasses import dataclass

from ctevidence.data.study import Study
from ctevidence.estimates import Estimates
from ctevidence.outcomes.course import derive_course
from ctevidence.outcomes.response import derive_response
from ctevidence.sensitivity.draw_blocks import worthwhile
from ctevidence.sensitivity.impute import impute
from ctevidence.sensitivity.leading_contrast import LeadingContrast, leading_contrast
from ctevidence.sensitivity.missing_scores import missing_scores
from ctevidence.sensitivity.tipping_point import TippingPoint, tipping_point


@dataclass(frozen=True, eq=False)
class LimitsOfMissing:
    """The leading comparison under every assumption about missing scores.

    Parameters
    ----------
    study : Study
    contrast : LeadingContrast
    week : float
    course, response : Estimates
        From `missing_scores`, at the week; empty where scores cannot be imputed.
    tipping : tuple of TippingPoint
        Of the course: at the study's primary week, then at the week where it is another one.
    reason : str
        Why scores cannot be imputed; empty where they can.
    """

    study: Study
    contrast: LeadingContrast
    week: float
    course: Estimates
    response: Estimates
    tipping: tuple[TippingPoint, ...]
    reason: str = ""

    @property
    def estimates(self) -> Estimates:
        """All rows; they speak to no claim of their own."""
        return self.course + self.response


def limits_of_missing(
    study: Study,
    week: float | None = None,
    *,
    imputations: int = 200,
    seed: int,
    jackknife: bool = True,
) -> LimitsOfMissing:
    """How far the leading comparison depends on what is assumed about missing scores.

    Parameters
    ----------
    study : Study
        With a course of scores; response is left out where no rule is declared.
    week : float, optional
        A scheduled week; the last one when absent, where most scores are missing.
    imputations, seed : int
        As for `impute`; fewer imputations of very many people, see `worthwhile`.
    jackknife : bool
        Also the variance over repeated trials; takes a fit for each person, or for each of a
        sample of many (`impute_means`).

    Returns
    -------
    LimitsOfMissing
        Of combined treatment against medication, or the first comparison that the study has; see
        `leading_contrast`.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> found = limits_of_missing(simulate_study(n=120, seed=1), seed=1, imputations=20,
    ...     jackknife=False)
    >>> found.week, [tip.base.week for tip in found.tipping], len(found.course)
    (52, [12.0, 52.0], 6)
    """
    contrast = leading_contrast(study)
    week = study.weeks[-1] if week is None else week
    asked = {"against": contrast.against, "week": week}
    imputations = worthwhile(imputations, len(study.participants) * len(study.weeks))
    outcome = derive_course(study)
    try:
        imputed = impute(outcome, imputations=imputations, seed=seed)
        how = {"reference": contrast.reference, "seed": seed, "drawn": imputed}
        rows = missing_scores(outcome, contrast.arm, **asked, **how, jackknife=jackknife)
        response = Estimates()
        if study.rules.response is not None:
            responded = derive_response(study, week=week, missing="observed")
            response = missing_scores(responded, contrast.arm, **asked, **how)
        weeks = dict.fromkeys((study.primary_week, week))
        tipping = tuple(
            tipping_point(imputed, contrast.arm, against=contrast.against, week=at) for at in weeks
        )
    except ValueError as error:
        nothing = Estimates(), Estimates(), ()
        return LimitsOfMissing(study, contrast, week, *nothing, reason=str(error))
    return LimitsOfMissing(study, contrast, week, rows, response, tipping)
