"""Weights of people, with what must be known of them for valid errors of what is weighted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.data.study import Study


@dataclass(frozen=True, eq=False)
class PersonWeights:
    r"""A positive weight of each person, and how it depends on the parameters it was made from.

    Parameters
    ----------
    people : Index of participant ids, length n
    arm : ndarray of str, shape (n,)
    value : ndarray, shape (n,)
        Weights; only their ratios within an arm matter for means and curves.
    slope : ndarray, shape (n, p)
        Derivative of each weight by the p parameters; no columns for known weights.
    tilt : ndarray, shape (n,)
        How much each person counts in the population that the weighted arms stand for; 1 for
        everyone who started.
    tilt_slope : ndarray, shape (n, p)
    influence : ndarray, shape (n, p)
        Of each person on the parameters: ``influence.T @ influence`` estimates their covariance.
    population : str
        Whom the weighted arms stand for, in words.
    method : str
        How the weights were made, in words.
    covariates : tuple of str
        What the arms were made alike in.
    columns : ndarray, shape (n, q)
        The same as columns of a design, centred.
    cautions : tuple of str

    Raises
    ------
    ValueError
        When shapes do not fit, a person stands twice, or a weight is not a positive number.

    Notes
    -----
    Let :math:`\theta(w)` be anything computed from weighted people, and :math:`G` its derivatives
    by the weights, one row for each person. The influence of person i on :math:`\hat\theta` is

    .. math:: w_i G_i + \psi_i \sum_j (\partial w_j / \partial \beta) G_j

    with :math:`\psi_i` the influence on the parameters of the weights: the infinitesimal
    jackknife (Jaeckel 1972; Efron 1982), and for estimating equations the stacked M-estimation of
    Stefanski and Boos (2002, Am Stat 56:29).

    Examples
    --------
    >>> one = PersonWeights(pd.Index(["a", "b"]), np.array(["x", "y"]), np.ones(2),
    ...     np.empty((2, 0)), np.ones(2), np.empty((2, 0)), np.empty((2, 0)), "everyone", "known")
    >>> one.propagated(np.array([[0.5], [-0.5]])).tolist()
    [[0.5], [-0.5]]
    """

    people: pd.Index
    arm: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    tilt: np.ndarray
    tilt_slope: np.ndarray
    influence: np.ndarray
    population: str
    method: str
    covariates: tuple[str, ...] = ()
    columns: np.ndarray | None = None
    cautions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n, p = len(self.people), self.influence.shape[-1]
        for name, shape in (
            ("arm", (n,)),
            ("value", (n,)),
            ("tilt", (n,)),
            ("slope", (n, p)),
            ("tilt_slope", (n, p)),
            ("influence", (n, p)),
        ):
            found = getattr(self, name).shape
            if found != shape:
                raise ValueError(f"{n} people and {p} parameters, but {name} has shape {found}.")
        if not self.people.is_unique:
            raise ValueError("A person stands twice among the weights; each has one weight.")
        if not (np.isfinite(self.value).all() and (self.value > 0).all()):
            bad = self.people[~(np.isfinite(self.value) & (self.value > 0))][0]
            raise ValueError(f'The weight of "{bad}" is not a positive number.')

    def places(self, people: Sequence) -> np.ndarray:
        """Where people stand among the weights, shape (m,); -1 for those without a weight."""
        return self.people.get_indexer(pd.Index(people))

    def propagated(
        self, by_weight: np.ndarray, by_parameter: np.ndarray | float = 0.0
    ) -> np.ndarray:
        """Influence of each person on k weighted quantities, shape (n, k).

        Parameters
        ----------
        by_weight : ndarray, shape (n, k)
            Derivatives of the quantities by the weight of each person; zero for those who are not
            used.
        by_parameter : ndarray, shape (p, k), optional
            Derivatives by the parameters on another way than through the weights.
        """
        through = self.slope.T @ by_weight + by_parameter
        return self.value[:, None] * by_weight + self.influence @ through

    def again(self, study: Study) -> PersonWeights:
        """The weights made anew for other people, as a bootstrap needs them.

        Raises
        ------
        TypeError
            For weights that were given and not estimated.
        """
        raise TypeError(
            f"Weights ({self.method}) were given: they cannot be estimated anew in {study.name}. "
            "Use weigh(study, ...) for weights that a bootstrap can follow."
        )
