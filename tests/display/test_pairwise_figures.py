"""Forest, funnel and small-study figures, and the tables that go with them."""

import io

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from ctevidence.display.cumulative_table import table_cumulative
from ctevidence.display.forest import MANY, plot_forest
from ctevidence.display.format import p_value, shown
from ctevidence.display.funnel import plot_funnel
from ctevidence.display.regression_table import table_regression
from ctevidence.display.small_study_table import plot_small_study, table_small_study
from ctevidence.display.trial_influence import table_trial_influence
from ctevidence.language import say
from ctevidence.synthesis.pool import pool, pool_by
from ctevidence.synthesis.pool_regression import pool_regression
from ctevidence.synthesis.small_study import small_study_range
from ctevidence.synthesis.trim_and_fill import trim_and_fill


def table(k, seed=1, **columns):
    rng = np.random.default_rng(seed)
    error = rng.uniform(0.1, 0.5, k)
    frame = pd.DataFrame({
        "study": [f"t{i}" for i in range(k)],
        "label": [f"Author{i} (TRIAL) {1990 + i % 30} J Name 1:1" for i in range(k)],
        "treat1": "combined", "treat2": "medication", "outcome": "response",
        "estimate": rng.normal(0.3, np.sqrt(error**2 + 0.02)), "std_error": error,
        "events1": 20, "n1": 40, "events2": 15, "n2": 41,
        "condition_group": ["depression", "anxiety"] * (k // 2) + ["depression"] * (k % 2),
    })  # fmt: skip
    return frame.assign(**columns)


def size(figure):
    return matplotlib.image.imread(io.BytesIO(figure.png)).shape


@pytest.mark.parametrize("k", [5, 100])
def test_forest_of_subgroups_says_whether_they_differ(k):
    groups = pool_by(table(k), measure="risk_ratio")
    figure = plot_forest(groups, "forest")
    rows = figure.data.frame["trial"]
    assert rows.str.startswith("Whether the groups differ: p").sum() == 1
    assert rows.str.startswith("Heterogeneity: \u03c4\u00b2").sum() == 2
    assert (rows == "no trial").sum() == 2  # bipolar disorder and PTSD keep their place


def test_weights_and_arm_totals_stand_beside_the_trials():
    rows = plot_forest(pool(table(5), measure="risk_ratio"), "forest").data.frame
    weights = rows["weight"].str.removesuffix(" %").replace("", None).dropna().astype(float)
    assert len(weights) == 5
    assert weights.sum() == pytest.approx(100, abs=0.3)
    pooled = rows[rows["trial"] == "Pooled, 5 trials"].iloc[0]
    assert (pooled["events/people"], pooled["reference"]) == ("100/200", "75/205")


def test_a_hundred_trials_stand_closer_than_five():
    few, many = (plot_forest(pool(table(k), measure="risk_ratio"), "f") for k in (5, 100))
    per_line = [size(f)[0] / (len(f.data.frame) + 6) for f in (few, many)]
    assert len(many.data.frame) > MANY
    assert per_line[1] < 0.8 * per_line[0]
    assert size(few)[1] == size(many)[1]


def test_intervals_beyond_the_axis_do_not_stretch_it():
    wide = table(5)
    wide.loc[0, "std_error"] = 30.0
    figure = plot_forest(pool(wide, measure="risk_ratio"), "forest")
    assert "> 100" in figure.data.frame["range"].iloc[0]


def test_funnel_counts_what_it_shows():
    pooled = pool(table(40), measure="risk_ratio")
    significant = int((np.abs(pooled.effects.frame["estimate"]
                              / pooled.effects.frame["std_error"]) > 1.959964).sum())  # fmt: skip
    figure = plot_funnel(pooled, "funnel")
    assert "40 trials around the common effect" in figure.alt
    assert f"{significant} of them significant" in figure.alt
    assert len(figure.data.frame) == 40


def test_funnel_shows_filled_in_studies_on_request():
    lopsided = table(30)
    lopsided["estimate"] = 0.1 + 2 * lopsided["std_error"] + 0.05 * np.sin(np.arange(30))
    pooled = pool(lopsided, measure="risk_ratio")
    missing = trim_and_fill(pooled.result).missing
    assert missing > 0
    figure = plot_funnel(pooled, "funnel", fill=True)
    assert (figure.data.frame["trial"] == "filled in").sum() == missing
    assert f"adds {missing}." in figure.alt


def test_funnel_of_a_difference_and_of_too_few():
    assert plot_funnel(pool(table(12), measure="mean_difference"), "f").png.startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="three at least"):
        plot_funnel(pool(table(2), measure="risk_ratio"), "f")


@pytest.mark.parametrize("measure", ["risk_ratio", "mean_difference"])
def test_small_study_table_and_figure_give_the_range_never_a_verdict(measure):
    found = small_study_range(pool(table(8), measure=measure))
    found_table = table_small_study(found, "small", "Small-study effects")
    assert len(found_table.frame) == 11
    assert found_table.notes[0].startswith("From ")
    assert any(
        note.startswith(say("synthesis.small_study.few")[:5].capitalize())
        for note in found_table.notes
    )
    figure = plot_small_study(found, "small")
    assert "by method (" in figure.alt
    assert figure.data.frame.equals(found_table.frame)


def test_methods_that_do_not_apply_keep_their_place_in_the_table():
    all_significant = table(8, estimate=np.linspace(3, 4, 8))
    found = small_study_range(pool(all_significant, measure="mean_difference"))
    rows = table_small_study(found, "small", "c").frame.set_index("method")
    row = rows.loc["selection model, step at one-sided p 0.025"]
    assert row["estimate"] == "not estimable"
    assert "No study has a one-sided p-value" in row["note"]


def test_influence_table_marks_the_trial_that_stands_out():
    outlying = table(8)
    outlying.loc[2, ["estimate", "std_error"]] = 3.0, 0.15
    marked = table_trial_influence(pool(outlying, measure="risk_ratio"), "influence", "Influence")
    assert marked.frame["trial"].str.endswith("*").tolist() == [i == 2 for i in range(8)]
    assert marked.notes[0].startswith("* Influential")
    assert marked.notes[-1].startswith("With all 8 trials")


def test_cumulative_table_runs_by_year_to_the_whole():
    frame = table(6, year=[2003.0, 1999, 2010, np.nan, 2001, 2000])
    pooled = pool(frame, measure="risk_ratio")
    shown_rows = table_cumulative(pooled, "cumulative", "What was known when").frame
    assert shown_rows["year"].tolist() == ["1999", "2000", "2001", "2003", "2010", "not stated"]
    assert shown_rows["trials"].tolist() == list("123456")
    assert shown_rows["trial added"].iloc[0] == "Author1 (TRIAL) 1991"
    assert shown_rows["estimate"].iloc[-1] == shown(pooled.pooled.estimate, "ratio")


def test_regression_table_says_what_is_explained_and_that_it_is_not_causal():
    frame = table(14, year=1990.0 + np.arange(14), weeks=np.tile([8.0, 12.0], 7))
    fit = pool_regression(frame, ["year", "weeks"], measure="risk_ratio")
    plain = table_regression(fit, "regression", "Moderators")
    assert list(plain.frame) == ["moderator", "estimate", "range", "p"]
    assert plain.frame["moderator"].tolist() == [
        "at year 1996.5, weeks 10", "per unit of year", "per unit of weeks"]  # fmt: skip
    assert any("no causal reading" in note for note in plain.notes)
    drawn = fit.permutation(50, seed=1)
    with_p = table_regression(fit, "regression", "Moderators", drawn).frame
    assert with_p["p by permutation"].tolist() == ["", *(p_value(r.p_value) for r in drawn)]
