"""Running notebooks: strict parameters, a fresh kernel each, the executed copy kept as record."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping
from pathlib import Path

from ctevidence.reports.failures import NotebookError
from ctevidence.reports.fork_server import without_uri_grammar
from ctevidence.reports.kernels import Kernels
from ctevidence.reports.notebooks import Notebook

without_uri_grammar()

import nbformat  # noqa: E402
import papermill  # noqa: E402
from jupyter_core.utils import ensure_event_loop  # noqa: E402
from papermill.exceptions import PapermillExecutionError  # noqa: E402
from traitlets.config import Config  # noqa: E402

from ctevidence.reports.provisioner import manager_class  # noqa: E402

#: papermill's cell with the values of the parameters
_ADDED = "injected-parameters"
_numbers = itertools.count()


def run_notebook(
    notebook: Notebook,
    parameters: Mapping[str, object],
    output: Path,
    kernels: Kernels,
    folder: Path,
    variables: Mapping[str, str],
) -> Path:
    """Run a notebook through papermill and keep the executed copy.

    Parameters
    ----------
    notebook : Notebook
    parameters : mapping
        Only names that the notebook declares, of the declared types.
    output : Path
        Where the executed copy goes, also when a cell fails.
    kernels : Kernels
        Where the kernel comes from.
    folder : Path
        Where the kernel works.
    variables : mapping
        Environment variables for the kernel.

    Raises
    ------
    ParameterError
        Before anything runs.
    NotebookError
        When a cell fails, or the kernel dies.
    """
    values = notebook.check(parameters)
    # the names were checked above; papermill cannot read annotations such as "str | None"
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    number = next(_numbers)
    sockets = {
        "transport": "ipc",
        "ip": str(kernels.private.path / f"kernel-{number}"),
        "connection_file": str(kernels.private.path / f"kernel-{number}.json"),
    }
    try:
        papermill.execute_notebook(
            str(notebook.path),
            str(output),
            parameters=values,
            kernel_name="python3",
            progress_bar=False,
            log_output=False,
            request_save_on_cell_execute=False,
            # whether printed lines arrive in one piece or several depends on the clock
            coalesce_streams=True,
            kernel_manager_class=manager_class(kernels, str(folder), variables),
            shutdown_kernel="immediate",
            config=Config(KernelManager=sockets),
            # a kernel stopped at the end of a run has nothing to tell the terminal
            extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
        )
    except PapermillExecutionError as error:
        raise NotebookError(notebook.name, error.cell_index, error.ename, error.evalue) from None
    except RuntimeError as error:  # nbclient's word for a kernel that is no more
        raise NotebookError(notebook.name, None, type(error).__name__, str(error)) from None
    finally:
        _close_loop()
    _without_clock(output)
    return output


def _close_loop() -> None:
    """Close the loop that nbclient leaves open in this thread: at exit it would complain."""
    loop = ensure_event_loop()
    if not loop.is_running():
        loop.close()


def _without_clock(path: Path) -> None:
    """Drop when each cell ran and the drawn name of the added one: the same run, the same bytes."""
    executed = nbformat.read(path, as_version=4)
    executed.metadata.pop("papermill", None)
    for cell in executed.cells:
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
        if _ADDED in cell.metadata.get("tags", []):
            cell["id"] = _ADDED
    nbformat.write(executed, path)
