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
        One row for each design: `design, trials, q, df, p_value`, and `removed_q, removed_df`, the
        Q between designs left without it.
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
    network = fit_network(y, v, X)
    own, rows = own_effects(trials), []
    for arms, members in trials.designs.items():
        mine = np.isin(trials.trial_of, members)
        fit = fit_network(y[mine], v[mine], X[mine])
        rest = fit_network(y[~mine], v[~mine], X[~mine])
        test = QTest(_no_less_than_zero(fit.q), fit.df)
        names = " : ".join(trials.treatments[t] for t in arms)
        rows.append([names, len(members), test.q, test.df, test.p_value, rest.q, rest.df])
    designs = pd.DataFrame(
        rows, columns=["design", "trials", "q", "df", "p_value", "rest_q", "rest_df"]
    )
    within = QTest(float(designs["q"].sum()), int(designs["df"].sum()))
    # without a design, what is left between the others
    designs["removed_q"] = (designs["rest_q"] - (within.q - designs["q"])).clip(lower=0.0)
    designs["removed_df"] = designs["rest_df"] - (within.df - designs["df"])
    tau2 = network_tau_squared(y, v, own, "DL") if within.df > 0 else 0.0
    apart = fit_network(y, v, X, tau2).q - fit_network(y, v, own, tau2).q
    df = network.df - within.df
    return NetworkHeterogeneity(
        total=QTest(network.q, network.df),
        within=within,
        between=QTest(_no_less_than_zero(network.q - within.q), df),
        between_random=QTest(_no_less_than_zero(apart), df),
        tau2_within=tau2,
        designs=designs.drop(columns=["rest_q", "rest_df"]),
    )


def own_effects(trials: NetworkTrials) -> np.ndarray:
    """Design matrix in which every design has effects of its own, of full column rank."""
    columns = []
    for arms, members in trials.designs.items():
        mine = np.isin(trials.trial_of, members)
        for arm in arms[1:]:
            columns.append(np.where(mine, trials.X[:, arm], 0.0))
    return np.array(columns).T


def _no_less_than_zero(q: float) -> float:
    return max(0.0, float(q))
