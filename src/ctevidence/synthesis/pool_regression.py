"""Meta-regression as rows: what effects differ with, and how much of their spread that explains."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.synthesis.contrast_rows import ContrastRows
from ctevidence.synthesis.effect_sizes import EffectSizes
from ctevidence.synthesis.meta_regression import MetaRegression, WaldTest, meta_regression
from ctevidence.synthesis.moderators import Design, moderator_design
from ctevidence.synthesis.pairwise import PoolOptions, t_quantile, two_sided_p
from ctevidence.synthesis.permutation import permutation_test
from ctevidence.synthesis.pool import as_effects, refuse_what_is_not_one_contrast
from ctevidence.synthesis.tau_squared import tau_squared


@dataclass(frozen=True, eq=False)
class Regressed:
    """A meta-regression; made by `pool_regression`.

    Attributes
    ----------
    fit : MetaRegression
        On the analysis scale.
    design : Design
    rows : ContrastRows
        Of the studies that entered.
    options : PoolOptions
    explained : float
        Per cent of the between-study variance that the moderators account for; nan where there is
        none: ``100 (1 - tau2 / tau2 without moderators)``, not below 0 (Raudenbush 2009, in *The
        Handbook of Research Synthesis*, ch. 16). It is very uncertain with few studies
        (Lopez-Lopez et al. 2014, Br J Math Stat Psychol 67:30).
    cautions : tuple of str
    """

    fit: MetaRegression
    design: Design
    rows: ContrastRows
    options: PoolOptions
    explained: float
    cautions: tuple[str, ...]

    def __repr__(self) -> str:
        return repr(self.estimates)

    @property
    def test(self) -> WaldTest:
        """Test that no moderator matters."""
        return self.fit.test(np.eye(self.fit.coef.size)[1:])

    @property
    def estimates(self) -> Estimates:
        """Effect at the centre of the moderators, slopes, variance left over, share explained."""
        centre = self._row(0, f"at {self.design.centre}", self.rows.effects.measure)
        slopes = [
            self._row(i, f"per unit of {name}" if " against " not in name else name, self._slope)
            for i, name in enumerate(self.design.names, start=1)
        ]
        return Estimates([centre, *slopes, *self._heterogeneity()])

    def permutation(self, permutations: int = 1000, seed: int | None = None) -> Estimates:
        """The slopes with p-values that assume nothing about their distribution.

        Parameters
        ----------
        permutations : int
            All arrangements are tried when there are at most so many; else so many are drawn.
        seed : int, optional
            Needed when they are drawn.
        """
        y, v = self._effects
        found = permutation_test(
            y, v, self.design.columns, permutations=permutations, seed=seed, **self._choices
        )
        kind = "exact" if found.exact else say("synthesis.pool_regression.seed", seed=seed)
        method = say("synthesis.pool_regression.permutation", count=found.arrangements, kind=kind)
        made = []
        for i, name in enumerate(self.design.names, start=1):
            made.append(
                Estimate(
                    **self.rows.who
                    | self.rows.numbers(self.fit.coef[i], math.nan, math.nan)
                    | {"measure": self._slope, "population": self._population(name)},
                    p_value=found.p_value[i],
                    studies=len(y),
                    method=method,
                    caution="; ".join(self.cautions),
                    id=f"{self.rows.name}/{self._population(name)}/permutation",
                )
            )
        return Estimates(made)

    @property
    def _slope(self) -> str:
        return f"{self.rows.effects.measure}_slope"

    @property
    def _choices(self) -> dict[str, str]:
        return {
            "tau2_method": self.options.tau2_method,
            "hartung_knapp": self.options.hartung_knapp,
        }

    @property
    def _effects(self) -> tuple[np.ndarray, np.ndarray]:
        frame = self.rows.effects.frame
        return frame["estimate"].to_numpy(), frame["std_error"].to_numpy() ** 2

    def _population(self, words: str) -> str:
        return f"{self.rows.population}; {words}"

    def _row(self, i: int, words: str, measure: str) -> Estimate:
        estimate, error = self.fit.coef[i], math.sqrt(self.fit.cov[i, i])
        margin = t_quantile((1 + self.options.conf_level) / 2, self.fit.df) * error
        return Estimate(
            **self.rows.who
            | self.rows.numbers(estimate, estimate - margin, estimate + margin)
            | {"measure": measure, "population": self._population(words)},
            std_error=error,
            df=self.fit.df,
            p_value=two_sided_p(estimate / error, self.fit.df),
            studies=len(self.rows.effects.frame),
            method=say(
                "synthesis.pool_regression.method",
                tau2=self.options.tau2_method,
                adjustment=in_words(self.options.hartung_knapp),
            ),
            caution="; ".join(self.cautions),
        )

    def _heterogeneity(self) -> list[Estimate]:
        shared = self.rows.who | {"studies": len(self.rows.effects.frame)}
        shared["method"] = say(
            "synthesis.pool_regression.tau2_method", tau2=self.options.tau2_method
        )
        shared["population"] = self._population(
            say("synthesis.pool_regression.given", names=", ".join(self.design.names))
        )
        none = (
            say("synthesis.pool_regression.no_heterogeneity") if math.isnan(self.explained) else ""
        )
        few = "; ".join(filter(None, [none, *self.cautions]))
        unit = f"{self.rows.effects.scale} scale squared"
        return [
            Estimate(**shared, measure="tau2", unit=unit, estimate=self.fit.tau2),
            Estimate(
                **shared,
                measure="heterogeneity_explained",
                unit="per cent",
                estimate=self.explained,
                caution=few,
            ),
        ]


def pool_regression(
    effects: EffectSizes | pd.DataFrame,
    on: str | Sequence[str],
    *,
    reference: Mapping[str, str] | None = None,
    moderators: pd.DataFrame | None = None,
    measure: str | None = None,
    name: str | None = None,
    population: str | None = None,
    tau2_method="REML",
    hartung_knapp="guarded",
    conf_level=0.95,
) -> Regressed:
    """Whether and how the effects of one contrast differ with what differs between studies.

    Parameters
    ----------
    effects, measure, name, population, tau2_method, hartung_knapp, conf_level
        As in `pool.pool`.
    on : str or sequence of str
        Columns of the effects (`year`, `weeks`, `condition_group` ...) or of `moderators`.
    reference : mapping of str to str, optional
        For a column of words: the word that the others are compared with.
    moderators : DataFrame, optional
        Further columns by `study`.

    Raises
    ------
    KeyError
        When a column is not there.
    ValueError
        As in `pool`, and when a moderator does not vary, a reference is missing, or there are no
        more studies than coefficients.

    Examples
    --------
    >>> table = pd.DataFrame({"study": list("abcd"), "estimate": [0.1, 0.3, 0.8, 1.0],
    ...     "std_error": [0.3] * 4, "year": [1990, 1990, 2000, 2000]})
    >>> rows = pool_regression(table, "year").estimates
    >>> [(row.measure, round(row.estimate, 3)) for row in rows][:2]
    [('effect', 0.55), ('effect_slope', 0.07)]
    """
    given = effects
    effects = as_effects(effects, measure)
    refuse_what_is_not_one_contrast(effects)
    options = PoolOptions(tau2_method, hartung_knapp, conf_level=conf_level)
    frame = _with_moderators(effects.frame, given, moderators)
    design = moderator_design(frame, on, reference or {})
    used = effects.where(study=frame.loc[design.kept, "study"].tolist())
    y, v = used.frame["estimate"], used.frame["std_error"] ** 2
    fit = meta_regression(
        y, v, design.columns, tau2_method=tau2_method, hartung_knapp=hartung_knapp
    )
    alone = tau_squared(y, v, tau2_method)
    explained = 100 * max(0.0, 1 - fit.tau2 / alone) if alone > 0 else math.nan
    rows = ContrastRows(used, name or effects.source, population or effects.population, conf_level)
    cautions = tuple(_cautions(frame, design))
    return Regressed(fit, design, rows, options, explained, cautions)


def _with_moderators(frame, given, moderators: pd.DataFrame | None) -> pd.DataFrame:
    """The effects with further columns: those of a table of effects, and those by study."""
    if isinstance(given, pd.DataFrame):
        for column in given.columns.difference(frame.columns):
            frame = frame.assign(**{column: given[column].to_numpy()})
    if moderators is None:
        return frame
    if "study" not in moderators or moderators["study"].duplicated().any():
        raise ValueError("The table of moderators needs a column study, each study once.")
    further = moderators.drop(columns=frame.columns.difference(["study"]), errors="ignore")
    return frame.merge(further, on="study", how="left")


def _cautions(frame: pd.DataFrame, design: Design):
    yield say("synthesis.pool_regression.between_studies")
    if design.kept.sum() < 10 * len(design.names):
        yield say("synthesis.pool_regression.few_studies")
    if not design.kept.all():
        yield say(
            "synthesis.pool_regression.left_out",
            studies=", ".join(frame.loc[~design.kept, "study"]),
        )
