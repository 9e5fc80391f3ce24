"""Clinical change, definitions and modifiers in study.toml."""

import pytest

from ctevidence.data.declaration import read_declaration
from ctevidence.data.readers import read_study
from ctevidence.data.writers import write_study

GOOD = """
[clinical_change]
method = "jacobson-truax"
reliability = 0.89
norms = "sample"
threshold = 10

[definitions.half]
label = "50 % fall"
kind = "percent_fall"
percent = 50
missing = ["observed", "last-observation"]

[definitions.recovered]
label = "reliable recovery"
kind = "recovered"
missing = ["observed"]

[modifiers.age]
kind = "groups"
cuts = [30, 50]
is_age = true

[modifiers.baseline]
kind = "continuous"
label = "severity at the start"
per = 5
confirmatory = true
"""


@pytest.fixture
def read(small_study_folder):
    def with_text(text):
        path = small_study_folder / "study.toml"
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
        return read_declaration(path)

    return with_text


def test_they_are_read_in_order(read):
    declared, problems = read(GOOD)
    assert problems == []
    rules = declared.rules
    assert rules.clinical_change.norms == "sample"
    assert [(d.name, d.missing) for d in rules.definitions] == [
        ("half", ("observed", "last-observation")),
        ("recovered", ("observed",)),
    ]
    assert rules.definitions[1].rule is None
    age, baseline = rules.modifiers
    assert (age.cuts, age.is_age, age.confirmatory) == ((30, 50), True, False)
    assert (baseline.per, baseline.label, baseline.confirmatory) == (
        5,
        "severity at the start",
        True,
    )


@pytest.mark.parametrize(
    ("old", "new", "column", "why"),
    [
        ('"jacobson-truax"', '"jacobson"', "clinical_change.method", "not known"),
        ("threshold = 10", "treshold = 10", "clinical_change.treshold", "not known"),
        ("threshold = 10", "", "clinical_change", "either cut_off"),
        ("percent = 50", "", "definitions.half", "percent is nan"),
        ('"last-observation"', '"locf"', "definitions.half", "How a missing score counts"),
        ("cuts = [30, 50]", "cuts = [50, 30]", "modifiers.age", "cuts rise"),
        ("cuts = [30, 50]", 'cuts = "30"', "modifiers.age.cuts", "a list of numbers"),
        ("per = 5", "per = 0", "modifiers.baseline", "above 0"),
    ],
)
def test_what_is_wrong_is_named(read, old, new, column, why):
    _, problems = read(GOOD.replace(old, new, 1))
    assert any(p.column == column and why in p.why for p in problems), problems


def test_recovery_needs_a_rule_of_clinical_change(read):
    _, problems = read(GOOD[GOOD.index("[definitions.half]") :])
    assert [p.column for p in problems] == ["definitions.recovered.kind"]


def test_a_written_study_declares_the_same(small_study_folder, tmp_path):
    path = small_study_folder / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + GOOD, encoding="utf-8")
    study = read_study(small_study_folder)
    again = read_study(write_study(study, tmp_path / "again"))
    # repr: fields that were left empty are nan, which no equality holds for
    assert repr(again.rules) == repr(study.rules)
    assert len(again.rules.definitions) == 2
