"""How much the dating of relapse moves an answer."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.data.rules import RelapseRule
from ctevidence.models.dating import dated_first_seen, relapse_dating


@pytest.fixture(scope="module")
def outcome(make_outcome):
    """Constant hazards, seen every 12 weeks; the intervals are exact halves by construction."""

    def build(shares):
        rows = []
        for arm, share in shares.items():
            left = 64.0
            for visit in (12, 24, 36):
                ill = left * share
                rows += [(arm, visit - 12.0, float(visit))] * round(ill)
                left -= ill
            rows += [(arm, 36.0, np.inf)] * round(left)
        frame = pd.DataFrame(rows, columns=["arm", "lower", "upper"])
        frame = frame.assign(
            participant_id=[f"P{i}" for i in range(len(frame))],
            entry=0.0,
            state=np.where(np.isfinite(frame["upper"]), "relapsed", "well"),
        )
        rule = RelapseRule("baseline", threshold=20)
        return make_outcome("relapse", frame, rule=rule, better="lower", weeks=(12, 24, 36))

    return build


def test_the_answer_by_hand(outcome):
    """A half, or a quarter, of those left relapse between visits: hazards log 2 / 12, log 4/3 / 12.

    Weeks free within 36: (1 - S(36)) / hazard between visits; by the curve of first-seen weeks
    12 (1 + S(12) + S(24)).
    """
    dating = relapse_dating(
        outcome({"combined": 0.25, "medication": 0.5}), "combined", against="medication", week=36,
        model="exponential",
    )  # fmt: skip
    rate = -np.log([0.75, 0.5]) / 12
    exact = (1 - np.exp(-36 * rate)) / rate
    combined, medication = 12 * (1 + 0.75 + 0.75**2), 12 * (1 + 0.5 + 0.25)
    assert [r.estimate for r in dating.between] == pytest.approx(
        [exact[0] - exact[1], *exact], rel=1e-9
    )
    assert [r.estimate for r in dating.curve] == pytest.approx(
        [combined - medication, combined, medication], rel=1e-9
    )

    # events over weeks at risk, dated to the visit that showed them
    def rate_seen(share):
        left = 64 * (1 - share) ** np.arange(4)
        return (left[0] - left[3]) / (12 * left[:3].sum())

    seen = [(1 - np.exp(-36 * r)) / r for r in (rate_seen(0.25), rate_seen(0.5))]
    assert [r.estimate for r in dating.first_seen] == pytest.approx(
        [seen[0] - seen[1], *seen], rel=1e-9
    )
    moved = [exact[0] - exact[1] - (seen[0] - seen[1]), exact[0] - seen[0], exact[1] - seen[1]]
    assert [dating.moved(i) for i in range(3)] == pytest.approx(moved, rel=1e-8)
    assert dating.moved_errors == pytest.approx(
        moved[0] / dating.between.rows[0].std_error, rel=1e-8
    )
    assert moved[1] < 0  # first seen makes people look well for longer
    assert moved[2] < moved[1]  # most where most relapse


def test_a_hazard_ratio_moves_by_a_factor(outcome):
    dating = relapse_dating(
        outcome({"combined": 0.25, "medication": 0.5}), "combined", against="medication",
        measure="hazard_ratio", model="exponential",
    )  # fmt: skip
    between = np.log(0.75) / np.log(0.5)
    assert dating.between.one().estimate == pytest.approx(between, rel=1e-9)
    assert dating.moved() == pytest.approx(between / dating.first_seen.one().estimate, rel=1e-12)
    assert dating.moved_errors < 0  # first seen pulls the ratio towards one


def test_rows_have_ids_of_their_own(outcome):
    dating = relapse_dating(
        outcome({"combined": 0.25, "medication": 0.5}), "combined", against="medication", week=24
    )
    assert len(dating.rows) == 9
    assert len({row.id for row in dating.rows}) == 9


def test_nothing_to_move_is_said(times):
    recorded = times([4, 9, 12], [1, 1, 0], ["combined"] * 3)
    with pytest.raises(ValueError, match="No relapse lies between two visits"):
        relapse_dating(recorded, "combined", against="medication", week=8)


def test_first_seen_changes_dates_only(outcome):
    before = outcome({"combined": 0.25, "medication": 0.5})
    after = dated_first_seen(before)
    relapsed = after.frame["state"] == "relapsed"
    assert (after.frame["lower"] == after.frame["upper"])[relapsed].all()
    pd.testing.assert_frame_equal(before.frame[~relapsed], after.frame[~relapsed])
    assert (before.frame["lower"] < before.frame["upper"]).all()  # the input is left alone
