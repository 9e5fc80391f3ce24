"""Harms as a table: each kind keeps its row, and "not recorded" is not zero."""

from __future__ import annotations

import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import number
from ctevidence.display.release import gated
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate, table_estimates
from ctevidence.models.harms import HarmsByKind, HarmsFit

NOT_RECORDED = "not recorded"
COLUMNS = ("harm", "arm", "people", "per 100 people", "range", "person-years",
           "per 100 person-years", "range of the rate")  # fmt: skip
LABELS = {
    "any adverse event": "Adverse event",
    "any self harm": "Self-harm",
    "any hospitalisation": "Admission to hospital",
    "any switch": "Switch to mania",
    "any withdrawal": "Left because of side effects",
    "any death": "Death",
}
NOTES = (
    "Not recorded means that nobody looked, or that nothing says so: it does not mean none. A "
    "count of 0 stands only where the study records such events.",
    "Each person counts once: with the first event of a kind, and the time until then.",
)
METHODS = ("Wilson interval of shares; exact Poisson interval of rates.",)


def table_harms(
    harms: HarmsByKind, name: str = "harms", caption: str = "Harms by treatment"
) -> Table:
    """People with each kind of harm, per 100 and per 100 person-years, under each arm.

    Parameters
    ----------
    harms : HarmsByKind
    name, caption : str

    Returns
    -------
    Table
        A kind that the study does not record has one row that says so.
    """
    disclosure = disclosure_of(harms.study)
    rows = [row for fit in harms.fits for row in _rows(fit, disclosure)]
    notes = NOTES if disclosure.is_open else (*NOTES, disclosure.describe)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return Table(name, caption, frame, notes, COLUMNS[2:], METHODS)


def _rows(fit: HarmsFit, disclosure: Disclosure):
    label = LABELS.get(fit.outcome.name, fit.outcome.name.capitalize())
    if not fit.is_recorded:
        yield (label, "all", NOT_RECORDED, *[""] * (len(COLUMNS) - 3))
        return
    names = {arm.name: arm.label for arm in fit.study.arms}
    years = dict(zip([key.arm for key in fit.rates.keys], fit.rates.years, strict=True))
    for share, rate in zip(fit.per_arm("risk"), fit.per_arm("event_rate"), strict=True):
        value, reach = shown_estimate(gated(share, disclosure), disclosure)
        speed, limits = shown_estimate(gated(rate, disclosure), disclosure)
        people = f"{disclosure.events_text(share.events, share.n)} of {disclosure.text(share.n)}"
        # beside an exact rate exact time would give a hidden count away
        time = years[share.arm] if disclosure.is_open else 10 * round(years[share.arm] / 10)
        time = number(time, 0) if rate.n else ""
        yield label, names[share.arm], people, value, reach, time, speed, limits


def table_harm_differences(
    harms: HarmsByKind,
    name: str = "harms-differences",
    caption: str = "Harms: differences between treatments",
) -> Table:
    """Comparisons of the kinds of harm that the study records.

    Parameters
    ----------
    harms : HarmsByKind
    name, caption : str

    Returns
    -------
    Table
        One row that says so, where it records none.
    """
    rows = HarmsByKind(harms.study, harms.recorded).compare_treatments()
    if len(rows):
        return table_estimates(rows, harms.study, name, caption)
    frame = pd.DataFrame({"comparison": ["none"], "why": ["no kind of harm is recorded here"]})
    return Table(name, caption, frame)
