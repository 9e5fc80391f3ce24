"""Notebooks on a cluster: a scheduler and two workers on loopback make the same report."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from ctevidence.cluster import ClusterError
from ctevidence.data.project import Project
from ctevidence.data.writers import write_study
from ctevidence.reports.making import make_reports
from ctevidence.reports.manifest import checksums
from ctevidence.reports.orders import Order
from ctevidence.simulate.study import simulate_study

distributed = pytest.importorskip("distributed", reason="distributed is not installed")

ORDER = Order("demo", outcomes=("relapse",))
PROCESS = """
import asyncio, sys
from distributed import Scheduler, Worker

async def main(kind, *address):
    known = {"scheduler": (Scheduler, {"host": "127.0.0.1", "port": 0}),
             "worker": (Worker, {"nthreads": 1})}
    make, options = known[kind]
    async with make(*address, dashboard_address=":0", **options) as made:
        print(made.address, flush=True)
        await made.finished()

asyncio.run(main(*sys.argv[1:]))
"""


def started(*arguments):
    """A scheduler or worker in a process of its own, and its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return process, process.stdout.readline().strip()


@pytest.fixture
def cluster():
    """Address of a scheduler with two workers, and the processes of the workers."""
    scheduler, address = started("scheduler")
    workers = [started("worker", address)[0] for _ in range(2)]
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("first"))
    write_study(replace(simulate_study(n=80, seed=4), name="demo"), project.raw("demo"))
    (made,) = make_reports([ORDER], project)
    assert made.failures == ()
    return project


def contents(project):
    return checksums([project.report("demo")], project.report("demo"))


def empty_copy(first, folder):
    shutil.copytree(first.raw("demo"), folder / "data" / "raw" / "demo")
    return Project(folder)


def test_a_report_made_on_a_cluster_is_the_same(first, tmp_path, cluster):
    project, begun = empty_copy(first, tmp_path), []
    (made,) = make_reports([ORDER], project, cluster=cluster[0], watch=begun.append)
    assert made.failures == ()
    assert contents(project) == contents(first)
    assert not list(project.root.rglob("attempts"))


def test_a_worker_killed_in_the_middle_changes_nothing(first, tmp_path, cluster):
    address, workers = cluster
    project = empty_copy(first, tmp_path)
    killed = []

    def kill_one_at_work():
        while not killed:
            for attempt in project.root.rglob("attempts/*/results"):
                os.kill(workers[0].pid, signal.SIGKILL)
                killed.append(attempt)
                break
            time.sleep(0.02)

    thread = threading.Thread(target=kill_one_at_work, daemon=True)
    thread.start()
    (made,) = make_reports([ORDER], project, cluster=address)
    assert killed
    assert made.failures == ()
    assert contents(project) == contents(first)


def test_a_failing_notebook_says_so_from_a_worker(first, tmp_path, cluster, failing_at_week_8):
    project = empty_copy(first, tmp_path / "project")
    (made,) = make_reports([replace(ORDER, parameters={"week": 8})], project, cluster=cluster[0])
    assert made.failures[0].step == "04_relapse"


def test_workers_that_do_not_see_the_project_are_refused(first, tmp_path, cluster, monkeypatch):
    project = empty_copy(first, tmp_path)
    away = Project(tmp_path / "elsewhere")
    with monkeypatch.context() as patched:
        # a folder that is seen from here alone: here what is asked for fits
        patched.setattr("ctevidence.reports.making.refuse_misfits", lambda *_: None)
        with pytest.raises(ClusterError, match="does not see the folder"):
            make_reports([ORDER], away, cluster=cluster[0])
    monkeypatch.setattr(
        "ctevidence.reports.distant_notebooks.code_checksum", lambda: "of another version"
    )
    with pytest.raises(ClusterError, match="has another code"):
        make_reports([ORDER], project, cluster=cluster[0])
