"""Labels of people, visits and groups turned into the codes that the engine counts with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctevidence.models.covariance_structures import ON_TIMES, ORDER_FREE
from ctevidence.models.visit_patterns import Observations, observe

Array = np.ndarray


@dataclass(frozen=True)
class VisitData:
    """Who was observed where.

    Attributes
    ----------
    observations : Observations
    visits : tuple
        Visits in order; empty for times.
    ordered : bool
        Whether that order is one of time, or only that of the alphabet.
    groups : tuple
        Covariance groups; ``(None,)`` when there is only one.
    coordinates : array (positions, d) or None
        Times of the positions, for spatial structures.
    """

    observations: Observations
    visits: tuple
    ordered: bool
    groups: tuple
    coordinates: Array | None


def describe_visits(
    subject: Array,
    visit: Array | None,
    times: Array | None,
    group: Array | None,
    visits: Sequence | None,
    covariance: str,
    n: int,
) -> VisitData:
    """Check the labels of ``n`` observations and find the patterns of visits.

    Parameters as in `ctevidence.models.mmrm.fit_mmrm`.

    Raises
    ------
    ValueError
        When labels are missing, have the wrong length, do not tell the order of visits that the
        structure needs, or put two observations of a person at one visit.
    """
    people, subject_labels = codes_of(subject, "subject", n)
    groups, group_labels = np.zeros(n, dtype=np.int64), (None,)
    if group is not None:
        groups, group_labels = codes_of(group, "group", n)
    coordinates, labels, ordered = None, (), True
    if covariance in ON_TIMES:
        position, coordinates = _time_positions(times, n)
    else:
        position, labels, ordered = _visit_positions(visit, visits, covariance, n)
    observations, doubled = observe(people, position, groups)
    if doubled is not None:
        who, where = people[doubled], position[doubled]
        place = f"visit {labels[where]!r}" if labels else f"time {coordinates[where].tolist()}"
        raise ValueError(
            f"subject {_plain(subject_labels[who])!r} has two observations at {place}. Decide "
            "which counts before fitting."
        )
    named_groups = tuple(_plain(label) for label in group_labels)
    return VisitData(observations, labels, ordered, named_groups, coordinates)


def codes_of(labels: Array, what: str, n: int) -> tuple[Array, Array]:
    """Integer codes of ``n`` labels, in order of appearance, and the labels they stand for."""
    if np.shape(labels) != (n,):
        raise ValueError(
            f"{what} must have one entry for each of the {n} observations; found shape "
            f"{np.shape(labels)}."
        )
    codes, found = pd.factorize(labels if hasattr(labels, "dtype") else np.asarray(labels))
    if (codes < 0).any():
        raise ValueError(f"{what} is missing in row {int(np.argmin(codes))}.")
    return codes.astype(np.int64), np.asarray(found)


def _visit_positions(
    visit: Array | None, visits: Sequence | None, covariance: str, n: int
) -> tuple[Array, tuple, bool]:
    if visit is None:
        raise ValueError(f"covariance={covariance!r} needs visit=, the visit of each observation.")
    codes, found = codes_of(visit, "visit", n)
    present = set(found)
    if visits is None and isinstance(getattr(visit, "dtype", None), pd.CategoricalDtype):
        visits = list(visit.dtype.categories)
    ordered = visits is not None or found.dtype.kind in "iufbmM"
    if visits is None:
        if not ordered and covariance not in ORDER_FREE:
            raise ValueError(
                f"covariance={covariance!r} depends on the order of the visits, which labels such "
                f"as {_plain(found[0])!r} do not tell. Give visits=, the labels in order."
            )
        visits = sorted(found)
    if not present <= set(visits):
        raise ValueError(
            "visit has values that visits= does not list: "
            + ", ".join(repr(_plain(v)) for v in sorted(present - set(visits)))
        )
    order = [label for label in visits if label in present]
    place = {label: number for number, label in enumerate(order)}
    positions = np.array([place[label] for label in found])[codes]
    return positions, tuple(_plain(label) for label in order), ordered


def _time_positions(times: Array | None, n: int) -> tuple[Array, Array]:
    if times is None:
        raise ValueError("covariance='spatial-exponential' needs times=, when each row was seen.")
    times = np.asarray(times, dtype=float)
    if len(times) != n or not np.isfinite(times).all():
        raise ValueError(f"times must hold a finite time for each of the {n} observations.")
    coordinates, position = np.unique(times.reshape(n, -1), axis=0, return_inverse=True)
    return position.ravel(), coordinates


def _plain(label: object) -> object:
    """numpy scalars as plain Python ones, so that messages read well."""
    return label.item() if isinstance(label, np.generic) else label
