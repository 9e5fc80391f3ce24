r"""Treatment that was added or stopped on the way: what if everyone had kept one throughout?

Whoever fares badly is given more. Comparing people by what they ended up with mistakes that for an
effect, and adjusting for scores on the way takes part of the effect away. A marginal structural
model does neither: people are weighted so that at each visit treatment no longer depends on how
they fared (Robins, Hernan and Brumback 2000, Epidemiology 11:550; Hernan, Brumback and Robins 2000,
Epidemiology 11:561).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ctevidence.language import pick, say
from ctevidence.levels import Levels
from ctevidence.models.fit import ComparableFit, build_levels, refuse_weights
from ctevidence.outcomes.outcome import Outcome
from ctevidence.sensitivity.changing_weights import ChangingWeights, truncated
from ctevidence.sensitivity.known_over_time import KINDS, Known, known_events, known_scores
from ctevidence.sensitivity.treatment_history import TreatmentHistory, treatment_history
from ctevidence.sensitivity.weighted_regression import WeightedRegression, fit_weighted
from ctevidence.terms import COMPONENTS

MEASURES = {"course": ("mean",), "response": ("risk",), "relapse": ("log_hazard", "survival")}


@dataclass(frozen=True, eq=False, repr=False)
class KeptThroughout(ComparableFit):
    """What is expected had everyone had one treatment from the start on; compares like any fit.

    Parameters
    ----------
    outcome : Outcome
    history : TreatmentHistory
    truncate : float
        Share of the smallest and of the largest weights that are cut.
    """

    outcome: Outcome
    history: TreatmentHistory
    truncate: float
    _made: dict = field(default_factory=dict)

    @property
    def measures(self) -> tuple[str, ...]:
        return MEASURES[self.outcome.kind]

    @property
    def model(self) -> WeightedRegression:
        """The weighted regression at the study's last week."""
        return self._regression(self.history.intervals)[0]

    @cached_property
    def cautions(self) -> tuple[str, ...]:
        known = self.history.known
        why = say("sensitivity.kept_throughout.assumes", known=known)
        cut = say("sensitivity.weights_cut", share=f"{100 * self.truncate:g}")
        return (*self.outcome.cautions, *self.history.cautions, why, *([cut] * bool(self.truncate)))

    def weights(self, week: float | None = None) -> np.ndarray:
        """Stabilised weights of the rows that are used, up to a week. Exact: not for release.

        Their mean is near one where the regressions fit.
        """
        return self._regression(self._visit(week))[1]

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """What each treatment, kept throughout, would lead to.

        Parameters
        ----------
        measure : str, optional
            ``mean`` of a course, ``risk`` of a response, ``log_hazard`` or ``survival`` of relapse.
        week : float, optional
            A scheduled week of the outcome; the study's primary week when absent. A hazard ratio
            has none.

        Raises
        ------
        KeyError
            For another measure or week.
        ValueError
            Where too few people had some treatments for the model.
        """
        measure = self._measure(measure)
        relative = measure == "log_hazard"
        visit = self.history.intervals if relative else self._visit(week)
        regression, _, columns = self._regression(visit)
        arms = [arm for arm in self.study.arms if arm.treatment]
        rows = np.array([_treatment([c in a.components for c in COMPONENTS]) for a in arms], float)
        if self.outcome.kind == "relapse":
            estimate, gradient = self._of_hazards(regression, rows, measure, visit, columns)
        else:
            x = np.column_stack([np.ones(len(rows)), rows])
            estimate, gradient = regression.mean(x), regression.gradient(x)
        n, events = self._behind(arms, visit)
        at = None if relative else float(self.history.weeks[visit])
        known = self.history.known
        form = pick("sensitivity.kept_throughout.forms", self.outcome.kind)
        more = {"unit": f"{self.study.scale.label} points"} if measure == "mean" else {}
        return build_levels(
            self.outcome,
            measure,
            [(arm.name, at) for arm in arms],
            estimate,
            gradient @ regression.cov @ gradient.T,
            n=n,
            events=events,
            method=say("sensitivity.kept_throughout.method", form=form, known=known),
            cautions=(*self.cautions, *self._separated),
            population="everyone who started, had they kept one treatment throughout",
            randomised=frozenset(),
            better="higher" if measure == "survival" else self.outcome.better,
            anchored=not relative,
            **more,
        )

    @property
    def _separated(self) -> tuple[str, ...]:
        return (
            (say("sensitivity.changing_weights.separated"),)
            if any(made[3] for made in self._made.values())
            else ()
        )

    def _visit(self, week: float | None) -> int:
        return self.history.visit(self.study.primary_week if week is None else week)

    def _regression(self, visit: int):
        if visit not in self._made:
            self._made[visit] = self._fit(visit)
        return self._made[visit][:3]

    def _fit(self, visit: int):
        history = self.history
        scored = self.outcome.kind != "relapse"
        known = known_scores(self.outcome, history, visit) if scored else None
        known = known or known_events(self.outcome, history)
        weights = stabilised_weights(history, known)
        value, slope, influence = weights.through()
        if scored:
            used = ~np.isnan(known.value)
            value, slope = truncated(value[:, -1:], slope[:, -1:], used[:, None], self.truncate)
            x = np.column_stack([np.ones(len(used)), _cumulated(history, visit)])[used]
            link = "identity" if self.outcome.kind == "course" else "logit"
            y, who = known.value[used], np.flatnonzero(used)
            w, s, columns = value[used, 0], slope[used, 0], None
        else:
            used = known.followed & known.event.any(axis=0)  # no hazard where nobody has the event
            value, slope = truncated(value, slope, used, self.truncate)
            who, when = np.nonzero(used)
            columns = np.flatnonzero(known.event.any(axis=0))
            period = (when[:, None] == columns).astype(float)
            x = np.column_stack([period, _treatment(history.on[who, when].T).T])
            y, w, s, link = known.event[used].astype(float), value[used], slope[used], "cloglog"
        regression = fit_weighted(y, x, w, who, s, influence, link)
        return regression, w, columns, weights.is_separated

    def _of_hazards(self, regression, rows, measure: str, visit: int, columns):
        periods = len(columns)
        if measure == "log_hazard":
            gradient = np.column_stack([np.zeros((len(rows), periods)), rows])
            return gradient @ regression.coef, gradient
        log_survival, gradient = np.zeros(len(rows)), np.zeros((len(rows), len(regression.coef)))
        for j, k in enumerate(columns):
            if k >= visit:
                break
            period = np.tile(np.arange(periods) == j, (len(rows), 1)).astype(float)
            x = np.column_stack([period, rows])
            hazard = regression.mean(x)
            log_survival += np.log1p(-hazard)
            gradient -= regression.gradient(x) / (1 - hazard)[:, None]
        survival = np.exp(log_survival)
        return survival, survival[:, None] * gradient

    def _behind(self, arms, visit: int):
        """People who did keep each treatment up to the visit, and their events."""
        on = self.history.on[:, :visit]
        if self.outcome.kind == "relapse":
            known = known_events(self.outcome, self.history)
            happened = known.event[:, :visit].any(axis=1)
        else:
            known = known_scores(self.outcome, self.history, visit)
            happened = known.value == 1
        kept = [(on == [c in arm.components for c in COMPONENTS]).all(axis=(1, 2)) for arm in arms]
        seen = np.ones(len(on), bool) if self.outcome.kind == "relapse" else ~np.isnan(known.value)
        n = [int((k & seen).sum()) for k in kept]
        counted = self.outcome.kind != "course"
        return n, [int((k & seen & happened).sum()) for k in kept] if counted else None


def _treatment(on) -> np.ndarray:
    """Medication, therapy and both, from medication and therapy."""
    medication, therapy = np.asarray(on[0], float), np.asarray(on[1], float)
    return np.array([medication, therapy, medication * therapy])


def _cumulated(history: TreatmentHistory, visit: int) -> np.ndarray:
    """Share of the weeks up to a visit on medication, on therapy, and on both, shape (n, 3)."""
    length = np.diff(history.weeks[: visit + 1])
    on = history.on[:, :visit].astype(float)
    each = np.stack([on[:, :, 0], on[:, :, 1], on[:, :, 0] * on[:, :, 1]], axis=2)
    return np.einsum("nkc,k->nc", each, length / length.sum())


def stabilised_weights(history: TreatmentHistory, known: Known) -> ChangingWeights:
    """Weights under which treatment does not depend on scores and baseline at any visit.

    Parameters
    ----------
    history : TreatmentHistory
    known : Known
        Of K' intervals, the first ones of the history.

    Notes
    -----
    The weight in interval k is the product up to k of f(A_j | past treatment) over f(A_j | past
    treatment, L_j, V), times the same ratio for being followed. Starting and stopping each
    component, and being on it at the start, have regressions of their own; therapy is given
    medication at the same visit.
    """
    n, k = known.at_risk.shape
    weights = ChangingWeights((n, k))
    on = history.on[:, :k]
    before = np.concatenate([np.zeros((n, 1, 2), bool), on[:, :-1]], axis=1)
    period = np.broadcast_to(np.eye(k), (n, k, k))
    first = np.zeros((n, k), bool)
    first[:, 0] = True
    for c in range(len(COMPONENTS)):
        other = on[:, :, :1] if c else before[:, :, 1:]
        given = np.concatenate([period, other], axis=2)
        for possible in (first, ~first & ~before[:, :, c], ~first & before[:, :, c]):
            _ratio(weights, on[:, :, c], possible & known.at_risk, given, history)
    given = np.concatenate([period, on, on[:, :, :1] & on[:, :, 1:]], axis=2)
    _ratio(weights, known.followed, known.at_risk, given, history)
    return weights


def _ratio(weights, happened, possible, given, history: TreatmentHistory) -> None:
    k = happened.shape[1]
    baseline = np.repeat(history.baseline[:, None], k, axis=1)
    decided = np.concatenate([given, baseline, history.scores[:, :k]], axis=2)
    weights.times_chance(happened, possible, given, 1)
    weights.times_chance(happened, possible, decided, -1)


def fit_if_kept(
    outcome: Outcome,
    adjust: Sequence[str] | None = None,
    *,
    varying: Sequence[str] | None = None,
    truncate: float = 0.0,
) -> KeptThroughout:
    """What if everyone had kept one treatment throughout? Marginal structural models.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course``, ``response``, or ``relapse`` counted from baseline.
    adjust : sequence of str, optional
        Baseline covariates on which treatment and being followed may depend; those declared by
        the study when absent.
    varying : sequence of str, optional
        Scales whose scores on the way may decide treatment; the primary one when absent.
    truncate : float
        Share of the smallest and of the largest weights that are set to the next one; 0 for none.

    Returns
    -------
    KeptThroughout
        Levels of each arm's treatment; ``.compare(...)``, ``synergy(...)`` as of any fit.

    Raises
    ------
    ValueError
        For another outcome, weights of its own, no treatments, or risk that begins later.
    KeyError
        For a covariate or scale that there is not.

    Notes
    -----
    Scores and response at a week depend on the shares of the time before it spent on medication, on
    therapy and on both; the hazard of relapse on the treatment of the interval. Nobody needs to
    have kept a treatment throughout for that, but the fewer did the more the model says.

    Examples
    --------
    >>> from ctevidence.simulate.changing import simulate_changing_treatment
    >>> from ctevidence.outcomes import derive_course
    >>> study = simulate_changing_treatment(n=800, seed=1)
    >>> kept = fit_if_kept(derive_course(study))
    >>> row = kept.compare("combined", against="medication", week=24).one()
    >>> row.randomised
    False
    """
    if not isinstance(outcome, Outcome) or outcome.kind not in KINDS:
        raise ValueError(
            f"Treatment over time can be weighed for outcomes of kind {', '.join(KINDS)}. Give "
            "derive_course(study), derive_response(study) or derive_relapse(study)."
        )
    refuse_weights(outcome)
    if not 0 <= truncate < 0.5:
        raise ValueError(f"truncate is {truncate:g}; it is a share of weights, below a half.")
    history = treatment_history(outcome.study, adjust, varying)
    if outcome.kind == "relapse":
        known_events(outcome, history)  # risk has to begin at the start
    return KeptThroughout(outcome, history, truncate)
