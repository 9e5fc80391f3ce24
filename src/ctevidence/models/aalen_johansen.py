"""Aalen-Johansen: the probability of each state over time, and the weeks spent in it.

Competing events, and the whole way from illness through response and remission to relapse, are
one estimator: a product of transition matrices over the times at which somebody changes state.
Curve and area under it follow one linear recursion, and so does their covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.language import pick, say

Array = np.ndarray

#: what a row ends with when it ends without a change of state
STAYED = -1


@dataclass(frozen=True, eq=False)
class Histories:
    """Times in states: a row is a time ``(start, stop]`` of somebody in one state.

    Parameters
    ----------
    person : array (r,)
        Who; any labels.
    start, stop : array of float, shape (r,)
        Weeks. Rows of one person follow each other from week 0 on.
    state, then : array of int, shape (r,)
        The state, and the one that follows it at `stop`: `STAYED` where the time ends without a
        change, by the end of follow-up or because a covariate changes.
    n_states : int

    Raises
    ------
    ValueError
        When rows of a person leave a gap, overlap or contradict each other, or a state is unknown.

    Examples
    --------
    >>> Histories(np.array(["a", "a"]), np.array([0.0, 3]), np.array([3.0, 9]),
    ...     np.array([0, 1]), np.array([1, STAYED]), n_states=2).n
    2
    """

    person: Array
    start: Array
    stop: Array
    state: Array
    then: Array
    n_states: int

    def __post_init__(self) -> None:
        codes, _ = pd.factorize(self.person)
        order = np.lexsort((self.start, codes))
        for name in ("start", "stop", "state", "then"):
            object.__setattr__(self, name, np.asarray(getattr(self, name))[order])
        object.__setattr__(self, "person", codes[order])
        for problem in self._problems():
            raise ValueError(problem)

    def _problems(self):
        if not (self.start < self.stop).all():
            row = int(np.argmin(self.start < self.stop))
            yield f"A time in a state begins at {self.start[row]:g} and ends at {self.stop[row]:g}."
        if not (
            (self.state >= 0) & (self.state < self.n_states) & (self.then < self.n_states)
        ).all():
            yield f"A state is not one of the {self.n_states}."
        same = np.flatnonzero(np.diff(self.person) == 0)
        follows = self.start[same + 1] == self.stop[same]
        if not follows.all():
            at = same[np.argmin(follows)]
            yield (
                f"Times of one person do not follow each other: one ends at {self.stop[at]:g}, the "
                f"next begins at {self.start[at + 1]:g}."
            )
        expected = np.where(self.then == STAYED, self.state, self.then)[same]
        if (self.state[same + 1] != expected).any():
            yield "Somebody's time in a state does not begin in the state the last one ended with."
        first = np.flatnonzero(np.diff(self.person, prepend=-1))
        if (self.start[first] != 0).any():
            yield "Somebody's first time in a state does not begin at week 0."

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.person)

    @property
    def last_time(self) -> float:
        """The longest follow-up, in weeks."""
        return float(self.stop.max())


@dataclass(frozen=True, eq=False)
class Occupancy:
    """Probabilities of states at some weeks, and mean weeks in states up to some horizons.

    Attributes
    ----------
    weeks, horizons : array (m,), (h,)
    probability : array (m, S)
    weeks_in_state : array (h, S)
    cov : array ((m + h) S, (m + h) S)
        Of ``probability`` row by row, then ``weeks_in_state`` row by row.
    method : str
    """

    weeks: Array
    horizons: Array
    probability: Array
    weeks_in_state: Array
    cov: Array
    method: str

    def std_error(self) -> tuple[Array, Array]:
        """Standard errors of ``probability`` and ``weeks_in_state``, in their shapes."""
        error = np.sqrt(np.maximum(self.cov.diagonal(), 0))
        size = self.probability.size
        return (
            error[:size].reshape(self.probability.shape),
            error[size:].reshape(self.weeks_in_state.shape),
        )


def aalen_johansen(
    histories: Histories, weeks=(), horizons=(), variance: str = "greenwood"
) -> Occupancy:
    r"""Estimate state probabilities and mean weeks in states.

    Parameters
    ----------
    histories : Histories
    weeks : sequence of float, length m
        Weeks at which probabilities are wanted.
    horizons : sequence of float, length h
        Weeks up to which time in states is counted.
    variance : {"greenwood", "robust", "none"}
        ``greenwood`` treats a change of state as independent of how the state was reached: right
        for competing events, where all begin in one state. ``robust`` sums the squared influence
        of each person and needs no such assumption: for illness that comes and goes. ``none``
        leaves the covariance nan: for curves of many weeks that are drawn without a band.

    Returns
    -------
    Occupancy

    Raises
    ------
    ValueError
        For a week or horizon beyond the follow-up, or an unknown variance.

    Notes
    -----
    :math:`p(t) = p(0)\prod_{t_i \le t} (I + dA(t_i))`, :math:`dA_{jk} = d_{jk} / n_j` (Aalen and
    Johansen 1978, Scand J Stat 5:141); events at one time are taken together, so that ties have no
    order. With one kind of event ``greenwood`` is Greenwood's formula. The robust variance is the
    infinitesimal jackknife; state probabilities are estimated rightly also where changes depend on
    the past (Datta and Satten 2001, Stat Probab Lett 55:403).

    Examples
    --------
    Of four people one has the event of interest (1) at week 2, another one (2) at week 3.

    >>> four = competing(np.array([2.0, 3, 5, 5]), np.array([1, 2, 0, 0]), n_causes=2)
    >>> aalen_johansen(four, weeks=[5]).probability.round(4).tolist()
    [[0.5, 0.25, 0.25]]
    """
    weeks, horizons = np.asarray(weeks, float), np.asarray(horizons, float)
    latest = max([*weeks, *horizons], default=0.0)
    if latest > histories.last_time:
        raise ValueError(
            f"Week {latest:g} is beyond the follow-up: the largest possible week is "
            f"{histories.last_time:g}."
        )
    kinds = {"greenwood": _Greenwood, "robust": _Influence, "none": _NoVariance}
    if variance not in kinds:
        raise ValueError(f'variance is "{variance}"; use {", ".join(kinds)}.')
    return _walk(histories, weeks, horizons, kinds[variance])


def competing(time: Array, cause: Array, n_causes: int) -> Histories:
    """Histories of people who are in state 0 until one of several events, or until they are lost.

    Parameters
    ----------
    time : array (n,)
        Weeks until the event or the end of follow-up, above 0.
    cause : array of int, shape (n,)
        1 to `n_causes`; 0 for those who had none.
    n_causes : int
    """
    n = len(time)
    then = np.where(cause == 0, STAYED, cause)
    return Histories(
        np.arange(n), np.zeros(n), np.asarray(time, float), np.zeros(n, int), then, n_causes + 1
    )


def _walk(histories: Histories, weeks: Array, horizons: Array, kind) -> Occupancy:
    """Go through the times of change once, and note what is asked for on the way."""
    S = histories.n_states
    changed = histories.then != STAYED
    moments = np.unique(histories.stop[changed])
    first = np.flatnonzero(np.diff(histories.person, prepend=-1))
    p = np.bincount(histories.state[first], minlength=S) / len(first)
    area = np.zeros(S)
    spread = kind(histories, first, p)
    at_risk, moved = _counts(histories, moments)
    asked = np.unique(np.concatenate([weeks, horizons]))
    noted: dict[float, tuple[Array, Array]] = {}
    now = 0.0

    def go_on(until: float) -> None:
        nonlocal now, area
        area = area + p * (until - now)
        spread.time_passes(until - now)
        now = until

    def note_until(moment: float) -> None:
        for week in asked[(asked >= now) & (asked < moment)]:
            if week not in noted:
                go_on(week)
                noted[week] = (p, area)
                spread.note()

    for i, moment in enumerate(moments):
        note_until(moment)
        if len(noted) == len(asked):
            break
        go_on(moment)
        step = _step(at_risk[i], moved[i])
        spread.people_change(p, step, at_risk[i], moment)
        p = p + p @ step
    note_until(np.inf)
    places = [*np.searchsorted(asked, weeks), *np.searchsorted(asked, horizons)]
    is_area = np.repeat([False, True], [len(weeks), len(horizons)])
    rows = [(2 * at + up) * S + np.arange(S) for at, up in zip(places, is_area, strict=True)]
    rows = np.concatenate(rows) if rows else np.zeros(0, int)
    at = [noted[asked[k]] for k in places]
    return Occupancy(
        weeks,
        horizons,
        np.array([a[0] for a in at[: len(weeks)]]).reshape(-1, S),
        np.array([a[1] for a in at[len(weeks) :]]).reshape(-1, S),
        spread.covariance()[np.ix_(rows, rows)],
        say(
            "models.aalen_johansen.method",
            spread=pick("models.aalen_johansen.spreads", spread.kind),
        ),
    )


def _counts(histories: Histories, moments: Array) -> tuple[Array, Array]:
    """People at risk in each state (K, S) just before, and changes (K, S, S) at, each moment."""
    S, K = histories.n_states, len(moments)
    at_risk = np.empty((K, S))
    for state in range(S):
        rows = histories.state == state
        begun = np.searchsorted(np.sort(histories.start[rows]), moments, side="left")
        ended = np.searchsorted(np.sort(histories.stop[rows]), moments, side="left")
        at_risk[:, state] = begun - ended
    moved = np.zeros((K, S, S))
    changed = histories.then != STAYED
    when = np.searchsorted(moments, histories.stop[changed])
    np.add.at(moved, (when, histories.state[changed], histories.then[changed]), 1)
    return at_risk, moved


def _step(at_risk: Array, moved: Array) -> Array:
    """``dA``: shares of those at risk in each state who change, (S, S); rows add up to zero."""
    share = moved / np.where(at_risk > 0, at_risk, 1.0)[:, None]
    return share - np.diag(share.sum(axis=1))


class _Greenwood:
    """Covariance of (p, area) from that of the shares who change, by propagation."""

    kind = "greenwood"

    def __init__(self, histories: Histories, first: Array, p: Array) -> None:
        self.S = len(p)
        start = (np.diag(p) - np.outer(p, p)) / len(first)
        self.now = np.zeros((2 * self.S, 2 * self.S))
        self.now[: self.S, : self.S] = start
        self.with_noted = np.zeros((0, 2 * self.S))
        self.noted = np.zeros((0, 0))

    def time_passes(self, length: float) -> None:
        by = np.eye(2 * self.S)
        by[: self.S, self.S :] = length * np.eye(self.S)
        self._map(by)

    def people_change(self, p: Array, step: Array, at_risk: Array, moment: float) -> None:
        by = np.eye(2 * self.S)
        by[: self.S, : self.S] += step
        self._map(by)
        for state in np.flatnonzero((at_risk > 0) & (step.diagonal() < 0)):
            to = step[state].copy()
            to[state] = 0.0
            stay = np.eye(self.S)[state]
            # shares of a multinomial; whoever leaves is missing from the state left
            moves = np.eye(self.S) - stay
            cov = moves.T @ (np.diag(to) - np.outer(to, to)) @ moves / at_risk[state]
            self.now[: self.S, : self.S] += p[state] ** 2 * cov

    def _map(self, by: Array) -> None:
        self.now = by.T @ self.now @ by
        self.with_noted = self.with_noted @ by

    def note(self) -> None:
        above = np.column_stack([self.noted, self.with_noted])
        self.noted = np.vstack([above, np.column_stack([self.with_noted.T, self.now])])
        self.with_noted = np.vstack([self.with_noted, self.now])

    def covariance(self) -> Array:
        return self.noted


class _NoVariance:
    """Nothing of errors: the curves alone."""

    kind = "none"

    def __init__(self, histories: Histories, first: Array, p: Array) -> None:
        self.size = 2 * len(p)
        self.noted = 0

    def time_passes(self, length: float) -> None:
        pass

    def people_change(self, p: Array, step: Array, at_risk: Array, moment: float) -> None:
        pass

    def note(self) -> None:
        self.noted += 1

    def covariance(self) -> Array:
        return np.full((self.noted * self.size,) * 2, np.nan)


class _Influence:
    """Influence of each person on (p, area): the infinitesimal jackknife.

    Going through the times only notes the small matrices that all people share. What one of them
    adds at a moment depends on the state and on whether it changes, and is carried to the week
    that is asked for by the product of all later matrices: sums over the moments, one for each
    state, then give the influence of a time in a state as a difference of two of them.
    """

    kind = "jackknife"

    def __init__(self, histories: Histories, first: Array, p: Array) -> None:
        self.histories = histories
        self.start = p
        self.first = first
        self.moments: list[float] = []
        self.steps: list[Array] = []
        self.weights: list[Array] = []
        self.lengths = [0.0]  # time that passes after each change, the last one up to now
        self.noted: list[Array] = []

    def time_passes(self, length: float) -> None:
        self.lengths[-1] += length

    def people_change(self, p: Array, step: Array, at_risk: Array, moment: float) -> None:
        self.moments.append(moment)
        self.steps.append(step)
        self.weights.append(p / np.where(at_risk > 0, at_risk, 1.0))
        self.lengths.append(0.0)

    def note(self) -> None:
        self.noted.append(self._influence(*self._sums()))

    def covariance(self) -> Array:
        influence = np.column_stack(self.noted) if self.noted else np.zeros((0, 0))
        return influence.T @ influence

    def _sums(self) -> tuple[Array, Array]:
        """What a share at the start, or after a change, becomes by now; and the sums over moments.

        Returns
        -------
        carried : ndarray, shape (K + 1, S, 2 S)
            From the start, then from just after each change.
        summed : ndarray, shape (K + 1, S, 2 S)
            Of being in a state at the first k moments without changing, weighted.
        """
        S, K = len(self.start), len(self.moments)
        carried = np.zeros((K + 1, S, 2 * S))
        now = np.hstack([np.eye(S), np.zeros((S, S))])
        for k in range(K, -1, -1):
            now[:, S:] += self.lengths[k] * np.eye(S)
            carried[k] = now
            if k:
                now = now + self.steps[k - 1] @ now
        summed = np.zeros((K + 1, S, 2 * S))
        for k in range(K):
            stays = -self.weights[k][:, None] * self.steps[k]
            summed[k + 1] = summed[k] + stays @ carried[k + 1]
        return carried, summed

    def _influence(self, carried: Array, summed: Array) -> Array:
        """Of each person, shape (n, 2 S)."""
        h, moments = self.histories, np.array(self.moments)
        S, n = len(self.start), len(self.first)
        begun = np.searchsorted(moments, h.start, side="right")
        ended = np.searchsorted(moments, h.stop, side="right")
        of_rows = summed[ended, h.state] - summed[begun, h.state]
        moved = np.flatnonzero((h.then != STAYED) & (h.stop <= (self.moments or [-1.0])[-1]))
        at, left = ended[moved], h.state[moved]
        jump = carried[at, h.then[moved]] - carried[at, left]
        of_rows[moved] += np.array(self.weights).reshape(-1, S)[at - 1, left][:, None] * jump
        of_people = np.add.reduceat(of_rows, self.first, axis=0)
        return of_people + (carried[0][h.state[self.first]] - self.start @ carried[0]) / n
