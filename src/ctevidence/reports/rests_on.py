"""What a report rests on, as checksums: data, the project's own files, code, what is installed.

Whatever is made is kept under a key of these, and made again when one of them is another.
"""

from __future__ import annotations

from ctevidence.data.project import Project
from ctevidence.language import spoken
from ctevidence.reports.manifest import (
    checksum,
    checksums,
    code_checksum,
    environment_checksum,
    lock_checksum,
)
from ctevidence.reports.orders import Order


def basis() -> dict[str, object]:
    """What every result rests on, whatever the report."""
    return {
        "code": code_checksum(),
        "environment": environment_checksum(),
        "lock": lock_checksum(),
        "language": (spoken().name, spoken().checksum),
    }


def inputs_of(order: Order, project: Project) -> dict[str, str]:
    """Checksums of the data as received, else of what analyses read, and of the project's own."""
    names = dict.fromkeys(filter(None, order.sources.values()))
    folders = [
        raw if (raw := project.raw(name)).is_dir() else project.processed(name) for name in names
    ]
    return checksums(folders, project.root) | own_of(order, project)


def own_of(order: Order, project: Project) -> dict[str, str]:
    """Checksums of the project's own claims, judgements and service."""
    own = project.own_files(order.sources["name"])
    return {path.relative_to(project.root).as_posix(): checksum(path) for path in own}
