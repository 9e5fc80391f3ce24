import numpy as np
import pandas as pd
import pytest

from ctevidence.levels import Cell
from ctevidence.synthesis.direct_evidence import direct_evidence
from ctevidence.synthesis.effect_sizes import EffectSizes


def effects(n=(10, 12, 30, 30, 8, 9)):
    frame = pd.DataFrame({"study": ["s1", "s2", "s3"], "treat1": ["a", "a", "b"],
                          "treat2": ["c", "c", "c"], "estimate": 0.1, "std_error": 0.2,
                          "n1": n[::2], "n2": n[1::2]})  # fmt: skip
    return EffectSizes(frame, "effect")


def cells(*names):
    return [Cell(name, (), np.zeros(1), None, None) for name in names]


def test_a_row_has_the_trials_and_people_of_its_weakest_arm():
    found = direct_evidence(effects())
    behind = found.behind(cells("a", "c"))
    assert (behind.studies, behind.n, behind.n_reference) == (2, 40, 42)
    assert behind.caution == "a against c: 2 trials compare them directly (82 people)"
    behind = found.behind(cells("b", "c"))
    assert (behind.studies, behind.n, behind.n_reference) == (1, 8, 9)
    assert behind.caution.split("; ") == [
        "b rests on one trial of 17 people (study s3)",
        "b against c: 1 trial compares them directly (17 people)",
    ]


def test_what_is_only_compared_through_others_is_said():
    behind = direct_evidence(effects()).behind(cells("a", "b"))
    assert (behind.studies, behind.n, behind.n_reference) == (1, None, 8)
    assert "a against b: no trial compares them directly" in behind.caution


def test_people_are_known_only_when_all_are():
    found = direct_evidence(effects((10, 12, np.nan, 30, 8, 9)))
    assert found.people("a") is None
    assert found.people("c") == 51
    assert "2 trials compare them directly" in found.behind(cells("a", "c")).caution
    declared = direct_evidence(effects((10, 12, np.nan, 30, 8, 9)), {"s2": {"a": 31}})
    assert declared.people("a") == 41
    unknown = direct_evidence(effects((10, 12, 30, 30, np.nan, 9)))
    assert "one trial whose number of people is not given" in unknown.behind(cells("b")).caution


def test_what_no_trial_gave_rests_on_the_model():
    behind = direct_evidence(effects()).behind(cells("new", "c"))
    assert (behind.studies, behind.caution) == (
        0, "no trial gave new: it rests on the model alone")  # fmt: skip


def test_people_of_what_is_not_there_are_refused():
    with pytest.raises(ValueError, match="people names b in study s1"):
        direct_evidence(effects(), {"s1": {"b": 3}})
