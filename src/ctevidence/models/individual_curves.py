"""Curves of single people, shrunken towards people like them, and what was to be expected.

Given the effects of coefficients and of a second grouping, ``gamma``, a person's own effects have
mean ``B_i (y_i - D_i gamma)``, ``B_i = G Z_i' V_i^-1``, and covariance ``G - B_i Z_i G``. With
``C`` the error covariance of ``gamma`` the curve ``d gamma + z u_i`` at a new time has error
variance ``a C a' + z (G - B_i Z_i G) z'``, ``a = d - z B_i D_i`` (Henderson 1975, Biometrics
31:423; Robinson 1991, Stat Sci 6:15). Variance components are taken as known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from ctevidence.models.growth_design import GrowthDesign
from ctevidence.models.mixed import MixedFit
from ctevidence.models.normal_equations import NormalEquations
from ctevidence.terms import DAYS_PER_WEEK

Array = np.ndarray


def individual_curves(
    model: MixedFit,
    design: GrowthDesign,
    rows: pd.DataFrame,
    weeks: Sequence[float],
    wanted: Sequence | None = None,
    level: float = 0.95,
    solved: tuple[Array, Array] | None = None,
) -> pd.DataFrame:
    """Curves of people at the weeks.

    Parameters
    ----------
    model : MixedFit
        Without weights.
    design : GrowthDesign
    rows : DataFrame
        ``participant_id, arm, day, score`` of the rows of the model, in its order.
    weeks : sequence of w floats
    wanted : sequence of participant ids, optional
        Everyone when absent.
    level : float
    solved : C, effects, optional
        Of `NormalEquations.solved` for the model, where they are at hand.

    Returns
    -------
    DataFrame
        One row per person and week: ``participant_id, arm, week``; ``expected`` for people of the
        arm with these covariates, with ``expected_low`` and ``expected_high`` between which the
        share `level` of their scores is expected; ``estimate``, the person's own curve, with
        ``conf_low`` and ``conf_high`` of the curve, not of single scores.

    Raises
    ------
    KeyError
        For somebody who has no score in the model.
    ValueError
        For a level that is no probability.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level:g}; it is a probability between 0 and 1, such as 0.95.")
    ids = rows["participant_id"].to_numpy()
    wanted = pd.unique(ids) if wanted is None else np.asarray(list(wanted), dtype=object)
    known = pd.unique(ids[pd.Series(ids).isin(wanted)])
    if len(unknown := set(wanted) - set(known)):
        raise KeyError(f"{len(unknown)} of these people have no score in the model.")
    solved = NormalEquations.of(model.people).solved() if solved is None else solved
    blocks = [
        _curves_of_block(model, design, rows, block[keep], V[keep], weeks, solved)
        for block, V in model.people.covariances()
        if (keep := np.isin(ids[block[:, 0]], wanted)).any()
    ]
    frame = pd.concat(blocks, ignore_index=True)
    order = {person: place for place, person in enumerate(wanted)}
    frame = frame.sort_values(
        ["participant_id", "week"], key=lambda c: c.map(order) if c.name != "week" else c
    ).reset_index(drop=True)
    reach = stats.norm.ppf((1 + level) / 2)
    for value, error, low, high in (
        ("estimate", "curve_error", "conf_low", "conf_high"),
        ("expected", "score_error", "expected_low", "expected_high"),
    ):
        frame[low] = frame[value] - reach * frame[error]
        frame[high] = frame[value] + reach * frame[error]
    return frame[
        ["participant_id", "arm", "week", "expected", "expected_low", "expected_high", "estimate",
         "conf_low", "conf_high"]
    ]  # fmt: skip


def _curves_of_block(
    model: MixedFit, design: GrowthDesign, rows: pd.DataFrame, block: Array, V: Array, weeks, solved
) -> pd.DataFrame:
    people, w = len(block), len(weeks)
    first = rows.iloc[block[:, 0]]
    grid = first[["participant_id", "arm"]].loc[first.index.repeat(w)].reset_index(drop=True)
    grid["week"] = np.tile(np.asarray(weeks, float), people)
    X = design.fixed(grid.assign(day=grid["week"] * DAYS_PER_WEEK)).reshape(people, w, -1)
    week = rows["day"].to_numpy(float)[block] / DAYS_PER_WEEK
    Z = design.effects(week.ravel()).reshape(*block.shape, -1)
    curve, curve_error, score_error = person_curves(
        model, block, V, Z, X, design.effects(np.asarray(weeks, float)), solved
    )
    return grid.assign(
        expected=(X @ model.coef).ravel(),
        estimate=curve.ravel(),
        curve_error=curve_error.ravel(),
        score_error=score_error.ravel(),
    )


def person_curves(
    model: MixedFit,
    block: Array,
    V: Array,
    Z: Array,
    X_new: Array,
    Z_new: Array,
    solved: tuple[Array, Array],
) -> tuple[Array, Array, Array]:
    """Curves of p people with equally many rows at w new times.

    Parameters
    ----------
    model : MixedFit
    block : integer array (p, m)
        Row numbers of each person.
    V : array (p, m, m)
        Covariance given the second grouping.
    Z : array (p, m, r)
    X_new : array (p, w, q)
    Z_new : array (w, r)
    solved : C, effects
        Of `ctevidence.models.normal_equations.NormalEquations.solved`.

    Returns
    -------
    curve : array (p, w)
    curve_error : array (p, w)
        Of the curve.
    score_error : array (p, w)
        Of a new score of somebody with this design of whom nothing else is known.
    """
    people, G = model.people, model.random_cov
    C, effects = solved
    D, new, spread = people.X[block], X_new, np.zeros(X_new.shape[:2])
    J = people.n_second
    if people.second is not None:
        # the member of a person's first row speaks for all times
        own = people.second.columns(block[:, :1])
        D = np.concatenate([people.second.columns(block), D], axis=2)
        new = np.concatenate([own.repeat(X_new.shape[1], axis=1), X_new], axis=2)
        spread = spread + (own**2).sum(axis=2)
    B = G @ Z.swapaxes(1, 2) @ np.linalg.inv(V)
    u = (B @ (people.y[block] - D @ effects)[:, :, None])[:, :, 0]
    a = new - Z_new @ (B @ D)
    left = G - B @ Z @ G
    variance = np.einsum("pwi,ij,pwj->pw", a, C, a, optimize=True)
    variance += np.einsum("wr,prs,ws->pw", Z_new, left, Z_new)
    of_mean = np.einsum("pwi,ij,pwj->pw", X_new, C[J:, J:], X_new, optimize=True)
    of_people = np.einsum("wr,rs,ws->w", Z_new, G, Z_new) + model.sigma
    curve = new @ effects + u @ Z_new.T
    return curve, np.sqrt(variance), np.sqrt(of_mean + of_people + spread)
