"""Damaged studies and files: a study or a list of problems, never another error or number."""

import contextlib
import importlib
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctevidence.data.files import FileFormat
from ctevidence.data.origin import Origin
from ctevidence.data.problems import DataProblems
from ctevidence.data.received import read_received
from ctevidence.data.template import write_template

openpyxl = pytest.importorskip("openpyxl")
pyreadstat = pytest.importorskip("pyreadstat")
VALIDATION = Path(__file__).parents[2] / "validation"
SLOW = settings(
    max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.fixture(scope="module")
def mutated():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(VALIDATION)
        yield importlib.import_module("mutated")


@pytest.fixture(scope="module")
def sound():
    with tempfile.TemporaryDirectory() as here:
        folder = write_template(Path(here) / "new", "new")
        yield {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix in (".csv", ".toml")}


@SLOW
@given(rng=st.randoms(use_true_random=False))
def test_a_damaged_study_is_read_right_or_refused(rng, sound, mutated):
    with tempfile.TemporaryDirectory() as here:
        for name, data in mutated.mutate(sound, rng).items():
            (Path(here) / name).write_bytes(data)
        assert mutated.outcome(Path(here)) in ("study", "problems")


def test_the_check_of_numbers_can_fail(sound, mutated, tmp_path):
    for name, data in sound.items():
        (tmp_path / name).write_bytes(data)
    study = mutated.read_study(tmp_path)
    assert mutated.changed_numbers(tmp_path, study) == ""
    visits = tmp_path / "visits.csv"
    text = visits.read_text()
    score = text.splitlines()[1].split(",")[3]
    visits.write_text(text.replace(f",{score}", ",26.5", 1))
    assert "visits.score" in mutated.changed_numbers(tmp_path, study)


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
