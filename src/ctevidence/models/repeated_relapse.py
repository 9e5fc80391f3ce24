"""Repeated relapse: the mean number of relapses, and rate ratios from all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ctevidence.language import pick, say
from ctevidence.levels import Levels
from ctevidence.models.cox import CoxFit, fit_cox
from ctevidence.models.fit import EVERYONE, ComparableFit, build_levels, of_kind, refuse_weights
from ctevidence.models.hazard_ratios import LogHazards, arms_with_finite_ratios
from ctevidence.models.mean_count import MeanCount, mean_count
from ctevidence.models.partial_maximum import SeparationError
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import did_you_mean

#: model -> what it is, and the time and strata that it uses
MODELS = ("andersen-gill", "pwp-total-time", "pwp-gap-time")


@dataclass(frozen=True, eq=False, repr=False)
class RepeatedRelapseFit(ComparableFit):
    """Mean number of relapses, and log rates, under each arm.

    Parameters
    ----------
    outcome : Outcome
    rows : DataFrame
        Those of the outcome with time under observation.
    hazards : LogHazards
    regression : str
        One of `MODELS`: that of `hazards`.
    """

    outcome: Outcome
    rows: pd.DataFrame
    hazards: LogHazards
    regression: str

    @property
    def measures(self) -> tuple[str, ...]:
        return ("mean_count", "log_hazard")

    @property
    def cautions(self) -> tuple[str, ...]:
        return self.outcome.cautions

    @property
    def model(self) -> CoxFit | None:
        """The regression; None where there is nothing to compare."""
        return self.hazards.model

    @property
    def largest_week(self) -> float:
        """The last week up to which somebody of every arm was followed."""
        return float(self.rows.groupby("arm")["stop"].max().min()) if len(self.rows) else 0.0

    def counts(self, weeks) -> Mapping[str, MeanCount]:
        """Mean number of relapses up to some weeks, by arm."""
        return {str(arm): _counted(rows, weeks) for arm, rows in self.rows.groupby("arm")}

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Levels of one measure.

        Parameters
        ----------
        measure : {"mean_count", "log_hazard"}, optional
            The mean number of relapses of everyone who started, up to a week (the first when
            absent); or log rates, which mean something only in comparison.
        week : float, optional
            Any week up to `largest_week`; all scheduled ones up to it when absent. Rates have none.

        Raises
        ------
        KeyError
            For another measure.
        ValueError
            For a week beyond the follow-up; the message names the largest possible one.
        """
        measure = self._measure(measure)
        return self._rates() if measure == "log_hazard" else self._means(week)

    def _means(self, week) -> Levels:
        scheduled = [w for w in self.study.weeks if w <= self.largest_week]
        weeks = [float(week)] if week is not None else scheduled or [self.largest_week]
        if not 0 < max(weeks) <= self.largest_week:
            raise ValueError(
                f"Week {max(weeks):g} is outside the follow-up: the largest possible week is "
                f"{int(100 * self.largest_week) / 100:g}."
            )
        arms, m = [arm.name for arm in self.study.arms], len(weeks)
        found = self.counts(weeks)
        estimate, cov = np.full(len(arms) * m, np.nan), np.zeros((len(arms) * m,) * 2)
        reasons = []
        for i, arm in enumerate(arms):
            if arm not in found:
                reasons.append(say("models.repeated_relapse.nobody_followed", arm=arm))
                continue
            at = slice(i * m, (i + 1) * m)
            estimate[at], cov[at, at] = found[arm].estimate, found[arm].cov
            reasons += [
                say("models.no_relapse", arm=arm, week=f"{w:g}")
                for w, count in zip(weeks, found[arm].estimate, strict=True)
                if count == 0
            ]
        ended = say("models.repeated_relapse.ended") if self.rows["ended"].any() else ""
        return self._levels(
            "mean_count",
            [(arm, w) for arm in arms for w in weeks],
            np.where(cov.diagonal() > 0, estimate, np.nan),
            cov,
            week=weeks,
            method=say("models.repeated_relapse.mean_count", ended=ended),
            cautions=reasons,
        )

    def _rates(self) -> Levels:
        descriptive = self.regression != "andersen-gill"
        arms = [arm.name for arm in self.study.arms]
        reasons = [
            say("models.repeated_relapse.no_ratio", arm=arm)
            for arm, level in zip(arms, self.hazards.estimate, strict=True)
            if np.isnan(level)
        ]
        return self._levels(
            "log_hazard",
            [(arm, None) for arm in arms],
            self.hazards.estimate,
            self.hazards.cov,
            week=[np.inf],
            method=say(
                "models.repeated_relapse.rates",
                model=pick("models.repeated_relapse.models", self.regression),
            ),
            cautions=[
                *(
                    (
                        say(
                            "models.repeated_relapse.conditional",
                            descriptive=say("caution.descriptive"),
                        ),
                    )
                    if descriptive
                    else ()
                ),
                *self.hazards.cautions,
                *reasons,
            ],
            anchored=False,
            randomised=frozenset() if descriptive else self.study.randomised,
        )

    def _levels(self, measure, keys, estimate, cov, *, week, method, cautions, **options) -> Levels:
        """Levels; behind each stand the people of the arm, and those of them who relapsed."""
        n, events = [], []
        for arm in self.study.arms:
            rows = self.rows[self.rows["arm"] == arm.name]
            n += [rows["participant_id"].nunique()] * len(week)
            happened = [rows[rows["event"] & (rows["stop"] <= w)] for w in week]
            events += [each["participant_id"].nunique() for each in happened]
        fields = {"better": "lower", "population": EVERYONE} | options
        return build_levels(
            self.outcome,
            measure,
            keys,
            estimate,
            cov,
            n=np.array(n),
            events=np.array(events),
            method=method,
            cautions=(*self.cautions, *cautions),
            **fields,
        )


def fit_repeated_relapse(outcome: Outcome, model: str = "andersen-gill") -> RepeatedRelapseFit:
    """Mean number of relapses and rate ratios, by arm, among everyone who started.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``repeated_relapse``.
    model : {"andersen-gill", "pwp-total-time", "pwp-gap-time"}
        The regression behind ``log_hazard``. The first takes all relapses alike: its ratio is one
        of mean rates among the groups that were formed. The other two compare first relapses with
        first, second with second, in time since the start or since the last one.

    Returns
    -------
    RepeatedRelapseFit

    Raises
    ------
    TypeError
        For anything but an outcome.
    ValueError
        For an outcome of another kind, or with weights.
    KeyError
        For another model.

    Notes
    -----
    Andersen and Gill (1982, Ann Stat 10:1100) with the robust variance over people, under which the
    ratio is one of marginal rates (Lin, Wei, Yang and Ying 2000, JRSS B 62:711); Prentice, Williams
    and Peterson (1981, Biometrika 68:373). Nothing is adjusted. Strata of the last two in which
    only one arm is left say nothing and change nothing.
    """
    of_kind(outcome, "repeated_relapse", "fit_repeated_relapse")
    refuse_weights(outcome)
    if model not in MODELS:
        raise KeyError(f'There is no model "{model}"{did_you_mean(model, MODELS)}')
    rows = outcome.frame[outcome.frame["stop"] > outcome.frame["start"]].reset_index(drop=True)
    rows = rows.assign(arm=rows["arm"].astype(str))
    hazards = log_rates(rows, [arm.name for arm in outcome.study.arms], model)
    return RepeatedRelapseFit(outcome, rows, hazards, model)


def log_rates(rows: pd.DataFrame, arms: list[str], model: str) -> LogHazards:
    """Log rates of arms relative to the first that can be compared.

    Parameters
    ----------
    rows : DataFrame
        As of an outcome of kind ``repeated_relapse``.
    arms : list of str, length k
    model : str
        One of `MODELS`.
    """
    number = rows["arm"].map({name: i for i, name in enumerate(arms)}).to_numpy(int)
    event, stop = rows["event"].to_numpy(bool), rows["stop"].to_numpy(float)
    start = rows["start"].to_numpy(float)
    used = arms_with_finite_ratios(stop, event, number, len(arms))
    estimate, cov = np.full(len(arms), np.nan), np.full((len(arms),) * 2, np.nan)
    if len(used) < 2:
        return LogHazards(estimate, cov, None)
    kept, others = np.isin(number, used), used[1:]
    gap = model == "pwp-gap-time"
    try:
        fit = fit_cox(
            (stop - start if gap else stop)[kept],
            event[kept],
            (number[kept, None] == others).astype(float),
            start=None if gap else start[kept],
            strata=None if model == "andersen-gill" else rows["number"].to_numpy()[kept],
            cluster=rows["participant_id"].to_numpy()[kept],
            names=[f"arm {arms[a]}" for a in others],
        )
    except (SeparationError, ValueError) as reason:
        return LogHazards(
            estimate,
            cov,
            None,
            cautions=(say("models.repeated_relapse.no_rate_ratio", reason=reason),),
        )
    estimate[used], cov[np.ix_(used, used)] = 0.0, 0.0
    estimate[others] = fit.coef
    cov[np.ix_(others, others)] = fit.cov
    return LogHazards(estimate, cov, fit)


def _counted(rows: pd.DataFrame, weeks) -> MeanCount:
    """Mean counts of one arm; after everyone has come to an end they stay what they are."""
    last = rows["stop"].max()
    found = mean_count(
        *(rows[c].to_numpy() for c in ("participant_id", "start", "stop", "event", "ended")),
        np.minimum(weeks, last),
    )
    return replace(found, weeks=np.asarray(weeks, float))
