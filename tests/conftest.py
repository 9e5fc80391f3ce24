"""A small good study, written by hand, that tests read, break and compare with."""

from collections.abc import Callable
from pathlib import Path

import pytest

TOML = """\
[study]
name = "small-study"
title = "A small study, made up"
condition = "depression"
population = "twelve adults who do not exist"
data_kind = "synthetic"
design = "trial"
randomised = ["medication", "therapy"]

[arms.control]
treatment = "control"
medication = "placebo"
therapy = "waiting list"

[arms.medication]
treatment = "medication"
medication = "sertraline"

[arms.therapy]
treatment = "therapy"
therapy = "CBT, 12 sessions"

[arms.combined]
treatment = "combined"
medication = "sertraline"
therapy = "CBT, 12 sessions"

[scale]
primary = "PHQ-9"

[schedule]
baseline_days = [-7, 0]

[[schedule.visits]]
name = "4 weeks"
week = 4
days = [14, 42]

[[schedule.visits]]
name = "12 weeks"
week = 12
days = [70, 98]

[who_enters]
baseline_at_least = 10

[response]
kind = "percent_fall"
percent = 50
missing = "non-response"

[remission]
threshold = 4

[relapse]
from = "visits"
after = "response"
threshold = 10
confirm_visits = 1

[retention]
from = "events"

[analysis]
primary_week = 12
adjust = ["baseline", "age"]

[disclosure]
profile = "open"
"""

PARTICIPANTS = """\
participant_id,arm,age,sex,site
P01,control,34,f,007
P02,control,51,m,007
P03,control,28,f,008
P04,medication,45,m,007
P05,medication,39,f,008
P06,medication,62,f,008
P07,therapy,23,m,007
P08,therapy,57,f,008
P09,therapy,31,f,007
P10,combined,48,m,008
P11,combined,36,f,007
P12,combined,,f,008
"""

#: Person, then the scores at days 0, 28 and 84; a dash is a missed visit.
SCORES = """\
P01 18 16 15
P02 14 15 -
P03 21 17 12
P04 19 12 8
P05 15 9 6
P06 12 11 -
P07 20 14 9
P08 16 10 7
P09 11 8 5
P10 22 10 3
P11 17 7 2
P12 13 5 -
"""

EVENTS = """\
participant_id,day,event,reason,severity
P02,35,dropout,no benefit,
P06,50,dropout,side effects,
P10,20,adverse_event,nausea,mild
P12,84,end_of_follow_up,,
"""

TREATMENTS = """\
participant_id,component,name,start_day,stop_day,dose,sessions
P04,medication,sertraline,0,,50 mg,
P07,therapy,CBT,3,80,,12
P10,medication,sertraline,0,84,100 mg,
P10,therapy,CBT,5,82,,11
"""


def visits_text() -> str:
    """`SCORES` as the table of visits: three lines for each person, less those missed."""
    rows = ["participant_id,day,scale,score"]
    for line in SCORES.splitlines():
        person, *scores = line.split()
        rows += [
            f"{person},{day},PHQ-9,{score}"
            for day, score in zip((0, 28, 84), scores, strict=True)
            if score != "-"
        ]
    return "\n".join(rows) + "\n"


def write_small_study(folder: Path) -> Path:
    """Write the small study into a new folder."""
    folder.mkdir()
    for name, text in (
        ("study.toml", TOML),
        ("participants.csv", PARTICIPANTS),
        ("visits.csv", visits_text()),
        ("events.csv", EVENTS),
        ("treatments.csv", TREATMENTS),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def make_small_study() -> Callable[[Path], Path]:
    """Writes the small study into a new folder, for tests that need many."""
    return write_small_study


@pytest.fixture
def small_study_folder(tmp_path: Path) -> Path:
    """The folder of a good study of twelve people in four arms, to read or to break."""
    return write_small_study(tmp_path / "small-study")


@pytest.fixture
def small_study(small_study_folder: Path):
    """The good study, read."""
    from ctevidence.data.readers import read_study  # noqa: PLC0415 (other tests need not load it)

    return read_study(small_study_folder)
