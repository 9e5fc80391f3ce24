"""Tables of a registry: Parquet and CSV are one study, and errors name the row in either."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.files import read_raw
from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study
from ctevidence.data.writers import write_study
from ctevidence.models.course import fit_course
from ctevidence.models.relapse import fit_relapse
from ctevidence.models.response import fit_response
from ctevidence.outcomes import derive_course, derive_relapse, derive_response
from ctevidence.simulate import Anxiety, simulate_study


@pytest.fixture(scope="module")
def registry():
    return simulate_study(n=600, seed=3, design="registry", anxiety=Anxiety())


@pytest.fixture(scope="module")
def both(registry, tmp_path_factory):
    """The same study read from CSV and from Parquet."""
    folder = tmp_path_factory.mktemp("both")
    written = [write_study(registry, folder / s[1:], suffix=s) for s in (".csv", ".parquet")]
    return tuple(read_study(path) for path in written)


def test_the_tables_are_those_that_were_written(registry, both):
    for name, table in registry.tables.items():
        pd.testing.assert_frame_equal(both[0].tables[name], both[1].tables[name])
        assert len(table) == len(both[1].tables[name])
    # the rows of the others are read in another order than they are simulated
    pd.testing.assert_frame_equal(registry.participants, both[1].participants)
    pd.testing.assert_frame_equal(registry.scores(), both[1].scores(), check_dtype=False)


@pytest.mark.parametrize(
    "fitted",
    [
        lambda study: fit_response(derive_response(study)),
        lambda study: fit_course(derive_course(study)),
        lambda study: fit_relapse(derive_relapse(study)).staying,
    ],
)
def test_all_numbers_are_the_same(both, fitted):
    rows = [fitted(study).per_arm().frame for study in both]
    pd.testing.assert_frame_equal(rows[0], rows[1], check_exact=True)


def test_a_bad_cell_among_many_is_named_with_its_row(registry, tmp_path):
    folder = write_study(registry, tmp_path / "bad", suffix=".parquet")
    visits = pd.read_parquet(folder / "visits.parquet")
    visits.loc[1234, "score"] = 99.0
    visits.loc[1235, "participant_id"] = "nobody"
    visits = pd.concat([visits, visits.iloc[[7]]], ignore_index=True)
    visits.to_parquet(folder / "visits.parquet", row_group_size=500)
    with pytest.raises(DataProblems) as found:
        read_study(folder)
    told = {(p.row, p.column, p.value.split(" ")[0]) for p in found.value.problems}
    assert (1236, "score", "99") in told
    assert (1237, "participant_id", "nobody") in told
    assert any(row == len(visits) + 1 and column == "day" for row, column, _ in told)
    assert len(found.value.problems) == 3


def test_equal_cells_are_held_once_whatever_their_type(tmp_path):
    values = {"score": [5.0, np.nan, 5.0], "word": ["a ", "a", None], "n": [1, 1, 2]}
    frame = pd.DataFrame(values).astype({"word": "category"})
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=2)
    raw, text = (read_raw(tmp_path / "t.parquet", coded=coded).frame for coded in (True, False))
    assert raw["word"].cat.categories.tolist() == ["", "a"]
    assert raw["score"].tolist() == text["score"].tolist() == ["5", "", "5"]
    assert text.dtypes.eq(object).all()


def test_a_study_gives_copies_of_what_it_found_once(registry):
    study = replace(registry)
    before = study.scores()
    changed = study.scores()
    changed["score"] = 0.0
    study.entering().drop(columns="baseline", inplace=True)
    pd.testing.assert_frame_equal(study.scores(), before)
    assert "baseline" in study.entering()


def test_other_kinds_of_files_are_not_written(registry, tmp_path):
    with pytest.raises(ValueError, match="written as .csv or .parquet"):
        write_study(registry, tmp_path / "x", suffix=".xlsx")
