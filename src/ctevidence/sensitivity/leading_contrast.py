"""The comparison that a study's sensitivity analyses are about."""

from __future__ import annotations

from typing import NamedTuple

from ctevidence.contrasts.treatments import PAIRS
from ctevidence.data.study import Study


class LeadingContrast(NamedTuple):
    """A comparison, and the arm that stands for stopping treatment.

    Attributes
    ----------
    arm, against : str
        Treatments where each has one arm, else arms.
    reference : str
        Control where the study has it, else what is compared with: whom people who leave are
        assumed to resemble under reference-based strategies.
    """

    arm: str
    against: str
    reference: str


def leading_contrast(study: Study) -> LeadingContrast:
    """Combined treatment against medication where a study has both, else its first comparison.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> leading_contrast(simulate_study(n=40, seed=1))
    LeadingContrast(arm='combined', against='medication', reference='control')
    """
    treatments = [arm.treatment.value if arm.treatment else arm.name for arm in study.arms]
    if len(set(treatments)) < len(treatments):  # several arms of one treatment: arm by arm
        first, second = study.arms[1].name, study.arms[0].name
        return LeadingContrast(first, second, second)
    for arm, against in PAIRS:
        if arm in treatments and against in treatments:
            return LeadingContrast(arm, against, "control" if "control" in treatments else against)
    return LeadingContrast(treatments[-1], treatments[0], treatments[0])


def unrandomised_pairs(study: Study) -> tuple[tuple[str, str], ...]:
    """The comparisons of treatments that chance did not make, combined treatment first.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from ctevidence.simulate.study import simulate_study
    >>> study = replace(simulate_study(n=40, seed=1), randomised=frozenset({"therapy"}))
    >>> unrandomised_pairs(study)[0]
    ('combined', 'therapy')
    """
    parts = {arm.treatment.value: arm.treatment.components for arm in study.arms if arm.treatment}
    if len(parts) < len(study.arms):
        return ()
    return tuple(
        (arm, against)
        for arm, against in PAIRS
        if arm in parts and against in parts and not parts[arm] ^ parts[against] <= study.randomised
    )
