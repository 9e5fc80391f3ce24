"""Damaged studies and files: a study or a list of problems, never another error or number."""

import contextlib
import importlib
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctevidence.data.cells import read_number
from ctevidence.data.files import FileFormat
from ctevidence.data.origin import Origin
from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study
from ctevidence.data.received import read_received
from ctevidence.data.template import write_template
from ctevidence.data.trials import read_trials

openpyxl = pytest.importorskip("openpyxl")
pyreadstat = pytest.importorskip("pyreadstat")
VALIDATION = Path(__file__).parents[2] / "validation"
SLOW = settings(
    max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.fixture(scope="module")
def script():
    """A module of validation/, imported as its scripts import each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(VALIDATION)
        yield importlib.import_module


@pytest.fixture(scope="module")
def sound():
    with tempfile.TemporaryDirectory() as here:
        folder = write_template(Path(here) / "new", "new")
        yield {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix in (".csv", ".toml")}


def write(files, folder):
    for path in folder.iterdir():
        path.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


@SLOW
@given(rng=st.randoms(use_true_random=False))
def test_a_damaged_study_is_read_right_or_refused(rng, sound, script):
    held, mutated = script("held_numbers"), script("mutated")
    with tempfile.TemporaryDirectory() as here:
        folder = write(mutated.mutate(sound, rng), Path(here))
        assert held.outcome(folder) in (held.READ, held.REFUSED)


#: Cells that a table may hold, and what people write by mistake.
CELLS = st.one_of(
    st.decimals(-50, 400, places=2).map(str),
    st.integers(-50, 400).map(str),
    st.text(st.characters(codec="utf-8", exclude_characters='",\r\n'), max_size=8),
    st.sampled_from(["", "P01", "PHQ-9", "combined", "medication", "dropout", "female"]),
)


@SLOW
@given(cells=st.dictionaries(
    st.tuples(st.sampled_from(["participants", "visits", "events", "treatments"]),
              st.integers(0, 12), st.integers(0, 6)), CELLS, min_size=1, max_size=3))  # fmt: skip
def test_any_words_in_any_cells_are_read_right_or_refused(cells, sound, script):
    held = script("held_numbers")
    files = dict(sound)
    for (name, row, column), cell in cells.items():
        table = [line.split(",") for line in files[f"{name}.csv"].decode().splitlines()]
        line = table[row % len(table)]
        line[column % len(line)] = cell
        files[f"{name}.csv"] = "\n".join(map(",".join, table)).encode()
    with tempfile.TemporaryDirectory() as here:
        assert held.outcome(write(files, Path(here))) in (held.READ, held.REFUSED)


@pytest.mark.parametrize("kind", ["study", "trials"])
def test_guided_damage_is_read_right_or_refused(kind, script):
    fuzz = script("fuzz_readers")
    found, branches = fuzz.folders(kind, seed=3, count=60)
    assert sum(found.values()) == 60
    assert set(found) == {fuzz.READ, fuzz.REFUSED}
    assert len(branches) > 200


LOCK = """
def turn(word):
    if word[:1] == b"a":
        if word[1:2] == b"b":
            if word[2:3] == b"c":
                return "open"
    return "shut"
"""


@pytest.fixture
def turn(tmp_path, monkeypatch):
    (tmp_path / "lock.py").write_text(LOCK)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("lock").turn
    del sys.modules["lock"]


def test_what_reaches_a_new_branch_is_damaged_further(script, turn, tmp_path):
    def damage(files, rng):
        return {"word": files["word"] + rng.choice([b"a", b"b", b"c", b"d"])}

    def found(room):
        given = {"word": b""}, damage, lambda files: turn(files["word"]), Random(1), 200
        return script("guided").guided(*given, room).found

    assert found(tmp_path)["open"] > 0
    assert found(tmp_path / "other")["open"] == 0  # one letter alone opens nothing


def test_branches_are_marked_for_a_while_and_change_nothing(script, turn, tmp_path):
    guided, code = script("guided"), turn.__code__
    with guided.branches_marked(tmp_path) as seen:
        assert turn(b"abx") == "shut"
        assert seen == {("lock.py", 2, "into"), ("lock.py", 3, "into"), ("lock.py", 4, "into"),
                        ("lock.py", 5, "past")}  # fmt: skip
    assert turn.__code__ is code
    assert turn(b"abc") == "open"


def test_every_function_of_the_readers_is_marked(script):
    guided = script("guided")
    with guided.branches_marked(guided.ROOM) as seen:
        assert read_number("1,5")[1] == "comma"
    assert any(file == "cells.py" for file, *_ in seen)


def test_the_check_of_numbers_can_fail(sound, script, tmp_path):
    held = script("held_numbers")
    study = read_study(write(sound, tmp_path))
    assert held.changed_numbers(tmp_path, study) == ""
    visits = tmp_path / "visits.csv"
    text = visits.read_text()
    score = text.splitlines()[1].split(",")[3]
    visits.write_text(text.replace(f",{score}", ",26.5", 1))
    assert "visits.score" in held.changed_numbers(tmp_path, study)


def test_the_check_of_counts_of_trials_can_fail(script, tmp_path):
    held, fuzz = script("held_numbers"), script("fuzz_readers")
    folder = fuzz.some_trials(tmp_path / "trials")
    trials = read_trials(folder)
    assert held.changed_counts(folder, trials) == ""
    trials.arms.loc[3, "events"] += 1
    assert "arms.events" in held.changed_counts(folder, trials)


#: Numbers of up to 15 digits, which every program keeps.
NUMBERS = st.decimals(-(10**9), 10**9, places=6).map(float) | st.floats(-1e30, 1e30).map(
    lambda x: float(f"{x:.14e}")
)
WRITERS = {
    ".xlsx": lambda t, p: t.to_excel(p, index=False),
    ".parquet": lambda t, p: t.to_parquet(p),
    ".csv": lambda t, p: t.to_csv(p, index=False),
}


@pytest.mark.parametrize("suffix", WRITERS)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(values=st.lists(NUMBERS, min_size=1, max_size=40))
def test_numbers_come_out_as_they_went_in(suffix, values):
    with tempfile.TemporaryDirectory() as here:
        WRITERS[suffix](pd.DataFrame({"x": values}), Path(here) / f"a{suffix}")
        raw = read_received(Origin(f"a{suffix}"), Path(here), FileFormat(), ["x"])
    assert [float(cell) for cell in raw.frame["x"]] == values


@pytest.mark.parametrize("suffix", [".sav", ".dta", ".xpt"])
def test_many_numbers_of_statistics_files(suffix, tmp_path):
    rng = np.random.default_rng(8)
    # full double precision, over the range that the transport format of SAS can hold
    values = rng.normal(size=3_000) * 10.0 ** rng.integers(-60, 60, 3_000)
    write = {".sav": pyreadstat.write_sav, ".dta": pyreadstat.write_dta}
    write.get(suffix, pyreadstat.write_xport)(pd.DataFrame({"x": values}), tmp_path / f"a{suffix}")
    raw = read_received(Origin(f"a{suffix}"), tmp_path, FileFormat(), ["x"])
    assert [float(Decimal(cell)) for cell in raw.frame["x"]] == values.tolist()


@pytest.mark.parametrize("suffix", [".sav", ".zsav"])
def test_a_file_that_ends_the_process_that_reads_it(suffix, tmp_path):
    # files of SPSS whose bytes are changed like this have ended the process that read them
    frame = pd.DataFrame({"id": ["a"] * 20, "arm": [1.0, 2.0] * 10})
    path = tmp_path / f"a{suffix}"
    pyreadstat.write_sav(frame, path, compress=suffix == ".zsav")
    data, rng = path.read_bytes(), np.random.default_rng(1)
    for _ in range(4):
        damaged = bytearray(data)
        for place in rng.integers(100, len(data), 12):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        with contextlib.suppress(DataProblems):
            read_received(Origin(path.name), tmp_path, FileFormat(), ["arm"])
