"""A disk that is full or can only be read: said in words, nothing half-written, nothing lost."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ctevidence.data.project import Project
from ctevidence.data.template import write_template
from ctevidence.data.writers import write_study
from ctevidence.reports.making import make_reports
from ctevidence.reports.manifest import checksums
from ctevidence.reports.orders import Order
from ctevidence.simulate.study import simulate_study

OWN_MOUNTS = ["unshare", "--map-root-user", "--mount"]
ON_SMALL_DISK = [*OWN_MOUNTS, sys.executable, str(Path(__file__).with_name("on_small_disk.py"))]
FULL, READ_ONLY = "the disk is full", "the folder can only be read"
REPORT = ["report", "demo", "--outcome", "relapse", "--fresh", "--quiet"]


def can_mount():
    try:
        trial = [*OWN_MOUNTS, "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]
        return subprocess.run(trial, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


pytestmark = pytest.mark.skipif(
    not can_mount(), reason="needs unshare, and the right to mount a disk that only a test sees"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with one report."""
    made = Project(tmp_path_factory.mktemp("project"))
    write_study(replace(simulate_study(n=80, seed=4), name="demo"), made.raw("demo"))
    (report,) = make_reports([Order("demo", outcomes=("relapse",))], made)
    assert report.failures == ()
    return made


@pytest.fixture
def run(tmp_path):
    """Run a command on a small disk; exit status, what it said, and the project afterwards."""

    def call(project, left, *words):
        after = tmp_path / "after"
        paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [str(project.root), str(after), str(left), sys.executable, "-m", "ctevidence.cli"]
        done = subprocess.run(
            [*ON_SMALL_DISK, *command, *words],
            env={k: v for k, v in os.environ.items() if k != "CTEVIDENCE_PROJECT"} | paths,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        # a sentence in a table goes over several lines, between its borders
        said = re.sub(r"[\u2500-\u257f]", " ", done.stdout + done.stderr)
        return done.returncode, " ".join(said.split()), Project(after)

    return call


#: What a run that fails may add to: the log, files for locks, notebooks that are done and kept, and
#: copies of those that failed.
ADDED = tuple(f"reports/.work/{name}" for name in (".log", ".locks", ".cells", ".failed"))


def on(project):
    """Everything of a project that a run which fails must leave as it was."""
    found = checksums([project.root], project.root)
    return {file: checksum for file, checksum in found.items() if not file.startswith(ADDED)}


def hidden(project):
    """Folders and files that were left aside."""
    return [p for p in (project.root / "data").rglob(".*")] + [
        p for p in (project.root / "reports").glob(".*") if p.name != ".work"
    ]


@pytest.mark.parametrize(
    ("left", "why"), [(0, FULL), (120_000, FULL), (1_000_000, FULL), ("read-only", READ_ONLY)]
)
def test_a_report(project, run, left, why):
    status, said, after = run(project, left, *REPORT)
    assert status == 1
    assert why in said
    assert "Traceback" not in said
    assert on(after) == on(project)
    assert not hidden(after)
    assert not list(after.work(".cells").glob(".making-*"))


@pytest.mark.parametrize(("left", "why"), [(8_192, FULL), ("read-only", READ_ONLY)])
@pytest.mark.parametrize(
    "words",
    [("prepare", "demo"), ("new", "other"), ("new", "other", "--from", "received.csv"),
     ("simulate", "other", "--patients", "200")],
    ids=lambda w: " ".join(w[:3:2]),
)  # fmt: skip
def test_other_commands(project, run, left, why, words):
    rows = pd.DataFrame({"id": [f"P{i:04d}" for i in range(2_000)], "PHQ9": 12, "arm": "a"})
    rows.to_csv(project.root / "received.csv", index=False)
    before = on(project)
    status, said, after = run(project, left, *words)
    assert status == 1
    assert why in said
    assert "is as it was before" in said
    assert "Traceback" not in said
    assert on(after) == before
    assert not hidden(after)
    assert not after.raw("other").exists()


def test_there_is_room_for_the_same_command_on_a_larger_disk(project, run):
    status, _, after = run(project, 10_000_000, "new", "other")
    assert status == 0
    template = write_template(project.root.with_name("template"), "other")
    assert checksums([after.raw("other")], after.raw("other")) == checksums([template], template)
