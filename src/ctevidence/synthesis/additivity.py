"""Do components add up? The component model against the network without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctevidence.synthesis.network_fit import QTest, fit_network, identified_span
from ctevidence.synthesis.network_trials import NetworkTrials


@dataclass(frozen=True, eq=False)
class Additivity:
    """Does the component model fit as well as the network without it?

    Attributes
    ----------
    model, network : QTest
        Q of the component model, and of every treatment on its own.
    difference : QTest
        Their difference, at common-effect weights; a small p-value says that the components do not
        add up. A large one does not say that they do.
    difference_random : QTest
        The same with the heterogeneity of the network allowed for: the test to read where trials
        of one comparison differ, which `difference` takes for a failure of additivity.
    """

    model: QTest
    network: QTest
    difference: QTest
    difference_random: QTest


def additivity_of(trials: NetworkTrials, mixing: np.ndarray, tau2: float) -> Additivity:
    r"""Q of a component model against the network.

    Ruecker, Petropoulou and Schwarzer (2020), Biometrical J 62:808. Their difference takes
    :math:`\tau^2` to be zero; with the :math:`\tau^2` of the network, which assumes no additivity,
    it is the Wald test of what the component model leaves out. In a network that falls into parts
    the test sees only the parts by themselves.

    Parameters
    ----------
    trials : NetworkTrials
    mixing : ndarray, shape (T, p)
        Treatments in components.
    tau2 : float
        Between-study variance of the network, every treatment on its own.

    Examples
    --------
    >>> from ctevidence.synthesis.network_trials import NetworkTrial, assembled
    >>> trials = assembled(("a", "a + b", "b", "control"), [
    ...     NetworkTrial("1", (3, 0), np.array([0.2]), np.array([[0.01]])),
    ...     NetworkTrial("2", (3, 2), np.array([0.5]), np.array([[0.01]])),
    ...     NetworkTrial("3", (3, 1), np.array([1.0]), np.array([[0.01]]))])
    >>> found = additivity_of(trials, np.array([[1, 0], [1, 1], [0, 1], [0, 0]]), 0.02)
    >>> round(found.difference.q, 9), round(found.difference_random.q, 9), found.difference.df
    (3.0, 1.0, 1)
    """
    y, v, X = trials.y, trials.v, trials.X
    whole = identified_span(X)
    pairs = [
        (fit_network(y, v, X @ mixing, at), fit_network(y, v, X, at, whole)) for at in (0.0, tau2)
    ]
    differences = (QTest(max(0.0, m.q - n.q), m.df - n.df) for m, n in pairs)
    model, network = pairs[0]
    return Additivity(QTest(model.q, model.df), QTest(network.q, network.df), *differences)
