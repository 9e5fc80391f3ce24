"""What a network of trials says, in words made from its rows; its figures and tables by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from ctevidence.display.component_forest import plot_components
from ctevidence.display.contribution_map import plot_contributions
from ctevidence.display.figure import Figure, nothing_to_draw
from ctevidence.display.format import interval, number, p_value
from ctevidence.display.league import plot_league
from ctevidence.display.network_graph import plot_network
from ctevidence.display.network_tables import (
    table_components,
    table_network,
    table_selection,
    table_split,
)
from ctevidence.display.sentences import sentence
from ctevidence.display.table import Table
from ctevidence.evidence.verdict import rests_on_one_small_study
from ctevidence.synthesis.direct_evidence import rests_on_one
from ctevidence.synthesis.trial_network import Combination, TrialNetwork

ORDERS = "A rank orders estimates: first place does not show that a treatment is better."
BESIDE = (
    "The network stands beside the pooled trials and is not averaged with them, so that no trial "
    "counts twice"
)
NO_COMBINATION = "No combination of the network has both its parts in it."

_FIGURES: dict[str, tuple[str, Callable[[TrialNetwork], Figure]]] = {
    "network": ("The network", lambda f: plot_network(f.network, "network")),
    "league": ("League table", lambda f: plot_league(f.network, "league")),
    "contributions": (
        "Contributions",
        lambda f: plot_contributions(
            f.network, [(c.combined, c.medication) for c in f.combinations] or None
        ),
    ),
    "components": ("Components", lambda f: plot_components(f.components, "components")),
}
_TABLES: dict[str, tuple[str, Callable[[TrialNetwork], Table]]] = {
    "treatments": (
        "Every treatment against the reference",
        lambda f: table_network(f.network, "network-treatments"),
    ),
    "split": (
        "Direct against indirect evidence",
        lambda f: table_split(f.network, "network-split"),
    ),
    "components": (
        "What each component adds",
        lambda f: table_components(f.components, "network-components"),
    ),
    "selection": (
        "Which interactions were tried",
        lambda f: table_selection(f.path, "network-selection"),
    ),
}
#: parts that need the component model
_OF_COMPONENTS = ("components", "selection")


def plot_trial_network(found: TrialNetwork, part: str) -> Figure:
    """A figure of a network, or one that says why there is none.

    Parameters
    ----------
    found : TrialNetwork
    part : {"network", "league", "contributions", "components"}
    """
    title, draw = _FIGURES[part]
    reason = _reason(found, part)
    return nothing_to_draw(part, title, reason) if reason else draw(found)


def table_trial_network(found: TrialNetwork, part: str) -> Table:
    """A table of a network, or one that says why there is none.

    Parameters
    ----------
    found : TrialNetwork
    part : {"treatments", "split", "components", "selection"}
    """
    title, make = _TABLES[part]
    reason = _reason(found, part)
    if reason:
        frame = pd.DataFrame({"nothing to show": [f"{reason[0].upper()}{reason[1:]}."]})
        return Table(f"network-{part}", title, frame)
    return make(found)


def _reason(found: TrialNetwork, part: str) -> str:
    return found.reason or (found.component_reason if part in _OF_COMPONENTS else "")


def table_network_answers(found: TrialNetwork, name: str = "network-answers") -> Table:
    """What combinations add, how they rank, and whether parts add up: one row each, in words."""
    rows = list(_answers(found))
    frame = pd.DataFrame(rows, columns=["question", "treatment", "answer"])
    return Table(name, "What the network says", frame)


def _answers(found: TrialNetwork) -> Iterator[tuple[str, str, str]]:
    if found.network is None:
        yield "Is there a network?", "", f"None can be made: {found.reason}."
        return
    yield "What it is", "", _what(found)
    if not found.combinations:
        yield "What combining adds", "", NO_COMBINATION
    for each in found.combinations:
        yield "What combining adds", each.combined, _added(found, each)
    for each in found.combinations:
        yield "Better than both parts?", each.combined, _both(found, each)
    yield "Which ranks first", found.network.ranking[0], _first(found)
    for each in found.combinations:
        row = found.interaction(each)
        if row is not None:
            told = f"{sentence(row, source='open')} {_rests(found, each.combined)}"
            yield "More than its parts?", each.combined, told
    yield "Do components add up?", "", _additivity(found)


def _what(found: TrialNetwork) -> str:
    network = found.network
    trials = len(network.data.trials.trials)
    told = f"{trials} {'trial' if trials == 1 else 'trials'} of {len(network.treatments)} "
    told += f"treatments: {network.data.population}."
    shared = " and ".join(f"{n} in {other}" for other, n in found.shared.items())
    more = f"{BESIDE}{f'; of its trials also stand {shared}' if shared else ''}."
    cautions = "".join(f" {c[0].upper()}{c[1:]}." for c in network.cautions)
    return f"{told} {more}{cautions}"


def _added(found: TrialNetwork, combination: Combination) -> str:
    told = " ".join(sentence(row, source="open") for row in found.added(combination))
    return f"{told} {_rests(found, combination.combined)}"


def _both(found: TrialNetwork, combination: Combination) -> str:
    row = found.better_than_both(combination)
    return f"{sentence(row, source='open')} {_rests(found, combination.combined)}"


def _rests(found: TrialNetwork, treatment: str) -> str:
    """What a treatment rests on, and that one small trial establishes nothing."""
    trials = found.network.data.evidence.of(treatment)
    if len(trials) > 1:
        people = found.network.data.evidence.people(treatment)
        return f"{len(trials)} trials gave it{f', to {people} people' if people else ''}."
    return f"{rests_on_one(treatment, trials[0])}."


def _first(found: TrialNetwork) -> str:
    """First place, the range of places, and what it rests on; never worded as best."""
    network = found.network
    first = network.ranking[0]
    ranks = network.ranks()
    score = ranks.where(arm=first, measure="p_score").one()
    place = ranks.where(arm=first, measure="rank").one()
    trials = network.data.evidence.of(first)
    if len(trials) == 1:
        about = rests_on_one(first, trials[0]).removeprefix(f"{first} ")
        guard = ": not established" if rests_on_one_small_study(score) else ""
        return f"{first} ranks first, and it {about}{guard}. {ORDERS}"
    reach = interval(place.conf_low, place.conf_high, "people")
    return (
        f"{first} ranks first of {len(network.ranking)} (P-score {number(score.estimate, 2)}; "
        f"range of places {reach}). {_rests(found, first)} {ORDERS}"
    )


def _additivity(found: TrialNetwork) -> str:
    if found.additive is None:
        return f"Not assessable: {found.component_reason}."
    test = found.additive.additivity.difference
    if test.df == 0:
        return "Not assessable: no combination was compared apart from its parts."
    p = p_value(test.p_value)
    told = f"p {p}" if p.startswith("<") else f"p = {p}"
    if test.p_value < 0.05:
        word = f"They do not: effects of combinations fit worse than chance allows ({told})."
    else:
        word = f"Not determined ({told}): this does not show that they add up."
    step = dict.fromkeys(f"{c.split(':')[0]}." for c in found.path.cautions)
    return " ".join([word, *(f"{c[0].upper()}{c[1:]}" for c in step)])
