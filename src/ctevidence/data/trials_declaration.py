"""Trials declaration: what ``trials.toml`` says, with all that is wrong in it.

The keys are explained in the data dictionary, ``data/README.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ctevidence.data.added_flags import AddedFlags, read_added_flags
from ctevidence.data.contrast_limits import SCALES
from ctevidence.data.file_format import FileFormat
from ctevidence.data.toml_file import read_file_format
from ctevidence.data.toml_table import TomlTable
from ctevidence.data.trial_columns import FIXED_WORDS, WORDS, Vocabulary
from ctevidence.terms import INACTIVE_COMPONENTS, SEVERAL_ARMS, Treatment

FILE = "trials.toml"
MAIN_TABLES = ("arms", "contrasts")


@dataclass(frozen=True)
class TrialsDeclaration:
    """What ``trials.toml`` says; empty where it could not be read.

    Parameters
    ----------
    about : dict of str to str
        ``name, title, citation, population`` and, of contrasts, ``condition, reference``.
    table : str
        One of `MAIN_TABLES`.
    constants : dict of str to str
        Columns of contrasts that are the same in every row.
    scale : str
        One of `contrast_limits.SCALES`, of contrasts.
    notes, inactive : tuple of str
    vocabulary : dict of str to tuple of str
        Known words by column, those of the package among them.
    same_trials : dict of str to dict of str to str
        By source, the study there by the study here.
    several_arms : {"error", "combine", "first"}
        What a treatment with several arms in one trial stands for.
    use_arms : dict of str to str
        The arm to use, by trial, where a treatment has several.
    add_flags : dict of str to dict of str to str
        Flags that the rows lack: by flag, the arm by trial.
    labels : dict of str to str
        What readers see of a trial, in place of what its citation gives.
    treatments : dict of str to str
        Of contrasts: what a treatment amounts to, by its name.
    people : dict of str to dict of str to int
        Of contrasts: people by treatment, by study, where the table does not say.
    file_format : FileFormat
    """

    about: Mapping[str, str]
    table: str
    constants: Mapping[str, str]
    scale: str
    notes: tuple[str, ...]
    inactive: tuple[str, ...]
    vocabulary: Vocabulary
    same_trials: Mapping[str, Mapping[str, str]]
    several_arms: str
    use_arms: Mapping[str, str]
    add_flags: AddedFlags
    labels: Mapping[str, str]
    treatments: Mapping[str, str]
    people: Mapping[str, Mapping[str, int]]
    file_format: FileFormat


def declaration(root: TomlTable) -> TrialsDeclaration:
    """What the file declares; its problems gather in `root`."""
    vocabulary = _vocabulary(root.table("vocabulary", required=False))
    trials = root.table("trials") or TomlTable({}, "trials", FILE, {}, [])
    table = trials.choice("table", MAIN_TABLES) or ""
    about = {key: trials.text(key) or "" for key in ("name", "title")}
    about |= {key: trials.text(key, required=False) or "" for key in ("citation", "population")}
    constants, scale = {}, ""
    if table == "contrasts":
        about["condition"] = trials.choice("condition", vocabulary["condition"]) or ""
        about["reference"] = trials.text("reference", required=False) or ""
        scale = trials.choice("scale", SCALES) or ""
        level = trials.number("conf_level", required=False)
        for key in ("measure", "outcome"):
            if word := trials.choice(key, vocabulary[key], required=False):
                constants[key] = word
        if level is not None:
            constants["conf_level"] = str(level)
    notes = trials.texts("notes", required=False) or ()
    inactive = trials.texts("inactive", required=False)
    several_arms = trials.choice("several_arms", SEVERAL_ARMS, required=False) or "error"
    trials.close()
    found = TrialsDeclaration(
        about,
        table,
        constants,
        scale,
        notes,
        INACTIVE_COMPONENTS if inactive is None else inactive,
        vocabulary,
        _same_trials(root),
        several_arms,
        _texts(root, "use_arms"),
        read_added_flags(root),
        _texts(root, "labels"),
        _treatments(root),
        _people(root),
        read_file_format(root.table("files", required=False)),
    )
    root.close()
    return found


def _texts(root: TomlTable, name: str) -> dict[str, str]:
    """A table of texts by trial."""
    table = root.table(name, required=False)
    return {} if table is None else {key: table.text(key) or "" for key in table.values}


def _vocabulary(added: TomlTable | None) -> Vocabulary:
    """The package's words and those declared here."""
    known = dict(WORDS)
    if added is not None:
        for column in WORDS:
            if column not in FIXED_WORDS:
                known[column] += added.texts(column, required=False) or ()
        added.close()
    return known


def _treatments(root: TomlTable) -> dict[str, str]:
    """What treatments of contrasts amount to, those declared well."""
    table = root.table("treatments", required=False)
    if table is None:
        return {}
    kinds = {name: table.choice(name, tuple(t.value for t in Treatment)) for name in table.values}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _people(root: TomlTable) -> dict[str, dict[str, int]]:
    counts = {
        study: {name: table.count(name) for name in table.values}
        for study, table in root.tables("people", required=False).items()
    }
    return {
        study: {name: n for name, n in own.items() if n is not None}
        for study, own in counts.items()
    }


def _same_trials(root: TomlTable) -> dict[str, dict[str, str]]:
    return {
        source: {study: pairs.text(study) or "" for study in pairs.values}
        for source, pairs in root.tables("same_trials", required=False).items()
    }
