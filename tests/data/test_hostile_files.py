"""Files that are made to harm: refused with a reason, before they fill the memory or run."""

import ast
import contextlib
import io
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ctevidence
from ctevidence.data import limits
from ctevidence.data.files import FileFormat, read_raw
from ctevidence.data.folder_paths import folder_name, inside, name_fault
from ctevidence.data.origin import Origin
from ctevidence.data.prepare import prepare
from ctevidence.data.problems import DataProblems
from ctevidence.data.project import OWN_FILES, Project
from ctevidence.data.readers import read_study
from ctevidence.data.received import read_received
from ctevidence.data.sources import changed_files, list_sources
from ctevidence.data.template import write_template
from ctevidence.data.toml_file import read_toml
from ctevidence.data.trials import read_trials

openpyxl = pytest.importorskip("openpyxl")


def refused(call, *arguments):
    with pytest.raises(DataProblems) as caught:
        call(*arguments)
    return caught.value.problems[0]


def received(path):
    return read_received(Origin(path.name), path.parent, FileFormat(), ())


# -- names ----------------------------------------------------------------------------------------

BAD_NAMES = (
    *("", " ", "..", "../x", "a/../../x", "/etc/passwd", "C:\\x", "\\\\host\\share\\x", "..\\x"),
    *("a\0b", "a\nb", "con", "NUL.csv", "com1.txt", "x" * 300, "\u202ecsv"),
)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_lead_elsewhere(name, tmp_path):
    assert name_fault(name)
    refused(inside, tmp_path, name)
    with pytest.raises(ValueError, match="not the name of a folder"):
        folder_name(name)
    for place in (Project(tmp_path).raw, Project(tmp_path).report, Project(tmp_path).work):
        with pytest.raises(ValueError, match="not the name of a folder"):
            place(name)
    with pytest.raises(ValueError, match="not the name of a folder"):
        prepare(name, raw=tmp_path, processed=tmp_path / "p")
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("name", ["scores.csv", "an export/Ergebnis – März.csv", "...x", "console"])
def test_names_that_are_names(name, tmp_path):
    assert inside(tmp_path, name) == tmp_path / name


def test_checksums_do_not_reach_out_of_the_folder(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "secret").write_text("x")
    (tmp_path / "a" / "SOURCE.md").write_text(f"| ../secret | `{'0' * 64}` |\n")
    (found,) = changed_files(tmp_path / "a")
    assert "leads out" in found.why
    assert "checksum" not in found.why


@pytest.mark.parametrize("file", ["study.toml", "participants.csv", "visits.csv", "events.csv"])
def test_links_out_of_the_folder(file, tmp_path):
    folder = write_template(tmp_path / "raw" / "one", "one")
    (folder / file).rename(tmp_path / file)
    (folder / file).symlink_to(tmp_path / file)
    assert refused(read_study, folder).file == file
    with pytest.raises(DataProblems, match="link that leads out"):
        prepare("one", raw=tmp_path / "raw", processed=tmp_path / "processed")


@pytest.mark.parametrize("file", OWN_FILES)
def test_links_out_of_the_folder_by_files_of_ones_own_beside_data(file, tmp_path):
    folder = write_template(tmp_path / "raw" / "one", "one")
    (tmp_path / "secret").write_text("not for messages")
    (folder / file).symlink_to(tmp_path / "secret")
    found = refused(read_study, folder)
    assert (found.file, "leads out" in found.why) == (file, True)
    with pytest.raises(DataProblems, match="link that leads out") as caught:
        prepare("one", raw=tmp_path / "raw", processed=tmp_path / "processed")
    assert "not for messages" not in str(caught.value)


@pytest.mark.parametrize("file", ["trials.toml", "arms.csv", *OWN_FILES])
def test_links_out_of_a_folder_of_trials(file, tmp_path):
    shipped = Path(__file__).parents[2] / "data" / "raw" / "published-trials"
    shutil.copytree(shipped, tmp_path / "trials")
    (tmp_path / "trials" / file).unlink(missing_ok=True)
    (tmp_path / "other").write_text("x")
    kept = shipped / file
    (tmp_path / "trials" / file).symlink_to(kept if kept.exists() else tmp_path / "other")
    assert refused(read_trials, tmp_path / "trials").file == file


def test_links_inside_the_folder_and_circles(tmp_path):
    folder = write_template(tmp_path / "one", "one")
    (folder / "visits.csv").rename(folder / "received.csv")
    (folder / "visits.csv").symlink_to("received.csv")
    assert read_study(folder).name == "one"
    (folder / "a.csv").symlink_to("b.csv")
    (folder / "b.csv").symlink_to("a.csv")
    refused(inside, folder, "a.csv")


# -- declarations ---------------------------------------------------------------------------------

BOMBS = {
    "deep list": "a = " + "[" * 9_000 + "]" * 9_000,
    "deep list over lines": "a = " + "[\n" * 100_000 + "]\n" * 100_000,
    "deep table": "[" + ".".join("a" * 50) + "]\nb = 1",
    "deep inline": "a = " + "{a = " * 1_000 + "1" + "}" * 1_000,
    "many points": ".".join("a" * 100_000) + " = 1",
    "huge number": "a = " + "9" * 9_000,
    "long line": 'a = "' + "x" * 100_000 + '"',
    "huge file": "# x\n" * 200_000,
    "spaces": "[" + " " * 9_000 + "a",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_of_toml(bomb, tmp_path):
    for file in ("study.toml", "prepare.toml"):
        (tmp_path / file).write_text(BOMBS[bomb])
        refused(read_toml, tmp_path / file)
    found = refused(read_study, tmp_path)
    assert found.why
    folder = tmp_path / "data" / "raw" / "x"
    folder.mkdir(parents=True)
    (folder / "study.toml").write_text(BOMBS[bomb])
    (source,) = list_sources(tmp_path)
    assert source.title == ""


# -- sizes ----------------------------------------------------------------------------------------


def test_sizes_of_csv(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("a\n" + "x" * (limits.LONGEST_CELL + 1) + "\n")
    found = refused(read_raw, path)
    assert (found.row, "longer than" in found.why) == (2, True)
    path.write_text(",".join(f"c{i}" for i in range(limits.MOST_COLUMNS + 1)) + "\n")
    assert "columns; at most" in refused(read_raw, path).why
    with path.open("wb") as file:
        file.truncate(limits.MOST_CSV_BYTES + 1)  # a file with a hole takes no space
    assert "bytes; at most" in refused(read_raw, path).why


def test_parquet_that_promises_more_than_it_holds(tmp_path):
    path = tmp_path / "a.parquet"
    nulls = pa.table({"a": pa.nulls(9_000_000, pa.int8())})
    pq.write_table(nulls, path, max_rows_per_page=2**30, data_page_size=2**30)
    assert path.stat().st_size < 9_000
    assert "that cannot be" in refused(read_raw, path).why
    pq.write_table(pa.table({f"c{i}": [1] for i in range(limits.MOST_COLUMNS + 1)}), path)
    assert "columns; at most" in refused(read_raw, path).why


def test_parquet_whose_footer_lies(tmp_path):
    path = tmp_path / "a.parquet"
    pd.DataFrame({"a": range(300)}).to_parquet(path, compression=None)
    data = path.read_bytes()
    # the number of rows, 300, as the footer writes it (zigzag varint), becomes very large
    start = data.rindex(b"PAR1", 0, -4) if b"PAR1" in data[4:-4] else 4
    true, false = bytes([0xD8, 0x04]), bytes([0xFE, 0x7F])
    lying = data[:start] + data[start:].replace(true, false)
    assert lying != data
    path.write_bytes(lying)
    refused(read_raw, path)


# -- workbooks ------------------------------------------------------------------------------------


@pytest.fixture
def workbook(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["id", "x"])
    book.active.append(["a", 1])
    book.save(tmp_path / "a.xlsx")
    return tmp_path / "a.xlsx"


def rewrite(path, change, more=()):
    """The workbook with parts changed or added."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, change(name, data))
        for name, data in more:
            archive.writestr(name, data)


def test_a_bomb_in_a_workbook_is_not_unpacked(workbook):
    rewrite(workbook, lambda _, data: data, [("xl/media/x", b"0" * (limits.MOST_UNPACKED_BYTES))])
    assert workbook.stat().st_size < 2**20
    assert "unpacks to" in refused(received, workbook).why


def test_a_workbook_of_too_many_parts(workbook):
    rewrite(workbook, lambda _, d: d, [(f"x{i}", b"") for i in range(limits.MOST_PARTS)])
    assert "parts" in refused(received, workbook).why


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">%s]>""" % b"".join(
    b'<!ENTITY %c "%s">' % (ord("b") + i, b"&%c;" % (ord("a") + i) * 10) for i in range(9)
)
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>"""


@pytest.mark.parametrize("definition", [ENTITIES, OUTSIDE], ids=["growing", "outside"])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_entities_in_a_workbook(part, definition, workbook):
    def change(name, data):
        if name != part:
            return data
        body = data[data.index(b"?>") + 2 :] if data.startswith(b"<?xml") else data
        return definition + body.replace(b"</", b"&j;</", 1)

    rewrite(workbook, change)
    assert "not a readable workbook" in refused(received, workbook).why


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'r="2"', b'r="99999999999"'),
        (b'r="B2"', b'r="ZZZZZZ2"'),
        (b'r="A2"', b'r="-1"'),
        (b"<v>1</v>", b"<v>1e999999</v>"),
        (b'<dimension ref="A1:B2"', b'<dimension ref="A1:XFD1048576"'),
        (b"<v>1</v>", b"<v>" + b"9" * 5_000 + b"</v>"),
    ],
)
def test_a_sheet_that_lies_about_places_and_sizes(old, new, workbook):
    rewrite(workbook, lambda _, data: data.replace(old, new, 1))
    try:
        raw = received(workbook)
    except DataProblems:
        return
    assert raw.frame.shape[0] <= 2
    assert raw.frame.shape[1] == 2


def test_what_is_no_workbook(tmp_path):
    for data in (b"", b"PK\x03\x04", os.urandom(2_000), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 100):
        (tmp_path / "a.xlsx").write_bytes(data)
        assert "not a workbook" in refused(received, tmp_path / "a.xlsx").why


@pytest.mark.parametrize("suffix", [".sav", ".zsav", ".dta", ".xpt", ".sas7bdat", ".parquet"])
def test_what_is_no_file_of_its_kind(suffix, tmp_path):
    for data in (b"", b"x", b"$FL2" + b"\0" * 200, os.urandom(5_000)):
        (tmp_path / f"a{suffix}").write_bytes(data)
        refused(received, tmp_path / f"a{suffix}")


# -- code -----------------------------------------------------------------------------------------


class Trap:
    def __reduce__(self):
        return os.mkdir, ("/tmp/ctevidence-was-here",)


def test_pickles_are_never_opened(tmp_path):
    for suffix in (".pkl", ".pickle", ".csv", ".xlsx", ".sav", ".parquet"):
        buffer = io.BytesIO()
        pickle.dump(Trap(), buffer)
        (tmp_path / f"a{suffix}").write_bytes(buffer.getvalue())
        with contextlib.suppress(DataProblems):
            received(tmp_path / f"a{suffix}")
        assert not Path("/tmp/ctevidence-was-here").exists()


#: Speak to processes that the package has started itself, through a folder that is theirs alone.
OWN_PROCESSES = {"fork_server.py", "kernels.py"}
UNPICKLERS = {"pickle", "shelve", "marshal", "dill", "cloudpickle", "yaml"}


def runs_what_it_reads(tree):
    """Lines that unpickle or run what may come from outside."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
            if {name.partition(".")[0] for name in names} & UNPICKLERS:
                yield node.lineno
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            unsafe = {k.arg: k.value for k in node.keywords}.get("allow_pickle")
            if (
                (isinstance(node.func, ast.Name) and name in ("eval", "exec", "compile"))
                or name in ("read_pickle", "to_pickle")
                or (unsafe is not None and getattr(unsafe, "value", True) is not False)
            ):
                yield node.lineno


def test_nothing_in_the_package_runs_what_it_reads():
    source = Path(ctevidence.__file__).parent
    found = {
        module.name: lines
        for module in source.rglob("*.py")
        if module.name not in OWN_PROCESSES
        and (lines := list(runs_what_it_reads(ast.parse(module.read_text("utf-8")))))
    }
    assert found == {}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from yaml import load",
        "eval(x)",
        "pd.read_pickle(x)",
        "np.load(x, allow_pickle=True)",
        "np.load(x, allow_pickle=y)",
    ],
)
def test_what_would_run_is_found(code):
    assert list(runs_what_it_reads(ast.parse(code))) == [1]
