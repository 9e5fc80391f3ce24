"""The main job: from prepared data through the notebooks to a report pack."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ctevidence.data.prepare import prepare
from ctevidence.data.project import Project, find_project
from ctevidence.data.readers import read_study
from ctevidence.data.sources import list_sources
from ctevidence.data.study import Study
from ctevidence.data.trials import Trials, read_trials
from ctevidence.reports.manifest import checksum, checksums, manifest, write_manifest
from ctevidence.reports.notebooks import Notebook, ParameterError, read_notebooks
from ctevidence.reports.publish import publish
from ctevidence.reports.runner import run_notebook
from ctevidence.terms import did_you_mean

WORKERS = 2

#: notebooks that need a study, published trials, or the results of the others
_NEEDS_STUDY = ("01_study", "02_response", "03_course", "04_relapse")
_NEEDS_TRIALS = ("05_trials",)
_NEEDS_RESULTS = ("06_evidence", "07_brief")


@dataclass(frozen=True)
class Sources:
    """What a report is made from: a study, published trials, or both; perhaps a network."""

    study: Study | None
    trials: Trials | None
    network: Trials | None
    folders: tuple[Path, ...]


@dataclass(frozen=True)
class ReportPack:
    """A finished pack and how long each part took, in seconds."""

    path: Path
    seconds: Mapping[str, float] = field(default_factory=dict)


def run_report(
    name: str,
    trials: str | None = None,
    network: str | None = None,
    parameters: Mapping[str, object] | None = None,
    project: Project | None = None,
    progress: Callable[[str], None] | None = None,
) -> ReportPack:
    """Make the report pack of a study, with published trials beside it.

    Parameters
    ----------
    name : str
        A folder under ``data/raw`` or ``data/processed``: a study, or published trials.
    trials : str, optional
        Published trials that the report weighs together with a study.
    network : str, optional
        A further source of published trials, shown beside as a network of treatments; the trials
        themselves make the network when it is absent.
    parameters : mapping, optional
        Parameters of the notebooks (``week`` ...); each must be known to at least one.
    project : Project, optional
        Found from the current folder when absent.
    progress : callable, optional
        Told the name of each step as it is done.

    Returns
    -------
    ReportPack
        In ``reports/<name>``; it replaces an earlier one only when it is whole.

    Raises
    ------
    FileNotFoundError, DataProblems, ParameterError, NotebookError
        Each says what was found and what to do.
    """
    project, tell = project or find_project(), progress or (lambda step: None)
    clock, seconds = time.perf_counter, {}
    start = clock()
    sources = open_sources(project, name, trials, network)
    plan = planned(sources, name, trials, network, parameters or {})
    seconds["prepare"] = clock() - start
    tell("data")

    work = project.work(name)
    shutil.rmtree(work, ignore_errors=True)
    start = clock()
    for stage in (_NEEDS_STUDY + _NEEDS_TRIALS, _NEEDS_RESULTS):
        _run_stage([p for p in plan if p[0].name in stage], work, project, tell)
    seconds["notebooks"] = clock() - start

    start = clock()
    aside = work / "release"
    publish(name, sources.study, sources.trials, work, aside, network=sources.network)
    inputs = checksums(sources.folders, project.root)
    notebooks = {n.name: checksum(n.path) for n, _ in plan}
    given = {"name": name, "trials": trials, "network": network, **(parameters or {})}
    outputs = checksums([aside], aside)
    content = manifest(name, given, inputs, notebooks, outputs)
    write_manifest(content, aside / "manifest.json")
    _swap(aside, project.report(name))
    seconds["publish"] = clock() - start
    tell("pages")
    return ReportPack(project.report(name), seconds)


def steps(project: Project, name: str, trials: str | None, network: str | None = None) -> int:
    """How many steps a run tells of: data, each notebook, pages."""
    sources = open_sources(project, name, trials, network)
    return 2 + len(planned(sources, name, trials, network, {}))


def open_sources(
    project: Project, name: str, trials: str | None, network: str | None = None
) -> Sources:
    """Prepare and read what the report is made from.

    Raises
    ------
    FileNotFoundError
        When there is no such data; the message lists what there is.
    ValueError
        For a network without trials that it could stand beside.
    """
    folder = _prepared(project, name)
    is_study = (folder / "study.toml").exists()
    study = read_study(folder) if is_study else None
    beside = _prepared(project, trials) if is_study and trials else None
    published = beside if is_study else folder
    if network is not None and published is None:
        raise ValueError(
            f'The network "{network}" stands beside published trials: name them too '
            f"(--trials {network} for the network alone)."
        )
    web = None if network is None else _prepared(project, network)
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
    there = [source.name for source in list_sources(project.root)]
    raise FileNotFoundError(f'There are no data "{name}"{did_you_mean(name, there)}')


def planned(
    sources: Sources,
    name: str,
    trials: str | None,
    network: str | None,
    parameters: Mapping[str, object],
) -> list[tuple[Notebook, dict[str, object]]]:
    """The notebooks to run, each with the parameters that it knows.

    Raises
    ------
    ParameterError
        For a parameter that no notebook knows.
    """
    notebooks = read_notebooks()
    known = {p for n in notebooks for p in n.parameters}
    for given in parameters:
        if given not in known:
            raise ParameterError(
                f'No notebook has a parameter "{given}"{did_you_mean(given, known)}'
            )
    trials_name = (trials or name) if sources.trials else None
    chosen = {
        "study_name": name,
        "trials_name": trials_name,
        "network_name": network or trials_name,
        "report_name": name,
        "condition": sources.study.condition if sources.study else None,
        "profile": sources.study.disclosure if sources.study else "open",
        **parameters,
    }
    plan = []
    for notebook in notebooks:
        if not _has_what_it_needs(notebook, sources):
            continue
        values = {k: v for k, v in chosen.items() if k in notebook.parameters and v is not None}
        plan.append((notebook, notebook.check(values)))
    return plan


def _has_what_it_needs(notebook: Notebook, sources: Sources) -> bool:
    """Whether there are the data, and the declared rules, that a notebook is about."""
    if notebook.name in _NEEDS_TRIALS:
        return sources.trials is not None
    if notebook.name not in _NEEDS_STUDY:
        return True
    if sources.study is None:
        return False
    study = sources.study
    # without visits there is no course and nobody to have responded; relapse, dropout and harms are
    # asked of every study, which answers or says why it cannot
    has_visits, has_response = bool(study.schedule), study.rules.response is not None
    needed = {"02_response": has_visits and has_response, "03_course": has_visits}
    return needed.get(notebook.name, True)


def _run_stage(plan, work: Path, project: Project, tell: Callable[[str], None]) -> None:
    def run(item):
        notebook, values = item
        run_notebook(notebook, values, work / "notebooks" / f"{notebook.name}.ipynb", project)
        tell(notebook.name)

    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        for _ in pool.map(run, plan):
            pass


def _swap(aside: Path, target: Path) -> None:
    """Put a finished folder in the place of an earlier one; never half of it."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.replace(target, old)
    os.replace(aside, target)
    shutil.rmtree(old, ignore_errors=True)
