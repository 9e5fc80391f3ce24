"""Declared scales: which word of the visits means which rating scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ctevidence.data.scales import Scale, declare_scale, get_scale, scales
from ctevidence.data.toml_table import TomlTable
from ctevidence.terms import did_you_mean


@dataclass(frozen=True)
class DeclaredScales:
    """The scales that a study declares.

    Parameters
    ----------
    primary : str or None
        The word that the visits use for the primary scale.
    own : dict of str to Scale or None
        Scales declared in ``study.toml``, by word; None where the declaration cannot be used.
    missing_items : dict of str to int
        Missing items up to which a total is prorated, by word, where declared.
    """

    primary: str | None = None
    own: Mapping[str, Scale | None] = field(default_factory=dict)
    missing_items: Mapping[str, int] = field(default_factory=dict)

    def find(self, word: str | None) -> Scale | None:
        """The scale that a word stands for: the study's own, else one of the package."""
        if word is None or word in self.own:
            return self.own.get(word)
        try:
            return get_scale(word)
        except ValueError:
            return None

    def knows(self, word: str) -> bool:
        """Whether a word means a scale, even one whose declaration cannot be used."""
        return word in self.own or self.find(word) is not None

    def unknown(self, word: str) -> str:
        """Why a word means no scale, with a suggestion."""
        known = [*self.own, *(scale.label for scale in scales())]
        return f"There is no scale of this name{did_you_mean(word, known)}"


def read_scales(root: TomlTable) -> DeclaredScales:
    """Take ``[scale]``, ``[scales.NAME]`` and ``[missing_items]`` from ``study.toml``."""
    own = {
        word: _own_scale(word, table)
        for word, table in root.tables("scales", required=False).items()
    }
    section = root.table("scale")
    primary = section.text("primary") if section else None
    gaps = root.table("missing_items", required=False)
    counts = {word: gaps.count(word) for word in gaps.values} if gaps else {}
    found = DeclaredScales(primary, own, {w: n for w, n in counts.items() if n is not None})
    do = "Correct the name, or declare the scale with a table [scales.NAME]."
    if section:
        section.close()
        if primary and not found.knows(primary):
            section.refuse("primary", found.unknown(primary), do, primary)
    for word in counts:
        if not found.knows(word):
            gaps.refuse(word, found.unknown(word), do, word)
    return found


def _own_scale(word: str, table: TomlTable) -> Scale | None:
    try:
        return declare_scale({"name": word.lower(), **table.raw()})
    except (TypeError, ValueError) as error:
        table.refuse("", str(error), "Correct the keys of this table.", word)
        return None
