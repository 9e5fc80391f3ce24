"""Network and component meta-analysis side by side with what else is installed.

linde2016 (93 trials, 22 treatments): fit, all 231 comparisons and P-scores; components with one
interaction; and 1,000 simulated networks of 100 trials and 8 treatments. Seconds are those of the
processor, so that other work on the machine does not count. R's metafor (rma.mv, REML)
where R is present; pimeta (generalised DerSimonian-Laird) where ``--pimeta PYTHON`` names a Python
that has it: it is no dependency. All get the same contrasts; reading files is not timed.
"apart" is the largest difference of an effect against placebo, in standard errors.

Run: ``make bench`` (one BLAS thread), or ``python benchmarks/network.py``.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from rich.console import Console
from rich.table import Table

from ctevidence.synthesis.components import pool_components
from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.network import Network, pool_network

ROUNDS = 5
TRIALS, TREATMENTS, CORES = 100, 8, 2
FILE = Path(__file__).parents[1] / "data" / "raw" / "linde2016" / "linde2016.csv"

R_FIT = """
suppressMessages(library(metafor)); d <- read.csv("basic.csv"); V <- as.matrix(read.csv("V.csv"))
X <- as.matrix(read.csv("X.csv", check.names = FALSE)); d$inner <- factor(d$inner)
dimnames(V) <- NULL
seconds <- sum(system.time(f <- rma.mv(y, V, mods = X, intercept = FALSE, random = ~ inner | study,
  struct = "CS", rho = 1/2, data = d))[1:2])
cat(seconds, format(unname(drop(f$b)), digits = 15))"""

PIMETA_FIT = """
import sys, time, warnings, csv
import numpy as np
warnings.simplefilter("ignore")
import pimeta
rows = list(csv.DictReader(open("pairs.csv")))
column = lambda name: [row[name] for row in rows]
number = lambda name: np.array(column(name), float)
def fit():
    net = pimeta.netmeta(number("estimate"), number("std_error"), column("treat1"),
        column("treat2"), column("study"), reference_group="Placebo")
    return net, pimeta.netcomb(net, inactive="Placebo", sep_comps=" + ")
fit()
start = time.process_time(); fit(); print(time.process_time() - start)
"""


def linde() -> EffectSizes:
    """The shipped contrasts."""
    names = {"id": "study", "lnOR": "estimate", "selnOR": "std_error"}
    frame = pd.read_csv(FILE).rename(columns=names).assign(outcome="response")
    return EffectSizes(frame, "odds_ratio")


def simulated(seed: int) -> pd.DataFrame:
    """Contrasts of a random network: three trials in ten have three arms."""
    rng = np.random.default_rng(seed)
    truth, rows = np.linspace(0, 0.7, TREATMENTS), []
    for k in range(TRIALS):
        arms = rng.choice(TREATMENTS, 3 if rng.random() < 0.3 else 2, replace=False)
        if k < TREATMENTS - 1:
            arms = np.array([k, k + 1])  # a chain, so that the network is connected
        variance = rng.uniform(0.02, 0.2, len(arms))
        noise = np.sqrt(variance + 0.02 / 2) * rng.normal(size=len(arms))
        value = truth[arms] + noise
        rows += [
            (f"s{k}", f"t{arms[i]}", f"t{arms[j]}", value[i] - value[j],
             np.sqrt(variance[i] + variance[j]))
            for i in range(len(arms)) for j in range(i)
        ]  # fmt: skip
    return pd.DataFrame(rows, columns=["study", "treat1", "treat2", "estimate", "std_error"])


def fit_simulated(seeds: range) -> float:
    """Seconds of REML networks of simulated trials."""
    made = [simulated(seed) for seed in seeds]
    start = time.process_time()
    for frame in made:
        pool_network(frame, "t0", better="higher")
    return time.process_time() - start


def timed(work: Callable, rounds: int = ROUNDS) -> tuple[float, object]:
    """The best of some rounds, as it is for timeit."""
    best, result = np.inf, work()
    for _ in range(rounds):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return best, result


def basic_contrasts(network: Network) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Contrasts of each trial against its first arm, their covariance and design, for metafor."""
    trials, names = network.data.trials.trials, network.treatments
    rows, V, at = [], np.zeros((network.data.trials.y.size,) * 2), 0
    X = pd.DataFrame(0.0, range(len(V)), list(names))
    for trial in trials:
        for i, arm in enumerate(trial.arms[1:]):
            rows.append((trial.study, i, trial.estimate[i]))
            X.iloc[at + i, arm], X.iloc[at + i, trial.arms[0]] = 1.0, -1.0
        V[at : at + len(trial.cov), at : at + len(trial.cov)] = trial.cov
        at += len(trial.cov)
    frame = pd.DataFrame(rows, columns=["study", "inner", "y"])
    return frame, V, X.drop(columns=network.data.reference)


def with_metafor(network: Network) -> tuple[float, np.ndarray] | None:
    """Seconds and effects of metafor's rma.mv; None where R or the package is missing."""
    if not shutil.which("Rscript"):
        return None
    frame, V, X = basic_contrasts(network)
    with tempfile.TemporaryDirectory() as folder:
        frame.to_csv(Path(folder) / "basic.csv", index=False)
        pd.DataFrame(V).to_csv(Path(folder) / "V.csv", index=False)
        X.to_csv(Path(folder) / "X.csv", index=False)
        (Path(folder) / "fit.R").write_text(R_FIT)
        done = subprocess.run(
            ["Rscript", "fit.R"], cwd=folder, capture_output=True, text=True, check=False
        )
    if done.returncode:
        return None
    seconds, *effects = done.stdout.split()
    return float(seconds), np.array(effects, float)


def with_pimeta(effects: EffectSizes, python: str | None) -> float | None:
    """Seconds of pimeta's network and additive components; None where it is missing."""
    if python is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        effects.frame.to_csv(Path(folder) / "pairs.csv", index=False)
        done = subprocess.run(
            [python, "-c", PIMETA_FIT], cwd=folder, capture_output=True, text=True, check=False
        )
    return None if done.returncode else float(done.stdout.split()[-1])


def main() -> None:
    """Run all tasks and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pimeta", metavar="PYTHON", help="a Python that has pimeta")
    parser.add_argument("--networks", type=int, default=1_000, help="simulated networks")
    options = parser.parse_args()
    table = Table("task", "engine", "seconds", "apart", title="Networks and components")
    effects = linde()

    def everything(method: str) -> Network:
        network = pool_network(effects, "Placebo", tau2_method=method)
        network.league()
        _ = network.p_scores
        return network

    for method in ("DL", "REML"):
        seconds, _ = timed(lambda m=method: pool_network(effects, "Placebo", tau2_method=m))
        table.add_row("linde2016, fit", f"ctevidence, {method}", f"{seconds:.4f}", "")
        seconds, network = timed(lambda m=method: everything(m))
        table.add_row("  with league, P-scores", f"ctevidence, {method}", f"{seconds:.4f}", "")
    theirs = with_metafor(network)
    if theirs is None:
        table.add_row("linde2016, fit", "metafor rma.mv, REML", "not run", "")
    else:
        rows = list(network.estimates)
        ours = np.log([row.estimate for row in rows])
        apart = np.max(np.abs(ours - theirs[1]) / [row.std_error for row in rows])
        table.add_row("linde2016, fit", "metafor rma.mv, REML", f"{theirs[0]:.3f}", f"{apart:.0e}")
    seconds, _ = timed(
        lambda: (
            pool_components(
                network, "Placebo", interactions=[("Face-to-face CBT", "SSRI")]
            ).estimates
        )
    )
    table.add_row("  components, interaction", "ctevidence, REML", f"{seconds:.4f}", "")
    seconds, _ = timed(
        lambda: pool_components(everything("DL"), "Placebo", tau2_method="DL").estimates
    )
    table.add_row("network and components", "ctevidence, DL", f"{seconds:.4f}", "")
    theirs = with_pimeta(effects, options.pimeta)
    said = "not run" if theirs is None else f"{theirs:.3f}"
    table.add_row("network and components", "pimeta, DL", said, "")

    parts = [range(i, options.networks, CORES) for i in range(CORES)]
    seconds = max(Parallel(n_jobs=CORES)(delayed(fit_simulated)(part) for part in parts))
    task = f"{options.networks:,} networks of {TRIALS} trials, {CORES} cores"
    table.add_row(task, "ctevidence, REML", f"{seconds:.1f}", "")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
