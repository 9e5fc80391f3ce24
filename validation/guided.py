"""Guided damage: a damaged study that takes the reader down a new branch is damaged further.

Blind damage reaches the same branches over and over: one cell, one message. Here a study is kept
when reading it reached a branch of the package that no study before it reached, and later studies
are made from those that were kept. Functions are marked at their branches while this goes on, which
costs nothing that could be measured (following every line as a debugger does takes three times as
long), and needs nothing that is not installed.
"""

from __future__ import annotations

import ast
import builtins
import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import CodeType, FunctionType

import ctevidence.data

#: Branches are marked in the files of this room.
ROOM = Path(ctevidence.data.__file__).parent
#: A branch: the file, its line, and which way it goes there.
Branch = tuple[str, int, str]
#: One study in so many takes a file from another study that was kept.
CROSSED = 8
_MARK = "__branch_reached__"

Files = dict[str, bytes]


@dataclass
class Reached:
    """What a number of studies came to.

    Parameters
    ----------
    found : Counter
        What became of them, in words.
    branches : set of Branch
        What reading them reached.
    kept : list of (dict, str)
        The studies that reached a new branch, and what became of each; the sound one first.
    """

    found: Counter = field(default_factory=Counter)
    branches: set[Branch] = field(default_factory=set)
    kept: list[tuple[Files, str]] = field(default_factory=list)


def guided(
    sound: Files,
    damage: Callable[[Files, Random], Files],
    read: Callable[[Files], str],
    rng: Random,
    count: int,
    room: Path = ROOM,
) -> Reached:
    """Damage and read, keeping what reaches a new branch.

    Parameters
    ----------
    sound : dict of str to bytes
        The files of a sound study, by name.
    damage : callable
        Makes other files of files.
    read : callable
        Reads files, and says what came of it in a word.
    rng : Random
    count : int
        Studies to read.
    room : Path
        Branches in the files of this folder are looked at.
    """
    with branches_marked(room) as seen:
        words = read(sound)
        reached = Reached(branches=set(seen), kept=[(sound, words)])
        for _ in range(count):
            files = damage(chosen(reached.kept, words, rng), rng)
            seen.clear()
            found = read(files)
            reached.found[found] += 1
            if seen - reached.branches:
                reached.branches |= seen
                reached.kept.append((files, found))
    return reached


def chosen(kept: list[tuple[Files, str]], sound: str, rng: Random) -> Files:
    """A study to damage: the sound one, one that is read as it is, or any, equally often."""
    like = [files for files, words in kept if words == sound]
    files = rng.choice(rng.choice([like[:1], like, [files for files, _ in kept]]))
    if rng.randrange(CROSSED) == 0:
        other, _ = rng.choice(kept)
        files = files | dict([rng.choice(sorted(other.items()))])
    return files


# -- branches -------------------------------------------------------------------------------------


@contextmanager
def branches_marked(room: Path) -> Iterator[set[Branch]]:
    """Mark the functions of a room at their branches.

    Yields
    ------
    set of Branch
        Grows while functions run; whoever looks at it empties it.
    """
    functions = [f for f in gc.get_objects() if isinstance(f, FunctionType)]
    whole = {f: f.__code__ for f in functions if Path(f.__code__.co_filename).parent == room}
    marked = {file: _marked(file) for file in {code.co_filename for code in whole.values()}}
    seen: set[Branch] = set()
    setattr(builtins, _MARK, seen.add)
    try:
        for function, code in whole.items():
            function.__code__ = marked[code.co_filename].get(_place(code), code)
        yield seen
    finally:
        for function, code in whole.items():
            function.__code__ = code
        delattr(builtins, _MARK)


def _marked(file: str) -> dict[tuple[str, int], CodeType]:
    """The code of each function of a file, with its marks."""
    tree = _Marks(Path(file).name).visit(ast.parse(Path(file).read_text(encoding="utf-8")))
    found, left = {}, [compile(ast.fix_missing_locations(tree), file, "exec", dont_inherit=True)]
    while left:
        code = left.pop()
        found[_place(code)] = code
        left += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
    return found


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


class _Marks(ast.NodeTransformer):
    """Puts a mark at the beginning of each branch."""

    def __init__(self, file: str) -> None:
        self.file = file

    def _mark(self, node: ast.AST, way: str) -> ast.Expr:
        branch = ast.Constant((self.file, node.lineno, way))
        return ast.Expr(ast.Call(ast.Name(_MARK, ast.Load()), [branch], []))

    def _begin(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, self._mark(node, "into"))
        return node

    visit_For = visit_While = visit_ExceptHandler = _begin  # noqa: N815 (names of the ast module)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:  # noqa: N802
        self.generic_visit(node)
        node.body.insert(ast.get_docstring(node) is not None, self._mark(node, "into"))
        return node

    def visit_If(self, node: ast.If) -> ast.If:  # noqa: N802
        self._begin(node)
        node.orelse.insert(0, self._mark(node, "past"))
        return node
