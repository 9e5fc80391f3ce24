"""Contribution heat map: which direct comparisons an estimate of the network comes from."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.figure import LOOK, MUTED, Figure, canvas, drawn_table, finished
from ctevidence.display.format import number
from ctevidence.display.heat_map import AMOUNT, draw_cells, inches
from ctevidence.language import say
from ctevidence.synthesis.network import Network

#: most lines that can be read; the rest are added up
MOST = 45
#: shares below this are coloured but not written
LEAST_WRITTEN = 0.03


def plot_contributions(
    network: Network,
    of: Sequence[tuple[str, str]] | None = None,
    by: str = "comparisons",
    name: str = "contributions",
    title: str = "",
) -> Figure:
    """Shares of direct comparisons, or of trials, in estimates of the network.

    Parameters
    ----------
    network : Network
    of : sequence of (str, str), optional
        Estimates; all against the reference when absent.
    by : {"comparisons", "studies"}
    name : str
        File name of the figure.
    title : str, optional

    Returns
    -------
    Figure
        Per cent of each estimate, which stands in a column; lines with small shares are added up.
    """
    if by not in ("comparisons", "studies"):
        raise ValueError(f'by="{by}" is unknown; say "comparisons" or "studies".')
    found = network.contributions(of)
    shares = _largest(getattr(found, by))
    what = say("display.contribution_map.direct") if by == "comparisons" else "trials"
    title = title or say("display.contribution_map.title", what=what)
    values, cell = shares.to_numpy().T, 0.36
    text = [[number(100 * v, 0) if v >= LEAST_WRITTEN else "" for v in row] for row in values]
    with mpl.rc_context(LOOK):
        lines, heads = list(shares.columns), list(shares.index)
        left, top = 0.3 + inches(lines, 7.5), 0.6 + inches(heads, 7.5, 60)
        width = max(left + cell * values.shape[1] + 1.2, 8.0)
        height = top + 0.22 * len(values) + 0.55
        figure, axes = canvas(width, height, layout="none")
        figure.subplots_adjust(left / width, 0.5 / height,
                               (left + cell * values.shape[1]) / width,
                               1 - top / height)  # fmt: skip
        draw_cells(axes, np.sqrt(np.clip(values, 0, 1)), text, AMOUNT, 7)
        axes.set_yticks(np.arange(len(values)) + 0.5, lines, fontsize=7.5, rotation=0)
        axes.xaxis.tick_top()
        axes.set_xticks(np.arange(values.shape[1]) + 0.5, heads, fontsize=7.5,
                        rotation=60, ha="left", rotation_mode="anchor")  # fmt: skip
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        note = say("display.contribution_map.method", method=found.method)
        note += say("display.contribution_map.not_written", least=number(100 * LEAST_WRITTEN, 0))
        figure.text(0.01, 0.12 / height, note, fontsize=8, color=MUTED)
        frame = pd.DataFrame([[number(100 * v, 1) for v in row] for row in values], columns=heads)
        frame.insert(0, by.replace("studies", "trial").removesuffix("s"), lines)
        data = drawn_table(name, title, frame, tuple(frame.columns[1:]))
        return finished(figure, name, title, _alt(title, shares), data)


def _largest(shares: pd.DataFrame) -> pd.DataFrame:
    """Columns by their largest share, the small ones added up."""
    order = shares.max().sort_values(ascending=False, kind="stable").index
    if len(order) <= MOST:
        return shares[list(order)]
    kept, rest = list(order[: MOST - 1]), list(order[MOST - 1 :])
    return shares[kept].assign(**{f"{len(rest)} others": shares[rest].sum(axis=1)})


def _alt(title: str, shares: pd.DataFrame) -> str:
    single = shares.max(axis=1)
    row = single.idxmax()
    source = shares.loc[row].idxmax()
    return say(
        "display.contribution_map.alt",
        title=title,
        estimates=len(shares),
        most=number(100 * single.max(), 0),
        source=source,
        row=row,
    )
