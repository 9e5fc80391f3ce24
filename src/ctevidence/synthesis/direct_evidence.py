"""Which trials and people stand behind a contrast of a network: one small trial is never hidden."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ctevidence.language import say
from ctevidence.levels import Cell, Evidence
from ctevidence.names import in_words
from ctevidence.synthesis.effect_sizes import EffectSizes


@dataclass(frozen=True)
class TrialPeople:
    """A trial of a network: people by treatment, None where the source does not say."""

    study: str
    people: Mapping[str, int | None]

    @property
    def total(self) -> int | None:
        return total(self.people.values())


@dataclass(frozen=True)
class DirectEvidence:
    """The trials of a network by what they compared."""

    trials: tuple[TrialPeople, ...]

    def of(self, *treatments: str) -> tuple[TrialPeople, ...]:
        """The trials that gave all of these treatments."""
        if treatments not in self._found:  # a league table asks thousands of times
            nothing: frozenset[int] = frozenset()
            found = frozenset.intersection(*(self._positions.get(n, nothing) for n in treatments))
            self._found[treatments] = tuple(self.trials[i] for i in sorted(found))
        return self._found[treatments]

    @cached_property
    def _found(self) -> dict[tuple[str, ...], tuple[TrialPeople, ...]]:
        return {}

    @cached_property
    def _positions(self) -> dict[str, frozenset[int]]:
        """Trials of each treatment."""
        found: dict[str, set[int]] = {}
        for i, trial in enumerate(self.trials):
            for name in trial.people:
                found.setdefault(name, set()).add(i)
        return {name: frozenset(positions) for name, positions in found.items()}

    def people(self, treatment: str) -> int | None:
        """People given a treatment in all trials; None when one trial does not say."""
        return total(trial.people[treatment] for trial in self.of(treatment))

    def behind(self, cells: list[Cell]) -> Evidence:
        """What a contrast of the first cell against the rest rests on.

        Trials and people are those of the arm that the fewest trials gave: a contrast is no more
        certain than its weakest arm, however many trials compared the others.
        """
        names = [cell.name for cell in cells]
        weakest = min(names, key=lambda name: len(self.of(name)))
        trials = self.of(weakest)
        return Evidence(
            studies=len(trials),
            n=total(t.people[names[0]] for t in trials if names[0] in t.people),
            n_reference=total(t.people[n] for t in trials for n in names[1:] if n in t.people),
            caution="; ".join(filter(None, [*map(self._few, names), *self._direct(names)])),
        )

    def _few(self, treatment: str) -> str:
        trials = self.of(treatment)
        if not trials:
            return say("synthesis.direct_evidence.no_trial", treatment=in_words(treatment))
        return rests_on_one(treatment, trials[0]) if len(trials) == 1 else ""

    def _direct(self, names: list[str]):
        for other in names[1:]:
            if not (self.of(names[0]) and self.of(other)):
                continue
            trials = self.of(names[0], other)
            what = say(
                "synthesis.direct_evidence.comparison",
                first=in_words(names[0]),
                second=in_words(other),
            )
            if not trials:
                yield say("synthesis.direct_evidence.not_compared", comparison=what)
            else:
                people = total(t.people[n] for t in trials for n in (names[0], other))
                count = (
                    say("synthesis.direct_evidence.one")
                    if len(trials) == 1
                    else say("synthesis.direct_evidence.several", count=len(trials))
                )
                size = say("synthesis.direct_evidence.people", people=people) if people else ""
                yield say(
                    "synthesis.direct_evidence.compared", comparison=what, trials=count, size=size
                )


def rests_on_one(treatment: str, trial: TrialPeople) -> str:
    """The caution about a treatment that a single trial gave."""
    size = say("synthesis.direct_evidence.unknown_size")
    if trial.total is not None:
        size = say("synthesis.direct_evidence.size", people=trial.total)
    return say(
        "synthesis.direct_evidence.rests_on",
        treatment=in_words(treatment),
        size=size,
        study=trial.study,
    )


def direct_evidence(
    effects: EffectSizes, people: Mapping[str, Mapping[str, int]] | None = None
) -> DirectEvidence:
    """Trials and people from the effects, and from what is declared beside them.

    Parameters
    ----------
    effects : EffectSizes
        Columns `n1` and `n2` say how many people had `treat1` and `treat2`.
    people : mapping of study to mapping of treatment to int, optional
        For studies whose rows do not say.

    Raises
    ------
    ValueError
        When people are declared of a study or treatment that is not there.
    """
    found: dict[str, dict[str, int | None]] = {}
    for row in effects.frame.itertuples():
        own = found.setdefault(row.study, {})
        for name, n in ((row.treat1, row.n1), (row.treat2, row.n2)):
            if own.get(name) is None:
                own[name] = None if math.isnan(n) else int(n)
    for study, counts in (people or {}).items():
        for name, n in counts.items():
            if name not in found.get(study, {}):
                raise ValueError(
                    f"people names {name} in study {study}, which the effects do not hold; correct "
                    "the study or the treatment."
                )
            found[study][name] = n
    return DirectEvidence(tuple(TrialPeople(study, own) for study, own in found.items()))


def total(counts) -> int | None:
    """The sum of counts; None when one is not known, or there is none."""
    counts = list(counts)
    return None if None in counts or not counts else sum(counts)
