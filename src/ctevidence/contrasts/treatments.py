"""All the comparisons that a report shows, in one call."""

from __future__ import annotations

from ctevidence.contrasts.compare import compare
from ctevidence.estimates import Estimates
from ctevidence.levels import Levels
from ctevidence.terms import LEVEL_MEASURES, Arm, contrast_measure

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
    levels = source if isinstance(source, Levels) else None
    if measures is None:
        levels = levels or source.levels(None, week)
        measures = LEVEL_MEASURES[levels.measure].contrasts
    rows = Estimates()
    for measure in measures:
        for at in _levels(source, levels, measure, week):
            for arm, against in pairs(at):
                rows += compare(at, arm, against=against, measure=measure)
    return rows


def _levels(source, levels: Levels | None, measure: str, week: float | None) -> list[Levels]:
    wanted = contrast_measure(measure).of
    if levels is None or levels.measure != wanted:
        levels = source.levels(wanted, week)
    return [levels.at(w) for w in levels.weeks if week in (None, w) or w is None]


def pairs(levels: Levels) -> list[tuple[str, str]]:
    """The comparisons that these levels allow, by treatment where each has one arm."""
    present: list[Arm] = [a for a in levels.arms if a.name in {key.arm for key in levels.keys}]
    treatments = [arm.treatment.value for arm in present]
    if len(set(treatments)) == len(treatments) or levels.several_arms != "error":
        return [(a, b) for a, b in PAIRS if a in treatments and b in treatments]
    return [(arm.name, present[0].name) for arm in present[1:]]
