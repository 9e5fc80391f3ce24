r"""Risks at several visits, or at several sites, of people who resemble one another.

Two regressions of one design, an intercept for each arm and week and the covariates: a logistic
random intercept (`logistic_mixed`), and generalised estimating equations (Liang and Zeger 1986,
Biometrika 73:13). Both end in risks of the population: the risk of an arm at a week is the mean
over everyone analysed of the probability as if in that arm, for the random intercept integrated
over its distribution. Their covariance is

.. math:: J V J' + \frac{1}{n (n - 1)} \sum_i (m_i - \bar m)(m_i - \bar m)',

V the covariance of the parameters, J the slopes of the mean risks by them, and m the risks of
person i in all arms and weeks: the second term is the sampling of the people.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.genmod.cov_struct import Exchangeable, Independence
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_estimating_equations import GEE

from ctevidence.language import say
from ctevidence.models.covariates import covariate_columns, of_people_with
from ctevidence.models.fit import ScheduledFit, build_levels
from ctevidence.models.logistic_mixed import fit_logistic_mixed
from ctevidence.models.risk import counted_fit
from ctevidence.models.risk import weekly as analysed_weeks
from ctevidence.models.standardised_risk import why_not_adjustable
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import did_you_mean

WORKING = {"independence": Independence, "exchangeable": Exchangeable}
#: A random intercept learns its variance from the groups; with few of them its error is large.
FEW_GROUPS = 10


@dataclass(frozen=True, eq=False)
class RepeatedDesign:
    """Rows of people and visits, ready for a regression.

    Parameters
    ----------
    y : ndarray, shape (n,)
    X : ndarray, shape (n, q)
        Indicators of the cells present, then covariates.
    group : ndarray, shape (n,)
        What rows have in common: the person, or the site.
    cell : ndarray of int, shape (n,)
        Which (arm, week) each row is of.
    cells : list of (arm, week)
        All of them, arms within weeks.
    present : ndarray of int
        The cells with anyone in them, one column of `X` each.
    covariates : ndarray, shape (people, q - cells present)
        Once for each person: those over whom risks are averaged.
    """

    y: np.ndarray
    X: np.ndarray
    group: np.ndarray
    cell: np.ndarray
    cells: list[tuple[str, float]]
    present: np.ndarray
    covariates: np.ndarray

    def as_if(self, column: int) -> np.ndarray:
        """Rows of everyone as if in one of the cells present."""
        cells = np.zeros((len(self.covariates), len(self.present)))
        cells[:, column] = 1.0
        return np.hstack([cells, self.covariates])

    def count(self, values: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(self.cell, values, minlength=len(self.cells)).astype(int)


def repeated_design(outcome: Outcome, names: Sequence[str], group: str) -> RepeatedDesign:
    """The design of an outcome whose covariates are known for everyone.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``response``.
    names : sequence of str
        Covariates.
    group : str
        ``"participant_id"``, or a column of the participants.
    """
    rows = outcome.frame[outcome.frame["value"].notna()].reset_index(drop=True)
    study = outcome.study
    people = rows["participant_id"].drop_duplicates()
    columns, _ = covariate_columns(study, people, names)
    covariates = pd.DataFrame(columns, index=people)
    cells = [(a.name, float(w)) for w in sorted(outcome.frame["week"].unique()) for a in study.arms]
    number = {cell: i for i, cell in enumerate(cells)}
    pairs = zip(rows["arm"].astype(str), rows["week"].astype(float), strict=True)
    cell = np.array([number[key] for key in pairs], int)
    present = np.unique(cell)
    belongs = rows["participant_id"]
    if group != "participant_id":
        belongs = belongs.map(study.participants.set_index("participant_id")[group])
    X = np.hstack([
        (cell[:, None] == present).astype(float),
        covariates.loc[rows["participant_id"]].to_numpy(float).reshape(len(rows), -1),
    ])  # fmt: skip
    y = rows["value"].to_numpy(float)
    codes = pd.factorize(belongs, sort=True)[0]
    return RepeatedDesign(y, X, codes, cell, cells, present, columns)


def mixed_risk_fit(outcome: Outcome, names: Sequence[str], group: str, points: int) -> ScheduledFit:
    """Risks from a logistic random intercept of people or of sites."""
    design, complete, refused = _usable(
        outcome, names, group, say("models.repeated_risk.mixed_model")
    )
    if refused:
        return refused
    model = fit_logistic_mixed(design.y, design.X, design.group, points)

    def of(eta: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        risk, by_eta, by_sigma = model.marginal(eta)
        return risk, np.append(by_eta @ rows, by_sigma.sum()) / len(eta)

    who = say("models.repeated_risk.person") if group == "participant_id" else group
    method = say("models.repeated_risk.mixed", adjusted=_adjusted(names), who=who, points=points)
    cautions = [*model.cautions]
    if model.groups < FEW_GROUPS:
        cautions.append(say("models.repeated_risk.few_groups", groups=model.groups, who=who))
    return _fit(complete, design, model.coef, model.joint_cov, of, model, method, cautions)


def gee_risk_fit(
    outcome: Outcome, names: Sequence[str], group: str, working: str = "exchangeable"
) -> ScheduledFit:
    """Risks from generalised estimating equations.

    The covariance is the sandwich with the leverages of groups taken out (Mancl and DeRouen 2001,
    Biometrics 57:126), without which intervals of few groups are too short.
    """
    if working not in WORKING:
        raise KeyError(f'No working correlation "{working}"{did_you_mean(working, WORKING)}')
    design, complete, refused = _usable(
        outcome, names, group, say("models.repeated_risk.equations")
    )
    if refused:
        return refused
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matters of them is said as a caution below
        equations = GEE(design.y, design.X, design.group, family=Binomial(),
                        cov_struct=WORKING[working]())  # fmt: skip
        model = equations.fit(maxiter=200, ctol=1e-10, cov_type="bias_reduced")

    def of(eta: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        risk = 1 / (1 + np.exp(-eta))
        return risk, (risk * (1 - risk)) @ rows / len(eta)

    method = say("models.repeated_risk.estimating", adjusted=_adjusted(names), working=working)
    cautions = [] if model.converged else [say("models.repeated_risk.not_solved")]
    return _fit(complete, design, model.params, np.asarray(model.cov_params()), of, model, method,
                cautions)  # fmt: skip


def _usable(outcome: Outcome, names: Sequence[str], group: str, what: str):
    """Design and outcome, or the fit of counts with the reason why no regression can be had."""
    needed = tuple(dict.fromkeys((*names, *([] if group == "participant_id" else [group]))))
    complete = of_people_with(outcome, needed) if needed else outcome
    design = repeated_design(complete, names, group)
    cells, rest = design.cell, design.X[:, len(design.present) :]
    reason = (
        why_not_adjustable(design.y, cells, rest)
        if len(design.y)
        else say("models.repeated_risk.nobody")
    )
    if not reason:
        return design, complete, None
    refused = counted_fit(
        outcome,
        analysed_weeks(outcome),
        [say("models.repeated_risk.counts", what=what, reason=reason)],
    )
    return design, complete, refused


def _adjusted(names: Sequence[str]) -> str:
    return (
        say("models.repeated_risk.and_covariates", names=", ".join(map(in_words, names)))
        if names
        else ""
    )


def _fit(outcome, design: RepeatedDesign, coef, cov, of, model, method, cautions) -> ScheduledFit:
    """Levels of all arms and weeks from the parameters of a regression."""
    k, people = len(design.cells), len(design.covariates)
    estimate, slopes = np.full(k, np.nan), np.full((k, len(cov)), np.nan)
    own = np.full((people, k), np.nan)
    for column, cell in enumerate(design.present):
        rows = design.as_if(column)
        own[:, cell], slopes[cell] = of(rows @ coef, rows)
        estimate[cell] = own[:, cell].mean()
    apart = own - estimate
    sampling = apart.T @ apart / (people * max(people - 1, 1))
    n = design.count()
    unknown = [
        say(
            "models.repeated_risk.known_for_nobody",
            outcome=in_words(outcome.name),
            arm=arm,
            week=f"{week:g}",
        )
        for (arm, week), there in zip(design.cells, n, strict=True)
        if not there
    ]
    cautions = (*outcome.cautions, *cautions, *unknown)
    levels = build_levels(
        outcome,
        "risk",
        design.cells,
        estimate,
        slopes @ cov @ slopes.T + sampling,
        n=n,
        events=design.count(design.y),
        method=method,
        cautions=cautions,
    )
    return ScheduledFit(outcome, levels, model, cautions)
