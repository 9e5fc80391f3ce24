"""Course: the scores over the scheduled visits.

Rows are visits attended, filed under their nominal week with the actual day beside it; a missing
score is a missing row, never a value carried forward. Scores after dropout stay in (treatment
policy); after death there are none; strategies that the study declares for intercurrent events go
before both (`intercurrent`). Time zero is the start of treatment or randomisation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ctevidence.data.rules import EntryRule
from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.outcomes.intercurrent import strategy_cautions
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.visit_scores import declared_scores
from ctevidence.terms import did_you_mean


@dataclass(frozen=True)
class CourseRule:
    """The score of one scale at every scheduled visit."""

    scale: str

    def describe(self) -> str:
        return say("outcomes.course.rule", scale=self.scale)


def derive_course(study: Study, scale: str | None = None) -> Outcome:
    """Scores of everyone who enters, at the scheduled visits.

    Parameters
    ----------
    study : Study
    scale : str, optional
        Word of the column ``scale``; the primary scale when absent. With another scale the
        outcome's study is the same study seen through that scale (see `seen_through`).

    Returns
    -------
    Outcome
        Kind ``course``; one row per person and visit attended, with the actual `day` beside the
        nominal `week`. Baseline scores and covariates stand in ``study.entering()``.

    Raises
    ------
    KeyError
        The study has no such scale; the message lists those it has.
    """
    study = study if scale in (None, study.primary_scale) else seen_through(study, scale)
    frame = declared_scores(study)[["participant_id", "arm", "week", "day", "score"]]
    return Outcome(
        kind="course",
        name=f"{study.scale.label} score ({study.scale.better} is better)",
        study=study,
        frame=frame,
        rule=CourseRule(study.scale.label),
        better=study.scale.better,
        cautions=strategy_cautions(study),
    )


def derive_courses(study: Study) -> tuple[Outcome, ...]:
    """The course of every scale of the study, the primary one first.

    Returns
    -------
    tuple of Outcome
        As from `derive_course`.
    """
    others = [scale for scale in study.scales if scale != study.primary_scale]
    return tuple(derive_course(study, scale) for scale in (study.primary_scale, *others))


def seen_through(study: Study, scale: str) -> Study:
    """The same study with another scale as its primary one.

    Who enters is still decided by the study's own primary scale; of these people, those with a
    baseline score on `scale`. Rules in points of the primary scale do not hold on another: it
    declares none.
    """
    if scale not in study.scales:
        raise KeyError(f'{study.name} has no scale "{scale}"{did_you_mean(scale, study.scales)}')
    people = study.participants
    entered = people["participant_id"].isin(study.entering()["participant_id"])
    return replace(
        study,
        primary_scale=scale,
        rules=replace(
            study.rules,
            response=None,
            remission=None,
            relapse=None,
            clinical_change=None,
            definitions=(),
            entry=EntryRule(),
        ),
        tables={**study.tables, "participants": people[entered].reset_index(drop=True)},
    )
