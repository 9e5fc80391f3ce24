"""The table ``[multiverse]`` of ``study.toml``."""

from __future__ import annotations

from ctevidence.data.definitions import ResponseDefinition
from ctevidence.data.multiverse_rule import MultiverseRule
from ctevidence.data.toml_table import TomlTable
from ctevidence.terms import did_you_mean

#: keys of the table that are lists of words
LISTS = ("definitions", "missing", "adjust", "models")


def read_multiverse(
    root: TomlTable, definitions: tuple[ResponseDefinition, ...]
) -> MultiverseRule | None:
    """Which ways of analysing belong to the grid; None when it is left to what is declared.

    Parameters
    ----------
    root : TomlTable
        The whole file.
    definitions : tuple of ResponseDefinition
        Those declared, of which the grid may name some.
    """
    table = root.table("multiverse", required=False)
    if table is None:
        return None
    lists = {name: table.texts(name, required=False) or () for name in LISTS}
    reference = table.text("reference", required=False) or ""
    table.close()
    known = [definition.name for definition in definitions]
    for name in lists["definitions"]:
        if name not in known:
            why = f"No table [definitions.{name}] is declared{did_you_mean(name, known)}"
            table.refuse("definitions", why, "Declare it, or leave the name out.", name)
            return None
    try:
        return MultiverseRule(**lists, reference=reference)
    except ValueError as error:
        table.refuse("", str(error), "Correct the keys of this table.")
        return None
