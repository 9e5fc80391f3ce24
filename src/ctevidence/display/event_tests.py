"""Tests of times to an event as one table."""

from __future__ import annotations

import math

import pandas as pd

from ctevidence.display.disclosure import Disclosure, disclosure_of
from ctevidence.display.format import not_estimable, number, p_value
from ctevidence.display.labels import contrast_label
from ctevidence.display.precision import shown_p
from ctevidence.display.table import Table
from ctevidence.language import say, words
from ctevidence.names import in_words

COLUMNS = ("test", "compared", "statistic", "df", "p", "p by Holm")


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
        row = [in_words("log-rank"), over_time.reason, not_estimable(), "", "", ""]
        frame, caption = pd.DataFrame([row], columns=list(COLUMNS)), over_time.event
        return Table(
            "event-tests", say("display.event_tests.caption", event=in_words(caption)), frame
        )
    disclosure = disclosure_of(fit.study)
    tests = fit.tests(strata)
    hidden = _hidden_arms(fit.people, disclosure)
    # for two arms MaxCombo stands for the early and the late weight, which it holds
    weighted = tests["test"].str.startswith("Fleming")
    tests = tests[(tests["reference"] == "") | ~weighted]
    rows = [_row(test, hidden, disclosure) for test in tests.to_dict("records")]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    asked = dict.fromkeys(tests["test"])
    # for people who do not know a test by its name
    meanings = words("event_test_meanings")
    notes = [f"{meanings[test]}." for test in asked if test in meanings]
    # groups that treatment has chosen have p-values too: they test nothing about treatment
    notes += [caution for caution in fit.cautions if say("caution.descriptive") in caution]
    if strata:
        notes.append(say("display.event_tests.strata", strata=strata.replace("_", " ")))
    if not disclosure.is_open:
        notes.append(disclosure.describe)
    caption = say("display.event_tests.caption", event=in_words(fit.groups.at_risk.event))
    return Table("event-tests", caption, frame, tuple(notes), COLUMNS[2:])


def _hidden_arms(people: pd.DataFrame, disclosure: Disclosure) -> set[str]:
    events = people.groupby("arm")["event"].agg(["sum", "size"])
    return {
        arm for arm, of in events.iterrows() if disclosure.hides(int(of["sum"]), int(of["size"]))
    }


def _row(test: dict, hidden: set[str], disclosure: Disclosure) -> list[str]:
    pair = (test["arm"], test["reference"])
    compared = contrast_label(*pair) if test["reference"] else in_words(test["arm"])
    head = [in_words(test["test"]), compared[:1].upper() + compared[1:]]
    if hidden & ({*pair} if test["reference"] else hidden):
        return [*head, say("display.not_shown"), "", "", ""]
    if math.isnan(test["p_value"]):
        return [*head, not_estimable(), "", "", ""]
    # the rank of the scores is no number of degrees of freedom that a reader would look up
    df = "" if test["test"] == "MaxCombo" else f"{test['df']}"
    p, p_holm = (p_value(shown_p(test[key], disclosure)) for key in ("p_value", "p_holm"))
    return [*head, number(test["statistic"], 2 if disclosure.is_open else 1), df, p, p_holm]
