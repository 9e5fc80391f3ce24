r"""Arms that are less certain than their counts look: survival curves, and therapy in groups.

**Survival curves.** An event count worked out from a Kaplan-Meier or life-table estimate treats
everyone as followed to the end. The estimate is worth fewer people, its *effective sample size*
:math:`n' = \hat S(1 - \hat S) / \operatorname{var}\hat S` (Dorey and Korn 1987, Stat Med 6:679),
and the variance of the arm on every scale is that of the counts times :math:`n/n'`. Where a report
gives the standard error of the curve, :math:`n'` belongs in the column `n_effective`. Where it does
not, a share :math:`n'/n` is declared. By the actuarial rule, people lost on the way count half
(Cutler and Ederer 1958, J Chronic Dis 8:699): `SURVIVAL_SHARE` is that of 40 lost in 100, on the
cautious side of the 22 to 36 in 100 whom the shipped trials of one to two years lost.

**Groups.** People treated in one group resemble each other. With m people in a group and an
intra-class correlation r, the variance of the arm is multiplied by the design effect
:math:`1 + (m - 1)r` (Cochrane Handbook 6.5, section 23.1.4). Only arms that received therapy are
clustered. Trials seldom report r, so it is a sensitivity analysis over several.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.data.trial_columns import split_flags
from ctevidence.language import say

#: People that a count from a survival curve is worth, as a share, where nothing else is known.
SURVIVAL_SHARE = 0.8
SURVIVAL_FLAG = "survival_estimate"
GROUP_FLAG = "group_therapy"
#: Treatments of which therapy is a part.
_IN_GROUPS = ("therapy", "combined")


@dataclass(frozen=True)
class Inflation:
    """By how much the variance of an arm grows.

    Parameters
    ----------
    survival_share : float
        Effective share of the people behind a count from a survival curve, above 0 and at most 1;
        1 takes such counts as they are.
    icc : float
        Intra-class correlation among people treated in one group; 0 for none.
    group_size : float
        People in a group.

    Raises
    ------
    ValueError
        When a number is out of its range.

    Examples
    --------
    >>> Inflation(icc=0.05, group_size=8).design_effect
    1.35
    """

    survival_share: float = SURVIVAL_SHARE
    icc: float = 0.0
    group_size: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.survival_share <= 1:
            raise ValueError(
                f"survival_share={self.survival_share:g} is no share of the people; declare a "
                "number above 0 and at most 1."
            )
        if not 0 <= self.icc < 1:
            raise ValueError(f"icc={self.icc:g} is no correlation between 0 and 1.")
        if not self.group_size >= 1:
            raise ValueError(f"group_size={self.group_size:g}: a group has at least one person.")
        if self.icc > 0 and self.group_size == 1:
            raise ValueError("An icc needs group_size: how many people are treated in one group.")

    @property
    def design_effect(self) -> float:
        """Factor on the variance of an arm treated in groups."""
        return 1 + (self.group_size - 1) * self.icc

    def of(self, cells: pd.DataFrame) -> tuple[np.ndarray, list[str]]:
        """Factor on the variance of each arm, and what was done, in words.

        Parameters
        ----------
        cells : DataFrame
            One row for each arm: `treatment, n, flags` and perhaps `n_effective`.
        """
        flags = cells["flags"].map(split_flags)
        curve = flags.map(lambda found: SURVIVAL_FLAG in found).to_numpy()
        grouped = flags.map(lambda found: GROUP_FLAG in found).to_numpy()
        grouped &= cells["treatment"].isin(_IN_GROUPS).to_numpy()
        known = cells["n_effective"].to_numpy(float) if "n_effective" in cells else np.nan
        share = known / cells["n"].to_numpy(float)
        share = np.where(np.isnan(share), self.survival_share, share)
        factor = np.where(curve, 1 / share, 1.0) * np.where(grouped, self.design_effect, 1.0)
        remarks = []
        if (curve & (share < 1)).any():
            worth = " and ".join(dict.fromkeys(f"{100 * s:.0f}" for s in share[curve]))
            remarks.append(say("synthesis.variance_inflation.worth", worth=worth))
        if grouped.any() and self.icc:
            remarks.append(
                say(
                    "synthesis.variance_inflation.inflated",
                    factor=f"{self.design_effect:g}",
                    size=f"{self.group_size:g}",
                    correlation=f"{self.icc:g}",
                )
            )
        return factor, remarks
