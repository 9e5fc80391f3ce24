"""The plan of the house: rooms in one direction, names that mean something, a light front door."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ctevidence

SOURCE = Path(ctevidence.__file__).parent
TESTS = Path(__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))

#: a room may use only what stands before it
ORDER = (
    "terms",
    "language",
    "names",
    "levels",
    "estimates",
    "contrasts",
    "cluster",
    "replicates",
    "data",
    "outcomes",
    "models",
    "sensitivity",
    "synthesis",
    "evidence",
    "display",
    "simulate",
    "reports",
    "cli",
)
VAGUE = {"util", "utils", "utilities", "helper", "helpers", "common", "misc", "base", "core"}
HEAVY = {"pandas", "scipy", "matplotlib", "statsmodels", "lifelines", "seaborn", "papermill"}


def name_of(module: Path) -> str:
    return module.relative_to(SOURCE).as_posix()


def room_of(module: Path) -> str:
    return module.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(tree: ast.Module, package: tuple[str, ...]) -> list[tuple[int, tuple[str, ...]]]:
    """Line and dotted parts of everything used of this package, wherever it stands in the file.

    >>> code = "import ctevidence as ct, numpy" + chr(10) + "from ..levels import Key; ct.compare"
    >>> imported(ast.parse(code), ("ctevidence", "contrasts"))
    [(1, ('ctevidence', 'compare')), (2, ('ctevidence', 'levels', 'Key'))]
    """
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name
                used = attributes(tree, alias.asname or name) if name == "ctevidence" else [""]
                found += [(node.lineno, (*name.split("."), *filter(None, [a]))) for a in used]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            parts = (*start, *node.module.split(".")) if node.module else start
            found += [(node.lineno, (*parts, alias.name)) for alias in node.names]
    return [(line, parts) for line, parts in found if parts[0] == "ctevidence"]


def attributes(tree: ast.Module, name: str) -> list[str]:
    return sorted(
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    )


def wrong_imports(module: Path) -> list[str]:
    package = ("ctevidence", *module.relative_to(SOURCE).parent.parts)
    own, wrong = ORDER.index(room_of(module)), []
    for line, (_, target, *rest) in imported(ast.parse(module.read_text("utf-8")), package):
        if target in ("__version__", "__file__"):
            continue
        if target not in ORDER:
            name = ".".join((target, *rest))
            wrong.append(f"line {line}: take {name} from the room that defines it")
        elif ORDER.index(target) > own:
            wrong.append(f"line {line}: {target} stands after {ORDER[own]}")
    return wrong


ROOMS = [module for module in MODULES if module != SOURCE / "__init__.py"]


@pytest.mark.parametrize("module", ROOMS, ids=name_of)
def test_a_room_uses_only_what_stands_before_it(module):
    assert room_of(module) in ORDER, "a room without a place in the order"
    assert wrong_imports(module) == []


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("from ctevidence.data import study", 1),
        ("def f():\n    import ctevidence.reports.run", 1),
        ("from ..models import fit", 1),
        ("import ctevidence as ct\nct.fit_response()", 1),
        ("import ctevidence\nctevidence.data.study", 1),
        ("from ctevidence import fit_response", 1),
        ("from ctevidence import __version__, terms", 0),
        ("import ctevidence\nctevidence.__version__", 0),
        ("from ctevidence.contrasts.compare import compare", 0),
        ("from . import compare", 0),
        ("import numpy, ctevidence.levels", 0),
    ],
)
def test_the_order_is_held_against_any_way_to_import(tmp_path, monkeypatch, code, wrong):
    (tmp_path / "contrasts").mkdir()
    module = tmp_path / "contrasts" / "example.py"
    module.write_text(code, encoding="utf-8")
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path)
    assert len(wrong_imports(module)) == wrong


@pytest.mark.parametrize("folder", [SOURCE, TESTS], ids=["src", "tests"])
def test_no_module_has_a_name_that_says_nothing(folder):
    names = {part.removeprefix("test_") for m in folder.rglob("*.py") for part in
             m.relative_to(folder).with_suffix("").parts}  # fmt: skip
    assert names & VAGUE == set()


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_every_module_says_what_it_is(module):
    tree = ast.parse(module.read_text(encoding="utf-8"))
    # an empty __init__ only marks a folder
    assert ast.get_docstring(tree) or (module.name == "__init__.py" and not tree.body)


#: what answers a command that finds all its work done
LIGHT = ("ctevidence", "ctevidence.cli", "ctevidence.data.sources", "ctevidence.reports.making")


@pytest.mark.parametrize("module", LIGHT)
def test_what_answers_at_once_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(*{{m.split('.')[0] for m in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "ctevidence" in run.stdout.split()
    assert HEAVY & {*run.stdout.split()} == set()


@pytest.mark.parametrize("name", ctevidence.__all__)
def test_every_public_name_is_there(name):
    assert getattr(ctevidence, name) is not None
    assert name in dir(ctevidence)


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no name 'fit_respones'"):
        ctevidence.fit_respones  # noqa: B018
