"""Second scores at one visit, and scores on days of none: counted by hand, and as analyses read."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.profile import profile
from ctevidence.data.study import Study
from ctevidence.data.uncounted_scores import WHICH_COUNTS, UncountedScores, uncounted_scores

#: person, day, scale, score; the study has visits at days -7 to 0, 14 to 42 and 70 to 98
ADDED = (
    ("P01", 30, "PHQ-9", 1),  # beside day 28, which is the day of the week
    ("P01", 27, "PHQ-9", 2),
    ("P03", 80, "PHQ-9", 3),  # as near to day 84 as day 88
    ("P03", 88, "PHQ-9", 4),
    ("P04", -3, "PHQ-9", 5),  # before the last score of the baseline
    ("P05", 50, "PHQ-9", 6),  # between two visits
    ("P05", 43, "PHQ-9", 7),
    ("P06", 99, "GAD-7", 8),  # after the last one
    ("P07", 28, "GAD-7", 9),
    ("P07", 29, "GAD-7", np.nan),  # seen, and not scored
)


def with_rows(study: Study, rows=ADDED) -> Study:
    added = pd.DataFrame(rows, columns=["participant_id", "day", "scale", "score"])
    visits = study.tables["visits"]
    visits = visits[~((visits["participant_id"] == "P03") & (visits["day"] == 84))]
    visits = pd.concat([visits, added], ignore_index=True)
    return replace(study, tables={**study.tables, "visits": visits})


@pytest.fixture
def crowded(small_study: Study) -> Study:
    return with_rows(small_study)


def test_counts(crowded: Study) -> None:
    assert uncounted_scores(crowded) == (
        UncountedScores("PHQ-9", visits=3, beside=4, outside=2),
        UncountedScores("GAD-7", visits=0, beside=0, outside=1),
    )


def test_the_rule_that_is_stated_is_the_one_that_is_used(crowded: Study) -> None:
    scores = crowded.scores().set_index(["participant_id", "week"])["score"]
    assert scores["P01", 4] == 16  # of day 28
    assert scores["P03", 12] == 4  # the later of days 80 and 88
    assert crowded.baseline()["P04"] == 19  # of day 0
    assert "nearest to the day of the week" in WHICH_COUNTS
    assert "equally near the later" in WHICH_COUNTS
    assert "baseline the last" in WHICH_COUNTS


def test_all_scores_are_counted_once(crowded: Study) -> None:
    visits = crowded.tables["visits"]
    scales = {**crowded.scales, "GAD-7": crowded.scale}
    other = replace(crowded, scales=scales, primary_scale="GAD-7")
    for name, of in (("PHQ-9", crowded), ("GAD-7", other)):
        rows = int((visits["score"].notna() & (visits["scale"] == name)).sum())
        (one,) = (u for u in uncounted_scores(of) if u.scale == name)
        assert rows == len(of.scores()) + len(of.baseline()) + one.beside + one.outside


def test_the_check_says_how_many_and_by_which_rule(crowded: Study, small_study: Study) -> None:
    text = str(profile(crowded))
    assert "Several scores at one visit: PHQ-9 3 times (4 scores do not count)." in text
    assert WHICH_COUNTS in text
    assert "On days of no visit: PHQ-9 2 scores, GAD-7 1 score; no outcome reads them." in text
    assert max(map(len, text.splitlines())) <= 120
    assert "Several scores" not in str(profile(small_study))
    assert "days of no visit" not in str(profile(small_study))


def test_a_study_without_visits_has_a_baseline_alone(small_study: Study) -> None:
    alone = replace(with_rows(small_study, ADDED[4:5]), schedule=(), primary_week=4.0)
    (one,) = uncounted_scores(alone)
    assert (one.visits, one.beside) == (1, 1)
