"""A figure as readers see it: picture, text alternative, and the table of what is drawn.

Also the look that all figures share. Colours are after Okabe and Ito, told apart by people
with colour-blindness; every arm has its marker and line style as well: colour never stands alone.
"""

from __future__ import annotations

import io
import struct
import textwrap
from dataclasses import dataclass

import matplotlib as mpl
import pandas as pd
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.figure import Figure as Canvas

from ctevidence.display.table import Table
from ctevidence.language import say
from ctevidence.terms import Arm, Treatment

DPI = 160
#: Letters of a text alternative.
LONGEST_ALT = 600
#: What fits into a text alternative beside a title; the table holds the whole reason.
LONGEST_REASON = 450
#: characters of a text alternative, at most
LONGEST_ALT = 600
#: the only column of the data of a figure in which nothing could be drawn
NOTHING = "nothing to draw"
INK, MUTED, RULE = "#1a2430", "#5b6672", "#d5dae0"

#: treatment -> colour, marker, line style; each at least 3:1 against white
STYLES = {
    Treatment.COMBINED: ("#00664f", "o", "-"),
    Treatment.MEDICATION: ("#0072b2", "s", (0, (6, 2))),
    Treatment.THERAPY: ("#b3480b", "^", (0, (2, 1.5))),
    Treatment.CONTROL: ("#6b6f76", "D", (0, (1, 1.2))),
}
SPARE = (("#8c4a86", "v", "-."), ("#7a5c00", "P", (0, (4, 1, 1, 1))), ("#2b5f75", "X", "-"))

LOOK = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titley": 1.0,  # found by measuring everything beside it, three times a drawing, otherwise
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": False,
    "grid.color": RULE,
    "figure.facecolor": "white",
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
}


@dataclass(frozen=True, eq=False)
class Figure:
    """A drawn figure with everything that must go with it.

    Parameters
    ----------
    name : str
        File name without ending.
    title : str
        The message in one line.
    alt : str
        Text alternative, 40 to 600 characters: type, message, key numbers. `finished` shortens a
        longer one.
    png : bytes
    data : Table
        What is drawn, as a table.
    drawn : tuple of str
        Axes, bands and words at the axes, as they were found in the picture.
    """

    name: str
    title: str
    alt: str
    png: bytes
    data: Table
    drawn: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 40 <= len(self.alt) <= LONGEST_ALT:
            raise ValueError(
                f'Figure "{self.name}": its text alternative has {len(self.alt)} characters; '
                f"say in 40 to {LONGEST_ALT} what kind of figure it is, its message and key "
                "numbers."
            )

    @property
    def width(self) -> float:
        """Inches it was drawn for: what makes the size of its words, whatever the screen."""
        (pixels,) = struct.unpack(">I", self.png[16:20])  # the first field of a PNG's header
        return pixels / DPI

    @property
    def why_empty(self) -> str:
        """Why nothing could be drawn; empty for a figure that shows something."""
        return self.data.frame[NOTHING].item() if NOTHING in self.data.frame else ""

    def _repr_mimebundle_(self, **_options):
        return {"image/png": self.png}, {"image/png": {"alt": self.alt}}

    def __repr__(self) -> str:
        return f"Figure {self.name}: {self.alt}"


class MissingFontError(RuntimeError):
    """The font of all figures cannot be found."""


def canvas(width: float = 7.2, height: float = 4.2, layout: str = "constrained", **subplots):
    """An empty figure and its axes in the shared look; nothing global is changed.

    Raises
    ------
    MissingFontError
        When the font is missing: another one would give other bytes, none at all an error of
        matplotlib's for every word.
    """
    _find_font()
    with mpl.rc_context(LOOK):
        figure = Canvas(figsize=(width, height), dpi=DPI, layout=layout)
        axes = figure.subplots(**subplots)
    return figure, axes


def _find_font() -> None:
    name = LOOK["font.family"]
    try:
        font_manager.findfont(name, fallback_to_default=False)
    except ValueError:
        raise MissingFontError(
            f"Figures are drawn with the font {name}, which comes with matplotlib and was not "
            "found. Install matplotlib again (pip install --force-reinstall matplotlib), or the "
            f"font (Debian: fonts-dejavu-core), and remove {mpl.get_cachedir()}, then run again."
        ) from None


def finished(figure: Canvas, name: str, title: str, alt: str, data: Table) -> Figure:
    """Draw to PNG; the same drawing gives the same bytes."""
    buffer = io.BytesIO()
    with mpl.rc_context(LOOK):
        # savefig draws everything twice, once for the layout, which a drawing settles by itself
        FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})
    return Figure(name, title, shortened(alt), buffer.getvalue(), data, _drawn(figure))


def shortened(alt: str) -> str:
    """A text alternative that is not too long, cut between its parts; the table has the rest.

    Examples
    --------
    >>> text = shortened("Flow of people. " + "; ".join(f"arm {i}: {i} people" for i in range(99)))
    >>> len(text) <= LONGEST_ALT, text.endswith("people. The rest stands in the table.")
    (True, True)
    """
    if len(alt) <= LONGEST_ALT:
        return alt
    room = LONGEST_ALT - len(say("figure.more", alt=""))
    part = alt[:room]
    # between parts where one ends in the second half, else between words
    ends = (part.rfind(mark) for mark in ("; ", ". ", ", ", " "))
    end = next((end for end in ends if end > room // 2), room)
    return say("figure.more", alt=f"{part[:end].rstrip(';,. ')}.")


def _drawn(figure: Canvas) -> tuple[str, ...]:
    """What is seen in the picture and a check can ask for: axes, bands, words at the axes."""
    found = []
    for axes in figure.axes:
        if axes.axison:
            found += [f"{axes.get_xscale()} axis"]
        if any(isinstance(shape, FillBetweenPolyCollection) for shape in axes.collections):
            found.append("band")
        found += [f"below the axis: {axes.get_xlabel()}"] if axes.get_xlabel() else []
    return tuple(dict.fromkeys(found))


def nothing_to_draw(name: str, title: str, reason: str) -> Figure:
    """A figure that says why there is nothing in it, so that its place is not silently empty."""
    short = textwrap.shorten(reason, LONGEST_REASON, placeholder=" ...")
    text = textwrap.fill(f"{title}: {short}.", 92)
    with mpl.rc_context(LOOK):
        figure, axes = canvas(7.2, 0.9 + 0.2 * len(text.splitlines()))
        axes.axis("off")
        axes.text(0, 0.5, text, color=MUTED, va="center", transform=axes.transAxes)
        data = Table(f"{name}-data", title, pd.DataFrame({NOTHING: [reason]}))
        alt = say("display.figure.none", title=title, reason=short)
        return finished(figure, name, title, alt, data)


def style_of(arm: Arm, arms: tuple[Arm, ...]) -> tuple[str, str, object]:
    """Colour, marker and line style of an arm; further arms of a treatment get spare ones.

    Groups that are no treatments take all of them in turn.
    """
    same = [a for a in arms if a.treatment == arm.treatment]
    position = same.index(arm)
    if arm.treatment is None:
        styles = (*STYLES.values(), *SPARE)
        return styles[position % len(styles)]
    if position == 0:
        return STYLES[arm.treatment]
    return SPARE[(position - 1) % len(SPARE)]


def drawn_table(name: str, caption: str, frame: pd.DataFrame, numeric: tuple[str, ...]) -> Table:
    """The table that stands behind a figure."""
    return Table(f"{name}-data", caption, frame, numeric=numeric)
