"""One arm or treatment against another."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from ctevidence.contrasts.combination import Combination, combine
from ctevidence.contrasts.event_rates import exact_rate_ratio
from ctevidence.estimates import SMALL, Estimate, Estimates, small_group_caution
from ctevidence.language import listed, say
from ctevidence.levels import Cell, Evidence, Levels, differing_components, is_randomised
from ctevidence.terms import ContrastMeasure, contrast_measure

#: an exponential of more than this is no longer a number
LARGEST_LOG = 700.0


def all_levels_of(source, measure: str | None, week: float | None) -> Levels:
    """`Levels` at all weeks from levels, or from anything with ``.levels(measure, week)``.

    Raises
    ------
    TypeError
        When it is neither levels nor a fit.
    ValueError
        For another measure than that of the levels; the message lists what can be compared.
    """
    if isinstance(source, Levels):
        # what is asked of network effects is checked by `contrast_of`
        if measure not in (None, source.measure) and not source.read_as:
            valid = ", ".join(source.contrasts)
            raise ValueError(
                f"These levels are of {source.measure}, not of {measure}. They can be compared as "
                f"{valid}."
            )
        return source
    if not hasattr(source, "levels"):
        raise TypeError(
            f"Levels or a fit (from fit_response, fit_course ...) can be compared, not "
            f"{type(source).__name__}. Fit it first."
        )
    return source.levels(measure, week)


def levels_of(source, measure: str | None, week: float | None) -> Levels:
    """`Levels` at one week; as `all_levels_of`, and KeyError for a week there is not."""
    return all_levels_of(source, measure, week).at(week)


def contrast_of(levels: Levels, measure: str | None) -> ContrastMeasure:
    """The contrast measure asked for, or the usual one of the levels.

    Raises
    ------
    ValueError
        When network effects are of another measure.
    """
    measure = measure or levels.contrasts[0]
    if levels.read_as and measure != levels.read_as:
        raise ValueError(
            f"These network effects are compared as {levels.read_as}; a {measure} cannot be worked "
            "out from them."
        )
    return contrast_measure(measure)


def compare(
    source,
    arm: str,
    *,
    against: str,
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.95,
    alternative: str = "two-sided",
    null: float | None = None,
) -> Estimates:
    """Compare an arm or treatment with another.

    Parameters
    ----------
    source : Levels or a fit
    arm, against : str
        Arms or treatments; what it is compared with is always said.
    measure : str, optional
        One of `terms.CONTRAST_MEASURES`; the difference when absent.
    week : float, optional
        Nominal week; may be left out where there is only one.
    conf_level : float
    alternative : {"two-sided", "greater", "less"}
        One-sided alternatives give one limit.
    null : float, optional
        Value under test on the scale of the measure; no difference when absent.

    Returns
    -------
    Estimates
        One row.

    Raises
    ------
    KeyError
        Unknown arm, treatment, week or measure.
    ValueError
        A measure that does not fit the levels, two names of one arm, a treatment with several
        arms, a ratio tested against a value that is not above 0, or a one-sided NNT.

    Examples
    --------
    >>> import numpy as np
    >>> from ctevidence.terms import Arm
    >>> levels = Levels("demo", "response", "everyone who started",
    ...     (Arm("combined", "combined"), Arm("medication", "medication")),
    ...     (("combined", 12), ("medication", 12)), "risk", "higher",
    ...     [0.6, 0.4], np.diag([0.0024, 0.0024]), (100, 100), (60, 40), frozenset(), "counts")
    >>> row = compare(levels, "combined", against="medication", measure="risk_ratio").one()
    >>> round(row.estimate, 3), row.randomised
    (1.5, False)
    """
    chosen = contrast_measure(measure) if measure else None
    levels = levels_of(source, chosen.of if chosen else None, week)
    chosen = contrast_of(levels, measure)
    cells = [levels.cell(arm), levels.cell(against)]
    if set(cells[0].arms) & set(cells[1].arms):
        raise ValueError(
            f'"{arm}" and "{against}" share an arm, which cannot be compared with itself. Name two '
            "different arms."
        )
    scale = chosen.scale if levels.anchored else "identity"  # they are on that scale already
    tested = _null_on_scale(chosen, null, alternative)
    if chosen.name == "event_rate_ratio" and levels.years is not None:
        row = _rate_ratio(levels, cells, against, conf_level, alternative, math.exp(tested))
        return Estimates([row])
    result = combine(levels, cells, [1.0, -1.0], scale, conf_level, alternative, tested)
    row = contrast_row(levels, cells, against, chosen, result, conf_level, alternative)
    return Estimates([row])


def _null_on_scale(measure: ContrastMeasure, null: float | None, alternative: str) -> float:
    if measure.name == "nnt" and (null is not None or alternative != "two-sided"):
        raise ValueError(
            "A number needed to treat is tested two-sided against no difference. Use "
            "risk_difference for another test."
        )
    if null is None:
        return 0.0  # no difference, and the logarithm of a ratio of 1
    if not measure.is_ratio:
        return null
    if not null > 0:
        raise ValueError(f"A {measure.name} is tested against a value above 0, not {null}.")
    return math.log(null)


def _rate_ratio(
    levels: Levels,
    cells: list[Cell],
    against: str,
    conf_level: float,
    alternative: str,
    null: float,
) -> Estimate:
    """The row of an exact ratio of event rates; with no event on a side, what limit is left."""
    measure = contrast_measure("event_rate_ratio")
    arm, reference = ((cell.events, levels.years_of(cell)) for cell in cells)
    found = exact_rate_ratio(*arm, *reference, conf_level, alternative, null)
    bare = Combination(df=math.inf, method=say("contrasts.compare.exact"), problem=found.problem)
    row = contrast_row(levels, cells, against, measure, bare, conf_level, alternative)
    if not math.isfinite(found.estimate):
        return row
    return replace(
        row,
        estimate=found.estimate,
        conf_low=found.low,
        conf_high=found.high,
        p_value=found.p_value,
        std_error=found.std_error,
    )


def contrast_row(
    levels: Levels,
    cells: list[Cell],
    reference: str,
    measure: ContrastMeasure,
    result: Combination,
    conf_level: float = 0.95,
    alternative: str = "two-sided",
) -> Estimate:
    """The tidy row of a combination whose first cell is the arm and the rest its reference."""
    estimate, low, high = result.estimate, result.low, result.high
    if measure.is_ratio and any(abs(x) > LARGEST_LOG for x in (estimate, low, high)):
        result = Combination(problem=say("contrasts.compare.no_limit"))
        estimate = low = high = math.nan
    elif measure.is_ratio:
        estimate, low, high = math.exp(estimate), math.exp(low), math.exp(high)
    elif measure.name == "nnt":
        estimate, low, high = _needed_to_treat(estimate, low, high, levels.better)
    elif measure.name == "risk_difference":
        low, high = _possible(low, high)
    randomised = is_randomised(cells, levels.randomised)
    unit = levels.unit if measure.unit.startswith("points") else measure.unit
    behind = _behind(levels, cells)
    return Estimate(
        study=levels.study,
        population=levels.population,
        outcome=levels.outcome,
        arm=cells[0].name,
        reference=reference,
        measure=measure.name,
        unit=unit,
        week=_week(levels),
        estimate=estimate,
        conf_low=low,
        conf_high=high,
        conf_level=conf_level,
        alternative=alternative,
        std_error=result.std_error,
        error_scale=_error_scale(measure),
        df=result.df,
        p_value=result.p_value,
        n=behind.n,
        events=cells[0].events,
        n_reference=behind.n_reference,
        events_reference=total_or_none([cell.events for cell in cells[1:]]),
        studies=behind.studies,
        randomised=randomised,
        method="; ".join(filter(None, (levels.method, result.method))),
        caution=joined(
            behind.caution,
            levels.caution,
            result.problem,
            _hidden_in_sums(cells, result),
            _association(cells, levels, randomised),
        ),
    )


def _hidden_in_sums(cells: list[Cell], result: Combination) -> str:
    """Whether a group of several is small; two groups stand in the row themselves."""
    if len(cells) <= 2 or math.isnan(result.estimate):
        return ""
    return small_group((cell.events, cell.n) for cell in cells)


def _behind(levels: Levels, cells: list[Cell]) -> Evidence:
    if levels.evidence_for:
        return levels.evidence_for(cells)
    return Evidence(1, cells[0].n, total_or_none([cell.n for cell in cells[1:]]))


def _possible(low: float, high: float) -> tuple[float, float]:
    """Limits of a difference of risks, no further than risks can differ: 1.

    A normal approximation in few people knows no such end. An open end, nan, stays open.
    """
    return (-1.0 if low < -1 else low), (1.0 if high > 1 else high)


def _needed_to_treat(difference: float, low: float, high: float, better: str):
    """Number needed to treat; positive to benefit, negative to harm (Altman 1998, BMJ 317:1309).

    An interval of the difference that holds zero gives limits on both sides of infinity: then the
    lower limit is negative, the upper positive, and the range runs through infinity.
    """
    if better == "lower":
        difference, low, high = -difference, -high, -low
    inverse = lambda x: math.inf if x == 0 else 1 / x  # noqa: E731
    if low <= 0 <= high:
        return inverse(difference), inverse(low) if low else -math.inf, inverse(high)
    return inverse(difference), inverse(high), inverse(low)


def _error_scale(measure: ContrastMeasure) -> str:
    """A ratio's error belongs to the log scale, an NNT's to the difference it inverts."""
    return "log" if measure.is_ratio else "identity"


def _association(cells: list[Cell], levels: Levels, randomised: bool) -> str:
    if randomised:
        return ""
    if say("caution.descriptive") in levels.caution:
        return say("contrasts.compare.selected")
    missing = sorted(differing_components(cells) - levels.randomised)
    return say(
        "contrasts.compare.association",
        components=listed(missing) or say("contrasts.compare.treatment"),
    )


def _week(levels: Levels) -> float:
    week = levels.keys[0].week
    return math.nan if week is None else week


def total_or_none(counts: list[int | None]) -> int | None:
    """The sum of counts; None when one of them is not counted."""
    return None if None in counts else sum(counts)


def small_group(groups: Iterable[tuple[int | None, int | None]]) -> str:
    """The caution of a row that sums over groups, events and people of each, when one is small.

    Nobody is not few: levels say themselves where there is no variation.

    Examples
    --------
    >>> small_group([(20, 40), (15, 31), (3, 30)]) == small_group_caution(), small_group([(20, 40)])
    (True, '')
    """

    def counts(events: int | None, n: int | None):
        return (events, n, None if None in (events, n) else n - events)

    few = (k is not None and 0 < k < SMALL for group in groups for k in counts(*group))
    return small_group_caution() if any(few) else ""


def joined(*cautions: str) -> str:
    """Cautions in one line, each once, also where rows that are joined carry several.

    >>> joined("one; two", "", "two; three")
    'one; two; three'
    """
    return "; ".join(dict.fromkeys(part for c in cautions for part in c.split("; ") if part))
