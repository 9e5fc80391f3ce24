"""The network that a source of trials makes, its components, and why there is none where so.

Contrasts of named treatments are taken as they stand. Trials by arm make a network of up to four
treatments, of one condition and of adults; their combination is named by its parts, so that the
same component model serves both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from ctevidence.contrasts.better_than_both import BEST_SINGLE, better_than_both
from ctevidence.data.trials import Trials, shared_trials
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.synthesis.component_matrix import possible_interactions
from ctevidence.synthesis.component_selection import SelectionPath, select_interactions
from ctevidence.synthesis.components import Components, pool_components
from ctevidence.synthesis.conditions import group_named
from ctevidence.synthesis.effect_sizes import EffectSizes, effect_sizes
from ctevidence.synthesis.network import Network, pool_network
from ctevidence.synthesis.trial_questions import BETTER, of_age
from ctevidence.terms import Treatment

SEP = " + "
#: the four treatments of trials by arm, the combination by its parts
FOUR = {
    "control": "control",
    "medication": "medication",
    "therapy": "therapy",
    "medication + therapy": "combined",
}


@dataclass(frozen=True)
class Combination:
    """A combination of the network, with the two single treatments that it is made of."""

    combined: str
    medication: str
    therapy: str


@dataclass(frozen=True, eq=False)
class TrialNetwork:
    """What a source says as a network; made by `trial_network`.

    Attributes
    ----------
    name, title : str
    network : Network or None
    additive, components : Components or None
        Components that add up, and with an interaction for every combination.
    path : SelectionPath or None
        Which interactions the data ask for.
    reason, component_reason : str
        Why there is no network, and no component model.
    shared : mapping of str to int
        Trials that another source of the report holds too, by source.
    """

    name: str
    title: str
    network: Network | None
    additive: Components | None = None
    components: Components | None = None
    path: SelectionPath | None = None
    reason: str = ""
    component_reason: str = ""
    shared: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def combinations(self) -> tuple[Combination, ...]:
        """Combinations whose two parts are treatments of the network too, by P-score."""
        return () if self.network is None else tuple(_combinations(self.network))

    def added(self, combination: Combination) -> Estimates:
        """What a combination adds to each of its parts."""
        return Estimates(
            self.network.compare(combination.combined, against=part).one()
            for part in (combination.medication, combination.therapy)
        )

    def better_than_both(self, combination: Combination) -> Estimate:
        """The min test against both parts; see `contrasts.better_than_both`."""
        rows = better_than_both(self.network, **vars(combination))
        # beside the one-sided min test stands the two-sided range for the better single treatment
        return next(
            row
            for row in rows
            if row.reference == BEST_SINGLE and (row.alternative != "two-sided" or len(rows) == 1)
        )

    def interaction(self, combination: Combination) -> Estimate | None:
        """The interaction of a combination in the component model, if it has one."""
        rows = [] if self.components is None else self.components.estimates
        return next(
            (
                row
                for row in rows
                if row.measure.startswith("interaction")
                and set(row.arm.split(SEP)) == {combination.medication, combination.therapy}
            ),
            None,
        )

    @property
    def estimates(self) -> Estimates:
        """Combinations against their parts, the min tests, components, treatments, ranks."""
        if self.network is None:
            return Estimates()
        rows: list[Estimate] = []
        for combination in self.combinations:
            rows += [*self.added(combination), self.better_than_both(combination)]
        for row in () if self.components is None else self.components.estimates:
            # a component and the treatment of its name are two estimates
            rows.append(replace(row, id="", population=f"{row.population}; component model"))
        rows += [*self.network.estimates, *self.network.prediction, *self.network.ranks()]
        return Estimates(rows)

    def __repr__(self) -> str:
        return repr(self.network) if self.network else f"No network of {self.name}: {self.reason}"


def trial_network(
    trials: Trials, *others: Trials | str | None, condition: str | None = None
) -> TrialNetwork:
    """The network of a source, or why there is none.

    Parameters
    ----------
    trials : Trials
        Contrasts of named treatments, or trials by arm.
    *others : Trials, str or None
        Other sources of the same report, whose trials are counted, not removed: a network stands
        beside them and is not averaged with them.
    condition : str, optional
        Condition, or group of them, of which trials by arm make the network; the group with the
        most trials when absent.

    Returns
    -------
    TrialNetwork

    Examples
    --------
    >>> arms = pd.DataFrame({
    ...     "trial_id": ["a", "a"], "arm": ["CBT + SSRI", "SSRI"], "outcome": "response",
    ...     "treatment": ["combined", "medication"], "events": [30, 20], "n": [50, 50],
    ...     "condition": "panic", "age_group": "adults", "phase": "acute", "flags": ""})
    >>> found = trial_network(Trials("demo", "One", arms=arms))
    >>> found.network.treatments, found.network.cautions
    (('medication', 'medication + therapy'), ('one trial: reported, not pooled',))
    """
    shared = {}
    for other in others:
        if other is not None and getattr(other, "name", other) != trials.name:
            count = len(shared_trials(trials, other))
            shared |= {getattr(other, "name", other): count} if count else {}
    found = TrialNetwork(trials.name, trials.title, None, shared=shared)
    try:
        effects, treatments = _effects(trials, condition)
        reference = trials.reference or _reference(effects, treatments)
        given = {name: kind for name, kind in treatments.items() if name in _names(effects)}
        network = pool_network(
            effects, reference, treatments=given, people=trials.people,
            population=trials.population or effects.population,
        )  # fmt: skip
        network.levels()  # refuses an outcome of which it is not known what is good
    except ValueError as problem:
        return replace(found, reason=str(problem).removesuffix("."))
    return _with_components(replace(found, network=network), given.get(reference) == "control")


def _effects(trials: Trials, condition: str | None) -> tuple[EffectSizes, Mapping[str, str]]:
    """All contrasts of the source, and what its treatments amount to."""
    if trials.arms is None:
        outcome = trials.contrasts["outcome"].iloc[0]
        return effect_sizes(trials, outcome), trials.treatments
    adults = of_age(trials, young=False)
    rows = adults.arms[(adults.arms["phase"] == "acute") & adults.arms["outcome"].isin(BETTER)]
    outcomes = tuple(o for o in BETTER if o in set(rows["outcome"]))
    if not outcomes:
        raise ValueError(say("synthesis.trial_network.no_trial"))
    effects = effect_sizes(adults, outcomes, phase="acute", measure="odds_ratio")
    if effects.frame.empty:
        raise ValueError(say("synthesis.trial_network.no_trial"))
    counts = effects.frame.drop_duplicates("study")["condition_group"].value_counts()
    group = group_named(condition)
    group = group if group in counts.index else counts.index[0]
    effects = effects.where(condition_group=group)
    whole = {kind: name for name, kind in FOUR.items() if name != kind}
    return effects.named({k: v for k, v in whole.items() if k in _names(effects)}), FOUR


def _names(effects: EffectSizes) -> set[str]:
    return {*effects.frame["treat1"], *effects.frame["treat2"]}


def _reference(effects: EffectSizes, treatments: Mapping[str, str]) -> str:
    """The control with the most trials; where there is none, the treatment with the most."""
    sides = pd.concat([effects.frame[["study", side]].set_axis(["study", "name"], axis=1)
                       for side in ("treat1", "treat2")])  # fmt: skip
    trials = sides.drop_duplicates()["name"].value_counts().sort_index()
    controls = [name for name in trials.index if treatments.get(name) == Treatment.CONTROL]
    return str((trials[controls] if controls else trials).idxmax())


def _with_components(found: TrialNetwork, has_control: bool) -> TrialNetwork:
    """The additive model, the one with every interaction, and the selection path."""
    if not has_control:
        return replace(found, component_reason=say("synthesis.trial_network.no_control"))
    network = found.network
    try:
        additive = pool_components(network, network.data.reference, sep=SEP)
        pairs = possible_interactions(additive.matrix)
        if not pairs:
            return replace(found, component_reason=say("synthesis.trial_network.no_combination"))
        full = pool_components(network, network.data.reference, interactions=pairs, sep=SEP)
        path = select_interactions(additive)
    except ValueError as problem:
        return replace(found, component_reason=str(problem).removesuffix("."))
    return replace(found, additive=additive, components=full, path=path)


def _combinations(network: Network) -> Iterator[Combination]:
    kinds = network.data.treatments
    for name in network.ranking:
        parts = name.split(SEP)
        if kinds.get(name) != Treatment.COMBINED or len(parts) != 2:
            continue
        by_kind = {kinds.get(part): part for part in parts}
        if {"medication", "therapy"} <= set(by_kind) and set(parts) <= set(network.treatments):
            yield Combination(name, by_kind["medication"], by_kind["therapy"])
