"""Work on a cluster: a scheduler and two workers on loopback, results those of one process."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from ctevidence.cluster import ClusterError, cluster_address, on_cluster
from ctevidence.outcomes import derive_course
from ctevidence.replicates import run_replicates
from ctevidence.sensitivity.impute import impute
from ctevidence.simulate import simulate_study

distributed = pytest.importorskip("distributed", reason="distributed is not installed")

SCHEDULER = """
import asyncio, sys
from distributed import Scheduler

async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard_address=":0") as scheduler:
        print(scheduler.address, flush=True)
        await scheduler.finished()

asyncio.run(main())
"""
WORKER = """
import asyncio, sys
from distributed import Worker

async def main():
    async with Worker(sys.argv[1], nthreads=1, dashboard_address=":0") as worker:
        print(worker.address, flush=True)
        await worker.finished()

asyncio.run(main())
"""


class Cluster:
    """A real scheduler and workers, each a process of its own."""

    def __init__(self):
        self.workers = []
        self.scheduler, self.address = self._started(SCHEDULER)

    def add_worker(self):
        process, address = self._started(WORKER, self.address)
        self.workers.append((process, address))
        return address

    def kill_a_worker(self):
        process, _ = self.workers.pop(0)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    def close(self):
        for process in [*(worker for worker, _ in self.workers), self.scheduler]:
            process.kill()
            process.wait()

    @staticmethod
    def _started(code, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        return process, process.stdout.readline().strip()


@pytest.fixture
def cluster():
    made = Cluster()
    made.add_worker()
    made.add_worker()
    try:
        yield made
    finally:
        made.close()


def slow_mean(rng):
    time.sleep(0.02)
    return float(rng.normal(size=10).mean())


def process_of(rng):
    return os.getpid()


def test_replicates_are_the_same_on_a_cluster(cluster):
    here = run_replicates(slow_mean, 12, seed=5)
    with on_cluster(cluster.address):
        assert cluster_address() == cluster.address
        there = run_replicates(slow_mean, 12, seed=5)
        where = set(run_replicates(process_of, 60, seed=5))
    assert there == here
    assert cluster_address() == ""
    assert os.getpid() not in where


def test_a_worker_killed_in_the_middle_changes_nothing(cluster):
    here = run_replicates(slow_mean, 200, seed=6)
    killed = []

    def kill_soon():
        time.sleep(1.0)
        cluster.kill_a_worker()
        killed.append(True)

    with on_cluster(cluster.address):
        thread = threading.Thread(target=kill_soon)
        thread.start()
        there = run_replicates(slow_mean, 200, seed=6)
        is_in_the_middle = bool(killed)
        thread.join()
    assert is_in_the_middle
    assert there == here


def test_imputations_are_the_same_on_a_cluster(cluster):
    course = derive_course(simulate_study(n=60, seed=2))
    asked = {"imputations": 6, "seed": 3, "method": "chained equations"}
    here = impute(course, **asked)
    with on_cluster(cluster.address):
        there = impute(course, **asked)
    assert np.array_equal(there.base, here.base)
    assert np.array_equal(there.covariates, here.covariates)


def test_where_nobody_answers_the_message_says_what_to_start():
    with (
        pytest.raises(ClusterError, match="dask scheduler"),
        on_cluster("tcp://127.0.0.1:9"),
    ):
        pass


def test_a_scheduler_without_workers_is_refused():
    alone = Cluster()
    try:
        with pytest.raises(ClusterError, match="no workers"), on_cluster(alone.address):
            pass
    finally:
        alone.close()


def test_without_distributed_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(ModuleNotFoundError, match=r"ctevidence\[cluster\]"),
        on_cluster("tcp://127.0.0.1:9"),
    ):
        pass
