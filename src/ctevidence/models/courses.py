"""Several scales of one study at once: is relief broader than on the primary scale?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ctevidence.contrasts.compare import joined
from ctevidence.contrasts.familywise import compare_family
from ctevidence.contrasts.treatments import pairs
from ctevidence.data.study import Study
from ctevidence.estimates import Estimates
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.course import fit_course
from ctevidence.models.course_fit import CourseFit
from ctevidence.models.fit import refuse_weights
from ctevidence.names import name_of
from ctevidence.outcomes.outcome import Outcome


@dataclass(frozen=True, eq=False)
class CoursesFit:
    """The courses of several scales of one study, compared side by side.

    Parameters
    ----------
    fits : tuple of CourseFit
        One for each scale.
    """

    fits: tuple[CourseFit, ...]

    @property
    def study(self) -> Study:
        """The study as the first scale sees it."""
        return self.fits[0].study

    @property
    def cautions(self) -> tuple[str, ...]:
        each = [caution for fit in self.fits for caution in fit.cautions]
        return tuple(
            dict.fromkeys(each + ([say("models.courses.one_scale")] if len(self.fits) == 1 else []))
        )

    def levels(self, week: float | None = None) -> tuple[Levels, ...]:
        """Improvement in standard deviations on each scale: above 0 is better on all of them.

        Parameters
        ----------
        week : float, optional
            The study's primary week when absent.
        """
        at = self.study.primary_week if week is None else week
        return tuple(self._improvement(fit, at) for fit in self.fits)

    def compare(
        self, arm: str, *, against: str, week: float | None = None, conf_level: float = 0.95
    ) -> Estimates:
        """One arm or treatment against another on every scale.

        Parameters
        ----------
        arm, against : str
        week : float, optional
            The study's primary week when absent.
        conf_level : float
            Joint level over the scales.

        Returns
        -------
        Estimates
            A row of ``std_mean_difference`` for each scale, above 0 where `arm` does better,
            adjusted for the number of scales; see `ctevidence.contrasts.compare_family`. With
            one scale a caution says that breadth cannot be judged.
        """
        return compare_family(self.levels(week), arm, against=against, conf_level=conf_level)

    def compare_treatments(self, week: float | None = None) -> Estimates:
        """All comparisons that the study allows; each is a family over the scales of its own."""
        rows = Estimates()
        for arm, against in pairs(self.levels(week)[0]):
            rows += self.compare(arm, against=against, week=week)
        return rows

    def __repr__(self) -> str:
        scales = ", ".join(fit.study.scale.label for fit in self.fits)
        return f'CoursesFit in "{self.study.name}": {scales}'

    def _improvement(self, fit: CourseFit, week: float) -> Levels:
        levels = fit.levels("standardised_mean", week)
        sign = 1.0 if levels.better == "higher" else -1.0
        caution = joined(
            levels.caution, say("models.courses.one_scale") if len(self.fits) == 1 else ""
        )
        return replace(
            levels,
            outcome=name_of("improvement", scale=fit.study.scale.label),
            better="higher",
            estimate=sign * levels.estimate,
            method="; ".join(filter(None, (levels.method, say("models.courses.turned")))),
            caution=caution,
        )


def fit_courses(outcomes: Sequence[Outcome], **options: Any) -> CoursesFit:
    """The course of each of several scales of one study, by the same model.

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of kind ``course``, as `derive_courses` gives them; the primary scale first.
    options
        For `fit_course`. Covariates are the study's own, the baseline score that of each scale.

    Returns
    -------
    CoursesFit

    Raises
    ------
    ValueError
        No outcome, one of another kind, the same scale twice, or outcomes of different studies.
    TypeError
        For one outcome that is not in a sequence.

    Notes
    -----
    Scales are fitted one by one: each uses everyone with a score on it, and no covariance
    between scales is assumed. What holds the chance of a false finding needs none.
    """
    if isinstance(outcomes, Outcome):
        raise TypeError(
            "fit_courses takes outcomes of several scales; give it derive_courses(study), or "
            "fit_course the one."
        )
    outcomes = tuple(outcomes)
    scales = [outcome.study.primary_scale for outcome in outcomes]
    if len(set(scales)) < len(scales) or not outcomes:
        raise ValueError(f"Each scale is given once, and there is at least one; found {scales}.")
    if studies := {outcome.study.name for outcome in outcomes} - {outcomes[0].study.name}:
        raise ValueError(
            f"Scales of one study are compared; {outcomes[0].study.name} and "
            f"{', '.join(sorted(studies))} are several."
        )
    for outcome in outcomes:
        refuse_weights(outcome)
    return CoursesFit(tuple(fit_course(outcome, **options) for outcome in outcomes))
