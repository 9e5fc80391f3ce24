"""Simulated studies: four arms, tables as a real study has them, and a known truth."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

from ctevidence.data.illness_rule import IllnessRule
from ctevidence.data.rules import (
    EntryRule,
    RelapseRule,
    RemissionRule,
    ResponseRule,
    RetentionRule,
)
from ctevidence.data.study import Rules, Study
from ctevidence.simulate.anxiety import ANXIETY_SCALE, Anxiety, anxiety_scores, with_anxiety
from ctevidence.simulate.effects import ARMS, Effects, Harms, Relapse
from ctevidence.simulate.generate import baseline_scores, histories
from ctevidence.simulate.people import (
    AGE_MEAN,
    AGE_SD,
    EPISODES_MEAN,
    SHARE_OF_WOMEN,
    People,
    draw_people,
)
from ctevidence.simulate.scenario import (
    BASELINE_DAYS,
    ENTRY_SCORE,
    REMISSION_SCORE,
    RESPONSE_PERCENT,
    SCALE,
    SCHEDULE,
    WEEKS,
    Clusters,
    Dropout,
    Scenario,
    Severity,
)
from ctevidence.simulate.tables import study_tables
from ctevidence.simulate.truth import Truth
from ctevidence.terms import COMPONENTS, Arm, did_you_mean

DESIGNS = ("trial", "registry")
DEFAULT = Scenario()
#: What the reasons of dropout count as.
REASONS_COUNT_AS = (
    ("felt well", "well"),
    ("side effects", "side effects"),
    ("moved", "other"),
    ("no reason given", "other"),
)
#: Around which baseline scores the choice of treatment turns in a registry, in points.
BASELINE_MEAN, BASELINE_SD = 16.0, 3.5
COVARIATES = ("age", "sex", "earlier_episodes")
NOTES = ("SYNTHETIC: these people were made by a computer. Nothing here says what treatments do.",)


@dataclass(frozen=True, eq=False)
class SimulatedStudy(Study):
    """A study whose truth is known: a `Study` in every respect, with `truth`."""

    truth: Truth = field(kw_only=True)


def simulate_study(
    n: int = 400,
    seed: int = 1,
    design: str = "trial",
    *,
    effects: Effects = DEFAULT.effects,
    severity: Severity = DEFAULT.severity,
    relapse: Relapse = DEFAULT.relapse,
    dropout: Dropout = DEFAULT.dropout,
    harms: Harms = DEFAULT.harms,
    clusters: Clusters = DEFAULT.clusters,
    anxiety: Anxiety | None = None,
    confounding: float = 1.0,
) -> SimulatedStudy:
    """Draw a four-arm study (control, medication, therapy, combined) with known effects.

    Parameters
    ----------
    n : int
        People, over all arms.
    seed : int
        The only source of randomness: the same arguments give the same study.
    design : {"trial", "registry"}
        ``"trial"``: both treatments randomised, arms of equal size. ``"registry"``: nothing
        randomised; each treatment is chosen in the light of the baseline score, earlier episodes,
        age and sex, all of them in the tables.
    effects, severity, relapse, dropout, harms, clusters
        What is declared about the world; see `Effects` and the others.
    anxiety : Anxiety, optional
        With it the study has a second scale, the GAD-7, at every visit; all else is the same.
    confounding : float
        How much the choice in a registry depends on the person: 0 not at all, 1 as described
        (each 3.5 points of baseline multiply the odds of either treatment by about 2).

    Returns
    -------
    SimulatedStudy
        PHQ-9 at baseline and weeks 2, 4, 8, 12, 26 and 52; `truth` says what is true under each
        arm for everyone in the population that the people were drawn from.

    Raises
    ------
    ValueError
        An unknown design, fewer than four people, an arm without anyone, or effects that leave
        the range of the scale.

    Examples
    --------
    >>> study = simulate_study(n=200, seed=7)
    >>> study.participants.groupby("arm").size().to_dict()
    {'combined': 50, 'control': 50, 'medication': 50, 'therapy': 50}
    >>> study.truth.value("mean_difference", "combined", 12, against="control")
    -5.0
    """
    if design not in DESIGNS:
        other = " Maintenance trials: simulate_maintenance." if design == "maintenance" else ""
        raise ValueError(f'design is "{design}"{did_you_mean(design, DESIGNS)}{other}')
    if n < len(ARMS):
        raise ValueError(f"n is {n}; a study of four arms needs at least {len(ARMS)} people.")
    scenario = Scenario(effects, severity, relapse, dropout, harms, clusters, anxiety)
    rng = np.random.default_rng(seed)
    people = draw_people(scenario, n, rng)
    if design == "trial":
        arm = rng.permutation(np.arange(n) % len(ARMS))
    else:
        arm = _chosen_arm(people, baseline_scores(scenario, people), confounding, rng)
    _refuse_empty_arms(arm)
    happened = histories(scenario, people, arm)
    tables = study_tables(people, arm, happened, rng)
    declared = _declared(design)
    if anxiety:
        # random numbers of its own: the rest of the study is what it is without a second scale
        own, weeks = np.random.default_rng((seed, 2)), (0.0, *WEEKS)
        scores = anxiety_scores(anxiety, effects, weeks, people.severity, arm, own)
        tables["visits"] = with_anxiety(tables["visits"], scores, happened.attended)
        declared["scales"] = declared["scales"] | {ANXIETY_SCALE.label: ANXIETY_SCALE}
    return SimulatedStudy(tables=tables, truth=Truth(scenario), **declared)


def _chosen_arm(
    people: People, baseline: np.ndarray, confounding: float, rng: np.random.Generator
) -> np.ndarray:
    """Arm of each person when treatment is chosen; depends on what the tables hold, only.

    More severe and more often ill people more often get either treatment; older people more often
    medication; women and younger people more often therapy.
    """
    severe = (baseline - BASELINE_MEAN) / BASELINE_SD
    often_ill = people.earlier_episodes - EPISODES_MEAN
    older = (people.age - AGE_MEAN) / AGE_SD
    medication = 0.2 + confounding * (0.7 * severe + 0.25 * often_ill + 0.2 * older)
    therapy = 0.2 + confounding * (0.7 * severe + 0.15 * often_ill - 0.3 * older)
    therapy += confounding * 0.3 * (people.female - SHARE_OF_WOMEN)
    chance = rng.random((2, len(people)))
    return (chance[0] < expit(medication)) + 2 * (chance[1] < expit(therapy))


def _refuse_empty_arms(arm: np.ndarray) -> None:
    counts = np.bincount(arm, minlength=len(ARMS))
    if counts.min() == 0:
        empty = ", ".join(ARMS[k] for k in np.flatnonzero(counts == 0))
        raise ValueError(
            f"With n = {len(arm)} nobody chose {empty}; raise n, or lower confounding."
        )


def _declared(design: str) -> dict:
    """What the study declares, without its tables."""
    trial = design == "trial"
    no_medication = "placebo" if trial else "none"
    no_therapy = "clinical management" if trial else "usual care"
    given = {"medication": "sertraline", "therapy": "CBT, 14 sessions"}
    arms = tuple(
        Arm(
            name=str(t),
            treatment=t,
            medication=given["medication"] if "medication" in t.components else no_medication,
            therapy=given["therapy"] if "therapy" in t.components else no_therapy,
            label=str(t).capitalize(),
        )
        for t in ARMS
    )
    what = "trial" if trial else "practice registry"
    return {
        "name": f"simulated-{design}",
        "title": f"Simulated {what}: medication, therapy, both or neither",
        "condition": "depression",
        "data_kind": "synthetic",
        "design": design,
        "randomised": frozenset(COMPONENTS) if trial else frozenset(),
        "arms": arms,
        "primary_scale": SCALE.label,
        "scales": {SCALE.label: SCALE},
        "schedule": SCHEDULE,
        "rules": Rules(
            response=ResponseRule("percent_fall", missing="observed", percent=RESPONSE_PERCENT),
            remission=RemissionRule(REMISSION_SCORE),
            relapse=RelapseRule(after="remission", from_events=True),
            retention=RetentionRule("events", REASONS_COUNT_AS, treatments_show_starts=True),
            entry=EntryRule(ENTRY_SCORE),
            illness=IllnessRule(dropout="state", switch="ignored"),
        ),
        "primary_week": 12,
        "adjust": ("baseline",) if trial else ("baseline", *COVARIATES),
        "disclosure": "open",
        "population": "simulated adults with depression (PHQ-9 of 10 or more)",
        "notes": NOTES,
        "baseline_days": BASELINE_DAYS,
    }
