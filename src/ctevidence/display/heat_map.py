"""Cells of a heat map: colour, and text that can be read on it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from ctevidence.display.figure import INK

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
    sns.heatmap(shade, ax=axes, cmap=colours, vmin=0, vmax=1, cbar=False, annot=np.array(text),
                fmt="", annot_kws={"fontsize": size, "linespacing": 1.15}, linewidths=0.8,
                linecolor="white", xticklabels=False, yticklabels=False)  # fmt: skip
    for (i, j), words in zip(np.argwhere(~np.isnan(shade)), axes.texts, strict=True):
        # seaborn's own black or white is too pale on the middle tones
        words.set_color(readable_on(colours(shade[i, j])[:3]))
        words.set_fontweight("bold" if bold is not None and bold[i, j] else "normal")
    axes.tick_params(length=0, colors=INK)
