"""For whom: groups, their differences on both scales, and who is kept apart."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts.combination import mover, wilson
from ctevidence.data.modifiers import Modifier
from ctevidence.estimates import has_small_group
from ctevidence.language import say
from ctevidence.models.for_whom import for_whom
from ctevidence.models.shrinkage import shrink
from ctevidence.models.subgroups import age_groups, groups_of

#: (arm, sex) -> (events, people)
CELLS = {
    ("combined", "f"): (30, 40),
    ("medication", "f"): (16, 40),
    ("combined", "m"): (12, 30),
    ("medication", "m"): (10, 32),
    ("control", "f"): (5, 20),
}


def people(ages=None):
    rows = [
        (f"{arm}-{sex}{i}", arm, sex, float(i < events))
        for (arm, sex), (events, n) in CELLS.items()
        for i in range(n)
    ]
    frame = pd.DataFrame(rows, columns=["participant_id", "arm", "sex", "value"])
    rng = np.random.default_rng(2)
    return frame.assign(
        age=rng.integers(20, 60, len(frame)) if ages is None else ages(frame),
        baseline=rng.normal(24, 6, len(frame)).round(),
    )


@pytest.fixture
def outcome(make_outcome):
    def build(*modifiers, ages=None):
        table = people(ages)
        made = make_outcome(
            "response",
            table[["participant_id", "arm", "value"]].assign(week=12),
            people=table.drop(columns="value"),
        )
        rules = replace(made.study.rules, modifiers=modifiers)
        return replace(made, study=replace(made.study, rules=rules))

    return build


SEX = Modifier("sex", "groups")


def test_each_group_has_the_contrast_of_its_own_people(outcome):
    rows = for_whom(outcome(SEX)).where(measure="risk_difference")
    women, men = rows
    assert (women.population, men.population) == ("sex: f", "sex: m")
    assert (women.n, women.events, women.n_reference, women.events_reference) == (40, 30, 40, 16)
    assert women.estimate == pytest.approx(30 / 40 - 16 / 40)
    limits = np.array([wilson(30, 40), wilson(16, 40)])
    low, high = mover(np.array([1.0, -1.0]), np.array([0.75, 0.4]), limits)
    assert (women.conf_low, women.conf_high) == pytest.approx((low, high))
    assert men.estimate == pytest.approx(12 / 30 - 10 / 32)


def test_groups_differ_on_both_scales_by_hand(outcome):
    rows = for_whom(outcome(SEX))
    difference = rows.where(measure="effect_modification_difference").one()
    ratio = rows.where(measure="effect_modification_ratio").one()
    assert difference.population == "sex: m against f"
    shares = np.array([12 / 30, 10 / 32, 30 / 40, 16 / 40])
    c = np.array([1.0, -1.0, -1.0, 1.0])
    assert difference.estimate == pytest.approx(c @ shares)
    # Newcombe (2001): the interval of a difference of differences from four Wilson intervals
    counts = [(12, 30), (10, 32), (30, 40), (16, 40)]
    low, high = mover(c, shares, np.array([wilson(*k) for k in counts]))
    assert (difference.conf_low, difference.conf_high) == pytest.approx((low, high))
    assert ratio.estimate == pytest.approx((12 / 30) / (10 / 32) / (0.75 / 0.4))
    error = math.sqrt(sum(1 / e - 1 / n for e, n in counts))
    assert ratio.conf_low == pytest.approx(ratio.estimate * math.exp(-1.959964 * error), rel=1e-6)
    assert (difference.n, difference.events, difference.n_reference) == (62, 22, 80)


def test_effects_drawn_together_are_those_of_empirical_bayes(outcome):
    rows = for_whom(outcome(SEX))
    for measure, back in (("risk_difference", lambda x: x), ("risk_ratio", np.exp)):
        raw = rows.where(measure=measure)
        forward = np.log if measure == "risk_ratio" else (lambda x: x)
        found = shrink(
            forward(np.array([r.estimate for r in raw])), np.array([r.std_error for r in raw])
        )
        drawn = [r.estimate for r in rows.where(measure=f"shrunken_{measure}")]
        assert drawn == pytest.approx(back(found.estimate))
        scale = "ratio" if measure == "risk_ratio" else "difference"
        assert rows.where(measure=f"heterogeneity_{scale}").one().p_value == pytest.approx(
            found.p_value
        )


def test_everything_is_exploratory_unless_declared(outcome):
    assert all(say("models.for_whom.exploratory") in row.caution for row in for_whom(outcome(SEX)))
    confirmed = for_whom(outcome(replace(SEX, confirmatory=True)))
    assert not any("exploratory" in row.caution for row in confirmed)
    # groups are never randomised against each other, declared or not
    between = confirmed.where(measure="effect_modification_difference").one()
    assert "was not randomised" in between.caution


def test_adolescents_are_never_averaged_with_adults(outcome):
    young = lambda frame: np.where(frame.index % 4 == 0, 16, 30)  # noqa: E731
    age = Modifier("age", "groups", cuts=(14,), is_age=True)
    rows = for_whom(outcome(SEX, age, ages=young), "sex")
    populations = {row.population for row in rows.where(measure="risk_difference")}
    assert populations == {
        "adults (18 or older), sex: f",
        "adults (18 or older), sex: m",
        "adolescents (under 18), sex: f",
        "adolescents (under 18), sex: m",
    }
    total = rows.where(measure="risk_difference")
    assert sum(row.n + row.n_reference for row in total) == 142
    assert not [row for row in rows if "(" not in row.population]


def test_a_study_of_adults_only_is_not_split(outcome):
    age = Modifier("age", "groups", cuts=(40,), is_age=True)
    study = outcome(age).study
    assert [words for words, _ in age_groups(study, "age")] == [""]
    assert list(groups_of(study, age).cat.categories) == ["below 40", "40 or more"]


def test_ranges_hold_their_lower_ends(outcome):
    study = outcome().study
    ranges = groups_of(study, Modifier("baseline", "groups", cuts=(20, 30)))
    baseline = study.entering().set_index("participant_id")["baseline"]
    assert list(ranges.cat.categories) == ["below 20", "20 to below 30", "30 or more"]
    assert (ranges[baseline == 20] == "20 to below 30").all()
    assert (ranges[baseline == 30] == "30 or more").all()


def test_a_slope_is_for_each_of_its_units(outcome):
    one = for_whom(outcome(Modifier("baseline", "continuous")))
    five = for_whom(outcome(Modifier("baseline", "continuous", per=5)))
    a = one.where(measure="effect_modification_difference").one()
    b = five.where(measure="effect_modification_difference").one()
    assert b.estimate == pytest.approx(5 * a.estimate)
    assert b.p_value == pytest.approx(a.p_value)
    c = one.where(measure="effect_modification_ratio").one()
    d = five.where(measure="effect_modification_ratio").one()
    assert d.estimate == pytest.approx(c.estimate**5)
    assert b.population == "baseline: for each 5 more"
    assert (a.n, a.n_reference) == (70, 72)


def test_what_is_not_declared_is_never_looked_for(outcome):
    assert len(for_whom(outcome())) == 0
    with pytest.raises(KeyError, match="None is ever looked for"):
        for_whom(outcome(), "sex")
    with pytest.raises(KeyError, match='"sexx" is not a declared modifier; did you mean "sex"'):
        for_whom(outcome(SEX), "sexx")
    with pytest.raises(KeyError, match='No column "height"'):
        for_whom(outcome(SEX, Modifier("height", "groups")))
    wrong = replace(outcome(SEX), kind="never_started")
    with pytest.raises(ValueError, match="of kind never_started"):
        for_whom(wrong)


def test_a_treatment_that_the_study_does_not_have_leaves_a_row_without_a_value(outcome):
    made = outcome(SEX)
    arms = tuple(arm for arm in made.study.arms if arm.treatment != "therapy")
    rows = for_whom(replace(made, study=replace(made.study, arms=arms)), against="therapy")
    assert not rows.one().is_estimable
    assert rows.one().caution == "not estimable: the study has no arm of therapy"
    with pytest.raises(KeyError, match="neither an arm nor a treatment"):
        for_whom(made, against="theraphy")


def test_a_small_group_is_said_in_all_that_would_give_it_away(outcome):
    made = outcome(SEX)
    gone = {f"medication-f{i}" for i in range(3, 37)}  # leaves three with, three without response
    rows = for_whom(replace(made, frame=made.frame[~made.frame["participant_id"].isin(gone)]))
    of_groups = [row for row in rows if row.measure in ("risk_difference", "risk_ratio")]
    others = [row for row in rows if row not in of_groups]
    assert min(k for row in of_groups for k in (row.n, row.n_reference)) == 6
    assert len(others) == 8
    assert all(has_small_group(row.caution) for row in others)
    assert not any(has_small_group(row.caution) for row in of_groups)
