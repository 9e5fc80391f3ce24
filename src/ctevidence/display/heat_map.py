"""Cells of a heat map: colour, and text that can be read on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from ctevidence.display.figure import INK, RULE

#: blue against orange, told apart by people with colour-blindness; near white in the middle
AGAINST = LinearSegmentedColormap.from_list("against", ["#b3480b", "#f3b27a", "#f7f7f5", "#8bbce0",
                                                        "#0b4f8a"])  # fmt: skip
#: from nothing to much
AMOUNT = LinearSegmentedColormap.from_list("amount", ["#f7f7f5", "#9fcdbd", "#2b8a72", "#00443a"])


def readable_on(colour) -> str:
    """Ink or white, whichever stands out more (WCAG 2.2, relative luminance).

    Examples
    --------
    >>> readable_on("#ffffff") == INK, readable_on("#00443a")
    (True, '#ffffff')
    """
    parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(colour)]
    luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return INK if luminance > 0.18 else "#ffffff"


def inches(labels: Sequence[str], size: float, degrees: float = 0.0) -> float:
    """Room that the longest label needs, upwards when turned, sidewards when not.

    Examples
    --------
    >>> inches(["a" * 20], 8) > inches(["a" * 20], 8, 45) > inches(["a"], 8)
    True
    """
    length = max(map(len, labels)) * 0.6 * size / 72
    return length * (math.sin(math.radians(degrees)) if degrees else 1.0)


def draw_cells(
    axes,
    shade: np.ndarray,
    text: Sequence[Sequence[str]],
    colours: mpl.colors.Colormap,
    size: float,
    bold: np.ndarray | None = None,
) -> None:
    """Coloured cells with text, the first row on top.

    Parameters
    ----------
    axes
    shade : ndarray, shape (rows, columns)
        Place on the colour scale, 0 to 1; nan leaves a cell empty.
    text : nested sequence of str
    colours : Colormap
    size : float
        Of the text, in points.
    bold : ndarray of bool, optional
    """
    for i, row in enumerate(shade):
        for j, value in enumerate(row):
            if np.isnan(value):
                continue
            colour = colours(value)
            axes.add_patch(
                mpl.patches.Rectangle(
                    (j, -i - 1), 1, 1, facecolor=colour, edgecolor="white", lw=0.8
                )
            )
            weight = "bold" if bold is not None and bold[i, j] else "normal"
            axes.text(j + 0.5, -i - 0.5, text[i][j], ha="center", va="center", fontsize=size,
                      color=readable_on(colour[:3]), fontweight=weight,
                      linespacing=1.15)  # fmt: skip
    axes.set_xlim(0, shade.shape[1])
    axes.set_ylim(-shade.shape[0], 0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0, colors=INK)
    axes.set_facecolor("white")
    axes.spines["left"].set_color(RULE)
