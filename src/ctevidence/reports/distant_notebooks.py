"""Notebooks that run on the workers of a Dask cluster, with the results of a run on this machine.

A worker reads the project and writes results in a folder that both machines see. It works in a
folder of its own attempt, and hands over what is whole: a worker may be lost at any moment, and its
notebook is then run again by another. Kernels are those of `reports.kernels`, on the worker.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ctevidence.cluster import VARIABLE, ClusterError
from ctevidence.data.project import WORK_VARIABLE
from ctevidence.reports.failures import NotebookError
from ctevidence.reports.kernels import Kernels
from ctevidence.reports.manifest import code_checksum, environment_checksum
from ctevidence.reports.notebooks import Notebook

ATTEMPTS = "attempts"
_kernels: Kernels | None = None
_one_at_a_time = threading.Lock()


def run_distant_notebook(
    client,
    notebook: Notebook,
    parameters: Mapping[str, object],
    output: Path,
    folder: Path,
    variables: Mapping[str, str],
) -> Path:
    """Run a notebook on a worker; as `runner.run_notebook` does here.

    Parameters
    ----------
    client : distributed.Client
    notebook, parameters, output, folder, variables
        As for `runner.run_notebook`.

    Raises
    ------
    NotebookError
        When a cell fails, or the kernel dies.
    ClusterError
        When the worker does not see the project, or has other code or libraries.
    """
    from joblib import Parallel, delayed, parallel_config  # noqa: PLC0415 (most runs stay here)

    asked = {
        "notebook": notebook,
        "parameters": dict(parameters),
        "output": output,
        "folder": folder,
        "variables": {**variables, VARIABLE: client.scheduler.address},
        "basis": _basis(),
    }
    attempts = output.parent / ATTEMPTS
    attempts.mkdir()
    try:
        with parallel_config(backend="dask", client=client, n_jobs=-1):
            (error,) = Parallel()([delayed(_on_worker)(asked)])
    finally:
        shutil.rmtree(attempts, ignore_errors=True)
    if error is not None:
        raise error
    return output


def refuse_other_workers(client, folder: Path) -> None:
    """Refuse workers whose results could differ, or that do not see the project.

    Raises
    ------
    ClusterError
        With every such worker and what is wrong with it.
    """
    found = client.run(_why_not, folder, _basis())
    wrong = [f"{worker} {why}" for worker, why in sorted(found.items()) if why]
    if wrong:
        raise ClusterError(f"Workers that cannot be used: {'; '.join(wrong)}.")


def _basis() -> dict[str, str]:
    return {"code": code_checksum(), "environment": environment_checksum()}


def _why_not(folder: Path, basis: Mapping[str, str]) -> str:
    """Why this worker cannot run notebooks of a project; empty when it can."""
    if not folder.is_dir():
        return f"does not see the folder {folder}: share it, at the same place"
    other = [part for part, value in _basis().items() if value != basis[part]]
    if other:
        return f"has another {' and another '.join(other)}: install the same everywhere"
    return ""


def _on_worker(asked: dict) -> Exception | None:
    """Run a notebook and put its results in their place; gives back what went wrong with it."""
    if why := _why_not(asked["folder"], asked["basis"]):
        return ClusterError(f"A worker {why}.")
    _make_way()
    from ctevidence.reports.runner import run_notebook  # noqa: PLC0415 (slow to import)

    output, notebook = asked["output"], asked["notebook"]
    results = Path(asked["variables"][WORK_VARIABLE])
    aside = Path(tempfile.mkdtemp(dir=output.parent / ATTEMPTS))
    shutil.copytree(results, aside / results.name)
    own = {**asked["variables"], WORK_VARIABLE: str(aside / results.name)}
    executed = aside / output.name
    try:
        run_notebook(notebook, asked["parameters"], executed, _kernels_here(), asked["folder"], own)
    except NotebookError as error:
        if executed.is_file():
            os.replace(executed, output)
        return error
    shutil.copytree(aside / results.name, results, dirs_exist_ok=True)
    os.replace(executed, output)
    return None


def _make_way() -> None:
    """Leave the worker's place to others: the notebook may send replicates to the same cluster."""
    from distributed import secede  # noqa: PLC0415

    with suppress(ValueError):  # a task that is not run by a worker's thread
        secede()


def _kernels_here() -> Kernels:
    """The kernels of this worker, started once."""
    global _kernels  # noqa: PLW0603 (one for each process)
    with _one_at_a_time:
        if _kernels is None:
            _kernels = Kernels()
            atexit.register(_kernels.close)
        return _kernels
