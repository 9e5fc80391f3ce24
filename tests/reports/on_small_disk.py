"""Run a command in a copy of a project on a small disk, and bring back what is on it afterwards.

The disk is a tmpfs that nobody else sees: this runs as ``unshare --map-root-user --mount python
on_small_disk.py PROJECT AFTER LEFT COMMAND...``. LEFT is the number of bytes that are free when the
command begins, or ``read-only``. The exit status is that of the command.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SIZE = 256 << 20
FILLER = ".filler"


def main() -> int:
    project, after, left, *command = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        disk = Path(folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", disk], check=True)
        try:
            shutil.copytree(project, disk, dirs_exist_ok=True)
            if left == "read-only":
                subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            else:
                fill(disk, int(left))
            status = subprocess.run(command, cwd=disk, check=False).returncode
            shutil.copytree(disk, after, ignore=shutil.ignore_patterns(FILLER))
        finally:
            subprocess.run(["umount", disk], check=True)
    return status


def fill(disk: Path, left: int) -> None:
    """Leave so many bytes free."""
    space = os.statvfs(disk)
    with (disk / FILLER).open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, space.f_bavail * space.f_frsize - left)


if __name__ == "__main__":
    sys.exit(main())
