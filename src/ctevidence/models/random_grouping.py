"""A grouping of observations whose members have random effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.models.design_basis import check_finite
from ctevidence.models.visit_data import codes_of

Array = np.ndarray


@dataclass(frozen=True)
class RandomGrouping:
    """Who belongs to whom, and the design of the random effects.

    Attributes
    ----------
    codes : integer array (n,)
        Member of each observation; -1 for none.
    labels : array (g,)
        What the members are called.
    Z : array (n, r)
        Design, each column divided by its ``scale``.
    scale : array (r,)
        Root mean squares of the columns: the search is then the same whatever the unit of time.
    names : tuple of r str
    """

    codes: Array
    labels: Array
    Z: Array
    scale: Array
    names: tuple[str, ...]


def random_grouping(
    what: str, labels: Array, Z: Array, names: Sequence[str] | None, n: int, optional: bool = False
) -> RandomGrouping:
    """Check one grouping of ``n`` observations; members may be missing when ``optional``.

    Raises
    ------
    ValueError
        When shapes do not match, a label or value is missing, or a column is zero everywhere.

    Examples
    --------
    >>> random_grouping("groups", np.array(["a", "b", "a"]), 2 * np.ones((3, 1)), None, 3).scale
    array([2.])
    """
    Z = np.asarray(Z, dtype=float)
    if Z.ndim != 2 or len(Z) != n or Z.shape[1] == 0:
        raise ValueError(f"the design of {what} must have shape ({n}, r); found {Z.shape}.")
    check_finite(f"the design of {what}", Z)
    if optional:
        codes, found = pd.factorize(np.asarray(labels, dtype=object))
        if len(codes) != n or not len(found):
            raise ValueError(f"{what} must name a member for at least one of {n} observations.")
    else:
        codes, found = codes_of(labels, what, n)
    scale = np.sqrt((Z[codes >= 0] ** 2).mean(axis=0))
    if not scale.all():
        raise ValueError(f"a column of the design of {what} is zero everywhere: leave it out.")
    names = tuple(names or (f"z{i + 1}" for i in range(Z.shape[1])))
    if len(names) != Z.shape[1]:
        raise ValueError(f"the design of {what} has {Z.shape[1]} columns but {len(names)} names.")
    return RandomGrouping(codes, np.asarray(found), Z / scale, scale, names)
