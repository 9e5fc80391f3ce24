"""Several claims of one trial: p-values adjusted for the family by closed testing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from ctevidence.contrasts.compare import compare, levels_of
from ctevidence.contrasts.unidentified import absent, unidentified
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import listed, say
from ctevidence.names import in_words
from ctevidence.terms import CONTRAST_MEASURES, contrast_measure, did_you_mean

#: p-values of an intersection -> its own p-value
LocalTest = Callable[[np.ndarray], float]


def bonferroni(p: np.ndarray) -> float:
    """Valid whatever the dependence; closed, it is Holm's procedure (Holm 1979)."""
    return min(1.0, len(p) * float(p.min()))


def simes(p: np.ndarray) -> float:
    """Valid for independent or positively dependent tests; closed, it is Hommel's procedure."""
    return min(1.0, float(np.min(len(p) * np.sort(p) / np.arange(1, len(p) + 1))))


LOCAL_TESTS: dict[str, LocalTest] = {"bonferroni": bonferroni, "simes": simes}


def closed_tests(
    source,
    *,
    combined: str = "combined",
    medication: str = "medication",
    therapy: str = "therapy",
    control: str = "control",
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.975,
    local: str = "bonferroni",
) -> Estimates:
    """Each single treatment against control and the combination against each, as one family.

    Parameters
    ----------
    source : Levels or a fit
    combined, medication, therapy, control : str
        Arms or treatments.
    measure : str, optional
        A contrast measure; the level measure's first when absent.
    week : float, optional
    conf_level : float
        One-sided level of the limits, which are not adjusted.
    local : {"bonferroni", "simes"}
        Test of each intersection. Simes is more powerful, but not proven for this family:
        medication against control and combined against medication are negatively correlated.

    Returns
    -------
    Estimates
        Four one-sided rows in the good direction whose p-value is adjusted: a claim holds at a
        family-wise level when its p-value is below it. A contrast that is not estimable stays in
        the family and can claim nothing.

    Notes
    -----
    Closed testing (Marcus, Peritz and Gabriel 1976, Biometrika 63:655): a claim holds when every
    intersection of nulls with its own is rejected; the adjusted p-value is the largest of those
    intersections. For the question of multiplicity in factorial trials see Korn and Freidlin
    (2016), Clin Trials 13:651.
    """
    if local not in LOCAL_TESTS:
        raise KeyError(f'There is no local test "{local}"{did_you_mean(local, LOCAL_TESTS)}')
    levels = levels_of(source, contrast_measure(measure).of if measure else None, week)
    chosen = CONTRAST_MEASURES[measure or levels.contrasts[0]]
    alternative = "greater" if levels.better == "higher" else "less"
    family = (
        (medication, control),
        (therapy, control),
        (combined, medication),
        (combined, therapy),
    )
    rows: list[Estimate] = []
    for arm, against in family:
        if missing := absent(levels, (arm, against)):
            why = say("contrasts.no_such_arm", missing=listed(missing, "nor"))
            rows.append(unidentified(levels, arm, against, chosen.name, why))
        else:
            rows += compare(
                levels,
                arm,
                against=against,
                measure=chosen.name,
                conf_level=conf_level,
                alternative=alternative,
            )
    adjusted = adjusted_p_values([row.p_value for row in rows], LOCAL_TESTS[local])
    words = say("contrasts.closed_tests.method", count=len(rows), local=in_words(local))
    return Estimates(
        replace(row, id=f"{row.id}/adjusted", p_value=p, method=f"{words}; {row.method}")
        for row, p in zip(rows, adjusted, strict=True)
    )


def adjusted_p_values(p_values: Sequence[float], local: LocalTest = bonferroni) -> list[float]:
    """Adjusted p-values of a family by closed testing.

    Parameters
    ----------
    p_values : sequence of float, length m
        nan for a claim that could not be tested: it stays in the family, as if its p-value were 1.
    local : callable
        Test of an intersection, from its p-values to one.

    Examples
    --------
    Holm's procedure by hand: 4 x 0.01, 3 x 0.02, then 2 x 0.03 and 0.04 held up to what went
    before.

    >>> adjusted_p_values([0.01, 0.04, 0.03, 0.02])
    [0.04, 0.06, 0.06, 0.06]
    """
    p = np.array([1.0 if math.isnan(x) else x for x in p_values])
    adjusted = np.zeros(len(p))
    for size in range(1, len(p) + 1):
        for members in combinations(range(len(p)), size):
            own = local(p[list(members)])
            adjusted[list(members)] = np.maximum(adjusted[list(members)], own)
    return [
        math.nan if math.isnan(raw) else float(x) for raw, x in zip(p_values, adjusted, strict=True)
    ]
