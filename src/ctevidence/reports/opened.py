"""What a report is made from, read: a study, published trials beside it, a network of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ctevidence.data.prepare import prepare
from ctevidence.data.project import Project
from ctevidence.data.readers import read_study
from ctevidence.data.sources import MissingSource
from ctevidence.data.study import Study
from ctevidence.data.trials import Trials, read_trials
from ctevidence.reports.stages import Held, network_alone


@dataclass(frozen=True)
class Sources:
    """What a report is made from: a study, published trials, or both; perhaps a network."""

    study: Study | None
    trials: Trials | None
    network: Trials | None
    folders: tuple[Path, ...]

    @property
    def held(self) -> Held:
        """What they hold, as far as it decides which notebooks they fill."""
        study = self.study
        visits = study is not None and bool(study.schedule)
        response = study is not None and study.rules.response is not None
        return Held(study is not None, self.trials is not None, visits, response)


def open_sources(
    project: Project,
    name: str,
    trials: str | None,
    network: str | None = None,
    folder_of: Callable[[Project, str], Path] | None = None,
) -> Sources:
    """Read what the report is made from.

    Parameters
    ----------
    project : Project
    name, trials, network : str or None
    folder_of : callable, optional
        The processed folder of a source; made anew from the raw data when absent.

    Raises
    ------
    MissingSource
        When there is no such data; the message says where was looked, and what is like it.
    ValueError
        For a network without trials that it could stand beside.
    """
    folder_of = folder_of or _prepared
    folder = folder_of(project, name)
    is_study = (folder / "study.toml").exists()
    study = read_study(folder) if is_study else None
    beside = folder_of(project, trials) if is_study and trials else None
    published = beside if is_study else folder
    if network is not None and published is None:
        raise ValueError(network_alone(network))
    web = None if network is None else folder_of(project, network)
    folders = dict.fromkeys(f for f in (folder, beside, web) if f is not None)
    trials_read = None if published is None else read_trials(published)
    return Sources(study, trials_read, None if web is None else read_trials(web), tuple(folders))


def _prepared(project: Project, name: str) -> Path:
    """The processed folder of a source, made anew from its raw data where there are any."""
    if project.raw(name).is_dir():
        folders = project.raw(name).parent, project.processed(name).parent
        return prepare(name, raw=folders[0], processed=folders[1])
    if project.processed(name).is_dir():
        return project.processed(name)
    raise MissingSource(name, project.root)
