"""An orthonormal basis of the design, so that cross-products lose no digits.

Sums of squares of raw columns lose as many digits again as the columns are nearly collinear or
far from zero. The engines therefore work on ``Q = X R^-1`` and on the least-squares residual of
``y``, and translate coefficients back at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

Array = np.ndarray

ROWS_AT_ONCE = 100_000
# Share of a column's length that must lie outside the span of the columns before it; R's lm
# draws the same line (tol = 1e-7).
ALIASED_BELOW = 1e-7


@dataclass(frozen=True)
class DesignBasis:
    """Change of basis ``Q = X @ to_basis`` and the least-squares start ``offset``.

    Attributes
    ----------
    to_basis : array (q, q)
        Upper triangular ``R^-1``; also carries coefficients back, ``beta = to_basis @ gamma``.
    offset : array (q,)
        Least-squares coefficients of ``y`` on ``X``; the engines model ``y - X @ offset``.
    """

    to_basis: Array
    offset: Array

    def back(self, matrices: Array) -> Array:
        """Covariances (..., q, q) of coefficients on ``Q`` as covariances on ``X``."""
        return self.to_basis @ matrices @ self.to_basis.T

    @property
    def log_jacobian(self) -> float:
        """What REML's ``-log|X'V^-1 X| / 2`` on ``X`` exceeds that on ``Q`` by."""
        return float(np.log(abs(self.to_basis.diagonal())).sum())


def checked_design(
    y: Array, X: Array, names: Sequence[str] | None
) -> tuple[Array, Array, tuple[str, ...]]:
    """``y`` (n,), ``X`` (n, q) and the names of its columns, complete and of matching shape.

    Raises
    ------
    ValueError
        When shapes do not match or a value is missing or infinite.
    """
    y = np.asarray(y, dtype=float)
    X = np.asarray(X, dtype=float)
    if y.ndim != 1 or X.ndim != 2 or len(X) != len(y) or X.size == 0:
        raise ValueError(
            f"y must have shape (n,) and X shape (n, q), both with entries; found {y.shape} and "
            f"{X.shape}."
        )
    if names is None:
        names = [f"x{i + 1}" for i in range(X.shape[1])]
    if len(names) != X.shape[1]:
        raise ValueError(f"X has {X.shape[1]} columns but {len(names)} names were given.")
    check_finite("y", y)
    check_finite("X", X)
    return y, X, tuple(str(name) for name in names)


def residual_to_fit(y: Array, X: Array, basis: DesignBasis) -> Array:
    """Least-squares residual of ``y``, which the engines model.

    Raises
    ------
    ValueError
        When nothing is left: then no variance can be estimated.
    """
    residual = y - X @ basis.offset
    if residual @ residual <= 1e-20 * (y @ y) or len(y) <= X.shape[1]:
        raise ValueError(
            f"{X.shape[1]} coefficients reproduce the {len(y)} scores exactly: nothing is left "
            "from which to estimate a variance. Use fewer coefficients."
        )
    return residual


def check_finite(what: str, values: Array) -> None:
    """Raise a ValueError that names the rows when a value is missing or infinite."""
    # One sum is finite only if every value is: no mask of the size of X in the usual case.
    if np.isfinite(values.sum()):
        return
    bad = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
    if len(bad):
        raise ValueError(
            f"{what} has missing or infinite values in {len(bad)} rows (the first is row "
            f"{bad[0]}). Leave out the rows of visits that were not observed."
        )


def root_weights(weights: Array | None, n: int) -> Array:
    """Square roots of ``n`` positive weights; a single 1 when there are none."""
    if weights is None:
        return np.ones(1)
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (n,) or not (np.isfinite(weights) & (weights > 0)).all():
        raise ValueError(f"weights must be one positive number for each of the {n} observations.")
    return np.sqrt(weights)


def design_basis(X: Array, y: Array, names: tuple[str, ...]) -> DesignBasis:
    """Orthonormal basis of the columns of ``X`` and least-squares coefficients of ``y``.

    Parameters
    ----------
    X : array (n, q)
    y : array (n,)
    names : tuple of q names
        Used in messages.

    Raises
    ------
    ValueError
        When columns are zero or combinations of earlier ones: their coefficients cannot be
        estimated. The message names them.

    Examples
    --------
    >>> X = np.column_stack([np.ones(4), np.arange(4.0)])
    >>> design_basis(X, 3.0 + 2.0 * X[:, 1], ("intercept", "week")).offset.round(12)
    array([3., 2.])
    """
    lengths = np.sqrt(np.einsum("ij,ij->j", X, X))
    scale = np.where(lengths > 0, lengths, 1.0)
    upper = _triangular_factor(X) / scale
    aliased = abs(upper.diagonal()) < ALIASED_BELOW
    if len(upper) < X.shape[1] or aliased.any():
        raise ValueError(_why_aliased(lengths, aliased, names, len(X)))
    to_basis = solve_triangular(upper, np.eye(len(upper))) / scale[:, None]
    offset = to_basis @ (to_basis.T @ (X.T @ y))
    offset = offset + to_basis @ (to_basis.T @ (X.T @ (y - X @ offset)))
    return DesignBasis(to_basis, offset)


def _triangular_factor(X: Array) -> Array:
    """R of the QR decomposition, taken over blocks of rows so that X is never copied."""
    upper = np.empty((0, X.shape[1]))
    for start in range(0, len(X), ROWS_AT_ONCE):
        block = np.concatenate([upper, X[start : start + ROWS_AT_ONCE]])
        upper = np.linalg.qr(block, mode="r")
    return upper


def _why_aliased(lengths: Array, aliased: Array, names: tuple[str, ...], rows: int) -> str:
    if rows < len(names):
        return (
            f"X has {len(names)} columns but only {rows} observations: the coefficients cannot "
            "be estimated. Use fewer columns."
        )
    empty = [name for name, length in zip(names, lengths, strict=True) if length == 0]
    combined = [n for n, a, ln in zip(names, aliased, lengths, strict=True) if a and ln > 0]
    found = []
    if empty:
        found.append(
            f"zero in every observation: {', '.join(empty)} (for instance a visit that nobody "
            "of an arm attended)"
        )
    if combined:
        found.append(f"combinations of the columns before them: {', '.join(combined)}")
    return (
        "X has columns whose coefficients cannot be estimated: "
        + "; ".join(found)
        + ". Remove these columns; contrasts that need them are not estimable."
    )
