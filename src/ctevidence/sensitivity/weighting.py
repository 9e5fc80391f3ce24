"""Weigh the people of a study so that its arms are alike in what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ctevidence.data.study import Study
from ctevidence.language import pick, say
from ctevidence.models.covariates import adjustment, design_columns
from ctevidence.names import in_words
from ctevidence.outcomes.person_weights import PersonWeights
from ctevidence.sensitivity.balance import standardised_differences
from ctevidence.sensitivity.balancing_weights import METHODS, balancing_weights, effective_people
from ctevidence.sensitivity.propensity import Propensity, fit_propensity
from ctevidence.terms import did_you_mean

#: Chance of an arm below which a person had, for all that is practical, no chance of it.
LEAST_CHANCE = 0.01
MISSING = ("leave-out", "own-value")
#: Gap from the target, in standard deviations, above which a caution says that arms still differ
#: (Austin 2009, Stat Med 28:3083).
LARGEST_DIFFERENCE = 0.1
#: Share of an arm's people that the effective number must reach, or a caution says so.
LEAST_EFFECTIVE = 0.25


class Plan(NamedTuple):
    """How people were weighed; fields as the parameters of `weigh`."""

    method: str
    adjust: tuple[str, ...]
    trim: float
    missing: str
    penalty: float | None


@dataclass(frozen=True, eq=False)
class Weighting(PersonWeights):
    """Weights of the people of a study, with the chances they were made from.

    Fields beyond those of `PersonWeights`:

    Parameters
    ----------
    study : Study
    plan : Plan
    arms : tuple of str
        Arms with people, in the study's order.
    propensity : Propensity
        Of the people weighed.
    balance_columns : DataFrame, shape (n, c)
        Covariates as numbers, an indicator for each value of the others.
    people_before : Series by arm
        People who entered.
    without_covariates, trimmed : Series by arm
        People who were left out, and why.
    """

    study: Study = field(kw_only=True)
    plan: Plan = field(kw_only=True)
    arms: tuple[str, ...] = field(kw_only=True)
    propensity: Propensity = field(kw_only=True)
    balance_columns: pd.DataFrame = field(kw_only=True)
    people_before: pd.Series = field(kw_only=True)
    without_covariates: pd.Series = field(kw_only=True)
    trimmed: pd.Series = field(kw_only=True)

    @property
    def arm_number(self) -> np.ndarray:
        """Position of each person's arm among `arms`, shape (n,)."""
        return pd.Index(self.arms).get_indexer(pd.Index(self.arm))

    def balance(self) -> pd.DataFrame:
        """Standardised differences; see `balance.standardised_differences`. Exact: not for release.

        For readers there are `ctevidence.table_balance` and `ctevidence.plot_balance`.
        """
        return standardised_differences(
            self.balance_columns, self.arm_number, list(self.arms), self.value, self.tilt
        )

    def positivity(self, least: float = LEAST_CHANCE) -> pd.DataFrame:
        """Whether everyone could have had each arm. Exact: not for release.

        Parameters
        ----------
        least : float
            A smaller chance counts as none in practice.

        Returns
        -------
        DataFrame
            One row for each arm: ``entered``, ``without_covariates``, ``trimmed``, ``people``,
            ``effective`` (people of equal weight that would tell as much), ``no_chance`` (people,
            in whatever arm they were, whose chance of this one was below `least`), ``smallest`` and
            ``first_percentile`` of that chance, and ``largest_share`` of one person in the arm's
            weight. Readers get `ctevidence.table_weights`.
        """
        chance, arm = self.propensity.probability, self.arm_number
        k = len(self.arms)
        total = np.bincount(arm, self.value, minlength=k)
        return pd.DataFrame(
            {
                "arm": self.arms,
                "entered": self.people_before.to_numpy(),
                "without_covariates": self.without_covariates.to_numpy(),
                "trimmed": self.trimmed.to_numpy(),
                "people": np.bincount(arm, minlength=k),
                "effective": effective_people(self.value, arm, k),
                "no_chance": (chance < least).sum(axis=0),
                "smallest": chance.min(axis=0),
                "first_percentile": np.percentile(chance, 1, axis=0),
                "largest_share": [self.value[arm == a].max() / total[a] for a in range(k)],
            }
        )

    def again(self, study: Study) -> Weighting:
        """Weights by the same plan for the people of another study, such as a bootstrap sample."""
        return weigh(study, **self.plan._asdict())

    def __repr__(self) -> str:
        # counts wait for the disclosure gate
        return f'Weights of "{self.study.name}" for {self.population}: {self.method}'


def weigh(
    study: Study,
    method: str = "overlap",
    adjust: Sequence[str] | None = None,
    *,
    trim: float = 0.0,
    missing: str = "leave-out",
    penalty: float | None = None,
) -> Weighting:
    """Weights that make all arms of a study alike in what is known of people before treatment.

    Parameters
    ----------
    study : Study
    method : {"overlap", "inverse-probability", "matching"}
        Whom the weighted arms stand for: people with a fair chance of every arm, everyone who
        started, or people who have a match in every arm; see
        `balancing_weights.balancing_weights`.
    adjust : sequence of str, optional
        Covariates; those declared by the study when absent.
    trim : float
        People with a smaller chance than this of any arm are left out and the chances fitted
        again; 0 for nobody. Counted in `Weighting.positivity`; the population says so.
    missing : {"leave-out", "own-value"}
        People for whom a covariate is missing are left out, with a caution; or missing counts as
        a value of its own (for a number: the mean, and an indicator).
    penalty : float, optional
        Of the propensity; see `propensity.fit_propensity`.

    Returns
    -------
    Weighting
        Give it to ``outcome.weighted(weights)``; the fits account for its being estimated.

    Raises
    ------
    KeyError
        For an unknown method or covariate.
    ValueError
        Without a covariate, for covariates that follow from each other, a trim that leaves an arm
        empty, or fewer than two arms with people.

    Examples
    --------
    >>> from ctevidence.simulate.study import simulate_study
    >>> weights = weigh(simulate_study(n=600, seed=3, design="registry"))
    >>> weights
    Weights of "simulated-registry" for people with a fair chance of every arm: generalised \
overlap weights by baseline, age, sex, earlier_episodes
    """
    if method not in METHODS:
        raise KeyError(f'No weights "{method}"{did_you_mean(method, METHODS)}')
    if missing not in MISSING:
        raise ValueError(f'missing is "{missing}"{did_you_mean(missing, MISSING)}')
    if not 0 <= trim < 0.5:
        raise ValueError(f"trim is {trim:g}; it is a chance, from 0 to below a half.")
    names = adjustment(study, adjust)
    if not names:
        raise ValueError(
            f"{study.name} declares no covariates to weigh by. Say adjust=[...], or declare adjust "
            "in study.toml."
        )
    plan = Plan(method, names, trim, missing, penalty)
    everyone = study.entering().set_index("participant_id")
    arms = tuple(a.name for a in study.arms if (everyone["arm"] == a.name).any())
    known = everyone[list(names)].notna().all(axis=1)
    people = everyone if missing == "own-value" else everyone[known]
    kept, trimmed = people, people.iloc[:0]
    propensity = _chances(kept, arms, plan)
    if trim:
        possible = (propensity.probability >= trim).all(axis=1)
        kept, trimmed = people[possible], people[~possible]
        propensity = _chances(kept, arms, plan)
    return _weighting(study, plan, arms, propensity, kept, everyone[~everyone.index.isin(
        people.index)], trimmed)  # fmt: skip


def _chances(people: pd.DataFrame, arms: tuple[str, ...], plan: Plan) -> Propensity:
    empty = [a for a in arms if not (people["arm"] == a).any()]
    if empty or len(arms) < 2:
        raise ValueError(
            f"Nobody is left to weigh in {', '.join(empty) or 'a second arm'}. Trim less, leave "
            'out a covariate that is often missing, or count missing as missing="own-value".'
        )
    columns = design_columns(_filled(people[list(plan.adjust)]))
    arm = pd.Index(arms).get_indexer(people["arm"].astype(str))
    return fit_propensity(arm, columns.to_numpy(float), len(arms), plan.penalty)


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    """Covariates with missing as a value of its own; as they are where none is missing."""
    filled = {}
    for name, covariate in table.items():
        gaps = covariate.isna()
        if not gaps.any():
            filled[name] = covariate
        elif pd.api.types.is_numeric_dtype(covariate):
            filled[name] = covariate.astype(float).fillna(covariate.mean())
            filled[f"{name}: missing"] = gaps.astype(float)
        else:
            filled[name] = covariate.astype(object).where(~gaps, "missing")
    return pd.DataFrame(filled, index=table.index)


def _weighting(study, plan, arms, propensity, kept, unknown, trimmed) -> Weighting:
    number = pd.Index(arms).get_indexer(kept["arm"].astype(str))
    balancing = balancing_weights(propensity, number, plan.method)
    population, how = METHODS[plan.method], pick("sensitivity.weighting.weights", plan.method)
    if plan.trim:
        population += f", without those with a chance below {plan.trim:g} of some arm"
    table = _filled(kept[list(plan.adjust)])
    made = Weighting(
        people=pd.Index(kept.index),
        arm=kept["arm"].astype(str).to_numpy(),
        value=balancing.value,
        slope=balancing.slope,
        tilt=balancing.tilt,
        tilt_slope=balancing.tilt_slope,
        influence=propensity.influence,
        population=population,
        method=say(
            "sensitivity.weighting.method",
            how=how,
            covariates=", ".join(map(in_words, plan.adjust)),
        ),
        covariates=plan.adjust,
        columns=design_columns(table).to_numpy(float),
        study=study,
        plan=plan,
        arms=arms,
        propensity=propensity,
        balance_columns=_all_values(table),
        people_before=_by_arm(study.entering(), arms),
        without_covariates=_by_arm(unknown, arms),
        trimmed=_by_arm(trimmed, arms),
    )
    return replace(made, cautions=tuple(_cautions(made, unknown)))


def _by_arm(people: pd.DataFrame, arms: tuple[str, ...]) -> pd.Series:
    return people["arm"].astype(str).value_counts().reindex(arms, fill_value=0).astype(int)


def _all_values(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers as they are; an indicator for every value of anything else."""
    columns = {}
    for name, covariate in table.items():
        if pd.api.types.is_numeric_dtype(covariate):
            columns[name] = covariate.astype(float)
        else:
            text = covariate.astype(str)
            columns |= {f"{name}: {v}": (text == v).astype(float) for v in sorted(text.unique())}
    return pd.DataFrame(columns, index=table.index)


def _cautions(made: Weighting, unknown: pd.DataFrame):
    """What a reader of anything weighted has to know; without counts."""
    if len(unknown):
        gaps = [n for n in made.covariates if unknown[n].isna().any()]
        yield say("models.left_out", covariates=", ".join(map(in_words, gaps)))
    if made.plan.trim:
        yield say("sensitivity.weighting.trimmed", chance=f"{made.plan.trim:g}")
    if made.propensity.is_separated:
        yield (say("sensitivity.weighting.separated"))
    shown = made.positivity()
    if made.plan.method == "inverse-probability" and (shown["no_chance"] > 0).any():
        yield say("sensitivity.weighting.hardly_any", chance=f"{LEAST_CHANCE:g}")
    thin = shown["arm"][shown["effective"] < LEAST_EFFECTIVE * shown["people"]]
    if len(thin):
        yield say("sensitivity.weighting.little_information", arms=", ".join(thin))
    gap = made.balance()["after"].abs().max()
    if gap > LARGEST_DIFFERENCE:
        yield say("sensitivity.weighting.differ", most=f"{LARGEST_DIFFERENCE:g}")
    yield say(
        "sensitivity.weighting.alike_in", covariates=", ".join(map(in_words, made.covariates))
    )
