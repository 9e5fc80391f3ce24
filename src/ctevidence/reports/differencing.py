"""Two releases must not be subtracted to a handful of people: the last ones are compared first.

Rounding hides a count, not that it moved: who knows that one person joined between two reports
could learn that person's outcome from what changed. A release whose exact counts differ by a few
from an earlier one of the same study is therefore refused, unless a person takes responsibility
and says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ctevidence.data.project import Project
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.estimates import Estimates
from ctevidence.reports.failures import SmallDifference
from ctevidence.reports.orders import Order
from ctevidence.reports.results import read_estimates

COUNTS = ("n", "events", "n_reference", "events_reference")


def few_apart(before: Estimates, now: Estimates, disclosure: Disclosure) -> tuple[str, ...]:
    """Ids of the numbers whose people or events differ by a count that may not be shown.

    Parameters
    ----------
    before, now : Estimates
        Exact, of two releases.
    disclosure : Disclosure

    Examples
    --------
    >>> from ctevidence.estimates import Estimate
    >>> old = Estimate("clinic", "response", "combined", "risk", 0.4, n=50, events=20)
    >>> new = Estimate("clinic", "response", "combined", "risk", 0.412, n=51, events=21)
    >>> few_apart(Estimates([old]), Estimates([new]), disclosure_of("opensafely"))
    ('clinic/response/risk/combined',)
    """
    old = {row.id: row for row in before}
    pairs = [(old[row.id], row) for row in now if row.id in old]
    return tuple(new.id for was, new in pairs if any(_few(was, new, c, disclosure) for c in COUNTS))


def _few(was, now, count: str, disclosure: Disclosure) -> bool:
    counts = getattr(was, count), getattr(now, count)
    return None not in counts and disclosure.count(abs(counts[0] - counts[1])) is None


def refuse_few_apart(order: Order, project: Project, results: Path, profile: str) -> None:
    """Stop a release that differs by a few people from an earlier one of the same study.

    Parameters
    ----------
    order : Order
        With `Order.allow_difference`, a reason, the release is let through and the manifest
        records the reason.
    project : Project
        Exact results of earlier releases stand under ``reports/.work``.
    results : Path
        Exact results of this one.
    profile : str
        Name of the disclosure profile.

    Raises
    ------
    SmallDifference
        Naming no person and no count; with what can be done.
    """
    disclosure = disclosure_of(profile)
    if disclosure.is_open or order.allow_difference:
        return
    now = _of_study(read_estimates(results), order.name)
    for earlier in _releases(project, order):
        apart = few_apart(_of_study(read_estimates(earlier), order.name), now, disclosure)
        if apart:
            raise SmallDifference(_message(order, earlier, apart, disclosure))


def _of_study(estimates: Estimates, name: str) -> Estimates:
    # published trials beside the study are public: they may change by any number
    return Estimates(row for row in estimates if row.study == name)


def _releases(project: Project, order: Order) -> Iterable[Path]:
    """Results of the earlier release of this name, then of others that may hold the same study."""
    own = project.work(order.report)
    others = sorted(p for p in own.parent.glob("*") if p.is_dir() and not p.name.startswith("."))
    return [p for p in (own, *(p for p in others if p != own)) if (p / "estimates").is_dir()]


def _message(order: Order, earlier: Path, apart: tuple[str, ...], disclosure: Disclosure) -> str:
    many = "one number rests" if len(apart) == 1 else f"{len(apart)} numbers rest"
    return (
        f"The report was not released: {many} on groups that differ by 1 to "
        f"{disclosure.suppress_up_to} people or events from the release reports/{earlier.name} "
        f"(first: {apart[0]}). Subtracting the two could show single people. Release again when "
        "more people have been added; or, if the difference shows nobody, say why: "
        f'ctevidence report {order.name} --allow-difference "reason", which the manifest records. '
        f"If the earlier report was never given to anybody, remove {earlier} and run again."
    )
