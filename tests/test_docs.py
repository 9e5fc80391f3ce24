"""The documentation points only at what exists: links, modules, functions, commands, names."""

import ast
import importlib
import re
from pathlib import Path

import pytest

import ctevidence
from ctevidence.cli import app

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "ctevidence"
README, METHODS = ROOT / "README.md", ROOT / "docs" / "methods.md"
PAGES = [README, ROOT / "data" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w./-]+\.(?:py|R|json|toml)")


def text_of(page):
    return page.read_text(encoding="utf-8")


def links(text):
    """Targets of relative links and pictures.

    >>> links("[a](b.md#c) ![d](e.png) [f](https://g.org)")
    ['b.md#c', 'e.png']
    """
    return [t for t in LINK.findall(text) if "://" not in t and not t.startswith("mailto:")]


def anchors(text):
    """Anchors of headings, as GitHub makes them.

    >>> anchors("# Better than both: the min test\\n")
    {'better-than-both-the-min-test'}
    """
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


def code(text):
    """What stands in code blocks and code spans, line by line.

    >>> code("say `a b`\\n```bash\\nc\\nd  # e\\n```\\n")
    ['c', 'd  # e', 'a b']
    """
    blocks = [line for block in FENCE.findall(text) for line in block.splitlines()]
    return blocks + CODE_SPAN.findall(FENCE.sub("", text))


def names(page, pattern):
    return sorted({found for line in code(text_of(page)) for found in re.findall(pattern, line)})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_lead_somewhere(page):
    broken = []
    for link in links(text_of(page)):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (anchor and anchor not in anchors(text_of(target))):
            broken.append(link)
    assert broken == []


def test_methods_have_a_table_of_contents_that_holds_every_section():
    text = text_of(METHODS)
    listed = {link[1:] for link in links(text) if link.startswith("#")}
    assert anchors(text) - {"methods", "contents"} <= listed


def test_files_that_methods_name_exist():
    files = [span for span in CODE_SPAN.findall(text_of(METHODS)) if FILE.fullmatch(span)]
    assert len(files) > 50
    # a study's own declaration is named, but stands in no one place
    folders = (SOURCE, ROOT)
    missing = [f for f in files if not any((at / f).is_file() for at in folders)]
    assert set(missing) <= {"study.toml"}


def test_python_names_that_methods_give_in_full_exist():
    given = names(METHODS, r"\bctevidence(?:\.\w+)+")
    assert len(given) >= 5
    assert [dotted for dotted in given if not resolves(dotted)] == []


def resolves(dotted):
    """Whether a dotted name is a module, or something in one.

    >>> resolves("ctevidence.models.mmrm.fit_mmrm"), resolves("ctevidence.models.mmrm.fit_mrmm")
    (True, False)
    """
    module, _, name = dotted.rpartition(".")
    try:
        importlib.import_module(dotted)
    except ImportError:
        return bool(module) and hasattr(importlib.import_module(module), name)
    return True


def test_every_module_of_a_method_is_in_methods():
    """A file of these rooms that cites a source is a method to be written up."""
    cited = re.compile(r"\b(?:19|20)\d\d\)?,")
    named = set(CODE_SPAN.findall(text_of(METHODS)))
    for room in ("contrasts", "models", "sensitivity", "synthesis"):
        for module in sorted((SOURCE / room).glob("*.py")):
            if cited.search(module.read_text(encoding="utf-8")):
                assert module.relative_to(SOURCE).as_posix() in named


def test_commands_of_the_readme_exist():
    there = {c.name or c.callback.__name__ for c in app.registered_commands}
    commands = set(names(README, r"^(?:\S*/)?ctevidence ([a-z]+)"))
    assert {"new", "check", "report", "simulate"} <= commands <= there
    targets = re.findall(r"^([a-z]+):.*##", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert set(names(README, r"^make ([a-z]+)")) <= set(targets)


def test_python_names_of_the_readme_are_public():
    used = names(README, r"\bct\.(\w+)")
    assert len(used) >= 8
    assert set(used) <= set(ctevidence.__all__)
    python = re.findall(r"^```python\n(.*?)^```", text_of(README), re.MULTILINE | re.DOTALL)
    for block in python:
        ast.parse(block)


def test_decisions_have_numbers_of_their_own_and_say_them():
    files = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [int(file.name[:4]) for file in files]
    assert len(set(numbers)) == len(files)
    for number, file in zip(numbers, files, strict=True):
        assert file.name.startswith(f"{number:04d}-")
        assert text_of(file).startswith(f"# {number}. ")
        assert "**Decided:**" in text_of(file)
        assert "**Why:**" in text_of(file)
