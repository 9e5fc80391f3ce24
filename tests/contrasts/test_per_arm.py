import math

import numpy as np
import pytest

from ctevidence.contrasts import per_arm
from ctevidence.estimates import COLUMNS
from ctevidence.language import say

CLOSED_FORM = 1e-9  # both sides are closed forms in double precision


@pytest.mark.parametrize("trial", ["tads", "cams", "small"])
def test_counted_risks_have_wilson_intervals(r, counted, trial):
    trial = r["trials"][trial]
    rows = per_arm(counted(trial["events"], trial["n"]))
    assert list(rows.frame) == list(COLUMNS)
    for row, events, n, limits in zip(
        rows, trial["events"], trial["n"], trial["wilson"], strict=True
    ):
        assert (row.estimate, row.events, row.n) == (events / n, events, n)
        assert (row.conf_low, row.conf_high) == pytest.approx(limits, rel=CLOSED_FORM)
        assert (row.reference, row.measure, row.unit) == ("", "risk", "probability")
        assert row.randomised is None, "a single arm is not a contrast"


def test_risks_without_intervals_of_their_own_get_them_on_the_logit_scale(levels_with):
    # 0.8 with error 0.05: logit 1.386294, error 0.05 / (0.8 x 0.2) = 0.3125; then back
    row = per_arm(levels_with([0.8], [[0.0025]])).one()
    reach = 1.959963984540054 * 0.3125
    back = [1 / (1 + math.exp(-(math.log(4) + side * reach))) for side in (-1, 1)]
    assert (row.conf_low, row.conf_high) == pytest.approx(back, rel=CLOSED_FORM)
    assert (row.std_error, row.error_scale) == (pytest.approx(0.05), "identity")


def test_means_have_t_intervals(r, levels_with):
    expected, scores = r["means"]["control"], r["means"]["scores"]["control"]
    levels = levels_with(
        [np.mean(scores)],
        [[r["means"]["variance"] / len(scores)]],
        measure="mean",
        better="lower",
        df_for=lambda c: 26.0,
    )
    row = per_arm(levels).one()
    assert (row.estimate, row.std_error, row.df, row.conf_low, row.conf_high) == pytest.approx(
        [expected[k] for k in ("estimate", "std_error", "df", "conf_low", "conf_high")],
        rel=CLOSED_FORM,
    )


@pytest.mark.parametrize(
    ("events", "n", "low", "high"),
    [(0, 20, 0, 0.1611), (20, 20, 0.8389, 1)],  # Newcombe 1998, Stat Med 17:857, and its mirror
)
def test_nobody_and_everybody_have_an_interval(counted, events, n, low, high):
    row = per_arm(counted([events], [n])).one()
    assert (row.conf_low, row.conf_high) == pytest.approx((low, high), abs=0.5e-4)
    assert row.caution == ""


def test_without_counts_there_is_none_and_a_caution(counted):
    row = per_arm(counted([0], [20], intervals=False)).one()
    assert (row.estimate, row.caution) == (0, say("contrasts.combination.no_variation"))
    assert math.isnan(row.conf_low)


def test_an_empty_arm_keeps_its_row(counted):
    rows = per_arm(counted((12, 0), (20, 0)))
    empty = rows.where(arm="medication").one()
    assert empty.caution == "not estimable: nothing can be said about medication"
    assert all(math.isnan(x) for x in (empty.estimate, empty.conf_low, empty.std_error))
    assert rows.where(arm="combined").one().caution == ""


def test_all_weeks_or_one(levels_with):
    keys = (("combined", 4), ("combined", 12), ("medication", 4), ("medication", 12))
    levels = levels_with([0.2, 0.4, 0.1, 0.3], np.eye(4) * 1e-3, keys=keys)
    assert [(row.arm, row.week) for row in per_arm(levels)] == list(keys)
    assert [row.estimate for row in per_arm(levels, week=12)] == [0.4, 0.3]
    with pytest.raises(KeyError, match="No level at week 9; there are weeks 4, 12"):
        per_arm(levels, week=9)


def test_a_hazard_alone_means_nothing(levels_with):
    levels = levels_with([-0.5, 0], np.eye(2), measure="log_hazard", better="lower", anchored=False)
    with pytest.raises(ValueError, match="only differences between arms are identified"):
        per_arm(levels)


def test_another_measure_is_refused(counted):
    with pytest.raises(ValueError, match="are of risk, not of mean"):
        per_arm(counted((12, 9), (20, 20)), measure="mean")
