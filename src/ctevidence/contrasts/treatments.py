"""All the comparisons that a report shows, in one call."""

from __future__ import annotations

from ctevidence.contrasts.compare import all_levels_of, compare
from ctevidence.estimates import Estimates
from ctevidence.levels import Levels
from ctevidence.terms import Arm, contrast_measure

#: (treatment, against), the question of the package first
PAIRS = (
    ("combined", "medication"),
    ("combined", "therapy"),
    ("combined", "control"),
    ("medication", "control"),
    ("therapy", "control"),
    ("therapy", "medication"),
)


def compare_treatments(
    source, measures: tuple[str, ...] | None = None, week: float | None = None
) -> Estimates:
    """Compare every treatment with every other, combined treatment first.

    Parameters
    ----------
    source : Levels or a fit
    measures : tuple of str, optional
        Contrast measures; all that the (first) level measure allows when absent.
    week : float, optional
        All weeks when absent.

    Returns
    -------
    Estimates
        Rows by measure, week and pair. A treatment with several arms is compared arm by arm, the
        first declared arm as reference.
    """
    if measures is None:
        measures = all_levels_of(source, None, week).contrasts
    rows = Estimates()
    for measure in measures:
        levels = all_levels_of(source, contrast_measure(measure).of, week)
        # what has no week, like a hazard ratio, goes with any week that is asked for
        timeless = week is None or levels.weeks == (None,)
        for at in levels.weeks if timeless else (week,):
            for arm, against in pairs(levels.at(at)):
                rows += compare(levels, arm, against=against, measure=measure, week=at)
    return rows


def pairs(levels: Levels) -> list[tuple[str, str]]:
    """The comparisons that these levels allow, by treatment where each has one arm."""
    present: list[Arm] = [a for a in levels.arms if a.name in {key.arm for key in levels.keys}]
    # arms without a declared treatment can only be compared one by one
    treatments = [arm.treatment.value if arm.treatment else arm.name for arm in present]
    if len(set(treatments)) == len(treatments) or levels.several_arms != "error":
        return [(a, b) for a, b in PAIRS if a in treatments and b in treatments]
    return [(arm.name, present[0].name) for arm in present[1:]]
