import numpy as np
import pandas as pd
import pytest

from ctevidence.estimates import COLUMNS
from ctevidence.synthesis.conditions import MAIN_GROUPS
from ctevidence.synthesis.effect_sizes import EffectSizes, effect_sizes
from ctevidence.synthesis.pool import pool, pool_by

ITERATIVE = 1e-6  # metafor's own iterations were tightened to 1e-12 on tau-squared
ACUTE = {"outcome": "response", "contrast": ("combined", "medication"), "phase": "acute"}


def table(estimates, std_error=0.2, **columns):
    names = [f"s{i}" for i in range(len(estimates))]
    frame = pd.DataFrame({"study": names, "estimate": estimates, "std_error": std_error})
    return frame.assign(**columns)


def test_published_trials_equal_metafor(published, metafor_trials):
    expected = metafor_trials["response_risk_ratio"]
    pooled = pool(effect_sizes(published, **ACUTE))
    row = pooled.pooled
    for ours, theirs in (
        (np.log(row.estimate), "estimate"),
        (row.std_error, "std_error"),
        (np.log(row.conf_low), "conf_low"),
        (np.log(row.conf_high), "conf_high"),
        (row.p_value, "p_value"),
        (pooled.tau2.estimate, "tau2"),
        (pooled.heterogeneity.q, "q"),
        (pooled.heterogeneity.i2_tau2, "i2_tau2"),
        (np.log(pooled.prediction.conf_low), "pi_low"),
        (np.log(pooled.prediction.conf_high), "pi_high"),
        (row.n, "n1"),
        (row.events, "events1"),
        (row.n_reference, "n2"),
        (row.events_reference, "events2"),
    ):
        assert ours == pytest.approx(expected[theirs], rel=ITERATIVE)
    assert (row.studies, row.error_scale, row.unit) == (9, "log", "ratio")


@pytest.mark.parametrize("name", ["relapse_risk_ratio", "therapy_risk_ratio"])
def test_other_questions_equal_metafor(published, metafor_trials, name):
    expected = metafor_trials[name]
    if name.startswith("relapse"):
        question = {"outcome": ("relapse", "recurrence"), "contrast": ("combined", "medication")}
        question["phase"] = ("continuation", "maintenance")
    else:
        question = ACUTE | {"contrast": ("combined", "therapy")}
        question["arms"] = {"davidson2004": "group CBT + placebo"}
    row = pool(effect_sizes(published, **question)).pooled
    found = np.log([row.estimate, row.conf_low, row.conf_high])
    limits = [expected[key] for key in ("estimate", "conf_low", "conf_high")]
    assert found == pytest.approx(np.array(limits), rel=ITERATIVE)


def test_rows_have_the_closed_list_of_columns(published):
    pooled = pool(effect_sizes(published, **ACUTE))
    rows = pooled.estimates + pooled.leave_one_out() + pooled.absolute([0.3, 0.5])
    frame = rows.frame
    assert list(frame) == list(COLUMNS)
    assert frame["id"].is_unique
    studies = pooled.estimates.where(studies=1)
    assert [row.study for row in studies] == list(pooled.effects.studies)
    assert pooled.weights.sum() == pytest.approx(1.0, rel=1e-9)


def test_study_rows_have_their_own_interval():
    # exp(0.5 -+ 1.959963984540054 * 0.2), p = 2 * (1 - pnorm(2.5)) = 0.012419330651552
    row = next(iter(pool(table([0.5, 0.1, 0.2]), measure="risk_ratio").studies))
    assert row.conf_low == pytest.approx(np.exp(0.5 - 0.3919927969080108), rel=1e-9)
    assert row.p_value == pytest.approx(0.012419330651552, rel=1e-9)


def test_the_pool_says_what_it_mixes(published):
    effects = effect_sizes(published, ("response", "remission"), ("combined", "medication"),
                           phase="acute")  # fmt: skip
    pooled = pool(effects)
    assert "outcomes differ between studies: response, remission" in pooled.cautions
    assert pooled.pooled.outcome == "response or remission"
    assert pooled.pooled.population == "several conditions; acute phase"
    own = [c for c in pooled.cautions if c.startswith("cautions of their own: ")]
    assert len(own) == 1
    assert "Naeem 2010" in own[0]


def test_one_study_stands_once_and_is_not_pooled(published):
    effects = effect_sizes(published, **ACUTE).where(study="naeem2010")
    pooled = pool(effects)
    assert pooled.pooled.study == "naeem2010"
    assert pooled.pooled.estimate == pytest.approx(6.0, rel=1e-9)  # 12/17 against 2/17
    assert pooled.cautions[0] == "one study: reported, not pooled"
    assert "34 people, extreme result" in pooled.cautions
    assert [row.measure for row in pooled.estimates] == ["risk_ratio", "risk_ratio_prediction"]
    assert not pooled.prediction.is_estimable
    assert not pooled.tau2.is_estimable
    assert pooled.heterogeneity is None


def test_two_studies_have_no_prediction_interval():
    pooled = pool(table([0.1, 0.9]))
    assert not pooled.prediction.is_estimable
    assert pooled.prediction.caution.startswith("fewer than three studies")
    assert pool(table([0.1, 0.9, 0.4])).prediction.is_estimable


def test_leaving_one_out_names_the_study(published, metafor_trials):
    pooled = pool(effect_sizes(published, **ACUTE))
    left = pooled.leave_one_out()
    assert [row.population.rpartition("without ")[2] for row in left] == list(
        pooled.effects.studies
    )
    without = pool(effect_sizes(published, **ACUTE, exclude_studies="keller2000")).pooled
    last = list(left)[-1]
    assert (last.estimate, last.n) == (without.estimate, without.n)


def test_absolute_effects_come_from_the_pooled_ratio(published):
    # pooled ratio and limits times 0.5
    pooled = pool(effect_sizes(published, **ACUTE))
    rows = pooled.absolute([0.3, 0.5])
    risk = rows.where(measure="risk", arm="combined")
    assert len(risk) == 2
    second = list(risk)[1]
    assert second.estimate == pytest.approx(0.5 * pooled.pooled.estimate, rel=1e-9)
    assert second.conf_high == pytest.approx(0.5 * pooled.pooled.conf_high, rel=1e-9)
    with pytest.raises(ValueError, match='"outcome" is good is not known'):
        pool(table([0.1, 0.2]), measure="risk_ratio").absolute(0.3)


def test_tau_squared_outside_its_interval_has_no_limits():
    # identical estimates: the Q-profile interval is empty, Sidik-Jonkman is 0 and inside;
    # nearly identical ones leave Sidik-Jonkman above 0 and outside
    pooled = pool(table([0.10, 0.101, 0.102, 0.10]), tau2_method="SJ")
    assert pooled.tau2.estimate > 0
    assert np.isnan(pooled.tau2.conf_high)
    assert "outside its Q-profile interval 0 to 0" in pooled.tau2.caution


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (table([]), "There is no study to pool"),
        (table([0.1, 0.2], -0.1), "standard error -0.1"),
        (table([0.1, np.nan]), "s1 has estimate nan"),
        (table([0.1, 0.2], study="s"), "s has the contrast treatment against comparator twice"),
        (table([0.1, 0.2], treat1=["x", "y"], treat2=["z", "z"]), "hold 2 contrasts"),
        (table([0.1, 0.2], measure=["risk_ratio", "odds_ratio"]), "several measures"),
    ],
)
def test_what_cannot_be_pooled_is_refused(frame, message):
    with pytest.raises(ValueError, match=message):
        pool(frame)


def test_no_study_says_why(published):
    effects = effect_sizes(published, **ACUTE, condition="ptsd")
    assert effects.frame.empty
    with pytest.raises(ValueError, match=r"3 left out: no numbers of response here \(3\)"):
        pool(effects)


def test_measures_do_not_change_on_the_way(published):
    with pytest.raises(ValueError, match="are risk_ratio, not odds_ratio"):
        pool(effect_sizes(published, **ACUTE), measure="odds_ratio")


def test_groups_pooled_alone_equal_their_own_pool(published):
    effects = effect_sizes(published, **ACUTE)
    groups = pool_by(effects)
    alone = pool(effects.where(condition_group="anxiety")).pooled
    row = groups.groups["anxiety"].pooled
    assert (row.estimate, row.conf_low, row.conf_high) == (
        alone.estimate,
        alone.conf_low,
        alone.conf_high,
    )


def test_subgroup_test_equals_metafor(published, metafor_trials):
    expected = metafor_trials["response_risk_ratio"]["groups"]
    test = pool_by(effect_sizes(published, **ACUTE)).test
    assert test.groups == ("anxiety", "depression")
    assert test.statistic == pytest.approx(expected["f"], rel=ITERATIVE)
    assert [test.df1, test.df2] == expected["df"]
    assert test.p_value == pytest.approx(expected["p"], rel=ITERATIVE)


def test_groups_without_data_keep_their_row(published):
    groups = pool_by(effect_sizes(published, **ACUTE))
    assert tuple(groups.groups) == MAIN_GROUPS
    rows = {row.population: row for row in groups.estimates if row.measure == "risk_ratio"}
    assert [name.split(";")[0] for name in rows] == list(MAIN_GROUPS)
    assert rows["bipolar"].caution == "no data"
    assert rows["bipolar"].studies == 0
    assert not rows["bipolar"].is_estimable
    assert rows["depression; acute phase"].studies == 6


def test_a_group_that_is_not_stated_is_not_lost():
    effects = table([0.1, 0.2, 0.3], age_group=["adults", None, "adults"])
    groups = pool_by(effects, by="age_group", expected=("adolescents",))
    assert {name: p and p.result.k for name, p in groups.groups.items()} == {
        "adolescents": None,
        "adults": 2,
        "not stated": 1,
    }
    assert not groups.test.assessable


def test_words_of_the_group_stand_first(published):
    effects = effect_sizes(published, ("relapse", "recurrence"), ("combined", "medication"))
    rows = [p.pooled for p in pool_by(effects, by="phase").groups.values()]
    assert [row.population for row in rows] == [
        "maintenance; several conditions",
        "continuation; depression",
    ]
    with pytest.raises(KeyError, match='No column "phases"; did you mean "phase"'):
        pool_by(effects, by="phases")


def test_effects_are_not_changed(published):
    effects = effect_sizes(published, **ACUTE)
    before = effects.frame.copy()
    pool(effects).estimates  # noqa: B018
    pool_by(effects).estimates  # noqa: B018
    pd.testing.assert_frame_equal(effects.frame, before)


def test_effect_sizes_of_any_scale():
    effects = EffectSizes(table([0.1, 0.3, 0.2]), "std_mean_difference")
    row = pool(effects).pooled
    assert (row.unit, row.error_scale) == ("standard deviations", "identity")
    assert row.estimate == pytest.approx(0.2, rel=1e-9)
