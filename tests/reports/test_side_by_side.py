"""Notebooks of very large studies run one at a time, unless somebody says otherwise."""

import pytest

from ctevidence.data.writers import write_study
from ctevidence.reports import side_by_side as module
from ctevidence.reports.side_by_side import rows_in, side_by_side
from ctevidence.simulate import simulate_study


@pytest.fixture(scope="module")
def study():
    return simulate_study(n=200, seed=1)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_are_told_without_reading_them(study, tmp_path, suffix):
    folder = write_study(study, tmp_path / "s", suffix=suffix)
    rows = sum(map(len, study.tables.values()))
    assert rows_in(folder) == pytest.approx(rows, rel=0 if suffix == ".parquet" else 0.4)


def test_one_at_a_time_from_many_rows_on(study, tmp_path, monkeypatch):
    folder = write_study(study, tmp_path / "s", suffix=".parquet")
    assert side_by_side([folder, tmp_path / "not there"]) == 2
    monkeypatch.setattr(module, "MANY_ROWS", rows_in(folder))
    assert side_by_side([tmp_path / "not there", folder]) == 1


def test_a_damaged_file_is_left_to_whoever_reads_it(tmp_path):
    (tmp_path / "visits.parquet").write_bytes(b"no table")
    assert rows_in(tmp_path) == 0
