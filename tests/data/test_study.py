"""Study: windows, baselines and who enters, worked by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.study import DISCLOSURE_PROFILES, Study, VisitWindow
from ctevidence.display.disclosure import PROFILES


def with_visits(study: Study, *rows: tuple) -> Study:
    """The study with these visits alone: person, day, score."""
    visits = pd.DataFrame(rows, columns=["participant_id", "day", "score"])
    visits = visits.assign(scale="PHQ-9", visit="")[list(study.visits.columns)]
    return replace(study, tables={**study.tables, "visits": visits.astype({"day": float})})


def test_the_score_nearest_to_the_nominal_day_counts(small_study: Study) -> None:
    # week 4 is day 28, its window days 14 to 42
    study = with_visits(
        small_study,
        *(("P01", 14, 1.0), ("P01", 30, 2.0), ("P01", 25, 3.0)),  # 2 days away beats 3
        *(("P02", 26, 4.0), ("P02", 30, 5.0)),  # equally near: the later one
        *(("P03", 13, 6.0), ("P03", 43, 7.0)),  # both outside
        ("P04", 42, 8.0),  # the last day belongs to it
    )
    scores = study.scores().set_index("participant_id")["score"]
    assert scores.to_dict() == {"P01": 2.0, "P02": 5.0, "P04": 8.0}


def test_the_last_baseline_score_in_the_window_counts(small_study: Study) -> None:
    study = with_visits(
        small_study,
        *(("P01", -7, 11.0), ("P01", -2, 12.0)),
        *(("P02", 0, 13.0), ("P02", 1, 14.0)),  # day 1 is after the baseline
        ("P03", -8, 15.0),  # too early
        *(("P04", -5, 16.0), ("P04", 0, np.nan)),  # a questionnaire with too many gaps
    )
    assert study.baseline().to_dict() == {"P01": 12.0, "P02": 13.0, "P04": 16.0}


def test_who_enters(small_study: Study) -> None:
    study = with_visits(small_study, ("P01", 0, 10.0), ("P02", 0, 9.0), ("P03", 0, 27.0))
    assert study.entering()["participant_id"].tolist() == ["P01", "P03"]
    assert study.entering()["baseline"].tolist() == [10.0, 27.0]


def test_a_score_that_is_missing_hides_no_other(small_study: Study) -> None:
    study = with_visits(small_study, ("P01", 28, np.nan), ("P01", 40, 9.0))
    assert study.scores()["score"].tolist() == [9.0]


def test_an_unknown_week_lists_the_weeks(small_study: Study) -> None:
    assert small_study.window(12).name == "12 weeks"
    with pytest.raises(KeyError, match="weeks: 4, 12"):
        small_study.window(8)


def test_a_window_holds_its_nominal_day() -> None:
    assert VisitWindow("x", 4, 28, 28).week == 4
    with pytest.raises(ValueError, match="day 28"):
        VisitWindow("x", 4, 29, 40)


def test_tables_are_copies(small_study: Study) -> None:
    people, visits = small_study.participants, small_study.visits
    people.loc[0, "arm"], visits["score"] = "other", 0.0
    assert small_study.participants.loc[0, "arm"] == "control"
    assert small_study.visits["score"].max() == 22


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"data_kind": "secret"}, "data_kind"),
        ({"design": "cohort"}, "design"),
        ({"several_arms": "mean"}, "several_arms"),
        ({"disclosure": "none"}, "disclosure"),
        ({"name": "../x"}, "small letters"),
        ({"arms": ()}, "there must be one"),
        ({"randomised": frozenset({"exercise"})}, "exercise"),
        ({"primary_scale": "MADRS"}, "MADRS"),
        ({"primary_week": 8.0}, "week 8 is not scheduled"),
        ({"not_worse_margin": 5.0}, "not_worse_margin is 5"),
        ({"tables": {}}, "tables"),
    ],
)
def test_a_study_that_contradicts_itself_cannot_exist(
    change: dict, found: str, small_study: Study
) -> None:
    with pytest.raises(ValueError, match=found):
        replace(small_study, **change)


def test_all_contradictions_come_together(small_study: Study) -> None:
    with pytest.raises(ValueError, match=r"cohort.*MADRS.*in arms"):
        replace(small_study, design="cohort", primary_scale="MADRS", arms=small_study.arms[:2])


def test_disclosure_profiles_are_those_of_the_gate() -> None:
    assert set(DISCLOSURE_PROFILES) == set(PROFILES)
