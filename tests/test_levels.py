import math
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctevidence.levels import SCALES, Cell, Levels, differing_components, is_randomised
from ctevidence.terms import Arm

ARMS = (Arm("both", "combined"), Arm("drug", "medication"), Arm("talk", "therapy"))


def levels(**options) -> Levels:
    fields = {
        "study": "demo",
        "outcome": "response",
        "population": "everyone who started",
        "arms": ARMS,
        "keys": (("both", 4), ("drug", 4), ("both", 12), ("drug", 12)),
        "measure": "risk",
        "better": "higher",
        "estimate": [0.4, 0.3, 0.6, 0.5],
        "cov": np.diag([1.0, 2.0, 3.0, 4.0]) * 1e-3,
        "n": (30, 20, 30, 20),
        "events": (12, 6, 18, 10),
        "randomised": {"therapy"},
        "method": "counts",
    }
    return Levels(**(fields | options))


# -- what cannot exist ----------------------------------------------------------------------------

ASYMMETRIC = np.diag([1.0, 2, 3, 4])
ASYMMETRIC[0, 1] = 0.5
#: the difference of the first two would have the variance 1 + 1 - 2 x 2
IMPOSSIBLE = np.eye(4) + np.array([[0, 2, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"measure": "risks"}, '"risks" is not a level measure; did you mean "risk"'),
        ({"keys": (), "estimate": [], "cov": np.empty((0, 0))}, "there is no entry"),
        ({"estimate": [0.4, 0.3]}, r"4 keys, but estimate \(2,\) and cov \(4, 4\)"),
        ({"cov": np.eye(3)}, r"4 keys, but estimate \(4,\) and cov \(3, 3\)"),
        ({"n": (30, 20)}, "4 keys, but n has 2 and events 4 entries"),
        ({"events": (12,)}, "4 keys, but n has 4 and events 1 entries"),
        ({"keys": (("both", 4),) * 2 + (("drug", 4), ("talk", 4))}, "same arm and week stands tw"),
        ({"keys": (("both", 4), ("x", 4), ("y", 4), ("drug", 4))}, r"not declared: \['x', 'y'\]"),
        ({"better": "up"}, 'better is "up"; say "higher" or "lower"'),
        ({"link": "probit"}, 'link "probit" is none of identity, log, logit'),
        ({"measure": "log_hazard"}, "only differences of these are identified"),
        ({"several_arms": "pool"}, 'several_arms is "pool"'),
        ({"randomised": {"arm"}}, r"randomised names \['arm'\]"),
        ({"n": (30, 20, 30, -1)}, "10 events among -1 people of drug"),
        ({"events": (12, 21, 18, 10)}, "21 events among 20 people of drug"),
        ({"estimate": [0.4, 0.3, 0.6, np.inf]}, "estimate is infinite"),
        ({"estimate": [0.4, 0.3, 0.6, 1.1]}, "leave the range 0.0 to 1.0 of risk"),
        ({"measure": "rmst", "estimate": [1, 2, 3, -1]}, "leave the range 0.0 to inf of rmst"),
        ({"cov": ASYMMETRIC}, "not a symmetric matrix of numbers"),
        ({"cov": np.diag([1.0, 2, 3, np.nan])}, "not a symmetric matrix of numbers"),
        ({"cov": np.diag([1.0, 2, 3, np.inf])}, "not a symmetric matrix of numbers"),
        ({"cov": np.diag([1.0, 2, 3, -4])}, "gives some contrast a negative variance"),
        ({"cov": IMPOSSIBLE}, "gives some contrast a negative variance"),
    ],
)
def test_impossible_levels_cannot_exist(options, problem):
    with pytest.raises(ValueError, match=problem):
        levels(**options)


def test_unknown_levels_need_no_covariance():
    cov = np.diag([1.0, np.nan, 3, np.nan])
    known = levels(
        estimate=[0.4, np.nan, 0.6, np.nan], cov=cov, n=(30, 0, 30, 0), events=(12, 0, 18, 0)
    )
    assert np.isnan(known.values).tolist() == [False, True, False, True]


def test_levels_do_not_change_and_keep_no_hold_on_what_made_them():
    estimate, cov = np.array([0.4, 0.3, 0.6, 0.5]), np.eye(4)
    made = levels(estimate=estimate, cov=cov)
    estimate[0] = cov[0, 0] = 9
    assert (made.estimate[0], made.cov[0, 0]) == (0.4, 1)
    with pytest.raises(ValueError, match="read-only"):
        made.estimate[0] = 1
    with pytest.raises(FrozenInstanceError):
        made.study = "other"


# -- values, weeks --------------------------------------------------------------------------------


@given(st.floats(0.01, 0.99))
@pytest.mark.parametrize("name", sorted(SCALES))
def test_scales_invert_and_have_the_slope_of_a_small_step(name, p):
    scale, step = SCALES[name], 1e-6
    assert scale.inverse(scale.forward(np.float64(p))) == pytest.approx(p, rel=1e-12)
    slope = (scale.forward(p + step) - scale.forward(p - step)) / (2 * step)
    assert scale.derivative(np.float64(p)) == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize(
    ("link", "estimate", "slopes"),
    [
        ("identity", [0.4, 0.3, 0.6, 0.5], [1, 1, 1, 1]),
        ("log", np.log([0.4, 0.3, 0.6, 0.5]), [0.4, 0.3, 0.6, 0.5]),
        ("logit", np.log([2 / 3, 3 / 7, 1.5, 1]), [0.24, 0.21, 0.24, 0.25]),
    ],
)
def test_values_are_what_a_reader_reads(link, estimate, slopes):
    made = levels(link=link, estimate=estimate)
    np.testing.assert_allclose(made.values, [0.4, 0.3, 0.6, 0.5], rtol=1e-12)
    np.testing.assert_allclose(made.value_slopes, slopes, rtol=1e-12)


def test_the_unit_is_the_measures_own_unless_said():
    assert levels().unit == "probability"
    assert levels(measure="mean", unit="PHQ-9 points").unit == "PHQ-9 points"


def test_levels_at_a_week_keep_all_that_belongs_to_it():
    made = levels(
        df_for=lambda c: float(c @ [1, 10, 100, 1000]),
        interval_for=lambda level: np.array([[level, i] for i in range(4)]),
    )
    assert made.weeks == (4, 12)
    at = made.at(12)
    assert [tuple(key) for key in at.keys] == [("both", 12), ("drug", 12)]
    assert (at.n, at.events) == ((30, 20), (18, 10))
    np.testing.assert_array_equal(at.cov, np.diag([3, 4]) * 1e-3)
    assert at.df_for(np.array([2.0, 3.0])) == 3200, "the contrast of all entries, zero elsewhere"
    np.testing.assert_array_equal(at.interval_for(0.9), [[0.9, 2], [0.9, 3]])
    assert at.at(None) is at
    assert at.at(12) is at
    assert levels().at(12).df_for is None


def test_a_week_is_asked_for_where_there_are_several():
    with pytest.raises(KeyError, match="Say which week: these levels are of weeks 4, 12"):
        levels().at(None)
    with pytest.raises(KeyError, match="No level at week 8; there are weeks 4, 12"):
        levels().at(8)
    timeless = levels(
        keys=(("both", None), ("drug", None)),
        estimate=[-0.5, 0],
        cov=np.eye(2),
        n=(30, 20),
        events=(12, 6),
        measure="log_hazard",
        anchored=False,
    )
    assert timeless.at(None) is timeless
    with pytest.raises(KeyError, match="This log_hazard has no week; leave week=8 out"):
        timeless.at(8)


# -- cells ----------------------------------------------------------------------------------------

DOSES = (Arm("low", "medication"), Arm("high", "medication"), Arm("none", "control"))


def doses(choice, **options):
    fields = {
        "arms": DOSES,
        "keys": (("low", 4), ("high", 4), ("none", 4)),
        "estimate": [0.2, 0.4, 0.1],
        "cov": np.eye(3),
        "n": (10, 30, 20),
        "events": (2, 12, 2),
        "several_arms": choice,
    }
    return levels(**(fields | options))


def test_a_cell_is_an_arm_or_a_treatment():
    made = doses("error")
    for name in ("none", "control"):
        cell = made.cell(name)
        assert (cell.name, cell.arms, cell.n, cell.events) == (name, (DOSES[2],), 20, 2)
        assert cell.weights.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("choice", "weights", "n", "events"),
    [("combine", [0.25, 0.75, 0], 40, 14), ("first", [1, 0, 0], 10, 2)],
)
def test_several_arms_as_declared(choice, weights, n, events):
    cell = doses(choice).cell("medication")
    assert cell.weights.tolist() == weights
    assert (cell.n, cell.events) == (n, events)


def test_several_arms_are_refused_unless_declared():
    with pytest.raises(ValueError, match=r"2 arms \(low, high\).*several_arms"):
        doses("error").cell("medication")


def test_uncounted_events_stay_uncounted():
    assert doses("combine", events=(2, None, 2)).cell("medication").events is None


def test_an_empty_arm_carries_no_weight():
    made = doses("combine", n=(0, 30, 20), events=(0, 12, 2), estimate=[np.nan, 0.4, 0.1])
    assert made.cell("medication").weights.tolist() == [0, 1, 0]
    nobody = doses("combine", n=(0, 0, 20), events=(0, 0, 2), estimate=[np.nan, np.nan, 0.1])
    assert nobody.cell("medication").weights.tolist() == [0.5, 0.5, 0], "the value stays nan"


def test_names_without_a_level_are_refused():
    with pytest.raises(KeyError, match='"talk" has no level here; there are levels of'):
        levels().cell("talk")
    with pytest.raises(KeyError, match='"tlak" is neither an arm nor a treatment'):
        levels().cell("tlak")


# -- randomisation --------------------------------------------------------------------------------


def cell(*treatments):
    arms = tuple(Arm(f"{t} {i}", t) for i, t in enumerate(treatments))
    return Cell("x", arms, np.array([1.0]), 1, None)


@pytest.mark.parametrize(
    ("cells", "differing"),
    [
        ([cell("combined"), cell("medication")], {"therapy"}),
        ([cell("combined"), cell("therapy")], {"medication"}),
        ([cell("medication"), cell("therapy")], {"medication", "therapy"}),
        ([cell("combined"), cell("control")], {"medication", "therapy"}),
        ([cell("therapy"), cell("therapy")], {"therapy"}),
        ([cell("control"), cell("control")], set()),
        (
            [cell("combined"), cell("medication"), cell("therapy"), cell("control")],
            {"medication", "therapy"},
        ),
        ([cell("control", "medication"), cell("control")], {"medication"}),
    ],
)
def test_what_a_contrast_differs_in_decides_whether_it_is_randomised(cells, differing):
    assert differing_components(cells) == differing
    both = frozenset({"medication", "therapy"})
    assert is_randomised(cells, both)
    assert not is_randomised(cells, frozenset())
    for component in both:
        # two controls differ in something without a name: only a full randomisation covers it
        expected = bool(differing) and differing <= {component}
        assert is_randomised(cells, frozenset({component})) == expected


def test_replacing_a_field_checks_again():
    with pytest.raises(ValueError, match='better is "sideways"'):
        replace(levels(), better="sideways")
    assert math.isclose(replace(levels(), measure="survival").values[0], 0.4)
