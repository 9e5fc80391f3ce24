"""The four cells of a combination as a table: what each arm shows, and what each part adds."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ctevidence.contrasts import compare, per_arm, reference_models, synergy
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import interval, shown, unit_label
from ctevidence.display.labels import outcome_label, treatment_label
from ctevidence.display.release import gated, is_hidden
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import capital, listed, say
from ctevidence.levels import Levels
from ctevidence.terms import LEVEL_MEASURES, Arm

#: in the order in which they are drawn and read: neither, one, the other, both
CELLS = ("control", "medication", "therapy", "combined")


@dataclass(frozen=True, eq=False)
class FourCells:
    """The rows behind the table and the interaction plot, as they may be shown.

    Parameters
    ----------
    levels : Levels
        At one week.
    arms : dict of treatment -> Arm
    seen : dict of treatment -> Estimate
        The level of each cell.
    disclosure : Disclosure
    """

    levels: Levels
    arms: dict[str, Arm]
    seen: dict[str, Estimate]
    disclosure: Disclosure

    @property
    def problem(self) -> str:
        """Why the four cells cannot be shown together; empty when they can."""
        missing = [treatment_label(name) for name in CELLS if name not in self.seen]
        if missing:
            return say("display.four_cells.no_arm", arms=listed(missing, "nor"))
        hidden = [name for name in CELLS if not self.seen[name].is_estimable]
        if not hidden:
            return ""
        first = self.seen[hidden[0]]
        return (
            say("display.release.hidden")
            if is_hidden(first)
            else say("display.four_cells.nothing_known", arms=", ".join(hidden))
        )

    def rows(self, estimates: Estimates) -> Estimates:
        return Estimates(gated(row, self.disclosure) for row in estimates)


def four_cells(source, week: float | None, measure: str | None, disclosure) -> FourCells:
    """The four cells of a fit or of levels, each treatment by its one arm."""
    levels = source if isinstance(source, Levels) else source.levels(measure, week)
    levels = levels.at(week if levels.weeks != (None,) else None)
    if not levels.anchored:
        raise ValueError(f"A {levels.measure} has no value in a single cell: nothing to show.")
    own = "opensafely" if isinstance(source, Levels) else source.study
    profile = disclosure_of(disclosure or own)
    present = {key.arm for key in levels.keys}
    arms = {}
    for name in CELLS:
        of_treatment = [a for a in levels.arms if a.treatment == name and a.name in present]
        if of_treatment:
            arms[name] = levels.cell(name).arms[0]
    rows = {row.arm: gated(row, profile) for row in per_arm(levels)}
    return FourCells(levels, arms, {name: rows[a.name] for name, a in arms.items()}, profile)


def table_four_cells(
    source,
    week: float | None = None,
    measure: str | None = None,
    name: str = "four-cells",
    disclosure=None,
) -> Table:
    """What each arm shows, and what each treatment adds, in a two by two table.

    Parameters
    ----------
    source : a fit, or Levels
    week, measure : optional
        May be left out where there is one.
    name : str
    disclosure : Study or name of a disclosure profile, optional
        For levels without a study; strict when absent.

    Returns
    -------
    Table
        Below the cells what medication adds without and with therapy; beside them what therapy
        adds; in the corner how far the two additions differ, which is the synergy.
    """
    cells = four_cells(source, week, measure, disclosure)
    levels = cells.levels
    difference = LEVEL_MEASURES[levels.measure].contrasts[0]
    unit = unit_label(levels.unit)

    def level(treatment: str) -> str:
        if treatment not in cells.seen:
            return say("display.four_cells.no_such_arm")
        value, limits = shown_estimate(cells.seen[treatment], cells.disclosure)
        return f"{value} ({limits})" if limits else value

    def added(arm: str, against: str) -> str:
        if arm not in cells.seen or against not in cells.seen:
            return say("display.four_cells.cannot_be_told")
        rows = compare(
            levels, cells.arms[arm].name, against=cells.arms[against].name, measure=difference
        )
        return _signed(cells.rows(rows).one())

    found = cells.rows(synergy(levels).where(measure="interaction_difference")).one()
    # three cells and their synergy give the fourth away
    corner = (
        say("display.not_shown")
        if cells.problem == say("display.release.hidden")
        else _signed(found)
    )
    frame = pd.DataFrame(
        [
            [
                say("display.four_cells.without_medication"),
                level("control"),
                level("therapy"),
                added("therapy", "control"),
            ],
            [
                say("display.four_cells.with_medication"),
                level("medication"),
                level("combined"),
                added("combined", "medication"),
            ],
            [
                say("display.four_cells.medication_adds"),
                added("medication", "control"),
                added("combined", "therapy"),
                say("display.four_cells.synergy", value=corner),
            ],
        ],
        columns=[
            "",
            say("display.four_cells.without_therapy"),
            say("display.four_cells.with_therapy"),
            say("display.four_cells.therapy_adds"),
        ],
    )
    caption = say(
        "display.four_cells.title", outcome=capital(outcome_label(levels.outcome)), unit=unit
    )
    notes = (say("display.four_cells.note"),)
    return Table(name, caption, frame, notes, tuple(frame.columns[1:]))


def _signed(row: Estimate) -> str:
    if not row.is_estimable:
        return (
            say("display.not_shown") if is_hidden(row) else say("display.four_cells.cannot_be_told")
        )
    plus = "+" if row.estimate > 0 else ""
    limits = interval(row.conf_low, row.conf_high, row.unit)
    value = f"{plus}{shown(row.estimate, row.unit)}"
    return f"{value} ({limits})" if limits else value


def predictions(cells: FourCells) -> dict[str, Estimate]:
    """What each reference model expects of the combination, by its name, as it may be shown."""
    rows = cells.rows(reference_models(cells.levels))
    return {r.reference: r for r in rows if r.reference and r.measure == cells.levels.measure}
