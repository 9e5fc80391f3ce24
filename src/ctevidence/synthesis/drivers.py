"""What drives a pooled effect: the trial whose absence moves it most, its weight, and the rest."""

from __future__ import annotations

from dataclasses import replace

from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say
from ctevidence.synthesis.pairwise import leave_one_out
from ctevidence.synthesis.pooled import Pooled
from ctevidence.synthesis.risk_of_bias import bias_of

WITHOUT = "_without_one"


def what_drives(pooled: Pooled) -> Estimates:
    """Two rows of the trial that moves a pooled effect most; none for one trial.

    Parameters
    ----------
    pooled : Pooled

    Returns
    -------
    Estimates
        `study` is that trial. Its ``weight`` (a share), and the pooled effect of the others, whose
        measure ends in ``_without_one``, with `studies` and people of the others. The caution of
        the first says what speaks of bias in that trial.

    Examples
    --------
    >>> import pandas as pd
    >>> from ctevidence.synthesis.pool import pool
    >>> rows = what_drives(pool(pd.DataFrame({"study": list("abc"), "estimate": [0.1, 0.2, 2.0],
    ...     "std_error": [0.1, 0.1, 0.1]})))
    >>> rows.rows[0].study, round(rows.rows[0].estimate, 2), round(rows.rows[1].estimate, 2)
    ('c', 0.33, 0.15)
    """
    if pooled.result.k < 2:
        return Estimates()
    mean, others = pooled.result.random.estimate, dict(leave_one_out(pooled.result))
    trial = max(others, key=lambda study: abs(others[study].random.estimate - mean))
    frame = pooled.effects.frame
    cautions = dict(zip(frame["study"], frame["caution"], strict=True))
    about = {"study": trial, "population": pooled.population, "id": ""}
    without = replace(
        pooled.without(trial, others[trial]),
        measure=f"{pooled.effects.measure}{WITHOUT}",
        studies=pooled.result.k - 1,
        **about,
    )
    weight = Estimate(
        **pooled.rows.who | {"study": trial},
        measure="weight",
        unit="share",
        estimate=float(pooled.weights[trial]),
        studies=None,
        method=say("synthesis.drivers.weight"),
        caution="; ".join(bias_of(cautions[trial])),
    )
    return Estimates([weight, without])
