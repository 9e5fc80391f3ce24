"""Network meta-analysis: many treatments compared at once, directly and through each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ctevidence.contrasts.compare import compare
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.levels import Levels
from ctevidence.synthesis.contributions import Contributions, contributions
from ctevidence.synthesis.direct_evidence import rests_on_one
from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.inconsistency import NetworkHeterogeneity, network_heterogeneity
from ctevidence.synthesis.network_fit import (
    NetworkFit,
    fit_network,
    identified_span,
    network_tau_squared,
)
from ctevidence.synthesis.network_model import (
    NetworkData,
    NetworkOptions,
    against_reference,
    levels_of_fit,
    prediction_rows,
    tau2_row,
)
from ctevidence.synthesis.network_rows import pairwise_rows, rank_rows, split_rows
from ctevidence.synthesis.network_trials import network_trials
from ctevidence.synthesis.node_split import split_nodes
from ctevidence.synthesis.ranks import DRAWS, p_scores


@dataclass(frozen=True, eq=False)
class Network:
    """A network meta-analysis; made by `pool_network`.

    Attributes
    ----------
    data : NetworkData
        Trials, reference and declared choices.
    common, random : NetworkFit
        The treatments on a common origin at tau-squared 0 and at its estimate.
    """

    data: NetworkData
    common: NetworkFit
    random: NetworkFit

    def __repr__(self) -> str:
        trials, names = self.data.trials.trials, self.treatments
        return f"Network: {len(trials)} trials, {len(names)} treatments\n{self.estimates!r}"

    @property
    def effects(self) -> EffectSizes:
        return self.data.effects

    @property
    def treatments(self) -> tuple[str, ...]:
        return self.data.trials.treatments

    @property
    def fit(self) -> NetworkFit:
        """The fit of the model chosen, random or common."""
        return self.random if self.data.options.model == "random" else self.common

    def with_model(self, model: str) -> Network:
        """The same network by ``"random"`` or ``"common"`` effects."""
        return self._with(model=model)

    def _with(self, **options) -> Network:
        changed = replace(self.data.options, **options)
        return replace(self, data=replace(self.data, options=changed))

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """All treatments on a common origin, jointly; only their differences mean anything.

        Raises
        ------
        ValueError
            For another measure than that of the network, or when it is not known which direction
            of the outcome is good.
        """
        self.data.of_its_own_measure(measure, week)
        return self._levels

    @cached_property
    def _levels(self) -> Levels:
        method = say(
            "synthesis.network.method", method=self.effects.method, options=self.data.options.words
        )
        mixing = np.eye(len(self.treatments))
        return levels_of_fit(self.data, self.fit, mixing, self.treatments, method, self.cautions)

    def compare(self, arm: str, *, against: str, **options) -> Estimates:
        """One treatment against another; see `contrasts.compare`."""
        return compare(self, arm, against=against, **self._level | options)

    @property
    def estimates(self) -> Estimates:
        """Every treatment against the reference."""
        return against_reference(self._levels, self.data.reference, **self._level)

    def league(self) -> Estimates:
        """Every pair of treatments, the one with the higher P-score first."""
        order = self.ranking
        return Estimates(
            compare(self._levels, a, against=b, **self._level).one()
            for i, a in enumerate(order)
            for b in order[i + 1 :]
        )

    @property
    def p_scores(self) -> pd.Series:
        """P-scores by treatment, from first to last."""
        found = p_scores(self._levels.estimate, self._levels.cov, self._higher)
        scores = pd.Series(found, index=list(self.treatments))
        return scores.sort_values(ascending=False, kind="stable")

    @property
    def ranking(self) -> tuple[str, ...]:
        """Treatments by P-score; first place says nothing about how certain it is."""
        return tuple(self.p_scores.index)

    def ranks(self, seed: int = 1, draws: int = DRAWS) -> Estimates:
        """P-score, rank with its interval and how often first, for every treatment.

        Parameters
        ----------
        seed, draws : int
            Ranks come from draws of the joint normal distribution of the effects.

        Returns
        -------
        Estimates
            Measures ``p_score``, ``rank`` (median; interval from quantiles of the draws) and
            ``first_place`` (share of draws). A rank orders estimates: it does not say that
            a treatment is better than the next, nor by how much.
        """
        return rank_rows(self.data, self._levels, self.p_scores, self._higher, seed, draws)

    @property
    def tau2(self) -> Estimate:
        """Between-study variance common to all comparisons, with its Q-profile interval."""
        return tau2_row(self.data, self.random, self.data.trials.X @ self.random.span)

    @cached_property
    def heterogeneity(self) -> NetworkHeterogeneity:
        """Q: total, within designs (heterogeneity) and between designs (inconsistency)."""
        return network_heterogeneity(self.data.trials)

    @property
    def prediction(self) -> Estimates:
        """Where the true effect of a new, similar trial is expected, for each treatment."""
        fit, reference = self.random, self.data.reference
        levels = self.with_model("random")._levels
        return prediction_rows(levels, fit.tau2, fit.df, reference, **self._level)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """What every row of the network warns of."""
        found, trials = [], self.data.trials.trials
        if len(trials) == 1:
            found.append(say("synthesis.network.one_trial"))
        else:
            found += self.data.options.cautions(self.random)
        if self.random.df > 0 and self.common.q <= 1e-18 * self.random.df:
            found.append(say("synthesis.network.agree"))
        if self.heterogeneity.between.df > 0 and self.heterogeneity.between_random.p_value < 0.05:
            found.append(say("synthesis.network.inconsistent"))
        return tuple(found)

    @property
    def thin(self) -> tuple[str, ...]:
        """Treatments that rest on a single trial, in words."""
        evidence = self.data.evidence
        alone = ((name, evidence.of(name)) for name in self.ranking)
        return tuple(rests_on_one(name, found[0]) for name, found in alone if len(found) == 1)

    def split(self) -> Estimates:
        """Direct, indirect and their difference for every comparison that has both (SIDE).

        Intervals are normal, also where those of the network are not.
        """
        splits = split_nodes(self.data.trials, self.fit.tau2)
        return split_rows(self.data, self._with(hartung_knapp="none")._levels, splits)

    def pairwise(self) -> Estimates:
        """Every comparison pooled from its direct evidence alone, with its own tau-squared."""
        return pairwise_rows(self.data)

    def contributions(self, of: Sequence[tuple[str, str]] | None = None) -> Contributions:
        """Shares of comparisons and trials in estimates; all against the reference when absent."""
        reference = self.data.reference
        of = of or [(name, reference) for name in self.treatments if name != reference]
        return contributions(self.data.trials, self.fit.tau2, list(of))

    @property
    def _higher(self) -> bool:
        return self.data.good_direction() == "higher"

    @property
    def _level(self) -> dict[str, float]:
        return {"conf_level": self.data.options.conf_level}


def pool_network(
    effects: EffectSizes | pd.DataFrame,
    reference: str,
    *,
    measure: str | None = None,
    better: str | None = None,
    treatments: Mapping[str, str] | None = None,
    people: Mapping[str, Mapping[str, int]] | None = None,
    tau2_method="REML",
    model="random",
    conf_level=0.95,
    hartung_knapp="none",
    rounding: float | None = None,
    name: str | None = None,
    population: str | None = None,
) -> Network:
    r"""Compare all treatments of a network of trials.

    Parameters
    ----------
    effects : EffectSizes or DataFrame
        Contrasts of trials, `treat1` against `treat2`. A table needs `study, treat1, treat2,
        estimate, std_error` on the analysis scale (log for ratios), all pairs of trials with
        several arms.
    reference : str
        Treatment against which the others are shown; it changes no comparison.
    measure : str, optional
        For a table: one of `effect_sizes.MEASURES`; its column `measure` when absent, and then
        ``"effect"``.
    better : {"higher", "lower"}, optional
        Which direction of the outcome is good; known for the outcomes of `effect_sizes.BETTER`.
    treatments : mapping of str to str, optional
        What treatments amount to: control, medication, therapy or combined. Contrasts can name the
        treatments themselves, declared or not.
    people : mapping of study to mapping of treatment to int, optional
        People by arm, for trials whose rows do not say.
    tau2_method : {"REML", "DL", "ML", "PM"}
        Estimator of the one between-study variance; ``DL`` is netmeta's default.
    model : {"random", "common"}
    conf_level : float
    hartung_knapp : {"none", "guarded", "plain"}
        Interval of random effects: normal, or t on the degrees of freedom of Q with the covariance
        times ``q = Q(tau2) / df``, guarded at 1 or not. Normal intervals are too short where few
        trials say how much effects vary.
    rounding : float, optional
        How far three contrasts of a trial may fail to add up; 1.5 units of the last digit given
        when absent.
    name, population : str, optional
        What rows carry as `study` and `population`; from the effects when absent.

    Returns
    -------
    Network

    Raises
    ------
    ValueError
        When an effect cannot be used, the contrasts of a trial do not add up (it is named with the
        size of the gap), the reference is unknown, or the network falls into parts (they are
        listed).

    Notes
    -----
    Generalised least squares of all contrasts on basic parameters with the exact covariance of
    trials of several arms and one :math:`\tau^2` for all comparisons (a contrast of a trial has
    variance :math:`\tau^2`, two that share an arm covariance :math:`\tau^2/2`). Lu et al. (2011),
    Res Syn Meth 2:43; the graph-theoretical estimate of Ruecker (2012), Res Syn Meth 3:312, is the
    same number.

    Examples
    --------
    >>> table = pd.DataFrame({"study": ["s1", "s2", "s3"], "treat1": ["a", "b", "b"],
    ...     "treat2": ["control", "control", "a"], "estimate": [0.2, 0.5, 0.3],
    ...     "std_error": [0.1, 0.1, 0.1]})
    >>> network = pool_network(table, "control", better="higher", model="common")
    >>> row = network.compare("b", against="a").one()
    >>> round(row.estimate, 6), round(row.std_error, 6)
    (0.3, 0.08165)
    """
    effects = as_effects(effects, measure)
    options = NetworkOptions(tau2_method, model, conf_level, hartung_knapp)
    data = NetworkData(
        effects,
        network_trials(effects, rounding),
        reference,
        options,
        better or effects.better,
        dict(treatments or {}),
        dict(people or {}),
        name or effects.source,
        population or effects.population,
    )
    _refuse_parts(data.trials.parts)
    common, random = fits_of(data, np.eye(len(data.trials.treatments)))
    return Network(data, common, random)


def fits_of(data: NetworkData, mixing: np.ndarray) -> tuple[NetworkFit, NetworkFit]:
    """Common- and random-effects fit of a model; `mixing`, shape (T, p), makes treatments of it."""
    y, v, design = data.trials.y, data.trials.v, data.trials.X @ mixing
    span = identified_span(design)
    tau2 = network_tau_squared(y, v, design @ span, data.options.tau2_method)
    common = fit_network(y, v, design, 0.0, span)
    return common, fit_network(y, v, design, 0.0 if math.isnan(tau2) else tau2, span)


def as_effects(effects: EffectSizes | pd.DataFrame, measure: str | None) -> EffectSizes:
    """Effects from a table of contrasts; those given as they are."""
    if isinstance(effects, EffectSizes):
        if measure not in (None, effects.measure):
            raise ValueError(f"These effects are {effects.measure}, not {measure}.")
    else:
        missing = [c for c in ("study", "treat1", "treat2", "estimate", "std_error")
                   if c not in effects]  # fmt: skip
        if missing:
            raise ValueError(f"The table of contrasts has no column {', '.join(missing)}.")
        there = effects["measure"].unique() if "measure" in effects else ["effect"]
        if measure is None and len(there) > 1:
            raise ValueError(f"The table holds several measures ({', '.join(there)}); keep one.")
        effects = EffectSizes(effects, measure or there[0])
    if effects.frame.empty:
        raise ValueError(
            f"There is no study in the network; {len(effects.excluded)} were left out."
        )
    return effects


def _refuse_parts(parts: tuple[tuple[str, ...], ...]) -> None:
    if len(parts) > 1:
        listed = "; ".join(f"({i}) {', '.join(part)}" for i, part in enumerate(parts, start=1))
        raise ValueError(
            f"The network falls into {len(parts)} parts that no trial links: {listed}. Pool each "
            "part by itself, or use pool_components, which links them by shared components and "
            "says so."
        )
