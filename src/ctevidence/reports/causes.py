"""What can have moved a number between two runs: what their manifests name differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ctevidence.language import ENGLISH, say

#: among the parameters of a manifest, and moves no number
FORMATS = "formats"


@dataclass(frozen=True)
class Cause:
    """Something other than it was: one of data, code, parameters, versions.

    Parameters
    ----------
    kind : str
    what : str
        The file, parameter or library, with both values where they can be read.
    study : str
        The folder of a data file; empty for what touches every number.
    """

    kind: str
    what: str
    study: str = ""


def is_same_run(before: Mapping, now: Mapping) -> bool:
    """Whether two manifests name the same inputs, code, notebooks, parameters and versions."""
    return not list(causes_of(before, now))


def causes_of(before: Mapping, now: Mapping) -> Iterator[Cause]:
    """Everything that is other in the second of two manifests."""
    for path in _unequal(before["inputs_sha256"], now["inputs_sha256"]):
        # a file at the root of the project, as certainty.toml, is of no study
        *_, study, file = ("", *path.split("/"))
        yield Cause("data", f"{study}/{file}".lstrip("/"), study)
    if before["code_sha256"] != now["code_sha256"]:
        yield Cause("code", say("changes.package"))
    for name in _unequal(before["notebooks_sha256"], now["notebooks_sha256"]):
        yield Cause("code", say("changes.notebook", name=name))
    for name in _unequal(before["parameters"], now["parameters"]):
        if name == FORMATS:
            continue
        was, is_now = before["parameters"].get(name), now["parameters"].get(name)
        yield Cause("parameters", _moved(name, was, is_now))
    spoken = [m.get("language", ENGLISH) for m in (before, now)]
    if spoken[0] != spoken[1]:
        yield Cause("parameters", _moved("language", *spoken))
    versions = [{"Python": m["python"], **m["libraries"]} for m in (before, now)]
    moved = _unequal(*versions)
    for name in moved:
        was, is_now = versions[0].get(name), versions[1].get(name)
        yield Cause("versions", _moved(name, was, is_now))
    installed = [m.get("environment_sha256") for m in (before, now)]
    if not moved and installed[0] != installed[1]:
        yield Cause("versions", say("changes.library"))


def _moved(name: str, before: object, now: object) -> str:
    return say("changes.moved", name=name, before=before, now=now)


def _unequal(before: Mapping, now: Mapping) -> list[str]:
    return sorted(k for k in {*before, *now} if before.get(k) != now.get(k))
