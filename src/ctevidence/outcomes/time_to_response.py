"""Time to first response: in which weeks someone first responded, by the declared rule.

Response is seen at visits: it happened after the last visit without and at or before the first
visit with it. A later visit without response does not undo the first one: this outcome says how
fast relief comes, not whether it lasts (`staying_well` does). Only scheduled visits count, a missed
visit between two widens the interval, and everyone starts without response on day 0. Whoever was
not seen to respond is censored at the last visit attended; death before response has its own state.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.rules import ResponseRule
from ctevidence.data.study import Study
from ctevidence.language import say
from ctevidence.outcomes.declared import declared_rule
from ctevidence.outcomes.follow_up import follow_up
from ctevidence.outcomes.intercurrent import strategy_cautions
from ctevidence.outcomes.outcome import Outcome
from ctevidence.outcomes.response import has_responded
from ctevidence.outcomes.visit_scores import attended_scores
from ctevidence.terms import DAYS_PER_WEEK

STATES = ("responded", "not responded", "died")


def derive_time_to_response(study: Study, rule: ResponseRule | None = None) -> Outcome:
    """Who responded, and in which weeks they first did.

    Parameters
    ----------
    study : Study
    rule : ResponseRule, optional
        Another rule than the declared one. How it counts missing scores plays no part: nobody
        responds at a visit that was missed.

    Returns
    -------
    Outcome
        Kind ``time_to_response``; weeks since the start.

        =========  ============================================================================
        ``entry``  0
        ``lower``  last week seen without response
        ``upper``  first week seen with it; week of death for ``died``; infinite when censored
        ``state``  ``responded``, ``not responded``, ``died``
        =========  ============================================================================

    Raises
    ------
    ValueError
        No rule is declared.
    """
    rule = declared_rule(study, "response", rule)
    followed = follow_up(study)
    visits = attended_scores(study)
    responded = has_responded(rule, study.scale, visits["baseline"], visits["score"]) == 1
    first = visits[responded].groupby("participant_id", observed=True)["day"].min()
    first = first.reindex(followed.index)
    before = visits["day"] < visits["participant_id"].map(first).fillna(np.inf)
    without = visits[before].groupby("participant_id", observed=True)["day"].max()
    without = without.reindex(followed.index).fillna(0.0).clip(lower=0.0)
    death = followed["death"].where(first.isna())
    frame = pd.DataFrame(
        {
            "arm": followed["arm"],
            "entry": 0.0,
            "lower": without / DAYS_PER_WEEK,
            "upper": first.fillna(death).fillna(np.inf) / DAYS_PER_WEEK,
            "state": np.select([first.notna(), death.notna()], ["responded", "died"], STATES[1]),
        }
    )
    return Outcome(
        kind="time_to_response",
        name="time to response",
        study=study,
        frame=frame.reset_index(),
        rule=rule,
        better="lower",
        cautions=_cautions(study) + strategy_cautions(study, carried_out=False),
    )


def _cautions(study: Study) -> tuple[str, ...]:
    if not study.weeks:
        return ()
    return (say("outcomes.time_to_response.first_visit", week=f"{study.weeks[0]:g}"),)
