r"""RERI, attributable proportion and synergy index, by delta method, MOVER or bootstrap.

All three are of amounts :math:`e` - risks, odds or hazards - of the four cells. What is the
outcome and which cell is the reference is said in the call and never taken from the data: recoding
either changes all three.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.special import stdtrit

from ctevidence.contrasts.combination import (
    Combination,
    Formula,
    by_delta,
    by_interval,
    combine,
    covariance_of,
    mover,
    values_of,
    why_not_estimable,
)
from ctevidence.contrasts.compare import contrast_row, joined, levels_of
from ctevidence.contrasts.interaction_formulas import (
    COMBINED,
    CONTROL,
    excess_over,
    log_synergy_index,
)
from ctevidence.contrasts.percentiles import by_draws
from ctevidence.contrasts.recoded import opposite_outcome, seen_from
from ctevidence.contrasts.unidentified import absent, not_identified
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.levels import Cell, Levels
from ctevidence.names import in_words
from ctevidence.terms import ContrastMeasure, did_you_mean

INTERVALS = ("delta", "mover", "bootstrap")
#: what amounts are ratios of -> the scale on which they are logarithms
AMOUNTS = {"risk": "log", "odds": "logit"}
OUTCOMES = ("declared", "opposite")
#: measure -> unit, and the cell whose amount is divided by
EXCESS = {"reri": ("relative risk", CONTROL), "attributable_proportion": ("share", COMBINED)}


def relative_excess(
    source,
    *,
    combined: str = "combined",
    medication: str = "medication",
    therapy: str = "therapy",
    control: str = "control",
    of: str = "risk",
    reference: str | None = None,
    outcome: str = "declared",
    intervals: tuple[str, ...] = ("delta", "mover"),
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.95,
) -> Estimates:
    """Interaction relative to a cell: RERI, attributable proportion, synergy index.

    Parameters
    ----------
    source : Levels or a fit
        Of risks, of cumulative incidence, or of log hazards.
    combined, medication, therapy, control : str
        Arms or treatments that fill the four cells.
    of : {"risk", "odds"}
        Amounts that are compared; odds for counts of a case-control study. Hazards are their own.
    reference : str, optional
        The cell that counts as having neither exposure; `control` when absent. Declare
        `combined` where both treatments protect from an adverse outcome.
    outcome : {"declared", "opposite"}
        As the levels have it, or not having it.
    intervals : tuple of {"delta", "mover", "bootstrap"}
        One row for each measure and interval; bootstrap needs levels with replicates.
    measure, week, conf_level
        As for `synergy`.

    Returns
    -------
    Estimates
        Rows in the order of `intervals`; what the data leave undefined keeps its place.

    Raises
    ------
    KeyError
        Unknown amounts, outcome, interval, cell or week.

    Notes
    -----
    Definitions of Rothman (1976), Am J Epidemiol 103:506; delta intervals of Hosmer and Lemeshow
    (1992), Epidemiology 3:452, the index on the log scale; MOVER of Zou (2008), Am J Epidemiol
    168:212. The limits of the index by MOVER are the values s for which the interval of
    ``(r11 - 1) - s (r10 + r01 - 2)`` just holds zero, as in Fieller's theorem, so that it holds 1
    when that of RERI holds 0. On recoding see Knol et al. (2011), Eur J Epidemiol 26:433.

    Examples
    --------
    Oral cancer, alcohol and smoking (Rothman and Keller 1972; Hosmer and Lemeshow 1992): RERI
    3.74, -1.84 to 9.32.

    >>> from ctevidence.contrasts.counted_levels import counted_levels
    >>> cases, controls = (225, 6, 8, 3), (166, 12, 18, 20)
    >>> people = [a + b for a, b in zip(cases, controls)]
    >>> rows = relative_excess(counted_levels(cases, people, outcome="oral cancer",
    ...     better="lower", study="Rothman and Keller"), of="odds", intervals=("delta",))
    >>> row = rows.where(measure="reri").one()
    >>> round(row.estimate, 2), round(row.conf_low, 2), round(row.conf_high, 2)
    (3.74, -1.84, 9.32)
    """
    _known("outcome", outcome, OUTCOMES)
    _known("amounts", of, AMOUNTS)
    for interval in intervals:
        _known("interval", interval, INTERVALS)
    levels = levels_of(source, measure, week)
    names = (combined, medication, therapy, control)
    seen = seen_from(names, reference or control)
    if absent(levels, names):
        return not_identified(levels, names, (*EXCESS, "synergy_index"))
    if outcome == "opposite":
        levels = opposite_outcome(levels)
    cells = [levels.cell(name) for name in seen]
    coded = say(
        "contrasts.relative_excess.coded", outcome=in_words(levels.outcome), reference=seen[CONTROL]
    )
    rows = []
    for interval in intervals:
        for name in (*EXCESS, "synergy_index"):
            row = _row(levels, cells, name, of, interval, conf_level)
            method = joined(
                row.method,
                say("contrasts.relative_excess.amounts_of", amounts=_amounts(levels, of)),
                coded,
            )
            parts = (row.id, _amounts(levels, of), seen[CONTROL], interval)
            rows.append(replace(row, id="/".join(parts).replace(" ", "-"), method=method))
    return Estimates(rows)


def _row(levels, cells, name, of, interval, conf_level) -> Estimate:
    result = relative_result(levels, cells, name, of, interval, conf_level)
    unit = EXCESS[name][0] if name in EXCESS else "ratio"
    scale = "identity" if name in EXCESS else "log"
    row = contrast_row(
        levels,
        cells,
        "additivity",
        ContrastMeasure(name, levels.measure, scale, unit),
        result,
        conf_level,
    )
    caution = (
        say("contrasts.relative_excess.of_hazards") if levels.measure.endswith("_hazard") else ""
    )
    return replace(row, caution=joined(row.caution, caution))


def relative_result(
    levels: Levels, cells: list[Cell], name: str, of: str, interval: str | None, conf_level: float
) -> Combination:
    """RERI, attributable proportion or log synergy index of four cells by one interval.

    Without a choice it is MOVER, by `validation/synergy.py` fit for more sizes and rates than the
    delta method, which takes its place where MOVER cannot be made, and for the index.
    """
    if interval is None:
        chosen = "mover" if name in EXCESS else "delta"
        found = relative_result(levels, cells, name, of, chosen, conf_level)
        if chosen == "delta" or math.isfinite(found.low) or math.isnan(found.estimate):
            return found
        instead = relative_result(levels, cells, name, of, "delta", conf_level)
        return replace(
            instead, problem=joined(instead.problem, say("contrasts.relative_excess.instead"))
        )
    scale = AMOUNTS[of] if levels.anchored else "identity"
    amount = _amount_on(scale)
    over = EXCESS[name][1] if name in EXCESS else CONTROL
    formula = excess_over(over, amount) if name in EXCESS else log_synergy_index(amount)
    problem = why_not_estimable(levels, cells)
    if not problem and name in EXCESS:  # the index divides by no single cell
        problem = why_not_estimable(levels, [cells[over]], scale)
    if not problem and of == "odds" and levels.anchored:
        problem = why_not_estimable(levels, cells, scale)
    if not problem and not math.isfinite(_quietly(formula, values_of(levels, cells))):
        problem = say("contrasts.relative_excess.opposed")
    if problem:
        return Combination(problem=problem)
    if interval == "bootstrap":
        return by_draws(levels, cells, formula, conf_level)
    if interval == "delta":
        return by_delta(levels, cells, formula, conf_level)
    return _by_mover(levels, cells, formula, scale, name, conf_level)


def _by_mover(levels, cells, formula: Formula, scale: str, name: str, conf_level) -> Combination:
    """Zou's interval, from those of the three ratios to the cell that is divided by."""
    over = EXCESS[name][1] if name in EXCESS else CONTROL
    delta = by_delta(levels, cells, formula, conf_level)
    without = why_not_estimable(levels, cells, scale)
    if without or not delta.std_error > 0:
        return replace(delta, low=math.nan, high=math.nan, p_value=math.nan, problem=without or
                       delta.problem, method="")  # fmt: skip
    others = [i for i in range(4) if i != over]
    weights = np.array([[1.0, -1.0, -1.0, 1.0][i] for i in others])
    from_over = np.eye(4)[others] - np.eye(4)[over]
    cov = from_over @ covariance_of(levels, cells, scale) @ from_over.T
    error = np.sqrt(np.diag(cov))
    if not np.all(error > 0):
        return replace(delta, low=math.nan, high=math.nan, p_value=math.nan, method="",
                       problem=say("contrasts.relative_excess.no_variation"))  # fmt: skip
    correlation = cov / np.outer(error, error)

    parts = [combine(levels, [cells[i], cells[over]], [1, -1], scale, conf_level) for i in others]
    log_ratio, df = np.array([[p.estimate, p.df] for p in parts]).T
    value = np.exp(log_ratio)

    def limits_at(level: float) -> np.ndarray:
        reach = stdtrit(df, 0.5 + level / 2) * error
        return np.exp(np.stack([log_ratio - reach, log_ratio + reach], axis=1))

    def excess(level: float) -> tuple[float, float]:
        low, high = mover(weights, value, limits_at(level), correlation)
        return 1 + low, 1 + high

    found = by_interval(1 + float(weights @ value), delta.std_error, excess, conf_level)
    if name in EXCESS:
        return found
    low, high = _index_limits(value, limits_at(conf_level), correlation)
    # the index is 1 when RERI is 0, and each interval holds its null when the other does
    missing = "" if math.isfinite(low + high) else say("contrasts.relative_excess.unbounded")
    return replace(found, estimate=delta.estimate, low=low, high=high, problem=missing)


def _index_limits(
    ratio: np.ndarray, limits: np.ndarray, correlation: np.ndarray
) -> tuple[float, float]:
    """Log limits of the synergy index, nan where one of them is not a positive number.

    Parameters
    ----------
    ratio, limits : ndarray, shape (3,) and (3, 2)
        Of combined, medication, therapy, each to control.
    """
    together, apart = ratio[0] - 1, ratio[1] + ratio[2] - 2
    below, above = ratio - limits[:, 0], limits[:, 1] - ratio
    if apart < 0:  # both protect: turn both
        below, above = above, below
    # (together - s apart)^2 = its squared distance to a limit, as a polynomial of s
    low = _polynomial(together, apart, (below[0], above[1], above[2]), correlation)
    high = _polynomial(together, apart, (above[0], below[1], below[2]), correlation)
    if low[2] <= 0 or high[0] <= 0:  # no effect of the combination, or of the parts, is possible
        return math.nan, math.nan
    root = [math.sqrt(max(0.0, middle**2 - first * last)) for first, middle, last in (low, high)]
    return math.log(low[2] / (low[1] + root[0])), math.log((high[1] + root[1]) / high[0])


def _polynomial(together: float, apart: float, distances, correlation: np.ndarray):
    """Coefficients a, b, c of ``a s^2 - 2 b s + c``."""
    towards = np.array([1.0, -1.0, -1.0]) * distances
    v = np.outer(towards, towards) * correlation
    return apart**2 - v[1:, 1:].sum(), together * apart + v[0, 1:].sum(), together**2 - v[0, 0]


def _amount_on(scale: str) -> Callable:
    """Amounts and their derivatives by the values, for levels on whose scale they are logs."""
    if scale == "log":
        return lambda v: (v, np.ones_like(v))
    if scale == "logit":
        return lambda v: (v / (1 - v), 1 / (1 - v) ** 2)
    return lambda v: (np.exp(v), np.exp(v))


def _amounts(levels: Levels, of: str) -> str:
    return of if levels.anchored else levels.measure.removeprefix("log_").replace("_", " ")


def _quietly(formula: Formula, values: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(formula(values)[0])


def _known(what: str, word: str, known) -> None:
    if word not in known:
        raise KeyError(f'There is no {what} "{word}"{did_you_mean(word, known)}')
