"""The template is a sound study, for someone who has never seen the package."""

import shutil
import tomllib
from pathlib import Path

import pytest

from ctevidence.data.columns import EVENTS
from ctevidence.data.readers import read_study
from ctevidence.data.study import DISCLOSURE_PROFILES
from ctevidence.data.template import write_template
from ctevidence.data.writers import write_study
from ctevidence.simulate.study import simulate_study


def test_the_template_passes_the_check(tmp_path: Path) -> None:
    study = read_study(write_template(tmp_path / "new", "my-trial"))
    assert study.name == "my-trial"
    assert study.is_synthetic
    assert {str(arm.treatment) for arm in study.arms} == {
        *("control", "medication", "therapy", "combined")
    }
    assert len(study.entering()) == len(study.participants)


def test_simulated_tables_fit_the_template(tmp_path: Path) -> None:
    # what someone does first: fill the template's tables without touching study.toml
    folder = write_template(tmp_path / "new", "my-trial")
    filled = write_study(simulate_study(n=80, seed=5), tmp_path / "simulated")
    for table in filled.glob("*.csv"):
        shutil.copy(table, folder)
    assert len(read_study(folder).participants) == 80


def test_the_name_stands_everywhere(tmp_path: Path) -> None:
    folder = write_template(tmp_path / "new", "my-trial")
    assert {path.name for path in folder.iterdir()} == {
        *("study.toml", "participants.csv", "visits.csv", "events.csv", "treatments.csv"),
        "README.md",
    }
    assert all("new-study" not in path.read_text() for path in folder.iterdir())
    assert "ctevidence report my-trial" in (folder / "README.md").read_text()


def test_remarks_that_show_a_key_can_be_taken_as_they_are(tmp_path: Path) -> None:
    # the keys in remarks, uncommented: the file stays TOML, and the reader knows each key
    path = write_template(tmp_path / "new", "my-trial") / "study.toml"
    text = path.read_text()
    for shown in (
        '[scales."My scale"]\n# label = "My scale"\n# low = 0\n# high = 40\n# better = "lower"',
        '[missing_items]\n# "PHQ-9" = 2',
        '[events]\n# other = ["pregnancy"]',
        '[clinical_change]\n# method = "jacobson-truax"\n# reliability = 0.89\n# norms = "sample"\n'
        "# threshold = 10",
        '[definitions.third]\n# label = "30 % fall"\n# kind = "percent_fall"\n# percent = 30\n'
        '# missing = ["observed", "non-response"]',
        '[modifiers.age]\n# kind = "groups"\n# cuts = [40, 60]\n# is_age = true',
        "allow_missing_baseline = true",
        'notes = ["A remark that every report repeats."]',
    ):
        assert text.count(f"# {shown}") == 1
        text = text.replace(f"# {shown}", shown.replace("\n# ", "\n"))
    path.write_text(text)
    tomllib.loads(text)
    assert read_study(path.parent).missing_items == {"PHQ-9": 2}


def test_every_known_word_is_explained(tmp_path: Path) -> None:
    text = (write_template(tmp_path / "new", "my-trial") / "study.toml").read_text()
    for word in (*EVENTS, *DISCLOSURE_PROFILES):
        assert word in text


@pytest.mark.parametrize("name", ["My trial", "../x", "", "a--b", "trial.1"])
def test_names_that_cannot_name_a_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a study"):
        write_template(tmp_path / "new", name)
    assert not (tmp_path / "new").exists()


def test_a_likely_name_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='"my-trial-2"'):
        write_template(tmp_path / "new", "My Trial 2")


def test_an_existing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError, match="exists already"):
        write_template(tmp_path, "my-trial")
