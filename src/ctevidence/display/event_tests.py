"""Tests of times to an event as one table."""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import not_estimable, number, p_value
from ctevidence.display.labels import contrast_label
from ctevidence.display.precision import shown_p
from ctevidence.display.table import Table
from ctevidence.terms import DESCRIPTIVE

COLUMNS = ("test", "compared", "statistic", "df", "p", "p by Holm")
#: what each test asks, for people who do not know its name
MEANINGS = {
    "log-rank": "log-rank: as frequent at all times",
    "Fleming-Harrington (1, 0)": "Fleming-Harrington (1, 0): early differences count more",
    "Fleming-Harrington (0, 1)": "Fleming-Harrington (0, 1): late differences count more",
    "MaxCombo": "MaxCombo: the largest of four weights, the choice paid for",
    "Gray's test": "Gray's test: as many have it, with what competes",
}


def table_event_tests(fit, strata: str | None = None) -> Table:
    """Tests over all arms, then of each two, with p-values by Holm over the pairs of a test.

    The weights of Fleming and Harrington stand over all arms only; `fit.tests` has all of them.

    Parameters
    ----------
    fit : a fit of relapse, retention or time to response, or what holds one over time
    strata : str, optional
        A column of the participants within whose groups arms are compared.

    Returns
    -------
    Table
        Rows of a group that the disclosure profile hides have no numbers; of a study without a fit
        one row says why.
    """
    over_time = fit
    fit = getattr(over_time, "fit", over_time)
    if fit is None:
        row = ["log-rank", over_time.reason, not_estimable(), "", "", ""]
        frame, caption = pd.DataFrame([row], columns=list(COLUMNS)), over_time.event
        return Table("event-tests", f"Tests of the time to {caption}", frame)
    disclosure = disclosure_of(fit.study)
    tests = fit.tests(strata)
    hidden = _hidden_arms(fit.people, disclosure)
    # for two arms MaxCombo stands for the early and the late weight, which it holds
    weighted = tests["test"].str.startswith("Fleming")
    tests = tests[(tests["reference"] == "") | ~weighted]
    rows = [_row(test, hidden, disclosure) for test in tests.to_dict("records")]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    asked = dict.fromkeys(tests["test"])
    notes = [f"{MEANINGS[test]}." for test in asked if test in MEANINGS]
    # groups that treatment has chosen have p-values too: they test nothing about treatment
    notes += [caution for caution in fit.cautions if DESCRIPTIVE in caution]
    if strata:
        notes.append(f"Arms are compared within each {strata.replace('_', ' ')}.")
    if not disclosure.is_open:
        notes.append(disclosure.describe)
    caption = f"Tests of the time to {fit.groups.at_risk.event}"
    return Table("event-tests", caption, frame, tuple(notes), COLUMNS[2:])


def _hidden_arms(people: pd.DataFrame, disclosure: Disclosure) -> set[str]:
    events = people.groupby("arm")["event"].agg(["sum", "size"])
    return {
        arm for arm, of in events.iterrows() if disclosure.hides(int(of["sum"]), int(of["size"]))
    }


def _row(test: dict, hidden: set[str], disclosure: Disclosure) -> list[str]:
    pair = (test["arm"], test["reference"])
    compared = contrast_label(*pair) if test["reference"] else test["arm"]
    head = [test["test"], compared[:1].upper() + compared[1:]]
    if hidden & ({*pair} if test["reference"] else hidden):
        return [*head, "not shown", "", "", ""]
    if math.isnan(test["p_value"]):
        return [*head, not_estimable(), "", "", ""]
    # the rank of the scores is no number of degrees of freedom that a reader would look up
    df = "" if test["test"] == "MaxCombo" else f"{test['df']}"
    p, p_holm = (p_value(shown_p(test[key], disclosure)) for key in ("p_value", "p_holm"))
    return [*head, number(test["statistic"], 2 if disclosure.is_open else 1), df, p, p_holm]
