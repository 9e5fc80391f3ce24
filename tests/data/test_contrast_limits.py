"""Contrasts as ratios, or with limits instead of a standard error."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.problems import DataProblems
from ctevidence.data.reported_limits import off_centre, std_error_from_limits
from ctevidence.data.trials import read_trials
from ctevidence.synthesis.effect_sizes import effect_sizes

REFERENCE = Path(__file__).parents[1] / "reference" / "effect_measures.json"
TOML = """\
[trials]
name = "demo"
title = "Demo"
table = "contrasts"
condition = "depression"
scale = "ratio"
measure = "hazard_ratio"
outcome = "relapse"
"""


@pytest.fixture
def printed():
    """Hazard ratios as printed, with limits of two levels, and what R makes of them."""
    return json.loads(REFERENCE.read_text(encoding="utf-8"))["hazard_ratio"]


def write(folder, rows, toml=TOML):
    folder.mkdir(exist_ok=True)
    pd.DataFrame(rows).to_csv(folder / "contrasts.csv", index=False)
    (folder / "trials.toml").write_text(toml, encoding="utf-8")
    return folder


def rows_of(printed):
    return [
        {
            "study": f"trial {i}", "treat1": "combined", "treat2": "medication",
            "estimate": printed["ratio"][i], "conf_low": printed["low"][i],
            "conf_high": printed["high"][i], "conf_level": printed["level"][i],
        }
        for i in range(3)
    ]  # fmt: skip


def test_hazard_ratios_with_limits_equal_r(printed, tmp_path):
    trials = read_trials(write(tmp_path, rows_of(printed)))
    effects = effect_sizes(trials, "relapse", ("combined", "medication"))
    assert (effects.measure, effects.scale) == ("hazard_ratio", "log")
    np.testing.assert_allclose(effects.frame["estimate"], printed["log"], rtol=1e-9)
    np.testing.assert_allclose(effects.frame["std_error"], printed["std_error"], rtol=1e-9)
    assert trials.cautions == ()
    turned = effect_sizes(trials, "relapse", ("medication", "combined"))
    np.testing.assert_allclose(turned.frame["estimate"], -np.array(printed["log"]), rtol=1e-9)


def test_a_level_for_all_is_declared(printed, tmp_path):
    rows = [{k: v for k, v in row.items() if k != "conf_level"} for row in rows_of(printed)[:2]]
    trials = read_trials(write(tmp_path, rows, TOML + "conf_level = 0.95\n"))
    np.testing.assert_allclose(trials.contrasts["std_error"], printed["std_error"][:2], rtol=1e-9)


def test_the_level_is_never_assumed(printed, tmp_path):
    rows = [{k: v for k, v in row.items() if k != "conf_level"} for row in rows_of(printed)]
    with pytest.raises(DataProblems) as caught:
        read_trials(write(tmp_path, rows))
    assert {p.column for p in caught.value.problems} == {"conf_level"}
    assert len(caught.value.problems) == 3


def test_limits_and_standard_errors_may_be_mixed(printed, tmp_path):
    rows = rows_of(printed)
    rows[1] |= {"conf_low": "", "conf_high": "", "conf_level": "", "std_error": 0.2}
    trials = read_trials(write(tmp_path, rows))
    assert trials.contrasts["std_error"][1] == 0.2
    assert trials.contrasts["estimate"][1] == pytest.approx(np.log(1.25), rel=1e-12)


#: name: (changes of the first row, column blamed, part of why or what to do)
CASES = {
    "one limit": ({"conf_high": ""}, "conf_low", "One limit stands without the other"),
    "nothing": ({"conf_low": "", "conf_high": ""}, "std_error", "neither a standard error nor"),
    "level in per cent": ({"conf_level": 95}, "conf_level", "between 0 and 1"),
    "a logarithm": ({"estimate": -0.38}, "estimate", "a ratio is above 0"),
    "limits turned": ({"conf_low": 0.95, "conf_high": 0.49}, "conf_low", "not below the upper"),
    "outside": ({"estimate": 1.68}, "estimate", "outside its limits"),
    # half the error that the limits give: that of the ratio, or of another model
    "two errors": ({"std_error": 0.08}, "std_error", "different things"),
}


@pytest.mark.parametrize("case", CASES)
def test_problem_with_limits(case, printed, tmp_path):
    changes, column, words = CASES[case]
    rows = rows_of(printed)
    rows[0] |= changes
    with pytest.raises(DataProblems) as caught:
        read_trials(write(tmp_path, rows))
    (problem,) = [p for p in caught.value.problems if p.column == column]
    assert words in problem.why
    assert problem.row == 2


def test_differences_are_not_ratios(printed, tmp_path):
    toml = TOML.replace("hazard_ratio", "risk_difference")
    with pytest.raises(DataProblems, match='scale = "ratio"'):
        read_trials(write(tmp_path, rows_of(printed), toml))


def test_an_estimate_off_the_middle_is_a_caution(printed, tmp_path):
    rows = rows_of(printed)
    rows[2]["estimate"] = 0.60
    (caution,) = read_trials(write(tmp_path, rows)).cautions
    assert caution.endswith("is rough: trial 2.")


def test_three_arms_as_printed_close_within_rounding(tmp_path):
    # 0.5 and 0.8 give 0.625: printed to two digits, the loop is open by 0.8 %
    pairs = [("a", "c", 0.50), ("b", "c", 0.80), ("a", "b", 0.63)]
    rows = [
        {"study": "three", "treat1": x, "treat2": y, "estimate": e, "std_error": 0.2}
        for x, y, e in pairs
    ]
    assert len(read_trials(write(tmp_path / "a", rows)).contrasts) == 3
    rows[2]["estimate"] = "0.80"
    with pytest.raises(DataProblems, match="do not add up"):
        read_trials(write(tmp_path / "b", rows))


def test_limits_by_hand():
    # 1.959963984540054 standard errors to each side
    assert std_error_from_limits(-1.0, 2.919927969080108, 0.95) == pytest.approx(1.0, rel=1e-14)
    assert off_centre(0.75, 0.0, 1.0) == 0.5
