"""What is asked for and the data do not hold, found before anything runs.

Names, outcomes and scheduled weeks are held against the declarations, which takes no time. Only a
week of a study without visits, and a condition, need the tables: they are read for these alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import cache

from ctevidence.data.project import Project
from ctevidence.data.sources import MissingSource
from ctevidence.reports.declared import Declared, read_declared
from ctevidence.reports.notebooks import Notebook
from ctevidence.reports.orders import Order, subject
from ctevidence.reports.stages import Held, network_alone
from ctevidence.synthesis.conditions import CONDITION_GROUPS, CONDITIONS
from ctevidence.terms import UsageError, did_you_mean

#: parameters that are held against the data: a week of the study, a condition of the trials
WEEK, CONDITION = "week", "condition"
#: reports that a message names one by one
EXAMPLES = 3


class Misfit(UsageError):  # noqa: N818 (it is what it carries)
    """What is asked for does not fit the data; says all of it at once."""


def refuse_misfits(
    orders: Sequence[Order], project: Project, notebooks: Sequence[Notebook]
) -> None:
    """Stop before anything runs when a report asks for what its data do not hold.

    Parameters
    ----------
    orders : sequence of Order
        All that are asked for, so that a matrix is told all that is wrong with it at once.
    project : Project
    notebooks : sequence of Notebook

    Raises
    ------
    MissingSource
        When the name of data that are not there is all that is wrong.
    Misfit
        With everything that is wrong, and the reports that ask for it.
    """
    asked = _Asked(project, notebooks)
    wrong: dict[str, list[str]] = {}
    for order in orders:
        for text in asked.wrong_with(order):
            wrong.setdefault(text, []).append(order.report)
    if list(wrong) == list(map(str, asked.missing)) and len(wrong) == 1:
        raise asked.missing[0]
    if wrong:
        lines = [f"- {text}{_asked_by(by, len(orders))}" for text, by in wrong.items()]
        head = "What is asked for does not fit the data. Nothing was run."
        raise Misfit("\n".join([head, *lines]))


def _asked_by(reports: Sequence[str], of: int) -> str:
    """Which reports of several ask for it."""
    if of == 1:
        return ""
    named, more = ", ".join(reports[:EXAMPLES]), len(reports) - EXAMPLES
    return f" Asked for by {named}{f' and {more} further reports' if more > 0 else ''}."


class _Asked:
    """Orders, held against the data of a project; each source is looked at once."""

    def __init__(self, project: Project, notebooks: Sequence[Notebook]) -> None:
        self.project, self.notebooks = project, notebooks
        self.missing: list[MissingSource] = []
        self._declared = cache(lambda name: read_declared(project, name))
        self._absent = cache(self._look_for)
        self._follow_up = cache(lambda name, week: tuple(_of_follow_up(project, name, week)))

    def _look_for(self, name: str) -> MissingSource | None:
        if self.project.raw(name).is_dir() or self.project.processed(name).is_dir():
            return None
        self.missing.append(MissingSource(name, self.project.root))
        return self.missing[-1]

    def wrong_with(self, order: Order) -> list[str]:
        """All that is wrong with one order, a text each."""
        names = dict.fromkeys(filter(None, order.sources.values()))
        wrong = [str(found) for name in names if (found := self._absent(name))]
        main = self._declared(order.name)
        if not (main.is_study or main.is_trials):
            return wrong  # nothing, or too much, says what the folder holds: its plan tells that
        wrong += [*self._of_kinds(order), *self._of_outcomes(order), *self._of_parameters(order)]
        if order.parameters.get(WEEK) is not None and main.is_study:
            wrong += self._of_week(order, main)
        if order.parameters.get(CONDITION) is not None:
            wrong += self._of_condition(order, main)
        return wrong

    def _of_kinds(self, order: Order) -> Iterator[str]:
        main, beside = self._declared(order.name), order.trials
        beside = beside if beside != order.name else None
        if beside and main.is_trials:
            yield (
                f'"{order.name}" holds published trials, and --trials names those that stand '
                f"beside a study: leave it out, or give --network {beside}."
            )
        if order.network and main.is_study and not order.trials:
            yield network_alone(order.network)
        for name, option in ((beside, "--trials"), (order.network, "--network")):
            if name and self._declared(name).is_study:
                yield f'{option} names published trials, but "{name}" is a study.'

    def _lacks(self, order: Order) -> dict[str, str]:
        """What each notebook that the order wants needs and is not there."""
        main = self._declared(order.name)
        visits, response = main.weeks is None or bool(main.weeks), main.has_response
        held = Held(main.is_study, main.is_trials or bool(order.trials), visits, response)
        return {n.name: held.lacks(n.name) for n in self.notebooks if order.wants(n.name)}

    def _of_outcomes(self, order: Order) -> Iterator[str]:
        for notebook, why in self._lacks(order).items():
            if why and subject(notebook) in order.outcomes:
                yield f'"{order.name}" has no outcome "{subject(notebook)}": {why}.'

    def _of_parameters(self, order: Order) -> Iterator[str]:
        filled = {name for name, why in self._lacks(order).items() if not why}
        for parameter in order.parameters:
            knowing = [n.name for n in self.notebooks if parameter in n.parameters]
            if not filled.intersection(knowing):
                yield (
                    f'Nothing in a report of "{order.name}" as it is asked for reads '
                    f'"{parameter}": only {", ".join(knowing)} would. Leave it out.'
                )

    def _of_week(self, order: Order, main: Declared) -> Iterator[str]:
        week = float(order.parameters[WEEK])
        if main.weeks is None:
            return
        if main.weeks and not any(math.isclose(week, known) for known in main.weeks):
            known = ", ".join(f"{known:g}" for known in main.weeks)
            yield (
                f'Week {week:g} is not in the schedule of "{order.name}", which has visits at '
                f"weeks {known}. Ask for one of them, or declare the visit under [schedule] in "
                f"{main.file}."
            )
        if not main.weeks:
            yield from self._follow_up(order.name, week)

    def _of_condition(self, order: Order, main: Declared) -> Iterator[str]:
        condition = order.parameters[CONDITION]
        known = list(dict.fromkeys((*CONDITION_GROUPS, *CONDITIONS)))
        if condition not in (*known, main.condition):
            yield f'No group of trials is about "{condition}"{did_you_mean(condition, known)}'


def _of_follow_up(project: Project, name: str, week: float) -> Iterator[str]:
    """A week of a study that schedules none: any at which the curve of every arm is known."""
    from ctevidence.models.curve_week import round_week  # noqa: PLC0415 (seldom, and slow to load)
    from ctevidence.models.over_time import relapse_over_time  # noqa: PLC0415
    from ctevidence.reports.opened import open_sources  # noqa: PLC0415

    try:
        study = open_sources(project, name, None).study
        relapse = study.rules.relapse
        if relapse is None or relapse.after != "baseline":
            return  # the report says that it cannot answer, at any week
        largest = relapse_over_time(study).fit.largest_week
    except (ValueError, KeyError, OSError, RuntimeError):  # its plan says what is wrong
        return
    if not 0 < week <= largest:
        # a round week: the very last one is the day on which one person was last seen
        yield (
            f'Week {week:g} is not in the follow-up of "{name}", which has no scheduled '
            f"visits: ask for a week above 0 and up to {round_week(largest):g}."
        )
