"""The second scale: its means are the declared ones, and it changes nothing else."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.simulate.anxiety import Anxiety
from ctevidence.simulate.effects import Effects
from ctevidence.simulate.scenario import Clusters, Dropout
from ctevidence.simulate.study import simulate_study

EFFECTS = Effects(control=-4, medication=-3, therapy=-2, interaction=-1)
NOBODY_LEAVES = Dropout(risk=0, missed_visit=0)


@pytest.fixture(scope="module")
def study():
    independent = Clusters(site_share=0, therapist_share=0)
    return simulate_study(
        20_000, 5, effects=EFFECTS, dropout=NOBODY_LEAVES, clusters=independent, anxiety=Anxiety()
    )


def test_means_are_the_declared_ones(study):
    """By hand, week 12: 12 + 0.6 x (-4, -7, -6, -10) in control, medication, therapy, combined."""
    declared = {"control": 9.6, "medication": 7.8, "therapy": 8.4, "combined": 6.0}
    scores = _wide(study, "GAD-7")["week 12"]
    arm = study.participants.set_index("participant_id")["arm"]
    for name, mean in declared.items():
        seen = scores[arm == name]
        # 4 standard errors of a mean of 5,000: less than one in 15,000 by chance
        assert seen.mean() == pytest.approx(mean, abs=4 * seen.std() / np.sqrt(len(seen)))
        assert study.truth.value("mean", name, 12, outcome="course of anxiety") == pytest.approx(
            mean
        )
    truth = study.truth.value(
        "mean_difference", "combined", 12, against="therapy", outcome="course of anxiety"
    )
    assert truth == pytest.approx(-2.4)


def test_scores_stay_in_range_and_go_along_with_depression(study):
    anxiety, depression = _wide(study, "GAD-7"), _wide(study, "PHQ-9")
    assert anxiety.to_numpy().min() >= 0
    assert anxiety.to_numpy().max() <= 21
    within = study.participants.set_index("participant_id")["arm"] == "control"
    together = np.corrcoef(anxiety.loc[within, "week 4"], depression.loc[within, "week 4"])[0, 1]
    assert together == pytest.approx(0.6, abs=0.05)  # the latent correlation; whole scores blur it


def test_the_first_scale_is_what_it_is_without_the_second():
    one, two = simulate_study(80, 9), simulate_study(80, 9, anxiety=Anxiety())
    kept = two.visits[two.visits["scale"] == "PHQ-9"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, one.visits)
    for table in ("participants", "events", "treatments"):
        pd.testing.assert_frame_equal(two.tables[table], one.tables[table])
    assert (list(one.scales), list(two.scales)) == (["PHQ-9"], ["PHQ-9", "GAD-7"])
    assert "course of anxiety" in two.truth.outcomes
    assert "course of anxiety" not in one.truth.outcomes


def test_a_missed_visit_is_missed_on_both_scales():
    visits = simulate_study(200, 2, anxiety=Anxiety()).visits
    assert (visits.groupby(["participant_id", "visit"])["scale"].nunique() == 2).all()


def test_impossible_worlds_are_refused():
    with pytest.raises(ValueError, match=r"GAD-7 scores from -7\.8"):
        simulate_study(40, anxiety=Anxiety(share=2.2))
    with pytest.raises(ValueError, match="correlation is 2"):
        Anxiety(correlation=2)


def _wide(study, scale: str) -> pd.DataFrame:
    visits = study.visits[study.visits["scale"] == scale]
    return visits.pivot(index="participant_id", columns="visit", values="score").loc[
        study.participants["participant_id"]
    ]
