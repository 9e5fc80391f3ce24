"""Component network meta-analysis: what each component adds, and whether parts add up."""

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
from ctevidence.levels import Cell, Evidence, Levels
from ctevidence.names import in_words
from ctevidence.synthesis.additivity import Additivity, additivity_of
from ctevidence.synthesis.component_matrix import TIMES, ComponentMatrix, component_matrix, parts_of
from ctevidence.synthesis.direct_evidence import rests_on_one, total
from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.network import Network, as_effects, fits_of
from ctevidence.synthesis.network_fit import NetworkFit
from ctevidence.synthesis.network_model import (
    NetworkData,
    NetworkOptions,
    against_reference,
    levels_of_fit,
    prediction_rows,
    tau2_row,
)
from ctevidence.synthesis.network_trials import network_trials
from ctevidence.terms import CONTRAST_MEASURES, Arm


@dataclass(frozen=True, eq=False)
class Components:
    """A component network meta-analysis; made by `pool_components`.

    Attributes
    ----------
    data : NetworkData
    matrix : ComponentMatrix
    common, random : NetworkFit
        Effects of components and interactions at tau-squared 0 and at its estimate.
    combinations : tuple of str
        Combinations of the same components that no trial gave and that have levels here too.
    """

    data: NetworkData
    matrix: ComponentMatrix
    common: NetworkFit
    random: NetworkFit
    combinations: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return (
            f"Components: {len(self.data.trials.trials)} trials, "
            f"{len(self.matrix.components)} components, "
            f"{len(self.matrix.interactions)} interactions\n{self.estimates!r}"
        )

    @property
    def fit(self) -> NetworkFit:
        """The fit of the model chosen, random or common."""
        return self.random if self.data.options.model == "random" else self.common

    @property
    def effects(self) -> EffectSizes:
        return self.data.effects

    @property
    def treatments(self) -> tuple[str, ...]:
        return (*self.matrix.treatments, *self.combinations)

    # -- levels of treatments -------------------------------------------------------------------

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """All treatments as the sums of their components, jointly; differences mean something.

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
        levels = levels_of_fit(
            self.data, self.fit, self._mixing, self.treatments, self._method, self.cautions
        )
        return replace(levels, evidence_for=self._evidence)

    @property
    def _mixing(self) -> np.ndarray:
        """All treatments in components, shape (treatments, p)."""
        return np.vstack([self.matrix.matrix, self.matrix.rows_of(self.combinations)])

    def _evidence(self, cells: list[Cell]) -> Evidence:
        """What stands behind a contrast; an interaction that the model leaves out is no finding."""
        behind = self.data.evidence.behind(cells)
        if len(cells) < 4:
            return behind
        combined, first, second, control = (cell.weights @ self._mixing for cell in cells)
        if np.any(combined - first - second + control):
            return behind
        return behind._replace(
            caution=f"{say('synthesis.components.by_assumption')}; {behind.caution}"
        )

    def compare(self, arm: str, *, against: str, **options) -> Estimates:
        """One treatment against another; see `contrasts.compare`."""
        return compare(self, arm, against=against, **self._level | options)

    @property
    def treatment_effects(self) -> Estimates:
        """Every treatment and combination against the reference, by the component model."""
        return against_reference(self._levels, self.data.reference, **self._level)

    @property
    def prediction(self) -> Estimates:
        """Where the true effect of a new, similar trial is expected, for each treatment."""
        fit, options = self.random, replace(self.data.options, model="random")
        levels = replace(self, data=replace(self.data, options=options))._levels
        return prediction_rows(levels, fit.tau2, fit.df, self.data.reference, **self._level)

    # -- components -----------------------------------------------------------------------------

    @property
    def estimates(self) -> Estimates:
        """What each component adds, and each interaction.

        An interaction row compares a combination with what its parts add up to: a ratio of ratios
        (``interaction_ratio``), or a difference of differences (``interaction_difference``).
        """
        levels = self._component_levels
        rows = []
        for name in self.matrix.names:
            row = compare(levels, name, against=_NOTHING, **self._level).one()
            if not row.is_estimable:
                row = replace(
                    row, caution=f"{say('synthesis.components.not_told_apart')}; {row.caution}"
                )
            if TIMES in name:
                rows.append(self._interaction_row(name, row))
            else:
                rows.append(replace(row, id="", reference=self.matrix.inactive or "not given"))
        return Estimates(rows)

    def _interaction_row(self, name: str, row: Estimate) -> Estimate:
        is_ratio = CONTRAST_MEASURES[self.data.measure].is_ratio
        return replace(
            row,
            id="",
            arm=self.matrix.sep.join(name.split(TIMES)),
            reference="multiplicativity" if is_ratio else "additivity",
            measure="interaction_ratio" if is_ratio else "interaction_difference",
        )

    @cached_property
    def _component_levels(self) -> Levels:
        """Components and interactions as entries, beside one that adds nothing."""
        known = np.append(self.fit.identified(np.eye(len(self.matrix.names))), True)
        estimate = np.append(self.fit.coef, 0.0)
        cov = np.zeros((len(known), len(known)))
        cov[:-1, :-1] = self.data.options.widened(self.fit)[0] * self.fit.cov
        cov[~known] = cov[:, ~known] = 0.0
        names = (*self.matrix.names, _NOTHING)
        return replace(
            self._levels,
            arms=tuple(Arm(name, None) for name in names),
            keys=tuple((name, None) for name in names),
            estimate=np.where(known, estimate, math.nan),
            cov=(cov + cov.T) / 2,
            n=(None,) * len(names),
            events=(None,) * len(names),
            evidence_for=lambda cells: self._behind(cells[0].name),
        )

    def _behind(self, name: str) -> Evidence:
        """The trials that gave all components of a component or interaction."""
        wanted = set(name.split(TIMES))
        sep = self.matrix.sep
        found = {
            t.study: t
            for t in self.data.evidence.trials
            if any(wanted <= set(parts_of(given, sep)) for given in t.people)
        }
        trials = list(found.values())
        label = sep.join(name.split(TIMES))
        caution = rests_on_one(label, trials[0]) if len(trials) == 1 else ""
        sides: tuple[list, list] = ([], [])
        for trial in trials:
            for given, n in trial.people.items():
                sides[not wanted <= set(parts_of(given, sep))].append(n)
        return Evidence(len(trials), total(sides[0]), total(sides[1]), caution)

    @property
    def unidentified(self) -> tuple[str, ...]:
        """Components and interactions that the trials do not tell apart, by name."""
        known = self.fit.identified(np.eye(len(self.matrix.names)))
        return tuple(n for n, k in zip(self.matrix.names, known, strict=True) if not k)

    @property
    def null_space(self) -> pd.DataFrame:
        """Combinations of components about which no trial says anything, one in each row."""
        _, _, axes = np.linalg.svd(self.fit.span.T, full_matrices=True)
        silent = axes[self.fit.span.shape[1] :]
        return pd.DataFrame(silent, columns=list(self.matrix.names))

    # -- fit ------------------------------------------------------------------------------------

    @property
    def tau2(self) -> Estimate:
        """Between-study variance common to all comparisons, with its Q-profile interval."""
        design = self.data.trials.X @ self.matrix.matrix @ self.random.span
        return tau2_row(self.data, self.random, design)

    @cached_property
    def additivity(self) -> Additivity:
        """Q of the component model against the network; `additivity.additivity_of`."""
        _, network = fits_of(self.data, np.eye(len(self.matrix.treatments)))
        return additivity_of(self.data.trials, self.matrix.matrix, network.tau2)

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        """What every row of the model warns of."""
        found = [say("synthesis.components.assumes"), *self.data.options.cautions(self.random)]
        test = self.additivity.difference_random
        if self.data.options.model == "common":
            test = self.additivity.difference
        if test.df > 0 and test.p_value < 0.05:
            found.append(say("synthesis.components.do_not_add_up"))
        if len(self.data.trials.parts) > 1:
            found.append(say("synthesis.components.falls_apart"))
        return tuple(found)

    @property
    def _method(self) -> str:
        added = ", ".join(in_words(name.replace(TIMES, " x ")) for name in self.matrix.interactions)
        kind = (
            say("synthesis.components.with_interaction", interactions=added)
            if added
            else say("synthesis.components.additive")
        )
        return f"{self.effects.method}; {kind}, {self.data.options.words}"

    @property
    def _level(self) -> dict[str, float]:
        return {"conf_level": self.data.options.conf_level}


_NOTHING = "nothing added"


def pool_components(
    network: Network | EffectSizes | pd.DataFrame,
    inactive: str | None,
    *,
    interactions: Sequence[Sequence[str]] = (),
    combinations: Sequence[str] = (),
    sep: str = " + ",
    reference: str | None = None,
    measure: str | None = None,
    better: str | None = None,
    treatments: Mapping[str, str] | None = None,
    people: Mapping[str, Mapping[str, int]] | None = None,
    tau2_method: str | None = None,
    model: str | None = None,
    conf_level: float | None = None,
    hartung_knapp: str | None = None,
) -> Components:
    r"""Explain a network by the components of its treatments.

    Parameters
    ----------
    network : Network, EffectSizes or DataFrame
        A network brings its choices along, which the parameters below replace. Effects may form a
        network that falls into parts: shared components then link them, with a caution.
    inactive : str or None
        Component without an effect of its own; None when all have one.
    interactions : sequence of pairs of str
        Components that together may do more or less than their sum.
    combinations : sequence of str
        Further combinations of the same components, which no trial gave, to be predicted.
    sep : str
        What stands between components in the name of a treatment.
    reference : str, optional
        Treatment against which treatments are shown; `inactive` when absent.
    measure, better, treatments, people, tau2_method, model, conf_level, hartung_knapp
        As in `network.pool_network`.

    Returns
    -------
    Components

    Raises
    ------
    ValueError
        As in `network.pool_network` and `component_matrix.component_matrix`.

    Notes
    -----
    With X the design of the network and C its component matrix, weighted least squares on
    :math:`XC`; where this has not full rank, what is not identified is named and has no estimate.
    :math:`\tau^2` is estimated within the model. Additive: Welton et al. (2009), Am J Epidemiol
    169:1158; with interactions, and the test of additivity: Ruecker, Petropoulou and Schwarzer
    (2020), Biometrical J 62:808.

    Examples
    --------
    >>> table = pd.DataFrame({"study": ["s1", "s2", "s3"], "treat1": ["a", "b", "a + b"],
    ...     "treat2": ["control"] * 3, "estimate": [0.2, 0.5, 1.0], "std_error": [0.1] * 3})
    >>> additive = pool_components(table, "control", better="higher", model="common")
    >>> additive.compare("a + b", against="control").one().estimate.__round__(6)
    0.9
    >>> round(additive.additivity.difference.q, 6), additive.additivity.difference.df
    (3.0, 1)
    """
    given = network.data if isinstance(network, Network) else None
    chosen = {
        "tau2_method": tau2_method,
        "model": model,
        "conf_level": conf_level,
        "hartung_knapp": hartung_knapp,
    }
    chosen = {key: value for key, value in chosen.items() if value is not None}
    if given is not None:
        effects, trials = given.effects, given.trials
        options = replace(given.options, **chosen)
    else:
        effects = as_effects(network, measure)
        trials = network_trials(effects)
        options = NetworkOptions(**chosen)
    data = NetworkData(
        effects,
        trials,
        reference or inactive or (given.reference if given else trials.treatments[0]),
        options,
        better or (given.better if given else effects.better),
        dict(treatments if treatments is not None else given.treatments if given else {}),
        dict(people if people is not None else given.people if given else {}),
        given.name if given else effects.source,
        given.population if given else effects.population,
    )
    matrix = component_matrix(trials.treatments, inactive, interactions, sep)
    new = tuple(c for c in dict.fromkeys(combinations) if c not in trials.treatments)
    matrix.rows_of(new)  # refuses unknown components
    common, random = fits_of(data, matrix.matrix)
    return Components(data, matrix, common, random, new)
