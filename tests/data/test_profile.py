"""The profile of the small study, counted by hand."""

from dataclasses import replace

import pytest

from ctevidence.data.profile import profile
from ctevidence.data.study import Study


def test_counts(small_study: Study) -> None:
    found = profile(small_study)
    therapy = found.arms[2]
    assert [arm.name for arm in found.arms] == ["control", "medication", "therapy", "combined"]
    assert (therapy.people, therapy.entering) == (3, 3)
    # P07, P08, P09 begin at 20, 16 and 11: mean 47 / 3, variance (4.33² + 0.33² + 4.67²) / 2
    assert therapy.baseline_mean == pytest.approx(47 / 3, abs=1e-12)
    assert therapy.baseline_sd == pytest.approx((61 / 3) ** 0.5, abs=1e-12)
    assert [arm.seen for arm in found.arms] == [(3, 2), (3, 2), (3, 3), (3, 2)]
    assert found.events == {"adverse_event": 1, "dropout": 2, "end_of_follow_up": 1}


def test_one_screen_says_what_is_there_and_what_is_declared(small_study: Study) -> None:
    text = str(profile(small_study))
    assert len(text.splitlines()) <= 24
    assert max(map(len, text.splitlines())) <= 120
    assert "Missing scores: week 4 0%, week 12 25%" in text
    assert "improved by at least 50 % since baseline" in text
    assert "randomised: medication and therapy" in text


def test_what_is_not_declared_is_said(small_study: Study) -> None:
    bare = replace(small_study, rules=replace(small_study.rules, relapse=None, remission=None))
    assert "Not declared: remission, relapse." in str(profile(bare))


def test_the_study_itself_prints_no_counts(small_study: Study) -> None:
    # before the disclosure gate nothing is counted; the digits are those of the declaration
    text = repr(small_study)
    assert "combined (combined)" in text
    assert text.splitlines()[-1].strip() == "weeks: 4, 12"
    assert "3" not in text
