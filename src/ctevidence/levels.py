"""Levels: what a fit expects under each arm, jointly.

Every fit, whatever its kind, ends in `Levels`; every contrast starts from them. The object checks
itself at birth, so that a contrast never has to ask whether it makes sense to compute.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ctevidence.terms import (
    COMPONENTS,
    CONTRAST_MEASURES,
    LEVEL_MEASURES,
    SEVERAL_ARMS,
    Arm,
    did_you_mean,
    resolve_arms,
)

BETTER = ("higher", "lower")


class Key(NamedTuple):
    """Which arm, and at which week (None for a quantity without a time)."""

    arm: str
    week: float | None


class Scale(NamedTuple):
    """A monotone function, its inverse and its derivative, on arrays."""

    forward: Callable
    inverse: Callable
    derivative: Callable


SCALES = {
    "identity": Scale(lambda x: x, lambda x: x, np.ones_like),
    "log": Scale(np.log, np.exp, lambda x: 1 / x),
    "logit": Scale(
        lambda p: np.log(p) - np.log1p(-p),
        lambda x: 1 / (1 + np.exp(-x)),
        lambda p: 1 / (p * (1 - p)),
    ),
    "log1m": Scale(lambda p: np.log1p(-p), lambda x: -np.expm1(x), lambda p: -1 / (1 - p)),
}


class Evidence(NamedTuple):
    """What stands behind a contrast: trials, people on either side, and a caution in words."""

    studies: int | None
    n: int | None
    n_reference: int | None
    caution: str = ""


@dataclass(frozen=True, eq=False)
class Levels:
    """What a fit expects under each arm, on one measure, at one or several weeks, jointly.

    Parameters
    ----------
    study, outcome, population : str
        What was estimated, and in whom.
    arms : tuple of Arm
        All arms of the study; names in calls are resolved among them.
    keys : tuple of Key, length m
        The arm and week of each entry.
    measure : str
        One of `terms.LEVEL_MEASURES`.
    better : {"higher", "lower"}
        Which direction is good for the person. There is no default.
    estimate : ndarray, shape (m,)
        Expected values on the scale `link`; nan where nothing can be said.
    cov : ndarray, shape (m, m)
        Their joint covariance on the same scale, also across weeks.
    n, events : tuple of int or None, length m
        People and events behind each entry; None where they are not known.
    randomised : frozenset of str
        Which of the components ``medication`` and ``therapy`` were randomised among these people.
    method : str
        The estimation method with its options, in words.
    link : {"identity", "log", "logit"}
        Scale of `estimate`.
    unit : str
        Unit of the value; the measure's own when empty.
    caution : str
        Caveat that travels with every row made from these levels.
    anchored : bool
        False where only differences are identified (log hazards): then single-arm rows and
        additive synergy are refused.
    df_for : callable, optional
        Degrees of freedom of the contrast ``c`` (shape (m,)) of `estimate`; infinite when absent.
    interval_for : callable, optional
        ``interval_for(conf_level)`` gives level intervals, shape (m, 2), on the value scale, of
        independent entries (Wilson for counts): contrasts then use the MOVER method.
    several_arms : {"error", "combine", "first"}
        What a treatment with several arms stands for.
    read_as : str
        For ``network_effect`` only: the contrast measure that a difference of two levels is
        (``odds_ratio``: levels are on the log scale).
    evidence_for : callable, optional
        ``evidence_for(cells)`` says which trials and people stand behind a contrast of cells, the
        first against the rest; when absent, it is the people of the cells, in one study.
    draws : ndarray, shape (replicates, m), optional
        Replicates of `estimate` (bootstrap, imputation), on the same scale.
    years : tuple of float, length m, optional
        Of ``event_rate`` only: person-years in which the events happened. Ratios are then exact
        functions of events and years; without them they are Wald on the log scale.

    Raises
    ------
    ValueError
        When the parts do not fit together; the message names the part.
    """

    study: str
    outcome: str
    population: str
    arms: tuple[Arm, ...]
    keys: tuple[Key, ...]
    measure: str
    better: str
    estimate: np.ndarray
    cov: np.ndarray
    n: tuple[int, ...]
    events: tuple[int | None, ...]
    randomised: frozenset[str]
    method: str
    link: str = "identity"
    unit: str = ""
    caution: str = ""
    anchored: bool = True
    df_for: Callable[[np.ndarray], float] | None = None
    interval_for: Callable[[float], np.ndarray] | None = None
    several_arms: str = "error"
    read_as: str = ""
    evidence_for: Callable[[list[Cell]], Evidence] | None = None
    draws: np.ndarray | None = None
    years: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        store = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731
        estimate, cov = np.array(self.estimate, float), np.array(self.cov, float)
        estimate.flags.writeable = cov.flags.writeable = False
        store("estimate", estimate)
        store("cov", cov)
        if self.draws is not None:
            draws = np.array(self.draws, float)
            draws.flags.writeable = False
            store("draws", draws)
        store("keys", tuple(Key(*key) for key in self.keys))
        store("randomised", frozenset(self.randomised))
        if self.measure not in LEVEL_MEASURES:
            hint = did_you_mean(self.measure, LEVEL_MEASURES)
            raise ValueError(f'"{self.measure}" is not a level measure{hint}')
        store("unit", self.unit or LEVEL_MEASURES[self.measure].unit)
        # numbers can be looked at only when their shapes fit
        for problems in (
            self._problems_of_form,
            self._problems_of_words,
            self._problems_of_numbers,
        ):
            for problem in problems():
                raise ValueError(f"Levels of {self.outcome} ({self.measure}): {problem}")

    def _problems_of_form(self):
        m = len(self.keys)
        if m == 0:
            yield "there is no entry; a fit must expect something under at least one arm"
        if self.estimate.shape != (m,) or self.cov.shape != (m, m):
            yield f"{m} keys, but estimate {self.estimate.shape} and cov {self.cov.shape}"
        if len(self.n) != m or len(self.events) != m:
            yield f"{m} keys, but n has {len(self.n)} and events {len(self.events)} entries"
        if self.years is not None and self.measure != "event_rate":
            yield "years are of event rates, and of nothing else"
        if self.years is not None and len(self.years) != m:
            yield f"{m} keys, but years of {len(self.years)}"
        if self.draws is not None and (self.draws.ndim != 2 or self.draws.shape[1] != m):
            yield f"{m} keys, but draws {self.draws.shape}; they are replicates by keys"

    def _problems_of_words(self):
        if len(set(self.keys)) != len(self.keys):
            yield "the same arm and week stands twice"
        unknown = {key.arm for key in self.keys} - {arm.name for arm in self.arms}
        if unknown:
            yield f"keys name arms that are not declared: {sorted(unknown)}"
        if self.better not in BETTER:
            yield f'better is "{self.better}"; say "higher" or "lower"'
        if self.link not in ("identity", "log", "logit"):
            yield f'link "{self.link}" is none of identity, log, logit'
        if self.anchored and LEVEL_MEASURES[self.measure].is_relative:
            yield "only differences of these are identified; say anchored=False"
        if (self.measure == "network_effect") != bool(self.read_as):
            yield "read_as names the contrast measure of network effects, and of nothing else"
        if self.read_as and self.read_as not in CONTRAST_MEASURES:
            hint = did_you_mean(self.read_as, CONTRAST_MEASURES)
            yield f'read_as "{self.read_as}" is no contrast measure{hint}'
        if self.several_arms not in SEVERAL_ARMS:
            yield f'several_arms is "{self.several_arms}"; say one of {SEVERAL_ARMS}'
        if self.randomised - set(COMPONENTS):
            yield f"randomised names {sorted(self.randomised)}; components are {COMPONENTS}"

    def _problems_of_numbers(self):
        for key, people, happened in zip(self.keys, self.n, self.events, strict=True):
            if people is not None and not 0 <= (happened or 0) <= people:
                yield f"{happened} events among {people} people of {key.arm}"
        if np.any(np.isinf(self.estimate)):
            yield "estimate is infinite; where nothing can be said it is nan"
        finite = np.isfinite(self.estimate)
        covered = self.cov[np.ix_(finite, finite)]
        if not np.all(np.isfinite(covered)) or not np.allclose(covered, covered.T, rtol=1e-8):
            yield "cov is not a symmetric matrix of numbers"
        if np.any(np.linalg.eigvalsh(covered) < -1e-8 * np.trace(covered)):
            yield "cov gives some contrast a negative variance"
        low, high = LEVEL_MEASURES[self.measure].bounds
        values = self.values[finite]
        if np.any((values < low - 1e-9) | (values > high + 1e-9)):
            yield f"values {values} leave the range {low} to {high} of {self.measure}"

    @cached_property
    def values(self) -> np.ndarray:
        """Expected values on the scale that a reader reads, shape (m,)."""
        values = SCALES[self.link].inverse(self.estimate)
        values.flags.writeable = False
        return values

    @property
    def contrasts(self) -> tuple[str, ...]:
        """Contrast measures in which these levels can be compared, the usual one first."""
        return (self.read_as,) if self.read_as else LEVEL_MEASURES[self.measure].contrasts

    @property
    def synergy(self) -> tuple[str, ...]:
        """Interactions that these levels have; network effects that of their one scale."""
        if not self.read_as:
            return LEVEL_MEASURES[self.measure].synergy
        is_ratio = CONTRAST_MEASURES[self.read_as].is_ratio
        return ("interaction_ratio",) if is_ratio else ("interaction_difference",)

    @property
    def models(self) -> tuple[str, ...]:
        """Reference models of these levels (`terms.REFERENCE_MODELS`), the usual one first."""
        if not self.read_as:
            return LEVEL_MEASURES[self.measure].models
        is_ratio = CONTRAST_MEASURES[self.read_as].is_ratio
        return ("multiplicativity",) if is_ratio else ("additivity",)

    @cached_property
    def value_slopes(self) -> np.ndarray:
        """Derivative of each value by its own `estimate`, shape (m,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes = 1 / SCALES[self.link].derivative(self.values)
        slopes.flags.writeable = False
        return slopes

    @property
    def weeks(self) -> tuple[float | None, ...]:
        return tuple(dict.fromkeys(key.week for key in self.keys))

    def at(self, week: float | None) -> Levels:
        """The levels at one week; with a single week, None means that one.

        Raises
        ------
        KeyError
            When there is no such week; the message lists the weeks.
        """
        weeks = self.weeks
        if week is None:
            if len(weeks) > 1:
                raise KeyError(f"Say which week: these levels are of weeks {_listed(weeks)}.")
            return self
        if weeks == (None,):
            raise KeyError(f"This {self.measure} has no week; leave week={week:g} out.")
        keep = [i for i, key in enumerate(self.keys) if key.week == week]
        if not keep:
            raise KeyError(f"No level at week {week:g}; there are weeks {_listed(weeks)}.")
        return self if len(keep) == len(self.keys) else self._subset(keep)

    def _subset(self, keep: list[int]) -> Levels:
        def df_for(c: np.ndarray) -> float:
            full = np.zeros(len(self.keys))
            full[keep] = c
            return self.df_for(full)

        def interval_for(conf_level: float) -> np.ndarray:
            return self.interval_for(conf_level)[keep]

        return replace(
            self,
            keys=tuple(self.keys[i] for i in keep),
            estimate=self.estimate[keep],
            cov=self.cov[np.ix_(keep, keep)],
            n=tuple(self.n[i] for i in keep),
            events=tuple(self.events[i] for i in keep),
            df_for=df_for if self.df_for else None,
            interval_for=interval_for if self.interval_for else None,
            draws=None if self.draws is None else self.draws[:, keep],
            years=None if self.years is None else tuple(self.years[i] for i in keep),
        )

    def cell(self, name: str) -> Cell:
        """The entry, or weighted entries, that an arm or a treatment stands for.

        Several arms of one treatment are combined in proportion to their people, or the first is
        taken, or refused, as the study declares.
        """
        if name not in self._cells:  # a league table asks for each hundreds of times
            self._cells[name] = self._made_cell(name)
        return self._cells[name]

    def years_of(self, cell: Cell) -> float:
        """Person-years behind a cell of event rates; nan where nothing was recorded."""
        wanted = {arm.name for arm in cell.arms}
        pairs = zip(self.keys, self.years, strict=True)
        return float(sum(years for key, years in pairs if key.arm in wanted))

    @cached_property
    def _cells(self) -> dict[str, Cell]:
        return {}

    def _made_cell(self, name: str) -> Cell:
        present = {key.arm for key in self.keys}
        arms = tuple(a for a in resolve_arms(name, self.arms) if a.name in present)
        if not arms:
            raise KeyError(f'"{name}" has no level here; there are levels of {_listed(present)}.')
        if len(arms) > 1 and self.several_arms == "error":
            raise ValueError(
                f'Treatment "{name}" has {len(arms)} arms ({_listed(a.name for a in arms)}). Name '
                'one, or declare several_arms = "combine" or "first" in study.toml.'
            )
        if self.several_arms == "first":
            arms = arms[:1]
        wanted = [a.name for a in arms]
        rows = [i for i, key in enumerate(self.keys) if key.arm in wanted]
        weights = np.zeros(len(self.keys))
        counts, events = [self.n[i] for i in rows], [self.events[i] for i in rows]
        people = np.array([count or 0 for count in counts], float)
        known = None not in counts and people.sum() > 0
        weights[rows] = people / people.sum() if known else 1 / len(rows)
        weights.flags.writeable = False
        return Cell(
            name=name,
            arms=arms,
            weights=weights,
            n=None if None in counts else sum(counts),
            events=None if None in events else sum(events),
        )


@dataclass(frozen=True, eq=False)
class Cell:
    """One side of a contrast: weights over the entries of `Levels`, with its people and events."""

    name: str
    arms: tuple[Arm, ...]
    weights: np.ndarray
    n: int | None
    events: int | None

    @cached_property
    def components(self) -> frozenset[str]:
        return frozenset().union(*(arm.components for arm in self.arms))


def differing_components(cells: list[Cell]) -> frozenset[str]:
    """The components in which these cells differ.

    Cells of one treatment differ in what they share (a shorter against a longer therapy); two
    controls differ in nothing that has a name here.
    """
    union = frozenset().union(*(cell.components for cell in cells))
    shared = frozenset.intersection(*(cell.components for cell in cells))
    return (union - shared) or union


def is_randomised(cells: list[Cell], randomised: frozenset[str]) -> bool:
    """Whether randomisation protects the contrast: all in which the cells differ was randomised."""
    return (differing_components(cells) or frozenset(COMPONENTS)) <= randomised


def _listed(items) -> str:
    return ", ".join(f"{i:g}" if isinstance(i, float | int) else str(i) for i in items)
