"""Non-inferiority: not worse than, by more than a declared margin; and antagonism."""

from __future__ import annotations

import math
from dataclasses import replace

from ctevidence.contrasts.compare import all_levels_of, compare, joined, levels_of
from ctevidence.contrasts.unidentified import absent, unidentified
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import listed, say
from ctevidence.terms import CONTRAST_MEASURES, contrast_measure


def not_worse_than(
    source,
    arm: str,
    *,
    against: str,
    margin: float,
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.975,
) -> Estimates:
    """Test whether an arm or treatment is not worse than another by more than a margin.

    Parameters
    ----------
    source : Levels or a fit
    arm, against : str
        Arms or treatments.
    margin : float
        Largest loss that would still count as not worse, above 0, in the unit of the measure. It
        is declared beforehand: there is no default.
    measure : str, optional
        A difference measure; the level measure's first when absent.
    week : float, optional
    conf_level : float
        One-sided level of the limit.

    Returns
    -------
    Estimates
        One row: the difference, the limit on the side of harm, and the p-value of the null that
        the arm is worse by the margin or more.

    Raises
    ------
    ValueError
        For a margin that is not above 0, a ratio measure or an NNT.

    Notes
    -----
    Piaggio et al. 2012, JAMA 308:2594 (CONSORT extension for non-inferiority trials).
    """
    if not margin > 0:
        raise ValueError(f"A margin of non-inferiority is above 0, not {margin}.")
    levels = levels_of(source, contrast_measure(measure).of if measure else None, week)
    measure = measure or levels.contrasts[0]
    if CONTRAST_MEASURES[measure].is_ratio or measure == "nnt":
        raise ValueError(f"The margin is one of a difference, not of {measure}.")
    if missing := absent(levels, (arm, against)):
        why = say("contrasts.no_such_arm", missing=listed(missing, "nor"))
        return Estimates([unidentified(levels, arm, against, measure, why)])
    higher = levels.better == "higher"
    row = compare(
        levels,
        arm,
        against=against,
        measure=measure,
        conf_level=conf_level,
        alternative="greater" if higher else "less",
        null=-margin if higher else margin,
    ).one()
    told = say("contrasts.not_worse.margin", margin=f"{margin:g}", unit=levels.unit)
    method = f"{say('contrasts.not_worse.name')}, {told}; {row.method}"
    return Estimates([replace(row, id=f"{row.id}/margin-{margin:g}", method=method)])


def judges_margin(row: Estimate) -> bool:
    """Whether a row asks if an arm is not worse by a margin: its two-sided twin stands apart."""
    return row.method.startswith(say("contrasts.not_worse.name"))


def antagonism(
    source,
    *,
    margin: float,
    treatment_ends: float | None = None,
    combined: str = "combined",
    therapy: str = "therapy",
    measure: str | None = None,
    conf_level: float = 0.975,
) -> Estimates:
    """Does medication blunt therapy? Combined not worse than therapy, at every week.

    Parameters
    ----------
    source : Levels or a fit
    margin : float
        As for `not_worse_than`; nan where the study declares none: rows keep their places.
    treatment_ends : float, optional
        Last week of treatment: each row then says whether it speaks of the time while treatment
        lasted or of the time after it. The two are different questions.
    combined, therapy, measure, conf_level
        As for `not_worse_than`.

    Returns
    -------
    Estimates
        One row for each week of the levels.

    Notes
    -----
    This is a direct comparison. A negative interaction is not the same thing: it says that the
    parts overlap, not that the combination does worse than therapy alone.
    """
    levels = all_levels_of(source, contrast_measure(measure).of if measure else None, None)
    rows = Estimates()
    for week in levels.weeks:
        if math.isnan(margin):
            measure = measure or levels.contrasts[0]
            at_week = levels_of(levels, None, week)
            row = unidentified(
                at_week, combined, therapy, measure, say("contrasts.not_worse.no_margin")
            )
            told = say("contrasts.not_worse.without_margin")
            method = f"{say('contrasts.not_worse.name')}, {told}; {row.method}"
            side = "greater" if levels.better == "higher" else "less"
            row = replace(row, id=f"{row.id}/no-margin", method=method, alternative=side)
            rows += Estimates([row])
            continue
        row = not_worse_than(
            levels,
            combined,
            against=therapy,
            margin=margin,
            measure=measure,
            week=week,
            conf_level=conf_level,
        ).one()
        rows += Estimates([replace(row, caution=joined(row.caution, _phase(week, treatment_ends)))])
    return rows


def _phase(week: float | None, treatment_ends: float | None) -> str:
    if week is None or treatment_ends is None or math.isnan(week):
        return ""
    ended = week > treatment_ends
    return say("contrasts.not_worse.after") if ended else say("contrasts.not_worse.during")
