"""A multiverse in words: how often, and under what, direction and verdict change."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ctevidence.contrasts.better_than_both import BEST_SINGLE
from ctevidence.display.disclosure import disclosure_of
from ctevidence.display.labels import outcome_label, treatment_label
from ctevidence.display.release import gated
from ctevidence.display.table import Table
from ctevidence.estimates import Estimate
from ctevidence.evidence.fragility import AXES, Fragility, fragility
from ctevidence.evidence.verdict import Thresholds
from ctevidence.language import capital, pick, say, words
from ctevidence.names import in_words
from ctevidence.sensitivity.multiverse import Multiverse

ADDITIVITY = "additivity"


def multiverse_sentence(
    rows: Iterable[Estimate], source, thresholds: Thresholds | None = None
) -> str:
    """How far an answer depends on choices of analysis.

    Parameters
    ----------
    rows : Estimates
        One question of a multiverse (``multiverse(...).of(...)``), the main analysis first.
    source : Study or name of a disclosure profile
        Ways whose groups are too small to be shown are not counted.
    thresholds : Thresholds, optional
        The smallest differences that matter, for the verdicts.

    Returns
    -------
    str
        How many ways find which side, under which choice the side changes, and the verdicts.
    """
    disclosure = disclosure_of(source)
    found = fragility([gated(row, disclosure) for row in rows], thresholds)
    return say("multiverse.none") if found is None else fragility_sentence(found)


def table_multiverse(choices: Multiverse, name: str = "multiverse-questions") -> Table:
    """Every question of a study over all ways of analysing, one sentence each.

    Parameters
    ----------
    choices : Multiverse
    name : str
    """
    asked = dict.fromkeys((r.arm, r.reference, r.measure) for r in choices.estimates)
    titles = [say("multiverse.question"), say("multiverse.found")]
    rows = []
    for question in asked:
        found = choices.of(*question)
        told = multiverse_sentence(found, choices.study)
        rows.append([question_label(next(iter(found))), told])
    caption = say("multiverse.title")
    return Table(name, caption, pd.DataFrame(rows, columns=titles), (say("multiverse.note"),))


def fragility_sentence(found: Fragility) -> str:
    """The same from a fragility that was worked out."""
    told = _sides(found)
    if found.driver is not None:
        counts = {"turned": found.driver.turned, "of": found.driver.ways}
        choice = pick("axis_choices", found.driver.axis, choice=_driving(found))
        told = say("multiverse.under", told=told, choice=choice, **counts)
    verdicts = [(pick("direction", each.key), count) for each, count in found.verdicts.items()]
    if len(verdicts) == 1:
        told = say("multiverse.verdict_all", told=told, verdict=verdicts[0][0])
    else:
        each = (say("multiverse.verdict_in", verdict=v, count=n) for v, n in verdicts)
        told = say("multiverse.verdicts", told=told, verdicts=", ".join(each))
    if found.failed:
        told += " " + say("multiverse.failed", count=found.failed)
    return told


def _sides(found: Fragility) -> str:
    counts = {"ways": found.ways, "better": found.better, "worse": found.worse}
    row = found.main
    if row.reference == ADDITIVITY:
        return say("multiverse.synergy", **counts)
    arm, reference = treatment_label(row.arm), reference_label(row.reference)
    return say("multiverse.better", **counts, arm=arm, reference=reference)


def reference_label(reference: str) -> str:
    """What the combination is compared with, inside a sentence."""
    return (
        say("multiverse.better_single") if reference == BEST_SINGLE else treatment_label(reference)
    )


def question_label(row: Estimate) -> str:
    """What is compared, as a headline."""
    if row.reference == ADDITIVITY:
        return say("multiverse.synergy_question")
    arm, reference = treatment_label(row.arm), reference_label(row.reference)
    return capital(say("labels.against", arm=arm, reference=reference))


def _driving(found: Fragility) -> str:
    return choice_words(found.driver.axis, found.driver.choice, found.driver.row)


def choice_words(axis: str, choice: str, row: Estimate) -> str:
    """A choice in words; a definition has its own, which its outcome names."""
    if axis == AXES[0]:
        label = row.outcome.removeprefix("response, ").rpartition(" (")[0]
        return outcome_label(label) or choice
    known = words("choices")
    if choice in known:
        return known[choice]
    return ", ".join(in_words(part.replace("_", " ")) for part in choice.split("+"))
