"""How mean scores may run over time: a straight line, a line that bends, a natural spline.

The columns are functions of the week without the constant; every arm has coefficients of its own
for them. Which of several equivalent bases is used changes no mean and no contrast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from ctevidence.names import name_of
from ctevidence.terms import did_you_mean

Array = np.ndarray

SHAPES = ("linear", "piecewise", "spline")


@dataclass(frozen=True)
class GrowthShape:
    """Functions of the week, and their slopes.

    Parameters
    ----------
    kind : {"linear", "piecewise", "spline"}
    knots : tuple of float
        Weeks at which the line may bend; for a spline all knots, the outer two included.

    Examples
    --------
    >>> GrowthShape("piecewise", (4.0,)).columns(np.array([2.0, 6.0]))
    array([[2., 0.],
           [6., 2.]])
    """

    kind: str
    knots: tuple[float, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the columns: ``per week``, ``more per week after week 4`` ..."""
        if self.kind == "spline":
            return ("per week", *(f"spline {i + 1}" for i in range(len(self.knots) - 2)))
        return ("per week", *(f"more per week after week {k:g}" for k in self.knots))

    def describe(self) -> str:
        """The shape as rows name it, in English."""
        if self.kind == "linear":
            return "straight line"
        inner = self.knots[1:-1] if self.kind == "spline" else self.knots
        at = ", ".join(f"{k:.3g}" for k in inner)
        if self.kind == "spline":
            return f"natural spline, {name_of('knots', weeks=at)}"
        return name_of("bends", weeks=at)

    def columns(self, week: Array) -> Array:
        """Values (n, d) at weeks (n,)."""
        t = np.asarray(week, float)
        if self.kind == "spline":
            return natural_spline(t, self.knots)
        return np.column_stack([t, *(np.maximum(t - k, 0.0) for k in self.knots)])

    def slopes(self, week: Array) -> Array:
        """Change per week (n, d); at a bend, that of the piece which ends there."""
        t = np.asarray(week, float)
        if self.kind == "spline":
            return natural_spline(t, self.knots, slope=True)
        return np.column_stack([np.ones_like(t), *((t > k).astype(float) for k in self.knots)])


def natural_spline(week: Array, knots: Sequence[float], slope: bool = False) -> Array:
    """Natural cubic spline without its constant: cubic between knots, straight beyond the outer.

    With ``d_k(t) = ((t - x_k)+^3 - (t - x_K)+^3) / (x_K - x_k)`` the columns are ``t`` and
    ``d_k - d_{K-1}`` for k = 1 ... K-2, the latter divided by the range of the knots so that all
    are in weeks (Hastie, Tibshirani & Friedman 2009, Elements of Statistical Learning, 5.2.1).

    Parameters
    ----------
    week : array (n,)
    knots : sequence of K floats
        Ascending; the first and last are the outer ones.
    slope : bool
        The derivatives instead.

    Examples
    --------
    Beyond the last knot the curve is straight:

    >>> np.diff(natural_spline(np.array([4.0, 5.0, 6.0]), [0, 2, 4]), n=2, axis=0).round(12)
    array([[0., 0.]])
    """
    t, x = np.asarray(week, float), np.asarray(knots, float)
    power = 2 if slope else 3
    above = np.maximum(t[:, None] - x, 0.0) ** power * (3.0 if slope else 1.0)
    d = (above[:, :-1] - above[:, -1:]) / (x[-1] - x[:-1])
    bent = (d[:, :-1] - d[:, -1:]) / (x[-1] - x[0])
    return np.column_stack([np.ones_like(t) if slope else t, bent])


def growth_shape(
    kind: str, week: Array, knots: Sequence[float] = (), df: int | None = None
) -> GrowthShape:
    """The shape that was asked for, checked against the times of the scores.

    Parameters
    ----------
    kind : {"linear", "piecewise", "spline"}
    week : array (n,)
        Time of every score.
    knots : sequence of float
        Where the line bends; inner knots of a spline, whose outer ones are the first and last
        score.
    df : int, optional
        Instead of knots for a spline: columns in all, the inner knots then being the quantiles
        of the times that cut them into ``df`` equal parts.

    Raises
    ------
    ValueError
        An unknown shape, knots that it does not take or lacks, or knots that do not lie between
        the first and last score.
    """
    if kind not in SHAPES:
        raise ValueError(f'shape is "{kind}"{did_you_mean(kind, SHAPES)}')
    knots = tuple(float(k) for k in (knots if np.iterable(knots) else (knots,)))
    _refuse_what_does_not_belong(kind, knots, df)
    if kind == "linear":
        return GrowthShape("linear")
    first, last = float(np.min(week)), float(np.max(week))
    if df is not None:
        knots = tuple(float(q) for q in np.quantile(week, np.arange(1, df) / df))
    if df is not None and (
        len(set(knots)) < len(knots) or not first < knots[0] <= knots[-1] < last
    ):
        raise ValueError(
            f"The scores stand at too few times for df={df}: its knots would be at week "
            f"{_listed(knots)}, of scores from week {first:g} to {last:g}. Give a smaller df, or "
            "knots= between them."
        )
    if outside := [k for k in knots if not first < k < last]:
        raise ValueError(
            f"Knots at week {_listed(outside)} do not lie between the first and the last score, "
            f"at week {first:g} and {last:g}: there is nothing to bend. Choose knots inside."
        )
    if sorted(set(knots)) != list(knots):
        raise ValueError(f"Knots must ascend and differ; found week {_listed(knots)}.")
    return GrowthShape(kind, (first, *knots, last) if kind == "spline" else knots)


def _refuse_what_does_not_belong(kind: str, knots: tuple[float, ...], df: int | None) -> None:
    if kind == "linear" and (knots or df is not None):
        raise ValueError('A straight line has no knots. Use shape="piecewise" or "spline".')
    if kind == "piecewise" and (not knots or df is not None):
        raise ValueError('shape="piecewise" needs knots=, the weeks at which the line may bend.')
    if kind == "spline" and bool(knots) == (df is not None):
        raise ValueError('shape="spline" needs either knots= (weeks) or df=, and not both.')
    if df is not None and (not isinstance(df, Integral) or df < 2):
        raise ValueError(f"df is {df!r}; a spline that can bend needs a whole number from 2 on.")


def _listed(weeks: Sequence[float]) -> str:
    return ", ".join(f"{w:g}" for w in weeks)
