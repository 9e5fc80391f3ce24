"""Preparing data: raw is only read, the same input gives the same bytes, nothing stays half-made.

Facts about Beat the Blues come from R package HSAUR3 (tests/reference/shipped_data.R), some also
counted by hand.
"""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from ctevidence.data.column_rules import ByCases, Case, Numbered, Recoded
from ctevidence.data.prepare import prepare
from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study
from ctevidence.data.sources import checksum, declared_checksums, list_sources

RAW = Path(__file__).parents[2] / "data" / "raw"
REFERENCE = Path(__file__).parents[1] / "reference" / "shipped_data.json"
SHIPPED = ("beat-the-blues", "linde2016", "published-trials", "uis-relapse")


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def raw(tmp_path):
    """A copy of the raw folders that a test may break."""
    shutil.copytree(RAW, tmp_path / "raw")
    return tmp_path / "raw"


@pytest.fixture
def run(raw, tmp_path):
    """Prepare a source of the copy."""
    return lambda name="beat-the-blues": prepare(name, raw=raw, processed=tmp_path / "processed")


def replace(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def problems_of(run, name="beat-the-blues"):
    with pytest.raises(DataProblems) as caught:
        run(name)
    return caught.value.problems


# -- Beat the Blues -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return read_study(prepare("beat-the-blues", raw=RAW, processed=tmp_path_factory.mktemp("p")))


@pytest.fixture(scope="module")
def facts():
    return json.loads(REFERENCE.read_text(encoding="utf-8"))["beat_the_blues"]


def test_people_and_arms(study, facts):
    assert study.participants["participant_id"].is_unique
    assert set(study.participants["participant_id"]) >= {"BTB001", "BTB100"}
    arms = study.participants["arm"].value_counts().to_dict()
    assert arms == facts["people"]
    assert arms == {"control": 34, "medication": 14, "therapy": 22, "combined": 30}


def test_scores_by_arm_and_day(study, facts):
    visits = study.visits.merge(study.participants)
    found = visits.groupby(["arm", "day"])["score"].agg(["count", "sum"])
    expected = {
        (arm, float(day)): [score["n"], score["total"]]
        for arm, days in facts["scores"].items()
        for day, score in days.items()
    }
    assert {key: list(row) for key, row in zip(found.index, found.to_numpy(), strict=True)} == (
        expected
    )
    assert set(visits["scale"]) == {"BDI"}


def test_scores_missing_at_month_8(study):
    # counted by hand in the file as received
    last = study.visits.loc[study.visits["day"] == 244, "participant_id"]
    unseen = study.participants[~study.participants["participant_id"].isin(last)]
    missing = {"control": 17, "combined": 14, "therapy": 11, "medication": 6}
    assert unseen["arm"].value_counts().to_dict() == missing


def test_one_person_by_hand(study):
    # line 3 of the file as received: 2,Yes,>6m,BtheB,32,16.0,24.0,17.0,20.0
    person = study.participants.set_index("participant_id").loc["BTB002"]
    assert person["arm"] == "combined"
    assert person["episode_length"] == "6 months or longer"
    visits = study.visits[study.visits["participant_id"] == "BTB002"]
    assert visits[["day", "score"]].to_numpy().tolist() == [
        *([0, 32], [61, 16], [91, 24], [152, 17], [244, 20])
    ]


# -- reproducible, and raw is only read -----------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_second_run_gives_the_same_bytes(name, run, raw):
    before = contents(raw / name)
    first = contents(run(name))
    assert contents(run(name)) == first
    assert contents(raw / name) == before


@pytest.mark.parametrize("name", SHIPPED)
def test_record_holds_the_checksums(name, run, raw):
    folder = run(name)
    record = json.loads((folder / "prepared.json").read_text(encoding="utf-8"))
    assert record["name"] == name
    for file, declared in record["made"].items():
        assert hashlib.sha256((folder / file).read_bytes()).hexdigest() == declared
    assert set(record["made"]) == {p.name for p in folder.iterdir()} - {"prepared.json"}
    for file, declared in declared_checksums(raw / name).items():
        assert record["read"][file] == declared


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_files_are_as_received(name):
    declared = declared_checksums(RAW / name)
    assert set(declared) == {path.name for path in (RAW / name).glob("*.csv")}
    assert all(checksum(RAW / name / file) == sha for file, sha in declared.items())


def test_an_older_folder_is_replaced_whole(run, tmp_path):
    folder = run()
    (folder / "left-over.csv").write_text("x\n")
    run()
    assert "left-over.csv" not in contents(folder)
    assert [p.name for p in (tmp_path / "processed").iterdir()] == ["beat-the-blues"]


def test_a_failed_run_leaves_the_older_folder(run, raw, tmp_path):
    before = contents(run())
    replace(raw / "beat-the-blues" / "study.toml", 'title = "', 'titel = "')
    problems_of(run)
    assert contents(tmp_path / "processed" / "beat-the-blues") == before
    assert [p.name for p in (tmp_path / "processed").iterdir()] == ["beat-the-blues"]


def test_tables_in_the_form_of_the_contract_are_copied(run, raw):
    folder = raw / "finished"
    shutil.copytree(run(), folder)
    made = run("finished")
    for file in ("study.toml", "participants.csv", "visits.csv"):
        assert (made / file).read_bytes() == (folder / file).read_bytes()


# -- what can be wrong ----------------------------------------------------------------------------


def test_a_changed_raw_file_is_named(run, raw):
    replace(raw / "beat-the-blues" / "BtheB.csv", "32,16.0,24.0", "32,16.0,25.0")
    (problem,) = problems_of(run)
    assert problem.file == "BtheB.csv"
    assert "not the one received" in problem.why
    assert checksum(raw / "beat-the-blues" / "BtheB.csv") in problem.do


def test_a_missing_raw_file_is_named(run, raw):
    (raw / "beat-the-blues" / "BtheB.csv").unlink()
    (problem,) = problems_of(run)
    assert (problem.file, problem.why) == (
        "BtheB.csv",
        "SOURCE.md lists the file, but it is missing.",
    )


def accept(raw, name="beat-the-blues", file="BtheB.csv"):
    """Note the file as it now is in SOURCE.md, as if it had been received so."""
    source = raw / name / "SOURCE.md"
    (declared,) = declared_checksums(raw / name).values()
    replace(source, declared, checksum(raw / name / file))


def test_problems_name_the_rows_of_the_raw_file(run, raw):
    # person 3 has two scores, so that lines of the tables made and of the raw file differ
    replace(
        raw / "beat-the-blues" / "BtheB.csv", "4,No,>6m,BtheB,21,17.0", "4,No,>6m,BtheB,21,71.0"
    )
    accept(raw)
    (problem,) = problems_of(run)
    assert problem.file == "BtheB.csv (as visits.csv)"
    assert (problem.row, problem.column, problem.value) == (5, "score", "71")


def test_values_that_the_mapping_does_not_cover(run, raw):
    file = raw / "beat-the-blues" / "BtheB.csv"
    replace(file, "2,Yes,>6m,BtheB", "2,yes,>6m,BtheB")
    replace(file, "3,Yes,<6m,TAU", "3,Yes,<6 m,TAU")
    replace(file, "\n4,No", "\nfour,No")
    accept(raw)
    found = problems_of(run)
    assert [(p.file, p.row, p.column, p.value) for p in found] == [
        ("BtheB.csv", 5, "rownames", "four"),
        ("BtheB.csv", 3, "drug + treatment", "yes + BtheB"),
        ("BtheB.csv", 4, "length", "<6 m"),
    ]


#: name: (text of prepare.toml replaced, by what, key or column blamed, part of why or what to do)
MAPPING_CASES = {
    "file is missing": ('"BtheB.csv"', '"BtheB2.csv"', "", "it is missing"),
    "column is missing": ('"bdi.4m"', '"bdi.3m"', "bdi.3m", 'did you mean "bdi.'),
    "unknown kind of column": ("digits = 3", "digit = 3", "participants.columns.participant_id",
                               "does not say how"),
    "unknown key": ("into", "in_to", "visits.long.in_to", "not known"),
    "unknown table": ("[participants]", "[particpants]", "particpants", "table is not known"),
    "column made twice": ('scale = { constant = "BDI" }', 'scale = "drug"\nday = "length"',
                          "visits.columns.day", "made twice"),
    "not TOML": ('from = "BtheB.csv"', "from = BtheB.csv", "", "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("case", MAPPING_CASES)
def test_problem_with_prepare_toml(case, run, raw):
    old, new, column, words = MAPPING_CASES[case]
    replace(raw / "beat-the-blues" / "prepare.toml", old, new)
    found = problems_of(run)
    assert any(p.column == column and words in p.why + p.do for p in found)


def test_everything_that_is_wrong_is_told_at_once(run, raw):
    """Rows, cells, a column that is not there, and the declaration, though no table was made."""
    folder = raw / "beat-the-blues"
    file = folder / "BtheB.csv"
    replace(file, "\n4,No", "\nfour,No")
    lines = file.read_text("utf-8").splitlines()
    lines[6] = lines[6].rsplit(",", 1)[0]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    accept(raw)
    replace(folder / "prepare.toml", '"bdi.4m"', '"bdi.3m"')
    replace(folder / "study.toml", 'design = "trial"', 'design = "trail"')
    found = [(p.file, p.row, p.column) for p in problems_of(run)]
    design = next(
        row
        for row, line in enumerate((folder / "study.toml").read_text("utf-8").splitlines(), 1)
        if line.startswith("design")
    )
    assert sorted(found, key=str) == sorted([
        ("study.toml", design, "study.design"),
        ("BtheB.csv", 5, "rownames"),  # of the participants
        ("BtheB.csv", 7, ""),  # of both tables, told once
        ("BtheB.csv", 1, "bdi.3m"),  # of the visits
    ], key=str)  # fmt: skip


def test_an_empty_row_is_told_beside_a_wrong_cell(run, raw):
    file = raw / "linde2016" / "linde2016.csv"
    mapping = raw / "linde2016" / "prepare.toml"
    columns = mapping.read_text("utf-8")
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    first = header.split(",")[0].strip('"')
    name = next(line.split("=")[0].strip() for line in columns.splitlines() if f'"{first}"' in line)
    recoded = f'{name} = {{ column = "{first}", values = {{ "nobody" = "x" }} }}'
    plain = next(line for line in columns.splitlines() if line.startswith(f"{name} ="))
    replace(mapping, plain, recoded)
    lines = [header + ',"note"', ',,,"","","see page 90"', rows[0] + ',""']
    file.write_text("\n".join(lines), encoding="utf-8")
    accept(raw, "linde2016", "linde2016.csv")
    assert {p.row for p in problems_of(run, "linde2016")} == {2, 3}


def test_folder_that_declares_nothing(run, raw):
    (raw / "beat-the-blues" / "study.toml").unlink()
    assert "neither study.toml nor trials.toml" in problems_of(run)[0].why
    assert "no such folder" in problems_of(run, "beat-the-bleus")[0].why


@pytest.mark.parametrize("name", ["../raw/linde2016", "a/b", ".", ".."])
def test_name_is_not_a_path(name, run):
    with pytest.raises(ValueError, match="not the name of a folder"):
        run(name)


# -- mapping in general ---------------------------------------------------------------------------


def test_other_encoding_delimiter_and_decimal_comma(run, raw):
    folder = raw / "linde2016"
    text = (folder / "linde2016.csv").read_text(encoding="utf-8").replace('"', "")
    text = text.replace(",", ";").replace(".", ",").replace("UC", "Übliche Versorgung")
    (folder / "linde2016.csv").write_text(text, encoding="cp1252")
    accept(raw, "linde2016", "linde2016.csv")
    mapping = folder / "prepare.toml"
    files = '[files]\nencoding = "cp1252"\ndelimiter = ";"\ndecimal = ","\n\n[contrasts]'
    replace(mapping, "[contrasts]", files)
    replace(folder / "trials.toml", '"UC" = "control"', '"Übliche Versorgung" = "control"')
    made = pd.read_csv(run("linde2016") / "contrasts.csv")
    received = pd.read_csv(RAW / "linde2016" / "linde2016.csv")
    assert made["estimate"].tolist() == received["lnOR"].tolist()
    assert (made["treat2"] == "Übliche Versorgung").sum() == (received["treat2"] == "UC").sum()


def test_rows_without_anything_are_not_skipped(run, raw):
    file = raw / "linde2016" / "linde2016.csv"
    header, *rows = file.read_text(encoding="utf-8").splitlines()
    lines = [header + ',"note"', ',,,"","","see page 90"', *(row + ',""' for row in rows)]
    file.write_text("\n".join(lines), encoding="utf-8")
    accept(raw, "linde2016", "linde2016.csv")
    (problem,) = problems_of(run, "linde2016")
    assert (problem.file, problem.row) == ("linde2016.csv", 2)
    assert "empty row of contrasts" in problem.why


def test_rules_refuse_what_they_do_not_cover():
    recoded = Recoded("length", {"<6m": "short"})
    assert (recoded.value("<6m"), recoded.value("")) == ("short", "")
    assert isinstance(recoded.value(">6m"), tuple)
    numbered = Numbered("id", "P", 2)
    assert numbered.value("07") == "P07"
    assert isinstance(numbered.value("100"), tuple)
    assert isinstance(numbered.value("7.0"), tuple)
    cases = ByCases((Case("a", {"x": "1"}), Case("b", {"y": "1"})))
    assert cases.value("1", "0") == "a"
    assert cases.value("1", "1")[0] == "2 cases apply (a, b)."
    assert cases.value("0", "0")[0] == "No case applies."


# -- sources --------------------------------------------------------------------------------------


def test_sources_of_a_project(tmp_path):
    shutil.copytree(RAW, tmp_path / "data" / "raw")
    prepare("linde2016", raw=tmp_path / "data" / "raw", processed=tmp_path / "data" / "processed")
    (tmp_path / "data" / "raw" / "notes").mkdir()
    (tmp_path / "data" / "raw" / "published-trials" / "trials.toml").write_text("[trials")
    found = {source.name: source for source in list_sources(tmp_path)}
    assert list(found) == list(SHIPPED)
    assert {name: source.kind for name, source in found.items()} == {
        "beat-the-blues": "study",
        "linde2016": "trials",
        "published-trials": "trials",
        "uis-relapse": "study",
    }
    assert found["linde2016"].title.startswith("Treatments of depression")
    assert found["linde2016"].processed == tmp_path / "data" / "processed" / "linde2016"
    assert found["beat-the-blues"].processed is None
    assert found["published-trials"].title == ""
