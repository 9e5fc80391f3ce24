"""Means of change since baseline, whose standard deviation reports often leave out."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: What a mean of a scale is the mean of.
SCORES = ("final", "change")

NO_CHANGE = "neither the mean change nor the means before and after are reported for every arm"
NO_CORRELATION = (
    "the standard deviation of the change is not reported, and no correlation between baseline and "
    "follow-up is declared (pre_post_correlation)"
)


def change_sd(sd_baseline, sd_final, correlation):
    r"""Standard deviation of the change from those before and after.

    :math:`\sqrt{s_0^2 + s_1^2 - 2 r s_0 s_1}`, with the correlation r of the two declared, since
    reports seldom give it (Cochrane Handbook 6.5, section 6.5.2.8).

    Examples
    --------
    >>> float(change_sd(4.0, 5.0, 0.5) ** 2)
    21.0
    """
    first, last, r = (np.asarray(x, float) for x in (sd_baseline, sd_final, correlation))
    if not (np.abs(r) < 1).all():
        raise ValueError(f"A correlation of {r} is not between -1 and 1; declare one that is.")
    return np.sqrt(first**2 + last**2 - 2 * r * first * last)


def change_cells(
    cells: pd.DataFrame, correlation: float | None
) -> tuple[pd.DataFrame, list[str], str]:
    """Arms with the mean and standard deviation of the change in the columns `mean` and `sd`.

    Reported values come first; the mean is else that after less that before, the standard deviation
    that of `change_sd`.

    Parameters
    ----------
    cells : DataFrame
        One row for each arm; columns `mean, sd` (after treatment) and `mean_baseline, sd_baseline,
        mean_change, sd_change`, missing where not reported.
    correlation : float or None
        Declared correlation of baseline and follow-up scores.

    Returns
    -------
    DataFrame, list of str, str
        The arms; cautions; why the trial cannot be used, or empty.
    """
    mean = cells["mean_change"].fillna(cells["mean"] - cells["mean_baseline"])
    if mean.isna().any():
        return cells, [], NO_CHANGE
    made = cells["sd_change"].isna()
    if not made.any():
        return cells.assign(mean=mean, sd=cells["sd_change"]), [], ""
    if correlation is None or cells.loc[made, ["sd", "sd_baseline"]].isna().any(axis=None):
        return cells, [], NO_CORRELATION
    found = pd.Series(change_sd(cells["sd_baseline"], cells["sd"], correlation), cells.index)
    remark = f"standard deviation of the change worked out with correlation {correlation:g}"
    return cells.assign(mean=mean, sd=cells["sd_change"].fillna(found)), [remark], ""
