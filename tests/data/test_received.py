"""Every format gives the study that the same tables give as CSV; what is uncertain is refused.

The files are made here, by the libraries that write them, from a simulated study.
"""

import shutil
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest

from ctevidence.data.cells import read_number
from ctevidence.data.files import FileFormat
from ctevidence.data.made_tables import make_tables
from ctevidence.data.mapping import read_mapping
from ctevidence.data.origin import Origin
from ctevidence.data.prepare import prepare
from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study
from ctevidence.data.received import read_received
from ctevidence.data.study import TABLES
from ctevidence.data.writers import write_study
from ctevidence.simulate.study import simulate_study

openpyxl = pytest.importorskip("openpyxl")
pyreadstat = pytest.importorskip("pyreadstat")
duckdb = pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A simulated study as CSV, and its tables as text."""
    folder = write_study(simulate_study(n=40, seed=3), tmp_path_factory.mktemp("s") / "study")
    return folder, {
        name: pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in TABLES
    }


def typed(table):
    """Columns of numbers as numbers, as other programs keep them; the others as text."""
    numbers = {
        name: pd.to_numeric(table[name].replace("", None))
        for name in table
        if name != "participant_id" and all(not c or not read_number(c)[1] for c in table[name])
        and (table[name] != "").any()
    }  # fmt: skip
    return table.assign(**numbers)


def as_workbook(folder, tables):
    with pd.ExcelWriter(folder / "all.xlsx") as book:
        for name, table in tables.items():
            typed(table).to_excel(book, sheet_name=name, index=False)
    return lambda name: f'from = "all.xlsx"\nsheet = "{name}"'


def as_statistics_file(write, suffix):
    def make(folder, tables):
        for name, table in tables.items():
            write(typed(table), folder / f"{name}{suffix}")
        return lambda name: f'from = "{name}{suffix}"'

    return make


def as_parquet(folder, tables):
    for name, table in tables.items():
        typed(table).to_parquet(folder / f"received-{name}.parquet")
    return lambda name: f'from = "received-{name}.parquet"'


def as_csv(folder, tables):
    for name, table in tables.items():
        table.to_csv(folder / f"received-{name}.csv", index=False)
    return lambda name: f'from = "received-{name}.csv"'


def as_duckdb(folder, tables):
    with duckdb.connect(str(folder / "all.duckdb")) as connection:
        for name, table in tables.items():
            connection.register("received", typed(table))
            connection.execute(f"create table {name} as select * from received")
            connection.unregister("received")
    return lambda name: f'database = "all.duckdb"\nquery = "select * from {name} order by all"'


FORMATS = {
    "csv": as_csv,
    "xlsx": as_workbook,
    "parquet": as_parquet,
    "sav": as_statistics_file(pyreadstat.write_sav, ".sav"),
    "zsav": as_statistics_file(lambda t, p: pyreadstat.write_sav(t, p, compress=True), ".zsav"),
    "dta": as_statistics_file(pyreadstat.write_dta, ".dta"),
    "xpt": as_statistics_file(pyreadstat.write_xport, ".xpt"),
    "duckdb": as_duckdb,
}


def mapping(source, tables):
    parts = []
    for name, table in tables.items():
        columns = "\n".join(f'{column} = "{column}"' for column in table)
        parts.append(f"[{name}]\n{source(name)}\n[{name}.columns]\n{columns}\n")
    return "\n".join(parts)


def same(study, other):
    for name in TABLES:
        pd.testing.assert_frame_equal(study.tables[name], other.tables[name], check_exact=True)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_study_as_from_csv(kind, written, tmp_path):
    folder, tables = written
    raw = tmp_path / "raw" / "received"
    raw.mkdir(parents=True)
    shutil.copyfile(folder / "study.toml", raw / "study.toml")
    source = FORMATS[kind](raw, tables)
    (raw / "prepare.toml").write_text(mapping(source, tables), encoding="utf-8")
    made = prepare("received", raw=raw.parent, processed=tmp_path / "processed")
    same(read_study(made), read_study(folder))
    assert prepare("received", raw=raw.parent, processed=tmp_path / "processed") == made


# -- one origin at a time -------------------------------------------------------------------------


def rows(folder, file, used=(), **options):
    return read_received(Origin(file, **options), folder, FileFormat(), used)


def problem(folder, file, used=(), **options):
    with pytest.raises(DataProblems) as caught:
        rows(folder, file, used, **options)
    return caught.value.problems[0]


def workbook(path: Path, lines, name="Sheet"):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    for line in lines:
        sheet.append(line)
    return book, sheet, path


def test_workbook_cells_are_what_the_sheet_holds(tmp_path):
    book, sheet, path = workbook(
        tmp_path / "a.xlsx",
        [
            ["id", "score", "day", "flag", "text"],
            ["007", 0.1, date(2024, 3, 29), True, "=not a formula"],
            [7, 5.0, datetime(2024, 3, 29, 8, 30), False, " Ångström "],
            [None, None, None, None, None],
            [8, 1e-7, None, None, "12,5"],
            [9, 123456789012345, None, None, "-"],
        ],
    )
    sheet["A3"].number_format = "000"
    sheet["E2"].data_type = "s"  # an equals sign that is text
    book.save(path)
    raw = rows(tmp_path, "a.xlsx")
    assert raw.frame.index.tolist() == [2, 3, 5, 6]
    assert raw.frame["id"].tolist() == ["007", "007", "8", "9"]
    assert raw.frame["score"].tolist() == ["0.1", "5", "1e-07", "123456789012345"]
    assert raw.frame["day"].tolist() == ["2024-03-29", "2024-03-29 08:30:00", "", ""]
    assert raw.frame["flag"].tolist() == ["TRUE", "FALSE", "", ""]
    assert raw.frame["text"].tolist() == ["=not a formula", "Ångström", "12,5", "-"]
    assert raw.file == "a.xlsx, sheet Sheet"


def test_both_calendars_of_excel_give_the_same_days(tmp_path):
    for epoch in (openpyxl.utils.datetime.WINDOWS_EPOCH, openpyxl.utils.datetime.MAC_EPOCH):
        book, _, path = workbook(tmp_path / "a.xlsx", [["day"], [date(2024, 2, 29)]])
        book.epoch = epoch
        book.save(path)
        assert rows(tmp_path, "a.xlsx").frame["day"].tolist() == ["2024-02-29"]


def test_a_formula_without_a_value_and_an_error_are_problems_of_columns_used(tmp_path):
    book, _, path = workbook(
        tmp_path / "a.xlsx", [["id", "total", "note"], [1, "=1+1", "=2+2"], [2, "#N/A", "x"]]
    )
    book.save(path)  # the library writes formulas without values
    found = rows(tmp_path, "a.xlsx", ["id", "total"]).problems
    assert [(p.row, p.column, p.value) for p in found] == [(2, "total", ""), (3, "total", "#N/A")]
    assert "not been calculated" in found[0].why
    assert rows(tmp_path, "a.xlsx", ["id"]).problems == ()


def with_value_of_formula(path, value):
    """The value that Excel would have stored beside the formula."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    xml = parts["xl/worksheets/sheet1.xml"].decode()
    assert "<v />" in xml or "<v></v>" in xml
    parts["xl/worksheets/sheet1.xml"] = (
        xml.replace("<v />", value).replace("<v></v>", value).encode()
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_a_formula_gives_the_value_last_calculated(tmp_path):
    book, _, path = workbook(tmp_path / "a.xlsx", [["id", "total"], [1, "=1+1"]])
    book.save(path)
    with_value_of_formula(path, "<v>2</v>")
    raw = rows(tmp_path, "a.xlsx", ["total"])
    assert raw.problems == ()
    assert raw.frame["total"].tolist() == ["2"]


def test_merged_cells_do_not_become_gaps(tmp_path):
    book, sheet, path = workbook(tmp_path / "a.xlsx", [["id", "x"], ["a", 1], ["b", 1]])
    sheet.merge_cells("B2:B3")
    book.save(path)
    (found,) = rows(tmp_path, "a.xlsx").problems
    assert found.row == 2
    assert "merged" in found.why


def test_a_header_below_a_title(tmp_path):
    book, sheet, path = workbook(tmp_path / "a.xlsx", [["Scores 2024"], [], ["id", "x"], ["a", 1]])
    sheet.merge_cells("A1:B1")
    book.save(path)
    raw = rows(tmp_path, "a.xlsx", header=3)
    assert list(raw.frame) == ["id", "x"]
    assert raw.frame.index.tolist() == [4]
    assert raw.problems == ()
    assert "beyond the header" in rows(tmp_path, "a.xlsx").problems[0].why


def test_a_sheet_has_to_be_named_among_several(tmp_path):
    book, _, path = workbook(tmp_path / "a.xlsx", [["id"], ["a"]])
    book.create_sheet("Other")
    book.save(path)
    assert "Sheet, Other" in problem(tmp_path, "a.xlsx").do
    assert 'no sheet "Othr"' in problem(tmp_path, "a.xlsx", sheet="Othr").why
    assert rows(tmp_path, "a.xlsx", sheet="Sheet").frame["id"].tolist() == ["a"]


LABELS = {"arm": {1: "CBT", 2: "Usual care"}}


@pytest.fixture(params=[".sav", ".dta"])
def labelled(request, tmp_path):
    frame = pd.DataFrame({"id": ["a", "b", "c"], "arm": [1.0, 2.0, 1.0], "age": [30.0, 999.0, 0.1]})
    path = tmp_path / f"a{request.param}"
    if request.param == ".sav":
        pyreadstat.write_sav(
            frame, path, variable_value_labels=LABELS, missing_ranges={"age": [999]}
        )
    else:
        frame["age"] = frame["age"].astype(object).replace(999.0, "a")
        pyreadstat.write_dta(
            frame, path, variable_value_labels=LABELS, missing_user_values={"age": ["a"]}
        )
    return path


def test_codes_or_labels_and_missing_values_are_declared(labelled):
    folder, file = labelled.parent, labelled.name
    used = ["id", "arm", "age"]
    with pytest.raises(DataProblems) as caught:
        rows(folder, file, used)
    assert {p.column for p in caught.value.problems} == {"arm", "age"}
    raw = rows(folder, file, used, labels=("arm",), user_missing="empty")
    assert raw.frame["arm"].tolist() == ["CBT", "Usual care", "CBT"]
    assert raw.frame["age"].tolist() == ["30", "", "0.1"]
    raw = rows(folder, file, used, labels=(), user_missing="value")
    assert raw.frame["arm"].tolist() == ["1", "2", "1"]
    assert raw.frame["age"].tolist()[1] in ("999", "a")
    assert rows(folder, file, ["id"]).frame["id"].tolist() == ["a", "b", "c"]


def test_a_code_without_a_label_and_labels_of_a_plain_column(tmp_path):
    frame = pd.DataFrame({"id": ["a", "b"], "arm": [1.0, 3.0]})
    pyreadstat.write_sav(frame, tmp_path / "a.sav", variable_value_labels=LABELS)
    (found,) = rows(tmp_path, "a.sav", ["arm"], labels=("arm",)).problems
    assert (found.row, found.value) == (2, "3")
    assert "has none" in problem(tmp_path, "a.sav", ["arm"], labels=("arm", "id")).why


@pytest.mark.parametrize("suffix", [".sav", ".dta", ".xpt"])
def test_days_numbers_and_words_of_statistics_files(suffix, tmp_path):
    frame = pd.DataFrame(
        {"id": ["007", "8"], "x": [0.1, 5.0], "seen": [date(2024, 3, 29), date(1899, 1, 2)]}
    )
    write = {".sav": pyreadstat.write_sav, ".dta": pyreadstat.write_dta}
    write.get(suffix, pyreadstat.write_xport)(frame, tmp_path / f"a{suffix}")
    raw = rows(tmp_path, f"a{suffix}")
    assert raw.frame["id"].tolist() == ["007", "8"]
    assert raw.frame["x"].tolist() == ["0.1", "5"]
    assert raw.frame["seen"].tolist() == ["2024-03-29", "1899-01-02"]
    assert raw.frame.index.tolist() == [1, 2]


def test_single_precision_of_stata(tmp_path):
    pd.DataFrame({"x": pd.Series([0.1, 2.5, 7.0], dtype="float32")}).to_stata(
        tmp_path / "a.dta", write_index=False
    )
    assert rows(tmp_path, "a.dta").frame["x"].tolist() == ["0.1", "2.5", "7"]


def test_sas7bdat_as_sas_stores_it():
    # written by R package haven from numbers that stand in the script beside it
    folder = Path(__file__).parents[1] / "reference"
    raw = rows(folder, "sas_table.sas7bdat")
    assert raw.frame["id"].tolist() == ["007", "8", "a b"]
    assert raw.frame["score"].tolist() == ["0.1", "5", ""]
    assert raw.frame["seen"].tolist() == ["2024-03-29", "1899-01-02", ""]


# -- which rows, and columns beside ---------------------------------------------------------------


def test_rows_are_chosen_by_where_and_counted(tmp_path):
    (tmp_path / "a.csv").write_text("id,form,x\n1,a,5\n2,b,6\n3,,7\n")
    raw = rows(tmp_path, "a.csv", ["x"], where=(("form", ("a", "")),))
    assert raw.frame["x"].tolist() == ["5", "7"]
    assert raw.frame.index.tolist() == [2, 4]
    assert raw.left_out == 1
    found = problem(tmp_path, "a.csv", where=(("form", ("aa",)),))
    assert (found.column, found.value) == ("form", "aa")
    assert "no such column" in problem(tmp_path, "a.csv", where=(("from", ("a",)),)).why


REDCAP = """\
record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,start,arm,seen,a1,a2,c
1,baseline_arm_1,,,2024-03-01,1,,,,
1,baseline_arm_1,phq,1,,,2024-03-01,3,2,2
1,baseline_arm_1,phq,2,,,2024-03-15,1,0,2
2,baseline_arm_1,,,2024-02-28,2,,,,
2,baseline_arm_1,phq,1,,,2024-02-27,2,2,2
2,baseline_arm_1,phq,2,,,,,,0
"""
REDCAP_STUDY = """\
[study]
name = "clinic"
title = "A clinic"
condition = "depression"
data_kind = "synthetic"
design = "registry"
randomised = []
[arms.control]
treatment = "control"
[arms.combined]
treatment = "combined"
medication = "sertraline"
therapy = "CBT"
[scale]
primary = "short"
[scales.short]
label = "Short"
low = 0
high = 6
better = "lower"
items = 2
item_low = 0
item_high = 3
[schedule]
baseline_days = [-7, 0]
[[schedule.visits]]
name = "2 weeks"
week = 2
days = [7, 21]
[response]
kind = "percent_fall"
percent = 50
missing = "observed"
[remission]
threshold = 1
[relapse]
from = "visits"
after = "remission"
threshold = 4
confirm_visits = 1
[retention]
from = "last_visit"
[analysis]
primary_week = 2
adjust = []
several_arms = "error"
[disclosure]
profile = "open"
"""
REDCAP_MAPPING = """\
[participants]
from = "export.csv"
where = { redcap_event_name = "baseline_arm_1", redcap_repeat_instrument = "" }
[participants.columns]
participant_id = "record_id"
arm = { column = "arm", values = { 1 = "control", 2 = "combined" } }

[[visits]]
from = "export.csv"
where = { redcap_repeat_instrument = "phq", c = 2 }
beside = { from = "export.csv", by = "record_id", columns = ["start"], where = { redcap_repeat_instrument = "" } }
[visits.columns]
participant_id = "record_id"
day = { date = "seen", since = "start" }
scale = { constant = "short" }
item_1 = "a1"
item_2 = "a2"
"""  # noqa: E501


def redcap(tmp_path, export=REDCAP, how=REDCAP_MAPPING):
    raw = tmp_path / "raw" / "clinic"
    raw.mkdir(parents=True, exist_ok=True)
    (raw / "export.csv").write_text(export)
    (raw / "study.toml").write_text(REDCAP_STUDY)
    (raw / "prepare.toml").write_text(how)
    return prepare("clinic", raw=raw.parent, processed=tmp_path / "processed")


def test_an_export_of_redcap_with_items_and_dates(tmp_path):
    study = read_study(redcap(tmp_path))
    found = study.visits[["participant_id", "day", "score"]].to_numpy().tolist()
    # by hand: 15 March is 14 days after 1 March 2024; 27 February the day before the start
    assert found == [["1", 0, 5], ["1", 14, 1], ["2", -1, 4]]
    assert study.participants["arm"].tolist() == ["control", "combined"]


def test_several_parts_make_one_table_and_each_row_knows_its_line(tmp_path):
    second = REDCAP_MAPPING.replace("c = 2 }", 'redcap_repeat_instance = "1" }')
    twice = second + REDCAP_MAPPING[REDCAP_MAPPING.index("[[visits]]") :].replace(
        "c = 2 }", 'c = 2, redcap_repeat_instance = "2" }'
    )
    same(read_study(redcap(tmp_path, how=twice)), read_study(redcap(tmp_path / "one")))
    with pytest.raises(DataProblems) as caught:
        redcap(tmp_path, REDCAP.replace("2024-03-15,1,0", "2024-03-15,9,0"), twice)
    (found,) = caught.value.problems
    assert (found.file, found.row, found.column) == ("export.csv (as visits.csv)", 4, "item_1")


@pytest.mark.parametrize(
    ("old", "new", "column", "words"),
    [
        ("2,baseline_arm_1,,,2024-02-28", "3,baseline_arm_1,,,2024-02-28", "record_id", "no row"),
        ("2,baseline_arm_1,,,2024", "1,baseline_arm_1,,,2024", "record_id", "several rows"),
        ("2024-03-15", "15/03/2024", "seen + start", "not a date"),
        ("2024-03-15", "2024-02-30", "seen + start", "no calendar"),
        ("1,baseline_arm_1,,,2024-03-01", "1,baseline_arm_1,,,", "seen + start", "count from"),
    ],
)
def test_what_cannot_be_matched_or_counted_is_said(old, new, column, words, tmp_path):
    assert old in REDCAP
    with pytest.raises(DataProblems) as caught:
        redcap(tmp_path, REDCAP.replace(old, new, 1))
    assert any(p.column == column and words in p.why for p in caught.value.problems)


# -- declared wrongly -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('from = "a.pkl"', "not read"),
        ('from = "../a.csv"', "leads out"),
        ('from = "/etc/passwd"', "root of a disk"),
        ('from = "a.csv"\nquery = "select 1"', "not both"),
        ('query = "select 1 order by 1"', "missing"),
        ('database = "x.duckdb"', "missing"),
        ('database = "postgresql://me:secret@host/d"\nquery = "select 1"', "do not belong here"),
        ('database = "x.duckdb"\nquery = "select 1 as a"', "no fixed order"),
        ('database = "NOT_SET_ANYWHERE"\nquery = "select 1 as a order by 1"', "is not set"),
        ('from = "a.csv"\nuser_missing = "drop"', "not known"),
        ('from = "a.csv"\nwhere = { x = [] }', "which rows"),
        ('from = "a.csv"\nheader = 0', "counted from 1"),
    ],
)
def test_origins_that_cannot_be(line, words, tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "a.pkl").write_bytes(b"")
    how = REDCAP_MAPPING.split("[[visits]]", maxsplit=1)[0].split("[participants.columns]")[1]
    text = f"[participants]\n{line}\n[participants.columns]{how}"
    with pytest.raises(DataProblems) as caught:
        redcap(tmp_path, how=text)
    assert any(words in p.why for p in caught.value.problems)
    assert "secret" not in str(caught.value)


def test_a_missing_library_says_what_to_install(tmp_path, monkeypatch):
    pd.DataFrame({"id": ["a"]}).to_excel(tmp_path / "a.xlsx", index=False)
    pyreadstat.write_sav(pd.DataFrame({"id": ["a"]}), tmp_path / "a.sav")
    duckdb.connect(str(tmp_path / "a.duckdb")).close()
    monkeypatch.setenv("SOME_DATABASE", "dbname=x")
    for library in ("openpyxl", "pyreadstat", "duckdb", "psycopg"):
        monkeypatch.setitem(sys.modules, library, None)
    query = {"query": "select 1 order by 1"}
    assert "'ctevidence[formats]'" in problem(tmp_path, "a.xlsx").do
    assert "'ctevidence[formats]'" in problem(tmp_path, "a.sav").do
    assert "'ctevidence[sql]'" in problem(tmp_path, "a.duckdb", **query).do
    assert "'ctevidence[sql]'" in problem(tmp_path, "SOME_DATABASE", **query).do


def test_both_files_that_stand_beside_each_other_tell_their_problems_at_once(tmp_path):
    (tmp_path / "people.csv").write_text("id,begin\nP1,2024-01-01,extra\nP2,2024-01-01\n")
    (tmp_path / "seen.csv").write_text("id,seen\nP1,2024-02-01\nP2\nP9,2024-02-01\n")
    (tmp_path / "prepare.toml").write_text(
        '[visits]\nfrom = "seen.csv"\n[visits.columns]\nparticipant_id = "id"\n'
        'day = { date = "seen", since = "START" }\n'
        '[visits.beside]\nfrom = "people.csv"\nby = "id"\ncolumns = ["START"]\n'
    )

    def found():
        with pytest.raises(DataProblems) as caught:
            make_tables(*read(tmp_path))
        return [(p.file, p.row, p.column) for p in caught.value.problems]

    def read(folder):
        mappings, form = read_mapping(folder / "prepare.toml", ("visits",))
        return mappings, folder, form

    # a column that the file beside does not have, and the row of another length in the first
    assert found() == [("people.csv", 1, "START"), ("people.csv", 2, ""), ("seen.csv", 3, "")]
    text = (tmp_path / "prepare.toml").read_text().replace("START", "begin")
    (tmp_path / "prepare.toml").write_text(text)
    # who has no row there is not asked while rows there cannot be read
    assert found() == [("seen.csv", 3, ""), ("people.csv", 2, "")]
    (tmp_path / "people.csv").write_text("id,begin\nP1,2024-01-01\nP2,2024-01-01\n")
    assert found() == [("seen.csv", 3, ""), ("seen.csv", 4, "id")]
