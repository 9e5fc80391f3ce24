"""Kernels that are forked: as fresh as started ones, private, and gone when the run is gone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest

from ctevidence.reports.failures import NotebookError
from ctevidence.reports.kernels import FORKS, KernelError, Kernels
from ctevidence.reports.notebooks import read_notebook
from ctevidence.reports.private_folder import sweep
from ctevidence.reports.runner import run_notebook

pytestmark = pytest.mark.skipif(not FORKS, reason="kernels are forked on Linux only")

SPOIL = """\
import builtins, os, random
import matplotlib, numpy, pandas
import ctevidence.terms
matplotlib.rcParams["lines.linewidth"] = 77
pandas.set_option("display.max_rows", 7)
ctevidence.terms.SPOILED = numpy.SPOILED = builtins.SPOILED = True
os.environ["SPOILED"] = "1"
numpy.random.seed(1)
left_over = 1"""
LOOK = """\
import builtins, os, sys
import matplotlib, numpy, pandas
import ctevidence.terms
print(matplotlib.rcParams["lines.linewidth"], pandas.get_option("display.max_rows"))
print(any(hasattr(x, "SPOILED") for x in (ctevidence.terms, numpy, builtins)))
print("SPOILED" in os.environ, "left_over" in globals(), threads)"""


@pytest.fixture(scope="module")
def kernels():
    with Kernels() as made:
        yield made


@pytest.fixture
def run(tmp_path, kernels):
    """Run the cells of a notebook of its own; returns the text that it shows."""

    def call(*cells, source=kernels):
        notebook = nbformat.v4.new_notebook()
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "language": "python",
            "display_name": "Python 3",
        }
        parameters = nbformat.v4.new_code_cell("threads: int = 1  # threads of each kernel")
        parameters.metadata["tags"] = ["parameters"]
        notebook.cells = [parameters, *map(nbformat.v4.new_code_cell, cells)]
        for i, cell in enumerate(notebook.cells):
            cell["id"] = f"cell-{i}"
        nbformat.write(notebook, tmp_path / "x.ipynb")
        given = (read_notebook(tmp_path / "x.ipynb"), {"threads": 1}, tmp_path / "done.ipynb")
        run_notebook(*given, source, tmp_path, {"TOLD": "yes"})
        done = nbformat.read(tmp_path / "done.ipynb", as_version=4)
        outputs = [o for c in done.cells for o in c.get("outputs", [])]
        return "".join(o.get("text", "") or str(dict(o.get("data", {}))) for o in outputs)

    return call


def test_nothing_that_a_notebook_changes_reaches_the_next(run):
    before = run(LOOK)
    run(SPOIL)
    assert run(LOOK) == before
    assert "False\nFalse False 1" in before


def test_a_forked_kernel_shows_what_a_started_one_shows(run):
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, 2, 4])\nplt.title('a line');"
    show = "import pandas as pd\npd.DataFrame({'a': [1.5, 2]})"
    order = "print({'some', 'words', 'in', 'a', 'set'})"
    where = "import os\nprint(os.getcwd(), os.environ['TOLD'])"
    cells = (LOOK, draw, show, order, where)
    with Kernels(forked=False) as plain:
        assert run(*cells) == run(*cells, source=plain)


def test_kernels_do_not_share_random_numbers(run):
    draw = "import random, numpy\nprint(random.random(), numpy.random.rand())"
    assert run(draw) != run(draw)


def test_no_port_is_open_and_sockets_are_private(run, kernels):
    look = f"""\
import os, psutil
me = psutil.Process()
family = [me.parent(), *me.parent().children(recursive=True), psutil.Process({os.getpid()})]
print(sum(len(p.net_connections("inet")) for p in family))
print(oct(os.stat({str(kernels.private.path)!r}).st_mode)[-3:])"""
    assert run(look) == "0\n700\n"


def test_a_kernel_that_dies_is_named(run):
    with pytest.raises(NotebookError, match="x stopped in cell"):
        run("import os\nos._exit(1)")
    assert run("print('the next one lives')") == "the next one lives\n"


def test_a_call_gives_back_results_and_errors(kernels):
    assert kernels.call("json:dumps", obj=[1]) == "[1]"
    with pytest.raises(json.JSONDecodeError):
        kernels.call("json:loads", s="[")
    with pytest.raises(KernelError, match="ended without an answer"):
        kernels.call("os:abort")


RUN_AND_WAIT = """
import threading, time
from ctevidence.reports.kernels import Kernels
made = Kernels()
made.call("json:dumps", obj=1)
threading.Thread(target=lambda: made.call({call}), daemon=True).start()
time.sleep(0.5)
print(made.private.path, flush=True)
{end}
"""


SLEEP = "'subprocess:call', args=['sleep', '600']"


def family_of(script):
    """Start a run in a process of its own; that process, its children, its private folder."""
    run = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    folder = Path(run.stdout.readline().strip())
    children = psutil.Process(run.pid).children(recursive=True)
    return run, children, folder


def living(processes, seconds=20):
    """Those that still run after some seconds; a zombie has ended."""
    _, left = psutil.wait_procs(processes, timeout=seconds)
    return [p for p in left if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_nothing_outlives_a_run_that_is_killed():
    run, children, folder = family_of(RUN_AND_WAIT.format(call=SLEEP, end="time.sleep(600)"))
    assert len(children) == 3  # the server, the call under way, and what that has started
    run.kill()
    run.wait()
    assert living(children) == []
    assert not folder.exists()


def test_a_server_ends_when_its_run_is_killed_while_it_imports():
    begin = "from ctevidence.reports.kernels import Kernels; made = Kernels(); made.start();"
    run, children, folder = family_of(
        f"{begin} print(made.private.path, flush=True); import time; time.sleep(600)"
    )
    run.kill()
    run.wait()
    assert len(children) == 1
    assert living(children) == []
    assert not folder.exists()


def test_children_end_with_a_server_that_is_killed_and_the_next_run_sweeps(kernels):
    run, children, folder = family_of(
        RUN_AND_WAIT.format(call="'signal:pause'", end="time.sleep(600)")
    )
    children[0].kill()
    alive = living(children)
    run.kill()
    run.wait()
    assert alive == []
    assert folder.exists()
    sweep()
    assert not folder.exists()
    assert kernels.private.path.exists()  # of a run that lives


def test_after_the_end_there_is_no_process_and_no_folder():
    run, children, folder = family_of(RUN_AND_WAIT.format(call=SLEEP, end="made.close()"))
    assert run.wait(timeout=30) == 0
    assert living(children) == []
    assert not folder.exists()
