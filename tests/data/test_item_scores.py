"""Item scores: worked by hand on tiny questionnaires; a gap is never a zero."""

from pathlib import Path

import numpy as np
import pytest

from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study
from ctevidence.data.writers import write_study

HEADER = "participant_id,day,scale,score," + ",".join(f"item_{i}" for i in range(1, 11))


def with_items(folder: Path, *rows: str, header: str = HEADER, toml: str = "") -> Path:
    """The small study with further visits that give answers to items."""
    lines = (folder / "visits.csv").read_text().splitlines()[1:]
    width = header.count(",") + 1
    padded = [row + "," * (width - 1 - row.count(",")) for row in (*lines, *rows)]
    (folder / "visits.csv").write_text("\n".join([header, *padded]) + "\n")
    with (folder / "study.toml").open("a") as handle:
        handle.write(toml)
    return folder


def score_of(folder: Path, person: str, day: float) -> float:
    visits = read_study(folder).visits
    return visits[(visits["participant_id"] == person) & (visits["day"] == day)]["score"].item()


def problems_of(folder: Path) -> list:
    with pytest.raises(DataProblems) as caught:
        read_study(folder)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("answers", "total"),
    [
        # PHQ-9: nine items of 0 to 3, up to two may be missing
        ("1,2,3,0,1,2,3,0,1", 13.0),
        # seven answers add up to 7; their mean stands for the other two: 7 / 7 x 9
        ("1,1,1,1,1,1,1,,", 9.0),
        # eight answers add up to 12: 12 / 8 x 9, between the steps of the scale
        ("1,2,1,2,1,2,1,2,", 13.5),
        ("0,0,0,0,0,0,0,,", 0.0),
        # three are missing: there is no total
        ("1,1,1,1,1,1,,,", np.nan),
    ],
)
def test_totals_by_the_published_rule(answers: str, total: float, small_study_folder: Path) -> None:
    folder = with_items(small_study_folder, f"P02,84,PHQ-9,,{answers}")
    np.testing.assert_equal(score_of(folder, "P02", 84), total)


def test_a_visit_without_a_total_was_attended_but_has_no_score(small_study_folder: Path) -> None:
    study = read_study(with_items(small_study_folder, "P02,84,PHQ-9,,1,1,1,1,1,1"))
    assert study.visits.query("participant_id == 'P02'")["day"].max() == 84
    assert set(study.scores().query("participant_id == 'P02'")["week"]) == {4.0}


def test_the_study_may_declare_another_rule(small_study_folder: Path) -> None:
    row = "P02,84,PHQ-9,,1,1,1,1,1,1,1,1"
    folder = with_items(small_study_folder, row, toml='[missing_items]\n"PHQ-9" = 0\n')
    assert np.isnan(score_of(folder, "P02", 84))


def test_gaps_without_any_rule_are_problems(small_study_folder: Path) -> None:
    # MADRS: ten items of 0 to 6, no rule for missing items is published
    rows = ("P02,84,MADRS,,1,1,1,1,1,1,1,1,1,", "P02,91,MADRS,,1,1,1,1,1,1,1,1,1,1")
    folder = with_items(small_study_folder, *rows)
    found = problems_of(folder)
    assert [(p.row, p.column) for p in found] == [(35, "score")]
    assert '"MADRS" = 0' in found[0].do
    with (folder / "study.toml").open("a") as handle:
        handle.write('[missing_items]\n"MADRS" = 1\n')
    assert score_of(folder, "P02", 84) == 10.0  # nine ones, 9 / 9 x 10
    assert score_of(folder, "P02", 91) == 10.0


@pytest.mark.parametrize(
    ("row", "column", "value", "why"),
    [
        ("P02,84,PHQ-9,,1,2,4,0,1,2,3,0,1", "item_3", "4", "run from 0 to 3"),
        ("P02,84,PHQ-9,,1,2,-1,0,1,2,3,0,1", "item_3", "-1", "run from 0 to 3"),
        ("P02,84,PHQ-9,,1,2,x,0,1,2,3,0,1", "item_3", "x", "not a number"),
        ("P02,84,PHQ-9,,1,2,3,0,1,2,3,0,1,1", "item_10", "1", "only 9 items"),
        ("P02,84,PHQ-9,14,1,2,3,0,1,2,3,0,1", "score", "14 (items: 13)", "not the total"),
        ("P02,84,PHQ-9,,,,,,,,,,", "score", "", "neither a score nor answers"),
        ("P02,84,EQ-5D,,1,1,1,1,1", "scale", "EQ-5D", "no total that can be calculated"),
    ],
)
def test_faulty_answers_are_problems(
    row: str, column: str, value: str, why: str, small_study_folder: Path
) -> None:
    found = problems_of(with_items(small_study_folder, row))
    assert [(p.row, p.column, p.value) for p in found] == [(35, column, value)], found
    assert why in found[0].why


def test_columns_for_all_items_are_needed(small_study_folder: Path) -> None:
    header = HEADER.replace(",item_9,item_10", "")
    found = problems_of(
        with_items(small_study_folder, "P02,84,PHQ-9,,1,1,1,1,1,1,1,1", header=header)
    )
    assert [(p.row, p.value) for p in found] == [(1, "item_9")]


def test_a_baseline_with_too_many_gaps_is_no_baseline(small_study_folder: Path) -> None:
    path = small_study_folder / "visits.csv"
    path.write_text(path.read_text().replace("P01,0,PHQ-9,18\n", ""))
    found = problems_of(with_items(small_study_folder, "P01,0,PHQ-9,,1,1,1,1,1,1"))
    assert [(p.file, p.row, p.value) for p in found] == [("participants.csv", 2, "P01")]


def test_items_survive_writing(small_study_folder: Path, tmp_path: Path) -> None:
    rows = ("P02,84,PHQ-9,,1,1,1,1,1,1", "P06,84,PHQ-9,,1,2,3,0,1,2,3,0,1", "P12,84,PHQ-9,9")
    toml = '[missing_items]\n"PHQ-9" = 1\n'
    before = read_study(with_items(small_study_folder, *rows, toml=toml))
    after = read_study(write_study(before, tmp_path / "again"))
    np.testing.assert_equal(before.visits["score"].tolist(), after.visits["score"].tolist())
    assert after.missing_items == {"PHQ-9": 1}
