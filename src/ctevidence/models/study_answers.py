"""What a study answers at one week, measure by measure, also where it can answer nothing."""

from __future__ import annotations

from ctevidence.contrasts import compare_treatments, per_arm
from ctevidence.estimates import Estimates
from ctevidence.levels import Levels
from ctevidence.terms import contrast_measure


class StudyAnswers:
    """Rows of every arm and comparison, from levels that exist for every measure.

    A study that cannot answer has silent levels, whose rows keep their place and say why.
    """

    def levels(self, measure: str) -> Levels:
        """Levels of one measure at the week of the answers."""
        raise NotImplementedError

    def per_arm(self, *measures: str) -> Estimates:
        """Each measure under each arm."""
        return sum((per_arm(self.levels(measure)) for measure in measures), Estimates())

    def compare_treatments(self, *measures: str) -> Estimates:
        """Every comparison of treatments by each contrast measure."""
        rows = Estimates()
        for measure in measures:
            rows += compare_treatments(self.levels(contrast_measure(measure).of), (measure,))
        return rows
