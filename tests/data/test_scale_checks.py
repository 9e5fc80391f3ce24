"""Scales that cannot exist."""

from __future__ import annotations

import pytest

from ctevidence.data.scales import Reliability, Scale, declare_scale

MINIMAL = {"label": "My scale", "low": 0, "high": 40, "better": "lower"}
ITEMS = {"items": 10, "item_low": 0, "item_high": 4}
IMPOSSIBLE = [
    ({"high": 0}, "high must be above low"),
    ({"low": "0"}, "low is '0'; it must be a number"),
    ({"high": float("nan")}, "high is nan"),
    ({"better": "up"}, 'better is "up"; say lower or higher'),
    ({"rater": "nurse"}, 'rater is "nurse"'),
    ({"label": "", "name": "x"}, "name and a label"),
    ({"step": 7}, "no multiple of its step"),
    ({"bands": [["a", 0, 10], ["b", 12, 40]]}, "a band starts at 12 where 11 is next"),
    ({"bands": [["a", 0, 10], ["b", 10, 40]]}, "a band starts at 10 where 11 is next"),
    ({"bands": [["a", 1, 40]]}, "a band starts at 1 where 0 is next"),
    ({"bands": [["a", 0, 39]]}, "bands end at 39, not at 40"),
    ({"bands": [["a", 9, 0]]}, "runs from 9 to 0"),
    ({"bands": [["a", 9]]}, r"A band is \[label, low, high\]"),
    ({"response_percent": 0}, "response_percent is 0; it must be above 0"),
    ({"minimal_important_difference": -1}, "must be above 0"),
    ({"remission_at_or_above": 30}, "remission is given in the bad direction"),
    ({"better": "higher", "remission_at_or_below": 30}, "remission is given in the bad direction"),
    ({"remission_at_or_below": 41}, "remission at 41 lies outside"),
    ({"reliability": {"coefficient": 0.9}}, "reliability takes coefficient, kind and population"),
    ({"reliability": 0.9}, "reliability takes coefficient, kind and population"),
    ({"max_missing_items": 2}, "not how many there are"),
    ({"items": 10}, "items need item_low and item_high"),
    ({**ITEMS, "items": 10.0}, "items is 10.0; it must be a whole number"),
    ({**ITEMS, "items": 9}, "totals of 0 to 36, not 0 to 40"),
    ({**ITEMS, "item_high": [4, 4]}, "item_high has 2 numbers for 10 items"),
    ({**ITEMS, "item_high": "4"}, "item_high is '4'"),
    ({**ITEMS, "max_missing_items": 10}, "lies between 0 and 9"),
    ({**ITEMS, "item_high": [8, 0, *[4] * 8], "max_missing_items": 1}, "do not weigh the same"),
    ({**ITEMS, "reversed_items": [0]}, r"items \[0\] stand twice"),
    ({**ITEMS, "reversed_items": [2, 2]}, r"items \[2\] stand twice"),
    ({**ITEMS, "highest_of": [1, 2]}, "must hold groups of items"),
    ({**ITEMS, "highest_of": [[1, 2]]}, "totals of 0 to 36"),
    ({"sources": {"rnage": "x"}}, '"rnage" in sources or notes is no topic; did you mean "range"'),
]


@pytest.mark.parametrize(("change", "message"), IMPOSSIBLE)
def test_impossible_scales_cannot_exist(change, message) -> None:
    with pytest.raises(ValueError, match=message):
        declare_scale({**MINIMAL, **change})


def test_a_number_without_a_source_cannot_exist() -> None:
    with pytest.raises(ValueError, match="range has no source"):
        Scale(name="x", label="X", low=0, high=1, better="lower")


@pytest.mark.parametrize(
    ("coefficient", "kind", "population"),
    [(1.0, "alpha", "all"), (0.9, "retest", "all"), (0.9, "alpha", "")],
)
def test_impossible_reliabilities_cannot_exist(coefficient, kind, population) -> None:
    with pytest.raises(ValueError, match="reliability"):
        Reliability(coefficient, kind, population)
