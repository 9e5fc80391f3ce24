"""Risks and rates of harm, counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ctevidence.contrasts import compare_treatments
from ctevidence.contrasts.event_rates import poisson_limits
from ctevidence.data.study import Study
from ctevidence.estimates import Estimates
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.models.fit import ComparableFit, ScheduledFit, build_levels
from ctevidence.models.risk import analysed, counted_fit
from ctevidence.models.weighted_outcome import weighted_fit
from ctevidence.names import in_words
from ctevidence.outcomes.harms import HARM_KINDS, derive_harms_by_kind
from ctevidence.outcomes.outcome import Outcome

PER_YEARS = 100.0
#: what is compared: people with a harm, and events in the time followed
CONTRASTS = ("risk_difference", "event_rate_difference", "event_rate_ratio")


@dataclass(frozen=True, eq=False, repr=False)
class HarmsFit(ComparableFit):
    """Risks and rates of a harm under each arm, over all of the follow-up.

    Parameters
    ----------
    outcome : Outcome
    risks : ScheduledFit
        Of ``risk``: people with the harm among all.
    rates : Levels
        Of ``event_rate``: first events per 100 person-years until then, and the years.
    """

    outcome: Outcome
    risks: ScheduledFit
    rates: Levels

    @property
    def measures(self) -> tuple[str, ...]:
        return ("risk", "event_rate")

    @property
    def cautions(self) -> tuple[str, ...]:
        return self.risks.cautions

    @property
    def model(self) -> None:
        return None

    @property
    def is_recorded(self) -> bool:
        """Whether the study records this harm at all: not recorded is not the same as none."""
        return bool(self.outcome.frame["value"].notna().any())

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Levels of ``risk`` or ``event_rate``; neither has a week.

        Raises
        ------
        KeyError
            For another measure, or for a week.
        """
        levels = self.risks.expected if self._measure(measure) == "risk" else self.rates
        return levels.at(week)


def fit_harms(outcome: Outcome) -> HarmsFit | ScheduledFit:
    """Risk and rate of a harm under each arm, over all of the follow-up.

    Harms are rare, and regression does not help where few people had one: counts only. Risks have
    Wilson intervals, rates exact Poisson intervals; ratios of rates are exact (conditional on the
    number of events), so that an arm without any event has its place.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``harms``. Where nothing was recorded the levels are ``nan`` with a caution:
        nothing recorded is not nothing happened. With weights: weighted shares, influence
        functions.

    Returns
    -------
    HarmsFit or ScheduledFit
        Levels of ``risk`` and ``event_rate``, without a week; of weighted people ``risk`` alone.
    """
    if outcome.weight is not None:
        return weighted_fit(outcome)
    return HarmsFit(outcome, counted_fit(outcome, [analysed(outcome)]), _rates(outcome))


def _rates(outcome: Outcome) -> Levels:
    """First events per 100 person-years, with exact limits."""
    arms = [arm.name for arm in outcome.study.arms]
    known = outcome.frame[outcome.frame["value"].notna()]
    people = known.groupby(known["arm"].astype(str))
    n, events, years = (
        column.reindex(arms).fillna(0).to_numpy()
        for column in (people.size(), people["value"].sum(), people["years"].sum())
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(years > 0, PER_YEARS / years, np.nan)

    def interval_for(conf_level: float) -> np.ndarray:
        return scale[:, None] * np.array([poisson_limits(int(x), conf_level) for x in events])

    # where the harm was not recorded at all the outcome says so itself
    silent = [arm for arm, t in zip(arms, years, strict=True) if not t > 0 and len(known)]
    unknown = say("models.harms.silent", outcome=in_words(outcome.name), arms=", ".join(silent))
    return build_levels(
        outcome,
        "event_rate",
        [(arm, None) for arm in arms],
        events * scale,
        np.diag(events * scale**2),
        n=n,
        events=events,
        method=say("models.harms.method"),
        cautions=(*outcome.cautions, *((unknown,) if silent else ())),
        interval_for=interval_for,
        years=tuple(float(t) for t in years),
    )


@dataclass(frozen=True, eq=False)
class HarmsByKind:
    """Every kind of harm by itself; those never recorded keep their place and say so.

    Parameters
    ----------
    study : Study
    fits : tuple of HarmsFit
        In the order in which they were asked for.
    """

    study: Study
    fits: tuple[HarmsFit, ...]

    @property
    def recorded(self) -> tuple[HarmsFit, ...]:
        """Those of the kinds that the study records."""
        return tuple(fit for fit in self.fits if fit.is_recorded)

    def per_arm(self) -> Estimates:
        """Risk and rate of each kind under each arm."""
        rows = Estimates()
        for fit in self.fits:
            rows += fit.per_arm("risk") + fit.per_arm("event_rate")
        return rows

    def compare_treatments(self, measures: Sequence[str] = CONTRASTS) -> Estimates:
        """Every comparison of treatments, by kind and measure."""
        rows = Estimates()
        for fit in self.fits:
            rows += compare_treatments(fit, tuple(measures))
        return rows


def fit_harms_by_kind(study: Study, kinds: Sequence[str] = HARM_KINDS) -> HarmsByKind:
    """Risks and rates of adverse events, self-harm, admissions, switch, withdrawal and death.

    Parameters
    ----------
    study : Study
    kinds : sequence of str
        Words of the column ``event``, and ``withdrawal``.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> harms = fit_harms_by_kind(simulate_study(n=80, seed=1))
    >>> [fit.outcome.name for fit in harms.fits if fit.is_recorded]
    ['any adverse event', 'any withdrawal']
    """
    return HarmsByKind(study, tuple(fit_harms(o) for o in derive_harms_by_kind(study, kinds)))
