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
    columns = ("study", "treat1", "treat2", "estimate", "std_error")
    rows = list(zip(*(frame[column] for column in columns), strict=True))
    seen = set()
    for study, one, other, *_ in rows:
        contrast = study, frozenset((one, other))
        if contrast in seen:
            yield f"{study} has the contrast {one} against {other} twice; keep one"
        seen.add(contrast)
    for number, (study, one, other, estimate, error) in enumerate(rows, start=1):
        if not study:
            yield f"row {number} names no study"
        if one == other:
            yield f"{study} compares {one} with itself; name two treatments"
        if not (math.isfinite(estimate) and 0 < error < math.inf):
            yield (
                f"{study} has estimate {estimate:g} and standard error {error:g}; give numbers, "
                "the error above zero"
            )
    for side in "12":
        counts = zip(frame["study"], frame[f"events{side}"], frame[f"n{side}"], strict=True)
        for study, events, n in counts:
            if events > n:
                yield f"{study} has {events:g} events among {n:g} people; correct one of the two"


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
