"""What every fit answers: levels, comparisons of them, and the rows of each arm."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from ctevidence.contrasts import compare, per_arm
from ctevidence.contrasts.compare import joined, total_or_none
from ctevidence.data.maintenance_rule import MaintenanceRule
from ctevidence.data.study import Study
from ctevidence.estimates import Estimates
from ctevidence.language import in_both, say
from ctevidence.levels import Cell, Evidence, Levels
from ctevidence.names import in_words
from ctevidence.outcomes.outcome import Outcome
from ctevidence.terms import LEVEL_MEASURES, did_you_mean

EVERYONE = "everyone who started"


class Fit(Protocol):
    """What contrasts, displays and reports rely on.

    Attributes
    ----------
    outcome : Outcome
    measures : tuple of str
        Level measures that the fit can give; the first is primary.
    cautions : tuple of str
        What a reader of any number of this fit has to know.
    model : object
        The underlying library objects, for experts.
    """

    outcome: Outcome
    measures: tuple[str, ...]
    cautions: tuple[str, ...]
    model: Any

    @property
    def study(self) -> Study: ...

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels: ...

    def compare(self, arm: str, *, against: str) -> Estimates: ...

    def per_arm(self, measure: str | None = None, week: float | None = None) -> Estimates: ...


class ComparableFit:
    """Comparisons for anything with ``levels``; the rows are made in `ctevidence.contrasts`."""

    @property
    def study(self) -> Study:
        return self.outcome.study

    def compare(
        self,
        arm: str,
        *,
        against: str,
        measure: str | None = None,
        week: float | None = None,
        conf_level: float = 0.95,
        alternative: str = "two-sided",
    ) -> Estimates:
        """One arm or treatment against another; see `ctevidence.contrasts.compare`."""
        return compare(
            self,
            arm,
            against=against,
            measure=measure,
            week=week,
            conf_level=conf_level,
            alternative=alternative,
        )

    def per_arm(
        self, measure: str | None = None, week: float | None = None, conf_level: float = 0.95
    ) -> Estimates:
        """What is expected under each arm alone; see `ctevidence.contrasts.per_arm`."""
        return per_arm(self, measure, week, conf_level)

    def __repr__(self) -> str:
        # a printed fit holds no counts: they wait for the disclosure gate
        return f'{type(self).__name__} of {self.outcome.name} in "{self.study.name}": ' + ", ".join(
            self.measures
        )

    def _measure(self, measure: str | None) -> str:
        """The level measure asked for, or the primary one."""
        if measure not in (None, *self.measures):
            raise KeyError(
                f'No levels of "{measure}" from this fit of {self.outcome.name}'
                f"{did_you_mean(measure, self.measures)}"
            )
        return measure or self.measures[0]


@dataclass(frozen=True, eq=False, repr=False)
class ScheduledFit(ComparableFit):
    """A fit of one measure at the scheduled weeks of its outcome: risks or means.

    Parameters
    ----------
    outcome : Outcome
    expected : Levels
        Of all arms at all weeks, jointly.
    model : object
        The underlying library objects; None for plain counts.
    cautions : tuple of str
    """

    outcome: Outcome
    expected: Levels
    model: Any
    cautions: tuple[str, ...] = ()

    @property
    def measures(self) -> tuple[str, ...]:
        return (self.expected.measure,)

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """Levels at one week, or at all weeks when `week` is absent.

        Raises
        ------
        KeyError
            For another measure, or a week that is not scheduled; the message lists what there is.
        """
        self._measure(measure)
        return self.expected if week is None else self.expected.at(week)


def build_levels(
    outcome: Outcome,
    measure: str,
    keys: list[tuple[str, float | None]],
    estimate: np.ndarray,
    cov: np.ndarray,
    *,
    n: np.ndarray,
    events: np.ndarray | None,
    method: str,
    cautions: tuple[str, ...] = (),
    **options: Any,
) -> Levels:
    """`Levels` with what the outcome and its study say, and the numbers of a fit.

    Parameters
    ----------
    keys : list of (arm, week), length m
    estimate : ndarray, shape (m,)
        nan where nothing can be said; their covariance is then not used.
    cov : ndarray, shape (m, m)
    n : ndarray of int, shape (m,)
    events : ndarray of int, shape (m,), optional
        None for outcomes that are not counted.
    options
        Further fields of `Levels`; they override what the study says.
    """
    study = outcome.study
    fields = {
        "population": EVERYONE,
        "better": outcome.better,
        "randomised": study.randomised,
        "several_arms": study.several_arms,
    }
    if study.rules.maintenance and study.rules.maintenance.withdrawal:
        fields["evidence_for"] = partial(_with_withdrawal, study.rules.maintenance)
    known = np.isfinite(estimate)
    return Levels(
        study=study.name,
        outcome=outcome.name,
        arms=study.arms,
        keys=tuple(keys),
        measure=measure,
        estimate=estimate,
        cov=np.where(np.outer(known, known), cov, np.nan),
        n=tuple(int(k) for k in n),
        events=(None,) * len(keys) if events is None else tuple(int(k) for k in events),
        method=method,
        caution=joined(*cautions),
        **(fields | options),
    )


def _with_withdrawal(maintenance: MaintenanceRule, cells: list[Cell]) -> Evidence:
    """The people behind a contrast, and its caution where arms differ in coming off treatment."""
    ways = [getattr(maintenance, name) for name in ("continued", "tapered", "stopped")]
    arms = {arm.name for cell in cells for arm in cell.arms}
    differs = sum(bool(arms & set(way)) for way in ways) > 1
    others = total_or_none([cell.n for cell in cells[1:]])
    return Evidence(1, cells[0].n, others, maintenance.withdrawal if differs else "")


def nothing_to_fit(
    outcome: Outcome, keys: list[tuple[str, float | None]], n: np.ndarray, why: str = ""
) -> ScheduledFit:
    """Mean levels without a value: there are too few scores for the model, and why in words."""
    cautions = (
        *outcome.cautions,
        say("models.fit.too_few", outcome=in_words(outcome.name), why=in_brackets(why)),
    )
    missing = np.full(len(keys), np.nan)
    unit = f"{outcome.study.scale.label} points"
    levels = build_levels(
        outcome,
        "mean",
        keys,
        missing,
        np.full((len(keys),) * 2, np.nan),
        n=n,
        events=None,
        method="",
        cautions=cautions,
        unit=unit,
    )
    return ScheduledFit(outcome, levels, None, cautions)


def silent_levels(
    study: Study,
    outcome: str,
    measure: str,
    better: str,
    reason: str,
    week: float | None = None,
) -> Levels:
    """Levels that say of every arm why nothing can be said, so that rows keep their place.

    Parameters
    ----------
    study : Study
    outcome, measure : str
    better : {"higher", "lower"}
    reason : str
        In words, without counts.
    week : float, optional
    """
    arms = [arm.name for arm in study.arms]
    missing = np.full(len(arms), np.nan)
    return Levels(
        study=study.name,
        outcome=outcome,
        population=EVERYONE,
        arms=study.arms,
        keys=tuple((arm, week) for arm in arms),
        measure=measure,
        better=better,
        estimate=missing,
        cov=np.diag(missing),
        n=(None,) * len(arms),
        events=(None,) * len(arms),
        randomised=study.randomised,
        method="",
        caution=reason,
        anchored=not LEVEL_MEASURES[measure].is_relative,
        several_arms=study.several_arms,
    )


def in_brackets(why: str) -> str:
    """A reason behind what it explains; a semicolon in it would cut one caution in two."""
    return f" ({why.replace('; ', ', ')})" if why else ""


def without_counts(text: str) -> str:
    """An engine's words without numbers of people or scores: cautions pass no disclosure gate."""
    text = re.sub(
        r"X has \d+ columns but only \d+ observations",
        "there are more coefficients than scores",
        text,
    )
    units = "|".join(in_both("counted.units"))
    return re.sub(rf"\b\d+ (?={units})", "", text)


def of_kind(outcome: Outcome, kind: str, what: str) -> None:
    """Refuse an outcome of another kind than `what` is made for.

    Raises
    ------
    TypeError
        When it is no outcome.
    ValueError
        When it is of another kind.
    """
    if not isinstance(outcome, Outcome):
        raise TypeError(
            f"{what} takes an outcome; found {type(outcome).__name__}. Give it "
            f"derive_{kind}(study)."
        )
    if outcome.kind != kind:
        raise ValueError(
            f"{what} takes an outcome of kind {kind}; {outcome.name} is of kind {outcome.kind}. "
            f"Give it derive_{kind}(study)."
        )


def refuse_weights(outcome: Outcome) -> None:
    """Refuse a weighted outcome in a fit that would ignore the weights.

    Raises
    ------
    ValueError
    """
    if outcome.weight is not None:
        raise ValueError(
            f"{outcome.name} carries weights, which this fit does not use. Fit the outcome "
            "without weights, or by fit_response, fit_course, fit_relapse, fit_retention, "
            "fit_time_to_response or fit_harms with the model that is theirs for weights."
        )
