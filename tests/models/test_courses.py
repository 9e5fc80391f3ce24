"""Several scales of one study at once."""

from dataclasses import replace

import numpy as np
import pytest

from ctevidence.language import say
from ctevidence.models.course import fit_course
from ctevidence.models.courses import CoursesFit, fit_courses
from ctevidence.outcomes.course import derive_course, derive_courses
from ctevidence.simulate.anxiety import Anxiety
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def study():
    return simulate_study(400, seed=4, anxiety=Anxiety())


@pytest.fixture(scope="module")
def scales(study):
    return fit_courses(derive_courses(study))


def test_every_scale_points_the_same_way(study, scales):
    """PHQ-9 and GAD-7: lower scores are better, so improvement is minus the difference."""
    rows = scales.compare("combined", against="control", week=12)
    assert [row.outcome for row in rows] == ["improvement on PHQ-9", "improvement on GAD-7"]
    for row, scale in zip(rows, study.scales, strict=True):
        single = fit_course(derive_course(study, scale)).compare(
            "combined", against="control", week=12, measure="std_mean_difference"
        ).one()  # fmt: skip
        assert row.estimate == pytest.approx(-single.estimate)
        assert row.estimate > 0
        assert row.p_value >= single.p_value
        assert row.conf_high - row.conf_low > single.conf_high - single.conf_low
        assert "p-values by Holm" in row.method
        assert "above 0 is better" in row.method


def test_a_scale_on_which_higher_is_better_is_not_turned(scales):
    fit = scales.fits[1]
    upside_down = replace(fit, expected=replace(fit.expected, better="higher"))
    rows = CoursesFit((scales.fits[0], upside_down)).compare("combined", against="control", week=12)
    turned = scales.compare("combined", against="control", week=12)
    assert rows.rows[0].estimate == turned.rows[0].estimate
    assert rows.rows[1].estimate == -turned.rows[1].estimate


def test_a_scale_that_nobody_filled_in_keeps_its_place_and_counts(study):
    visits = study.visits
    emptied = visits[(visits["scale"] == "PHQ-9") | (visits["day"] <= 0)]
    partly = replace(study, tables={**study.tables, "visits": emptied})
    rows = fit_courses(derive_courses(partly)).compare("combined", against="control", week=12)
    alone = fit_course(derive_course(study)).compare(
        "combined", against="control", week=12, measure="std_mean_difference"
    )
    assert not rows.rows[1].is_estimable
    assert np.isnan(rows.rows[1].p_value)
    assert rows.rows[0].p_value == pytest.approx(min(1, 2 * alone.one().p_value))


def test_all_comparisons_at_the_primary_week(scales):
    rows = scales.compare_treatments()
    assert len(rows) == 6 * 2
    assert {row.week for row in rows} == {12}


def test_one_scale_says_so(study):
    fit = fit_courses([derive_course(study)])
    row = fit.compare("combined", against="therapy").one()
    assert say("models.courses.one_scale") in row.caution
    assert "Holm" not in row.method
    assert fit.cautions[-1] == say("models.courses.one_scale")


def test_what_is_not_a_family_is_refused(study):
    outcome = derive_course(study)
    with pytest.raises(ValueError, match="Each scale is given once"):
        fit_courses([outcome, outcome])
    with pytest.raises(TypeError, match="or fit_course the one"):
        fit_courses(outcome)
    with pytest.raises(ValueError, match="at least one"):
        fit_courses([])
    other = derive_course(replace(study, name="another"), "GAD-7")
    with pytest.raises(ValueError, match="several"):
        fit_courses([outcome, other])
