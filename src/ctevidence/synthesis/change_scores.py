"""Means of change since baseline, whose standard deviation reports often leave out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.language import say

#: What a mean of a scale is the mean of.
SCORES = ("final", "change")


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
        return cells, [], say("synthesis.change_scores.no_change")
    made = cells["sd_change"].isna()
    if not made.any():
        return cells.assign(mean=mean, sd=cells["sd_change"]), [], ""
    if correlation is None or cells.loc[made, ["sd", "sd_baseline"]].isna().any(axis=None):
        return cells, [], say("synthesis.change_scores.no_spread")
    found = pd.Series(change_sd(cells["sd_baseline"], cells["sd"], correlation), cells.index)
    remark = say("synthesis.change_scores.worked_out", correlation=f"{correlation:g}")
    return cells.assign(mean=mean, sd=cells["sd_change"].fillna(found)), [remark], ""
