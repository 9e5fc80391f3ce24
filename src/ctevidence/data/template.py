"""Template: a commented study of four made-up people, to be changed into a study of one's own.

The files stand beside this one in ``new_study/``; `ctevidence check` has nothing to say about them.
"""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from ctevidence.data.study import STUDY_NAME
from ctevidence.data.whole_folder import made_whole

#: The name that the template has, replaced by the new one.
_NAME = "new-study"


def write_template(folder: str | Path, name: str) -> Path:
    """Write ``study.toml`` with every key explained, tables with example rows, and a README.

    Parameters
    ----------
    folder : str or Path
        The new folder.
    name : str
        Name of the study: small letters, digits, hyphens.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ValueError
        When the name cannot name a folder.
    FileExistsError
        When the folder exists.
    StorageError
        When the disk or the rights on it do not let it be written.
    """
    folder = Path(folder)
    if not re.fullmatch(STUDY_NAME, name):
        near = "-".join(re.findall("[a-z0-9]+", name.lower()))
        hint = f' For instance "{near}".' if near else ""
        raise ValueError(
            f'"{name}" cannot be the name of a study: use small letters, digits and hyphens.{hint}'
        )
    if folder.exists():
        raise FileExistsError(
            f"{folder} exists already, and nothing is overwritten. Choose another name, or remove "
            "the folder."
        )
    sources = files(__package__).joinpath("new_study").iterdir()
    with made_whole(folder) as fresh:
        for source in sorted(sources, key=lambda f: f.name):
            text = source.read_text(encoding="utf-8").replace(_NAME, name)
            (fresh / source.name).write_text(text, encoding="utf-8", newline="\n")
    return folder
