"""The target trial: what one would have liked to do, and what an analysis of a registry does.

Hernan and Robins 2016, Am J Epidemiol 183:758.
"""

from __future__ import annotations

import pandas as pd

from ctevidence.display.table import Table
from ctevidence.language import pick, say
from ctevidence.sensitivity.added_on_the_way import AddedOnTheWay
from ctevidence.sensitivity.kept_throughout import KeptThroughout

PARTS = ("eligibility", "strategies", "assignment", "start", "outcome", "contrast", "analysis")


def table_target_trial(fit: KeptThroughout | AddedOnTheWay, name: str = "target-trial") -> Table:
    """The trial that an analysis of treatment over time stands in for, part by part.

    Parameters
    ----------
    fit : KeptThroughout or AddedOnTheWay
        From `ctevidence.fit_if_kept` or `ctevidence.fit_if_added`.
    name : str

    Returns
    -------
    Table
        Eligibility, strategies, assignment, start of follow-up, outcome, contrast and analysis:
        in the trial, and here. No counts.
    """
    study, history = fit.study, fit.history
    added = isinstance(fit, AddedOnTheWay)
    known = [study.scales[w].label for w in history.varying]
    everyone = say("estimand.everyone", condition=study.condition)
    told = {
        "population": study.population or everyone,
        "arms": ", ".join(arm.label for arm in (fit.arms if added else study.arms)),
        "known": ", ".join(dict.fromkeys((*history.names, *known))) or "-",
        "outcome": fit.outcome.describe().rstrip("."),
    }
    if added:
        told |= {"to": fit.to, "component": fit.component}

    def cells(side: str) -> list[str]:
        keys = [f"{part}_{side}" for part in PARTS]
        if added:
            return [pick("target_trial_added", key, **told) for key in keys]
        return [pick("target_trial_kept", key, **told) for key in keys]

    frame = pd.DataFrame(
        {
            say("target_trial.part"): [pick("target_trial", part) for part in PARTS],
            say("target_trial.trial"): cells("trial"),
            say("target_trial.emulation"): cells("emulation"),
        }
    )
    return Table(name, say("target_trial.caption"), frame, (say("target_trial.note"),))
