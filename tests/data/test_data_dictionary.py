"""The data dictionary, data/README.md, says what the code reads: no more, no less."""

import re
from pathlib import Path

import pytest

from ctevidence.data.column_rules import MAPPING_FILE
from ctevidence.data.columns import EVENTS
from ctevidence.data.declaration import read_declaration
from ctevidence.data.mapping import read_mapping
from ctevidence.data.sources import list_sources
from ctevidence.data.tables import RESERVED
from ctevidence.data.tables import TABLE_COLUMNS as STUDY_TABLES
from ctevidence.data.toml_file import read_toml
from ctevidence.data.toml_table import TomlTable
from ctevidence.data.trial_columns import TABLE_COLUMNS as TRIAL_TABLES
from ctevidence.data.trial_columns import WORDS
from ctevidence.data.trial_contrasts import MEASURE_SCALES
from ctevidence.data.trials_declaration import declaration

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "data" / "README.md").read_text(encoding="utf-8")

#: Tables that the shipped declarations do not use, so that every key is asked for.
STUDY_MORE = """
[files]
[events]
other = []
[covariates]
age = "number"
[missing_items]
BDI = 0
[retention.reasons]
"felt well" = "well"
[clinical_change]
method = "jacobson-truax"
reliability = 0.89
norms = "sample"
threshold = 9
[[intercurrent]]
event = "dropout"
strategy = "composite"
[maintenance]
entered_after = "remission"
acute_treatment = "sertraline"
continued = ["control", "medication", "therapy", "combined"]
[multiverse]
models = ["counts"]
"""


def section(name):
    """Rows of the first table under a heading, as lists of cells."""
    body = TEXT.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0].split("\n# ", 1)[0]
    rows = [line for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def described(name):
    """What a section says of each name: (values, needed)."""
    return {row[0].strip("`"): (row[2], row[3]) for row in section(f"`{name}`")}


@pytest.mark.parametrize("table", [*STUDY_TABLES, *TRIAL_TABLES])
def test_columns(table):
    columns = (STUDY_TABLES | TRIAL_TABLES)[table]
    assert list(described(table)) == list(columns)


@pytest.mark.parametrize("table", [*STUDY_TABLES, *TRIAL_TABLES])
def test_what_is_needed(table):
    for name, column in (STUDY_TABLES | TRIAL_TABLES)[table].items():
        _, needed = described(table)[name]
        if column.required:
            assert needed.startswith("yes" if column.filled else "column"), name
        else:
            assert not needed.startswith("column"), name
            assert needed != "yes", name


def test_words():
    column, words = "", {}
    for first, word, _ in section("Words of published trials"):
        column = first.strip("`") or column
        words.setdefault(column, []).append(word.strip("`"))
    assert words == {name: list(known) for name, known in WORDS.items()}


def test_measures_have_a_scale():
    assert set(MEASURE_SCALES) == set(WORDS["measure"])
    meanings = {
        word.strip("`"): meaning for _, word, meaning in section("Words of published trials")
    }
    for measure, scale in MEASURE_SCALES.items():
        assert meanings[measure].endswith(f"{scale} scale")


def test_events_and_reserved_names():
    values, _ = described("events")["event"]
    assert tuple(re.findall(r"`(\w+)`", values)) == EVENTS
    for name in RESERVED:
        assert f"`{name}`" in TEXT.split("## `visits`")[0]


# -- keys of TOML files ---------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch):
    """Keys that a reader asks for, and whether it needs them; tables of keys left out."""
    found = {}
    take = TomlTable._take

    def noted(self, key, wanted, accept, required):
        if not wanted.startswith(("a table", "a list of tables")):
            found[self._path(key)] = required
        return take(self, key, wanted, accept, required)

    monkeypatch.setattr(TomlTable, "_take", noted)
    return found


def general(path):
    """A key as the dictionary writes it: without the names that a study chooses."""
    path = re.sub(r"\[\d+\]", "", path)
    tables = "participants|visits|events|treatments|arms|contrasts"
    keys = "from|columns|long|sheet|header|labels|user_missing|database|query|beside"
    path = re.sub(rf"^({tables})\.(?=({keys})\b)", "TABLE.", path)
    for pattern, name in (
        (r"^arms\.[^.]+", "arms.NAME"),
        (r"^covariates\..+", "covariates.NAME"),
        (r"^definitions\.[^.]+", "definitions.NAME"),
        (r"^retention\.reasons\.[^.]+", "retention.reasons.REASON"),
        (r"^modifiers\.[^.]+", "modifiers.COLUMN"),
        (r"^missing_items\..+", "missing_items.SCALE"),
        (r"^same_trials\..+", "same_trials.SOURCE.STUDY"),
        (r"^use_arms\..+", "use_arms.TRIAL"),
        (r"^labels\..+", "labels.TRIAL"),
        (r"^add_flags\..+", "add_flags.FLAG.TRIAL"),
        (r"^treatments\..+", "treatments.NAME"),
        (r"^people\..+", "people.STUDY.NAME"),
        (r"^vocabulary\..+", "vocabulary.COLUMN"),
    ):
        path = re.sub(pattern, name, path)
    return path


def compare(file, asked):
    keys = {general(path): required for path, required in asked.items()}
    documented = described(file)
    assert set(documented) == set(keys)
    for key, (_, needed) in documented.items():
        if needed == "yes":
            assert keys[key], key
        if needed == "no" and not key.rpartition(".")[2].isupper():  # names chosen by the study
            assert not keys[key], key


def test_keys_of_study_toml(asked, tmp_path):
    shipped = (ROOT / "data" / "raw" / "beat-the-blues" / "study.toml").read_text(encoding="utf-8")
    # a maintenance trial counts relapse from randomisation
    shipped = shipped.replace('after = "remission"', 'after = "baseline"')
    (tmp_path / "study.toml").write_text(shipped + STUDY_MORE, encoding="utf-8")
    _, problems = read_declaration(tmp_path / "study.toml")
    assert problems == []
    compare("study.toml", asked)


def test_keys_of_trials_toml(asked, tmp_path):
    shipped = (ROOT / "data" / "raw" / "linde2016" / "trials.toml").read_text(encoding="utf-8")
    (tmp_path / "trials.toml").write_text(
        shipped
        + "[files]\n[vocabulary]\n[use_arms]\nx = 'y'\n[labels]\nx = 'y'\n"
        + "[add_flags.completers]\nx = 'y'\n",
        encoding="utf-8",
    )
    root = read_toml(tmp_path / "trials.toml")
    declaration(root)
    assert root.problems == []
    compare("trials.toml", asked)


def test_keys_of_prepare_toml(asked, tmp_path):
    shipped = (ROOT / "data" / "raw" / "beat-the-blues" / MAPPING_FILE).read_text(encoding="utf-8")
    beside = '[visits.beside]\nfrom = "x.csv"\nby = "id"\ncolumns = ["start"]\n'
    (tmp_path / MAPPING_FILE).write_text(shipped + beside + "[files]\n", encoding="utf-8")
    read_mapping(tmp_path / MAPPING_FILE, ("participants", "visits"))
    # the file beside is named by the same keys
    named = {key for key in asked if re.search(r"beside\.(?!by|columns)", key)}
    for key in named:
        assert asked.pop(key) == asked[key.replace("beside.", "")]
    asked |= {"TABLE.columns.NAME": True, "TABLE.where.COLUMN": False}  # taken as a whole
    compare("prepare.toml", asked)


def test_ways_to_make_a_column(tmp_path):
    example = TEXT.split("## `prepare.toml`", 1)[1].split("```toml\n", 1)[1].split("```", 1)[0]
    toml = f'[arms]\nfrom = "x.csv"\n[arms.columns]\n{example}'
    (tmp_path / MAPPING_FILE).write_text(toml, encoding="utf-8")
    (mapping,), _ = read_mapping(tmp_path / MAPPING_FILE, ("arms",))
    assert [type(rule).__name__ for rule in mapping.rules.values()] == [
        *("Copied", "Constant", "Recoded", "Numbered", "ByCases", "StudyDay", "DaysSince")
    ]


# -- sources --------------------------------------------------------------------------------------


def test_every_source_is_listed():
    listed = re.findall(r"\(raw/([\w-]+)/SOURCE\.md\)", TEXT)
    assert sorted(listed) == [source.name for source in list_sources(ROOT) if source.raw]
    for name in listed:
        assert (ROOT / "data" / "raw" / name / "SOURCE.md").is_file()
