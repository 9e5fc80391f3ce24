"""Do the designs of a network agree? Cochran's Q, split into within and between designs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.synthesis.network_fit import QTest, fit_network, network_tau_squared
from ctevidence.synthesis.network_trials import NetworkTrials


@dataclass(frozen=True, eq=False)
class NetworkHeterogeneity:
    """Cochran's Q of a network and its parts, at common-effect weights.

    Attributes
    ----------
    total : QTest
        About the network model.
    within : QTest
        Between trials that compare the same treatments: heterogeneity.
    between : QTest
        Between designs, what is left of the total: inconsistency.
    between_random : QTest
        The same with the heterogeneity within designs allowed for (`tau2_within`, generalised
        DerSimonian and Laird): the test to read where trials of one design differ.
    tau2_within : float
    designs : DataFrame
        One row for each design: `design, trials, q, df, p_value`, of its Q within.
    i2 : float
        ``100 (Q - df) / Q`` of the total, per cent, not below 0.
    """

    total: QTest
    within: QTest
    between: QTest
    between_random: QTest
    tau2_within: float
    designs: pd.DataFrame

    @property
    def i2(self) -> float:
        q, df = self.total.q, self.total.df
        return 100 * max(0.0, (q - df) / q) if q > 0 else 0.0


def network_heterogeneity(trials: NetworkTrials) -> NetworkHeterogeneity:
    """Decompose Q by design; Krahn, Binder and Koenig (2013), BMC Med Res Methodol 13:35.

    A design is the set of treatments that a trial compares. The model within designs lets every
    design have effects of its own (Higgins et al. 2012, Res Syn Meth 3:98; Jackson et al. 2014,
    Stat Med 33:3639).
    """
    y, v, X = trials.y, trials.v, trials.X
    network, own = fit_network(y, v, X), own_effects(trials)
    everything = np.eye(own.shape[1])  # its columns are independent
    apart = fit_network(y, v, own, 0.0, everything)
    squares, rows = (y - own @ apart.coef) ** 2 / v, []
    for arms, members in trials.designs.items():
        test = QTest(
            float(squares[np.isin(trials.trial_of, members)].sum()),
            (len(members) - 1) * (len(arms) - 1),
        )
        names = " : ".join(trials.treatments[t] for t in arms)
        rows.append([names, len(members), test.q, test.df, test.p_value])
    designs = pd.DataFrame(rows, columns=["design", "trials", "q", "df", "p_value"])
    within = QTest(apart.q, apart.df)
    tau2 = network_tau_squared(y, v, own, "DL") if within.df > 0 else 0.0
    left = fit_network(y, v, X, tau2).q - fit_network(y, v, own, tau2, everything).q
    df = network.df - within.df
    return NetworkHeterogeneity(
        total=QTest(network.q, network.df),
        within=within,
        between=QTest(_no_less_than_zero(network.q - within.q), df),
        between_random=QTest(_no_less_than_zero(left), df),
        tau2_within=tau2,
        designs=designs,
    )


def own_effects(trials: NetworkTrials) -> np.ndarray:
    """Design matrix in which every design has effects of its own, of full column rank."""
    columns = []
    for arms, members in trials.designs.items():
        mine = np.isin(trials.trial_of, members)
        for arm in arms[1:]:
            columns.append(np.where(mine, trials.X[:, arm], 0.0))
    return np.array(columns).T


def without_each_design(trials: NetworkTrials) -> pd.DataFrame:
    """Q between the other designs when one is left out: `design, q, df, p_value`.

    A design whose absence makes the inconsistency vanish is where to look; Krahn, Binder and
    Koenig (2013), BMC Med Res Methodol 13:35.
    """
    y, v, X, rows = trials.y, trials.v, trials.X, []
    own = own_effects(trials)
    for arms, members in trials.designs.items():
        rest = ~np.isin(trials.trial_of, members)
        network = fit_network(y[rest], v[rest], X[rest])
        apart = fit_network(y[rest], v[rest], own[rest])
        test = QTest(_no_less_than_zero(network.q - apart.q), network.df - apart.df)
        names = " : ".join(trials.treatments[t] for t in arms)
        rows.append([names, test.q, test.df, test.p_value])
    return pd.DataFrame(rows, columns=["design", "q", "df", "p_value"])


def _no_less_than_zero(q: float) -> float:
    return max(0.0, float(q))
