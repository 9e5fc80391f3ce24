"""What ``study.toml`` may say: each fault of the declaration, one at a time and together."""

import math
from pathlib import Path

import pytest

from ctevidence.data.declaration import Declaration, read_declaration
from ctevidence.data.problems import Problem

#: Name, what is replaced, by what; then the key, the value, and words of why and what to do.
FAULTS = (
    # -- [study]
    ("missing key", 'title = "A small study, made up"\n', "", "study.title", "", "is missing",
     "Add title"),
    ("empty text", 'condition = "depression"', 'condition = " "', "study.condition", " ",
     "words in quotation marks", "Correct"),
    ("wrong type", 'condition = "depression"', "condition = 3", "study.condition", "3",
     "words in quotation marks", "Correct"),
    ("unknown word", '"synthetic"', '"sinthetic"', "study.data_kind", "sinthetic", "not known",
     'mean "synthetic"'),
    ("name with a path", '"small-study"', '"../small"', "study.name", "../small", "folder",
     "small letters"),
    ("randomised is no list", '["medication", "therapy"]', '"therapy"', "study.randomised",
     "therapy", "a list of words", "Correct"),
    ("unknown component randomised", '["medication", "therapy"]', '["exercise"]',
     "study.randomised", "exercise", "Only medication and therapy", "[]"),
    ("randomised registry", '"trial"', '"registry"', "study.randomised", "[medication, therapy]",
     "randomises no one", 'design = "trial"'),
    # -- [arms]
    ("unknown treatment", 'treatment = "combined"', 'treatment = "combination"',
     "arms.combined.treatment", "combination", "not known", "medication, therapy, combined"),
    ("contradiction: active component in control", 'therapy = "waiting list"',
     'therapy = "CBT group"', "arms.control.treatment", "control", 'gives "CBT group" as therapy',
     "inactive = [...]"),
    ("contradiction: inactive component in combined",
     'treatment = "combined"\nmedication = "sertraline"',
     'treatment = "combined"\nmedication = "Placebo"', "arms.combined.treatment", "combined",
     'inactive medication "Placebo"', "Correct the treatment or the component"),
    ("misspelt key of an arm", 'medication = "placebo"', 'medicaton = "placebo"',
     "arms.control.medicaton", "", "key is not known", 'mean "medication"'),
    # -- [scale]
    ("unknown scale", '"PHQ-9"', '"PHQ-99"', "scale.primary", "PHQ-99", 'did you mean "PHQ-9"',
     "[scales.NAME]"),
    ("own scale with a misspelt key", "[schedule]",
     '[scales.X]\nlabel = "X"\nlow = 0\nhigh = 9\nbeter = "lower"\n[schedule]', "scales.X", "X",
     '"beter" is not a key', "Correct the keys"),
    ("own scale of a taken name", "[schedule]",
     '[scales.MADRS]\nlabel = "M"\nlow = 0\nhigh = 9\nbetter = "lower"\n[schedule]', "scales.MADRS",
     "MADRS", "already means MADRS", "Correct the keys"),
    ("rule for items of no scale", "[schedule]", '[missing_items]\n"PHQ9x" = 2\n[schedule]',
     "missing_items.PHQ9x", "PHQ9x", "no scale of this name", "Correct the name"),
    ("missing items not counted", "[schedule]", '[missing_items]\n"PHQ-9" = 2.5\n[schedule]',
     "missing_items.PHQ-9", "2.5", "a whole number", "Correct"),
    # -- [schedule]
    ("days are no pair", "days = [14, 42]", "days = [14, 28, 42]", "schedule.visits[1].days",
     "[14, 28, 42]", "the first and the last day", "Correct"),
    ("first day after the last", "baseline_days = [-7, 0]", "baseline_days = [0, -7]",
     "schedule.baseline_days", "[0, -7]", "lies after the last", "Swap"),
    ("week outside its window", "days = [70, 98]", "days = [60, 80]", "schedule.visits[2].days",
     "[60, 80]", "outside its window", "7 x week"),
    ("windows overlap", "days = [70, 98]", "days = [42, 98]", "schedule.visits[2].days",
     "[42, 98]", 'overlaps that of "4 weeks"', "belongs to one visit"),
    ("window overlaps the baseline", "days = [14, 42]", "days = [0, 42]", "schedule.visits[1].days",
     "[0, 42]", "overlaps the baseline", "belongs to one visit"),
    ("visits out of order", 'week = 4\ndays = [14, 42]', 'week = 20\ndays = [136, 146]',
     "schedule.visits[2].week", "12", "stands after", "Order the visits"),
    ("two visits of one name", '"12 weeks"', '"4 weeks"', "schedule.visits[2].name", "4 weeks",
     "same name", "Rename"),
    # -- rules
    ("entry outside the scale", "baseline_at_least = 10", "baseline_at_least = 28",
     "who_enters.baseline_at_least", "28", "runs from 0 to 27", "Correct the score"),
    ("key of another kind", "percent = 50", "percent = 50\nthreshold = 4", "response.threshold",
     "4", "does not use this key", "correct kind"),
    ("impossible percentage", "percent = 50", "percent = 150", "response", "", "more than 100",
     "Correct the keys"),
    ("missing not declared", 'missing = "non-response"\n', "", "response.missing", "",
     "is missing", '"observed"'),
    ("number in quotation marks", "percent = 50", 'percent = "50"', "response.percent", "50",
     "a number", "Correct"),
    ("threshold outside the scale", "threshold = 4", "threshold = -1", "remission.threshold", "-1",
     "runs from 0 to 27", "Correct the score"),
    ("relapse better than remission", 'after = "response"\nthreshold = 10',
     'after = "remission"\nthreshold = 3', "relapse.threshold", "3", "relapsed at once",
     "worse than 4"),
    ("no visit confirms", "confirm_visits = 1", "confirm_visits = 0", "relapse", "",
     "at least one visit", "Correct the keys"),
    ("flag in quotation marks", "confirm_visits = 1",
     'confirm_visits = 1\nrandomised_after_response = "yes"', "relapse.randomised_after_response",
     "yes", "true or false", "Correct"),
    ("what leads is not a comparison of times", "confirm_visits = 1",
     'confirm_visits = 1\nlead = "odds_ratio"', "relapse.lead", "odds_ratio", "not known",
     "rmst, hazard_ratio"),
    ("unknown source of retention", '[retention]\nfrom = "events"', '[retention]\nfrom = "visits"',
     "retention.from", "visits", "not known", "events, last_visit"),
    ("reason of no kind", '[retention]\nfrom = "events"',
     '[retention]\nfrom = "events"\n[retention.reasons]\n"no benefit" = "failed"',
     "retention.reasons.no benefit", "failed", "not known", "no benefit, side effects"),
    ("looked for no known event", "[disclosure]", '[events]\nrecorded = ["selfharm"]\n[disclosure]',
     "events.recorded", "selfharm", "not known", '"self_harm"'),
    # -- [analysis], [disclosure], [files], [covariates], [events]
    ("week not scheduled", "primary_week = 12", "primary_week = 8", "analysis.primary_week", "8",
     "No visit is scheduled", "weeks: 4, 12"),
    ("no primary week", "primary_week = 12\n", "", "analysis.primary_week", "", "is missing",
     "weeks 4, 12"),
    ("margin in per cent", "primary_week = 12\n", "primary_week = 12\nnot_worse_margin = 5\n",
     "analysis.not_worse_margin", "5", "above 0 and below 1", "0.05"),
    ("adjust not declared", 'adjust = ["baseline", "age"]\n', "", "analysis.adjust", "",
     "is missing", "or []"),
    ("covariate twice", '["baseline", "age"]', '["age", "age"]', "analysis.adjust", "age",
     "stands twice", "once"),
    ("open profile of closed data", '"synthetic"', '"patient-level"', "disclosure.profile", "open",
     "are not open", "open patient-level"),
    ("no disclosure profile", '[disclosure]\nprofile = "open"\n', "", "disclosure", "",
     "table is missing", "[disclosure]"),
    ("unknown encoding", "[disclosure]", '[files]\nencoding = "ansi-8"\n[disclosure]', "files", "",
     "which is not known", "Correct the keys"),
    ("comma for both", "[disclosure]", '[files]\ndecimal = ","\n[disclosure]', "files", "",
     "both", "Correct the keys"),
    ("unknown kind of covariate", "[disclosure]", '[covariates]\nage = "numeric"\n[disclosure]',
     "covariates.age", "numeric", "not known", "number"),
    ("misspelt key of events", "[disclosure]", '[events]\nothers = ["x"]\nother = []\n[disclosure]',
     "events.others", "", "key is not known", "Known here: other"),
    ("a table where a value stands", "[retention]", "[retention.from]", "retention.from",
     "a table", 'one of "events"', "Correct"),
    ("a value where a table stands", "[study]", "scales = 3\n[study]", "scales", "3",
     "a table [scales]", "Correct"),
)  # fmt: skip


def read(folder: Path) -> tuple[Declaration, list[Problem]]:
    return read_declaration(folder / "study.toml")


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[0])
def test_each_fault_is_one_problem(fault: tuple, small_study_folder: Path) -> None:
    _, old, new, key, value, why, do = fault
    change(small_study_folder, old, new)
    _, problems = read(small_study_folder)
    assert [p.column for p in problems] == [key], problems
    assert problems[0].value == value
    assert why in problems[0].why
    assert do in problems[0].do


def test_problems_of_one_file_come_together_with_their_lines(small_study_folder: Path) -> None:
    for old, new in (
        ('design = "trial"', 'desing = "trial"'),
        ("days = [14, 42]", 'days = "14-42"'),
        ("[remission]\nthreshold = 4\n", ""),
        ('after = "response"', 'after = "remission"'),
        ('profile = "open"', "profile = true"),
    ):
        change(small_study_folder, old, new)
    _, problems = read(small_study_folder)
    assert {(p.row, p.column) for p in problems} == {
        (7, "study.desing"),
        (37, "schedule.visits[1].days"),
        (55, "relapse.after"),
        (67, "disclosure.profile"),
    }
    after = next(p for p in problems if p.column == "relapse.after")
    assert "no rule says what that is" in after.why
    assert "[remission]" in after.do


def test_recorded_relapse_needs_no_threshold(small_study_folder: Path) -> None:
    change(small_study_folder, 'from = "visits"', 'from = "events"')
    _, problems = read(small_study_folder)
    assert [p.column for p in problems] == ["relapse.threshold", "relapse.confirm_visits"]
    change(small_study_folder, "threshold = 10\nconfirm_visits = 1\n", "")
    declared, problems = read(small_study_folder)
    assert problems == []
    assert declared.rules.relapse.from_events
    assert math.isnan(declared.rules.relapse.threshold)


def test_an_arm_cannot_carry_the_name_of_another_treatment(small_study_folder: Path) -> None:
    change(
        small_study_folder,
        '[arms.control]\ntreatment = "control"',
        '[arms.therapy]\ntreatment = "control"',
    )
    change(
        small_study_folder,
        '[arms.therapy]\ntreatment = "therapy"',
        '[arms.talk]\ntreatment = "therapy"',
    )
    _, problems = read(small_study_folder)
    assert [p.column for p in problems] == ["arms.therapy"]
    assert "cannot carry the name of another treatment" in problems[0].why


def test_a_scale_where_higher_is_better_turns_the_thresholds_around(
    small_study_folder: Path,
) -> None:
    change(small_study_folder, '"PHQ-9"', '"WHO-5"')
    change(small_study_folder, 'after = "response"', 'after = "remission"')
    _, problems = read(small_study_folder)
    # remission at 4 or above, relapse at 10 or below: whoever is well would have relapsed
    assert [p.column for p in problems] == ["relapse.threshold"]
    change(small_study_folder, "threshold = 4", "threshold = 60")
    assert read(small_study_folder)[1] == []


def test_what_is_declared_is_read(small_study_folder: Path) -> None:
    change(
        small_study_folder,
        "[disclosure]",
        '[files]\ndelimiter = "\\t"\n[events]\nother = ["pregnancy"]\n'
        '[missing_items]\n"PHQ-9" = 1\n[covariates]\nsite = "category"\n[disclosure]',
    )
    declared, problems = read(small_study_folder)
    assert problems == []
    assert declared.file_format.delimiter == "\t"
    assert declared.other_events == ("pregnancy",)
    assert declared.scales.missing_items == {"PHQ-9": 1}
    assert declared.covariates == {"site": "category"}
    assert declared.baseline_days == (-7.0, 0.0)
    assert declared.rules.response.percent == 50
    assert declared.rules.entry.baseline_at_least == 10
    assert declared.primary_week == 12


def test_without_visits_any_week_may_lead(small_study_folder: Path) -> None:
    path = small_study_folder / "study.toml"
    head, rest = path.read_text(encoding="utf-8").split("[[schedule.visits]]", 1)
    path.write_text(head + "[who_enters]" + rest.split("[who_enters]", 1)[1], encoding="utf-8")
    declared, problems = read(small_study_folder)
    assert (problems, declared.schedule, declared.primary_week) == ([], (), 12)
    change(small_study_folder, "primary_week = 12", "primary_week = 0")
    assert [p.column for p in read(small_study_folder)[1]] == ["analysis.primary_week"]


def test_inactive_components_may_be_declared(small_study_folder: Path) -> None:
    change(small_study_folder, 'therapy = "waiting list"', 'therapy = "a leaflet"')
    assert [p.column for p in read(small_study_folder)[1]] == ["arms.control.treatment"]
    change(
        small_study_folder, "[arms.control]", 'inactive = ["placebo", "a leaflet"]\n[arms.control]'
    )
    assert read(small_study_folder)[1] == []
