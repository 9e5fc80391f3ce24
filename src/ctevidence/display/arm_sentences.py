"""All arms in one sentence: the absolute risks that stand beside a figure, by way of counting."""

from __future__ import annotations

from ctevidence.display.adjusting import how_made
from ctevidence.display.contrast_sentences import counting_of
from ctevidence.display.contrast_words import difference_words, in_brackets
from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import interval
from ctevidence.display.labels import outcome_label, treatment_label
from ctevidence.display.release import gated, is_hidden
from ctevidence.display.tables import shown_estimate
from ctevidence.display.verbs import did
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import capital, in_both, say
from ctevidence.names import in_words


def sentence_of_arms(estimates: Estimates, source="opensafely") -> str:
    """What is expected under each arm, arms beside each other in one sentence.

    Parameters
    ----------
    estimates : Estimates
        Levels of shares of people (risk, survival, cumulative incidence), from ``per_arm``.
    source : Study or name of a disclosure profile

    Returns
    -------
    str
        A sentence for each outcome and week. Arms without a number say why.

    Examples
    --------
    >>> rows = Estimates([
    ...     Estimate("demo", "relapse", arm, "survival", value, unit="probability", week=52,
    ...         conf_low=value - 0.05, conf_high=value + 0.05, n=280, events=200)
    ...     for arm, value in (("longer therapy", 0.30), ("shorter therapy", 0.21))])
    >>> print(sentence_of_arms(rows, "open"))
    Of every 100 people, 30 with longer therapy (range 25 to 35) and 21 with shorter therapy \
(range 16 to 26) are still free of relapse by week 52.
    """
    disclosure = disclosure_of(source)
    asked: dict[tuple, list[Estimate]] = {}
    for row in estimates:
        asked.setdefault((row.outcome, row.measure, str(row.week)), []).append(
            gated(row, disclosure)
        )
    told = (_together(rows, disclosure) for rows in asked.values())
    return " ".join(dict.fromkeys(told))  # one reason may silence several measures


def _together(rows: list[Estimate], disclosure: Disclosure) -> str:
    known = [row for row in rows if row.is_estimable]
    silent = [row for row in rows if not row.is_estimable]
    if not known:
        what = outcome_label(rows[0].outcome)
        return say(
            "display.arm_sentences.unanswered",
            what=capital(what),
            reasons=_reasons(silent, len(rows)),
        )
    parts = []
    for row in known:
        value, reach = _value(row, disclosure)
        arm = treatment_label(row.arm)
        parts.append(say("display.arm_sentences.with", value=value, arm=arm, reach=reach))
    week = (
        ""
        if known[0].week != known[0].week
        else say("display.arm_sentences.by_week", week=f"{known[0].week:g}")
    )
    how = counting_of(known[0])
    # those in remission are not everyone who started, and their weeks count from there
    who = known[0].population if known[0].population.startswith("people ") else "people"
    text = say(
        "display.arm_sentences.of_every",
        people=in_words(who),
        parts=_listed(parts),
        did=did(known[0]),
        week=week,
    )
    text += f"{in_brackets(how, how_made(known[0]))}."
    if silent:
        arms = _listed([treatment_label(row.arm) for row in silent])
        text += say("display.arm_sentences.silent", arms=arms, reasons=_reasons(silent, len(rows)))
    return text


def _value(row: Estimate, disclosure: Disclosure) -> tuple[str, str]:
    value, _ = shown_estimate(row, disclosure)
    reach = interval(row.conf_low, row.conf_high, row.unit)
    return value, say("display.arm_sentences.range", range=reach) if reach else ""


def _reasons(rows: list[Estimate], everyone: int) -> str:
    """The reasons of rows without a number, each once, in words."""
    if all(map(is_hidden, rows)):
        return say("display.release.hidden")
    parts = [part for row in rows for part in row.caution.split("; ")]
    kept = [
        p.rstrip(".")
        for p in dict.fromkeys(parts)
        if p and not p.startswith(in_both("caution.not_estimable"))
    ]
    # what concerns all arms stands below the table; here it is these arms that have no number
    arms = {name for row in rows for name in (row.arm, in_words(row.arm))}
    about = [p for p in kept if any(f" {arm}" in p for arm in arms)]
    first = [p for p in kept if p not in about]
    kept = about if len(rows) < everyone else first or about
    return "; ".join(p[:1].lower() + p[1:] for p in kept) or say("display.arm_sentences.too_little")


def _listed(parts: list[str]) -> str:
    return (
        parts[0]
        if len(parts) == 1
        else say("display.arm_sentences.last", parts=", ".join(parts[:-1]), last=parts[-1])
    )


def sentence_of_countings(differences: Estimates, source="opensafely") -> str:
    """How much the answer depends on how people of unknown state are counted.

    Parameters
    ----------
    differences : Estimates
        Differences between treatments under two ways of counting.
    source : Study or name of a disclosure profile

    Returns
    -------
    str
        The comparison that moves most, under both; empty with one way of counting.
    """
    disclosure = disclosure_of(source)
    pairs: dict[tuple[str, str], list[Estimate]] = {}
    for row in differences:
        pairs.setdefault((row.arm, row.reference), []).append(gated(row, disclosure))
    both = [two for two in pairs.values() if len(two) == 2 and all(r.is_estimable for r in two)]
    if not both:
        return ""
    known, everyone = max(both, key=lambda two: abs(two[0].estimate - two[1].estimate))
    arm, reference = treatment_label(known.arm), treatment_label(known.reference)
    turns = sum(a.estimate * b.estimate < 0 for a, b in both)
    order = say("display.arm_sentences.turns", turns=turns, of=len(both)) if turns else ""
    return say(
        "display.arm_sentences.unknown",
        arm=arm,
        reference=reference,
        known=difference_words(known)[0],
        everyone=difference_words(everyone)[0],
        order=order,
    )
