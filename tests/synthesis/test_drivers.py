"""The trial that moves a pooled effect most; leave-one-out itself is held to metafor elsewhere."""

import pandas as pd
import pytest

from ctevidence.synthesis.drivers import what_drives
from ctevidence.synthesis.pool import pool


def test_the_driver_is_the_trial_whose_absence_moves_most():
    table = pd.DataFrame({"study": list("abcd"), "estimate": [0.1, 0.2, 0.15, 1.0],
                          "std_error": [0.1, 0.1, 0.1, 0.1]})  # fmt: skip
    weight, without = what_drives(pool(table))
    assert {weight.study, without.study} == {"d"}
    assert weight.estimate == pytest.approx(0.25, rel=1e-9)  # equal errors, equal weights
    assert without.estimate == pytest.approx(0.15, rel=1e-9)
    assert (without.measure, without.studies) == ("effect_without_one", 3)


def test_two_trials_leave_one_and_one_leaves_none():
    table = pd.DataFrame({"study": ["a", "b"], "estimate": [0.1, 0.4], "std_error": [0.1, 0.2]})
    _, without = what_drives(pool(table))
    assert without.studies == 1
    assert len(what_drives(pool(table.iloc[:1]))) == 0
