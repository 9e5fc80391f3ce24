"""Tables of a network: treatments, components, direct against indirect evidence, selection."""

from __future__ import annotations

import pandas as pd

from ctevidence.display.format import interval, number, p_value, shown
from ctevidence.display.labels import heading, measure_label
from ctevidence.display.table import Table
from ctevidence.estimates import Estimate
from ctevidence.evidence.verdict import SMALL_STUDY
from ctevidence.language import pick, say
from ctevidence.names import in_words
from ctevidence.synthesis.component_selection import SelectionPath
from ctevidence.synthesis.components import Components
from ctevidence.synthesis.network import Network


def table_network(network: Network, name: str = "network", caption: str = "") -> Table:
    """Every treatment against the reference, with its place and what it rests on.

    Returns
    -------
    Table
        By P-score, treatments of one small trial last. Heterogeneity, inconsistency and cautions
        stand below.
    """
    reference = network.data.reference
    effect = {row.arm: row for row in network.estimates}
    future = {row.arm: row for row in network.prediction}
    ranks = network.ranks()
    notes, rows = _Notes(), []
    scores = {t: ranks.where(arm=t, measure="p_score").one() for t in network.ranking}
    small = {t for t, score in scores.items() if _is_small(network, t)}
    for treatment in sorted(network.ranking, key=lambda t: t in small):
        place = ranks.where(arm=treatment, measure="rank").one()
        score = scores[treatment]
        row, new = effect.get(treatment), future.get(treatment)
        rows.append(
            {
                "treatment": in_words(treatment),
                "trials": str(score.studies),
                "people": "" if score.n is None else str(score.n),
                "estimate": shown(row.estimate, row.unit) if row else heading("reference"),
                "range": interval(row.conf_low, row.conf_high, row.unit) if row else "",
                "expected in a new trial": interval(new.conf_low, new.conf_high, new.unit)
                if new
                else "",
                "P-score": number(score.estimate, 2),
                "place": number(place.estimate, 0),
                "range of places": say("network_table.no_places")
                if treatment in small
                else interval(place.conf_low, place.conf_high, "people"),
                "note": notes.marks(score),
            }
        )
    caption = caption or say(
        "display.network_tables.caption",
        measure=measure_label(network.data.measure).capitalize(),
        reference=in_words(reference),
    )
    last = (say("network_table.small_last", small=SMALL_STUDY),) if small else ()
    method = say("display.method", method=network.levels().method)
    below = (*last, *notes.lines, _q_line(network), method)
    frame = pd.DataFrame(rows)
    frame = frame.loc[
        :, [c for c in frame if c not in ("people", "note") or (frame[c] != "").any()]
    ]
    return Table(name, caption, frame, below, tuple(c for c in frame if c not in (
        "treatment", "note")))  # fmt: skip


def _is_small(network: Network, treatment: str) -> bool:
    """Whether one trial of few people is all that a treatment rests on."""
    trials = network.data.evidence.of(treatment)
    return len(trials) == 1 and (trials[0].total or SMALL_STUDY) < SMALL_STUDY


def table_components(components: Components, name: str = "components", caption: str = "") -> Table:
    """What each component adds, and each interaction, with what it rests on."""
    notes, rows = _Notes(), []
    for row in components.estimates:
        is_both = row.measure.startswith("interaction")
        rows.append(
            {
                "component": in_words(row.arm),
                "": say("display.network_tables.more")
                if is_both
                else say("display.network_tables.adds_to", reference=in_words(row.reference)),
                "trials": str(row.studies),
                "people": "" if row.n is None else str(row.n),
                "estimate": shown(row.estimate, row.unit),
                "range": interval(row.conf_low, row.conf_high, row.unit),
                "p": p_value(row.p_value),
                "note": notes.marks(row),
            }
        )
    common, test = components.additivity.difference, components.additivity.difference_random
    added = say("display.network_tables.additive", q=number(common.q, 2), df=common.df)
    added += say("display.network_tables.additive_p", p=_p_words(common.p_value))
    added += f"{number(test.q, 2)}{_p_words(test.p_value)}."
    if common.df == 0:
        added = say("display.network_tables.every")
        added += say("display.network_tables.left_to_test")
    caption = caption or say(
        "display.network_tables.components", measure=measure_label(components.data.measure)
    )
    frame = pd.DataFrame(rows)
    frame = frame.loc[:, [c for c in frame if c != "people" or (frame[c] != "").any()]]
    below = (*notes.lines, added, say("display.method", method=components.levels().method))
    return Table(name, caption, frame, below, ("trials", "people", "estimate", "range", "p"))


def table_split(network: Network, name: str = "split", caption: str = "") -> Table:
    """Direct and indirect evidence side by side, the comparisons that agree least first."""
    rows = network.split()
    kinds = {kind: [r for r in rows if r.population.endswith(f"; {kind}")] for kind in (
        "direct evidence", "indirect evidence", "direct against indirect evidence")}  # fmt: skip
    lines = sorted(zip(*kinds.values(), strict=True), key=lambda three: three[2].p_value)
    frame = pd.DataFrame(
        [
            {
                "comparison": say(
                    "display.network_tables.against",
                    arm=in_words(direct.arm),
                    reference=in_words(direct.reference),
                ),
                "trials": str(direct.studies),
                "direct": _said(direct),
                "indirect": _said(indirect),
                "p": p_value(apart.p_value),
            }
            for direct, indirect, apart in lines
        ],
        columns=["comparison", "trials", "direct", "indirect", "p"],
    )
    note = say("display.network_tables.tested", count=len(frame))
    caption = caption or say("display.network_tables.direct_indirect")
    return Table(name, caption, frame, (note,), ("trials", "direct", "indirect", "p"))


def table_selection(path: SelectionPath, name: str = "selection", caption: str = "") -> Table:
    """Every interaction that was tried, at every step."""
    frame = pd.DataFrame(
        [
            {
                "step": str(row.step),
                "interaction": in_words(row.interaction),
                "Q falls by": number(row.q_drop, 2),
                "p": p_value(row.p_value),
                "tried at this step": str(row.tried),
                "p times tried": p_value(row.p_adjusted),
                "added": pick("display.network_tables", "yes" if row.added else "no"),
            }
            for row in path.steps.itertuples()
        ]
    )
    notes = tuple(f"{caution[0].upper()}{caution[1:]}." for caution in path.cautions)
    caption = caption or say("display.network_tables.interactions_tried")
    return Table(name, caption, frame, notes, tuple(frame.columns[2:-1]))


class _Notes:
    """Cautions of rows, each once, marked by letters."""

    def __init__(self) -> None:
        self._letters: dict[str, str] = {}

    def marks(self, row: Estimate) -> str:
        parts = [part for part in row.caution.split("; ") if part]
        for part in parts:
            i = len(self._letters)
            self._letters.setdefault(part, chr(97 + i) if i < 26 else f"a{chr(97 + i - 26)}")
        return ", ".join(self._letters[part] for part in parts)

    @property
    def lines(self) -> tuple[str, ...]:
        return tuple(f"{mark}: {text}." for text, mark in self._letters.items())


def _said(row: Estimate) -> str:
    return f"{shown(row.estimate, row.unit)} ({interval(row.conf_low, row.conf_high, row.unit)})"


def _p_words(p: float) -> str:
    text = p_value(p)
    return "" if not text else f", p {text}" if text.startswith("<") else f", p = {text}"


def _q_line(network: Network) -> str:
    found = network.heterogeneity
    words = [
        say(
            "display.network_tables.q",
            label=label,
            q=number(test.q, 1),
            df=test.df,
            p=_p_words(test.p_value),
        )
        for label, test in (
            (say("display.network_tables.total"), found.total),
            (say("display.network_tables.within"), found.within),
            (say("display.network_tables.between"), found.between),
        )
    ]
    tau2 = network.tau2
    low, high = number(tau2.conf_low, 3), number(tau2.conf_high, 3)
    limits = f" ({say('amounts.from_to', low=low, high=high)})" if tau2.is_estimable else ""
    spread = f"{number(tau2.estimate, 3)}{limits}"
    return say("display.network_tables.heterogeneity", q="; ".join(words), spread=spread)
