"""Treatments as sums of components: which contain what, and what the trials can tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ctevidence.terms import did_you_mean

#: between the components of an interaction
TIMES = " * "


@dataclass(frozen=True, eq=False)
class ComponentMatrix:
    """How the effects of treatments are made of those of components.

    Attributes
    ----------
    treatments : tuple of str, length T
    names : tuple of str, length p
        Components, then interactions as ``a * b``.
    matrix : ndarray, shape (T, p)
        1 where the treatment contains the component, or all components of the interaction.
    components : tuple of str
        The active ones among `names`.
    inactive : str or None
        Component without an effect of its own.
    sep : str
        What stands between the components in the name of a treatment.
    """

    treatments: tuple[str, ...]
    names: tuple[str, ...]
    matrix: np.ndarray
    components: tuple[str, ...]
    inactive: str | None
    sep: str

    @property
    def interactions(self) -> tuple[str, ...]:
        return self.names[len(self.components) :]

    def rows_of(self, treatments: Sequence[str]) -> np.ndarray:
        """Rows of further combinations of the same components, shape (len(treatments), p).

        Raises
        ------
        ValueError
            When a combination has a component that no trial gave.
        """
        known = {*self.components, self.inactive} - {None}
        for treatment in treatments:
            for part in parts_of(treatment, self.sep):
                if part not in known:
                    raise ValueError(
                        f'No trial gave the component "{part}"{did_you_mean(part, known)}'
                    )
        contained = [set(parts_of(t, self.sep)) for t in treatments]
        return np.array(
            [[set(name.split(TIMES)) <= parts for name in self.names] for parts in contained],
            float,
        ).reshape(len(treatments), len(self.names))


def component_matrix(
    treatments: Sequence[str],
    inactive: str | None = None,
    interactions: Sequence[Sequence[str]] = (),
    sep: str = " + ",
) -> ComponentMatrix:
    """The component matrix of a set of treatments.

    Welton et al. (2009), Am J Epidemiol 169:1158; Ruecker, Petropoulou and Schwarzer (2020),
    Biometrical J 62:808.

    Parameters
    ----------
    treatments : sequence of str
        For example ``"CBT + SSRI"``.
    inactive : str, optional
        Component without an effect of its own, for instance ``"Placebo"``; none when absent, and
        then only differences between components are identified.
    interactions : sequence of sequences of str
        Components that together may do more or less than their sum.
    sep : str

    Raises
    ------
    ValueError
        When a name is unknown, a treatment holds a component twice, no treatment holds all
        components of an interaction, or names are joined by something else than `sep`.

    Examples
    --------
    >>> found = component_matrix(["Placebo", "CBT", "SSRI", "CBT + SSRI"], "Placebo",
    ...                          [("CBT", "SSRI")])
    >>> found.names
    ('CBT', 'SSRI', 'CBT * SSRI')
    >>> found.matrix.astype(int).tolist()
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 1]]
    """
    contained = {treatment: parts_of(treatment, sep) for treatment in treatments}
    for treatment, parts in contained.items():
        if len(set(parts)) < len(parts) or not all(parts):
            raise ValueError(f'"{treatment}" names a component twice or not at all; correct it.')
    bare = sep.strip()
    if bare and bare in "".join(treatments) and not any(sep in name for name in treatments):
        raise ValueError(
            f'No treatment name contains "{sep}", but some contain "{bare}": say sep="{bare}".'
        )
    everything = dict.fromkeys(part for parts in contained.values() for part in parts)
    if inactive is not None and inactive not in everything:
        raise ValueError(
            f'No treatment contains the inactive "{inactive}"{did_you_mean(inactive, everything)}'
        )
    components = tuple(sorted(c for c in everything if c != inactive))
    added = [_interaction(parts, components, contained.values()) for parts in interactions]
    if len(set(added)) < len(added):
        raise ValueError("An interaction stands twice; keep one.")
    names = (*components, *added)
    found = ComponentMatrix(tuple(treatments), names, np.empty((0, 0)), components, inactive, sep)
    return ComponentMatrix(
        tuple(treatments), names, found.rows_of(treatments), components, inactive, sep
    )


def possible_interactions(matrix: ComponentMatrix) -> tuple[tuple[str, str], ...]:
    """Pairs of active components that some treatment contains."""
    active = set(matrix.components)
    return tuple(
        sorted(
            {
                pair
                for treatment in matrix.treatments
                for pair in combinations(sorted(active & set(parts_of(treatment, matrix.sep))), 2)
            }
        )
    )


def parts_of(treatment: str, sep: str) -> list[str]:
    """The components in the name of a treatment.

    >>> parts_of("CBT + SSRI", " + ")
    ['CBT', 'SSRI']
    """
    return [part.strip() for part in treatment.split(sep)]


def _interaction(parts: Sequence[str], components, contained) -> str:
    parts = sorted(parts)
    for part in parts:
        if part not in components:
            raise ValueError(f'"{part}" is no active component{did_you_mean(part, components)}')
    if len(set(parts)) < 2:
        raise ValueError(f"An interaction needs two components, not {', '.join(parts)}.")
    if not any(set(parts) <= set(own) for own in contained):
        raise ValueError(
            f"No treatment contains {' and '.join(parts)} together: their interaction cannot be "
            "estimated."
        )
    return TIMES.join(parts)
