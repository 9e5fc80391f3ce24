"""Pool several effects per study without counting a study more than once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.synthesis.cluster_robust import RobustCovariance, cluster_robust
from ctevidence.synthesis.contrast_rows import ContrastRows
from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.pairwise import t_quantile, two_sided_p
from ctevidence.synthesis.three_level import ThreeLevelFit, fit_three_levels, sampling_covariance

LOW_DF = 4.0


@dataclass(frozen=True, eq=False)
class PooledDependent:
    """Three-level model with cluster-robust inference; made by `pool_dependent`.

    Attributes
    ----------
    fit : ThreeLevelFit
        On the analysis scale.
    robust : RobustCovariance
        CR2, studies as clusters.
    rows : ContrastRows
    studies : tuple of str
        Study of each effect.
    within_correlation : float
        As declared.
    """

    fit: ThreeLevelFit
    robust: RobustCovariance
    rows: ContrastRows
    studies: tuple[str, ...]
    within_correlation: float

    def __repr__(self) -> str:
        return repr(self.estimates)

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(set(self.studies))

    @property
    def pooled(self) -> Estimate:
        """The mean with its cluster-robust interval: it holds though the correlation be wrong."""
        error, df = math.sqrt(self.robust.cov[0, 0]), float(self.robust.df[0])
        method = say("synthesis.pool_dependent.method", model=self._model, studies=self.k)
        return self._row(error, df, method)

    @property
    def model_based(self) -> Estimate:
        """The mean with the interval of the model, t on studies less one degrees of freedom."""
        row_id = f"{self.pooled.id}/model-based"
        return self._row(math.sqrt(self.fit.cov[0, 0]), self.k - 1, self._model, id=row_id)

    @property
    def estimates(self) -> Estimates:
        """Robust row, model-based row, variance between and within studies."""
        unit = f"{self.rows.effects.scale} scale squared"
        shared = self.rows.who | {"unit": unit, "studies": self.k, "method": self._model}
        shared["caution"] = "; ".join(self.cautions)
        spread = (
            Estimate(**shared, measure="tau2_between_studies", estimate=self.fit.between),
            Estimate(**shared, measure="tau2_within_studies", estimate=self.fit.within),
        )
        return Estimates([self.pooled, self.model_based, *spread])

    @property
    def cautions(self) -> tuple[str, ...]:
        found = [say("synthesis.pool_dependent.few_df")] if self.robust.df[0] < LOW_DF else []
        return (
            (*found, say("synthesis.pool_dependent.one_effect_each"))
            if len(self.studies) == self.k
            else tuple(found)
        )

    @property
    def _model(self) -> str:
        effects = len(self.studies)
        return say(
            "synthesis.pool_dependent.three_level",
            effects=effects,
            studies=self.k,
            correlation=f"{self.within_correlation:g}",
        )

    def _row(self, error: float, df: float, method: str, **changes) -> Estimate:
        mean = float(self.fit.coef[0])
        margin = t_quantile((1 + self.rows.conf_level) / 2, df) * error
        numbers = self.rows.numbers(mean, mean - margin, mean + margin)
        return Estimate(
            **self.rows.who | numbers | changes,
            std_error=error,
            df=df,
            p_value=two_sided_p(mean / error, df),
            studies=self.k,
            method=method,
            caution="; ".join(self.cautions),
        )


def pool_dependent(
    table: pd.DataFrame,
    *,
    within_correlation: float,
    measure: str | None = None,
    name: str | None = None,
    population: str | None = None,
    conf_level=0.95,
) -> PooledDependent:
    """Pool effects of which several come from one study: outcomes, times, arms, instruments.

    The weights come from a three-level model, the interval from the cluster-robust CR2 covariance
    with Satterthwaite degrees of freedom, which holds even where the declared correlation is not
    right: Pustejovsky and Tipton (2022), Prevention Science 23:425.

    Parameters
    ----------
    table : DataFrame
        `study` (any number of rows each), `estimate` and `std_error` on the analysis scale; other
        columns as in `effect_sizes.COLUMNS`.
    within_correlation : float
        Correlation of the sampling errors of one study, to be declared: 0 where each effect has
        people of its own, often 0.6 where the same people were asked twice. Vary it.
    measure, name, population, conf_level
        As in `pool.pool`.

    Raises
    ------
    ValueError
        When effects cannot be used or there are fewer than two studies.

    Examples
    --------
    >>> table = pd.DataFrame({"study": list("aabbc"), "estimate": [0.1, 0.3, 0.8, 1.0, 0.4],
    ...     "std_error": [0.2] * 5})
    >>> row = pool_dependent(table, within_correlation=0.6).pooled
    >>> round(row.estimate, 3), row.studies
    (0.502, 3)
    """
    if "study" not in table:
        raise ValueError("The table of effects has no column study.")
    studies = tuple(table["study"].astype(str))
    numbered = table.assign(study=[f"{s}, effect {i + 1}" for i, s in enumerate(studies)])
    measures = table["measure"].unique() if "measure" in table else ["effect"]
    effects = EffectSizes(numbered, measure or measures[0])
    y, v = effects.frame["estimate"].to_numpy(), effects.frame["std_error"].to_numpy() ** 2
    V = sampling_covariance(v, studies, within_correlation)
    fit = fit_three_levels(y, V, studies)
    robust = cluster_robust(y, np.ones((y.size, 1)), fit.covariance, studies)
    rows = ContrastRows(
        effects, name or effects.source, population or effects.population, conf_level
    )
    return PooledDependent(fit, robust, rows, studies, within_correlation)
