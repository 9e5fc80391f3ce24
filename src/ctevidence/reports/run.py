"""The main job: from prepared data through the notebooks to a report pack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ctevidence.data.project import Project, find_project
from ctevidence.data.service import FILE as SERVICE
from ctevidence.data.service import read_service
from ctevidence.evidence.certainty import FILE as CERTAINTY
from ctevidence.evidence.certainty import read_certainty
from ctevidence.evidence.claims_toml import FILE as CLAIMS
from ctevidence.evidence.claims_toml import read_claims
from ctevidence.reports.making import make_reports
from ctevidence.reports.manifest import checksums
from ctevidence.reports.notebooks import Notebook, read_notebooks
from ctevidence.reports.opened import Sources, open_sources
from ctevidence.reports.orders import Order


@dataclass(frozen=True)
class ReportPack:
    """A finished pack and how long each part took, in seconds.

    Parameters
    ----------
    path : Path
    seconds : mapping
        ``prepare``, ``notebooks`` and ``publish``.
    notebooks : mapping
        Seconds of each notebook that was run; 0 for one whose kept results still hold.
    remarks : tuple of str
        A line for each format that could not be made, and how to get it.
    """

    path: Path
    seconds: Mapping[str, float] = field(default_factory=dict)
    notebooks: Mapping[str, float] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def run_report(
    name: str,
    trials: str | None = None,
    network: str | None = None,
    parameters: Mapping[str, object] | None = None,
    project: Project | None = None,
    progress: Callable[[str], None] | None = None,
    *,
    report: str = "",
    outcomes: tuple[str, ...] = (),
    fresh: bool = False,
    workers: int | None = None,
    wait: bool = False,
    cluster: str = "",
    allow_difference: str = "",
    formats: tuple[str, ...] = (),
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
    report : str, optional
        Folder under ``reports/``; the name of the study when absent.
    outcomes : tuple of str, optional
        ``response``, ``course``, ``relapse``; all when absent.
    fresh : bool
        Run every notebook, whatever results are kept.
    workers : int, optional
        Notebooks run side by side; when absent two, or one of very large studies. The results do
        not depend on it.
    wait : bool
        Wait for another run on the same report; else refuse.
    cluster : str
        Address of a Dask scheduler whose workers run the notebooks.
    allow_difference : str
        Why it may differ by a few people from an earlier release of the study; such a report is
        refused when this is empty, and the manifest records the reason.
    formats : tuple of str, optional
        ``pdf``, ``docx``: report and brief in these formats too.

    Returns
    -------
    ReportPack
        In ``reports/<report>``; it replaces an earlier one only when it is whole.

    Raises
    ------
    UsageError
        Before anything runs: a source, parameter, outcome or week that is not there
        (`FileNotFoundError` too, where a source is all that is missing).
    DataProblems, NotebookError, InUse, SmallDifference, OSError
        Each says what was found and what to do. An earlier report is then as it was.
    """
    given = (parameters or {}, tuple(outcomes), report, allow_difference, tuple(formats))
    order = Order(name, trials, network, *given)
    told = progress or (lambda step: None)
    (made,) = make_reports(
        [order],
        project or find_project(),
        workers=workers,
        fresh=fresh,
        wait=wait,
        cluster=cluster,
        watch=lambda event: told(event.step) if event.ends else None,
    )
    if made.failures:
        raise made.failures[0].error
    return ReportPack(made.path, made.seconds, made.notebooks, made.remarks)


def plan_report(root: Path, name: str, trials: str | None, network: str | None) -> dict:
    """What a report of these sources consists of: notebooks with their values, and its data.

    Returns
    -------
    dict
        ``notebooks``: pairs of name and values; ``folders``: of the data, relative to the root;
        ``processed``: checksums of their files.
    """
    project = Project(root)
    sources = open_sources(project, name, trials, network)
    check_own(project, name)  # what is wrong in them is told before anything runs
    plan = planned(sources, name, trials, network)
    return {
        "notebooks": [(notebook.name, values) for notebook, values in plan],
        "folders": [folder.relative_to(root).as_posix() for folder in sources.folders],
        "processed": checksums(sources.folders, root),
    }


def check_own(project: Project, name: str) -> None:
    """Read the project's own claims, judgements and service.

    Raises
    ------
    DataProblems
        With every problem of a file.
    """
    read_certainty(project.own(name, CERTAINTY), read_claims(*project.own(name, CLAIMS)))
    read_service(project.own(name, SERVICE))


def publish_report(
    root: Path,
    name: str,
    trials: str | None,
    network: str | None,
    results: Path,
    target: Path,
    formats: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Make the released pages from kept results and the data that analyses have read.

    Returns
    -------
    tuple of str
        A line for each format that could not be made.
    """
    from ctevidence.reports.publish import publish  # noqa: PLC0415 (a run that is kept needs none)

    project = Project(root)
    sources = open_sources(project, name, trials, network, Project.processed)
    given = (name, sources.study, sources.trials, results, target)
    return publish(*given, network=sources.network, formats=formats, project=project)


def planned(
    sources: Sources, name: str, trials: str | None, network: str | None
) -> list[tuple[Notebook, dict[str, object]]]:
    """The notebooks that these sources can fill, each with the values that the sources decide."""
    trials_name = (trials or name) if sources.trials else None
    decided = {
        "study_name": name,
        "trials_name": trials_name,
        "network_name": network or trials_name,
        "report_name": name,
        "condition": sources.study.condition if sources.study else None,
        "profile": sources.study.disclosure if sources.study else "open",
        # as it names itself, which its folder need not: rows of another study are public
        "protected": sources.study.name if sources.study else None,
    }
    plan = []
    for notebook in read_notebooks():
        if sources.held.lacks(notebook.name):
            continue
        values = {k: v for k, v in decided.items() if k in notebook.parameters and v is not None}
        plan.append((notebook, notebook.check(values)))
    return plan
