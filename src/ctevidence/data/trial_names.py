"""Whether what ``trials.toml`` declares by name is in the table: trials, arms, treatments."""

from __future__ import annotations

from ctevidence.data.added_flags import added_flag_problems
from ctevidence.data.problems import Problem
from ctevidence.data.toml_table import TomlTable
from ctevidence.data.trial_table import TrialTable
from ctevidence.data.trials_declaration import FILE, TrialsDeclaration


def declared_of_nothing(
    table: TrialTable, declared: TrialsDeclaration, root: TomlTable
) -> list[Problem]:
    """Every name of the declaration that the main table does not hold."""
    checks = (
        _unknown_partners, _unknown_arms, _unknown_labelled, _unknown_flagged, _unknown_treatments
    )  # fmt: skip
    return [problem for check in checks for problem in check(table, declared, root)]


def _unknown_partners(
    table: TrialTable, declared: TrialsDeclaration, root: TomlTable
) -> list[Problem]:
    """Studies under ``[same_trials]`` that the table does not hold."""
    known = set(table.frame["study" if declared.table == "contrasts" else "trial_id"])
    return [
        Problem(
            FILE,
            "The table holds no such study.",
            f"Correct the name to one in {table.file}.",
            column=f"same_trials.{source}",
            row=root.lines.get(f"same_trials.{source}.{study}"),
            value=study,
        )
        for source, pairs in declared.same_trials.items()
        for study in pairs
        if study not in known
    ]


def _unknown_labelled(
    table: TrialTable, declared: TrialsDeclaration, root: TomlTable
) -> list[Problem]:
    """Trials under ``[labels]`` that the table does not hold, and labels that stand twice."""
    known = set(table.frame["study" if declared.table == "contrasts" else "trial_id"])
    given = list(declared.labels.values())
    found = []
    for study, label in declared.labels.items():
        line, where = root.lines.get(f"labels.{study}"), f"labels.{study}"
        if study not in known:
            why, do = "The table holds no such trial.", f"Correct the name to one in {table.file}."
            found.append(Problem(FILE, why, do, column=where, row=line, value=study))
        elif given.count(label) > 1:
            why, do = "Another trial has the same label.", "Say how the two trials differ."
            found.append(Problem(FILE, why, do, column=where, row=line, value=label))
    return found


def _unknown_arms(table: TrialTable, declared: TrialsDeclaration, root: TomlTable) -> list[Problem]:
    """Trials or arms under ``[use_arms]`` that the table does not hold."""
    if declared.table != "arms":
        return []
    there = set(zip(table.frame["trial_id"], table.frame["arm"], strict=True))
    return [
        Problem(
            FILE,
            f"The table holds no such arm of {study}.",
            f"Correct the trial or the arm to one in {table.file}.",
            column=f"use_arms.{study}",
            row=root.lines.get(f"use_arms.{study}"),
            value=arm,
        )
        for study, arm in declared.use_arms.items()
        if (study, arm) not in there
    ]


def _unknown_flagged(
    table: TrialTable, declared: TrialsDeclaration, root: TomlTable
) -> list[Problem]:
    """Flags, trials or arms under ``[add_flags]`` that there are not."""
    if declared.table != "arms":
        return []
    return added_flag_problems(table.frame, declared.add_flags, declared.vocabulary["flags"], root)


def _unknown_treatments(
    table: TrialTable, declared: TrialsDeclaration, root: TomlTable
) -> list[Problem]:
    """Treatments or studies that ``trials.toml`` names and no contrast holds."""
    frame = table.frame
    there = {"": set()}
    if declared.table == "contrasts":
        there = (
            frame.groupby("study")[["treat1", "treat2"]]
            .agg(set)
            .agg(lambda r: set.union(*r), axis=1)
        )
        there = there.to_dict()
    everything = set().union(*there.values())
    asked = [(f"treatments.{name}", name, everything) for name in declared.treatments]
    if reference := declared.about.get("reference"):
        asked.append(("trials.reference", reference, everything))
    asked += [
        (f"people.{study}.{name}", name, there.get(study, set()))
        for study, counts in declared.people.items()
        for name in counts
    ]
    return [
        Problem(
            FILE,
            "No contrast holds this treatment" + (" of the study." if "people." in path else "."),
            f"Correct the name to one in {table.file}.",
            column=path,
            row=root.lines.get(path),
            value=name,
        )
        for path, name, known in asked
        if name not in known
    ]
