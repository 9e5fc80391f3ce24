"""What reports are asked for: one, several, or all that a matrix file spans."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ctevidence.data.problems import DataProblems
from ctevidence.data.toml_file import read_toml
from ctevidence.reports.notebooks import Notebook, ParameterError, read_notebooks
from ctevidence.terms import UsageError, did_you_mean

#: parameters that the names in an order and the declarations of the study decide
DECIDED = {
    "study_name": "the name of the study",
    "report_name": "the name of the report (--name)",
    "trials_name": "--trials",
    "network_name": "--network",
    "profile": "the disclosure profile that study.toml declares",
    "protected": "the name of the study whose people it protects",
}
#: what every report is made with, whatever the outcomes that are asked for
ALWAYS = ("study", "trials", "evidence", "brief")
#: of one matrix file: ten long lists span more reports than there are stars
MOST_REPORTS = 2_000
_MATRIX = {"studies", "trials", "network", "outcomes", "parameters"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+-]*")


class MatrixError(UsageError):
    """A matrix file, or what is asked for, cannot be run as it stands; says all that is wrong."""


@dataclass(frozen=True)
class Order:
    """One report that is asked for.

    Parameters
    ----------
    name : str
        The study, or published trials.
    trials, network : str, optional
        Published trials, and a network of them, beside it.
    parameters : mapping
        Parameters of the notebooks.
    outcomes : tuple of str
        Names of notebooks without their number (``response``, ``course``, ``relapse``); all when
        empty.
    report : str
        Folder under ``reports/``; the name of the study when empty.
    allow_difference : str
        Why this release may differ from an earlier one by a few people; refused when empty.
    formats : tuple of str
        Further formats of report and brief: ``pdf``, ``docx``.
    """

    name: str
    trials: str | None = None
    network: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    outcomes: tuple[str, ...] = ()
    report: str = ""
    allow_difference: str = ""
    formats: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "report", self.report or self.name)
        for name in filter(None, (self.name, self.trials, self.network, self.report)):
            if not _NAME.fullmatch(name):
                last = Path(name).name
                hint = f' Did you mean its name, "{last}"?' if _NAME.fullmatch(last) else ""
                raise MatrixError(
                    f'"{name}" cannot name a folder here: give letters, digits and . _ - = + '
                    f"alone, beginning with a letter or digit.{hint}"
                )

    @property
    def sources(self) -> dict[str, str | None]:
        """The data it is made from."""
        return {"name": self.name, "trials": self.trials, "network": self.network}

    @property
    def asked(self) -> dict[str, object]:
        """All that it asks for, as the manifest records it."""
        outcomes = {"outcomes": list(self.outcomes)} if self.outcomes else {}
        reason = {"allow_difference": self.allow_difference} if self.allow_difference else {}
        formats = {"formats": list(self.formats)} if self.formats else {}
        return {**self.sources, **outcomes, **reason, **formats, **self.parameters}

    def check(self, notebooks: Sequence[Notebook]) -> None:
        """Refuse what no notebook knows.

        Raises
        ------
        ParameterError
            For a parameter that is unknown, not one to choose, or of another type.
        MatrixError
            For an outcome without a notebook.
        """
        known = {p for n in notebooks for p in n.parameters}
        for name, value in self.parameters.items():
            if name in DECIDED:
                raise ParameterError(f'"{name}" is not chosen here: {DECIDED[name]} decides it.')
            if name not in known:
                raise ParameterError(
                    f'No notebook has a parameter "{name}"{did_you_mean(name, known)}'
                )
            for notebook in notebooks:
                if name in notebook.parameters:
                    notebook.check({name: value})
        there = [subject(n.name) for n in notebooks if subject(n.name) not in ALWAYS]
        for outcome in self.outcomes:
            if outcome not in there:
                raise MatrixError(f'There is no outcome "{outcome}"{did_you_mean(outcome, there)}')

    def wants(self, notebook: str) -> bool:
        """Whether a notebook belongs to the outcomes that are asked for."""
        return not self.outcomes or subject(notebook) in (*ALWAYS, *self.outcomes)


def subject(notebook: str) -> str:
    """What a notebook is about: its name without the number.

    Examples
    --------
    >>> subject("02_response")
    'response'
    """
    return notebook.partition("_")[2] or notebook


def ordered(
    names: Sequence[str],
    trials: str | None = None,
    network: str | None = None,
    parameters: Mapping[str, object] | None = None,
    outcomes: tuple[str, ...] = (),
    report: str = "",
    allow_difference: str = "",
    formats: tuple[str, ...] = (),
) -> tuple[Order, ...]:
    """What a command line asks for: several names, or one matrix file.

    Raises
    ------
    MatrixError, ParameterError
        Before anything runs.
    """
    chosen = (trials, network, parameters, outcomes, report, allow_difference)
    if any(name.endswith(".toml") for name in names):
        if len(names) > 1 or any(chosen):
            raise MatrixError(
                "A matrix file stands alone: write studies, trials, network, outcomes and "
                "[parameters] into the file."
            )
        return tuple(replace(order, formats=formats) for order in read_matrix(names[0]))
    if report and len(names) > 1:
        raise MatrixError("--name names one report; for several, give one study at a time.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise MatrixError(f"The same report is asked for twice: {', '.join(twice)}.")
    given = (trials, network, parameters or {}, outcomes, report, allow_difference, formats)
    orders = [Order(n, *given) for n in names]
    notebooks = read_notebooks()
    for order in orders:
        order.check(notebooks)
    return tuple(orders)


def read_matrix(path: str | Path) -> tuple[Order, ...]:
    """Every combination of what a matrix file lists: one report each.

    Parameters
    ----------
    path : path
        A TOML file with ``studies``, and as they are needed ``trials``, ``network``, ``outcomes``
        and a table ``[parameters]``. Each holds one value or a list of them.

    Returns
    -------
    tuple of Order
        Named ``study``, or ``study--week=9`` and so on by what varies.

    Raises
    ------
    MatrixError
        With all that is wrong with the file.
    ParameterError
        For a parameter that cannot be chosen.
    """
    path = Path(path)
    content = _content(path)
    parameters = content.get("parameters", {})
    named = [key for key in ("studies", "trials", "network") if key in content]
    axes = {key: _listed(content[key]) for key in named}
    if "outcomes" in content:
        axes["outcome"] = _listed(content["outcomes"])
    axes |= {name: _listed(value) for name, value in parameters.items()}
    if empty := [name for name, values in axes.items() if not values]:
        raise MatrixError(f"{path}: nothing is listed under {', '.join(empty)}.")
    if (count := math.prod(map(len, axes.values()))) > MOST_REPORTS:
        raise MatrixError(
            f"{path} spans {count:,} reports; at most {MOST_REPORTS:,} are made at once. Shorten "
            "the lists, or make several files of it."
        )
    orders = [
        _order(dict(zip(axes, cell, strict=True)), axes)
        for cell in itertools.product(*axes.values())
    ]
    notebooks = read_notebooks()
    for order in orders:
        order.check(notebooks)
    names = [order.report for order in orders]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise MatrixError(f"{path}: the same report would be made twice: {', '.join(twice)}.")
    return tuple(orders)


def _content(path: Path) -> dict:
    try:
        content = read_toml(path).values
    except DataProblems as error:
        raise MatrixError(str(error)) from None
    wrong = [f'unknown key "{key}"{did_you_mean(key, _MATRIX)}' for key in content.keys() - _MATRIX]
    if "studies" not in content:
        wrong.append('no "studies": list at least one, as studies = ["my-study"]')
    for key in ("studies", "trials", "network", "outcomes"):
        if not all(isinstance(value, str) for value in _listed(content.get(key, []))):
            wrong.append(f"{key} holds something that is not text")
    if not isinstance(content.get("parameters", {}), dict):
        wrong.append("parameters is not a table [parameters]")
    if wrong:
        raise MatrixError(f"{path}: " + "; ".join(sorted(wrong)))
    return content


def _listed(value: object) -> list:
    return value if isinstance(value, list) else [value]


def _order(cell: Mapping[str, object], axes: Mapping[str, list]) -> Order:
    varies = [name for name, values in axes.items() if name != "studies" and len(values) > 1]
    report = "--".join([cell["studies"], *(_part(name, cell[name]) for name in varies)])
    fixed = ("studies", "trials", "network", "outcome")
    return Order(
        cell["studies"],
        cell.get("trials"),
        cell.get("network"),
        {name: value for name, value in cell.items() if name not in fixed},
        (cell["outcome"],) if "outcome" in cell else (),
        report,
    )


def _part(name: str, value: object) -> str:
    """A piece of a folder's name: what cannot stand in one becomes a hyphen."""
    text = re.sub(r"[^A-Za-z0-9._+-]+", "-", str(value)).strip("-")
    return text if name in ("trials", "network", "outcome") else f"{name}={text}"
