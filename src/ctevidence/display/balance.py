"""Are weighted arms alike? The table of weights, the table of balance, and the Love plot."""

from __future__ import annotations

import math

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.figure import (
    LOOK,
    MUTED,
    STYLES,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
)
from ctevidence.display.format import number
from ctevidence.display.table import Table
from ctevidence.language import say
from ctevidence.sensitivity.balance import TARGET
from ctevidence.sensitivity.weighting import LARGEST_DIFFERENCE, LEAST_CHANCE, Weighting
from ctevidence.terms import Treatment

BEFORE, AFTER = MUTED, STYLES[Treatment.COMBINED][0]


def table_weights(weights: Weighting, least: float = LEAST_CHANCE) -> Table:
    """People behind the weights of each arm, and who had hardly any chance of it.

    Parameters
    ----------
    weights : Weighting
        From `ctevidence.weigh`.
    least : float
        A smaller chance of an arm counts as hardly any.

    Returns
    -------
    Table
        Counts pass the study's disclosure gate; columns about who was left out stand only where
        somebody was.
    """
    disclosure = disclosure_of(weights.study)
    found = weights.positivity(least)
    labels = {arm.name: arm.label for arm in weights.study.arms}
    counts = {
        "entered": "entered",
        "a covariate missing": "without_covariates",
        "trimmed": "trimmed",
        "weighed": "people",
        say("display.balance.hardly_any", least=f"{100 * least:g}"): "no_chance",
    }
    optional = {"without_covariates", "trimmed"}
    columns = {"arm": [labels[a] for a in found["arm"]]}
    for heading, key in counts.items():
        if key not in optional or found[key].any():
            columns[heading] = [disclosure.text(int(k)) for k in found[key]]
    columns["as informative as"] = [_effective(row, disclosure) for row in found.itertuples()]
    notes = [
        say("display.balance.stand_for", population=weights.population, method=weights.method),
        say("display.balance.informative"),
    ]
    notes += [] if disclosure.is_open else [disclosure.describe]
    frame = pd.DataFrame(columns)
    return Table(
        "weights", say("display.balance.weights_caption"), frame, tuple(notes), tuple(frame)[1:]
    )


def _effective(row, disclosure: Disclosure) -> str:
    if disclosure.count(row.people) is None:
        return say("display.not_shown")
    return disclosure.text(math.floor(row.effective + 0.5))


def largest_differences(weights: Weighting) -> pd.DataFrame:
    """Of each covariate the largest standardised difference, gated.

    Returns
    -------
    DataFrame
        ``covariate, before, after`` (largest between two arms), ``pair`` (the two arms after) and
        ``from_target``; nan where the profile hides a group.
    """
    disclosure, table = disclosure_of(weights.study), weights.balance()
    labels = {arm.name: arm.label for arm in weights.study.arms}
    rows = []
    for name in weights.balance_columns:
        own = table[table["covariate"] == name]
        pairs, target = own[own["reference"] != TARGET], own[own["reference"] == TARGET]
        sizes = pairs[["before", "after"]].abs()
        row = {"covariate": name, "before": sizes["before"].max(), "after": sizes["after"].max()}
        row |= {"pair": "", "from_target": target["after"].abs().max()}
        if _hidden(weights, name, disclosure):
            row |= dict.fromkeys(("before", "after", "from_target"), math.nan)
        elif math.isfinite(row["after"]):
            worst = pairs.loc[sizes["after"].idxmax()]
            row["pair"] = say(
                "display.balance.pair",
                first=labels[worst["arm"]],
                second=labels[worst["reference"]],
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _hidden(weights: Weighting, name: str, disclosure: Disclosure) -> bool:
    """Whether a mean of this covariate in some arm would give a hidden count away."""
    values, arm = weights.balance_columns[name].to_numpy(), weights.arm_number
    people = np.bincount(arm)
    if not np.isin(values, (0.0, 1.0)).all():
        return any(disclosure.hides(None, int(n)) for n in people)
    have = np.bincount(arm, values, minlength=len(people))
    return any(disclosure.hides(int(e), int(n)) for e, n in zip(have, people, strict=True))


def table_balance(weights: Weighting) -> Table:
    """How far arms differ in each covariate, before and after weighting.

    Parameters
    ----------
    weights : Weighting
        From `ctevidence.weigh`.
    """
    disclosure, found = disclosure_of(weights.study), largest_differences(weights)
    frame = pd.DataFrame(
        {
            "covariate": [_words(c) for c in found["covariate"]],
            "before": [_shown(v) for v in found["before"]],
            "after": [_shown(v) for v in found["after"]],
            "between": found["pair"],
            "from the target": [_shown(v) for v in found["from_target"]],
        }
    )
    notes = [
        say("display.balance.note", most=f"{LARGEST_DIFFERENCE:g}"),
    ]
    notes += [] if disclosure.is_open else [disclosure.describe]
    numeric = ("before", "after", "from the target")
    caption = say("display.balance.caption")
    return Table("balance", caption, frame, tuple(notes), numeric)


def _words(column: str) -> str:
    return column.replace("_", " ")


def _shown(value: float) -> str:
    return say("display.not_shown") if math.isnan(value) else number(value, 2)


def plot_balance(weights: Weighting, name: str = "balance") -> Figure:
    """Love plot: the largest standardised difference of each covariate, before and after.

    Parameters
    ----------
    weights : Weighting
        From `ctevidence.weigh`.
    name : str
        File name.

    Returns
    -------
    Figure
        Covariates by their difference before weighting; those that the disclosure profile hides
        are named in a line below.
    """
    found = largest_differences(weights)
    drawn = found.dropna(subset=["before", "after"]).sort_values("before", kind="stable")
    title = say("display.balance.title")
    if drawn.empty:
        return nothing_to_draw(name, title, say("display.balance.too_few"))
    with mpl.rc_context(LOOK):
        figure, axes = canvas(7.2, 1.9 + 0.32 * len(drawn))
        y = np.arange(len(drawn))
        axes.hlines(y, drawn["before"], drawn["after"], color=MUTED, lw=0.8, alpha=0.6)
        axes.scatter(drawn["before"], y, facecolors="white", edgecolors=BEFORE, s=46, zorder=3,
                     label=say("display.balance.before_weighting"))  # fmt: skip
        axes.scatter(drawn["after"], y, color=AFTER, marker="D", s=40, zorder=4,
                     label=say("display.balance.after_weighting"))  # fmt: skip
        axes.axvline(LARGEST_DIFFERENCE, color=MUTED, lw=0.9, linestyle=(0, (4, 3)))
        axes.set_yticks(y, [_words(c) for c in drawn["covariate"]])
        axes.set_ylim(-0.7, len(drawn) - 0.3)
        axes.set_xlim(0, max(float(drawn[["before", "after"]].max().max()) * 1.06, 0.2))
        axes.xaxis.grid(True)
        axes.set_xlabel(_label(found, weights))
        axes.set_title(title, pad=26)
        axes.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=2, frameon=False,
                    borderaxespad=0, fontsize=9)  # fmt: skip
        table = table_balance(weights)
        data = drawn_table(name, table.caption, table.frame, table.numeric)
        return finished(figure, name, title, _alt(drawn, weights), data)


def _label(found: pd.DataFrame, weights: Weighting) -> str:
    label = say("display.balance.axis", most=f"{LARGEST_DIFFERENCE:g}")
    hidden = [_words(c) for c in found["covariate"][found["before"].isna()]]
    return label + (f"\n{say('display.not_shown')}: {', '.join(hidden)}" if hidden else "")


def _covariates(many: int) -> str:
    return "1 covariate" if many == 1 else f"{many} covariates"


def _alt(drawn: pd.DataFrame, weights: Weighting) -> str:
    worst = drawn.loc[drawn["before"].idxmax()]
    most = drawn["after"].max()
    above = (
        say("display.balance.all_below")
        if most <= LARGEST_DIFFERENCE
        else say("display.balance.not_all_below")
    )
    return say(
        "display.balance.alt",
        covariates=_covariates(len(drawn)),
        worst=_words(worst["covariate"]),
        before=number(worst["before"], 2),
        most=number(most, 2),
        above=above,
        limit=f"{LARGEST_DIFFERENCE:g}",
    )
