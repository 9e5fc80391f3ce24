"""What a network of trials says, in words made from its rows; its figures and tables by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from ctevidence.display.component_forest import plot_components
from ctevidence.display.contrast_sentences import guard
from ctevidence.display.contribution_map import plot_contributions
from ctevidence.display.figure import Figure, nothing_to_draw
from ctevidence.display.format import interval, number, p_value
from ctevidence.display.labels import population_label
from ctevidence.display.league import plot_league
from ctevidence.display.network_graph import plot_network
from ctevidence.display.network_sentences import orders
from ctevidence.display.network_tables import (
    table_components,
    table_network,
    table_selection,
    table_split,
)
from ctevidence.display.sentences import sentence
from ctevidence.display.table import Table
from ctevidence.evidence.verdict import Direction, direction, rests_on_one_small_study
from ctevidence.language import capital, pick, say
from ctevidence.names import in_words
from ctevidence.synthesis.direct_evidence import rests_on_one
from ctevidence.synthesis.trial_network import Combination, TrialNetwork

_FIGURES: dict[str, Callable[[TrialNetwork], Figure]] = {
    "network": lambda f: plot_network(f.network, "network"),
    "league": lambda f: plot_league(f.network, "league"),
    "contributions": lambda f: plot_contributions(
        f.network, [(c.combined, c.medication) for c in f.combinations] or None
    ),
    "components": lambda f: plot_components(f.components, "components"),
}
_TABLES: dict[str, Callable[[TrialNetwork], Table]] = {
    "treatments": lambda f: table_network(f.network, "network-treatments"),
    "split": lambda f: table_split(f.network, "network-split"),
    "components": lambda f: table_components(f.components, "network-components"),
    "selection": lambda f: table_selection(f.path, "network-selection"),
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
    title, draw = pick("network_figures", part), _FIGURES[part]
    reason = _reason(found, part)
    return nothing_to_draw(part, title, reason) if reason else draw(found)


def table_trial_network(found: TrialNetwork, part: str) -> Table:
    """A table of a network, or one that says why there is none.

    Parameters
    ----------
    found : TrialNetwork
    part : {"treatments", "split", "components", "selection"}
    """
    title, make = pick("network_parts", part), _TABLES[part]
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
    columns = [pick("network_answers", name) for name in ("question", "treatment", "answer")]
    return Table(name, say("network_answers.title"), pd.DataFrame(rows, columns=columns))


def _answers(found: TrialNetwork) -> Iterator[tuple[str, str, str]]:
    if found.network is None:
        why = say("network_answers.none", why=found.reason)
        yield say("network_answers.is_there"), "", why
        return
    yield say("network_answers.what_it_is"), "", _what(found)
    if not found.combinations:
        yield say("network_answers.adds"), "", say("network_answers.no_combination")
    # what rests on most people comes first: a striking effect of a few is never the headline
    combinations = sorted(found.combinations, key=lambda each: -_people(found, each.combined))
    for each in combinations:
        yield say("network_answers.adds"), in_words(each.combined), _added(found, each)
    for each in combinations:
        yield say("network_answers.both"), in_words(each.combined), _both(found, each)
    yield say("network_answers.ranks_first"), in_words(found.network.ranking[0]), _first(found)
    for each in combinations:
        row = found.interaction(each)
        if row is not None:
            told = f"{sentence(row, source='open')} {_rests(found, each.combined)}"
            yield say("network_answers.more"), in_words(each.combined), told
    yield say("network_answers.components"), "", _additivity(found)


def _people(found: TrialNetwork, treatment: str) -> int:
    """People in the trials that gave a treatment; those that do not say count for none."""
    trials = found.network.data.evidence.of(treatment)
    return sum(trial.total or 0 for trial in trials)


def _what(found: TrialNetwork) -> str:
    network = found.network
    trials = len(network.data.trials.trials)
    what = pick(
        "network_answers",
        "trial_of" if trials == 1 else "trials_of",
        trials=trials,
        treatments=len(network.treatments),
        population=population_label(network.data.population),
    )
    beside = say("network_answers.beside")
    if found.shared:
        beside = say("network_answers.beside_shared", shared=_shared(found))
    narrower = say("network_answers.narrower")
    return " ".join(
        [what, beside, narrower, *(f"{capital(caution)}." for caution in network.cautions)]
    )


def _shared(found: TrialNetwork) -> str:
    """Trials that other sources hold too, source by source."""
    told = ""
    for source, count in found.shared.items():
        part = say("network_answers.shared", count=count, source=source)
        told = say("network_answers.and", first=told, second=part) if told else part
    return told


def _added(found: TrialNetwork, combination: Combination) -> str:
    told = " ".join(sentence(row, source="open") for row in found.added(combination))
    return f"{told} {_rests(found, combination.combined)}"


def _both(found: TrialNetwork, combination: Combination) -> str:
    row = found.better_than_both(combination)
    told = f"{sentence(row, source='open')} {_rests(found, combination.combined)}"
    # before the number, which is of a few people
    return f"{guard(row)} {told}" if direction(row) is Direction.NOT_ESTABLISHED else told


def _rests(found: TrialNetwork, treatment: str) -> str:
    """What a treatment rests on, and that one small trial establishes nothing."""
    trials = found.network.data.evidence.of(treatment)
    if len(trials) == 1:
        return f"{rests_on_one(treatment, trials[0])}."
    if people := found.network.data.evidence.people(treatment):
        return say("network_answers.gave_people", count=len(trials), people=people)
    return say("network_answers.gave", count=len(trials))


def _first(found: TrialNetwork) -> str:
    """First place, the range of places, and what it rests on; never worded as best."""
    network = found.network
    first = network.ranking[0]
    ranks = network.ranks()
    score = ranks.where(arm=first, measure="p_score").one()
    place = ranks.where(arm=first, measure="rank").one()
    trials = network.data.evidence.of(first)
    about = {"arm": in_words(first), "orders": capital(orders())}
    if len(trials) == 1:
        small = rests_on_one_small_study(score)
        first_said = say("network_answers.guard") if small else ""
        told = rests_on_one(first, trials[0]).removeprefix(f"{in_words(first)} ")
        return say("network_answers.first_one_trial", about=told, guard=first_said, **about)
    return say(
        "network_answers.first",
        count=len(network.ranking),
        score=number(score.estimate, 2),
        limits=interval(place.conf_low, place.conf_high, "people"),
        rests=_rests(found, first),
        **about | {"arm": capital(in_words(first))},
    )


def _additivity(found: TrialNetwork) -> str:
    if found.additive is None:
        return say("network_answers.not_assessable", why=found.component_reason)
    test = found.additive.additivity.difference
    if test.df == 0:
        return say("network_answers.never_apart")
    p = p_value(test.p_value)
    told = pick("network_answers", "p_below" if p.startswith("<") else "p_is", p=p)
    they = "do_not_add_up" if test.p_value < 0.05 else "not_determined"
    step = dict.fromkeys(f"{capital(c.split(':')[0])}." for c in found.path.cautions)
    return " ".join([pick("network_answers", they, p=told), *step])
