"""The file of words: complete, used, and the only place in which sentences stand."""

import ast
import re
from pathlib import Path

import pytest

import ctevidence
from ctevidence.language import (
    Language,
    differences,
    is_said,
    language,
    named,
    pick,
    placeholders,
    read_language,
    say,
    speaking,
    spoken,
    words,
)
from ctevidence.names import MADE, WHOLE

ROOT = Path(__file__).parents[1]
SOURCE = Path(ctevidence.__file__).parent
FILE = SOURCE / "words" / "en.toml"
ENTRIES = language().entries


def calls():
    """Every call that names words: (where, function, first argument, named values)."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if name in ("say", "pick", "words", "in_both", "name_of") and node.args:
                where = f"{path.relative_to(SOURCE)}:{node.lineno}"
                first = node.args[0]
                key = first.value if isinstance(first, ast.Constant) else None
                key = f"{MADE}.{key}" if name == "name_of" else key
                yield where, name, key, {k.arg for k in node.keywords}


CALLS = list(calls())
FILLED = ("say", "in_both", "name_of")
TABLES = {key for _, kind, key, _ in CALLS if kind in ("pick", "words")}


def below(table):
    return {k for k in ENTRIES if k.startswith(f"{table}.")}


def test_english_is_read_once_however_it_is_asked_for():
    assert language() is language("en") is spoken()


def test_every_call_names_its_words():
    assert [where for where, _, key, _ in CALLS if key is None] == []
    assert len(CALLS) > 100


@pytest.mark.parametrize(
    ("where", "key", "named"), [(w, k, n) for w, f, k, n in CALLS if f in FILLED]
)
def test_a_template_that_is_said_exists_with_exactly_these_placeholders(where, key, named):
    assert key in ENTRIES, where
    wanted = placeholders(ENTRIES[key])
    # values handed on as a whole (**names) are seen when the sentence is made
    assert named - {None} <= wanted, where
    assert None in named or named == wanted, where


def test_no_value_takes_the_name_of_what_chooses_the_words():
    taken = {"say": {"key"}, "in_both": {"key"}, "pick": {"table", "name"}}
    assert [w for w, f, _, named in CALLS if named & taken.get(f, set())] == []


def test_every_table_that_is_used_exists():
    assert [table for table in TABLES if not below(table)] == []


def test_every_entry_is_used():
    said = {key for _, kind, key, _ in CALLS if kind in FILLED}
    # names of rows are looked up by what they are: tests/test_names.py
    in_tables = set().union(*map(below, {*TABLES, WHOLE, MADE}))
    assert set(ENTRIES) - said - in_tables == set()


def test_what_is_missing_is_an_error_that_says_so():
    with pytest.raises(KeyError, match='No words "counts.trails".*did you mean "counts.trials"'):
        say("counts.trails", count=1)
    with pytest.raises(KeyError, match="direction.hram"):
        pick("direction", "hram")
    with pytest.raises(KeyError, match='No table "direktion"'):
        words("direktion")
    with pytest.raises(ValueError, match=r"no value for \['count'\]"):
        say("counts.trials")
    with pytest.raises(ValueError, match=r"no place for \['people'\]"):
        say("counts.trials", count=1, people=2)


def test_what_was_said_is_known_again_in_the_language_it_was_said_in():
    assert is_said("answers.none", say("answers.none", why="too few (2) trials."))
    assert not is_said("answers.none", say("answers.no_trial"))
    with speaking(strange()):
        assert not is_said("answers.none", "No answer: none.")
        assert is_said("answers.none", say("answers.none", why="none"))


def test_a_placeholder_is_a_name_and_nothing_else():
    for template in ("{row.estimate}", "{value:.2f}", "{value!r}", "{}", "{0}"):
        with pytest.raises(ValueError, match="more than a name"):
            Language("x", {"a": template})
    for template in ("{value", "value}"):
        with pytest.raises(ValueError, match=r'"a".*brackets without a partner'):
            Language("x", {"a": template})


def test_a_file_that_is_no_toml_is_named(tmp_path):
    path = tmp_path / "xx.toml"
    path.write_text("[a\n")
    with pytest.raises(ValueError, match=r"xx\.toml is no TOML"):
        read_language(path)
    path.write_bytes("[a]\nb = 'Größe'\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"xx\.toml is no TOML in UTF-8"):
        read_language(path)


def test_an_entry_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "xx.toml"
    path.write_text("[a]\nb = 1\n")
    with pytest.raises(ValueError, match="a.b"):
        read_language(path)


def test_a_second_language_must_be_complete():
    english = language()
    entries = dict(english.entries)
    entries["counts.trials"] = "Studien"
    del entries["level.share"]
    entries["level.extra"] = "x"
    assert differences(Language("de", entries), english) == [
        "counts.trials has other placeholders",
        "level.extra is not known",
        "level.share is missing",
    ]
    assert differences(english, english) == []


def test_a_file_of_words_is_a_language(monkeypatch, tmp_path):
    english = FILE.read_text("utf-8")
    path = tmp_path / "xx.toml"
    path.write_text(english.replace('"{count} trials"', '"{count} Studien"'), "utf-8")
    monkeypatch.setenv("CTEVIDENCE_LANGUAGE", str(path))
    assert say("counts.trials", count=8) == "8 Studien"
    assert spoken().name == "xx"
    assert spoken().checksum != language().checksum
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CTEVIDENCE_LANGUAGE", "xx.toml")
    assert named() == str(path)  # also where a notebook runs
    monkeypatch.setenv("CTEVIDENCE_LANGUAGE", "yy.toml")
    with pytest.raises(ValueError, match=r"no file of words .*yy\.toml"):
        spoken()


def test_an_unfinished_file_of_words_is_refused_with_what_it_lacks(tmp_path):
    path = tmp_path / "xx.toml"
    english = FILE.read_text("utf-8").replace('"{count} trials"', '"{number} Studien"')
    path.write_text(english.replace('one_study = "one study"\n', ""), "utf-8")
    lacks = r"counts\.one_study is missing; counts\.trials has other placeholders\."
    with pytest.raises(ValueError, match=lacks):
        language(str(path))
    begun = tmp_path / "yy.toml"
    begun.write_text("[counts]\n", "utf-8")
    with pytest.raises(ValueError, match=r"is missing; and \d+ more\."):
        language(str(begun))


def test_an_unknown_language_lists_those_there_are(monkeypatch):
    monkeypatch.setenv("CTEVIDENCE_LANGUAGE", "xx")
    with pytest.raises(ValueError, match="Known: en"):
        spoken()


def strange() -> Language:
    """English with every letter outside a placeholder turned into a sign."""

    def turned(template):
        parts = re.split(r"(\{\w+\})", template)
        return "".join(p if p.startswith("{") else re.sub("[A-Za-z]", "¤", p) for p in parts)

    return Language("strange", {key: turned(text) for key, text in ENTRIES.items()})


@pytest.mark.parametrize("certainty", [None, "high", "very low"])
def test_no_word_of_a_sentence_stands_outside_the_file(certainty):
    from ctevidence.contrasts import (  # noqa: PLC0415
        antagonism,
        better_than_both,
        compare,
        counted_levels,
        not_worse_than,
        per_arm,
        reference_models,
        synergy,
    )
    from ctevidence.display.sentences import sentence  # noqa: PLC0415

    levels = counted_levels((76, 66, 48, 39), (107, 109, 111, 112), week=12, outcome="response")
    asked = [
        *per_arm(levels),
        *compare(levels, "combined", against="medication"),
        compare(levels, "combined", against="therapy", measure="risk_ratio").one(),
        compare(levels, "combined", against="therapy", measure="nnt").one(),
        synergy(levels),
        better_than_both(levels),
        *reference_models(levels),
        not_worse_than(levels, "combined", against="therapy", margin=0.05),
        antagonism(levels, margin=float("nan")),
    ]
    with speaking(strange()):
        told = [sentence(each, certainty, "open") for each in asked]
    assert all(told)
    for text in told:
        # only what the data call themselves, and abbreviations that are numbers, are left
        left = re.sub(r"NNT[BH]|response|combined|therapy|medication|certainty", "", text)
        left = left.replace("the study declares no margin of its own", "").replace(
            str(certainty), ""
        )
        assert not re.search("[A-Za-z]", left), text


def test_the_glossary_page_is_made_from_the_file():
    from ctevidence.display.glossary import glossary_page  # noqa: PLC0415

    page = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    assert page == glossary_page(), "run: python -m ctevidence.display.glossary > docs/glossary.md"
