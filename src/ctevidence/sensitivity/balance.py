"""Are the arms alike? Standardised differences of covariates before and after weighting."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd


def standardised_differences(
    columns: pd.DataFrame, arm: np.ndarray, arms: list[str], weight: np.ndarray, tilt: np.ndarray
) -> pd.DataFrame:
    r"""Differences between arms, and of arms from the target population, in standard deviations.

    Parameters
    ----------
    columns : DataFrame, shape (n, q)
        Covariates as numbers; indicators of all values of the others.
    arm : ndarray of int, shape (n,)
    arms : list of K str
    weight, tilt : ndarray, shape (n,)
        As in `outcomes.person_weights.PersonWeights`.

    Returns
    -------
    DataFrame
        ``covariate, arm, reference, before, after``: for each pair of arms, and for each arm
        against the ``target population`` (the people as the tilt counts them; before weighting
        everyone). nan for a covariate that does not vary within any arm.

    Notes
    -----
    The difference of (weighted) means is divided by :math:`\sqrt{\sum_a s_a^2 / K}` with the
    unweighted variances within the arms, the same before and after (McCaffrey et al. 2013, Stat
    Med 32:3388; Li and Li 2019, Ann Appl Stat 13:2389, section 5): a variance that weighting
    changes would hide what is left.

    Examples
    --------
    >>> table = standardised_differences(pd.DataFrame({"age": [20.0, 40, 30, 50]}),
    ...     np.array([0, 0, 1, 1]), ["a", "b"], np.array([1.0, 3, 3, 1]), np.ones(4))
    >>> table.query("reference == 'a'")[["before", "after"]].round(3).to_numpy().tolist()
    [[0.707, 0.0]]
    """
    values = columns.to_numpy(float)
    member = (arm[:, None] == np.arange(len(arms))).astype(float)
    people = member.sum(axis=0)
    plain = member.T @ values / people[:, None]
    squares = member.T @ (values - plain[arm]) ** 2
    spread = np.sqrt((squares / np.maximum(people - 1, 1)[:, None]).mean(axis=0))
    shares = member * weight[:, None]
    weighted = shares.T @ values / shares.sum(axis=0)[:, None]
    target, everyone = tilt @ values / tilt.sum(), values.mean(axis=0)
    spread = np.where(spread > 0, spread, np.nan)
    sides = [(b, a, (plain[j] - plain[i]) / spread, (weighted[j] - weighted[i]) / spread)
             for (i, a), (j, b) in combinations(enumerate(arms), 2)]  # fmt: skip
    sides += [(a, TARGET, (plain[i] - everyone) / spread, (weighted[i] - target) / spread)
              for i, a in enumerate(arms)]  # fmt: skip
    parts = [
        pd.DataFrame({"covariate": columns.columns, "arm": b, "reference": a, "before": before,
                      "after": after}) for b, a, before, after in sides
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


#: What arms are compared with beside each other.
TARGET = "target population"
