"""A ratio as rows of absolute effects: risks, risk difference and number needed to treat."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from ctevidence.estimates import Estimate
from ctevidence.language import say
from ctevidence.synthesis.absolute import absolute_effect, absolute_effect_unsure, number_needed

_MISSING = (math.nan,) * 3


def absolute_rows(
    ratio: Estimate,
    baseline_risk: float,
    better: str,
    baseline_limits: tuple[float, float] | None = None,
) -> Iterator[Estimate]:
    """Four rows: risk with the reference (as stated), with the treatment, difference, NNT.

    Parameters
    ----------
    ratio : Estimate
        A risk ratio or odds ratio.
    baseline_risk : float
        Risk with `ratio.reference`, a proportion; taken as known without limits.
    better : {"higher", "lower"}
        Which direction of the outcome is good.
    baseline_limits : (float, float), optional
        Limits of the baseline risk where it was estimated, independently of the ratio.

    Examples
    --------
    >>> ratio = Estimate("demo", "response", "combined", "risk_ratio", 1.5, conf_low=1.2,
    ...                  conf_high=1.8, reference="medication")
    >>> [(row.measure, round(row.estimate, 6)) for row in absolute_rows(ratio, 0.4, "higher")]
    [('risk', 0.4), ('risk', 0.6), ('risk_difference', 0.2), ('nnt', 5.0)]
    """
    limits = (ratio.estimate, ratio.conf_low, ratio.conf_high)
    if baseline_limits is None:
        found = absolute_effect(*limits, baseline_risk, ratio.measure)
    else:
        baseline = (baseline_risk, *baseline_limits)
        found = absolute_effect_unsure(*limits, *baseline, ratio.measure)
    risk = (found.risk, found.risk_low, found.risk_high)
    difference = (found.difference, found.difference_low, found.difference_high)
    estimable = not math.isnan(found.difference)
    needed = number_needed(*difference, better).signed if estimable else _MISSING
    shared = replace(
        ratio,
        id="",
        population=f"{ratio.population}; {100 * baseline_risk:g} in 100 with {ratio.reference}",
        std_error=math.nan,
        error_scale="identity",
        df=math.nan,
        p_value=math.nan,
        # the counts are those behind the ratio, not behind a risk at this baseline
        n=None,
        events=None,
        n_reference=None,
        events_reference=None,
    )
    yield replace(
        _row(shared, "risk", "probability", (baseline_risk, *(baseline_limits or _MISSING[1:]))),
        id="",
        arm=ratio.reference,
        reference="",
        studies=None,
        randomised=None,
        method="" if baseline_limits else say("synthesis.absolute_rows.stated"),
        caution="",
    )
    made = replace(
        shared,
        id="",
        method="; ".join(
            filter(
                None,
                (
                    ratio.method,
                    say("synthesis.absolute_rows.with_interval")
                    if baseline_limits
                    else say("synthesis.absolute_rows.at_stated"),
                ),
            )
        ),
        caution="; ".join(filter(None, (found.caution, ratio.caution))),
    )
    yield replace(_row(made, "risk", "probability", risk), id="", reference="")
    yield _row(made, "risk_difference", "probability", difference)
    yield _row(made, "nnt", "people", needed)


def _row(like: Estimate, measure: str, unit: str, limits: tuple[float, float, float]) -> Estimate:
    estimate, low, high = limits
    return replace(
        like, id="", measure=measure, unit=unit, estimate=estimate, conf_low=low, conf_high=high
    )
