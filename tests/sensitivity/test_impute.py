"""Imputed scores: complete data, missing at random, strategies, delta, reproducibility."""

import numpy as np
import pytest

import ctevidence as ct
from ctevidence.levels import Key
from ctevidence.sensitivity.strategies import STRATEGIES


@pytest.fixture(scope="module")
def imputed(course):
    return ct.impute(course, imputations=200, seed=1)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_complete_data_give_the_complete_data_answer(complete_study, strategy):
    outcome = ct.derive_course(complete_study)
    fit = ct.fit_course(outcome, method="satterthwaite").levels()
    levels = ct.impute(outcome, strategy, reference="control", imputations=3, seed=1).levels()
    order = [fit.keys.index(key) for key in levels.keys]
    # the least-squares answer is closed; the engine's maximum agrees as far as it is converged
    assert levels.estimate == pytest.approx(fit.estimate[order], rel=1e-9)
    assert levels.cov == pytest.approx(fit.cov[np.ix_(order, order)], rel=1e-6, abs=1e-9)
    c = np.zeros(len(order))
    c[levels.keys.index(Key("combined", 12.0))] = 1
    c[levels.keys.index(Key("medication", 12.0))] = -1
    assert levels.df_for(c) == 120 - 5
    in_fit = np.zeros(len(fit.keys))
    in_fit[order] = c
    assert fit.df_for(in_fit) == pytest.approx(115, rel=1e-4)


def test_delta_of_nothing_is_missing_at_random(imputed):
    same = imputed.shifted({"combined": 0.0, "control": ct.Delta(per_week=0.0)})
    assert same.levels().estimate.tolist() == imputed.levels().estimate.tolist()
    assert same.name == imputed.name


def test_missing_at_random_is_the_answer_of_the_mixed_model(imputed, course):
    for week in (6, 12):
        row = imputed.compare("combined", against="medication", week=week).one()
        fit = ct.fit_course(course).compare("combined", against="medication", week=week).one()
        error = imputed.monte_carlo_error("combined", against="medication", week=week).estimate
        assert abs(row.estimate - fit.estimate) < 4 * error
        assert row.std_error == pytest.approx(fit.std_error, rel=0.08)


@pytest.mark.parametrize(("arm", "term"), [("medication", 1), ("therapy", 2), ("combined", 3)])
def test_missing_at_random_is_the_answer_of_mice(imputed, imputation_reference, arm, term):
    """Regressions of mice (norm), 100 imputations, lm at week 12; tests/reference/imputation.R."""
    given = imputation_reference["four_arm_trial"]
    table, week = given["lm"], given["week"]
    row = imputed.compare(arm, against="control", week=week).one()
    of_mice = np.sqrt(table["b"][term] / given["imputations"])
    ours = imputed.monte_carlo_error(arm, against="control", week=week).estimate
    assert abs(row.estimate - table["estimate"][term]) < 4 * np.hypot(of_mice, ours)
    assert row.std_error == pytest.approx(np.sqrt(table["t"][term]), rel=0.08)


def test_the_reference_arm_is_imputed_as_before(imputed):
    jumped = imputed.under("jump to reference", reference="control")
    control = [i for i, key in enumerate(imputed.levels().keys) if key.arm == "control"]
    # unadjusted: adjusted means of one arm also turn on the slope that all arms share
    means = [i.fit(adjust=[]).levels().estimate[control] for i in (jumped, imputed)]
    assert means[0] == pytest.approx(means[1], rel=1e-12)
    arm = imputed.table.arm[np.nonzero(imputed.table.missing)[0]]
    assert jumped.base[:, arm == 0].tolist() == imputed.base[:, arm == 0].tolist()


def test_strategies_draw_what_they_say_from_the_same_random_numbers(imputed):
    """Jumping differs from missing at random by a mean alone: the difference of two arms."""
    jumped = imputed.under("jump to reference", reference="control")
    table, parameters = imputed.table, imputed.posterior.parameters
    person, visit = np.nonzero(table.missing)
    last = (visit == 5) & (table.seen[person] == 5) & (table.arm[person] == 3)
    # seen at every visit but the last, of the combined arm
    gap = (parameters.coef[:, 0, 0, 5] - parameters.coef[:, 3, 0, 5])[:, None]
    apart = jumped.base[:, last] - imputed.base[:, last]
    assert last.any()
    assert apart == pytest.approx(np.broadcast_to(gap, apart.shape), rel=1e-9)


def test_a_delta_moves_the_mean_by_the_share_that_is_missing(course):
    imputed = ct.impute(course, adjust=[], imputations=10, seed=2)
    worse = imputed.shifted({"combined": 4})
    before, after = (i.per_arm(week=12).where(arm="combined").one() for i in (imputed, worse))
    in_arm = imputed.table.arm == 3
    share = imputed.table.after_dropout[in_arm, 5].mean()
    assert after.estimate - before.estimate == pytest.approx(4 * share, rel=1e-9)
    assert after.outcome.endswith("missing at random, combined 4 points worse")
    gaps = imputed.table.gaps[imputed.table.missing]
    assert not worse.shift[gaps].any()


def test_delta_by_week_and_since_the_last_score(course):
    imputed = ct.impute(course, imputations=2, seed=2)
    growing = ct.Delta(1, per_week=0.5, at={12.0: 3})
    shift = imputed.shifted({"control": growing}).shift
    person, visit = np.nonzero(imputed.table.missing)
    seen, weeks = imputed.table.seen[person], np.array(imputed.table.weeks)
    wanted = 1 + 0.5 * (weeks[visit] - np.r_[0, weeks][seen]) + 3 * (weeks[visit] == 12)
    in_control = (imputed.table.arm[person] == 0) & (visit >= seen)
    assert shift == pytest.approx(np.where(in_control, wanted, 0))
    with pytest.raises(KeyError, match="No scores at week 7"):
        imputed.shifted({"control": ct.Delta(at={7.0: 1})})
    with pytest.raises(KeyError, match="neither an arm nor a treatment"):
        imputed.shifted({"placebo": 1})


def test_the_same_seed_gives_the_same_numbers_and_another_gives_others(course):
    one, two, other = (ct.impute(course, imputations=5, seed=s) for s in (1, 1, 2))
    assert one.base.tolist() == two.base.tolist()
    assert not np.isclose(one.base, other.base).any()


def test_levels_are_joint_over_arms_and_weeks_so_that_contrasts_work(imputed):
    levels = imputed.levels()
    assert levels.cov.shape == (24, 24)
    assert np.linalg.eigvalsh(levels.cov).min() > 0
    rows = ct.synergy(imputed, week=12)
    interaction = rows.where(measure="interaction_difference").one()
    assert 20 < interaction.df < 394
    both = ct.better_than_both(imputed, week=12)
    assert both.where(reference="best single treatment").one().p_value < 0.05


def test_each_arm_by_itself_is_near_the_shared_covariance(course, imputed):
    apart = ct.impute(course, imputations=100, seed=1, by_arm=True)
    assert apart.posterior.parameters.sigma.shape == (100, 4, 6, 6)
    one, two = (i.compare("combined", against="control", week=12).one() for i in (imputed, apart))
    assert two.estimate == pytest.approx(one.estimate, abs=0.5 * one.std_error)
    assert "each arm by itself" in two.method


def test_any_fit_of_the_completed_data_can_be_pooled(course):
    imputed = ct.impute(course, imputations=4, seed=3)
    fitted = imputed.fit_each(lambda outcome: ct.fit_course(outcome, method="satterthwaite"))
    mine, theirs = imputed.levels(week=12), fitted.levels(week=12)
    order = [theirs.keys.index(key) for key in mine.keys]
    assert theirs.estimate[order] == pytest.approx(mine.estimate, rel=1e-9)
    assert theirs.cov[np.ix_(order, order)] == pytest.approx(mine.cov, rel=1e-6)


def test_completed_data_keep_what_was_seen(course):
    imputed = ct.impute(course, imputations=3, seed=3)
    frame = imputed.completed(2).frame.merge(
        course.frame[["participant_id", "week", "score"]], on=["participant_id", "week"]
    )
    assert len(frame) == len(course.frame)
    assert (frame["score_x"] == frame["score_y"]).all()
    assert imputed.completed(2).frame["score"].notna().all()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"imputations": 1}, ValueError, "at least 2 are needed"),
        ({"method": "mice"}, KeyError, 'There is no method "mice"'),
        ({"strategies": "copy reference"}, ValueError, "no reference arm is named"),
        (
            {"strategies": "copy reference", "reference": "control",
             "method": "chained equations"},
            ValueError, "Chained equations impute as missing at random",
        ),
        ({"delta": float("nan")}, ValueError, "not a number of points"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_in_words(course, options, error, words):
    with pytest.raises(error, match=words):
        ct.impute(course, **({"imputations": 2, "seed": 1} | options)).levels()


def test_another_outcome_is_refused(four_arm_trial):
    with pytest.raises(TypeError, match="impute takes an outcome; found Study"):
        ct.impute(four_arm_trial, seed=1)


def test_a_visit_that_nobody_of_an_arm_attended_is_refused(study_of, four_arm_trial):
    people = four_arm_trial.entering()
    scores = four_arm_trial.scores().merge(people[["participant_id", "arm"]])
    scores = scores[(scores["week"] < 12) | (scores["arm"] != "therapy")]
    study = study_of(people, scores, four_arm_trial.weeks)
    with pytest.raises(ValueError, match="Nobody has a score in therapy at week 12"):
        ct.impute(ct.derive_course(study), seed=1)


def test_strategies_by_arm_and_reason_reach_only_whom_they_name():
    study = ct.simulate_study(n=200, seed=5)
    start = ct.impute(ct.derive_course(study), imputations=3, seed=1)
    reasons = sorted(set(start.table.reason) - {""})
    assert len(reasons) > 1
    key = ("combined", reasons[0])
    jumped = start.under({key: "jump to reference"}, reference="control")
    person, visit = np.nonzero(start.table.missing)
    named = (start.table.arm == start.table.arms.index("combined")) & (
        start.table.reason == reasons[0]
    )
    moved = ~np.isclose(jumped.base, start.base).all(axis=0)
    assert (moved == (named[person] & start.table.after_dropout[person, visit])).all()
    assert jumped.assumption == f"combined with {reasons[0]} jump to reference, reference control"


def test_a_reference_of_its_own_for_each_arm(imputed):
    own = imputed.under({"combined": "copy reference"}, {"combined": "medication"})
    other = imputed.under({"combined": "copy reference"}, "medication")
    assert own.base.tolist() == other.base.tolist()


def test_a_group_of_people_is_imputed_by_itself(four_arm_trial):
    outcome = ct.derive_response(four_arm_trial, week=12)
    severe = four_arm_trial.entering().query("baseline > 24")["participant_id"]
    group = type(outcome)(
        **outcome.__dict__ | {"frame": outcome.frame[outcome.frame["participant_id"].isin(severe)]}
    )
    imputed = ct.impute(group, imputations=3, seed=1)
    assert sum(imputed.levels().n) == len(severe)
