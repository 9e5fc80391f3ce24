"""The notebooks: where they are, and which parameters they take.

papermill runs to the end on a misspelt parameter, takes any type, and lets the *name* of a
parameter inject code; here a notebook has exactly one tagged cell of annotated literals, and
whatever does not fit it is refused before anything runs.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ctevidence.terms import UsageError, did_you_mean

TAG = "parameters"
_TYPES = {"str": str, "int": int, "float": (int, float), "bool": bool, "None": type(None)}


class ParameterError(UsageError):
    """A notebook or parameter that cannot be run as asked."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook: name, annotated type, default, and the comment beside it."""

    name: str
    type: str
    default: object
    help: str

    def check(self, value: object) -> object:
        """The value, if it is of the annotated type.

        Raises
        ------
        ParameterError
        """
        allowed = tuple(_flat(_TYPES[part.strip()] for part in self.type.split("|")))
        is_bool = isinstance(value, bool) and bool not in allowed
        if is_bool or not isinstance(value, allowed):
            raise ParameterError(
                f"Parameter {self.name} is {value!r}, but must be {self.type} ({self.help})."
            )
        return value


def _flat(types):
    for item in types:
        yield from item if isinstance(item, tuple) else (item,)


@dataclass(frozen=True)
class Notebook:
    """One notebook and what it may be asked."""

    path: Path
    parameters: Mapping[str, Parameter]

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def title(self) -> str:
        """The one heading of first rank."""
        cells = _cells(self.path)
        prose = [_source(c) for c in cells if c["cell_type"] == "markdown"]
        lines = [line for text in prose for line in text.split("\n")]
        return next(line[2:].strip() for line in lines if line.startswith("# "))

    def check(self, values: Mapping[str, object]) -> dict[str, object]:
        """The values, if the notebook knows their names and they are of the right type.

        Raises
        ------
        ParameterError
            For an unknown or misspelt name, or a wrong type; names those there are.
        """
        for name in values:
            if name not in self.parameters:
                hint = did_you_mean(name, self.parameters)
                raise ParameterError(f'{self.name} has no parameter "{name}"{hint}')
        return {name: self.parameters[name].check(value) for name, value in values.items()}


def notebooks_folder() -> Path:
    """The shipped notebooks: inside an installed wheel, or beside the sources of a clone.

    Raises
    ------
    FileNotFoundError
        When neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "notebooks", package.parents[1] / "notebooks"):
        if any(folder.glob("*.ipynb")):
            return folder
    raise FileNotFoundError(
        f"No notebooks beside {package}: the installation is incomplete. Install it again."
    )


def read_notebooks(folder: str | Path | None = None) -> tuple[Notebook, ...]:
    """All notebooks of a folder, in order of their names."""
    folder = Path(folder) if folder else notebooks_folder()
    return tuple(read_notebook(path) for path in sorted(folder.glob("*.ipynb")))


def read_notebook(path: str | Path) -> Notebook:
    """One notebook with its declared parameters.

    Raises
    ------
    ParameterError
        When it has not exactly one cell tagged ``parameters``, or that cell holds anything but
        annotated literals with a comment each.
    """
    path = Path(path)
    tagged = [c for c in _cells(path) if TAG in c["metadata"].get("tags", [])]
    if len(tagged) != 1:
        raise ParameterError(
            f"{path.name} has {len(tagged)} cells tagged {TAG}; it needs exactly one."
        )
    declared = _declared(_source(tagged[0]), path.name)
    return Notebook(path, {p.name: p for p in declared})


def _cells(path: Path) -> list[dict]:
    # read plainly: a run that finds everything kept must not wait for a library to load
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def _source(cell: dict) -> str:
    """The text of a cell, which may stand in one piece or in lines."""
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def _declared(source: str, where: str) -> list[Parameter]:
    lines = source.split("\n")
    found = []
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            line = lines[node.lineno - 1]
            raise ParameterError(
                f'{where}, parameters cell: "{line}" is not "name: type = literal  # what it is"'
            )
        comment = lines[node.end_lineno - 1][node.end_col_offset :].strip()
        if not comment.startswith("#"):
            raise ParameterError(f"{where}: parameter {node.target.id} has no comment.")
        kind, default = ast.unparse(node.annotation), ast.literal_eval(node.value)
        found.append(Parameter(node.target.id, kind, default, comment.lstrip("# ")))
    return found
