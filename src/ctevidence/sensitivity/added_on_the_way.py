r"""Add a treatment within some weeks, or continue alone? Clones, censoring and weights.

At the start nobody can be told apart by what they will add: everyone who is eligible follows both
strategies. So each person has two clones, from day 0 on; a clone is censored when the person
departs from its strategy, and those who stay stand for those who were censored, by the inverse of
their chance to stay (Hernan 2018, BMJ 360:k182; Cain et al. 2010, Int J Biostat 6:18; Maringe et
al. 2020, Int J Epidemiol 49:1719). Time before the treatment was added belongs to both clones: no
time is immortal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ctevidence.contrasts.compare import joined
from ctevidence.language import say
from ctevidence.levels import Key, Levels
from ctevidence.models.fit import ComparableFit, refuse_weights
from ctevidence.outcomes.outcome import Outcome
from ctevidence.sensitivity.changing_weights import ChangingWeights, truncated
from ctevidence.sensitivity.known_over_time import KINDS, Known, known_events, known_scores
from ctevidence.sensitivity.treatment_history import TreatmentHistory, treatment_history
from ctevidence.sensitivity.weighted_regression import fit_weighted
from ctevidence.terms import COMPONENTS, Arm, Treatment, did_you_mean, resolve_arms

MEASURES = {"course": "mean", "response": "risk", "relapse": "survival"}


@dataclass(frozen=True, eq=False, repr=False)
class AddedOnTheWay(ComparableFit):
    """Two strategies for people who start alike; compares like any fit.

    Parameters
    ----------
    outcome : Outcome
    history : TreatmentHistory
        Of those who are eligible.
    component : str
        What is added.
    to : str
        The arm of those who are eligible.
    within : float
        Week by which it is added.
    truncate : float
    arms : tuple of Arm
        The two strategies: continue alone, and add.
    """

    outcome: Outcome
    history: TreatmentHistory
    component: str
    to: str
    within: float
    truncate: float
    arms: tuple[Arm, Arm]
    _made: dict = field(default_factory=dict)

    @property
    def measures(self) -> tuple[str, ...]:
        return (MEASURES[self.outcome.kind],)

    @property
    def model(self) -> TreatmentHistory:
        return self.history

    @property
    def cautions(self) -> tuple[str, ...]:
        known = self.history.known
        why = say("sensitivity.added_on_the_way.assumes", known=known, component=self.component)
        cut = say("sensitivity.weights_cut", share=f"{100 * self.truncate:g}")
        own = (why, cut) if self.truncate else (why,)
        return (*self.outcome.cautions, *self.history.cautions, *own)

    @property
    def added(self) -> np.ndarray:
        """Number of the visit at which each person added, K for never, shape (n,)."""
        on = self.history.on[:, :, COMPONENTS.index(self.component)]
        return np.where(on.any(axis=1), on.argmax(axis=1), self.history.intervals)

    def clones(self) -> np.ndarray:
        """Whether each clone follows its strategy in each interval, shape (2, n, K).

        The first strategy is to continue alone, the second to add. Every person has both clones in
        the first interval, whatever they did later.
        """
        k, last = np.arange(self.history.intervals), self.history.visit(self.within)
        added = self.added[:, None]
        return np.stack([added > k, (k < last) | (added <= last)])

    def weights(self, week: float | None = None) -> np.ndarray:
        """Weights of the clones that are used. Exact: not for release."""
        return self._rows(self._visit(week))["weight"]

    def levels(self, measure: str | None = None, week: float | None = None) -> Levels:
        """What each strategy leads to, for everyone who is eligible.

        Parameters
        ----------
        measure : str, optional
            ``mean`` of a course, ``risk`` of a response, ``survival`` of relapse.
        week : float, optional
            A scheduled week of the outcome; the study's primary week when absent.

        Raises
        ------
        KeyError
            For another measure or week.
        ValueError
            When nobody follows one of the strategies up to the week.
        """
        measure, visit = self._measure(measure), self._visit(week)
        rows = self._rows(visit)
        for s, arm in enumerate(self.arms):
            if not (rows["strategy"] == s).any():
                raise ValueError(f"Nobody is left to follow by week {week:g}: {arm.name}.")
        if self.outcome.kind == "relapse":
            estimate, cov = self._survival(rows, visit)
        else:
            x = (rows["strategy"][:, None] == [0, 1]).astype(float)
            found = _fitted(rows, x)
            estimate, cov = found.coef, found.cov
        counted = self.outcome.kind != "course"
        people = [len(set(rows["person"][rows["strategy"] == s])) for s in (0, 1)]
        events = [int(rows["y"][rows["strategy"] == s].sum()) for s in (0, 1)]
        known = self.history.known
        varies = np.diag(cov) > 0
        separated = [say("sensitivity.changing_weights.separated")] if rows["is_separated"] else []
        silent = [a.name for a, v in zip(self.arms, varies, strict=True) if not v]
        return Levels(
            study=self.study.name,
            outcome=self.outcome.name,
            population=f"people who started {self.to}",
            arms=self.arms,
            keys=tuple(Key(arm.name, float(self.history.weeks[visit])) for arm in self.arms),
            measure=measure,
            better="higher" if measure == "survival" else self.outcome.better,
            estimate=np.where(varies, estimate, np.nan),
            cov=np.where(np.outer(varies, varies), cov, np.nan),
            n=tuple(people),
            events=tuple(events) if counted else (None, None),
            randomised=frozenset(),
            method=say("sensitivity.added_on_the_way.method", known=known),
            unit=f"{self.study.scale.label} points" if measure == "mean" else "",
            caution=joined(
                *self.cautions,
                *separated,
                *(say("sensitivity.added_on_the_way.no_variation", names=name) for name in silent),
            ),
        )

    def _visit(self, week: float | None) -> int:
        return self.history.visit(self.study.primary_week if week is None else week)

    def _rows(self, visit: int) -> dict:
        if visit not in self._made:
            self._made[visit] = self._weigh(visit)
        return self._made[visit]

    def _known(self, visit: int) -> Known:
        if self.outcome.kind != "relapse":
            return known_scores(self.outcome, self.history, visit)
        known = known_events(self.outcome, self.history)
        columns = (known.at_risk, known.followed, known.event)
        return Known(*(column[:, :visit] for column in columns), known.value)

    def _weigh(self, visit: int) -> dict:
        """Rows of clones: person, strategy, interval, outcome, weight and what it depends on."""
        known, follows = self._known(visit), self.clones()[:, :, :visit]
        parts, influences, separated = [], [], False
        for s in (0, 1):
            weights = self._staying(known, s)
            value, slope, influence = weights.through()
            if self.outcome.kind == "relapse":
                used = follows[s] & known.followed
            else:
                used = np.zeros_like(known.at_risk)
                used[:, -1] = follows[s][:, -1] & ~np.isnan(known.value)
            value, slope = truncated(value, slope, used, self.truncate)
            who, when = np.nonzero(used)
            y = known.event[who, when] if self.outcome.kind == "relapse" else known.value[who]
            strategy = np.full(len(who), s)
            parts.append((who, when, strategy, y.astype(float), value[used], slope[used]))
            influences.append(influence)
            separated |= weights.is_separated
        sizes = [i.shape[1] for i in influences]
        slopes = [np.pad(parts[s][5], ((0, 0), (s * sizes[0], (1 - s) * sizes[1]))) for s in (0, 1)]
        names = ("person", "interval", "strategy", "y", "weight")
        rows = {name: np.concatenate([p[i] for p in parts]) for i, name in enumerate(names)}
        more = {"slope": np.concatenate(slopes), "influence": np.hstack(influences)}
        return rows | more | {"is_separated": separated}

    def _staying(self, known: Known, strategy: int) -> ChangingWeights:
        """Inverse chances of following a strategy, and of being followed at all."""
        n, k = known.at_risk.shape
        weights = ChangingWeights((n, k))
        on = self.history.on[:, :k]
        c = COMPONENTS.index(self.component)
        other = on[:, :, 1 - c : 2 - c]
        period = np.broadcast_to(np.eye(k), (n, k, k))
        baseline = np.repeat(self.history.baseline[:, None], k, axis=1)
        decided = [baseline, self.history.scores[:, :k]]
        interval, last = np.arange(k), self.history.visit(self.within)
        possible = known.at_risk & (interval > 0) & (self.added[:, None] >= interval)
        counted = possible if strategy == 0 else possible & (interval == last)
        columns = np.concatenate([period, other, *decided], axis=2)
        weights.times_chance(on[:, :, c], possible, columns, -1, counted)
        columns = np.concatenate([period, on, on[:, :, :1] & on[:, :, 1:], *decided], axis=2)
        weights.times_chance(known.followed, known.at_risk, columns, -1)
        return weights

    def _survival(self, rows: dict, visit: int) -> tuple[np.ndarray, np.ndarray]:
        cell = rows["strategy"] * visit + rows["interval"]
        there = np.unique(cell)
        found = _fitted(rows, (cell[:, None] == there).astype(float))
        survival, gradient = np.ones(2), np.zeros((2, len(there)))
        for j, (which, hazard) in enumerate(zip(there, found.coef, strict=True)):
            survival[which // visit] *= 1 - hazard
            gradient[which // visit, j] = -1 / (1 - hazard) if hazard < 1 else 0.0
        gradient *= survival[:, None]
        return survival, gradient @ found.cov @ gradient.T


def _fitted(rows: dict, x: np.ndarray):
    return fit_weighted(
        rows["y"], x, rows["weight"], rows["person"], rows["slope"], rows["influence"]
    )


def fit_if_added(
    outcome: Outcome,
    component: str,
    *,
    to: str,
    within: float,
    adjust: Sequence[str] | None = None,
    varying: Sequence[str] | None = None,
    truncate: float = 0.0,
) -> AddedOnTheWay:
    """Add a component within some weeks, against continuing alone: a target trial emulated.

    Parameters
    ----------
    outcome : Outcome
        Of kind ``course``, ``response``, or ``relapse`` counted from baseline.
    component : {"medication", "therapy"}
        What is added.
    to : str
        Arm or treatment of those who are eligible: who started it, without the component.
    within : float
        A scheduled week by which it is added, and after which outcomes are still seen. Whoever is
        still without it then has to add it at that visit.
    adjust, varying
        As for `fit_if_kept`.
    truncate : float
        Share of the smallest and of the largest weights of each strategy that are cut.

    Returns
    -------
    AddedOnTheWay
        Levels of two arms, for instance ``"medication alone"`` and ``"therapy added by week 8"``;
        ``.compare("combined", against="medication")`` finds them by what they amount to.

    Raises
    ------
    ValueError
        For another outcome, weights of its own, an arm that contains the component, nobody
        eligible, or a last week with no visit after it.
    KeyError
        For a component, arm, covariate, scale or week that there is not.

    Notes
    -----
    With p_k the chance of adding at visit k given the past: a clone that continues alone
    weighs the product of 1/(1 - p_j) up to k; one that adds weighs 1 up to the last visit at which
    it may, and from there 1/p when it added then, 1 when it had before. All are multiplied by the
    inverse chance of being followed. What happens after adding is as people chose.

    Examples
    --------
    >>> from ctevidence.simulate.changing import simulate_changing_treatment
    >>> from ctevidence.outcomes import derive_course
    >>> course = derive_course(simulate_changing_treatment(n=1500, seed=1))
    >>> added = fit_if_added(course, "therapy", to="medication", within=8)
    >>> [arm.name for arm in added.arms]
    ['medication alone', 'therapy added by week 8']
    """
    if not isinstance(outcome, Outcome) or outcome.kind not in KINDS:
        raise ValueError(
            f"Treatment over time can be weighed for outcomes of kind {', '.join(KINDS)}. Give "
            "derive_course(study), derive_response(study) or derive_relapse(study)."
        )
    refuse_weights(outcome)
    if component not in COMPONENTS:
        raise KeyError(f'No component "{component}"{did_you_mean(component, COMPONENTS)}')
    if not 0 <= truncate < 0.5:
        raise ValueError(f"truncate is {truncate:g}; it is a share of weights, below a half.")
    study = outcome.study
    start = _starting(study, to, component)
    week = study.window(within).week
    if week == study.weeks[-1]:
        raise ValueError(f"Nothing is seen after week {week:g}; name an earlier week for within.")
    history = treatment_history(study, adjust, varying)
    eligible = np.isin(history.arm, [arm.name for arm in start])
    eligible &= ~history.on[:, 0, COMPONENTS.index(component)]
    if not eligible.any():
        raise ValueError(f"Nobody started {to} without {component}: there is nobody to follow.")
    kept = Treatment(start[0].treatment)
    after = next(t for t in Treatment if t.components == kept.components | {component})
    arms = (Arm(f"{to} alone", kept), Arm(f"{component} added by week {week:g}", after))
    made = AddedOnTheWay(outcome, history.of(eligible), component, to, week, truncate, arms)
    made._known(made.history.intervals)  # risk has to begin at the start
    return made


def _starting(study, to: str, component: str) -> tuple[Arm, ...]:
    start = resolve_arms(to, study.arms)
    if component in start[0].components:
        raise ValueError(f'"{to}" contains {component} from the start; there is nothing to add.')
    return start
