"""What a run tells of itself while it is under way, and what became of each report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ctevidence.reports.failures import Failure
from ctevidence.reports.orders import Order

DATA, PAGES = "data", "pages"


@dataclass(frozen=True)
class Event:
    """What a run tells of itself.

    Parameters
    ----------
    report, step : str
        The report, and ``data``, a notebook, or ``pages``.
    state : str
        ``planned`` (a step to come, which may take `seconds`), ``begun``, ``done``, ``kept`` (done
        before, and nothing has changed), ``failed``, or ``stopped`` (the run was stopped by hand).
    seconds : float
    failure : Failure, optional
    """

    report: str
    step: str
    state: str
    seconds: float = 0.0
    failure: Failure | None = None

    @property
    def ends(self) -> bool:
        return self.state in ("done", "kept", "failed", "stopped")


@dataclass(frozen=True)
class Made:
    """What became of one report.

    Parameters
    ----------
    order : Order
    path : Path
        The report; as it was before when there are failures.
    failures : tuple of Failure
    seconds : mapping
        ``prepare``, ``notebooks`` and ``publish``.
    notebooks : mapping
        Seconds of each notebook that was run; 0 for one that was kept.
    unchanged : bool
        Nothing had changed: the report on the disk is the one asked for.
    remarks : tuple of str
        What could not be made beside it, such as a format whose program is missing.
    """

    order: Order
    path: Path
    failures: tuple[Failure, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    notebooks: Mapping[str, float] = field(default_factory=dict)
    unchanged: bool = False
    remarks: tuple[str, ...] = ()
