"""What could a trial see? Power and people needed, from levels as they are assumed to be.

A planned trial is a `Levels` object like any other, made by `assumed_levels`; so is a pilot study's
fit. Everything here asks of it what its contrasts would show again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from ctevidence.contrasts.combination import by_delta, covariance_of, values_of
from ctevidence.contrasts.compare import levels_of, total_or_none
from ctevidence.contrasts.counted_levels import FOUR_ARMS
from ctevidence.contrasts.interaction_formulas import MEASURES
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.levels import Cell, Levels
from ctevidence.terms import COMPONENTS, did_you_mean

CELLS = ("combined", "medication", "therapy", "control")
POWER = 0.80


def assumed_levels(
    values: Sequence[float],
    n: int | Sequence[int],
    *,
    measure: str = "risk",
    sd: float | Sequence[float] | None = None,
    better: str = "higher",
    outcome: str = "response",
    followed: float = 1.0,
    study: str = "planned trial",
) -> Levels:
    """Levels of a planned trial.

    Parameters
    ----------
    values : sequence of float
        Assumed levels of combined, medication, therapy and control, or the first of them.
    n : int or sequence of int
        People randomised to each arm.
    measure : {"risk", "mean", "rmst", ...}
    sd : float or sequence of float, optional
        Standard deviation between people: of the score (times ``sqrt(1 - r^2)`` when adjusted for
        a baseline that correlates r with it), or of the time free of the event up to the horizon.
        Risks have their own.
    better : {"higher", "lower"}
    outcome, study : str
    followed : float
        Share of people whose outcome will be known.

    Raises
    ------
    ValueError
        For a measure that needs `sd` and has none.

    Examples
    --------
    >>> levels = assumed_levels((0.70, 0.50, 0.50, 0.35), 150)
    >>> round(power_interaction(levels).one().estimate, 3)
    0.097
    """
    values = np.asarray(values, float)
    people = np.broadcast_to(np.asarray(n), values.shape)
    if measure == "risk":
        spread = np.sqrt(values * (1 - values))
    elif sd is None:
        raise ValueError(f"Say sd, the standard deviation between people, for a {measure}.")
    else:
        spread = np.broadcast_to(np.asarray(sd, float), values.shape)
    known = np.array([math.floor(followed * k) for k in people])
    arms = FOUR_ARMS[: len(values)]
    return Levels(
        study=study,
        outcome=outcome,
        population="as assumed",
        arms=arms,
        keys=tuple((arm.name, None) for arm in arms),
        measure=measure,
        better=better,
        estimate=values,
        cov=np.diag(spread**2 / known),
        n=tuple(int(k) for k in known),
        events=(None,) * len(values),
        randomised=frozenset(COMPONENTS),
        method="assumed",
    )


def power_interaction(
    source,
    *,
    interaction: str | None = None,
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.95,
    cells: Sequence[str] = CELLS,
) -> Estimates:
    r"""Power of the two-sided test of an interaction.

    Parameters
    ----------
    source : Levels or a fit
        As assumed (`assumed_levels`), or as a pilot study found them.
    interaction : str, optional
        One of the measures that `synergy` gives for these levels; its first when absent.
    measure, week, conf_level
        As for `synergy`.
    cells : sequence of str
        Combined, medication, therapy, control.

    Returns
    -------
    Estimates
        One row, unit probability.

    Notes
    -----
    :math:`\Phi(\delta/\mathrm{se} - z) + \Phi(-\delta/\mathrm{se} - z)` on the analysis scale, a
    normal approximation. In a balanced trial an interaction as large as an effect at the margins
    needs four times the people (Montgomery et al. 2003, BMC Med Res Methodol 3:26).
    """
    levels, filled, name = _assumed(source, interaction, measure, week, cells)
    signal = _signal(levels, filled, name)
    z = float(ndtri(0.5 + conf_level / 2))
    found = float(ndtr(abs(signal) - z) + ndtr(-abs(signal) - z))
    method = say("contrasts.power.of_interaction", name=name, alpha=f"{1 - conf_level:.3g}")
    return Estimates([_power_row(levels, filled, f"power_{name}", found, method)])


def sample_size_interaction(
    source,
    *,
    power: float = POWER,
    interaction: str | None = None,
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.95,
    cells: Sequence[str] = CELLS,
) -> Estimates:
    r"""People needed in each arm, and in all, to find an interaction as assumed.

    Parameters
    ----------
    source, interaction, measure, week, conf_level, cells
        As for `power_interaction`; arms keep their proportions.
    power : float

    Returns
    -------
    Estimates
        One row for each arm and one for all, unit people.

    Notes
    -----
    :math:`n = n_0 ((z_{1-\alpha/2} + z_{1-\beta})\,\mathrm{se}_0/\delta)^2`, rounded up in each
    arm.
    """
    levels, filled, name = _assumed(source, interaction, measure, week, cells)
    signal = _signal(levels, filled, name)
    reach = float(ndtri(0.5 + conf_level / 2) + ndtri(power))
    times = (reach / signal) ** 2 if signal else math.inf
    method = say(
        "contrasts.power.size_for_interaction",
        power=f"{power:.0%}",
        name=name,
        alpha=f"{1 - conf_level:.3g}",
    )
    return _people_rows(levels, filled, times, method)


def power_better_than_both(
    source,
    *,
    margin: float = 0.0,
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.975,
    cells: Sequence[str] = CELLS[:3],
) -> Estimates:
    r"""Power of the min test: that the combination is shown to beat both single treatments.

    Parameters
    ----------
    source, measure, week
        As for `power_interaction`.
    margin, conf_level
        As for `better_than_both`.
    cells : sequence of str
        Combined, medication, therapy.

    Notes
    -----
    Both one-sided z statistics have to exceed the quantile: a bivariate normal probability with
    the correlation of the two contrasts, which share the combined arm, by one-dimensional
    quadrature.
    """
    levels = levels_of(source, measure, week)
    filled = [levels.cell(name) for name in cells]
    found = _min_test_power(*_min_test_signals(levels, filled, margin), conf_level)
    method = say("contrasts.power.of_min_test", margin=f"{margin:g}", alpha=f"{1 - conf_level:.3g}")
    return Estimates([_power_row(levels, filled, "power_better_than_both", found, method)])


def sample_size_better_than_both(
    source,
    *,
    power: float = POWER,
    margin: float = 0.0,
    measure: str | None = None,
    week: float | None = None,
    conf_level: float = 0.975,
    cells: Sequence[str] = CELLS[:3],
) -> Estimates:
    """People needed in each arm, and in all, for the min test; as `sample_size_interaction`."""
    levels = levels_of(source, measure, week)
    filled = [levels.cell(name) for name in cells]
    signals, correlation = _min_test_signals(levels, filled, margin)

    def short(times: float) -> float:
        return _min_test_power(math.sqrt(times) * signals, correlation, conf_level) - power

    times = brentq(short, 1e-6, 1e8, xtol=1e-10) if min(signals) > 0 else math.inf
    method = say(
        "contrasts.power.size_for_min_test",
        power=f"{power:.0%}",
        margin=f"{margin:g}",
        alpha=f"{1 - conf_level:.3g}",
    )
    return _people_rows(levels, filled, times, method)


def _assumed(source, interaction, measure, week, cells) -> tuple[Levels, list[Cell], str]:
    levels = levels_of(source, measure, week)
    valid = levels.synergy
    name = interaction or valid[0]
    if name not in valid:
        raise KeyError(f'No interaction "{name}" of a {levels.measure}{did_you_mean(name, valid)}')
    return levels, [levels.cell(cell) for cell in cells], name


def _signal(levels: Levels, cells: list[Cell], name: str) -> float:
    """The interaction in standard errors."""
    name = name if levels.anchored else "interaction_difference"  # they are logarithms already
    found = by_delta(levels, cells, MEASURES[name].formula)
    return found.estimate / found.std_error


def _min_test_signals(levels: Levels, cells: list[Cell], margin: float):
    """Both advantages beyond the margin in standard errors, and their correlation."""
    sign = 1.0 if levels.better == "higher" else -1.0
    contrasts = sign * np.array([[1.0, -1.0, 0.0], [1.0, 0.0, -1.0]])
    cov = contrasts @ covariance_of(levels, cells, "identity") @ contrasts.T
    error = np.sqrt(np.diag(cov))
    advantage = contrasts @ values_of(levels, cells) - margin
    return advantage / error, float(cov[0, 1] / (error[0] * error[1]))


def _min_test_power(signals: np.ndarray, correlation: float, conf_level: float) -> float:
    """P(Z1 > z and Z2 > z) of normals with these means and unit variances."""
    z, rest = float(ndtri(conf_level)), math.sqrt(1 - correlation**2)
    first, second = signals - z

    def density(x: float) -> float:
        return (
            math.exp(-x * x / 2) / math.sqrt(2 * math.pi) * ndtr((second + correlation * x) / rest)
        )

    # x is how far the first statistic lies above its mean; nothing is left beyond 10
    found, _ = quad(density, max(-first, -10.0), 10.0, epsabs=1e-12, epsrel=1e-12, limit=200)
    return float(found) if -first < 10 else 0.0


def _power_row(levels: Levels, cells: list[Cell], measure: str, found: float, method: str):
    return Estimate(
        study=levels.study,
        population=levels.population,
        outcome=levels.outcome,
        arm=cells[0].name,
        measure=measure,
        unit="probability",
        estimate=found,
        n=total_or_none([cell.n for cell in cells]),
        randomised=None,
        method=method,
        caution=levels.caution,
    )


def _people_rows(levels: Levels, cells: list[Cell], times: float, method: str) -> Estimates:
    needed = [math.ceil(times * c.n - 1e-9) if math.isfinite(times) else math.nan for c in cells]
    caution = "" if math.isfinite(times) else say("contrasts.power.nothing_to_find")
    row = replace(
        _power_row(levels, cells, "people_needed", math.nan, method),
        n=None,
        unit="people",
        caution=caution,
    )
    each = [
        replace(row, id="", arm=cell.name, estimate=people)
        for cell, people in zip(cells, needed, strict=True)
    ]
    return Estimates([*each, replace(row, id="", arm="all arms", estimate=sum(needed))])
