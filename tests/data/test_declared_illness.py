"""What is declared of the illness and of a maintenance trial is read, checked and written back."""

from dataclasses import replace

import pytest

from ctevidence.data.illness_rule import IllnessRule
from ctevidence.data.maintenance_rule import MaintenanceRule
from ctevidence.data.problems import DataProblems
from ctevidence.data.readers import read_study
from ctevidence.data.study import Rules
from ctevidence.data.writers import write_study

ILLNESS = """
[illness]
dropout = "state"
switch = "ignored"
"""
MAINTENANCE = """
[maintenance]
entered_after = "remission"
acute_treatment = "sertraline"
continued = ["medication", "combined"]
tapered = ["control"]
stopped = ["therapy"]
taper_weeks = 4
stable_weeks = 8
"""


def declare(folder, more, after="response"):
    file = folder / "study.toml"
    text = file.read_text(encoding="utf-8").replace('after = "response"', f'after = "{after}"')
    file.write_text(text + more, encoding="utf-8")
    return folder


def test_both_are_read_and_written_back(small_study_folder, tmp_path):
    study = read_study(declare(small_study_folder, ILLNESS + MAINTENANCE, "baseline"))
    assert study.rules.illness == IllnessRule("state", "ignored")
    rule = study.rules.maintenance
    assert (rule.continued, rule.tapered, rule.stopped) == (
        ("medication", "combined"),
        ("control",),
        ("therapy",),
    )
    write_study(study, tmp_path / "again")
    assert read_study(tmp_path / "again").rules == study.rules


def problems(folder):
    with pytest.raises(DataProblems) as error:
        read_study(folder)
    return [(p.column, p.why) for p in error.value.problems]


def test_relapse_of_a_maintenance_trial_counts_from_randomisation(small_study_folder):
    ((key, why),) = problems(declare(small_study_folder, MAINTENANCE))
    assert key == "relapse.after"
    assert "counts from randomisation" in why


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('stopped = ["therapy"]', "", "the study has control, medication, therapy, combined"),
        ('stopped = ["therapy"]', 'stopped = ["therapy", "control"]', "each arm stands once"),
        ("taper_weeks = 4", "", "The key is missing."),
        ("taper_weeks = 4", "taper_weeks = 0", "must be a number above 0"),
        ('"remission"', '"recovered"', "The word is not known."),
        ('acute_treatment = "sertraline"', "", "The key is missing."),
    ],
)
def test_what_is_wrong_is_said(small_study_folder, old, new, says):
    found = problems(declare(small_study_folder, MAINTENANCE.replace(old, new), "baseline"))
    assert any(says in why for _, why in found)
    assert all(key.startswith("maintenance") for key, _ in found)


def test_words_of_the_illness(small_study_folder):
    found = problems(declare(small_study_folder, ILLNESS.replace("state", "lost")))
    assert found == [("illness.dropout", "The word is not known.")]


def test_a_study_made_by_hand_is_checked_too(small_study):
    rule = MaintenanceRule("remission", "sertraline", ("control", "medication", "therapy"))
    with pytest.raises(ValueError, match=r"each stands in continued.*relapse counts from response"):
        replace(small_study, rules=replace(small_study.rules, maintenance=rule))
    assert Rules().maintenance is None


def test_what_coming_off_treatment_is_called():
    arms = ("control", "medication")
    kept = MaintenanceRule("response", "CBT", arms)
    assert kept.withdrawal == ""
    both = MaintenanceRule(
        "response", "sertraline", ("combined",), ("control",), ("therapy",), taper_weeks=2
    )
    assert both.withdrawal.startswith(
        "withdrawal as well: sertraline was tapered over 2 weeks in control and stopped at once in "
        "therapy"
    )
    with pytest.raises(ValueError, match="no arm was tapered"):
        MaintenanceRule("response", "CBT", arms, taper_weeks=2)
