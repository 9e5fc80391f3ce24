"""What networks and component models share: the trials, the choices, and their way to `Levels`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from ctevidence.contrasts.compare import compare
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.levels import BETTER, Levels
from ctevidence.names import in_words
from ctevidence.synthesis.direct_evidence import DirectEvidence, direct_evidence
from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.network_fit import NETWORK_TAU2, NetworkFit, tau_squared_interval
from ctevidence.synthesis.network_trials import NetworkTrials
from ctevidence.terms import COMPONENTS, CONTRAST_MEASURES, LEVEL_MEASURES, Arm, did_you_mean

MODELS = ("random", "common")
HARTUNG_KNAPP = ("none", "plain", "guarded")
#: Degrees of freedom of Q below which a normal interval carries `TOO_SHORT`; docs/validation.md.
FEW_DF = 20


@dataclass(frozen=True)
class NetworkOptions:
    """The declared choices of a network; see `network.pool_network`."""

    tau2_method: str = "REML"
    model: str = "random"
    conf_level: float = 0.95
    hartung_knapp: str = "none"

    def __post_init__(self) -> None:
        for option, known in (
            ("tau2_method", NETWORK_TAU2),
            ("model", MODELS),
            ("hartung_knapp", HARTUNG_KNAPP),
        ):
            if getattr(self, option) not in known:
                raise ValueError(
                    f'{option}="{getattr(self, option)}" is unknown; say one of {", ".join(known)}.'
                )
        if not 0 < self.conf_level < 1:
            raise ValueError(f"conf_level={self.conf_level} is not between 0 and 1.")

    @property
    def words(self) -> str:
        if self.model == "common":
            return say("synthesis.network_model.common")
        added = (
            ""
            if self.hartung_knapp == "none"
            else say(
                "synthesis.network_model.hartung_knapp", adjustment=in_words(self.hartung_knapp)
            )
        )
        return say("synthesis.network_model.random", method=self.tau2_method, added=added)

    def cautions(self, fit: NetworkFit) -> tuple[str, ...]:
        """What the intervals of random effects leave out."""
        if self.model == "common":
            return ()
        if fit.df == 0:
            return (say("synthesis.network_model.nothing_repeated"),)
        return (
            (say("synthesis.network_model.few_contrasts"),)
            if self.hartung_knapp == "none" and fit.df < FEW_DF
            else ()
        )

    def widened(self, fit: NetworkFit) -> tuple[float, float]:
        """Factor of the covariance of a fit, and degrees of freedom; of random effects only."""
        return fit.mean_square(self.hartung_knapp if self.model == "random" else "none")


@dataclass(frozen=True, eq=False)
class NetworkData:
    """The trials of a network with everything that rows made from it carry.

    Parameters
    ----------
    effects : EffectSizes
    trials : NetworkTrials
    reference : str
        Treatment that the others are shown against.
    options : NetworkOptions
    better : {"higher", "lower"} or None
        Which direction of the outcome is good; None where it is not known.
    treatments : mapping of str to str
        What treatments amount to (`terms.Treatment`), where that is declared.
    people : mapping of study to mapping of treatment to int
    name, population : str
    """

    effects: EffectSizes
    trials: NetworkTrials
    reference: str
    options: NetworkOptions
    better: str | None = None
    treatments: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    name: str = ""
    population: str = ""

    def __post_init__(self) -> None:
        names = self.trials.treatments
        if self.reference not in names:
            hint = did_you_mean(self.reference, names)
            raise ValueError(f'No trial of the network gave "{self.reference}"{hint}')
        for name in self.treatments:
            if name not in names:
                raise ValueError(f'treatments names "{name}"{did_you_mean(name, names)}')
        if self.better not in (None, *BETTER):
            raise ValueError(f'better is "{self.better}"; say "higher" or "lower".')

    @cached_property
    def evidence(self) -> DirectEvidence:
        return direct_evidence(self.effects, self.people)

    @property
    def outcome(self) -> str:
        return " or ".join(dict.fromkeys(self.effects.frame["outcome"]))

    @property
    def measure(self) -> str:
        return self.effects.measure

    def who(self) -> dict[str, str]:
        """Columns that say what and who."""
        return {"study": self.name, "population": self.population, "outcome": self.outcome}

    def of_its_own_measure(self, measure: str | None, week: float | None) -> None:
        """Refuse a measure or week that the network does not have."""
        own = ("network_effect", CONTRAST_MEASURES[self.measure].of)
        if measure not in (None, *own):
            known = ", ".join(LEVEL_MEASURES)
            raise ValueError(
                f'A network has levels of "network_effect", not "{measure}" ({known}).'
            )
        if week is not None:
            raise KeyError(f"A network has no week; leave week={week:g} out.")

    def good_direction(self) -> str:
        """Which direction is good.

        Raises
        ------
        ValueError
            When it is not known.
        """
        if self.better is None:
            raise ValueError(
                f'Whether more of "{self.outcome}" is good is not known: say better="higher" or '
                '"lower" when the network is pooled.'
            )
        return self.better


def levels_of_fit(
    data: NetworkData,
    fit: NetworkFit,
    mixing: np.ndarray,
    names: tuple[str, ...],
    method: str,
    cautions: tuple[str, ...] = (),
) -> Levels:
    """Effects of the named treatments against the reference, jointly, as `Levels`.

    Parameters
    ----------
    data : NetworkData
    fit : NetworkFit
    mixing : ndarray, shape (len(names), p)
        Each treatment in the coefficients of the fit.
    names : tuple of str
    method : str
    cautions : tuple of str
    """
    against = mixing - mixing[names.index(data.reference)]
    known = fit.identified(against)
    estimate = np.where(known, against @ fit.coef, math.nan)
    factor, df = data.options.widened(fit)
    cov = factor * against @ fit.cov @ against.T
    cov[~known] = cov[:, ~known] = 0.0
    unit = CONTRAST_MEASURES[data.measure].unit
    return Levels(
        study=data.name,
        outcome=data.outcome,
        population=data.population,
        arms=tuple(Arm(name, data.treatments.get(name)) for name in names),
        keys=tuple((name, None) for name in names),
        measure="network_effect",
        better=data.good_direction(),
        estimate=estimate,
        cov=(cov + cov.T) / 2,
        n=tuple(data.evidence.people(name) for name in names),
        events=(None,) * len(names),
        randomised=frozenset(COMPONENTS) if data.effects.randomised is not False else frozenset(),
        method=method,
        unit=f"log {unit}" if CONTRAST_MEASURES[data.measure].is_ratio else unit,
        caution="; ".join(dict.fromkeys(filter(None, (*cautions, say("caution.transitivity"))))),
        anchored=False,
        df_for=(lambda _: df) if math.isfinite(df) else None,
        read_as=data.measure,
        evidence_for=data.evidence.behind,
    )


def predicted_levels(levels: Levels, tau2: float, df: int) -> Levels:
    r"""Levels whose contrasts have the interval of the true effect in a new, similar trial.

    :math:`c'Vc + \tau^2` and t with the degrees of freedom of Q: half of :math:`\tau^2` goes to
    each arm. Higgins, Thompson and Spiegelhalter (2009), J R Stat Soc A 172:137.
    """
    return replace(
        levels,
        cov=levels.cov + np.eye(len(levels.keys)) * tau2 / 2,
        df_for=lambda _: float(df),
        method=say("synthesis.network_model.prediction", method=levels.method),
    )


def prediction_rows(levels: Levels, tau2: float, df: int, reference: str, conf_level: float):
    """Prediction intervals of all treatments against the reference, as rows."""
    wide = predicted_levels(levels, tau2 if df > 0 else 0.0, max(df, 1))
    rows = []
    for row in against_reference(wide, reference, conf_level):
        changes = {"conf_low": math.nan, "conf_high": math.nan} if df < 1 else {}
        rows.append(
            replace(
                row,
                id="",
                measure=f"{row.measure}_prediction",
                p_value=math.nan,
                caution="; ".join(
                    filter(
                        None,
                        (
                            say("synthesis.new_study")
                            if df > 0
                            else say("synthesis.network_model.no_prediction"),
                            row.caution,
                        ),
                    )
                ),
                **changes,
            )
        )
    return Estimates(rows)


def against_reference(levels: Levels, reference: str, conf_level: float) -> Estimates:
    """Every treatment against the reference."""
    names = [key.arm for key in levels.keys if key.arm != reference]
    return Estimates(
        compare(levels, name, against=reference, conf_level=conf_level).one() for name in names
    )


def tau2_row(data: NetworkData, fit: NetworkFit, design: np.ndarray) -> Estimate:
    """Between-study variance with its Q-profile interval, on the analysis scale squared."""
    level = data.options.conf_level
    low, high = tau_squared_interval(data.trials.y, data.trials.v, design, level)
    caution = "" if fit.df > 0 else say("synthesis.network_model.nothing_repeated")
    tau2 = fit.tau2 if fit.df > 0 else math.nan
    if fit.df > 0 and not low <= tau2 <= high:
        caution = say("synthesis.network_model.outside", low=f"{low:g}", high=f"{high:g}")
        low = high = math.nan
    return Estimate(
        **data.who(),
        arm="all comparisons",
        measure="tau2",
        unit=f"{data.effects.scale} scale squared",
        estimate=tau2,
        conf_low=low,
        conf_high=high,
        conf_level=level,
        studies=len(data.trials.trials),
        method=say("synthesis.network_model.one_tau2", method=data.options.tau2_method),
        caution=caution,
    )
