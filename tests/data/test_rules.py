"""Rules: what they refuse, what they say, and one worked example from the literature."""

import math

import pytest

from ctevidence.data.rules import EntryRule, RelapseRule, RemissionRule, ResponseRule, RetentionRule


def test_reliable_change_of_jacobson_and_truax() -> None:
    # Jacobson & Truax (1991), J Consult Clin Psychol 59:14: standard deviation 7.5, reliability
    # .80, standard error of a difference 4.74 (two decimals printed)
    rule = ResponseRule("reliable_change", "observed", reliability=0.80, standard_deviation=7.5)
    assert rule.reliable_change / 1.959963984540054 == pytest.approx(4.74, abs=0.005)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"kind": "percent", "missing": "observed", "percent": 50}, "percent_fall"),
        ({"kind": "percent_fall", "missing": "zero", "percent": 50}, "non-response"),
        ({"kind": "percent_fall", "missing": "observed"}, "percent is nan"),
        ({"kind": "percent_fall", "missing": "observed", "percent": 0}, "above 0"),
        ({"kind": "percent_fall", "missing": "observed", "percent": 101}, "more than 100"),
        ({"kind": "cut_off", "missing": "observed"}, "needs threshold"),
        ({"kind": "reliable_change", "missing": "observed", "reliability": 0.8}, "deviation"),
        (
            {
                "kind": "reliable_change",
                "missing": "observed",
                "reliability": 1.0,
                "standard_deviation": 5,
            },
            "between 0 and 1",
        ),
    ],
)
def test_impossible_responses(options: dict, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        ResponseRule(**options)


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda: RemissionRule(math.inf), "threshold"),
        (lambda: RemissionRule(4, "zero"), "missing"),
        (lambda: RelapseRule("start", threshold=10), "after"),
        (lambda: RelapseRule("response"), "recorded events"),
        (lambda: RelapseRule("response", threshold=10, confirm_visits=0), "at least one visit"),
        (lambda: RetentionRule("visits"), "last_visit"),
    ],
)
def test_impossible_rules(make, found: str) -> None:
    with pytest.raises(ValueError, match=found):
        make()


@pytest.mark.parametrize(
    ("after", "randomised", "descriptive"),
    [
        ("baseline", False, False),
        ("response", False, True),
        ("remission", False, True),
        ("response", True, False),
    ],
)
def test_relapse_after_response_is_descriptive_unless_randomised_then(
    after: str, randomised: bool, descriptive: bool
) -> None:
    rule = RelapseRule(after, threshold=10, randomised_after_response=randomised)
    assert rule.is_descriptive == descriptive


def test_each_rule_says_itself_in_one_sentence() -> None:
    rules = (
        ResponseRule("percent_fall", "non-response", percent=50),
        ResponseRule("cut_off", "observed", threshold=9),
        ResponseRule("reliable_change", "observed", reliability=0.8, standard_deviation=7.5),
        RemissionRule(4),
        RelapseRule("remission", threshold=10, confirm_visits=2),
        RelapseRule("response", from_events=True),
        RelapseRule("response", from_events=True, lead="hazard_ratio"),
        RetentionRule("events"),
        RetentionRule("last_visit"),
        EntryRule(),
        EntryRule(10),
    )
    said = [rule.describe() for rule in rules]
    assert len(set(said)) == len(said)
    assert all(text.endswith(".") and "nan" not in text for text in said)
    assert "at least 50 %" in said[0]
    assert "9.3 points" in said[2]
    assert "2 visits in a row" in said[4]
