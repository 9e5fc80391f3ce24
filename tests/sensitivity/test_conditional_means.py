"""Conditional means: the mixed model's own answer, the jackknife by hand, and R rbmi's numbers.

The data of rbmi's example are not part of the project. Point the environment variable
CTEVIDENCE_DEVDATA at a folder with antidepressant_data.csv to run the tests that need them.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ctevidence as ct
from ctevidence.data.scales import declare_scale
from ctevidence.data.study import Rules
from ctevidence.sensitivity.conditional_means import of_everyone_and_without_each
from ctevidence.sensitivity.visit_regressions import visit_means
from ctevidence.terms import Arm

FOLDER = os.environ.get("CTEVIDENCE_DEVDATA")


@pytest.mark.parametrize("name", ["beat_the_blues", "four_arm_trial"])
def test_missing_at_random_is_the_restricted_likelihood_estimate(request, name):
    study = request.getfixturevalue(name)
    outcome = ct.derive_course(study)
    people = outcome.study.entering().sample(60, random_state=1)["participant_id"]
    keep = outcome.study.participants["participant_id"].isin(people)
    tables = dict(study.tables) | {"participants": outcome.study.participants[keep]}
    few = type(study)(**{f: getattr(study, f) for f in study.__dataclass_fields__} | {
        "tables": tables})  # fmt: skip
    outcome = ct.derive_course(few)
    fit = ct.fit_course(outcome)
    assert "unstructured" in fit.model.method
    means = ct.impute_means(outcome)
    for pair in (("combined", "control"), ("therapy", "medication")):
        for week in few.weeks:
            one = means.compare(pair[0], against=pair[1], week=week).one()
            two = fit.compare(pair[0], against=pair[1], week=week).one()
            assert one.estimate == pytest.approx(two.estimate, rel=1e-6, abs=1e-6)


def test_the_jackknife_of_complete_arm_means_is_a_closed_form(complete_study):
    outcome = ct.derive_course(complete_study)
    levels = ct.impute_means(outcome, "copy reference", reference="control", adjust=[]).levels(
        week=12
    )
    scores = outcome.frame[outcome.frame["week"] == 12].groupby("arm")["score"]
    n = len(complete_study.entering())
    for key, value, variance in zip(levels.keys, levels.estimate, np.diag(levels.cov), strict=True):
        mine = scores.get_group(key.arm)
        # leaving one out moves the mean of its arm by (mean - y) / (n_a - 1), no other
        wanted = (n - 1) / n * np.sum((mine - mine.mean()) ** 2) / (len(mine) - 1) ** 2
        assert value == pytest.approx(mine.mean(), rel=1e-12)
        assert variance == pytest.approx(wanted, rel=1e-9)


def test_a_delta_moves_conditional_means_as_it_moves_draws(beat_the_blues):
    means = ct.impute_means(ct.derive_course(beat_the_blues), adjust=[])
    worse = means.shifted({"combined": 5})
    rows = [m.per_arm(week=35).where(arm="combined").one() for m in (means, worse)]
    in_arm = means.table.arm == 3
    share = means.table.after_dropout[in_arm, 3].mean()
    assert rows[1].estimate - rows[0].estimate == pytest.approx(5 * share, rel=1e-9)
    assert rows[1].outcome.endswith("combined 5 points worse, repeated sampling")


def test_without_each_person_in_closed_form_is_a_fit_without_each():
    rng = np.random.default_rng(8)
    arm, columns = np.repeat([0, 1, 2], 7), rng.normal(size=(21, 2))
    columns -= columns.mean(axis=0)
    scores = rng.normal(size=(21, 3))
    found = of_everyone_and_without_each(scores, arm, columns)
    assert found[0] == pytest.approx(visit_means(scores[None], arm, columns).estimate[0], rel=1e-9)
    for i in range(21):
        keep = np.arange(21) != i
        centred = columns[keep] - columns[keep].mean(axis=0)
        wanted = visit_means(scores[None, keep], arm[keep], centred).estimate[0]
        assert found[1 + i] == pytest.approx(wanted, rel=1e-9)


def test_only_a_course_has_conditional_means(beat_the_blues):
    with pytest.raises(ValueError, match="takes an outcome of kind course"):
        ct.impute_means(ct.derive_response(beat_the_blues))


@pytest.fixture(scope="module")
def antidepressants(study_of):
    """The antidepressant trial of R rbmi: change of HAM-D17 at visits 4 to 7, 172 people."""
    if not FOLDER:
        pytest.skip("CTEVIDENCE_DEVDATA does not name a folder with antidepressant_data.csv")
    raw = pd.read_csv(Path(FOLDER) / "antidepressant_data.csv")
    raw["participant_id"] = raw["PATIENT"].astype(str)
    raw["arm"] = raw["THERAPY"].map({"DRUG": "medication", "PLACEBO": "control"})
    people = raw.drop_duplicates("participant_id").rename(columns={"BASVAL": "baseline"})
    scores = raw.rename(columns={"VISIT": "week", "CHANGE": "score"})
    scale = declare_scale({"label": "HAM-D17 change", "low": -60, "high": 60, "better": "lower"})
    study = study_of(
        people[["participant_id", "arm", "baseline"]],
        scores,
        (4, 5, 6, 7),
        scale="change",
        scales={"change": scale},
        arms=(Arm("control", "control"), Arm("medication", "medication")),
        rules=Rules(),
    )
    return ct.derive_course(study)


def test_jump_to_reference_is_that_of_rbmi(antidepressants):
    """rbmi vignette CondMean_Inference: 2.126 (0.858), 0.444 to 3.807, p 0.013; means at visit 7
    -6.965 (0.685) and -4.839 (0.762). Printed digits."""
    means = ct.impute_means(antidepressants, "jump to reference", reference="control")
    row = means.compare("medication", against="control", week=7).one()
    found = [row.estimate, row.std_error, row.conf_low, row.conf_high, row.p_value]
    assert found == pytest.approx([-2.126, 0.858, -3.807, -0.444, 0.013], abs=5.1e-4)
    arms = means.per_arm(week=7)
    for arm, value, error in (("medication", -6.965, 0.685), ("control", -4.839, 0.762)):
        one = arms.where(arm=arm).one()
        assert [one.estimate, one.std_error] == pytest.approx([value, error], abs=5.1e-4)


def test_rubins_variance_is_that_of_rbmi(antidepressants):
    """rbmi quickstart, 150 imputations: 2.169 (1.120), p 0.055; both have Monte-Carlo error."""
    jumped = ct.impute(
        antidepressants, "jump to reference", reference="control", imputations=1000, seed=1
    )
    row = jumped.compare("medication", against="control", week=7).one()
    ours = jumped.monte_carlo_error("medication", against="control", week=7)
    theirs = ours.estimate * np.sqrt(1000 / 150)
    assert abs(row.estimate - -2.169) < 3 * np.hypot(ours.estimate, theirs)
    assert row.std_error == pytest.approx(1.120, rel=0.03)
    assert abs(row.p_value - 0.055) < 3 * ours.p_value * np.sqrt(1 + 1000 / 150)
