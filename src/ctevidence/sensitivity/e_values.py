"""E-values: how strong unmeasured confounding would have to be to explain a comparison away."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from ctevidence.contrasts.compare import joined
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.terms import CONTRAST_MEASURES, E_VALUE, did_you_mean

#: measures that are risk ratios already
RISK_RATIOS = ("risk_ratio", "survival_ratio", "cumulative_incidence_ratio")
#: measures whose conversion depends on how common the outcome is
BY_FREQUENCY = ("odds_ratio", "hazard_ratio")
SUPPORTED = (*RISK_RATIOS, *BY_FREQUENCY, "std_mean_difference")
#: Share of people with the outcome at the end of follow-up from which it is common (VanderWeele
#: and Ding 2017).
COMMON_FROM = 0.15
_PER_SD, _PER_SD_LIMIT = 0.91, 1.78


def e_value(risk_ratio: float) -> float:
    r"""The E-value of a risk ratio: :math:`RR + \sqrt{RR (RR - 1)}`, below 1 that of its inverse.

    VanderWeele and Ding (2017), Ann Intern Med 167:268: an unmeasured confounder that is
    associated with both treatment and outcome by a risk ratio of this size each, beyond what was
    measured, could explain the ratio away; a weaker one could not.

    Examples
    --------
    VanderWeele and Ding: a risk ratio of 3.9 has 7.26, its limit 1.8 has 3.0.

    >>> round(e_value(3.9), 2), round(e_value(1.8), 2), e_value(1.0), e_value(0.5) == e_value(2.0)
    (7.26, 3.0, 1.0, True)
    """
    if math.isnan(risk_ratio):
        return math.nan
    if not risk_ratio > 0:
        return math.inf
    ratio = max(risk_ratio, 1 / risk_ratio)
    return ratio + math.sqrt(ratio * (ratio - 1))


def as_risk_ratio(value: float, measure: str, common: bool | None = None) -> float:
    """A ratio or standardised difference as an approximate risk ratio.

    Parameters
    ----------
    value : float
    measure : str
        One of `SUPPORTED`.
    common : bool, optional
        For odds and hazard ratios, which need it: whether more than 15 % have the outcome by the
        end of follow-up.

    Raises
    ------
    ValueError
        For another measure, or an odds or hazard ratio without `common`.

    Notes
    -----
    Odds ratio: its square root when common (VanderWeele 2017, Stat Med 36:e34). Hazard ratio when
    common: ``(1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR))``; both as they are when rare.
    Standardised difference d: ``exp(0.91 d)``. All as in VanderWeele and Ding (2017), table 2.

    Examples
    --------
    >>> [as_risk_ratio(4.0, "odds_ratio", common=common) for common in (True, False)]
    [2.0, 4.0]
    >>> round(as_risk_ratio(0.56, "hazard_ratio", common=True), 3)
    0.67
    """
    if measure not in SUPPORTED:
        raise ValueError(
            f"There is no E-value of {measure}{did_you_mean(measure, SUPPORTED)} Compare with "
            f"measure= one of them."
        )
    if measure in BY_FREQUENCY and common is None:
        raise ValueError(
            f"The E-value of {measure} depends on how common the outcome is: say common=True when "
            f"more than {100 * COMMON_FROM:.0f} % of people have it by the end of follow-up, else "
            "common=False."
        )
    if measure == "std_mean_difference":
        return math.exp(_PER_SD * value)
    if measure == "odds_ratio" and common:
        return math.sqrt(value) if value >= 0 else math.nan
    if measure == "hazard_ratio" and common:
        if value <= 0:
            return 0.0
        return (1 - 0.5 ** math.sqrt(value)) / (1 - 0.5 ** math.sqrt(1 / value))
    return value


def e_values(
    estimates: Estimates | Estimate | Iterable[Estimate],
    *,
    common: bool | None = None,
    to: float = 1.0,
) -> Estimates:
    r"""E-values of comparisons, for the estimate and for the limit that is nearer to no difference.

    Parameters
    ----------
    estimates : Estimates or Estimate
        Comparisons as ratios or standardised differences, of `SUPPORTED` measures.
    common : bool, optional
        Of odds and hazard ratios; see `as_risk_ratio`.
    to : float
        The risk ratio that confounding is to move the estimate to; 1 for no difference.

    Returns
    -------
    Estimates
        Measure ``<measure>_e_value``, one row for each comparison: `estimate` the E-value of the
        estimate, `conf_low` that of the limit (1 where the interval holds `to`); no upper limit.

    Raises
    ------
    ValueError
        For a row that is no comparison, another measure, or an odds or hazard ratio without
        `common`.

    Notes
    -----
    A limit of a standardised difference d is :math:`\exp(0.91 d \pm 1.78 s)` with s its standard
    error. Moving a ratio to `to` takes the E-value of their quotient (VanderWeele and Ding 2017).
    It bounds confounding only: not missing scores, measurement or chance.

    Examples
    --------
    >>> row = Estimate("demo", "response", "combined", "risk_ratio", 3.9, reference="control",
    ...     conf_low=1.8, conf_high=8.7)
    >>> found = e_values(row).one()
    >>> found.measure, round(found.estimate, 2), round(found.conf_low, 2)
    ('risk_ratio_e_value', 7.26, 3.0)
    """
    rows = [estimates] if isinstance(estimates, Estimate) else estimates
    return Estimates(_of_row(row, common, to) for row in rows)


def _of_row(row: Estimate, common: bool | None, to: float) -> Estimate:
    if not row.reference or row.measure not in CONTRAST_MEASURES:
        raise ValueError(
            f"{row.id} is no comparison of two arms: an E-value is of a contrast. For interactions "
            "there is interaction_bounds."
        )
    if not to > 0:
        raise ValueError(f"to is {to:g}; it is a risk ratio above 0.")
    ratio = as_risk_ratio(row.estimate, row.measure, common)
    low, high = _limits(row, common)
    holds = (math.isnan(low) or low <= to) and (math.isnan(high) or high >= to)
    nearer = low if ratio > to else high
    limit = 1.0 if holds else e_value(nearer / to)
    point = e_value(ratio / to)
    how = {
        True: say("sensitivity.e_values.common"),
        False: say("sensitivity.e_values.rare"),
        None: "",
    }[common]
    against = "" if to == 1 else say("sensitivity.e_values.to", ratio=f"{to:g}")
    return replace(
        row,
        id="",
        measure=f"{row.measure}{E_VALUE}",
        unit="ratio",
        estimate=point,
        conf_low=math.nan if math.isnan(point) else min(limit, point),
        conf_high=math.nan,
        std_error=math.nan,
        df=math.nan,
        p_value=math.nan,
        method=say(
            "sensitivity.e_values.method", how=how, against=against, method=row.method
        ).rstrip("; "),
        caution=joined(row.caution, _of_randomised(row)),
    )


def _limits(row: Estimate, common: bool | None) -> tuple[float, float]:
    if row.measure != "std_mean_difference":
        return (
            as_risk_ratio(row.conf_low, row.measure, common),
            as_risk_ratio(row.conf_high, row.measure, common),
        )
    middle, reach = _PER_SD * row.estimate, _PER_SD_LIMIT * row.std_error
    return math.exp(middle - reach), math.exp(middle + reach)


def _of_randomised(row: Estimate) -> str:
    return say("sensitivity.e_values.randomised") if row.randomised else ""
