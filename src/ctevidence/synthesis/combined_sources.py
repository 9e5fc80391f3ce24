"""Effects of several sources as one table in which every trial counts once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ctevidence.data.trial_registry import TrialRegistry
from ctevidence.language import say
from ctevidence.synthesis.effect_sizes import EffectSizes, excluded_table
from ctevidence.synthesis.trial_selection import NOT_REPORTED


def combine_sources(*sources: EffectSizes, held_by: Iterable[str] = ()) -> EffectSizes:
    """Effects of several sources, each trial from the first that answers the question.

    The order of the sources is the order of preference. A trial that an earlier source uses, or
    left out for a reason of its own (another stratum, on request), is not taken from a later one;
    a trial that the earlier source merely does not report is.

    Parameters
    ----------
    *sources : EffectSizes
        Of one measure; with treatments of the same names (`EffectSizes.named`).
    held_by : str or iterable of str
        Further sources that the analysis uses in another way, for instance a study with data on
        participants: their trials are left out of all.

    Returns
    -------
    EffectSizes
        `excluded` names every twin that was left out and the study that it is a twin of.

    Raises
    ------
    ValueError
        When there is no source, a source stands twice, measures differ, or two sources name a study
        alike without being declared the same trial.

    Examples
    --------
    >>> def of(source, study, estimate, **more):
    ...     frame = pd.DataFrame({"study": [study], "estimate": [estimate], "std_error": [0.2]})
    ...     return EffectSizes(frame, "odds_ratio", source=source, **more)
    >>> network = of("network", "117", 2.9, same_trials={"trials": {"117": "naeem2010"}})
    >>> both = combine_sources(of("trials", "naeem2010", 2.9), network)
    >>> both.studies, both.excluded["reason"].tolist()
    (('naeem2010',), ['the same trial as naeem2010 of trials, which counts already'])
    """
    _refuse(sources)
    registry = TrialRegistry({s.source: s.same_trials for s in sources})
    elsewhere = (held_by,) if isinstance(held_by, str) else tuple(held_by)
    merged = _Merged(registry)
    for source in sources:
        merged.add(source, elsewhere)
    randomised = {source.randomised for source in sources}
    return EffectSizes(
        frame=pd.concat(merged.frames, ignore_index=True).drop(columns="measure"),
        measure=sources[0].measure,
        covariance=merged.covariance,
        excluded=excluded_table(merged.left_out),
        source=" and ".join(source.source for source in sources),
        method="; ".join(dict.fromkeys(source.method for source in sources)),
        randomised=randomised.pop() if len(randomised) == 1 else None,
    )


@dataclass
class _Merged:
    """What has been taken so far."""

    registry: TrialRegistry
    frames: list[pd.DataFrame] = field(default_factory=list)
    covariance: dict[str, np.ndarray] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    #: by source, what has been decided about a study
    decided: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, effects: EffectSizes, elsewhere: tuple[str, ...]) -> None:
        reasons = self._reasons(effects, elsewhere)
        taken = [study for study in effects.studies if study not in reasons]
        self._refuse_namesakes(effects.source, taken)
        kept = effects.where(study=taken)
        self.frames.append(kept.frame)
        self.covariance |= kept.covariance
        self.left_out += [(s, reasons[s]) for s in effects.studies if s in reasons]
        own = list(effects.excluded[["study", "reason"]].itertuples(index=False, name=None))
        self.left_out += own
        for study in taken:
            self.decided[effects.source, study] = say("synthesis.combined_sources.counts_already")
        for study, reason in own:
            if not reason.startswith(NOT_REPORTED):
                self.decided[effects.source, study] = say(
                    "synthesis.combined_sources.left_out", reason=reason
                )

    def _reasons(self, effects: EffectSizes, elsewhere: tuple[str, ...]) -> dict[str, str]:
        reasons = {}
        for study in effects.studies:
            for source, twin in self.registry.twins(effects.source, study):
                decided = self.decided.get((source, twin))
                if source in elsewhere:
                    decided = say("synthesis.combined_sources.by_itself")
                if decided:
                    reasons[study] = say(
                        "synthesis.combined_sources.same_trial",
                        twin=twin,
                        source=source,
                        decided=decided,
                    )
                    break
        return reasons

    def _refuse_namesakes(self, source: str, studies: list[str]) -> None:
        """A name that stands for two trials, or one trial that nobody declared to be one."""
        names = {study: there for (there, study) in self.decided}
        for study in studies:
            if study in names:
                raise ValueError(
                    f'"{names[study]}" and "{source}" both hold a study {study}. If it is one '
                    "trial, say so under [same_trials] in trials.toml; if not, rename one."
                )


def _refuse(sources: tuple[EffectSizes, ...]) -> None:
    if not sources:
        raise ValueError("Give at least one source: combine_sources(effects, more_effects).")
    names = [source.source for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'The source "{name}" stands twice; its trials would count twice.')
    measures = list(dict.fromkeys(source.measure for source in sources))
    if len(measures) > 1:
        raise ValueError(
            f"The sources give different measures ({', '.join(measures)}); ask both for one."
        )
