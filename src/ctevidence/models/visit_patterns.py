"""People grouped by the set of visits at which they were observed, reduced to cross-products.

Two people observed at the same visits (and in the same covariance group) have the same
covariance matrix, so a Gaussian likelihood needs from them only sums of products of their rows.
These are taken once; after that, no step of the fit depends on the number of people. Where hardly
anybody shares a pattern, as with irregular times, the rows themselves take less room and time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

Array = np.ndarray

PEOPLE_AT_ONCE = 20_000


@dataclass(frozen=True)
class Observations:
    """Rows sorted by person and position, with the patterns they form.

    Attributes
    ----------
    order : array (n,)
        Row numbers of the input, sorted by person and then by position (visit or time).
    first : array (people,)
        Where each person starts in ``order``.
    sizes : array (people,)
        Number of observations of each person.
    pattern : array (people,)
        Pattern number of each person; patterns are numbered by size, then group.
    positions : list of arrays
        For each pattern, the positions observed, ascending.
    group : array (patterns,)
        Covariance group of each pattern.
    """

    order: Array
    first: Array
    sizes: Array
    pattern: Array
    positions: list[Array]
    group: Array

    @property
    def n_subjects(self) -> int:
        """Number of people with at least one observation."""
        return len(self.sizes)

    def rows(self, pattern: int) -> Iterator[Array]:
        """Row numbers (people, positions) of one pattern, some thousand people at a time."""
        people = np.flatnonzero(self.pattern == pattern)
        steps = np.arange(len(self.positions[pattern]))
        for start in range(0, len(people), PEOPLE_AT_ONCE):
            block = self.first[people[start : start + PEOPLE_AT_ONCE]]
            yield self.order[block[:, None] + steps]


@dataclass(frozen=True)
class Stack:
    """Patterns of one covariance group with equally many observations, ready for batches.

    Either ``moments`` or ``rows`` is given; with rows, every person is a pattern of their own.

    Attributes
    ----------
    group : int
        Covariance group.
    patterns : array (b,)
        Their numbers in `Observations`; with rows a number for each person.
    positions : array (b, m)
        Positions observed in each pattern.
    counts : array (b,)
        People in each pattern.
    moments : array (b * m * m, (q + 1)**2) or None
        For each pattern and pair (j, k), ``sum_i x_ij x_ik'`` over its people, where ``x`` holds
        the design row and, last, the response.
    rows : array (b, m, q + 1) or None
        The ``x`` themselves.
    """

    group: int
    patterns: Array
    positions: Array
    counts: Array
    moments: Array | None = None
    rows: Array | None = None

    @property
    def width(self) -> int:
        """Columns of ``x``: q + 1."""
        return int(np.sqrt(self.moments.shape[1])) if self.rows is None else self.rows.shape[2]

    def total(self, weights: Array) -> Array:
        """``sum_i x_i' W x_i`` over people, for weights (..., b, m, m): shape (..., q+1, q+1)."""
        lead = weights.shape[:-3]
        if self.rows is None:
            sums = weights.reshape(*lead, -1) @ self.moments
        else:
            flat = self.rows.reshape(-1, self.width)
            each = weights.reshape(-1, *weights.shape[-3:])
            sums = np.array([flat.T @ (w @ self.rows).reshape(flat.shape) for w in each])
        return sums.reshape(*lead, self.width, self.width)

    def around(self, matrix: Array) -> Array:
        """``sum_i x_i matrix x_i'`` over the people of each pattern, shape (b, m, m)."""
        if self.rows is None:
            m = self.positions.shape[1]
            return (self.moments @ matrix.ravel()).reshape(-1, m, m)
        return self.rows @ matrix @ self.rows.swapaxes(1, 2)


def observe(
    subject: Array, position: Array, group: Array
) -> tuple[Observations | None, int | None]:
    """Sort observations by person and find the patterns of positions.

    Parameters
    ----------
    subject, position, group : integer arrays (n,)
        Codes from 0; ``group`` must be constant within a person.

    Returns
    -------
    observations : Observations or None
    doubled : int or None
        Row of a person's second observation at one position; then there are no patterns.

    Raises
    ------
    ValueError
        When the group changes within a person.

    Examples
    --------
    >>> found, doubled = observe(np.array([0, 0, 1]), np.array([0, 1, 1]), np.zeros(3, int))
    >>> found.sizes, [p.tolist() for p in found.positions]
    (array([2, 1]), [[1], [0, 1]])
    """
    n_positions = int(position.max()) + 1
    key = subject.astype(np.int64) * n_positions + position
    order = np.arange(len(key))
    if not (np.diff(key) > 0).all():
        order = np.argsort(key, kind="stable")
        key = key[order]
    doubled = np.flatnonzero(np.diff(key) == 0)
    if len(doubled):
        return None, int(order[doubled[0] + 1])
    sorted_subject = subject[order]
    first = np.flatnonzero(np.r_[True, np.diff(sorted_subject) != 0])
    sizes = np.diff(np.r_[first, len(key)])
    person_group = group[order[first]]
    if (group[order] != np.repeat(person_group, sizes)).any():
        raise ValueError("group must be the same for all observations of a person.")
    pattern, positions, groups = _number_patterns(position[order], first, sizes, person_group)
    return Observations(order, first, sizes, pattern, positions, groups), None


def _number_patterns(
    position: Array, first: Array, sizes: Array, person_group: Array
) -> tuple[Array, list[Array], Array]:
    pattern = np.empty(len(sizes), dtype=np.int64)
    positions: list[Array] = []
    groups: list[int] = []
    for m in np.unique(sizes):
        people = np.flatnonzero(sizes == m)
        seen = position[first[people][:, None] + np.arange(m)]
        label = person_group[people]
        for column in seen.T:
            # Pairing codes one column at a time keeps them small integers for any m.
            label = np.unique(label * (position.max() + 1) + column, return_inverse=True)[1]
        example = np.unique(label, return_index=True)[1]
        example = example[np.argsort(person_group[people[example]], kind="stable")]
        renumber = np.empty(len(example), dtype=np.int64)
        renumber[label[example]] = np.arange(len(example)) + len(positions)
        pattern[people] = renumber[label]
        positions += list(seen[example])
        groups += person_group[people[example]].tolist()
    return pattern, positions, np.array(groups)


def stacks(observations: Observations, X: Array, y: Array, to_basis: Array) -> list[Stack]:
    """``[X @ to_basis, y]`` of all people, stacked by group and size."""
    members: dict[tuple[int, int], list[int]] = {}
    for number, seen in enumerate(observations.positions):
        members.setdefault((int(observations.group[number]), len(seen)), []).append(number)
    counts = np.bincount(observations.pattern, minlength=len(observations.positions))
    result = []
    for (group, _), numbers in members.items():
        patterns, people = np.array(numbers), counts[numbers]
        positions = np.array([observations.positions[p] for p in numbers])
        blocks = [_rows(observations.rows(p), X, y, to_basis) for p in numbers]
        if sharing_pays(people, positions.shape[1]):
            moments = np.concatenate([_cross_products(block) for block in blocks])
            result.append(Stack(group, patterns, positions, people, moments=moments))
        else:
            rows = np.concatenate([rows for block in blocks for rows in block])
            patterns, positions = np.repeat(patterns, people), np.repeat(positions, people, axis=0)
            result.append(Stack(group, patterns, positions, np.ones_like(patterns), rows=rows))
    return result


def sharing_pays(people: Array, m: int) -> bool:
    """Whether cross-products of patterns of m visits cost less per step than people's rows."""
    return people.sum() >= m * len(people)


def _rows(rows: Iterator[Array], X: Array, y: Array, to_basis: Array) -> Iterator[Array]:
    """Design rows with the response, (people, m, q + 1), block by block of one pattern."""
    for block in rows:
        flat = block.ravel()
        yield np.column_stack([X[flat] @ to_basis, y[flat]]).reshape(*block.shape, -1)


def _cross_products(blocks: Iterator[Array]) -> Array:
    """Moments (m * m, (q + 1)**2) of one pattern, summed over blocks of people."""
    total = 0.0
    for block in blocks:
        n, m, width = block.shape
        flat = block.reshape(n, m * width)
        total = total + flat.T @ flat
    return total.reshape(m, width, m, width).swapaxes(1, 2).reshape(m * m, width * width)
