"""Networks and components: few trials and many.

Each replicate draws a network of six treatments (placebo, medication, therapy, exercise, medication
and therapy, therapy and exercise) whose true effects add up, pools it by REML, and asks how often
an interval or test finds what is not there: an interaction of medication and therapy, a difference
between the combination and medication alone, components that do not add up, direct and indirect
evidence that disagree, a combination better than both.

Run: ``python validation/networks.py [--replicates 1000] [--jobs 1]`` (about 5 minutes on one free
core); ``--record`` writes the results to docs/validation.md. Exit status 1 when a threshold is
missed.
"""

from __future__ import annotations

import argparse
import math
import sys
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from page import Column, Section, Table, record
from scipy.special import stdtrit

from ctevidence.contrasts import better_than_both
from ctevidence.levels import Levels
from ctevidence.synthesis.additivity import additivity_of
from ctevidence.synthesis.component_matrix import component_matrix
from ctevidence.synthesis.network_fit import NetworkFit, fit_network, network_tau_squared
from ctevidence.synthesis.network_trials import NetworkTrial, NetworkTrials, assembled
from ctevidence.synthesis.node_split import split_nodes
from ctevidence.terms import Arm

SEED = 607
#: Trials that gave the combination of medication and therapy.
TRIALS = (3, 5, 10, 30)
PEOPLE = (15, 100)
#: Variance of true contrasts, standard deviations squared, as in the section of pairwise pooling.
TAU2 = {"none": 0.0, "small": 0.01, "large": 0.09}

M, T, E, P = "medication", "therapy", "exercise", "placebo"
MT, TE = f"{M} + {T}", f"{T} + {E}"
TREATMENTS = tuple(sorted((M, T, E, P, MT, TE)))
#: Designs of the trials of the combination, in turn; one in three has three arms.
COMBINED = ((M, MT), (T, MT), (M, T, MT))
#: Designs of the trials of everything else, and how many there are of each.
OTHERS = ((P, M), (P, T), (P, E), (M, T), (T, TE))
AROUND = {"thin": 1, "rich": 10}

ADDITIVE = component_matrix(TREATMENTS, P).matrix
SYNERGY = component_matrix(TREATMENTS, P, [(M, T)])
INTERACTION = np.eye(len(SYNERGY.names))[-1]

NORMAL, PLAIN, GUARDED = "normal (default)", "Hartung-Knapp, plain", "Hartung-Knapp, guarded"
INTERVALS = {NORMAL: "none", PLAIN: "plain", GUARDED: "guarded"}
OF_INTERACTION = {name: f"interaction, {name}" for name in INTERVALS}
OF_CONTRAST = {name: f"contrast, {name}" for name in INTERVALS}
COMMON_Q, RANDOM_Q = "additivity, common effect", "additivity, heterogeneity allowed for"
SPLIT = "direct against indirect"
EQUAL, ONE_EQUAL = "min test, as good as both", "min test, as good as one"
MISSED = (*OF_INTERACTION.values(), *OF_CONTRAST.values(), COMMON_Q, RANDOM_Q, SPLIT, EQUAL,
          ONE_EQUAL)  # fmt: skip
#: By how much therapy alone is worse where the combination is as good as one single treatment.
WORSE = 1.0

#: Monte-Carlo errors by which a result may lie outside a threshold.
SLACK = 3.0
#: Normal intervals take tau-squared and the trials' variances as known: promised is no more than
#: that they are off by little where many contrasts tell tau-squared, as many as a well-studied
#: field has. In thin networks they are shown, and must be seen to fail.
ABOVE, MANY = 0.025, 30
#: Hartung-Knapp was derived for one mean; for contrasts of a network it is an approximation, which
#: may be conservative when guarded and should be within a few points everywhere.
ABOVE_GUARDED = 0.025
TEETH = 0.08
#: The one-sided level of the min test and how far above it is accepted.
LEVEL, ABOVE_MIN = 0.025, 0.0125

TEXT = (
    "Six treatments: placebo, medication, therapy, exercise, medication + therapy, therapy + "
    "exercise. 3, 5, 10 or 30 trials gave medication + therapy, in turn against medication, "
    "against therapy and against both. Everything else (medication, therapy and exercise against "
    "placebo, medication against therapy, therapy + exercise against therapy) was compared in one "
    "trial each (thin) or in ten trials each (rich). Arms have 15 to 100 people (any number "
    "equally likely), outcome standard deviation 1, variances estimated; true contrasts vary "
    "between trials with variance 0 (none), 0.01 (small) or 0.09 (large). Trials of three arms "
    "have the correlation that this implies.",
    "True effects add up. Estimates, tau-squared and residuals move with the truth in these "
    "models, whatever it is: one less the type I error is the coverage of any other truth.",
)
ACCEPTED = (
    "Normal intervals of the interaction (component model) and of the combination against "
    f"medication (network), and the test of direct against indirect evidence: where Q has {MANY} "
    f"degrees of freedom or more, type I error not above 5 % by more than {100 * ABOVE:g} points "
    f"and {SLACK:g} Monte-Carlo errors. In thinner networks they are shown, not promised; and in "
    "the thin network with 3 trials and large heterogeneity the normal interval of the interaction "
    f"must be seen to fail, with type I error above {100 * TEETH:g} %.",
    "Guarded Hartung-Knapp of both: nowhere above 5 % by more than "
    f"{100 * ABOVE_GUARDED:g} points and {SLACK:g} Monte-Carlo errors.",
    "Test of additivity at common-effect weights: its level (the same band) without heterogeneity; "
    f"above {100 * TEETH:g} % in the rich network with large heterogeneity, where it must fail. "
    f"With heterogeneity allowed for: the same band where Q has {MANY} degrees of freedom or more.",
    f"Min test, one-sided {100 * LEVEL:g} %: where Q has {MANY} degrees of freedom or more, not "
    f"above it by more than {100 * ABOVE_MIN:g} points and {SLACK:g} Monte-Carlo errors, also "
    "where the combination is as good as one single treatment and much better than the other, "
    "the hardest case; and where it is as good as both never above that of the hardest case by "
    f"more than {SLACK:g} Monte-Carlo errors.",
)
REMARKS = (
    "What decides is not how many trials gave the combination but how many contrasts tell how much "
    "effects vary: in the rich network the normal interval of an interaction that rests on three "
    "trials nearly keeps its level, in the thin one it does not.",
    "With few degrees of freedom normal intervals are too short; rows of such networks carry a "
    'caution, and `hartung_knapp="guarded"` gives intervals that hold, at the price of being '
    "conservative where trials differ little.",
    "The split of direct and indirect evidence uses the tau-squared of the network, which grows "
    "with their disagreement: in thin networks it hardly ever finds any, and its silence says "
    "nothing.",
    "At common-effect weights the test of additivity takes heterogeneity for a failure of "
    "additivity. The caution of a random-effects model is given by the test that allows for it.",
)


def designs(k: int, around: str) -> list[tuple[str, ...]]:
    """The arms of every trial of a network with k trials of the combination."""
    return [*islice(cycle(COMBINED), k), *(OTHERS * AROUND[around])]


def trials(rng: np.random.Generator, k: int, around: str, tau2: float) -> NetworkTrials:
    """A network in which no treatment has an effect, with the variances that trials estimate."""
    arms = designs(k, around)
    people = rng.integers(PEOPLE[0], PEOPLE[1] + 1, sum(map(len, arms)))
    mean = rng.normal(0.0, np.sqrt(tau2 / 2 + 1 / people))
    variance = rng.chisquare(people - 1) / (people - 1) / people
    made, first = [], 0
    for number, names in enumerate(arms):
        own = slice(first + 1, first + len(names))
        at = tuple(TREATMENTS.index(name) for name in names)
        cov = np.diag(variance[own]) + variance[first]
        made.append(NetworkTrial(f"trial {number}", at, mean[own] - mean[first], cov))
        first += len(names)
    return assembled(TREATMENTS, made)


def pooled(data: NetworkTrials, mixing: np.ndarray) -> NetworkFit:
    """REML fit of a model of the treatments, as `pool_network` makes it."""
    design = data.X @ mixing
    tau2 = network_tau_squared(data.y, data.v, design @ fit_network(data.y, data.v, design).span)
    return fit_network(data.y, data.v, design, tau2)


def excludes_zero(fit: NetworkFit, c: np.ndarray, hartung_knapp: str) -> bool:
    """Whether the 95 % interval of a contrast of coefficients leaves out zero."""
    factor, df = fit.mean_square(hartung_knapp)
    error = math.sqrt(factor * c @ fit.cov @ c)
    return bool(abs(c @ fit.coef) > stdtrit(df, 0.975) * error)


def is_better_than_both(fit: NetworkFit, therapy: float) -> bool:
    """Whether the min test finds the combination better, therapy being truly this much better."""
    names = (MT, M, T)
    at = [TREATMENTS.index(name) for name in names]
    against = np.eye(len(TREATMENTS))[at] - np.eye(len(TREATMENTS))[TREATMENTS.index(P)]
    cov = against @ fit.cov @ against.T
    levels = Levels(
        "simulated", "score", "network", tuple(Arm(n, None) for n in names),
        tuple((n, None) for n in names), "network_effect", "higher",
        against @ fit.coef + np.array([0.0, 0.0, therapy]), (cov + cov.T) / 2, (None,) * 3,
        (None,) * 3, frozenset(), "network", anchored=False, read_as="mean_difference",
    )  # fmt: skip
    found = better_than_both(levels, combined=MT, medication=M, therapy=T, conf_level=1 - LEVEL)
    return found.rows[-1].conf_low > 0


def difference(treatment: str, against: str) -> np.ndarray:
    """One treatment minus another, in the coefficients of the network."""
    return np.array([(n == treatment) - (n == against) for n in TREATMENTS], float)


def splits_of(data: NetworkTrials, tau2: float) -> bool:
    """Whether direct and indirect evidence on the combination against medication disagree."""
    split = next(s for s in split_nodes(data, tau2) if {s.treat1, s.treat2} == {M, MT})
    error = math.sqrt(split.cov[0, 0] + split.cov[1, 1] - 2 * split.cov[0, 1])
    return abs(split.direct - split.indirect) > stdtrit(math.inf, 0.975) * error


def replicate(k: int, around: str, name: str, number: int) -> dict[str, bool]:
    """What one network finds that is not there."""
    rng = np.random.default_rng([SEED, k, AROUND[around], list(TAU2).index(name), number])
    data = trials(rng, k, around, TAU2[name])
    network, synergy = pooled(data, np.eye(len(TREATMENTS))), pooled(data, SYNERGY.matrix)
    tests = additivity_of(data, ADDITIVE, network.tau2)
    found = {OF_INTERACTION[n]: excludes_zero(synergy, INTERACTION, kind)
             for n, kind in INTERVALS.items()}  # fmt: skip
    found |= {OF_CONTRAST[n]: excludes_zero(network, difference(MT, M), kind)
              for n, kind in INTERVALS.items()}  # fmt: skip
    return found | {
        COMMON_Q: tests.difference.p_value < 0.05,
        RANDOM_Q: tests.difference_random.p_value < 0.05,
        SPLIT: splits_of(data, network.tau2),
        EQUAL: is_better_than_both(network, 0.0),
        ONE_EQUAL: is_better_than_both(network, -WORSE),
    }


def degrees(k: int, around: str) -> int:
    """Degrees of freedom of Q of the network."""
    return sum(len(arms) - 1 for arms in designs(k, around)) - (len(TREATMENTS) - 1)


def row(k: int, around: str, name: str, found: pd.DataFrame) -> dict:
    """One line of the tables: shares and their Monte-Carlo errors."""
    line: dict = {"trials": k, "around": around, "df": degrees(k, around), "heterogeneity": name}
    for what in MISSED:
        share = float(found[what].mean())
        line[what], line[f"{what} error"] = share, binomial_error(share, len(found))
    return line


def binomial_error(share: float, n: int) -> float:
    """Standard error of a share; never below that of 2.5 %, so that no band has width zero."""
    return math.sqrt(max(share * (1 - share), LEVEL * (1 - LEVEL)) / n)


def misses(line: dict):
    """The thresholds that a line misses, in words."""
    where = f"{line['trials']} trials, {line['around']}, heterogeneity {line['heterogeneity']}"
    many, name = line["df"] >= MANY, line["heterogeneity"]
    above = lambda what, most: line[what] > most + SLACK * line[f"{what} error"]  # noqa: E731
    promised = [OF_INTERACTION[NORMAL], OF_CONTRAST[NORMAL], SPLIT, RANDOM_Q] if many else []
    promised += [COMMON_Q] if name == "none" else []
    for what in promised:
        if above(what, 0.05 + ABOVE):
            yield f"{where}: {what}"
    for what in (OF_INTERACTION[GUARDED], OF_CONTRAST[GUARDED]):
        if above(what, 0.05 + ABOVE_GUARDED):
            yield f"{where}: {what}"
    if many and (above(EQUAL, LEVEL + ABOVE_MIN) or above(ONE_EQUAL, LEVEL + ABOVE_MIN)):
        yield f"{where}: level of the min test"
    if above(EQUAL, line[ONE_EQUAL]):
        yield f"{where}: the min test is more liberal where the combination is as good as both"
    if name == "large":
        thinnest = line["around"] == "thin" and line["trials"] == min(TRIALS)
        if thinnest and line[OF_INTERACTION[NORMAL]] < TEETH:
            yield f"{where}: the normal interval does not fail where it should"
        if line["around"] == "rich" and line[COMMON_Q] < TEETH:
            yield f"{where}: the common-effect test of additivity does not fail where it should"


def section(lines: list[dict], missed: list[str], replicates: int) -> Section:
    first = (
        Column("trials of the combination", "trials"),
        Column("others", "around"),
        Column("df of Q", "df"),
        Column("heterogeneity", "heterogeneity"),
    )
    shown = (
        ("Type I error of the interaction (components), per cent",
         {what: name for name, what in OF_INTERACTION.items()}),
        ("Type I error of the combination against medication (network), per cent",
         {what: name for name, what in OF_CONTRAST.items()}),
        ("Type I error of tests, per cent (min test: one-sided)",
         {what: what for what in (COMMON_Q, RANDOM_Q, SPLIT, EQUAL, ONE_EQUAL)}),
    )  # fmt: skip
    tables = tuple(
        Table(caption, first + tuple(Column(heading, what, f"{what} error", 1, True)
                                     for what, heading in whats.items()), tuple(lines))
        for caption, whats in shown
    )  # fmt: skip
    return Section(
        script=Path(__file__).name,
        title="Networks and components: few trials and many",
        text=TEXT,
        accepted=ACCEPTED,
        tables=tables,
        missed=tuple(missed),
        remarks=REMARKS,
        replicates=replicates,
        seed=SEED,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicates", type=int, default=1_000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="write docs/validation.md")
    arguments = parser.parse_args()
    lines, missed = [], []
    with Parallel(n_jobs=arguments.jobs) as workers:
        for around in AROUND:
            for k in TRIALS:
                for name in TAU2:
                    found = workers(
                        delayed(replicate)(k, around, name, i) for i in range(arguments.replicates)
                    )
                    lines.append(row(k, around, name, pd.DataFrame(found)))
                    missed += misses(lines[-1])
                    print(f"{around}, {k} trials, heterogeneity {name}", file=sys.stderr)
    table = pd.DataFrame(lines)
    shown = ["trials", "around", "df", "heterogeneity", *MISSED]
    print(table[shown].to_string(index=False, float_format="{:.3f}".format))
    print("missed: " + "; ".join(missed) if missed else "all thresholds are met")
    if arguments.record:
        record(section(lines, missed, arguments.replicates))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
