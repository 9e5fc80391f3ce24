"""Words: every sentence is made from a template of one file; a second language is a second file.

The file ``words/en.toml`` holds three kinds of entry: a *template* (``say``), a table of templates
of which one is chosen (``pick``), and a table of plain words (``words``). A missing entry and a
missing or unknown placeholder are errors, never an empty place in a sentence.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from string import Formatter

from ctevidence.terms import did_you_mean

LANGUAGE_VARIABLE = "CTEVIDENCE_LANGUAGE"
ENGLISH = "en"
#: what an unfinished language lacks is named up to so many entries
SHOWN = 20


@dataclass(frozen=True, eq=False)
class Language:
    """The entries of one file by path: ``contrast.level``.

    Parameters
    ----------
    name : str
    entries : mapping of str to str

    Raises
    ------
    ValueError
        For a placeholder that is more than a name: formats and attributes have no place here.
    """

    name: str
    entries: Mapping[str, str]

    def __post_init__(self) -> None:
        for key, template in self.entries.items():
            placeholders(template, key)

    def fill(self, key: str, values: Mapping[str, object]) -> str:
        """A template with all its placeholders filled.

        Raises
        ------
        KeyError
            When there is no such template.
        ValueError
            When a placeholder has no value, or a value no placeholder.
        """
        if key not in self.entries:
            raise KeyError(f'No words "{key}" in language {self.name}{_near(key, self.entries)}')
        template = self.entries[key]
        wanted = placeholders(template, key)
        if wanted != set(values):
            lacking, beyond = sorted(wanted - set(values)), sorted(set(values) - wanted)
            raise ValueError(
                f'Words "{key}" of language {self.name}: no value for {lacking or "nothing"}, no '
                f"place for {beyond or 'nothing'}. Give exactly {sorted(wanted)}."
            )
        return template.format(**values)

    def table(self, name: str) -> dict[str, str]:
        """The entries below a path, by the rest of it.

        Raises
        ------
        KeyError
            When there is no such table.
        """
        if name not in self._tables:
            raise KeyError(f'No table "{name}" in language {self.name}{_near(name, self._tables)}')
        return dict(self._tables[name])

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of all entries: results kept in one language are none of another."""
        told = "".join(f"{key}={text}\n" for key, text in sorted(self.entries.items()))
        return sha256(told.encode()).hexdigest()

    @cached_property
    def _tables(self) -> dict[str, dict[str, str]]:
        """Entries by every path above them: every label of a page is looked up here."""
        found: dict[str, dict[str, str]] = {}
        for key, text in self.entries.items():
            parts = key.split(".")
            for depth in range(1, len(parts)):
                above, below = ".".join(parts[:depth]), ".".join(parts[depth:])
                found.setdefault(above, {})[below] = text
        return found


def _near(word: str, known) -> str:
    """A suggestion, without the hundreds of entries there are."""
    return did_you_mean(word, known).split(" Known:")[0]


@cache
def placeholders(template: str, key: str = "") -> frozenset[str]:
    """Names in curly brackets.

    Examples
    --------
    >>> sorted(placeholders("{best} with {arm}"))
    ['arm', 'best']
    """
    found = set()
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f'Words "{key}": brackets without a partner ({error}).') from error
    for _, name, style, conversion in parts:
        if name is None:
            continue
        if not name.isidentifier() or style or conversion:
            raise ValueError(f'Words "{key}": the placeholder "{{{name}}}" is more than a name.')
        found.add(name)
    return frozenset(found)


def read_language(path: str | Path, name: str = "") -> Language:
    """A language from a file.

    Raises
    ------
    ValueError
        When the file is no TOML, or an entry is not text.
    """
    try:
        content = tomllib.loads(Path(path).read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML in UTF-8: {error}.") from error
    return Language(name or Path(path).stem, dict(_flat(content, "")))


def _flat(values: Mapping, start: str) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        path = f"{start}.{key}".strip(".")
        if isinstance(value, Mapping):
            yield from _flat(value, path)
        elif isinstance(value, str):
            yield path, value
        else:
            raise ValueError(f'Words "{path}" are not text but {value!r}.')


def language(name: str = ENGLISH) -> Language:
    """A language that the package holds, or a file of words; complete: as English, key for key.

    Parameters
    ----------
    name : str
        ``en``, or the path of a file, ``words/de.toml``, whose name is then the language's.

    Raises
    ------
    ValueError
        When there is no such file, or it differs from English in its keys or placeholders.
    """
    return _language(name)


@cache
def _language(name: str) -> Language:
    folder = files("ctevidence") / "words"
    there = sorted(f.name.removesuffix(".toml") for f in folder.iterdir())
    if is_file := name.endswith(".toml"):
        if not Path(name).is_file():
            raise ValueError(f"There is no file of words {Path(name).absolute()}.")
    elif name not in there:
        known = did_you_mean(name, there)
        raise ValueError(f'There is no language "{name}"{known} A file of words ends in .toml.')
    found = read_language(name if is_file else str(folder / f"{name}.toml"))
    if problems := differences(found, found if name == ENGLISH else language()):
        more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        told = "; ".join(problems[:SHOWN])
        raise ValueError(f"Language {name} is not complete: {told}{more}.")
    return found


def differences(given: Language, model: Language) -> list[str]:
    """What a language lacks, has beyond another, or fills differently."""
    found = [f"{key} is missing" for key in model.entries if key not in given.entries]
    found += [f"{key} is not known" for key in given.entries if key not in model.entries]
    for key in given.entries.keys() & model.entries.keys():
        if placeholders(given.entries[key]) != placeholders(model.entries[key]):
            found.append(f"{key} has other placeholders")
    return sorted(found)


_SPOKEN: ContextVar[Language | None] = ContextVar("language", default=None)


def spoken() -> Language:
    """The language in use: English unless the environment names another, or a file of words."""
    return _SPOKEN.get() or language(named())


def named() -> str:
    """What the environment names; a file by its whole path, since notebooks run elsewhere."""
    name = os.environ.get(LANGUAGE_VARIABLE) or ENGLISH
    return str(Path(name).absolute()) if name.endswith(".toml") else name


@contextmanager
def speaking(chosen: Language) -> Iterator[None]:
    """Use a language for a while."""
    token = _SPOKEN.set(chosen)
    try:
        yield
    finally:
        _SPOKEN.reset(token)


def say(key: str, /, **values: object) -> str:
    """The template of a key, filled.

    Examples
    --------
    >>> say("counts.trials", count=8)
    '8 trials'
    """
    return spoken().fill(key, values)


def pick(table: str, name: str, /, **values: object) -> str:
    """The template that a name chooses in a table, filled; values it has no place for are let be.

    Examples
    --------
    >>> pick("direction", "harm")
    'harm'
    """
    found = spoken()
    key = f"{table}.{name}"
    wanted = placeholders(found.entries[key], key) if key in found.entries else set(values)
    return found.fill(key, {k: v for k, v in values.items() if k in wanted})


def is_said(key: str, text: str) -> bool:
    """Whether a text was made from the template of a key, whatever filled it.

    Examples
    --------
    >>> is_said("counts.trials", "8 trials"), is_said("counts.trials", "8 people")
    (True, False)
    """
    parts = Formatter().parse(spoken().entries[key])
    pattern = "".join(re.escape(plain) + ".*" * (name is not None) for plain, name, *_ in parts)
    return re.fullmatch(pattern, text) is not None


def words(table: str) -> dict[str, str]:
    """A table of plain words, by name."""
    return spoken().table(table)


def capital(text: str) -> str:
    """With a capital letter in front."""
    return text[:1].upper() + text[1:]


def in_both(key: str, **values: object) -> tuple[str, ...]:
    """What a key says in the language in use and in English: to find what either has made.

    Where something is hidden because of words, it must be so whatever language made them.

    Examples
    --------
    >>> in_both("counted.limit")
    ('than',)
    """
    return tuple(dict.fromkeys(f.fill(key, values) for f in (spoken(), language())))


def pattern(key: str, **shapes: str) -> re.Pattern:
    """What the template of a key looks like once it is filled, to find its sentences again.

    Parameters
    ----------
    key : str
    **shapes : str
        Regular expression of what fills a placeholder; anything at all when absent.

    Examples
    --------
    >>> pattern("counts.trials", count="[0-9]+").search("pooled from 8 trials")["count"]
    '8'
    """
    return pattern_of(spoken().entries[key], **shapes)


def pattern_of(template: str, **shapes: str) -> re.Pattern:
    """What a template looks like once it is filled; as `pattern`.

    Examples
    --------
    >>> pattern_of("early {name}").fullmatch("early score")["name"]
    'score'
    """
    found = ""
    for text, name, _, _ in Formatter().parse(template):
        found += re.escape(text)
        found += f"(?P<{name}>{shapes.get(name, '.+')})" if name else ""
    return re.compile(found)


def listed(parts: Iterable[str], between: str = "and") -> str:
    """Parts one after the other, with the word that a language sets between them.

    Parameters
    ----------
    parts : iterable of str
    between : str
        ``and``, ``or``, ``nor``: an entry of the table ``between``.

    Examples
    --------
    >>> listed(["medication", "therapy"]), listed(["control", "therapy"], "nor")
    ('medication and therapy', 'control and no therapy')
    """
    return pick("between", between).join(parts)
