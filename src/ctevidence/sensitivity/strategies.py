r"""What scores after dropout would have been: reference-based strategies.

Each strategy says how the mean and covariance of a person's scores are put together from those of
the own arm and of a reference arm (Carpenter, Roger and Kenward 2013, J Biopharm Stat 23:1352):

- missing at random: as similar people of the own arm who stayed;
- jump to reference: from dropout on, the mean of the reference arm;
- copy reference: the mean of the reference arm throughout, also before dropout, so that a better
  past is carried into the future through the correlation;
- copy increments in reference: from the own mean at the last visit, the changes of the reference;
- last mean carried forward: the own mean at the last visit, without further change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ctevidence.sensitivity.score_table import ScoreTable
from ctevidence.terms import Arm, did_you_mean, resolve_arms

MISSING_AT_RANDOM = "missing at random"
JUMP = "jump to reference"
COPY = "copy reference"
INCREMENTS = "copy increments in reference"
LAST_MEAN = "last mean carried forward"
STRATEGIES = (MISSING_AT_RANDOM, JUMP, COPY, INCREMENTS, LAST_MEAN)
WITH_REFERENCE = (JUMP, COPY, INCREMENTS)

#: one strategy, or strategies by arm, by reason of dropout, or by (arm, reason)
Asked = str | Mapping[str | tuple[str, str], str]


@dataclass(frozen=True, eq=False)
class Plan:
    """The strategy and the reference arm of each person.

    Parameters
    ----------
    strategy : ndarray of int, shape (n,)
        Position in `STRATEGIES`.
    reference : ndarray of int, shape (n,)
        Position of the reference arm in the arms of the table.
    words : str
        What was asked for, for names of rows.
    """

    strategy: np.ndarray
    reference: np.ndarray
    words: str


def plan_for(
    table: ScoreTable,
    arms: Sequence[Arm],
    strategies: Asked,
    reference: str | Mapping[str, str] | None,
) -> Plan:
    """Who is imputed by which strategy.

    Parameters
    ----------
    table : ScoreTable
    arms : sequence of Arm
        Of the study.
    strategies : str or mapping
        One for everybody; or by arm or treatment, by reason of dropout, or by pair (arm, reason).
        A pair goes before a reason, a reason before an arm; everyone else is missing at random.
    reference : str or mapping, optional
        The reference arm or treatment; or, by arm, one for each. Needed by `WITH_REFERENCE`.

    Raises
    ------
    KeyError
        For a strategy, arm or reason that there is not.
    ValueError
        When a strategy needs a reference arm and none is named.
    """
    if isinstance(strategies, str):
        chosen = np.full(len(table.people), _number_of(strategies))
        words = strategies
    else:
        chosen = _by_key(table, arms, strategies)
        words = ", ".join(f"{_named(key)} {value}" for key, value in strategies.items())
        words = words or MISSING_AT_RANDOM
    needs = {STRATEGIES.index(name) for name in WITH_REFERENCE}
    references = _references(table, arms, reference)
    lacking = np.isin(chosen, list(needs)) & (references < 0)
    if lacking.any():
        lost = ", ".join(table.arms[a] for a in np.unique(table.arm[lacking]))
        raise ValueError(
            f"{words}: no reference arm is named for {lost}. Say reference=..., one of "
            f"{', '.join(table.arms)}."
        )
    if isinstance(reference, str) and needs & set(chosen):
        words += f", reference {reference}"
    return Plan(chosen, np.where(references < 0, table.arm, references), words)


def _number_of(name: str) -> int:
    if name not in STRATEGIES:
        raise KeyError(f'There is no strategy "{name}"{did_you_mean(name, STRATEGIES)}')
    return STRATEGIES.index(name)


def _named(key: str | tuple[str, str]) -> str:
    return key if isinstance(key, str) else " with ".join(key)


def _by_key(table: ScoreTable, arms: Sequence[Arm], strategies: Mapping) -> np.ndarray:
    """Strategy of each person; broader keys are filled in first."""
    reasons = sorted({r for r in table.reason if r})
    chosen = np.full(len(table.people), _number_of(MISSING_AT_RANDOM))
    found = []
    for key, name in strategies.items():
        number = _number_of(name)
        pair = key if isinstance(key, tuple) else None
        arm, reason = pair or (key, key)
        is_reason = reason in reasons
        of_reason = table.reason == reason
        if pair and not is_reason:
            raise KeyError(f'Nobody left for "{reason}"{did_you_mean(reason, reasons)}')
        if pair:
            found.append((2, of_reason & _of_arm(table, arms, arm, ()), number))
        elif is_reason:
            found.append((1, of_reason, number))
        else:
            found.append((0, _of_arm(table, arms, arm, reasons), number))
    for _, who, number in sorted(found, key=lambda f: f[0]):
        chosen[who] = number
    return chosen


def _of_arm(table: ScoreTable, arms: Sequence[Arm], name: str, also: Sequence[str]) -> np.ndarray:
    try:
        wanted = [arm.name for arm in resolve_arms(name, tuple(arms))]
    except KeyError:
        known = [*table.arms, *also]
        raise KeyError(
            f'"{name}" is neither an arm nor a reason of dropout here{did_you_mean(name, known)}'
        ) from None
    return np.isin(np.array(table.arms)[table.arm], wanted)


def _references(
    table: ScoreTable, arms: Sequence[Arm], reference: str | Mapping[str, str] | None
) -> np.ndarray:
    """Reference arm of each person, -1 where none is named."""
    found = np.full(len(table.people), -1)
    if reference is None:
        return found
    if isinstance(reference, str):
        found[:] = _reference(table, arms, reference)
        return found
    for arm, name in reference.items():
        found[_of_arm(table, arms, arm, ())] = _reference(table, arms, name)
    return found


def _reference(table: ScoreTable, arms: Sequence[Arm], name: str) -> int:
    present = [arm.name for arm in resolve_arms(name, tuple(arms)) if arm.name in table.arms]
    if len(present) != 1:
        raise ValueError(
            f'The reference "{name}" stands for {len(present)} arms with people; name one of '
            f"{', '.join(table.arms)}."
        )
    return table.arms.index(present[0])


def expected_profile(
    plan: Plan, own: np.ndarray, reference: np.ndarray, seen: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Mean scores of each person under the person's strategy.

    Parameters
    ----------
    plan : Plan
    own, reference : ndarray, shape (..., n, m)
        Means at the person's covariates in the own and in the reference arm.
    seen : ndarray of int, shape (n,)
        Visits before dropout.
    start : ndarray, shape (n,)
        Scores before treatment, the last mean of whoever was never seen again; increments from
        there are those of the reference, as everyone began alike.

    Returns
    -------
    ndarray, shape (..., n, m)
    """
    m = own.shape[-1]
    later = np.arange(m) >= seen[:, None]
    last = np.maximum(seen - 1, 0)[:, None]
    never = (seen == 0)[:, None]
    by_strategy = (
        lambda: own,
        lambda: np.where(later, reference, own),
        lambda: reference,
        lambda: np.where(later, reference + _gain(own, reference, last, never), own),
        lambda: np.where(later, np.where(never, start[:, None], _taken(own, last)), own),
    )
    used = np.unique(plan.strategy)
    if len(used) == 1:
        return by_strategy[used[0]]()
    chosen = [(plan.strategy == k)[:, None] for k in used]
    return np.select(chosen, [by_strategy[k]() for k in used])


def _gain(own, reference, last, never) -> np.ndarray:
    """By how much the own arm was ahead of the reference when last seen."""
    return np.where(never, 0.0, _taken(own, last) - _taken(reference, last))


def _taken(means: np.ndarray, position: np.ndarray) -> np.ndarray:
    wanted = np.broadcast_to(position, (*means.shape[:-1], 1))
    return np.take_along_axis(means, wanted, axis=-1)


def joint_covariance(strategy: int, own: np.ndarray, reference: np.ndarray, seen: int):
    r"""Covariance of a person's scores under a strategy.

    Parameters
    ----------
    strategy : int
    own, reference : ndarray, shape (..., m, m)
    seen : int
        Visits before dropout.

    Notes
    -----
    Jumping and copying increments keep the own covariance A before dropout and the regression and
    the residual covariance of the reference R after it (Carpenter et al. 2013, appendix),
    :math:`\Sigma_{21} = R_{21}R_{11}^{-1}A_{11}`,
    :math:`\Sigma_{22} = R_{22} - R_{21}R_{11}^{-1}(R_{11}-A_{11})R_{11}^{-1}R_{12}`.
    """
    name = STRATEGIES[strategy]
    if name in (MISSING_AT_RANDOM, LAST_MEAN) or own is reference:
        return own
    if name == COPY or seen == 0:
        return reference
    before, after = slice(None, seen), slice(seen, None)
    r11, r12 = reference[..., before, before], reference[..., before, after]
    slope = np.linalg.solve(r11, r12)
    a11 = own[..., before, before]
    mixed = np.array(reference)
    mixed[..., before, before] = a11
    mixed[..., before, after] = a11 @ slope
    mixed[..., after, before] = np.swapaxes(mixed[..., before, after], -1, -2)
    mixed[..., after, after] -= np.swapaxes(slope, -1, -2) @ (r11 - a11) @ slope
    return mixed
