"""Reading a study: every way to break one, by hand, and what the reader must say about it.

`CATALOGUE` is the error catalogue: each case breaks the small study of ``tests/conftest.py`` in one
place, and exactly one problem may come of it. Rows are lines as an editor numbers them.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study

Break = Callable[[Path], None]


def swap(file: str, old: str, new: str) -> Break:
    """Replace a text that stands once in a file."""

    def apply(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        (folder / file).write_text(text.replace(old, new), encoding="utf-8", newline="")

    return apply


def add(file: str, *lines: str) -> Break:
    """Add lines at the end of a file."""

    def apply(folder: Path) -> None:
        with (folder / file).open("a", encoding="utf-8") as handle:
            handle.writelines(line + "\n" for line in lines)

    return apply


def remove(file: str) -> Break:
    return lambda folder: (folder / file).unlink()


def rename(file: str, new: str) -> Break:
    return lambda folder: (folder / file).rename(folder / new)


def rewrite(file: str, change: Callable[[str], str], encoding: str = "utf-8") -> Break:
    """Write a file anew, changed, in an encoding."""

    def apply(folder: Path) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_bytes(change(text).encode(encoding))

    return apply


def drop_column(file: str, column: str) -> Break:
    def apply(folder: Path) -> None:
        frame = pd.read_csv(folder / file, dtype=str, keep_default_na=False)
        frame.drop(columns=column).to_csv(folder / file, index=False)

    return apply


def both(*breaks: Break) -> Break:
    def apply(folder: Path) -> None:
        for one in breaks:
            one(folder)

    return apply


@dataclass(frozen=True)
class Case:
    """A way to break the small study, and the one problem that must come of it."""

    name: str
    breaks: Break
    file: str
    row: int | None
    column: str
    value: str
    why: str
    do: str


CATALOGUE = (
    # -- files and columns
    Case(
        "missing participants", remove("participants.csv"),
        "participants.csv", None, "", "", "is missing", "Add participants.csv",
    ),
    Case(
        "missing visits", remove("visits.csv"),
        "visits.csv", None, "", "", "is missing", "visits.parquet",
    ),
    Case(
        "misspelt optional file", rename("treatments.csv", "treatment.csv"),
        "treatment.csv", None, "", "", "is not read", "Save it as treatments.csv",
    ),
    Case(
        "spreadsheet instead of CSV", rename("treatments.csv", "treatments.xlsx"),
        "treatments.xlsx", None, "", "", "is not read", "Save it as treatments.csv",
    ),
    Case(
        "two files for one table",
        lambda folder: (folder / "events.parquet").write_bytes(b"x"),
        "events.csv", None, "", "", "also as events.parquet", "Remove one",
    ),
    Case(
        "empty file", rewrite("events.csv", lambda _: ""),
        "events.csv", None, "", "", "is empty", "header",
    ),
    Case(
        "broken Parquet",
        both(remove("events.csv"), lambda f: (f / "events.parquet").write_bytes(b"x")),
        "events.parquet", None, "", "", "not a readable Parquet file", "save the table as CSV",
    ),
    Case(
        "missing column", drop_column("visits.csv", "day"),
        "visits.csv", 1, "day", "", "column is missing", "found: participant_id, scale, score",
    ),
    Case(
        "column with a space", swap("events.csv", "participant_id,day", "participant id,day"),
        "events.csv", 1, "participant_id", "", "column is missing", 'instead of "participant id"',
    ),
    Case(
        "misspelt optional column", swap("events.csv", "severity", "severty"),
        "events.csv", 1, "severty", "", 'did you mean "severity"', "Correct the name",
    ),
    Case(
        "two columns of one name", swap("participants.csv", "age,sex", "age,age"),
        "participants.csv", 1, "age", "", "same name", "Rename",
    ),
    Case(
        "column without a name", swap("participants.csv", "age,sex,site", "age,,site"),
        "participants.csv", None, "number 4", "", "no name", "Name it",
    ),
    Case(
        "reserved column", both(
            swap("participants.csv", "sex,site", "score,site")),
        "participants.csv", 1, "score", "", "makes a column of this name", "Rename",
    ),
    Case(
        "row with a cell too many", swap("visits.csv", "P02,0,PHQ-9,14", "P02,0,PHQ-9,14,5"),
        "visits.csv", 5, "", "P02,0,PHQ-9,14,5", "more cells than the header", "decimal comma",
    ),
    Case(
        "row with a cell too few", swap("visits.csv", "P02,0,PHQ-9,14", "P02,0,14"),
        "visits.csv", 5, "", "P02,0,14", "fewer cells than the header", "Complete the row",
    ),
    Case(
        "quotation not closed", swap("visits.csv", "P02,0,PHQ-9,14", 'P02,0,"PHQ-9,14'),
        "visits.csv", 5, "", "", "is not closed", "Close the quotation",
    ),
    # -- how files are written
    Case(
        "semicolons", rewrite("visits.csv", lambda text: text.replace(",", ";")),
        "visits.csv", 1, "", "participant_id;day;scale;score", "separated by a semicolon",
        'delimiter = ";"',
    ),
    Case(
        "tabs", rewrite("visits.csv", lambda text: text.replace(",", "\t")),
        "visits.csv", 1, "", "participant_id\tday\tscale\tscore", "separated by a tab",
        'delimiter = "\\t"',
    ),
    Case(
        "Windows-1252 not declared",
        rewrite("participants.csv", lambda text: text.replace("28,f", "28,Zürich"), "cp1252"),
        "participants.csv", 4, "", "P03,control,28,Zürich,008", "is not UTF-8",
        'encoding = "cp1252"',
    ),
    Case(
        "UTF-16 without a mark", rewrite("events.csv", str, "utf-16-le"),
        "events.csv", None, "", "", "zero bytes", "CSV UTF-8",
    ),
    Case(
        "UTF-8 declared as Windows-1252",
        both(
            add("study.toml", "[files]", 'encoding = "cp1252"'),
            swap("participants.csv", "P03,control,28,f", "P03,control,28,Zürich"),
        ),
        "participants.csv", None, "encoding", "", "would be garbled", "Remove encoding",
    ),
    # -- cells
    Case(
        "thousands separator", swap("visits.csv", "P01,28,PHQ-9,16", 'P01,28,PHQ-9,"1,016"'),
        "visits.csv", 3, "score", "1,016", "1234 or as 1.234", "without separators",
    ),
    Case(
        "decimal comma", swap("visits.csv", "P01,28,PHQ-9,16", 'P01,28,PHQ-9,"16,0"'),
        "visits.csv", 3, "score", "16,0", "decimal comma", 'decimal = ","',
    ),
    Case(
        "point where a comma is declared",
        both(
            add("study.toml", "[files]", 'delimiter = ";"', 'decimal = ","'),
            *(
                rewrite(f"{name}.csv", lambda text: text.replace(",", ";"))
                for name in ("participants", "visits", "events", "treatments")
            ),
            swap("visits.csv", "P01;28;PHQ-9;16", "P01;28;PHQ-9;16.0"),
        ),
        "visits.csv", 3, "score", "16.0", 'declares decimal = ","', "decimal comma",
    ),
    Case(
        "text in numbers", swap("visits.csv", "P01,28,PHQ-9,16", "P01,28,PHQ-9,NA"),
        "visits.csv", 3, "score", "NA", "not a number", "delete the row",
    ),
    Case(
        "infinite", swap("visits.csv", "P01,28,PHQ-9,16", "P01,28,PHQ-9,inf"),
        "visits.csv", 3, "score", "inf", "cannot have been observed", "Enter the score",
    ),
    Case(
        "number beyond all numbers", swap("visits.csv", "P01,28,PHQ-9", "P01,1e999,PHQ-9"),
        "visits.csv", 3, "day", "1e999", "cannot have been observed", "Enter the value",
    ),
    Case(
        "empty score", swap("visits.csv", "P01,28,PHQ-9,16", "P01,28,PHQ-9,"),
        "visits.csv", 3, "score", "", "is empty", "a missed visit has no row",
    ),
    Case(
        "empty day", swap("visits.csv", "P01,28,PHQ-9,16", "P01,,PHQ-9,16"),
        "visits.csv", 3, "day", "", "is empty", "Enter the value",
    ),
    Case(
        "empty identifier", swap("visits.csv", "P01,28,PHQ-9,16", ",28,PHQ-9,16"),
        "visits.csv", 3, "participant_id", "", "is empty", "Enter the value",
    ),
    Case(
        "ISO date in days", swap("visits.csv", "P01,28,PHQ-9", "P01,2024-03-29,PHQ-9"),
        "visits.csv", 3, "day", "2024-03-29", "This is a date", "Subtract the person's start",
    ),
    Case(
        "date with points in days", swap("events.csv", "P02,35", "P02,29.03.2024"),
        "events.csv", 2, "day", "29.03.2024", "This is a date", "start is day 0",
    ),
    Case(
        "spreadsheet date in days", swap("visits.csv", "P01,28,PHQ-9", "P01,45380,PHQ-9"),
        "visits.csv", 3, "day", "45380", "spreadsheets store dates", "Subtract",
    ),
    Case(
        "text among the numbers of a covariate",
        swap("participants.csv", "control,51", "control,?"),
        "participants.csv", 3, "age", "?", "holds numbers", '"category" under [covariates]',
    ),
    Case(
        "decimal comma in a covariate", swap("participants.csv", "control,51", 'control,"51,5"'),
        "participants.csv", 3, "age", "51,5", "decimal comma", "decimal point",
    ),
    # -- people and arms
    Case(
        "duplicated participant", add("participants.csv", "P03,control,28,f,008"),
        "participants.csv", 14, "participant_id", "P03 (as row 4)", "stands once", "Remove the row",
    ),
    Case(
        "unknown participant", add("visits.csv", "P13,84,PHQ-9,7"),
        "visits.csv", 35, "participant_id", "P13", "in participants.csv", "Add the person",
    ),
    Case(
        "unknown participant in events", add("events.csv", "p02,60,switch,,"),
        "events.csv", 6, "participant_id", "p02", "in participants.csv", "correct the identifier",
    ),
    Case(
        "unknown participant in treatments",
        swap("treatments.csv", "P07,therapy", "P70,therapy"),
        "treatments.csv", 3, "participant_id", "P70", "in participants.csv", "Add the person",
    ),
    Case(
        "arm not declared", swap("participants.csv", "P12,combined", "P12,Combined"),
        "participants.csv", 13, "arm", "Combined", 'did you mean "combined"', '[arms."Combined"]',
    ),
    Case(
        "arm with nobody",
        swap("study.toml", "[scale]", '[arms.wait]\ntreatment = "control"\n[scale]'),
        "study.toml", 28, "arms.wait", "wait", "Nobody in participants.csv", "remove the arm",
    ),
    Case(
        "covariate without a column", swap("study.toml", '"age"', '"Age"'),
        "study.toml", 66, "analysis.adjust", "Age", 'did you mean "age"', "add the column",
    ),
    Case(
        "declared covariate without a column",
        add("study.toml", "[covariates]", 'educaton = "category"'),
        "study.toml", 71, "covariates.educaton", "educaton", "no such covariate", "add the column",
    ),
    # -- visits
    Case(
        "score above the range", swap("visits.csv", "P01,28,PHQ-9,16", "P01,28,PHQ-9,28"),
        "visits.csv", 3, "score", "28", "PHQ-9 runs from 0 to 27", "Correct the score",
    ),
    Case(
        "score below the range", swap("visits.csv", "P01,28,PHQ-9,16", "P01,28,PHQ-9,-99"),
        "visits.csv", 3, "score", "-99", "PHQ-9 runs from 0 to 27", "delete the row",
    ),
    Case(
        "score between the steps", swap("visits.csv", "P01,28,PHQ-9,16", "P01,28,PHQ-9,16.5"),
        "visits.csv", 3, "score", "16.5", "steps of 1", "answers to the items",
    ),
    Case(
        "unknown scale", add("visits.csv", "P01,28,GAD7x,4"),
        "visits.csv", 35, "scale", "GAD7x", "no scale of this name", "[scales.NAME]",
    ),
    Case(
        "two words for the primary scale", add("visits.csv", "P02,84,phq9,4"),
        "visits.csv", 35, "scale", "phq9", 'calls "PHQ-9"', "one word in both places",
    ),
    Case(
        "duplicate visit", add("visits.csv", "P01,28,PHQ-9,9"),
        "visits.csv", 35, "day", "P01, PHQ-9, 28 (as row 3)", "another score", "Keep the right one",
    ),
    Case(
        "duplicate visit, days written differently", add("visits.csv", "P01,28.0,PHQ-9,16"),
        "visits.csv", 35, "day", "P01, PHQ-9, 28 (as row 3)", "another score", "Keep the right one",
    ),
    Case(
        "negative day", add("visits.csv", "P01,-20,PHQ-9,19"),
        "visits.csv", 35, "day", "-20", "baseline window, days -7 to 0", "widen baseline_days",
    ),
    Case(
        "no baseline", swap("visits.csv", "P01,0,PHQ-9,18\n", ""),
        "participants.csv", 2, "participant_id", "P01", "no PHQ-9 score in the baseline window",
        "allow_missing_baseline = true",
    ),
    Case(
        "baseline on another scale only", swap("visits.csv", "P01,0,PHQ-9", "P01,0,GAD-7"),
        "participants.csv", 2, "participant_id", "P01", "no PHQ-9 score in the baseline window",
        "Add the row to visits.csv",
    ),
    Case(
        "visit that nobody attended",
        swap("study.toml", "days = [70, 98]", "days = [70, 98]\n[[schedule.visits]]\nname = "
             '"26 weeks"\nweek = 26\ndays = [154, 210]'),
        "study.toml", 46, "schedule.visits[3].days", "[154, 210]", "Nobody has a PHQ-9 score",
        "not in weeks",
    ),
    # -- events and treatments
    Case(
        "unknown event", swap("events.csv", "P02,35,dropout", "P02,35,drop-out"),
        "events.csv", 2, "event", "drop-out", 'did you mean "dropout"', 'other = ["drop-out"]',
    ),
    Case(
        "reason of dropout that is not declared",
        swap(
            "study.toml", '[retention]\nfrom = "events"',
            '[retention]\nfrom = "events"\n[retention.reasons]\n"side effects" = "side effects"',
        ),
        "events.csv", 2, "reason", "no benefit", "what the reason counts as",
        "[retention.reasons]",
    ),
    Case(
        "event before the start", swap("events.csv", "P10,20,", "P10,-2,"),
        "events.csv", 4, "day", "-2", "before the start", "covariate",
    ),
    Case(
        "visit after the end of follow-up", swap("events.csv", "P12,84,", "P12,14,"),
        "visits.csv", 34, "day", "28 (end: 14)", '"end_of_follow_up" of the same person', "Correct",
    ),
    Case(
        "event after the end of follow-up", add("events.csv", "P12,90,relapse,,"),
        "events.csv", 6, "day", "90 (end: 84)", 'after "end_of_follow_up"', "one of the two days",
    ),
    Case(
        "event after death", add("events.csv", "P01,90,death,,", "P01,91,hospitalisation,,"),
        "events.csv", 7, "day", "91 (end: 90)", 'after "death"', "one of the two days",
    ),
    Case(
        "treatment after death",
        both(add("events.csv", "P07,90,death,,"),
             add("treatments.csv", "P07,medication,sertraline,95,,,")),
        "treatments.csv", 6, "start_day", "95 (end: 90)", 'after "death"', "one of the two days",
    ),
    Case(
        "two deaths", add("events.csv", "P01,90,death,,", "P01,91,death,,"),
        "events.csv", 7, "event", "P01 (as row 6)", "at most once", "Keep the right one",
    ),
    Case(
        "two dropouts", add("events.csv", "P02,40,dropout,moved,"),
        "events.csv", 6, "event", "P02 (as row 2)", "at most once", "Keep the right one",
    ),
    Case(
        "the same event twice", add("events.csv", "P10,20,adverse_event,nausea,mild"),
        "events.csv", 6, "event", "P10, 20, adverse_event, nausea, mild (as row 4)",
        "in another row", "Remove one",
    ),
    Case(
        "rule needs events", remove("events.csv"),
        "study.toml", 62, "retention.from", "events", "no table of events", "Add events.csv",
    ),
    Case(
        "stop before start", swap("treatments.csv", "CBT,3,80", "CBT,80,3"),
        "treatments.csv", 3, "stop_day", "3 (start: 80)", "stops before it starts", "Correct",
    ),
    Case(
        "unknown component", swap("treatments.csv", "P07,therapy", "P07,psychotherapy"),
        "treatments.csv", 3, "component", "psychotherapy", "medication and therapy", "two words",
    ),
    Case(
        "half a session", swap("treatments.csv", ",,12", ",,12.5"),
        "treatments.csv", 3, "sessions", "12.5", "whole numbers", "Correct",
    ),
    Case(
        "the same treatment twice", add("treatments.csv", "P07,therapy,CBT,3,60,,"),
        "treatments.csv", 6, "start_day", "P07, therapy, CBT, 3 (as row 3)", "starts twice",
        "Remove one",
    ),
    # -- study.toml (more in test_declaration.py)
    Case(
        "missing study.toml, tables checked all the same",
        remove("study.toml"),
        "study.toml", None, "", "", "is missing", "Write it into the folder",
    ),
    Case(
        "not TOML", swap("study.toml", 'title = "A small study, made up"', "title = A small study"),
        "study.toml", 3, "", "title = A small study", "cannot be read", "quotation marks",
    ),
    Case(
        "misspelt key", swap("study.toml", "[study]", '[study]\npopulaton = "x"'),
        "study.toml", 2, "study.populaton", "", "key is not known", "Known here: name",
    ),
    Case(
        "misspelt table", swap("study.toml", "[who_enters]", "[who_enter]"),
        "study.toml", 44, "who_enter", "", "table is not known", 'Did you mean "who_enters"',
    ),
)  # fmt: skip


def problems_of(folder: Path) -> DataProblems:
    with pytest.raises(DataProblems) as caught:
        read_study(folder)
    return caught.value


@pytest.mark.parametrize("case", CATALOGUE, ids=lambda case: case.name)
def test_each_fault_is_one_problem(case: Case, small_study_folder: Path) -> None:
    case.breaks(small_study_folder)
    found = problems_of(small_study_folder)
    places = [(p.file, p.row, p.column, p.value) for p in found.problems]
    assert places == [(case.file, case.row, case.column, case.value)], str(found)
    assert case.why in found.problems[0].why
    assert case.do in found.problems[0].do


def test_names_of_the_catalogue_are_unique() -> None:
    assert len({case.name for case in CATALOGUE}) == len(CATALOGUE)


# -- several at once ------------------------------------------------------------------------------


def test_problems_of_all_files_come_together_in_reading_order(small_study_folder: Path) -> None:
    for apply in (
        swap("treatments.csv", "CBT,3,80", "CBT,80,3"),
        swap("visits.csv", "P01,28,PHQ-9,16", "P01,28,PHQ-9,40"),
        swap("visits.csv", "P10,84,PHQ-9,3", "P10,later,PHQ-9,3"),
        swap("participants.csv", "P12,combined", "P12,combind"),
        swap("study.toml", "threshold = 4", "treshold = 4"),
        swap("events.csv", "P02,35,dropout", "P02,-35,dropout"),
    ):
        apply(small_study_folder)
    found = problems_of(small_study_folder)
    assert [(p.file, p.row, p.column) for p in found.problems] == [
        ("study.toml", 53, "remission.treshold"),
        ("participants.csv", 13, "arm"),
        ("visits.csv", 3, "score"),
        ("visits.csv", 29, "day"),
        ("events.csv", 2, "day"),
        ("treatments.csv", 3, "stop_day"),
    ]
    assert len(found.frame) == 6


def test_a_refused_cell_causes_no_second_problem(small_study_folder: Path) -> None:
    # the baseline of P01 cannot be read in three ways; none of them is "no baseline" as well
    for old, new in (
        ("P01,0,PHQ-9,18", "P01,0,PHQ-9,x"),
        ("P02,0,PHQ-9,14", "P02,start,PHQ-9,14"),
        ("P03,0,PHQ-9,21", "P03,0,PHQ9?,21"),
    ):
        swap("visits.csv", old, new)(small_study_folder)
    found = problems_of(small_study_folder)
    assert [(p.row, p.column) for p in found.problems] == [(2, "score"), (5, "day"), (7, "scale")]


def test_rows_left_out_do_not_make_their_people_unknown(small_study_folder: Path) -> None:
    swap("participants.csv", "P01,control,34,f,007", "P01,control,34")(small_study_folder)
    assert [p.file for p in problems_of(small_study_folder).problems] == ["participants.csv"]


def test_a_wrong_folder_names_the_folders_beside_it(small_study_folder: Path) -> None:
    found = problems_of(small_study_folder.parent / "smal-study")
    assert "no such folder" in found.problems[0].why
    assert "small-study" in found.problems[0].do
    assert "a study is a folder" in problems_of(small_study_folder / "study.toml").problems[0].why


def test_data_as_received_are_to_be_prepared_first(small_study_folder: Path) -> None:
    remove("visits.csv")(small_study_folder)
    (small_study_folder / "prepare.toml").write_text("")
    assert "ctevidence prepare" in problems_of(small_study_folder).problems[0].do


def test_tables_without_rows_are_no_study(small_study_folder: Path) -> None:
    for name in ("participants", "visits", "events", "treatments"):
        rewrite(f"{name}.csv", lambda text: text.splitlines()[0])(small_study_folder)
    found = problems_of(small_study_folder).problems
    assert [p.column for p in found] == [
        *("arms.control", "arms.medication", "arms.therapy", "arms.combined")
    ]


JUNK = (
    *('"', ",", ";", "\n", "\r", "\0", "[", "]", "=", '"""', "[[a]]", "\ufeff", "\u2028", "{}"),
    *(
        "NaN",
        "inf",
        "1e999",
        "9" * 400,
        "-3",
        "0.5",
        "45000",
        "2024-01-01",
        "P01",
        "GAD-7",
        "death",
    ),
)


@settings(max_examples=40, deadline=None)
@given(
    file=st.sampled_from(["study.toml", "participants.csv", "visits.csv", "events.csv"]),
    where=st.floats(0, 1),
    cut=st.integers(0, 30),
    junk=st.sampled_from([*JUNK, ""]) | st.text(max_size=5),
)
def test_whatever_is_in_a_file_only_problems_come_of_it(
    make_small_study: Callable[[Path], Path], file: str, where: float, cut: int, junk: str
) -> None:
    with tempfile.TemporaryDirectory() as here:
        folder = make_small_study(Path(here) / "small-study")
        text = (folder / file).read_text(encoding="utf-8")
        at = round(where * len(text))
        broken = text[:at] + junk + text[at + cut :]
        (folder / file).write_bytes(broken.encode("utf-8", "surrogatepass"))
        problems = None
        try:
            study = read_study(folder)
        except DataProblems as error:
            problems = error
        if problems is None:
            assert study.visits["score"].between(0, 27).all()
        else:
            assert str(problems)
            assert all(p.row is None or p.row >= 1 for p in problems.problems)


# -- good data, also unusual -------------------------------------------------------------------


def test_the_small_study_is_read_as_declared(small_study_folder: Path) -> None:
    study = read_study(small_study_folder)
    assert study.name == "small-study"
    assert [arm.name for arm in study.arms] == ["control", "medication", "therapy", "combined"]
    assert study.randomised == {"medication", "therapy"}
    assert study.weeks == (4.0, 12.0)
    assert study.baseline()["P10"] == 22.0
    assert study.adjust == ("baseline", "age")
    assert study.rules.retention.source == "events"
    # by hand: 12 people at day 28, 9 at day 84 (P02, P06 and P12 missed it)
    assert study.scores().groupby("week").size().to_dict() == {4.0: 12, 12.0: 9}


def test_tables_are_typed(small_study_folder: Path) -> None:
    study = read_study(small_study_folder)
    people, visits, events = study.participants, study.visits, study.events
    assert people["site"].tolist()[:3] == ["007", "007", "008"]
    assert people["age"].dtype == float
    assert pd.isna(people.loc[11, "age"])
    assert visits["day"].dtype == visits["score"].dtype == float
    assert events["severity"].tolist() == ["", "", "mild", ""]
    assert pd.isna(study.treatments.loc[0, "stop_day"])


def test_the_order_of_rows_does_not_matter(small_study_folder: Path) -> None:
    before = read_study(small_study_folder)
    for name in ("participants", "visits", "events", "treatments"):
        header, *rows = (small_study_folder / f"{name}.csv").read_text().splitlines()
        text = "\n".join([header, *reversed(rows)])
        (small_study_folder / f"{name}.csv").write_text(text)
    after = read_study(small_study_folder)
    for name, table in before.tables.items():
        pd.testing.assert_frame_equal(table, after.tables[name])


def same_tables(folder: Path, *breaks: Break) -> None:
    """The study reads the same after a change that means nothing."""
    before = read_study(folder)
    for apply in breaks:
        apply(folder)
    after = read_study(folder)
    for name, table in before.tables.items():
        pd.testing.assert_frame_equal(table, after.tables[name])


@pytest.mark.parametrize(
    "breaks",
    [
        pytest.param([rewrite("visits.csv", str, "utf-8-sig")], id="byte order mark"),
        pytest.param([rewrite("visits.csv", str, "utf-16")], id="UTF-16 with a mark"),
        pytest.param([rewrite("study.toml", str, "utf-8-sig")], id="study.toml with a mark"),
        pytest.param(
            [rewrite("visits.csv", lambda t: t.replace("\n", "\r\n", 9).replace("\n", "\r"))],
            id="mixed line ends",
        ),
        pytest.param(
            [rewrite("visits.csv", lambda t: t.replace(",", " , ") + "\n,,,\n\n")],
            id="spaces and blank lines",
        ),
        pytest.param([rewrite("visits.csv", lambda t: t.rstrip())], id="no last line end"),
        pytest.param(
            [
                add("study.toml", "[files]", 'delimiter = ";"', 'decimal = ","'),
                *(
                    rewrite(f"{name}.csv", lambda t: t.replace(",", ";"))
                    for name in ("participants", "visits", "events", "treatments")
                ),
                swap("visits.csv", "P01;28;PHQ-9;16", "P01;28,0;PHQ-9;16,0"),
            ],
            id="semicolons and decimal commas, declared",
        ),
        pytest.param(
            [rewrite("events.csv", lambda t: "sep=,\n" + t)], id="spreadsheet's sep= line"
        ),
    ],
)
def test_how_a_file_is_written_does_not_matter(
    breaks: list[Break], small_study_folder: Path
) -> None:
    same_tables(small_study_folder, *breaks)


def test_parquet_gives_the_same_study(small_study_folder: Path) -> None:
    before = read_study(small_study_folder)
    for name, table in before.tables.items():
        table.to_parquet(small_study_folder / f"{name}.parquet")
        (small_study_folder / f"{name}.csv").unlink()
    after = read_study(small_study_folder)
    for name, table in before.tables.items():
        pd.testing.assert_frame_equal(table, after.tables[name])


def test_windows_1252_names_survive_when_declared(small_study_folder: Path) -> None:
    swap("participants.csv", "P03,control,28,f", "Björk–€,control,28,f")(small_study_folder)
    rewrite("visits.csv", lambda t: t.replace("P03,", "Björk–€,"))(small_study_folder)
    for name in ("participants", "visits", "events", "treatments"):
        rewrite(f"{name}.csv", str, "cp1252")(small_study_folder)
    add("study.toml", "[files]", 'encoding = "cp1252"')(small_study_folder)
    assert "Björk–€" in read_study(small_study_folder).baseline().index


def test_names_in_any_script_survive_however_they_are_composed(small_study_folder: Path) -> None:
    # the same name with a combining accent in one file and a composed letter in the other
    swap("participants.csv", "P03,control", "Jose\u0301 李,control")(small_study_folder)
    rewrite("visits.csv", lambda t: t.replace("P03,", "José 李,"))(small_study_folder)
    assert "José 李" in set(read_study(small_study_folder).participants["participant_id"])


def test_leading_zeros_tell_people_apart(small_study_folder: Path) -> None:
    add("participants.csv", "007,control,30,f,007", "7,control,31,f,007")(small_study_folder)
    add("visits.csv", "007,0,PHQ-9,11", "7,0,PHQ-9,12")(small_study_folder)
    baseline = read_study(small_study_folder).baseline()
    assert (baseline["007"], baseline["7"]) == (11.0, 12.0)


@pytest.mark.parametrize(("score", "share"), [("0", 1.0), ("27", 0.0)])
def test_everyone_or_no_one_may_respond(score: str, share: float, small_study_folder: Path) -> None:
    def same_score(text: str) -> str:
        rows = [row.split(",") for row in text.splitlines()]
        return "\n".join(",".join([*r[:3], score if r[1] == "84" else r[3]]) for r in rows)

    rewrite("visits.csv", same_score)(small_study_folder)
    study = read_study(small_study_folder)
    at_12 = study.scores().query("week == 12").set_index("participant_id")["score"]
    assert (at_12 <= study.baseline()[at_12.index] / 2).mean() == share


def test_no_events_and_one_visit_are_a_study(small_study_folder: Path) -> None:
    for apply in (
        remove("events.csv"),
        remove("treatments.csv"),
        swap("study.toml", 'from = "events"', 'from = "last_visit"'),
        swap("study.toml", "primary_week = 12", "primary_week = 4"),
        rewrite(
            "study.toml",
            lambda t: t.replace(
                '[[schedule.visits]]\nname = "12 weeks"\nweek = 12\ndays = [70, 98]\n', ""
            ),
        ),
        rewrite("visits.csv", lambda t: "\n".join(r for r in t.splitlines() if ",84," not in r)),
    ):
        apply(small_study_folder)
    study = read_study(small_study_folder)
    assert study.weeks == (4.0,)
    assert len(study.events) == len(study.treatments) == 0
    assert list(study.events.columns) == ["participant_id", "day", "event", "reason", "severity"]
    assert study.events["day"].dtype == float


def test_a_study_of_events_alone_needs_no_scheduled_visits(small_study_folder: Path) -> None:
    def without_visits(text: str) -> str:
        start, end = text.index("[[schedule.visits]]"), text.index("[who_enters]")
        return text[:start] + text[end:]

    rewrite("study.toml", without_visits)(small_study_folder)
    swap("study.toml", "primary_week = 12\n", "")(small_study_folder)
    study = read_study(small_study_folder)
    assert study.weeks == ()
    assert study.scores().empty


def test_people_without_a_baseline_may_be_declared(small_study_folder: Path) -> None:
    swap("visits.csv", "P01,0,PHQ-9,18\n", "")(small_study_folder)
    swap("study.toml", "[who_enters]", "[who_enters]\nallow_missing_baseline = true")(
        small_study_folder
    )
    study = read_study(small_study_folder)
    assert "P01" in set(study.participants["participant_id"])
    assert "P01" not in set(study.entering()["participant_id"])


def test_other_scales_events_and_columns_are_kept(small_study_folder: Path) -> None:
    for apply in (
        add("visits.csv", "P01,0,CGI,4", "P01,0,GAD-7,10"),
        add(
            "study.toml",
            "[events]",
            'other = ["pregnancy"]',
            "[scales.CGI]",
            'label = "CGI-S"',
            "low = 1",
            "high = 7",
            'better = "lower"',
        ),
        add("events.csv", "P03,70,pregnancy,,"),
        rewrite(
            "treatments.csv",
            lambda t: t.replace("\n", ",a\n").replace("sessions,a", "sessions,ward"),
        ),
    ):
        apply(small_study_folder)
    study = read_study(small_study_folder)
    assert set(study.scales) == {"PHQ-9", "CGI", "GAD-7"}
    assert study.scales["CGI"].high == 7
    assert "pregnancy" in set(study.events["event"])
    assert study.treatments["ward"].tolist() == ["a"] * 4


def test_a_covariate_coded_in_numbers_may_be_declared_words(small_study_folder: Path) -> None:
    rewrite("participants.csv", lambda t: t.replace(",f,", ",1,").replace(",m,", ",2,"))(
        small_study_folder
    )
    assert read_study(small_study_folder).participants["sex"].dtype == float
    add("study.toml", "[covariates]", 'sex = "category"')(small_study_folder)
    assert set(read_study(small_study_folder).participants["sex"]) == {"1", "2"}


def test_visits_after_dropout_and_treatment_before_the_start_are_legal(
    small_study_folder: Path,
) -> None:
    add("visits.csv", "P02,84,PHQ-9,12")(small_study_folder)
    add("treatments.csv", "P04,medication,mirtazapine,-90,-1,,")(small_study_folder)
    study = read_study(small_study_folder)
    assert study.treatments["start_day"].min() == -90


# -- one thing that is wrong is one problem -------------------------------------------------------


@pytest.mark.parametrize(
    ("apply", "kinds"),
    [
        # nobody can have a baseline of a scale that does not exist
        (swap("study.toml", 'primary = "PHQ-9"', 'primary = "PHQ9x"'), ["scale.primary"]),
        # the arm is not empty: its people stand under another word
        (swap("study.toml", "[arms.control]", "[arms.contrl]"), ["arm"]),
        # a key that is missing because it is misspelt
        (swap("study.toml", "baseline_days", "baseline_day"), ["schedule.baseline_day"]),
        (swap("study.toml", "[scale]", "[scal]"), ["scal"]),
        (swap("study.toml", "[schedule]", "[schedul]"), ["schedul"]),
        # who has no row under this identifier has one under another
        (swap("participants.csv", "P03,", "p03,"), ["participant_id"]),
    ],
)
def test_what_follows_from_one_mistake_is_not_told_beside_it(apply, kinds, small_study_folder):
    apply(small_study_folder)
    found = problems_of(small_study_folder)
    assert list(dict.fromkeys(p.column for p in found.problems)) == kinds
    assert "no PHQ" not in str(found)
    assert "Nobody in" not in str(found)
    assert " is missing" not in str(found)


def test_what_is_wrong_by_itself_is_still_told(small_study_folder: Path) -> None:
    swap("visits.csv", "P03,0,PHQ-9,21\n", "")(small_study_folder)  # no baseline
    swap("visits.csv", "P04,0,", "p04,0,")(small_study_folder)  # an unknown person
    swap("study.toml", "baseline_days", "baselin")(small_study_folder)
    swap("study.toml", 'design = "trial"\n', "")(small_study_folder)
    found = {
        (p.file, p.column, p.why.split(".")[0]) for p in problems_of(small_study_folder).problems
    }
    assert ("study.toml", "study.design", "The key is missing") in found
    swap("study.toml", "baselin ", "baseline_days ")(small_study_folder)
    found = {(p.file, p.row, p.column) for p in problems_of(small_study_folder).problems}
    assert ("participants.csv", 4, "participant_id") in found
    assert any(file == "visits.csv" and column == "participant_id" for file, _, column in found)
