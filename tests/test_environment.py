"""The ways to install the package name the same dependencies, and no host."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNTIME = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = [Requirement(x) for lines in PROJECT["optional-dependencies"].values() for x in lines]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
#: one entry of the lock: the pinned requirement, then its hashes on lines that continue it
ENTRIES = re.findall(r"^(\S.*?)((?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", LOCK, re.M)
PINNED = [(Requirement(text), hashes) for text, hashes in ENTRIES]

#: the oldest Python that is promised, and the newer ones that people have
PYTHONS = ("3.11", "3.12", "3.13")


def conda_dependencies() -> list[str]:
    """The entries below ``dependencies:`` in environment.yml."""
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    return re.findall(r"^  - (\S+)$", text.split("dependencies:\n")[1], re.M)


def test_conda_users_get_the_same_dependencies():
    conda = {r.name: r.specifier for r in map(Requirement, conda_dependencies())}
    python = conda.pop("python")
    assert str(python) == PROJECT["requires-python"]
    assert not str(conda.pop("pip"))
    assert conda == {r.name: r.specifier for r in RUNTIME}


#: what is run or asked for by name, not imported: the kernel, the workbench, papermill's client,
#: pandas's reader of Parquet
BY_NAME = {"ipykernel", "jupyterlab", "nbclient", "pyarrow"}
MODULES = {"beautifulsoup4": "bs4"}


def test_every_dependency_is_used():
    code = "\n".join(p.read_text("utf-8") for p in (ROOT / "src").rglob("*.py"))
    used = set(re.findall(r"^\s*(?:from|import) (\w+)", code, re.M))
    names = {MODULES.get(r.name, r.name) for r in RUNTIME} - BY_NAME
    assert sorted(names - used) == []


def test_the_lock_names_no_host():
    assert "://" not in LOCK
    assert re.findall(r"^\s*(?:-i|-f|--(?:\w+-)?index|--find-links|--trusted)\S*", LOCK, re.M) == []


def test_every_line_of_the_lock_is_a_pin_with_hashes():
    left_over = [line for line in LOCK.splitlines() if line and not line.startswith("    --hash=")]
    assert len(PINNED) == len(left_over) > len(RUNTIME)
    for pin, hashes in PINNED:
        assert re.fullmatch(r"==[^,*]+", str(pin.specifier)), pin
        assert hashes, f"{pin} has no hash"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("wanted", [*RUNTIME, *EXTRAS], ids=lambda r: r.name)
def test_the_lock_pins_every_dependency_once(wanted, python):
    here = {"python_version": python, "python_full_version": f"{python}.9", "sys_platform": "linux"}
    pins = [
        pin
        for pin, _ in PINNED
        if canonicalize_name(pin.name) == canonicalize_name(wanted.name)
        and (pin.marker is None or pin.marker.evaluate(here))
    ]
    assert len(pins) == 1
    version = str(pins[0].specifier).removeprefix("==")
    assert wanted.specifier.contains(version), f"{version} does not fit {wanted}"
