"""Data that support less than was asked for get a clear answer: a caution or a refusal."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.models.course import fit_course
from ctevidence.models.covariance_search import FALLBACKS
from ctevidence.models.mmrm import fit_mmrm


def grid(people, visits, seed=3):
    """Complete scores with correlation within people; person, visit, score, visit indicators."""
    rng = np.random.default_rng(seed)
    person, visit = np.repeat(np.arange(people), visits), np.tile(np.arange(visits), people)
    score = rng.normal(size=people)[person] + rng.normal(size=people * visits)
    return person, visit, score, np.eye(visits)[visit]


def never_together():
    person, visit, score, X = grid(40, 3)
    keep = np.where(person % 2, visit != 2, visit != 0)
    return person[keep], visit[keep], score[keep], X[keep]


def test_visits_never_observed_together_fall_back_by_name():
    person, visit, score, X = never_together()
    fit = fit_mmrm(score, X, person, visit)
    assert fit.covariance == "heterogeneous-ar1"
    assert len(fit.cautions) == 2
    assert fit.cautions[0] == (
        "covariance unstructured was not used (not identified: nobody was observed at both of the "
        "visits 0 and 2): heterogeneous-ar1 was fitted instead"
    )
    assert "heterogeneous-ar1 covariance" in fit.method
    same = fit_mmrm(score, X, person, visit, "ar1h")
    assert same.cautions == ()
    np.testing.assert_allclose(fit.cov, same.cov)


def test_without_fallbacks_the_reason_is_an_error():
    person, visit, score, X = never_together()
    with pytest.raises(ValueError, match="both of the visits 0 and 2.*simpler covariance"):
        fit_mmrm(score, X, person, visit, fallbacks=())


def test_fallbacks_that_need_an_unknown_order_are_passed_over():
    person, visit, score, X = never_together()
    labels = np.array(["start", "middle", "end"])[visit]
    fit = fit_mmrm(score, X, person, labels)
    assert fit.covariance == "heterogeneous-compound-symmetry"
    told = fit_mmrm(score, X, person, labels, visits=["start", "middle", "end"])
    assert told.covariance == "heterogeneous-ar1"
    assert told.visits == ("start", "middle", "end")
    categories = pd.Categorical(labels, ["start", "middle", "end"])
    assert fit_mmrm(score, X, person, categories).covariance == "heterogeneous-ar1"


def test_an_unknown_order_is_refused_where_it_matters():
    person, visit, score, X = grid(20, 3)
    with pytest.raises(ValueError, match="depends on the order of the visits.*'w2'"):
        fit_mmrm(score, X, person, np.array(["w2", "w10", "w4"])[visit], "ar1")


def test_a_singular_covariance_falls_back():
    person, visit, score, X = grid(30, 3)
    score = np.where(visit == 1, score[visit == 0][person], score)  # visit 1 repeats visit 0
    fit = fit_mmrm(score, X, person, visit)
    assert fit.cautions[0].startswith("covariance unstructured was not used (the estimate is sing")
    assert fit.converged
    with pytest.raises(ValueError, match="the estimate is singular"):
        fit_mmrm(score, X, person, visit, fallbacks=())


def test_scores_constant_within_people_are_refused_with_all_reasons():
    person, visit, _, X = grid(30, 3)
    with pytest.raises(ValueError, match="could not be estimated") as error:
        fit_mmrm(np.random.default_rng(1).normal(size=30)[person], X, person, visit)
    assert all(name in str(error.value) for name in ("unstructured", *FALLBACKS))


def test_fewer_people_than_visits_fall_back():
    person, visit, score, X = grid(4, 4)
    fit = fit_mmrm(score, X, person, visit)
    assert "unstructured was not used (the estimate is singular)" in fit.cautions[0]
    enough = grid(5, 4)
    assert fit_mmrm(enough[2], enough[3], *enough[:2], method="satterthwaite").cautions == ()


def test_negative_kenward_roger_variances_are_replaced_and_named():
    person, visit, score, X = grid(5, 4)
    fit = fit_mmrm(score, X, person, visit)
    assert fit.cautions == (
        "kenward-roger gives negative variances here, as it can with few people: the first-order "
        "variant kenward-roger-linear was used instead",
    )
    assert "first order" in fit.method
    np.testing.assert_allclose(
        fit.cov, fit_mmrm(score, X, person, visit, "us", "kenward-roger-linear").cov
    )


def test_one_person_in_each_arm():
    # Arms differ only between people and each has one: the likelihood says nothing about the
    # variance of a person's level, so that the unstructured matrix has no maximum.
    person, visit, score, X = grid(4, 4)
    arms = np.eye(4)[person][:, 1:]
    fit = fit_mmrm(score, np.column_stack([X, arms]), person, visit, method="satterthwaite")
    assert "unstructured was not used" in fit.cautions[0]
    assert fit.df_for(np.eye(7)[4:]).max() < 3
    with pytest.raises(ValueError, match="16 coefficients reproduce the 16 scores exactly"):
        fit_mmrm(score, np.eye(16), person, visit)


def test_a_visit_that_nobody_of_an_arm_attended():
    person, visit, score, X = grid(30, 3)
    keep = (person % 2 == 0) | (visit < 2)
    person, visit, score, X = person[keep], visit[keep], score[keep], X[keep]
    full = np.column_stack([X, X * (person % 2)[:, None]])
    names = ["visit 0", "visit 1", "visit 2", "arm, visit 0", "arm, visit 1", "arm, visit 2"]
    with pytest.raises(ValueError, match="zero in every observation: arm, visit 2"):
        fit_mmrm(score, full, person, visit, names=names)
    fit = fit_mmrm(score, full[:, :5], person, visit, names=names[:5])
    assert fit.cautions == ()
    # The arm's own covariance at that visit does not exist.
    arm = np.where(person % 2, "therapy", "control")
    apart = fit_mmrm(score, full[:, :5], person, visit, group=arm)
    assert "in group 'therapy': nobody was observed at visit 2" in apart.cautions[0]
    assert set(apart.sigma) == {"control", "therapy"}


def test_combinations_of_columns_are_named():
    person, visit, score, X = grid(20, 3)
    names = ["intercept", "first visit", "second visit", "last visit"]
    X = np.column_stack([np.ones(60), X])
    with pytest.raises(ValueError, match="combinations of the columns before them: last visit"):
        fit_mmrm(score, X, person, visit, names=names)
    with pytest.raises(ValueError, match="4 columns but only 3 observations"):
        fit_mmrm(score[:3], np.ones((3, 4)), person[:3], visit[:3])


def test_a_person_who_alone_determines_a_coefficient():
    person, visit, score, X = grid(20, 3)
    X = np.column_stack([X, person == 0])
    with pytest.raises(ValueError, match="1 people determine a coefficient on their own"):
        fit_mmrm(score, X, person, visit, "cs", "empirical-cr3")
    assert np.isfinite(fit_mmrm(score, X, person, visit, "cs", "empirical-cr2").cov).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.r_[np.nan, np.zeros(59)]}, "y has missing or infinite values in 1 rows.*row 0"),
        ({"X": np.full((60, 2), np.inf)}, "X has missing or infinite values in 60 rows"),
        ({"X": np.ones((59, 2))}, "found \\(60,\\) and \\(59, 2\\)"),
        ({"subject": np.arange(59)}, "subject must have one entry for each of the 60"),
        ({"visit": [None] * 60}, "visit is missing in row 0"),
        ({"visit": np.zeros(60)}, "subject 0 has two observations at visit 0.0"),
        ({"visit": None}, "needs visit="),
        ({"visits": [0, 1]}, "does not list: 2"),
        ({"names": ["a"]}, "3 columns but 1 names"),
        ({"weights": np.zeros(60)}, "one positive number for each of the 60"),
        ({"group": np.tile([0, 1, 2], 20)}, "group must be the same for all observations"),
        ({"method": "kr"}, "method='kr' is not known. Use one of: satterthwaite"),
        ({"reml": False}, "derived for REML only"),
        ({"covariance": "spatial-exponential"}, "needs times="),
        ({"covariance": "sp_exp", "times": np.zeros(60)}, "two observations at time"),
    ],
)
def test_wrong_input_is_refused(change, message):
    person, visit, score, X = grid(20, 3)
    arguments = {"y": score, "X": X, "subject": person, "visit": visit} | change
    with pytest.raises(ValueError, match=message):
        fit_mmrm(**arguments)


def test_times_that_tell_nothing():
    rng = np.random.default_rng(6)
    with pytest.raises(ValueError, match="too few observations per person at different times"):
        fit_mmrm(
            rng.normal(size=30),
            np.ones((30, 1)),
            np.arange(30),
            None,
            "sp_exp",
            times=rng.random(30),
        )
    # Independent scores, with a negative correlation between neighbours: rho goes to zero.
    person, visit = np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40)
    level = rng.normal(size=40)[person]
    score = np.where(visit == 1, -level, level) + 0.1 * rng.normal(size=120)
    with pytest.raises(ValueError, match="correlation in time is estimated at zero"):
        fit_mmrm(score, np.eye(3)[visit], person, None, "sp_exp", times=visit)


def test_one_caution_stays_one_where_cautions_are_joined_and_split(make_outcome):
    """Displays split the cautions of a row at semicolons: none may stand inside one."""
    rng = np.random.default_rng(5)
    seen = [(f"P{i}", ("control", "combined")[i % 2], w) for i in range(60)
            for w in ((6, 12) if i < 30 else (12, 24))]  # fmt: skip
    frame = pd.DataFrame(seen, columns=["participant_id", "arm", "week"])
    frame["score"] = rng.normal(20, 4, len(frame))
    outcome = make_outcome("course", frame, better="lower", weeks=(6, 12, 24))
    fit = fit_course(outcome, adjust=[])
    assert any("was fitted instead" in caution for caution in fit.cautions)
    row = fit.compare("combined", against="control", week=12).one()
    assert row.caution.split("; ") == list(fit.cautions)
