"""Guided damage: a damaged study that takes the reader along a new way is damaged further.

What blind damage reaches is the same over and over: one cell, one message. Here a study is kept
when reading it took a step from one line of the package to another that no study before it took,
and later studies are made from those that were kept. Python itself says which steps are taken
(`sys.settrace`), so that nothing else has to be installed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

import ctevidence.data

#: Steps are counted in the files of this room.
ROOM = str(Path(ctevidence.data.__file__).parent)
#: A step: the file, a line of it, and the line after it; 0 before the first line of a call.
Step = tuple[str, int, int]
#: One study in so many takes a file from another study that was kept.
CROSSED = 8

Files = dict[str, bytes]


@dataclass
class Reached:
    """What a number of studies came to.

    Parameters
    ----------
    found : Counter
        What became of them, in words.
    steps : set of Step
        The steps that were seen while they were read.
    kept : list of (dict, str)
        The studies that took a new one, and what became of each; the sound one first.
    """

    found: Counter = field(default_factory=Counter)
    steps: set[Step] = field(default_factory=set)
    kept: list[tuple[Files, str]] = field(default_factory=list)


def steps_of(call: Callable, *arguments) -> tuple[object, set[Step]]:
    """What a call returns, and the steps that it took in the files of `ROOM`.

    Parameters
    ----------
    call : callable
    *arguments : object
    """
    steps: set[Step] = set()

    def enter(frame: FrameType, *_) -> Callable | None:
        file, last = frame.f_code.co_filename, 0
        if not file.startswith(ROOM):
            return None

        def follow(frame: FrameType, event: str, _) -> Callable:
            nonlocal last
            if event == "line":
                steps.add((file, last, frame.f_lineno))
                last = frame.f_lineno
            return follow

        return follow

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        return call(*arguments), steps
    finally:
        sys.settrace(before)


def guided(
    sound: Files,
    damage: Callable[[Files, Random], Files],
    read: Callable[[Files], str],
    rng: Random,
    count: int,
    followed: int,
) -> Reached:
    """Damage and read, keeping what takes a new step.

    Parameters
    ----------
    sound : dict of str to bytes
        The files of a sound study, by name.
    damage : callable
        Makes other files of files.
    read : callable
        Reads files, and says what came of it in a word.
    rng : Random
    count, followed : int
        Studies to read; while the first of them are read, steps are followed, which takes twice
        the time. The others are made from what these have left.
    """
    words, steps = steps_of(read, sound)
    reached = Reached(steps=steps, kept=[(sound, words)])
    for number in range(count):
        files = damage(chosen(reached.kept, words, rng), rng)
        found, steps = steps_of(read, files) if number < followed else (read(files), set())
        reached.found[found] += 1
        if steps - reached.steps:
            reached.steps |= steps
            reached.kept.append((files, found))
    return reached


def chosen(kept: list[tuple[Files, str]], sound: str, rng: Random) -> Files:
    """A study to damage: as often one that is read as the sound one is as any."""
    like = [files for files, words in kept if words == sound]
    files = rng.choice(like if rng.random() < 0.5 else [files for files, _ in kept])
    if rng.randrange(CROSSED) == 0:
        other, _ = rng.choice(kept)
        files = files | dict([rng.choice(sorted(other.items()))])
    return files
