"""Repeated relapse: how often illness returned, among everyone who entered.

Read off the histories of `illness`: a relapse is a change into that state, so that between two of
them somebody was well again. Everyone is followed from the start; whoever never responded has no
relapse, and counts. Relapses among everyone compare the groups that were formed, but few of them
may mean that few responded: the count stands beside staying well, never in its place. What ends a
history for good (death; dropout and switch where they are declared as states) ends the count too.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.illness_rule import IllnessRule
from ctevidence.data.rules import RelapseRule
from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.outcomes.illness import derive_illness
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.state_walk import ABSORBING


def derive_repeated_relapse(
    study: Study,
    rule: IllnessRule | None = None,
    relapse: RelapseRule | None = None,
    *,
    illness: Outcome | None = None,
) -> Outcome:
    """Each relapse of everyone who entered, and the time under observation before it.

    Parameters
    ----------
    study : Study
    rule : IllnessRule, optional
        Another rule for dropout and switches than the declared one.
    relapse : RelapseRule, optional
        Another rule of relapse than the declared one.
    illness : Outcome, optional
        What `derive_illness` gave by the same rules, where it is at hand.

    Returns
    -------
    Outcome
        Kind ``repeated_relapse``; one row per person and relapse, and one for the time after the
        last, in weeks since the start.

        ==========  ==========================================================================
        ``start``   0, or the week of the relapse before
        ``stop``    the week of the relapse, or of the end of follow-up
        ``event``   whether it ended with relapse
        ``ended``   whether it ended for good: with death, or with what is declared as a state
        ``number``  1 before the first relapse, 2 before the second ...
        ==========  ==========================================================================

    Raises
    ------
    ValueError
        As `derive_illness`.
    """
    illness = derive_illness(study, rule, relapse) if illness is None else illness
    rows = illness.frame
    event = (rows["then"] == "relapse").to_numpy()
    # rows of a person follow each other: a time under observation ends with relapse or with the
    # person's last row
    is_first = (rows["participant_id"] != rows["participant_id"].shift()).to_numpy()
    heads = np.flatnonzero(is_first | np.append(False, event[:-1]))
    tails = np.append(heads[1:], len(rows)) - 1
    relapses = np.cumsum(event) - event  # before this row, of anybody
    before = relapses[np.flatnonzero(is_first)][np.cumsum(is_first) - 1]  # before this person
    frame = pd.DataFrame(
        {
            "participant_id": rows["participant_id"].to_numpy()[heads],
            "arm": rows["arm"].to_numpy()[heads],
            "start": rows["start"].to_numpy()[heads],
            "stop": rows["stop"].to_numpy()[tails],
            "event": event[tails],
            "ended": rows["then"].isin(ABSORBING).to_numpy()[tails],
            "number": (relapses - before)[heads] + 1,
        }
    )
    caution = (
        ()
        if illness.rule.relapse.after == "baseline"
        else (say("outcomes.repeated_relapse.everyone"),)
    )
    return Outcome(
        kind="repeated_relapse",
        name="relapses",
        study=study,
        frame=frame,
        rule=illness.rule,
        better="lower",
        cautions=(*illness.cautions, *caution),
    )
