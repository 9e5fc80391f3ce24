"""How far treatment that chance did not assign limits the answer: adjustment, weights, E-values."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ctevidence.contrasts import compare
from ctevidence.data.study import Study
from ctevidence.estimates import Estimates
from ctevidence.models.response import fit_response
from ctevidence.outcomes.response import derive_response
from ctevidence.sensitivity.e_values import e_values
from ctevidence.sensitivity.leading_contrast import unrandomised_pairs
from ctevidence.sensitivity.missing_scores import again
from ctevidence.sensitivity.weighting import Weighting, weigh

#: What stands before the method of a row: how alike the people compared were made.
WAYS = AS_SEEN, ADJUSTED, WEIGHTED = "as seen", "adjusted", "weighted and adjusted"


@dataclass(frozen=True, eq=False)
class LimitsOfConfounding:
    """Comparisons of response that were not randomised, as seen, adjusted and weighted.

    Parameters
    ----------
    study : Study
    week : float
    pairs : tuple of (str, str)
        Comparisons of treatments that chance did not make; empty where it made all.
    weights : Weighting or None
        None where there is nothing to weigh by, or nothing that needs it.
    rows : Estimates
        Risk differences of each pair in each way; the start of the method says which.
    e_values : Estimates
        Of the risk ratios that are left after all that was measured.
    reason : str
        Why people cannot be made alike; empty where they can, or where chance has done so.
    """

    study: Study
    week: float
    pairs: tuple[tuple[str, str], ...]
    weights: Weighting | None
    rows: Estimates
    e_values: Estimates
    reason: str = ""

    def of(self, arm: str, against: str) -> Estimates:
        """One comparison in each way, in the order of `WAYS`."""
        return self.rows.where(arm=arm, reference=against)

    @property
    def estimates(self) -> Estimates:
        """All rows; they speak to no claim of their own."""
        return self.rows + self.e_values


def limits_of_confounding(study: Study, week: float | None = None) -> LimitsOfConfounding:
    """What adjustment and weights can do for comparisons that chance did not make.

    Parameters
    ----------
    study : Study
        With a rule of response.
    week : float, optional
        The study's primary week when absent.

    Returns
    -------
    LimitsOfConfounding
        With overlap weights by the covariates that the study declares, doubly robust; E-values are
        of the ratios after that, so what was measured is accounted for.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> registry = simulate_study(n=600, seed=3, design="registry")
    >>> found = limits_of_confounding(registry)
    >>> [row.method.split(":")[0] for row in found.rows][:3], len(found.e_values)
    (['as seen', 'adjusted', 'weighted and adjusted'], 6)
    """
    week = study.primary_week if week is None else week
    pairs = unrandomised_pairs(study)
    nothing = LimitsOfConfounding(study, week, pairs, None, Estimates(), Estimates())
    if not pairs:
        return nothing
    response = derive_response(study, week=week, missing="observed")
    fits = {AS_SEEN: fit_response(response, [])}
    try:
        weights = weigh(study)
    except ValueError as error:
        rows = _compared(fits, pairs, "risk_difference")
        ratios = _compared(fits, pairs, "risk_ratio")
        return replace(nothing, rows=rows, e_values=_needed(ratios), reason=str(error))
    fits[ADJUSTED] = fit_response(response, model="standardised")
    fits[WEIGHTED] = fit_response(response.weighted(weights), model="doubly-robust")
    ratios = _compared({WEIGHTED: fits[WEIGHTED]}, pairs, "risk_ratio")
    rows = _compared(fits, pairs, "risk_difference")
    return replace(nothing, weights=weights, rows=rows, e_values=_needed(ratios))


def _compared(fits, pairs, measure: str) -> Estimates:
    """Each pair in each way, ways within pairs."""
    rows = []
    for arm, against in pairs:
        for way, fit in fits.items():
            row = again(compare(fit, arm, against=against, measure=measure).one())
            key = way.replace(" ", "-")
            rows.append(replace(row, id=f"{row.id}/{key}", method=f"{way}: {row.method}"))
    return Estimates(rows)


def _needed(ratios: Estimates) -> Estimates:
    """E-values of the ratios that are known."""
    return e_values(Estimates(row for row in ratios if row.is_estimable))
