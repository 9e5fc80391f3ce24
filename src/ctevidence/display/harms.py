"""Harms as a table: each kind keeps its row, and "not recorded" is not zero."""

from __future__ import annotations

import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import number
from ctevidence.display.labels import caption_of, outcome_label
from ctevidence.display.release import gated
from ctevidence.display.table import Table
from ctevidence.display.tables import shown_estimate, table_estimates
from ctevidence.language import say, words
from ctevidence.models.harms import HarmsByKind, HarmsFit

COLUMNS = ("harm", "arm", "people", "per 100 people", "range", "person-years",
           "per 100 person-years", "range of the rate")  # fmt: skip


def table_harms(harms: HarmsByKind, name: str = "harms", caption: str = "") -> Table:
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
    caption = caption or say("display.harms.caption")
    disclosure = disclosure_of(harms.study)
    rows = [row for fit in harms.fits for row in _rows(fit, disclosure)]
    notes = (say("display.harms.not_recorded"), say("display.harms.each_once"))
    notes = notes if disclosure.is_open else (*notes, disclosure.describe)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return Table(name, caption, frame, notes, COLUMNS[2:], (say("display.harms.method"),))


def _rows(fit: HarmsFit, disclosure: Disclosure):
    label = (
        words("display.harms.labels").get(fit.outcome.name)
        or outcome_label(fit.outcome.name).capitalize()
    )
    if not fit.is_recorded:
        yield (
            label,
            say("display.harms.all"),
            say("display.adherence.none"),
            *[""] * (len(COLUMNS) - 3),
        )
        return
    names = {arm.name: arm.label for arm in fit.study.arms}
    years = dict(zip([key.arm for key in fit.rates.keys], fit.rates.years, strict=True))
    for share, rate in zip(fit.per_arm("risk"), fit.per_arm("event_rate"), strict=True):
        value, reach = shown_estimate(gated(share, disclosure), disclosure)
        speed, limits = shown_estimate(gated(rate, disclosure), disclosure)
        people = say(
            "display.tables.of",
            events=disclosure.events_text(share.events, share.n),
            people=disclosure.text(share.n),
        )
        # beside an exact rate exact time would give a hidden count away
        time = years[share.arm] if disclosure.is_open else 10 * round(years[share.arm] / 10)
        time = number(time, 0) if rate.n else ""
        yield label, names[share.arm], people, value, reach, time, speed, limits


def table_harm_differences(
    harms: HarmsByKind,
    name: str = "harms-differences",
    caption: str = "",
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
    caption = caption or caption_of(name)
    rows = HarmsByKind(harms.study, harms.recorded).compare_treatments()
    if len(rows):
        return table_estimates(rows, harms.study, name, caption)
    frame = pd.DataFrame(
        {"comparison": [say("display.harms.none")], "why": [say("display.harms.no_kind")]}
    )
    return Table(name, caption, frame)
