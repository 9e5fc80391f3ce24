"""A network of treatments: which were compared, in how many trials, with how many people."""

from __future__ import annotations

import math
import textwrap

import matplotlib as mpl
import numpy as np
import pandas as pd

from ctevidence.display.figure import (
    INK,
    LOOK,
    MUTED,
    STYLES,
    Figure,
    canvas,
    drawn_table,
    finished,
)
from ctevidence.display.labels import heading
from ctevidence.display.spread import spread
from ctevidence.language import say
from ctevidence.names import in_words
from ctevidence.synthesis.network import Network
from ctevidence.synthesis.node_split import compared_pairs
from ctevidence.terms import Treatment

PLAIN = "#34495c"
#: the circle is drawn wider than high, which leaves room for names above and below
WIDE = 1.25
#: least distance of two names
LINE = 0.085
KINDS = (*(t.value for t in (Treatment.CONTROL, Treatment.MEDICATION, Treatment.COMBINED,
                             Treatment.THERAPY)), "")  # fmt: skip
#: half the width of the drawing at least; a name may take this share of the width
LEAST_HALF, MOST_SHARE = 2.2, 0.4
#: in a line of a name
MOST_LETTERS = 40
#: up to this many treatments, lines say their number of trials
FEW = 8


def plot_network(network: Network, name: str = "network", title: str = "") -> Figure:
    """Draw the network: circles are treatments, lines direct comparisons.

    Parameters
    ----------
    network : Network
    name : str
        File name of the figure.
    title : str, optional

    Returns
    -------
    Figure
        Area of a circle by people, or by trials where people are not known; width of a line by
        trials. A treatment of a single trial has an open circle. Colours are those of declared
        treatments; names stand beside them.
    """
    evidence, order = network.data.evidence, _around(network)
    # half a step aside, so that no name stands right above or below the middle
    step = 2 * math.pi / len(order)
    angle = {t: math.pi / 2 - step * (i + 0.5) for i, t in enumerate(order)}
    at = {t: (WIDE * math.cos(a), math.sin(a)) for t, a in angle.items()}
    people = {t: evidence.people(t) for t in order}
    by_people = None not in people.values()
    trials = {t: len(evidence.of(t)) for t in order}
    size = people if by_people else trials
    treatments = network.treatments
    edges = [(treatments[a], treatments[b]) for a, b in compared_pairs(network.data.trials)]
    weight = {edge: len(evidence.of(*edge)) for edge in edges}
    title = title or say(
        "display.network_graph.title", treatments=len(order), trials=len(evidence.trials)
    )
    with mpl.rc_context(LOOK):
        figure, axes = canvas(9.8, 6.2, layout="none")
        figure.subplots_adjust(0.02, 0.09, 0.98, 0.92)
        axes.set_aspect("equal")
        axes.axis("off")
        most = max(weight.values())
        for a, b in edges:
            width = 0.7 + 7.0 * weight[a, b] / most
            x, y = zip(at[a], at[b], strict=True)
            axes.plot(x, y, color="#aab4bf", lw=width, zorder=1, solid_capstyle="round")
            if len(order) <= FEW:
                _edge_label(axes, at[a], at[b], weight[a, b])
        for t in order:
            area = 60 + 540 * size[t] / max(size.values())
            _node(axes, at[t], area, trials[t], network.data.treatments.get(t, ""))
        share = {t: size[t] / max(size.values()) for t in order}
        names = []
        for t, (x, y) in _name_places(order, angle, share).items():
            said = _said(t, trials[t], people[t] if by_people else None)
            if len(order) <= FEW:  # there is room for a second line
                said = textwrap.fill(said, MOST_LETTERS)
            side, points = "left" if x > 0 else "right", 10 if len(order) <= FEW else 8
            names.append(axes.text(x, y, said, ha=side, va="center", color=INK, fontsize=points))
        half = _half_width(axes, names)
        axes.set_xlim(-half, half)
        axes.set_ylim(-1.22, 1.22)
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)
        counted = heading("people" if by_people else "trials")
        legend = say("display.network_graph.key", counted=counted)
        figure.text(0.01, 0.02, legend, fontsize=8.5, color=MUTED)
        rows = [[in_words(a), in_words(b), str(weight[a, b])] for a, b in edges]
        frame = pd.DataFrame(rows, columns=["treatment", "compared with", "trials"])
        alt = _alt(title, order, trials, weight)
        return finished(figure, name, title, alt, drawn_table(name, title, frame, ("trials",)))


def _around(network: Network) -> list[str]:
    """Treatments of one kind side by side, so that lines within a kind stay short."""
    kind = network.data.treatments
    return sorted(network.treatments, key=lambda t: (KINDS.index(kind.get(t, "")), t))


def _node(axes, place, area: float, trials: int, kind: str) -> None:
    colour = STYLES[Treatment(kind)][0] if kind else PLAIN
    face = "white" if trials == 1 else colour
    axes.scatter(*place, s=area, facecolor=face, edgecolor=colour, lw=1.8, zorder=3)


def _name_places(order, angle, share) -> dict[str, tuple[float, float]]:
    """Names outside the circle, moved apart on either side so that none covers another."""
    places = {}
    for side in (1, -1):
        own = [t for t in order if math.copysign(1, math.cos(angle[t])) == side]
        away = {t: 1.06 + 0.08 * math.sqrt(share[t]) for t in own}
        wanted = {t: (away[t] * math.sin(angle[t]), "") for t in own}
        for t, (y, _) in spread(wanted, LINE).items():
            places[t] = (away[t] * WIDE * math.cos(angle[t]), y)
    return places


def _half_width(axes, names) -> float:
    """Half the width of the axes, in their units, that leaves room for every name.

    A name that begins at x and takes the share s of the axes' width ends at x + 2 s W of the half
    width W, so that W has to be x / (1 - 2 s) at least.
    """
    width = axes.get_window_extent().width
    shares = [name.get_window_extent().width / width for name in names]
    needed = [
        abs(name.get_position()[0]) / (1 - 2 * min(share, MOST_SHARE))
        for name, share in zip(names, shares, strict=True)
    ]
    return max(LEAST_HALF, *needed)


def _said(treatment: str, trials: int, people: int | None) -> str:
    count = say("counts.one_trial") if trials == 1 else say("counts.trials", count=trials)
    size = "" if people is None else say("amounts.people", count=people)
    return ", ".join(filter(None, (in_words(treatment), count, size)))


def _edge_label(axes, one, two, trials: int) -> None:
    # off the middle, where lines cross
    x, y = 0.42 * np.array(one) + 0.58 * np.array(two)
    axes.text(x, y, str(trials), ha="center", va="center", fontsize=9, color=INK, zorder=2,
              bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip


def _alt(title: str, order, trials, weight) -> str:
    a, b = max(weight, key=weight.get)
    alone = [t for t in order if trials[t] == 1]
    thin = say("display.network_graph.thin", count=len(alone)) if alone else ""
    if len(alone) == 1:
        thin = say("display.network_graph.thin_one")
    return say(
        "display.network_graph.alt",
        title=title,
        comparisons=len(weight),
        first=in_words(a),
        second=in_words(b),
        most=weight[a, b],
        thin=thin,
    )
