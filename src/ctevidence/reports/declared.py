"""What a source declares, as far as an order can be held against it, without reading a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ctevidence.data.problems import DataProblems
from ctevidence.data.project import Project
from ctevidence.data.sources import DECLARATIONS
from ctevidence.data.toml_file import read_toml


@dataclass(frozen=True)
class Declared:
    """A source by its declaration.

    Parameters
    ----------
    name : str
    kinds : tuple of str
        ``study``, ``trials``; one of them, unless the folder is at fault.
    study : mapping
        The content of ``study.toml``; empty where it is none, or cannot be read.
    file : Path
        The declaration that a person corrects.
    """

    name: str
    kinds: tuple[str, ...]
    study: Mapping[str, object] = field(default_factory=dict)
    file: Path = Path()

    @property
    def is_study(self) -> bool:
        return self.kinds == ("study",)

    @property
    def is_trials(self) -> bool:
        return self.kinds == ("trials",)

    @property
    def weeks(self) -> tuple[float, ...] | None:
        """Weeks of the scheduled visits; None where they cannot be told."""
        schedule = self.study.get("schedule")
        visits = schedule.get("visits", []) if isinstance(schedule, dict) else None
        if not isinstance(visits, list):
            return None
        weeks = [visit.get("week") if isinstance(visit, dict) else None for visit in visits]
        if not all(isinstance(week, int | float) for week in weeks):
            return None
        return tuple(map(float, weeks))

    @property
    def condition(self) -> object:
        """The condition of the study as declared; None where it cannot be told."""
        about = self.study.get("study")
        return about.get("condition") if isinstance(about, dict) else None

    @property
    def has_response(self) -> bool:
        return not self.study or "response" in self.study


def read_declared(project: Project, name: str) -> Declared:
    """A source by its declaration: that of the data as received, where there are any."""
    folder = project.raw(name) if project.raw(name).is_dir() else project.processed(name)
    kinds = tuple(k for k, file in DECLARATIONS.items() if (folder / file).is_file())
    if kinds != ("study",):
        return Declared(name, kinds)
    file = folder / DECLARATIONS["study"]
    try:
        return Declared(name, kinds, read_toml(file).values, file)
    except (DataProblems, OSError):  # whoever reads the study says what is wrong with it
        return Declared(name, kinds, {}, file)
