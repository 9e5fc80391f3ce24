"""Contrasts as studies report them: `study, treat1, treat2, estimate, std_error, measure`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctevidence.data.trial_columns import split_flags
from ctevidence.language import say
from ctevidence.synthesis.arm_contrasts import Contrasts
from ctevidence.synthesis.conditions import condition_group
from ctevidence.synthesis.flags import ANY_STRATUM, acting, stratum_of
from ctevidence.synthesis.question import Question, require_words
from ctevidence.synthesis.risk_of_bias import judged, worst_words
from ctevidence.terms import Treatment

NEEDED_COLUMNS = ("study", "treat1", "treat2", "estimate", "std_error", "measure")
OTHER_WAY_ROUND = {
    "treat1": "treat2", "treat2": "treat1", "arm1": "arm2", "arm2": "arm1",
    "events1": "events2", "events2": "events1", "n1": "n2", "n2": "n1",
}  # fmt: skip


def reported_contrasts(
    table: pd.DataFrame, question: Question, measure: str | None
) -> tuple[Contrasts, str]:
    """Contrasts that answer the question, and their measure; a contrast is turned round as needed.

    Raises
    ------
    ValueError
        When a column is missing, a word of the question is not in the table, the table holds
        several measures and none was named, or a study with several treatments does not report
        every pair of them (the covariance of those it reports is then unknown).
    """
    missing = [c for c in NEEDED_COLUMNS if c not in table]
    if missing:
        raise ValueError(f"The table of contrasts has no column {', '.join(missing)}.")
    table, measure = _of_one_measure(table, measure)
    asked = _asked(table, question)
    rows, covariance, left_out = [], {}, []
    for study, own in asked.groupby("study", sort=False, dropna=False):
        contrasts = _first_reported(own, question)
        reason = _reason_to_leave_out(str(study), contrasts, question)
        if reason:
            left_out.append((str(study), reason))
            continue
        rows += [_described(row, question) for row in contrasts.to_dict("records")]
        if len(contrasts) > 1:
            covariance[str(study)] = reported_covariance(
                list(zip(contrasts["treat1"], contrasts["treat2"], strict=True)),
                contrasts["std_error"].to_numpy(float) ** 2,
                str(study),
            )
    return Contrasts(rows, covariance, left_out), measure


def reported_covariance(pairs, variance, study="the study") -> np.ndarray:
    r"""Joint covariance of the contrasts of one study, from the variances of all its pairs.

    With :math:`V_{ab}` the variance of a against b and :math:`V_{aa} = 0`,
    :math:`\operatorname{cov}(ab, cd) = (V_{ad} + V_{bc} - V_{ac} - V_{bd})/2`: the variances are
    squared distances between the arms. Ruecker (2012), Res Syn Meth 3:312.

    Parameters
    ----------
    pairs : sequence of (str, str), length m
    variance : array_like, shape (m,)

    Returns
    -------
    ndarray, shape (m, m)

    Examples
    --------
    >>> reported_covariance([("a", "c"), ("b", "c"), ("a", "b")], [3.0, 5.0, 4.0])
    array([[ 3.,  2.,  1.],
           [ 2.,  5., -3.],
           [ 1., -3.,  4.]])
    """
    known = {frozenset(pair): v for pair, v in zip(pairs, variance, strict=True)}

    def between(a: str, b: str) -> float:
        if a == b:
            return 0.0
        if frozenset((a, b)) not in known:
            raise ValueError(
                f"{study} compares {a} and {b} with others but not with each other, so how its "
                "contrasts go together is unknown; add the row of this pair."
            )
        return known[frozenset((a, b))]

    return np.array(
        [
            [(between(a, d) + between(b, c) - between(a, c) - between(b, d)) / 2 for c, d in pairs]
            for a, b in pairs
        ]
    )


def _of_one_measure(table: pd.DataFrame, measure: str | None) -> tuple[pd.DataFrame, str]:
    there = list(table["measure"].unique())
    if not there:
        raise ValueError("The table of contrasts has no row.")
    if measure is None and len(there) > 1:
        raise ValueError(f"The table holds several measures ({', '.join(there)}); say which.")
    measure = measure or there[0]
    if measure not in there:
        raise ValueError(
            f"The table of contrasts reports {', '.join(there)} and not {measure}, which cannot be "
            "worked out from it; ask for what it reports."
        )
    return table[table["measure"] == measure], measure


def _asked(table: pd.DataFrame, question: Question) -> pd.DataFrame:
    both = pd.DataFrame({"treatment": pd.concat([table["treat1"], table["treat2"]])})
    require_words(both, "treatment", question.contrast or ())
    require_words(table, "study", question.exclude_studies)
    if not isinstance(question.week, str) and "weeks" not in table:
        raise ValueError("The table of trials does not say weeks; do not ask for one.")
    return question.rows_asked(table)


def _first_reported(own: pd.DataFrame, question: Question) -> pd.DataFrame:
    """The study's contrasts with the preferred outcome; a table without outcomes has one."""
    if not isinstance(question.week, str):
        own = own[pd.to_numeric(own["weeks"]) == question.week]
    parts = [own]
    if "outcome" in own:
        parts = [own[own["outcome"] == outcome] for outcome in question.outcome]
    parts = [_oriented(part, question.contrast) for part in parts]
    return next((part for part in parts if len(part)), parts[0])


def _oriented(own: pd.DataFrame, contrast: tuple[str, str] | None) -> pd.DataFrame:
    """The rows of the contrast, those reported the other way round turned."""
    if contrast is None:
        return own
    there = (own["treat1"] == contrast[0]) & (own["treat2"] == contrast[1])
    back = (own["treat1"] == contrast[1]) & (own["treat2"] == contrast[0])
    turned = own[back].rename(columns=OTHER_WAY_ROUND)
    return pd.concat([own[there], turned.assign(estimate=-turned["estimate"])])


def _reason_to_leave_out(study: str, contrasts: pd.DataFrame, question: Question) -> str:
    if study in question.exclude_studies:
        return say("synthesis.trial_selection.on_request")
    if contrasts.empty:
        contrast = " against ".join(
            question.contrast or (say("synthesis.reported_contrasts.any_treatment"),)
        )
        when = (
            ""
            if isinstance(question.week, str)
            else say("synthesis.reported_contrasts.at_week", week=f"{question.week:g}")
        )
        return say(
            "synthesis.reported_contrasts.no_report",
            outcomes=" or ".join(question.outcome),
            contrast=contrast,
            when=when,
        )
    rules = _rules(contrasts.to_dict("records"), question)
    for rule in rules:
        if rule.flag in question.exclude_flags:
            return f"{rule.flag}: {rule.meaning}"
    stratum = stratum_of(rules)
    return "" if question.stratum in (ANY_STRATUM, stratum) else f"stratum {stratum}"


def _rules(rows: list[dict], question: Question) -> list:
    flags = [f for row in rows for f in split_flags(_text(row.get("flags")))]
    treatments = {row[side] for row in rows for side in ("treat1", "treat2")}
    if treatments - set(Treatment):  # which arm a flag is about cannot be told from other names
        treatments = set(Treatment)
    return acting(tuple(dict.fromkeys(flags)), treatments, question.flag_rules)


def _described(row: dict, question: Question) -> dict:
    rules = _rules([row], question)
    bias = judged(pd.DataFrame([row]))
    cautions = [_text(row.get("caution")), *(rule.meaning for rule in rules), *worst_words(bias)]
    return row | {
        "label": _text(row.get("citation")),
        "condition_group": condition_group(row["condition"]) if row.get("condition") else "",
        "outcome": row.get("outcome", " or ".join(question.outcome)),
        "stratum": stratum_of(rules),
        "risk_of_bias": bias,
        "caution": "; ".join(filter(None, cautions)),
    }


def _text(value) -> str:
    return value if isinstance(value, str) else ""
