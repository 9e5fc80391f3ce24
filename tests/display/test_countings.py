"""Two countings of missing scores: one paragraph where only numbers differ, two where words do."""

from dataclasses import replace

import pytest

from ctevidence.display.countings import told_by_counting
from ctevidence.estimates import Estimate

OBSERVED = Estimate(
    "own", "response (observed)", "combined", "risk_difference", 0.05, unit="probability", week=9,
    reference="best single treatment", alternative="greater", conf_low=-0.32, studies=1, n=30,
    n_reference=27, randomised=True, population="everyone who started",
)  # fmt: skip
COUNTED = replace(OBSERVED, id="", outcome="response (missing as non-response)", estimate=0.09,
                  conf_low=-0.25, n=31, n_reference=28)  # fmt: skip
SEEN = replace(OBSERVED, id="", measure="interaction_difference", reference="additivity",
               alternative="two-sided", estimate=-0.07, conf_low=-0.52, conf_high=0.39)  # fmt: skip
SEEN_COUNTED = replace(SEEN, id="", outcome=COUNTED.outcome, estimate=-0.02, conf_low=-0.45)


@pytest.mark.parametrize(
    ("rows", "short"),
    [
        ((OBSERVED, COUNTED), "9 more of every 100 people (range from 25 fewer upwards; 59 people"),
        ((SEEN, SEEN_COUNTED), "2 fewer of every 100 people (range 45 fewer to 39 more; 57 people"),
    ],
)
def test_the_second_counting_holds_its_number_alone(rows, short):
    first, second = told_by_counting(rows, "open")
    assert "people without a score left out" in first.text
    assert second.text == (
        f"With people without a score counted as not, the same can be said: {short} in one study)."
    )
    assert second.estimates == (rows[1].id,)
    assert dict(second.about)["outcome"] == COUNTED.outcome


def test_other_words_keep_both_paragraphs():
    other = replace(COUNTED, id="", estimate=-0.09)  # fewer instead of more
    first, second = told_by_counting((OBSERVED, other), "open")
    assert first.text.startswith("It is not determined whether combined treatment")
    assert second.text.startswith("It is not determined whether combined treatment")


def test_what_cannot_be_shown_keeps_its_words():
    hidden = replace(COUNTED, id="", estimate=float("nan"), conf_low=float("nan"), caution="why")
    assert "the same can be said" not in told_by_counting((OBSERVED, hidden), "open")[1].text
