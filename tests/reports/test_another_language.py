"""A second language is one file: a pack in a language that nobody speaks, and what stays English.

Every letter of every entry is turned into one with a mark, so that what a page still says in plain
letters did not come from the file of words. Plain letters may be left in what the data say
themselves, in names and codes, and in the prose of the notebooks, which is their own.
"""

import json
import re
import shutil
import tomllib
from pathlib import Path

import mistune
import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup, NavigableString

from ctevidence.data.project import Project
from ctevidence.data.scales import scales
from ctevidence.data.trial_labels import short_citation
from ctevidence.data.writers import write_study
from ctevidence.evidence.claims_toml import read_claims
from ctevidence.language import LANGUAGE_VARIABLE, language, words
from ctevidence.reports.checklist import checklists
from ctevidence.reports.notebooks import read_notebooks
from ctevidence.reports.run import run_report
from ctevidence.simulate.study import simulate_study

RAW = Path(__file__).parents[2] / "data" / "raw"
PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
MARKED = "áƀćđéƒğħíĵķłɱńóƥɋŕśŧúʋŵẋýźÁɃĆĐÉƑĞĦÍĴĶŁⱮŃÓƤɊŔŚŦÚƲŴẊÝŹ"
WORD = re.compile(r"[A-Za-z]{2,}")
#: parts of a page that are read, or read out
READ = ("alt", "aria-label", "title", "data-label")
#: names of files, checksums, commands, versions: the same in every language
NAMES = (
    r"\bctevidence (?:report|verify) .*",
    r"CTEVIDENCE_LANGUAGE=\S+",
    r"[\w./-]+\.(?:csv|json|html|toml|md|txt|png)\b",
    r"\b(?:estimates|figures|appendix)/",
    r"\b[0-9a-f]{64}\b",
    r"\bSHA-256\b",
    r"\bREML\b",
    r"\b\d\d_[a-z]+\b",  # a notebook
    r"^depression$",  # what a run chose, as it was given
    r"^[a-z]{1,2}(?:, [a-z]{1,2})*$",  # marks of notes
    r"^[a-z]{2}: ",
)


def marked(text):
    """A template with marks on its letters; its placeholders as they are."""
    parts = re.split(r"(\{\w+\})", text)
    return "".join(p if p[:1] == "{" else p.translate(str.maketrans(PLAIN, MARKED)) for p in parts)


def write_language(path):
    """A file of words as a translator would hand it in."""
    lines = (
        f"{'.'.join(json.dumps(part) for part in key.split('.'))} = "
        f"{json.dumps(marked(text), ensure_ascii=False)}\n"
        for key, text in language().entries.items()
    )
    path.write_text("".join(lines), "utf-8")
    return path


def write_renamed(study, folder):
    """A study whose arms are called by no word of the package, so that its words show."""
    write_study(study, folder)
    declared, people = folder / "study.toml", folder / "participants.csv"
    text = declared.read_text("utf-8")
    for treatment, name in OWN_ARMS.items():
        text = text.replace(f"[arms.{treatment}]", f"[arms.{name}]")
        text = text.replace(f'label = "{treatment.capitalize()}"', f'label = "{name.capitalize()}"')
    declared.write_text(text, "utf-8")
    rows = pd.read_csv(people, dtype=str, keep_default_na=False)
    rows.assign(arm=rows["arm"].map(OWN_ARMS)).to_csv(people, index=False)


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A study of all four cells and the published trials, in the language that nobody speaks."""
    folder = tmp_path_factory.mktemp("abroad")
    study = simulate_study(n=80, seed=5)
    write_renamed(study, folder / "data" / "raw" / study.name)
    shutil.copytree(RAW / "published-trials", folder / "data" / "raw" / "published-trials")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(LANGUAGE_VARIABLE, str(write_language(folder / "qps.toml")))
        return run_report(study.name, "published-trials", project=Project(folder)).path


def pieces(html):
    """What a reader sees or hears, piece by piece."""
    page = BeautifulSoup(html, "html.parser")
    for style in page(["style"]):
        style.decompose()
    for text in page.find_all(string=True):
        if type(text) is NavigableString and text.strip():
            yield " ".join(text.split())
    for tag in page.find_all(True):
        yield from (" ".join(tag[name].split()) for name in READ if tag.get(name))


def said_by_data(pack):
    """Texts of the study, of the trials and of the notebooks, longest first."""
    raw = pack.parents[1] / "data" / "raw"
    made_with = json.loads((pack / "manifest.json").read_text("utf-8"))["libraries"]
    texts = {scale.label for scale in scales()} | {*made_with, "ctevidence", "python"}
    texts |= {*OWN_ARMS.values(), *map(str.capitalize, OWN_ARMS.values())}
    for declared in (raw / pack.name / "study.toml", raw / "published-trials" / "trials.toml"):
        texts |= set(_texts(tomllib.loads(declared.read_text("utf-8"))))
    texts |= {text.partition(": ")[0] for text in texts}  # a title without its second half
    # a word of the package is no word of the data because a study declares by it
    known = {name.lower() for name in words("names").values()} | {*words("treatments")}
    texts = {text for text in texts if text.lower() not in known}
    trials = pd.read_csv(raw / "published-trials" / "arms.csv", dtype=str, keep_default_na=False)
    for column in ("trial_id", "citation", "population", "arm", "medication", "therapy"):
        texts |= set(trials[column])
    # each sentence of a caution has a mark of its own
    texts |= {part for told in trials["caution"] for part in re.split(r"[;.] ", told)}
    texts |= set(map(short_citation, trials["citation"]))
    texts |= {checklist.source for checklist in checklists()}
    # claims are data too: a claims.toml says them in another language
    texts |= {t for c in read_claims() for t in (c.says, c.question, c.no_source, c.expected)}
    prose = mistune.create_markdown(plugins=["table"])
    for notebook in read_notebooks():
        cells = nbformat.read(notebook.path, as_version=4).cells
        texts |= {p for c in cells if c.cell_type == "markdown" for p in pieces(prose(c.source))}
        texts |= {name.replace("_", " ") for name in notebook.parameters}
    return sorted((t for t in texts if WORD.search(t)), key=len, reverse=True)


def _texts(value):
    if isinstance(value, str):
        yield " ".join(value.split())
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def outside(pack, path, said):
    """Pieces of a page with words that neither the file of words nor the data say."""
    found = set()
    for piece in set(pieces(path.read_text("utf-8"))):
        left = piece
        for name in NAMES:
            left = re.sub(name, "", left)
        for text in said:
            if text in left:
                left = left.replace(text, "")
        if WORD.search(left):
            found.add(re.sub(r"\d+(?:\.\d+)?", "0", piece))
    return found


OWN_ARMS = {"control": "neither", "medication": "pill", "therapy": "talk", "combined": "pilltalk"}
#: columns of estimates that hold names
NAMED = ("id", "study", "population", "outcome", "arm", "reference", "measure", "unit")
PAGES = (
    "index", "report", "brief", "appendix/index", "appendix/behind", "appendix/changes",
    "appendix/checklists", "appendix/estimates", "appendix/01_study", "appendix/02_response",
    "appendix/03_course", "appendix/04_relapse", "appendix/05_trials", "appendix/06_evidence",
    "appendix/07_brief", "appendix/08_sensitivity",
)  # fmt: skip


@pytest.fixture(scope="module")
def said(pack):
    return said_by_data(pack)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_comes_from_the_file_of_words(pack, said, page):
    found = outside(pack, pack / f"{page}.html", said)
    assert not found, "\n".join(sorted(found))


def test_names_in_files_are_the_same_in_every_language(pack):
    """What claims, code and other reports find rows by; pages say it in words."""
    marks = set(MARKED)
    for path in (pack / "estimates").glob("*.csv"):
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in NAMED:
            assert not marks & set("".join(rows[column])), (path.name, column)
        assert marks & set("".join(rows["method"])), path.name  # sentences are not names
    estimands = json.loads((pack / "results.json").read_text("utf-8"))["estimands"]
    assert not marks & set("".join(each["outcome"] + each["population"] for each in estimands))


def test_every_page_is_looked_at_and_says_its_language(pack):
    pages = {path.relative_to(pack).with_suffix("").as_posix() for path in pack.rglob("*.html")}
    assert pages == set(PAGES)
    for path in pack.rglob("*.html"):
        assert '<html lang="qps">' in path.read_text("utf-8"), path.name


def test_the_pack_was_held_against_all_rules_and_names_its_language(pack):
    checks = json.loads((pack / "checks.json").read_text("utf-8"))
    assert [check["rule"] for check in checks] == [
        marked(language().entries[f"check_rules.R{number}"]) for number in range(1, 17)
    ]
    assert json.loads((pack / "manifest.json").read_text("utf-8"))["language"] == "qps"


def test_marks_fall_on_every_letter_and_on_no_placeholder():
    told = marked("Of {people} people, {best} with {arm}: NNTB {size}.")
    assert re.findall(r"[A-Za-z_]+", told) == ["people", "best", "arm", "size"]
    assert told.lower() == marked("of {people} people, {best} with {arm}: nntb {size}.")
