"""Folders that are there whole or not at all."""

import os
import subprocess
import sys
import time

import pytest

from ctevidence.data import whole_folder
from ctevidence.data.claim import InUse, claim
from ctevidence.data.whole_folder import put_in_place, restore, write_whole


def filled(folder, text):
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / name).write_text(text)
    return folder


def read(folder):
    return {path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_takes_the_place_of_another(tmp_path, monkeypatch, exchange):
    if not exchange:
        monkeypatch.setattr(whole_folder, "_exchange", lambda one, other: False)
    target = filled(tmp_path / "target", "old")
    put_in_place(filled(tmp_path / "fresh", "new"), target)
    assert read(target) == {"new"}
    assert [p.name for p in tmp_path.iterdir()] == ["target"]


def test_a_failure_leaves_the_older_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(whole_folder, "_exchange", lambda one, other: False)
    target = filled(tmp_path / "target", "old")
    fresh = filled(tmp_path / "fresh", "new")
    rename = os.replace

    def refuse(one, other):
        if one == fresh:
            raise PermissionError
        rename(one, other)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        put_in_place(fresh, target)
    assert read(target) == {"old"}


def test_a_folder_that_was_set_aside_comes_back(tmp_path):
    filled(tmp_path / ".target.before", "old")
    restore(tmp_path / "target")
    assert read(tmp_path / "target") == {"old"}


REPLACE = """
import sys
from pathlib import Path
from ctevidence.data.whole_folder import put_in_place
here = Path(sys.argv[1])
for i in range(10**6):
    fresh = here / "fresh"
    fresh.mkdir()
    for name in "abc":
        (fresh / name).write_text(str(i))
    put_in_place(fresh, here / "target")
    if i == 0:
        print("begun", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="two names are exchanged at once on Linux")
@pytest.mark.parametrize("wait", [0.011, 0.023, 0.037, 0.053])
def test_a_kill_at_any_moment_leaves_one_whole_folder(tmp_path, wait):
    command = [sys.executable, "-c", REPLACE, str(tmp_path)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE)
    run.stdout.readline()
    time.sleep(wait)
    run.kill()
    run.wait()
    assert len(read(tmp_path / "target")) == 1
    assert len(list((tmp_path / "target").iterdir())) == 3


def test_a_file_is_written_whole(tmp_path, monkeypatch):
    path = write_whole(tmp_path / "x.json", "old")

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, "new")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


HOLD = """
import sys, time
from pathlib import Path
from ctevidence.data.claim import claim
with claim(Path(sys.argv[1]), "reports/x"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_run_is_refused_until_the_first_has_ended_however_it_ends(tmp_path):
    lock = tmp_path / "locks" / "x"
    command = [sys.executable, "-c", HOLD, str(lock)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE)
    first.stdout.readline()
    with (
        pytest.raises(InUse, match=f"reports/x is being made by process {first.pid} on .* since"),
        claim(lock, "reports/x"),
    ):
        pass
    first.kill()
    first.wait()
    with claim(lock, "reports/x"):  # its lock has ended with it
        pass


def test_waiting_gets_the_lock_when_it_is_free(tmp_path):
    script = HOLD.replace("600", "0.5")
    command = [sys.executable, "-c", script, str(tmp_path / "x")]
    first = subprocess.Popen(command, stdout=subprocess.PIPE)
    first.stdout.readline()
    with claim(tmp_path / "x", "reports/x", wait=True):
        assert first.wait(timeout=10) == 0
