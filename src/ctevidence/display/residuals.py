"""Residual plots: against the normal distribution, and against what was expected."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of, people_may_be_shown
from ctevidence.display.figure import (
    INK,
    LOOK,
    MUTED,
    RULE,
    Figure,
    canvas,
    drawn_table,
    finished,
    nothing_to_draw,
)
from ctevidence.display.format import number
from ctevidence.language import say
from ctevidence.models.diagnostics import diagnose, model_of
from ctevidence.models.scaled_residuals import (
    moments,
    normal_medians,
    normal_quantiles,
    plot_correlation,
)

POINTS, BINS = 800, 12
#: Places at which the band of a normal plot is drawn at most.
BAND_PLACES = 4_000
#: Quantiles drawn at most where single scores may not be.
QUANTILES = 19
BLUE = "#0072b2"


def plot_residuals(fit, name: str = "residuals") -> Figure:
    """Scaled residuals on a normal plot with its envelope, and by fitted score.

    Parameters
    ----------
    fit : a fit of the course or of growth
    name : str
        File name of the figure.

    Returns
    -------
    Figure
        Its table holds the residuals by group of fitted scores. Where people may not be shown
        there are no points, only quantiles and groups that are large enough.
    """
    try:
        model_of(fit)
    except ValueError as reason:
        return nothing_to_draw(name, say("display.residuals.scaled"), str(reason))
    scores, disclosure = diagnose(fit).scores, disclosure_of(fit.study)
    open_data = people_may_be_shown(fit.study)
    bins = _bins(scores, disclosure)
    if bins.empty:
        return nothing_to_draw(
            name, say("display.residuals.scaled"), say("display.residuals.too_few")
        )
    with mpl.rc_context(LOOK):
        figure, (left, right) = canvas(7.6, 3.9, ncols=2)
        _normal_plot(left, scores["scaled"].to_numpy(), open_data, disclosure)
        _by_fitted(right, scores, bins, open_data, fit.study.scale.label)
        figure.suptitle(say("display.residuals.title"), x=0.01, ha="left",
                        fontweight="bold", fontsize=12)  # fmt: skip
        return finished(
            figure,
            name,
            say("display.residuals.scaled"),
            _alt(scores),
            _data(name, bins, disclosure),
        )


def _normal_plot(axes, scaled: np.ndarray, open_data: bool, disclosure: Disclosure) -> None:
    values, n = np.sort(scaled), len(scaled)
    middle, drawn = normal_medians(n), _places(n)
    at, low, high = normal_quantiles(n, places=drawn)
    axes.plot(at, at, color=MUTED, linewidth=1)
    axes.fill_between(at, low, high, color=RULE, alpha=0.7, linewidth=0)
    if open_data:
        keep = np.unique(np.linspace(0, n - 1, min(n, POINTS)).astype(int))
        axes.plot(middle[keep], values[keep], "o", color=BLUE, markersize=2.6, alpha=0.7)
    else:
        # between two quantiles there are as many scores as a group needs to be shown
        places = min(QUANTILES, n // (disclosure.suppress_up_to + 1) - 1)
        at = np.arange(1, places + 1) / (places + 1)
        axes.plot(np.quantile(middle, at), np.quantile(values, at), "o", color=BLUE, markersize=4)
    axes.set_xlabel(say("display.residuals.expected"))
    axes.set_ylabel(say("display.residuals.in_order"))
    axes.text(0.04, 0.96, say("display.residuals.band"), color=MUTED,
              fontsize=8.5, transform=axes.transAxes, va="top")  # fmt: skip


def _places(n: int) -> np.ndarray:
    """Where the band is drawn: everywhere, or where more could not be seen."""
    places = np.arange(1, n + 1)
    if n <= BAND_PLACES:
        return places
    apart = np.unique(np.geomspace(1, n // 2, BAND_PLACES // 2).astype(int))
    return np.r_[apart, n + 1 - apart[::-1]]


def _by_fitted(axes, scores: pd.DataFrame, bins: pd.DataFrame, open_data: bool, scale: str) -> None:
    axes.axhline(0, color=MUTED, linewidth=1)
    if open_data and len(scores) <= POINTS:
        axes.plot(scores["fitted"], scores["scaled"], "o", color=BLUE, markersize=2.6, alpha=0.35)
    elif open_data:
        axes.hexbin(scores["fitted"], scores["scaled"], gridsize=28, cmap="Blues", mincnt=1,
                    linewidths=0, bins="log")  # fmt: skip
    reach = bins["sd"].fillna(0)
    axes.errorbar(bins["fitted"], bins["mean"], reach, color=INK, marker="D", markersize=4.5,
                  linestyle="none", elinewidth=1.2, capsize=2.5)  # fmt: skip
    axes.set_xlabel(say("display.residuals.fitted", scale=scale))
    axes.set_ylabel(say("display.residuals.residual"))
    axes.text(0.04, 0.96, say("display.residuals.dark"), color=MUTED, fontsize=8.5,
              transform=axes.transAxes, va="top")  # fmt: skip
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.16 * (high - low))


def _bins(scores: pd.DataFrame, disclosure: Disclosure) -> pd.DataFrame:
    """Groups of about equally many scores by fitted value; those too small to show are left out."""
    groups = max(1, min(BINS, len(scores) // max(10, disclosure.suppress_up_to + 1)))
    place = pd.qcut(scores["fitted"].rank(method="first"), groups, labels=False)
    rows = []
    for _, part in scores.groupby(place.to_numpy()):
        if disclosure.count(len(part)) is not None:
            mean, sd, _ = moments(part["scaled"].to_numpy())
            rows.append((part["fitted"].mean(), len(part), mean, sd))
    return pd.DataFrame(rows, columns=["fitted", "n", "mean", "sd"])


def _data(name: str, bins: pd.DataFrame, disclosure: Disclosure):
    table = pd.DataFrame(
        {
            "fitted score, about": [number(v, 1) for v in bins["fitted"]],
            "scores": [disclosure.text(int(n)) for n in bins["n"]],
            "mean of scaled residuals": [number(v, 2) for v in bins["mean"]],
            "standard deviation": ["" if np.isnan(v) else number(v, 2) for v in bins["sd"]],
        }
    )
    return drawn_table(name, say("display.residuals.caption"), table, tuple(table.columns))


def _alt(scores: pd.DataFrame) -> str:
    mean, sd, skewness = moments(scores["scaled"].to_numpy())
    r = plot_correlation(scores["scaled"].to_numpy())
    words = "" if np.isnan(r) else (
        say("display.residuals.more", sd=number(sd, 2), skewness=number(skewness, 2),
            r=number(r, 3))
    )  # fmt: skip
    return say("display.residuals.alt", mean=number(mean, 2), more=words)
