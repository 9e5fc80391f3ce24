"""Running notebooks: strict parameters, a fresh kernel each, the executed copy kept as record."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import papermill
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from ctevidence.data.project import PROJECT_VARIABLE, Project
from ctevidence.reports.notebooks import Notebook


class NotebookError(RuntimeError):
    """A notebook stopped; says which cell and why, and where its executed copy is."""


def run_notebook(
    notebook: Notebook, parameters: Mapping[str, object], output: str | Path, project: Project
) -> Path:
    """Run a notebook through papermill and keep the executed copy.

    Parameters
    ----------
    notebook : Notebook
    parameters : mapping
        Only names that the notebook declares, of the declared types.
    output : path
        Where the executed copy goes.
    project : Project
        The kernel works in its root.

    Raises
    ------
    ParameterError
        Before anything runs.
    NotebookError
        When a cell fails.
    """
    values = notebook.check(parameters)
    output = Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    os.environ[PROJECT_VARIABLE] = str(project.root)
    # the names were checked above; papermill cannot read annotations such as "str | None"
    logging.getLogger("papermill").setLevel(logging.ERROR)
    # sockets in a folder that only this user can enter, not ports that anyone here could read
    with tempfile.TemporaryDirectory(prefix="ctevidence-") as private:
        sockets = {"transport": "ipc", "ip": str(Path(private) / "kernel")}
        try:
            papermill.execute_notebook(
                str(notebook.path),
                str(output),
                parameters=values,
                kernel_name="python3",
                cwd=str(project.root),
                progress_bar=False,
                log_output=False,
                config=Config(KernelManager=sockets),
                # a kernel stopped at the end of a run has nothing to tell the terminal
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
            )
        except PapermillExecutionError as error:
            raise NotebookError(
                f"{notebook.name} stopped in cell {error.cell_index}: {error.ename}: "
                f"{error.evalue}\nThe executed copy is {output}."
            ) from None
    return output
