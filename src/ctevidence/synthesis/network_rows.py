"""Ranks, node splits and direct evidence of a network as rows of the tidy shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from ctevidence.contrasts.compare import compare
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.levels import Evidence, Levels
from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.network_model import NetworkData
from ctevidence.synthesis.network_trials import NetworkTrial
from ctevidence.synthesis.node_split import Split, compared_pairs
from ctevidence.synthesis.pool import pool
from ctevidence.synthesis.ranks import simulated_ranks
from ctevidence.terms import CONTRAST_MEASURES, Arm


def rank_rows(
    data: NetworkData, levels: Levels, scores: pd.Series, higher: bool, seed: int, draws: int
) -> Estimates:
    """P-score, rank and share of first places of every treatment, by P-score."""
    ranks = simulated_ranks(levels.estimate, levels.cov, higher, seed, draws)
    tail = (1 - data.options.conf_level) / 2
    position = {key.arm: i for i, key in enumerate(levels.keys)}
    rows = []
    for name, score in scores.items():
        drawn = ranks[:, position[name]]
        low, middle, high = np.quantile(drawn, [tail, 0.5, 1 - tail], method="inverted_cdf")
        trials = data.evidence.of(name)
        thin = data.evidence.behind([levels.cell(name)]).caution
        base = Estimate(
            **data.who(),
            arm=name,
            measure="p_score",
            unit="probability",
            estimate=float(score),
            n=data.evidence.people(name),
            studies=len(trials),
            method=say("synthesis.network_rows.p_score", method=levels.method),
            caution="; ".join(
                filter(None, (thin, say("synthesis.network_rows.rank"), levels.caution))
            ),
        )
        simulated = say(
            "synthesis.network_rows.draws", method=levels.method, draws=draws, seed=seed
        )
        rank = {
            "measure": "rank",
            "unit": "place",
            "estimate": float(middle),
            "conf_low": float(low),
            "conf_high": float(high),
            "conf_level": data.options.conf_level,
        }
        first = {"measure": "first_place", "estimate": float(np.mean(drawn == 1))}
        rows.append(base)
        rows += [replace(base, id="", method=simulated, **own) for own in (rank, first)]
    return Estimates(rows)


def split_rows(data: NetworkData, levels: Levels, splits: Sequence[Split]) -> Estimates:
    """Direct and indirect estimate, and their difference, of every split comparison."""
    rows: list[Estimate] = []
    is_ratio = CONTRAST_MEASURES[data.measure].is_ratio
    for split in splits:
        pair = _levels_of_split(levels, split)
        options = {"conf_level": data.options.conf_level}
        for kind in ("direct", "indirect"):
            row = compare(pair, kind, against=split.treat2, **options).one()
            who = f"{data.population}; {kind} evidence"
            studies = split.trials if kind == "direct" else None
            rows.append(replace(row, id="", arm=split.treat1, population=who, studies=studies))
        row = compare(pair, "direct", against="indirect", **options).one()
        measure = "inconsistency_ratio" if is_ratio else "inconsistency_difference"
        who = f"{data.population}; direct against indirect evidence"
        rows.append(
            replace(
                row,
                id="",
                arm=split.treat1,
                reference=split.treat2,
                population=who,
                measure=measure,
                studies=split.trials,
            )
        )
    return Estimates(rows)


def _levels_of_split(levels: Levels, split: Split) -> Levels:
    """The second treatment, and the first by direct and by indirect evidence."""
    names = (split.treat2, "direct", "indirect")
    cov = np.zeros((3, 3))
    cov[1:, 1:] = split.cov
    return replace(
        levels,
        arms=tuple(Arm(name, None) for name in names),
        keys=tuple((name, None) for name in names),
        estimate=np.array([0.0, split.direct, split.indirect]),
        cov=cov,
        n=(None,) * 3,
        events=(None,) * 3,
        method=say("synthesis.network_rows.node_split", method=levels.method),
        evidence_for=lambda _: Evidence(split.trials, None, None),
    )


def pairwise_rows(data: NetworkData) -> Estimates:
    """Every comparison pooled from its direct evidence alone."""
    names, trials = data.trials.treatments, data.trials.trials
    rows = []
    for a, b in compared_pairs(data.trials):
        found = [(t.study, *_contrast(t, a, b)) for t in trials if a in t.arms and b in t.arms]
        frame = pd.DataFrame(found, columns=["study", "estimate", "std_error"])
        frame = frame.assign(treat1=names[a], treat2=names[b], outcome=data.outcome)
        effects = EffectSizes(frame, data.measure, method=data.effects.method,
                              randomised=data.effects.randomised)  # fmt: skip
        pooled = pool(
            effects,
            name=data.name,
            population=f"{data.population}; direct evidence alone",
            tau2_method=data.options.tau2_method,
            conf_level=data.options.conf_level,
        )
        rows.append(replace(pooled.pooled, id="", study=data.name))
    return Estimates(rows)


def _contrast(trial: NetworkTrial, a: int, b: int) -> tuple[float, float]:
    """Treatment a against b in a trial that gave both: estimate and standard error."""
    c = np.array([(arm == a) - (arm == b) for arm in trial.arms[1:]], float)
    return float(c @ trial.estimate), math.sqrt(float(c @ trial.cov @ c))
