"""Cross-products of irregular observations, person by person.

With random effects the likelihood needs from a person only ``Z'Z`` and ``Z'[W, X, y]``, however
many observations there are; ``W`` are the columns of a second grouping's random effects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class PersonProducts:
    """Sums of products of n observations of g people.

    Attributes
    ----------
    zz : array (g, r, r)
        ``Z_i'Z_i``.
    zd : array (g, r, d)
        ``Z_i'D_i`` with ``D = [W, X, y]``.
    dd : array (d, d)
        ``D'D``.
    n_obs : int
    n_second : int
        Columns of ``W``: members of the second grouping times their random effects.
    """

    zz: Array
    zd: Array
    dd: Array
    n_obs: int
    n_second: int


def person_products(
    person: Array, Z: Array, D: Array, second: Array | None = None, W: Array | None = None
) -> PersonProducts:
    """Reduce observations to cross-products.

    Parameters
    ----------
    person : integer array (n,)
        Codes 0 ... g - 1, all present.
    Z : array (n, r)
    D : array (n, q + 1)
        Design and, last, response.
    second : integer array (n,)
        Member of the second grouping, -1 for none.
    W : array (n, r2)
        Design of the second grouping's random effects.

    Examples
    --------
    >>> p = person_products(np.array([0, 0, 1]), np.ones((3, 1)), np.array([[1.0], [2.0], [4.0]]))
    >>> p.zz.ravel(), p.zd.ravel(), p.dd
    (array([2., 1.]), array([3., 4.]), array([[21.]]))
    """
    if (np.diff(person) < 0).any():
        order = np.argsort(person, kind="stable")
        person, Z, D = person[order], Z[order], D[order]
        if second is not None:
            second, W = second[order], W[order]
    first = np.flatnonzero(np.r_[True, np.diff(person) > 0])
    zz = np.stack([np.add.reduceat(z[:, None] * Z, first) for z in Z.T], axis=1)
    zd = np.stack([np.add.reduceat(z[:, None] * D, first) for z in Z.T], axis=1)
    dd = D.T @ D
    if second is None:
        return PersonProducts(zz, zd, dd, len(D), 0)
    zw, ww, wd = _second_products(person, Z, D, second, W)
    return PersonProducts(
        zz,
        np.concatenate([zw, zd], axis=2),
        np.block([[ww, wd], [wd.T, dd]]),
        len(D),
        len(ww),
    )


def _second_products(
    person: Array, Z: Array, D: Array, second: Array, W: Array
) -> tuple[Array, Array, Array]:
    """``Z'W`` per person, ``W'W`` and ``W'D``; columns of W member by member of the grouping."""
    people, members = int(person[-1]) + 1, int(second.max()) + 1
    r, r2 = Z.shape[1], W.shape[1]
    inside = second >= 0
    person, Z, D, second, W = (a[inside] for a in (person, Z, D, second, W))
    zw = np.zeros((people, r, members, r2))
    ww = np.zeros((members, r2, members, r2))
    wd = np.zeros((members, r2, D.shape[1]))
    pair = person * members + second
    each = np.arange(members)
    for j, w in enumerate(W.T):
        for i, z in enumerate(Z.T):
            sums = np.bincount(pair, z * w, people * members)
            zw[:, i, :, j] = sums.reshape(people, members)
        for k, v in enumerate(W.T):
            ww[each, j, each, k] = np.bincount(second, v * w, members)
        for k, d in enumerate(D.T):
            wd[:, j, k] = np.bincount(second, d * w, members)
    width = members * r2
    return zw.reshape(people, r, width), ww.reshape(width, width), wd.reshape(width, -1)
