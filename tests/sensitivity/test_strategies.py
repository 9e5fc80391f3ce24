"""Strategies against the formulas of Carpenter, Roger and Kenward written out in R."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.outcomes import derive_course
from ctevidence.sensitivity.conditional_normal import JointNormal, fill, given_seen
from ctevidence.sensitivity.score_table import score_table
from ctevidence.sensitivity.strategies import (
    LAST_MEAN,
    STRATEGIES,
    Plan,
    expected_profile,
    joint_covariance,
    plan_for,
)


@pytest.mark.parametrize("name", STRATEGIES)
def test_means_and_covariances_are_those_worked_by_hand(imputation_reference, name):
    given = imputation_reference["strategies"]
    wanted, seen = given["results"][name], given["seen"]
    own, ref = (np.array(given[k]["mu"], float)[None] for k in ("own", "reference"))
    number = STRATEGIES.index(name)
    plan = Plan(np.array([number]), np.array([1]), name)
    mean = expected_profile(plan, own, ref, np.array([seen]), np.array([given["start"]]))
    assert mean[0] == pytest.approx(wanted["mu"], rel=1e-12)
    of_own, of_ref = (np.array(given[k]["S"], float) for k in ("own", "reference"))
    sigma = joint_covariance(number, of_own, of_ref, seen)
    assert sigma == pytest.approx(np.array(wanted["S"]), rel=1e-9)
    y = np.array([[np.nan if v is None or v == "NA" else float(v) for v in given["y"]]])
    u = np.isnan(y[0])
    z = np.array([[[0.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]]])
    drawn = given_seen(y, np.repeat(mean[None], 3, 0), np.repeat(sigma[None], 3, 0), u, z)[:, 0]
    assert drawn[0] == pytest.approx(wanted["mean"], rel=1e-9)
    half = (drawn[1:] - drawn[0]).T
    assert half @ half.T == pytest.approx(np.array(wanted["cov"]), rel=1e-9)


def test_whoever_was_never_seen_again_has_the_start_as_last_mean():
    own, ref = np.array([[10.0, 8.0]]), np.array([[18.0, 17.0]])
    plan = lambda name: Plan(np.array([STRATEGIES.index(name)]), np.array([1]), name)  # noqa: E731
    never, start = np.array([0]), np.array([21.0])
    last = expected_profile(plan(LAST_MEAN), own, ref, never, start)
    gained = expected_profile(plan("copy increments in reference"), own, ref, never, start)
    assert last.tolist() == [[21.0, 21.0]]
    assert gained.tolist() == ref.tolist()


@pytest.fixture
def with_reasons(study_of):
    """Four people of two arms; two left, for a reason each, one for none that is known."""
    people = pd.DataFrame(
        {
            "participant_id": list("abcdefgh"),
            "arm": ["control"] * 4 + ["combined"] * 4,
            "baseline": [20.0, 25, 30, 28, 22, 27, 31, 24],
        }
    )
    scores = pd.DataFrame(
        [(p, w, 10.0 + i) for i, p in enumerate("abcdefgh") for w in (4.0, 8.0)],
        columns=["participant_id", "week", "score"],
    )
    left = scores["participant_id"].isin(list("abef")) & (scores["week"] == 8)
    events = pd.DataFrame(
        [("a", 30.0, "dropout", "side effects"), ("e", 31.0, "dropout", "side effects"),
         ("f", 32.0, "death", "")],
        columns=["participant_id", "day", "event", "reason"],
    )  # fmt: skip
    return study_of(people, scores[~left], (4.0, 8.0), events=events)


def test_reasons_are_those_of_the_events(with_reasons):
    table, cautions = score_table(with_reasons, derive_course(with_reasons).frame, ["baseline"])
    assert table.reason.tolist() == ["side effects", "no reason given", "", "", "side effects",
                                     "death", "", ""]  # fmt: skip
    assert table.seen.tolist() == [1, 1, 2, 2, 1, 1, 2, 2]
    assert cautions == ("scores after death are imputed as if people had lived on",)


def test_other_reasons_can_be_given(with_reasons):
    frame = derive_course(with_reasons).frame
    table, _ = score_table(with_reasons, frame, ["baseline"], reasons={"b": "moved", "c": "moved"})
    assert table.reason[:4].tolist() == ["no reason given", "moved", "", ""]


def test_a_pair_goes_before_a_reason_and_a_reason_before_an_arm(with_reasons):
    table, _ = score_table(with_reasons, derive_course(with_reasons).frame, ["baseline"])
    asked = {
        "combined": "copy reference",
        "side effects": "jump to reference",
        ("combined", "death"): "last mean carried forward",
    }
    plan = plan_for(table, with_reasons.arms, asked, "control")
    chosen = [STRATEGIES[k] for k in plan.strategy]
    assert chosen == ["jump to reference", "missing at random", "missing at random",
                      "missing at random", "jump to reference", "last mean carried forward",
                      "copy reference", "copy reference"]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "reference", "error", "words"),
    [
        ("jump to refrence", "control", KeyError, 'did you mean "jump to reference"'),
        ("jump to reference", None, ValueError, "no reference arm is named for"),
        ({"comined": "copy reference"}, "control", KeyError, 'did you mean "combined"'),
        ({("combined", "moved"): "copy reference"}, "control", KeyError, 'Nobody left for "moved"'),
        ("copy reference", "placebo", KeyError, "neither an arm nor a treatment"),
        ({"combined": "copy reference"}, {"control": "combined"}, ValueError, "named for combined"),
    ],
)
def test_what_cannot_be_meant_is_refused(with_reasons, asked, reference, error, words):
    table, _ = score_table(with_reasons, derive_course(with_reasons).frame, ["baseline"])
    with pytest.raises(error, match=words):
        plan_for(table, with_reasons.arms, asked, reference)


def test_each_arm_may_have_its_own_reference(with_reasons):
    table, _ = score_table(with_reasons, derive_course(with_reasons).frame, ["baseline"])
    plan = plan_for(
        table, with_reasons.arms, {"combined": "copy reference"}, {"combined": "control"}
    )
    assert plan.reference.tolist() == [0] * 8
    parameters = JointNormal(
        np.array([[[[10.0, 12.0], [0.0, 0.0]], [[10.0, 30.0], [0.0, 0.0]]]]), np.eye(2)[None, None]
    )
    values = fill(table, plan, parameters)[0]
    # independent visits: the mean of the reference for both arms, own and copied
    assert values.tolist() == [12.0, 12.0, 12.0, 12.0]
