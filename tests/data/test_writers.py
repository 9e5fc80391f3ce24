"""What is written is read back as the same study."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.readers import read_study
from ctevidence.data.rules import EntryRule, RelapseRule, RemissionRule, ResponseRule, RetentionRule
from ctevidence.data.scales import declare_scale
from ctevidence.data.study import Rules, Study
from ctevidence.data.writers import write_study
from ctevidence.terms import Arm


def assert_same(one: Study, other: Study) -> None:
    for field in fields(Study):
        before, after = getattr(one, field.name), getattr(other, field.name)
        if field.name == "tables":
            assert list(before) == list(after)
            for name in before:
                pd.testing.assert_frame_equal(before[name], after[name], check_exact=True)
        else:
            # the text of a rule shows its NaNs, which equal nothing
            assert before == after or repr(before) == repr(after), field.name


def test_the_small_study(small_study: Study, tmp_path: Path) -> None:
    assert_same(small_study, read_study(write_study(small_study, tmp_path / "again")))


def test_writing_twice_gives_the_same_bytes(small_study: Study, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_study(small_study, tmp_path / name)
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.parametrize(
    "rules",
    [
        Rules(),
        Rules(response=ResponseRule("cut_off", "observed", threshold=9)),
        Rules(
            response=ResponseRule(
                "reliable_change", "non-response", reliability=0.84, standard_deviation=5.3
            ),
            relapse=RelapseRule("response", threshold=15, confirm_visits=2),
            entry=EntryRule(9.0, allow_missing_baseline=True),
        ),
        Rules(
            remission=RemissionRule(4, "non-response"),
            relapse=RelapseRule(
                "remission", from_events=True, randomised_after_response=True, lead="hazard_ratio"
            ),
            retention=RetentionRule("last_visit"),
        ),
        Rules(
            retention=RetentionRule(
                "events",
                (("no benefit", "no benefit"), ("side effects", "side effects")),
                treatments_show_starts=True,
            ),
            recorded_events=("self_harm", "death"),
        ),
    ],
)
def test_every_rule(rules: Rules, small_study: Study, tmp_path: Path) -> None:
    study = replace(small_study, rules=rules)
    assert_same(study, read_study(write_study(study, tmp_path / "again")))


def test_unusual_words_and_numbers(small_study: Study, tmp_path: Path) -> None:
    people = small_study.participants
    people["arm"] = people["arm"].replace("control", 'wait "list", 李\n2')
    people["age"] = people["age"] / 3
    people["grade"] = np.where(people.index % 2, "1", "2")
    people.loc[3, "grade"] = np.nan
    people["remark"] = "line\rend"
    arms = (
        Arm('wait "list", 李\n2', "control", therapy="a leaflet, 3 pages"),
        *small_study.arms[1:],
    )
    study = replace(
        small_study,
        title='Title with "quotes", a \\ and a\nnew line',
        notes=("One.", "Two: [x] = 3 # no remark"),
        inactive=("a leaflet, 3 pages",),
        randomised=frozenset(),
        arms=arms,
        tables={**small_study.tables, "participants": people},
    )
    assert_same(study, read_study(write_study(study, tmp_path / "again")))


def test_own_scales_and_events(small_study: Study, tmp_path: Path) -> None:
    own = declare_scale(
        {
            "name": "worry",
            "label": "Worry today",
            "low": 0,
            "high": 10,
            "better": "lower",
            "step": 0.5,
            "bands": [["little", 0, 4.5], ["much", 5, 10]],
            "reliability": {"coefficient": 0.8, "kind": "alpha", "population": "twelve people"},
            "sources": {"range": "A form of our own"},
        }
    )
    visits, events = small_study.visits, small_study.events
    visits.loc[len(visits)] = ["P12", 28.0, "Worry", 3.5, ""]
    events.loc[len(events)] = ["P12", 84.0, "wedding", "", ""]
    study = replace(
        small_study,
        scales={**small_study.scales, "Worry": own},
        tables={**small_study.tables, "visits": visits, "events": events},
    )
    again = read_study(write_study(study, tmp_path / "again"))
    assert_same(study, again)
    assert again.scales["Worry"].sources["range"] == "A form of our own"


def test_a_study_without_events(small_study: Study, tmp_path: Path) -> None:
    none = small_study.events.iloc[:0]
    study = replace(small_study, tables={**small_study.tables, "events": none})
    # dropout is read off recorded events: that there were none is a finding, so the file is there
    assert (write_study(study, tmp_path / "one") / "events.csv").exists()
    assert_same(study, read_study(tmp_path / "one"))
    study = replace(study, rules=replace(study.rules, retention=RetentionRule("last_visit")))
    assert not (write_study(study, tmp_path / "two") / "events.csv").exists()
    assert_same(study, read_study(tmp_path / "two"))


def test_data_are_never_overwritten(small_study: Study, tmp_path: Path) -> None:
    (tmp_path / "precious.csv").write_text("x")
    with pytest.raises(FileExistsError, match="not empty"):
        write_study(small_study, tmp_path)
    assert [path.name for path in tmp_path.glob("*.toml")] == []
