"""People checks: each person stands once, in a declared arm, with the declared covariates."""

from __future__ import annotations

from ctevidence.data.columns import KEY
from ctevidence.data.problems import Problem
from ctevidence.data.study_tables import StudyTables
from ctevidence.terms import did_you_mean


def duplicated_participants(study: StudyTables) -> list[Problem]:
    """The same identifier twice."""
    if not study.read("participants"):
        return []
    why = "Each participant stands once."
    do = "Remove the row, or give each person an identifier of their own."
    return study["participants"].repeats([KEY], why, do, KEY)


def unknown_participants(study: StudyTables) -> list[Problem]:
    """Identifiers that `participants` does not have."""
    if not study.read("participants"):
        return []
    people, problems = study["participants"], []
    why = f"No participant has this identifier in {people.file}."
    do = "Add the person there, or correct the identifier (007 and 7 are two people)."
    for name in ("visits", "events", "treatments"):
        if study.read(name):
            ids = study[name].frame[KEY]
            unknown = ~ids.isin(people.frame[KEY]) & (ids != "")
            problems += study[name].problems(unknown, why, do, KEY)
    return problems


def unknown_arms(study: StudyTables) -> list[Problem]:
    """Words in the column ``arm`` that are not declared."""
    arms = [arm.name for arm in study.declared.arms]
    if not (study.read("participants") and arms):
        return []
    people, problems = study["participants"], []
    for word in sorted({*people.frame["arm"].unique()} - {*arms, ""}):
        why = f"The arm is not declared in study.toml{did_you_mean(word, arms)}"
        do = f'Correct the word, or declare the arm with a table [arms."{word}"].'
        problems += people.problems(people.frame["arm"] == word, why, do, "arm")
    return problems


def empty_arms(study: StudyTables) -> list[Problem]:
    """Declared arms with nobody in them."""
    if not study.read("participants"):
        return []
    people = study["participants"]
    if unknown_arms(study):
        return []  # the people of an arm that nobody is in may stand under a misspelt word
    why = f"Nobody in {people.file} is in this arm."
    do = "Correct the word in the column arm, or remove the arm from study.toml."
    return [
        study.declared.problem(f"arms.{arm.name}", why, do, arm.name)
        for arm in study.declared.arms
        if arm.name not in set(people.frame["arm"].unique())
    ]


def unknown_covariates(study: StudyTables) -> list[Problem]:
    """Declared covariates that are no columns."""
    if not study.read("participants"):
        return []
    people, declared = study["participants"], study.declared
    columns = [name for name in people.frame.columns if name not in (KEY, "arm")]
    named = [("analysis.adjust", name) for name in declared.adjust if name != "baseline"]
    named += [(f"covariates.{name}", name) for name in declared.covariates]
    do = f"Correct the name, or add the column to {people.file}."
    return [
        declared.problem(key, f"There is no such covariate{did_you_mean(name, columns)}", do, name)
        for key, name in named
        if name not in columns
    ]
