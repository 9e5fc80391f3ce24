"""Repeated relapse: how often illness returned, among everyone who entered.

Read off the histories of `illness`: a relapse is a change into that state, so that between two of
them somebody was well again. Everyone is followed from the start; whoever never responded has no
relapse, and counts. Relapses among everyone compare the groups that were formed, but few of them
may mean that few responded: the count stands beside staying well, never in its place. What ends a
history for good (death; dropout and switch where they are declared as states) ends the count too.
"""

from __future__ import annotations

import pandas as pd

from ctevidence.data.illness_rule import IllnessRule
from ctevidence.data.rules import RelapseRule
from ctevidence.data.study import Study
from ctevidence.outcomes.illness import ABSORBING, derive_illness
from ctevidence.outcomes.outcome import Outcome

AMONG_EVERYONE = (
    "counted among everyone, also those who never got better and so could not relapse: read it "
    "beside staying well"
)


def derive_repeated_relapse(
    study: Study, rule: IllnessRule | None = None, relapse: RelapseRule | None = None
) -> Outcome:
    """Each relapse of everyone who entered, and the time under observation before it.

    Parameters
    ----------
    study : Study
    rule : IllnessRule, optional
        Another rule for dropout and switches than the declared one.
    relapse : RelapseRule, optional
        Another rule of relapse than the declared one.

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
    illness = derive_illness(study, rule, relapse)
    rows = illness.frame
    rows = rows.assign(event=rows["then"] == "relapse", ended=rows["then"].isin(ABSORBING))
    who = rows["participant_id"]
    rows["number"] = rows["event"].groupby(who).cumsum() - rows["event"] + 1
    joined = rows.groupby(["participant_id", "number"], sort=False).agg(
        arm=("arm", "first"),
        start=("start", "first"),
        stop=("stop", "last"),
        event=("event", "last"),
        ended=("ended", "last"),
    )
    frame = joined.reset_index()
    columns = ["participant_id", "arm", "start", "stop", "event", "ended", "number"]
    caution = () if illness.rule.relapse.after == "baseline" else (AMONG_EVERYONE,)
    return Outcome(
        kind="repeated_relapse",
        name="relapses",
        study=study,
        frame=pd.DataFrame(frame[columns]),
        rule=illness.rule,
        better="lower",
        cautions=(*illness.cautions, *caution),
    )
