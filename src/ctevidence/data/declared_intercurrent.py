"""The tables ``[[intercurrent]]`` of ``study.toml``."""

from __future__ import annotations

import math

from ctevidence.data.intercurrent_events import STRATEGIES, IntercurrentEvent
from ctevidence.data.toml_table import TomlTable


def read_intercurrent(root: TomlTable) -> tuple[IntercurrentEvent, ...]:
    """Intercurrent events and their strategies, in the order of the file; empty when none.

    Parameters
    ----------
    root : TomlTable
        The whole file. Words of events are checked against the tables later, with the events that
        the study declares itself.
    """
    found: dict[str, IntercurrentEvent] = {}
    for table in root.rows("intercurrent"):
        event, strategy = table.text("event"), table.choice("strategy", STRATEGIES)
        week = table.number("before_week", required=False)
        table.close()
        if event is None or strategy is None:
            continue
        if event in found:
            why = "The event has a strategy already; two cannot hold at once."
            table.refuse("event", why, "Keep one of the tables.", event)
            continue
        try:
            found[event] = IntercurrentEvent(event, strategy, math.nan if week is None else week)
        except ValueError as error:
            table.refuse("", str(error), "Correct the keys of this table.")
    return tuple(found.values())
