"""`ctevidence new --from`: what is plain is proposed, what is not stays open and cannot be read."""

import shutil
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from ctevidence.cli import app
from ctevidence.data.date_forms import date_form
from ctevidence.data.fitting_scales import fitting_scales
from ctevidence.data.made_tables import make_tables
from ctevidence.data.mapping import read_mapping
from ctevidence.data.prepare import prepare
from ctevidence.data.problems import DataProblems
from ctevidence.data.proposal import _study, propose
from ctevidence.data.readers import read_study
from ctevidence.data.scales import scales
from ctevidence.data.sources import declared_checksums
from ctevidence.data.study import TABLES
from ctevidence.data.undecided import undecided
from ctevidence.data.understood import understand
from ctevidence.data.writers import write_study
from ctevidence.simulate.study import simulate_study

pyreadstat = pytest.importorskip("pyreadstat")
RAW = Path(__file__).parents[2] / "data" / "raw"


def meanings(**columns):
    frame = pd.DataFrame({name: [cell, cell] for name, cell in columns.items()})
    return {m.column: m for m in understand(frame)}


def test_columns_are_understood_by_name_and_cells():
    found = meanings(
        subject_id="x", AVISIT="w", ADY="8", phq9_total="12", hamd17_w8="9", seen="2024-03-29"
    )
    assert {c: m.what for c, m in found.items()} == {
        "subject_id": "person",
        "AVISIT": "visit",
        "ADY": "study day",
        "phq9_total": "score",
        "hamd17_w8": "score at a time",
        "seen": "date",
    }
    assert found["hamd17_w8"].day == 56
    assert found["hamd17_w8"].scale.label == "HAM-D17"


def test_what_the_cells_contradict_is_not_understood():
    found = meanings(phq9_total="99", day="Monday", seen="30.2.2024", gad7="high")
    assert {m.what for m in found.values()} == {""}
    assert found["phq9_total"].why == "named for PHQ-9, but not all values lie between 0 and 27"
    assert found["gad7"].why == "named for GAD-7, but not all cells are numbers"


@pytest.mark.parametrize(
    "name",
    [
        "PatientID",
        "patient_id",
        "Patient ID",
        "PATIENT-ID",
        "Subject ID",
        "SubjectNo",
        "subject.code",
    ]
    + ["ID Patient", "Participant Number", "client_id", "StudyID", "USUBJID", "pat_nr"],
)
def test_people_are_recognised_however_they_are_written(name):
    frame = pd.DataFrame({"site_id": ["1", "2"], name: ["a", "b"], "therapist_id": ["3", "4"]})
    assert [m.column for m in understand(frame) if m.what == "person"] == [name]


def test_the_number_of_a_study_is_no_person():
    frame = pd.DataFrame({"STUDYID": ["S1", "S1"], "score": ["3", "4"]})
    assert [m.what for m in understand(frame)] == ["", "score"]


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["2024-03-29", "2024-03-01"], ""),
        (["29.3.2024", "1.2.2024"], "%d.%m.%Y"),
        (["01.02.2024"], "%d.%m.%Y"),  # points part days from months, nowhere months from days
        (["01.02.2024 09:30"], "%d.%m.%Y %H:%M"),
        (["01/02/2024", "13/02/2024"], "%d/%m/%Y"),
        (["01/02/2024", "02/13/2024"], "%m/%d/%Y"),
        (["01/02/2024", "11/12/2024"], "?"),
        (["13-02-2024"], "%d-%m-%Y"),
        (["02-03-2024"], "?"),
        (["2024/02/13"], "%Y/%m/%d"),
        (["13/02/2024", "02/13/2024"], None),  # both at once
        (["13.02.2024", "14/02/2024"], None),
        (["31.02.2024"], None),
        (["1.2.24"], None),
        (["12"], None),
        ([], None),
    ],
)
def test_a_date_is_read_by_the_only_form_that_fits(cells, form):
    assert date_form(cells) == form


def test_scores_are_of_scales_that_hold_them():
    assert [s.label for s in fitting_scales(["0", "27", ""])][0] == "PHQ-9"
    assert "GAD-7" not in {s.label for s in fitting_scales(["22"])}
    assert "GAD-7" in {s.label for s in fitting_scales(["21"])}
    assert fitting_scales(["2", "x"]) == fitting_scales([]) == fitting_scales(["9999"]) == []
    assert "PHQ-9" not in {s.label for s in fitting_scales(["2.5"])}


PEOPLE = """Subject ID;Treatment Group;Randomised on
P1;both;01.02.2023
P2;drug;13.02.2023
P3;talk;05.03.2023
P4;none;07.03.2023
"""
SCORES = """Subject ID;Date of visit;PHQ9;GAD7 total;Score
P1;01.02.2023;17;12;20
P1;15.03.2023;12;8;14
P2;13.02.2023;15;9;18
P3;05.03.2023;16;9;18
P4;07.03.2023;16;9;18
"""


def test_a_start_in_another_file_and_scales_beside_each_other(tmp_path):
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "scores.csv").write_text(SCORES)
    files = [tmp_path / "people.csv", tmp_path / "scores.csv"]
    folder = propose(files, tmp_path / "raw" / "mine", "mine").folder
    mapping = tomllib.loads((folder / "prepare.toml").read_text("utf-8"))
    assert mapping["participants"]["columns"]["participant_id"] == "Subject ID"
    scales_found = [part["columns"]["scale"] for part in mapping["visits"]]
    assert scales_found == [{"constant": "PHQ-9"}, {"constant": "GAD-7"}, "?"]
    for part in mapping["visits"]:
        assert part["columns"]["day"] == {
            "date": "Date of visit", "since": "?", "format": "%d.%m.%Y"
        }  # fmt: skip
        assert part["beside"] == {
            "from": "people.csv", "by": "Subject ID", "columns": ["Randomised on"]
        }  # fmt: skip
    declared = (folder / "study.toml").read_text("utf-8")
    assert "found: PHQ-9, GAD-7" in declared
    # what is proposed works once it is decided
    text = (folder / "prepare.toml").read_text("utf-8")
    text = text.replace('since = "?"', 'since = "Randomised on"')
    text = text[: text.rindex("[[visits]]")]
    (folder / "prepare.toml").write_text(text, "utf-8")
    mappings, form = read_mapping(folder / "prepare.toml", TABLES)
    visits = make_tables(mappings, folder, form)["visits"].frame
    assert visits[["participant_id", "day", "scale", "score"]].to_numpy().tolist()[:3] == [
        ["P1", "0", "PHQ-9", "17"],
        ["P1", "42", "PHQ-9", "12"],
        ["P2", "0", "PHQ-9", "15"],
    ]


def test_dates_that_could_be_read_two_ways_are_asked_for(tmp_path):
    (tmp_path / "scores.csv").write_text("id,arm,seen,score\n1,a,03/04/2023,5\n2,b,04/04/2023,26\n")
    made = propose([tmp_path / "scores.csv"], tmp_path / "raw" / "mine", "mine")
    (asked,) = (p for p in made.open if p.column == "visits.columns.day")
    assert "format: %d/%m/%Y or %m/%d/%Y, as they are meant" in asked.do
    (asked,) = (p for p in made.open if p.column == "visits.columns.scale")
    assert 'constant = "PHQ-9" }; the values fit PHQ-9 (0 to 27)' in asked.do
    assert "no day above 12 tells" in str(made)


def test_a_file_named_for_a_scale_holds_its_scores_where_they_fit(tmp_path):
    (tmp_path / "gad-7 scores.csv").write_text("id,arm,day,score\n1,a,0,5\n2,b,0,21\n")
    (tmp_path / "phq9.csv").write_text("id,arm,day,score\n1,a,0,5\n2,b,0,28\n")
    gad = propose([tmp_path / "gad-7 scores.csv"], tmp_path / "raw" / "gad", "gad")
    assert 'scale = { constant = "GAD-7" }' in (gad.folder / "prepare.toml").read_text("utf-8")
    assert 'primary = "GAD-7"' in (gad.folder / "study.toml").read_text("utf-8")
    phq = propose([tmp_path / "phq9.csv"], tmp_path / "raw" / "phq", "phq")
    assert 'scale = "?"' in (phq.folder / "prepare.toml").read_text("utf-8")


@pytest.mark.parametrize("scale", [s for s in scales() if s.items and s.scoring == "sum"], ids=str)
def test_items_of_every_scale(scale):
    word = scale.name.replace("-", "")
    columns = {f"{word}_{i}": "1" for i in range(1, scale.items + 1)}
    found = meanings(**columns)
    assert [m.number for m in found.values()] == list(range(1, scale.items + 1))
    assert {m.scale for m in found.values()} == {scale}
    columns.popitem()  # one is missing: these are not all items
    assert "item" not in {m.what for m in meanings(**columns).values()}


def decide(folder, decisions):
    """Replace open decisions, in the order in which they stand; each must be open."""
    for file, replaced in decisions.items():
        text = (folder / file).read_text("utf-8")
        for old, new in replaced:
            assert old in text, old
            text = text.replace(old, new, 1)
        (folder / file).write_text(text, "utf-8")


def test_beat_the_blues_from_its_file(tmp_path):
    made = propose([RAW / "beat-the-blues" / "BtheB.csv"], tmp_path / "raw" / "btb", "btb")
    folder = made.folder
    assert (folder / "BtheB.csv").read_bytes() == (RAW / "beat-the-blues/BtheB.csv").read_bytes()
    assert declared_checksums(folder).keys() == {"BtheB.csv"}
    assert made.open == undecided(folder)
    assert f"To be decided, {len(made.open)} in all" in str(made)
    for read in (
        lambda: read_study(folder),
        lambda: prepare("btb", raw=tmp_path / "raw", processed=tmp_path / "p"),
    ):
        with pytest.raises(DataProblems) as caught:
            read()
        assert caught.value.problems == tuple(made.open)
    # a person decides, as the shipped declaration does; the names of two columns were misleading
    shutil.copyfile(RAW / "beat-the-blues" / "study.toml", folder / "study.toml")
    arm = (RAW / "beat-the-blues" / "prepare.toml").read_text("utf-8")
    cases = arm[arm.index("arm = [") : arm.index("[visits]")]
    days = [(f'column = "bdi.{m}", day = "?"', f'column = "bdi.{m}", day = {day}')
            for m, day in (("2m", 61), ("4m", 91), ("6m", 152), ("8m", 244))]  # fmt: skip
    decide(folder, {"prepare.toml": [('arm = "treatment"\n', cases), *days]})
    study = read_study(prepare("btb", raw=tmp_path / "raw", processed=tmp_path / "p"))
    shipped = read_study(prepare("beat-the-blues", raw=RAW, processed=tmp_path / "p"))
    # people are named by their number here, with a prefix there
    columns = ["day", "score"]
    assert sorted(map(tuple, study.visits[columns].to_numpy())) == sorted(
        map(tuple, shipped.visits[columns].to_numpy())
    )
    assert study.participants["arm"].value_counts().to_dict() == (
        shipped.participants["arm"].value_counts().to_dict()
    )


def cdisc_day(day):
    """CDISC counts the first day as 1, and has no day 0."""
    return day + 1 if day >= 0 else day


@pytest.fixture
def adam(tmp_path):
    """A simulated study as ADSL, ADQS and ADTTE, and as our own tables."""
    study = simulate_study(n=40, seed=3)
    events = study.events[study.events["event"].isin(["relapse", "end_of_follow_up"])]
    events = events.drop_duplicates("participant_id").assign(reason="", severity="")
    tables = {**study.tables, "events": events, "treatments": study.treatments.iloc[:0]}
    people = study.participants
    tables["participants"] = people[["participant_id", "arm", "site", "age", "sex"]]
    own = write_study(type(study)(**{**vars(study), "tables": tables, "adjust": ("baseline",)}),
                      tmp_path / "own")  # fmt: skip
    named = {
        "participant_id": "USUBJID",
        "arm": "TRT01P",
        "site": "SITEID",
        "age": "AGE",
        "sex": "SEX",
    }
    adsl = people[list(named)].rename(columns=named)
    visits = study.visits
    adqs = pd.DataFrame(
        {
            "USUBJID": visits["participant_id"],
            "PARAMCD": "TOTAL",
            "AVAL": visits["score"],
            "ADY": visits["day"].map(cdisc_day),
            "AVISIT": visits.get("visit", "visit"),
            "DTYPE": "",
        }
    )
    imputed = adqs.groupby("USUBJID").tail(1).assign(DTYPE="LOCF", AVAL=1.0)
    item = adqs.assign(PARAMCD="ITEM1", AVAL=1.0)
    adtte = pd.DataFrame(
        {
            "USUBJID": events["participant_id"],
            "PARAMCD": "TTREL",
            "AVAL": events["day"] + 1,
            "CNSR": (events["event"] != "relapse").astype(float),
        }
    )
    received = tmp_path / "received"
    received.mkdir()
    pyreadstat.write_xport(adsl, received / "adsl.xpt")
    pyreadstat.write_xport(pd.concat([adqs, imputed, item]), received / "adqs.xpt")
    pyreadstat.write_xport(adtte, received / "adtte.xpt")
    return own, received


def test_adam_in_the_transport_format_of_sas(adam, tmp_path):
    own, received = adam
    made = propose([received], tmp_path / "raw" / "trial", "trial")
    text = (made.folder / "prepare.toml").read_text("utf-8")
    assert "found: ITEM1, TOTAL" in text
    assert 'DTYPE = ""' in text
    scale = read_study(own).primary_scale
    decide(made.folder, {"prepare.toml": [
        ('PARAMCD = "?", DTYPE', 'PARAMCD = "TOTAL", DTYPE'),
        ('constant = "?"', f'constant = "{scale}"'),
        ('PARAMCD = "?" }', 'PARAMCD = "TTREL" }'),
        ('day = "?"', 'day = { study_day = "AVAL" }'),
    ]})  # fmt: skip
    shutil.copyfile(own / "study.toml", made.folder / "study.toml")
    study = read_study(prepare("trial", raw=tmp_path / "raw", processed=tmp_path / "p"))
    expected = read_study(own)
    for name in TABLES:
        table = study.tables[name].drop(columns="visit", errors="ignore")
        other = expected.tables[name].drop(columns="visit", errors="ignore")
        pd.testing.assert_frame_equal(table, other, check_exact=True)


def test_labels_missing_values_and_sheets_are_left_open(tmp_path):
    frame = pd.DataFrame({"id": ["a", "b"], "arm": [1.0, 2.0], "phq9": [3.0, 99.0]})
    pyreadstat.write_sav(
        frame, tmp_path / "s.sav", variable_value_labels={"arm": {1: "CBT", 2: "Usual care"}},
        missing_ranges={"phq9": [99]},
    )  # fmt: skip
    text = (propose([tmp_path / "s.sav"], tmp_path / "s", "s").folder / "prepare.toml").read_text()
    assert 'labels = ["?"]' in text
    assert 'user_missing = "?"' in text
    with pd.ExcelWriter(tmp_path / "b.xlsx") as book:
        frame[["id", "arm"]].to_excel(book, sheet_name="People", index=False)
        frame[["id", "phq9"]].assign(day=0, phq9=3).to_excel(book, sheet_name="Scores", index=False)
    made = propose([tmp_path / "b.xlsx"], tmp_path / "b", "b")
    text = (made.folder / "prepare.toml").read_text()
    people, scores = text.split("[visits]")
    assert 'sheet = "People"' in people
    assert 'sheet = "Scores"' in scores
    assert {p.file for p in made.open} == {"study.toml"}


def test_how_a_csv_is_written(tmp_path):
    (tmp_path / "a.csv").write_bytes("Patient;phq9;Gruppe\nÄ;2,5;x\nB;3,0;y\n".encode("cp1252"))
    made = propose([tmp_path / "a.csv"], tmp_path / "a", "a")
    text = (made.folder / "prepare.toml").read_text()
    assert 'encoding = "?"' in text
    assert 'delimiter = ";"' in text
    assert 'decimal = ","' in text


def test_what_cannot_be_proposed(tmp_path):
    for path in ("no.csv", "a.pkl"):
        with pytest.raises(DataProblems):
            propose([tmp_path / path], tmp_path / "x", "x")
    (tmp_path / "a.csv").write_text("id,phq9\n1,2\n")
    with pytest.raises(ValueError, match="cannot be the name"):
        propose([tmp_path / "a.csv"], tmp_path / "x", "../x")
    with pytest.raises(FileExistsError):
        propose([tmp_path / "a.csv"], tmp_path, "x")
    assert not (tmp_path / "x").exists()


def test_names_of_columns_cannot_write_declarations(tmp_path):
    bad = 'phq9\n[arms.x]\ntreatment = "combined"\x1b[2J'
    frame = pd.DataFrame({"id": ["a", "b"], bad: ["x", "y"], 'seen"\n[x]\n#': ["2024-03-29"] * 2})
    frame["start\n[y]"], frame["phq9"] = "2024-03-01", "3"
    frame.to_csv(tmp_path / "a.csv", index=False)
    made = propose([tmp_path / "a.csv"], tmp_path / "a", "a")
    assert "\x1b" not in str(made)
    for file in ("prepare.toml", "study.toml"):
        declared = tomllib.loads((made.folder / file).read_text("utf-8"))
        assert not {"x", "y"} & {*declared, *declared.get("arms", {})}


def test_two_files_of_one_name_are_refused(tmp_path):
    for part in ("one", "two"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "a.csv").write_text("id,phq9\n1,2\n")
    with pytest.raises(DataProblems, match="same name"):
        propose([tmp_path / "one", tmp_path / "two"], tmp_path / "x", "x")


def test_a_question_mark_in_the_data_is_no_decision(tmp_path):
    (tmp_path / "prepare.toml").write_text('[visits]\nx = { values = { "?" = "unknown" } }\n')
    assert undecided(tmp_path) == []


def test_a_list_of_several_lines_is_no_table(tmp_path):
    text = 'baseline_days = [ # say which\n ["?", "?"], # from, to\n ["a"]\n]\nlast = "?"\n'
    (tmp_path / "study.toml").write_text(f"[schedule]\n{text}")
    found = [(p.column, p.row, p.do) for p in undecided(tmp_path)]
    replace = "Replace the question mark."
    assert found == [("schedule.baseline_days", 3, "from, to."), ("schedule.last", 6, replace)]


def test_tables_of_any_arm_are_told(tmp_path):
    text = '[arms."CBT + [drug] #2"] # the arm\ntreatment = "?" # which\n[[a . b-c]]\nd = \'?\'\n'
    (tmp_path / "study.toml").write_text(text)
    found = [(p.column, p.do) for p in undecided(tmp_path)]
    assert found == [
        ("arms.CBT + [drug] #2.treatment", "which."),
        ("a . b-c.d", "Replace the question mark."),
    ]


def test_a_hash_within_quotation_marks_is_no_remark(tmp_path):
    line = r"""day = { date = "Visit \"#1\" date", other = '#', since = "?" } # the "first" day"""
    (tmp_path / "prepare.toml").write_text(f"[visits]\n{line}\nname = '?  \"?\"'\n")
    (found,) = undecided(tmp_path)
    assert (found.column, found.row, found.do) == ("visits.day", 2, 'the "first" day.')


def test_names_are_filled_in_as_they_are():
    assert tomllib.loads(_study("SCALE", []))["study"]["name"] == "SCALE"
    assert tomllib.loads(_study("WHICH", []))["study"]["name"] == "WHICH"


def test_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "My Export.csv").write_text("id,arm,day,phq9\n1,a,0,12\n2,b,0,9\n")
    run = CliRunner()
    shown = run.invoke(app, ["new", "--from", "My Export.csv"], catch_exceptions=False)
    assert "PHQ-9 score" in shown.output
    folder = tmp_path / "data" / "raw" / "my-export"
    with pytest.raises(DataProblems, match="has to be decided"):
        run.invoke(app, ["check", str(folder)], catch_exceptions=False)
    with pytest.raises(ValueError, match="Say the name"):
        run.invoke(app, ["new"], catch_exceptions=False)
