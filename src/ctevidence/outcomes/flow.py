"""Participant flow: how many people started, entered and were seen, for a CONSORT figure.

Exact counts: disclosure control is the display's, not the flow's.
"""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.data.study import Study
from ctevidence.outcomes.visit_scores import attended_scores

STEPS = ("started", "without baseline", "below entry severity", "entered", "seen")


def participant_flow(study: Study) -> pd.DataFrame:
    """People of each arm at each step.

    Returns
    -------
    DataFrame
        ``arm`` (in the study's order), ``step`` (one of `STEPS`), ``week`` (of ``seen``, else
        nan), ``n``. ``started`` is the sum of the next three. ``seen`` counts those who entered
        and have a score of the primary scale at the scheduled visit. How the arms were formed
        stands in ``study.randomised``.
    """
    people = study.participants
    entered = people["participant_id"].isin(study.entering()["participant_id"])
    measured = people["participant_id"].isin(study.baseline().index)
    seen = attended_scores(study)
    steps = {
        ("started", math.nan): people["arm"],
        ("without baseline", math.nan): people.loc[~measured, "arm"],
        ("below entry severity", math.nan): people.loc[measured & ~entered, "arm"],
        ("entered", math.nan): people.loc[entered, "arm"],
        **{("seen", week): seen.loc[seen["week"] == week, "arm"] for week in study.weeks},
    }
    return pd.DataFrame(
        [
            {"arm": arm.name, "step": step, "week": week, "n": int((found == arm.name).sum())}
            for arm in study.arms
            for (step, week), found in steps.items()
        ]
    )
