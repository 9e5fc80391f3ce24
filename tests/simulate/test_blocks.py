"""Very many simulated people come in blocks: one study, in as little memory as a part."""

import filecmp

import pandas as pd
import pyarrow.parquet as pq
import pytest

from ctevidence.data.readers import read_study
from ctevidence.data.writers import write_parts, write_study
from ctevidence.simulate import Anxiety, simulate_study
from ctevidence.simulate.blocks import simulate_in_blocks

HOW = {"design": "registry", "anxiety": Anxiety()}


def whole(parts, name):
    return pd.concat([part.tables[name] for part in parts], ignore_index=True)


def test_up_to_one_block_it_is_the_study_itself(tmp_path):
    (part,) = simulate_in_blocks(300, seed=5, **HOW)
    study = simulate_study(n=300, seed=5, **HOW)
    for name, table in study.tables.items():
        pd.testing.assert_frame_equal(part.tables[name], table)
    write_study(study, tmp_path / "whole", suffix=".parquet")
    write_parts([part], tmp_path / "parts")
    names = [path.name for path in (tmp_path / "whole").iterdir()]
    assert (
        filecmp.cmpfiles(tmp_path / "whole", tmp_path / "parts", names, shallow=False)[0] == names
    )


def test_people_sites_and_therapists_of_a_block_are_its_own():
    parts = list(simulate_in_blocks(1000, seed=5, block=300, **HOW))
    assert [len(part.participants) for part in parts] == [300, 300, 400]
    people = whole(parts, "participants")
    assert people["participant_id"].tolist() == [f"P{i:04d}" for i in range(1, 1001)]
    for name in ("site", "therapist"):
        seen = [set(part.participants[name].dropna()) for part in parts]
        assert len(set.union(*seen)) == sum(map(len, seen))
    for name in ("visits", "events", "treatments"):
        assert set(whole(parts, name)["participant_id"]) <= set(people["participant_id"])
    # no block is another one again
    first, second = (part.participants["age"].to_numpy() for part in parts[:2])
    assert (first != second).any()


def test_written_part_by_part_it_reads_as_one_study_and_is_always_the_same(tmp_path):
    folders = [
        write_parts(simulate_in_blocks(1000, seed=5, block=300, **HOW), tmp_path / name)
        for name in ("one", "two")
    ]
    names = [path.name for path in folders[0].iterdir()]
    assert filecmp.cmpfiles(*folders, names, shallow=False)[0] == names
    assert pq.ParquetFile(folders[0] / "visits.parquet").num_row_groups == 3
    study = read_study(folders[0])
    assert len(study.participants) == 1000
    assert len(study.entering()) == 1000


def test_nothing_of_a_later_part_gets_lost(tmp_path):
    first, second = simulate_in_blocks(200, seed=5, block=100, **HOW)
    first.tables["treatments"].drop(columns="sessions", inplace=True)
    with pytest.raises(ValueError, match=r"treatments\.sessions"):
        write_parts([first, second], tmp_path / "new")
    assert not (tmp_path / "new").exists()  # nothing half-written
    write_parts([second], tmp_path / "new")
    with pytest.raises(FileExistsError, match="not empty"):
        write_parts([second], tmp_path / "new")
