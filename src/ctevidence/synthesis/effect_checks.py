"""What is wrong with a table of effects, in words: every problem, not the first.

Whether the contrasts of a trial of several arms add up is asked where they are put together, in
`network_trials`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

#: Relative error allowed in a covariance: that of rounded standard errors.
_COVARIANCE_TOLERANCE = 0.02


def effect_problems(frame: pd.DataFrame, covariance: Mapping[str, np.ndarray]) -> Iterator[str]:
    """All problems.

    Parameters
    ----------
    frame : DataFrame
        As `EffectSizes.frame`.
    covariance : mapping of str to ndarray
        By study, in the order of its rows.
    """
    yield from _rows(frame)
    number = frame["study"].value_counts()
    for study, cov in covariance.items():
        if np.shape(cov) != (number.get(study, 0),) * 2:
            yield f"covariance of {study} does not have one row for each of its contrasts"
        else:
            yield from _covariance(study, np.asarray(cov, float), frame)


def _rows(frame: pd.DataFrame) -> Iterator[str]:
    pairs = zip(frame["treat1"], frame["treat2"], strict=True)
    contrasts = frame[["study"]].assign(pair=[frozenset(pair) for pair in pairs])
    for row in frame[contrasts.duplicated()].itertuples():
        yield f"{row.study} has the contrast {row.treat1} against {row.treat2} twice; keep one"
    for row in frame.itertuples():
        if not row.study:
            yield f"row {row.Index + 1} names no study"
        if row.treat1 == row.treat2:
            yield f"{row.study} compares {row.treat1} with itself; name two treatments"
        if not (math.isfinite(row.estimate) and 0 < row.std_error < math.inf):
            yield (
                f"{row.study} has estimate {row.estimate:g} and standard error "
                f"{row.std_error:g}; give numbers, the error above zero"
            )
    for side in "12":
        for row in frame[frame[f"events{side}"] > frame[f"n{side}"]].to_dict("records"):
            yield (
                f"{row['study']} has {row[f'events{side}']:g} events among {row[f'n{side}']:g} "
                "people; correct one of the two"
            )


def _covariance(study: str, cov: np.ndarray, frame: pd.DataFrame) -> Iterator[str]:
    errors = frame.loc[frame["study"] == study, "std_error"].to_numpy(float)
    scale = np.outer(errors, errors)
    if not np.isfinite(cov).all() or np.abs(cov - cov.T).max() > 1e-8 * scale.max():
        yield f"covariance of {study} is not a symmetric table of numbers"
    elif (np.abs(np.diag(cov) / errors**2 - 1) > _COVARIANCE_TOLERANCE).any():
        yield f"covariance of {study} contradicts its standard errors"
    elif np.linalg.eigvalsh(cov / scale).min() < -_COVARIANCE_TOLERANCE:
        yield (
            f"covariance of {study} belongs to no three estimates: one standard error is larger "
            "than the others allow"
        )
