import math
import pickle
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.estimates import ALTERNATIVES, COLUMNS, COUNT_COLUMNS, Estimate, Estimates


def row(**options) -> Estimate:
    given_fields = {
        "study": "demo",
        "outcome": "response",
        "arm": "combined",
        "reference": "medication",
        "measure": "risk_difference",
        "estimate": 0.1,
    }
    return Estimate(**(given_fields | options))


# -- one row --------------------------------------------------------------------------------------


def test_the_columns_are_the_contract():
    # readers of the CSV files rely on this list and its order
    columns = """
        id study population outcome arm reference measure unit week estimate conf_low conf_high
        conf_level alternative std_error error_scale df p_value n events n_reference
        events_reference studies randomised method caution
    """
    assert list(COLUMNS) == columns.split()
    assert {f.name for f in fields(Estimate)} == {*COLUMNS}


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "demo/response/risk_difference/combined-vs-medication"),
        ({"reference": "", "measure": "risk"}, "demo/response/risk/combined"),
        ({"week": 9.0}, "demo/response/risk_difference/combined-vs-medication/week-9"),
        ({"week": 4.5}, "demo/response/risk_difference/combined-vs-medication/week-4.5"),
        (
            {"alternative": "greater"},
            "demo/response/risk_difference/combined-vs-medication/one-sided",
        ),
        (
            {"population": "adults, severe"},
            "demo/adults-severe/response/risk_difference/combined-vs-medication",
        ),
        (
            {"outcome": "response (observed)", "arm": "CBT + SSRI"},
            "demo/response-observed/risk_difference/cbt-+-ssri-vs-medication",
        ),
        ({"arm": "Verhaltenstherapie für alle"}, "verhaltenstherapie-für-alle-vs-medication"),
        ({"id": "mine"}, "mine"),
    ],
)
def test_ids_are_made_of_what_tells_rows_apart(options, name):
    assert row(**options).id.endswith(name)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"conf_level": 95}, "conf_level is 95; it is a probability"),
        ({"alternative": "both"}, 'alternative "both" is none of'),
        ({"std_error": -1}, "std_error -1.0 or p_value nan is impossible"),
        ({"p_value": 1.1}, "p_value 1.1 is impossible"),
        ({"conf_low": 0.2, "conf_high": 0.3}, "0.1 lies outside its interval 0.2 to 0.3"),
        ({"conf_high": 0.05}, "lies outside its interval nan to 0.05"),
        ({"measure": "nnt", "conf_low": 2, "conf_high": 5}, "lies outside its interval 2.0 to 5.0"),
    ],
)
def test_impossible_rows_cannot_exist(options, problem):
    with pytest.raises(ValueError, match=problem):
        row(**options)


def test_the_interval_of_a_number_needed_to_treat_may_run_through_infinity():
    # Altman 1998, BMJ 317:1309: NNTB 10, from NNTB 4 to infinity to NNTH 20
    needed = row(measure="nnt", estimate=10, conf_low=-20, conf_high=4)
    assert needed.is_estimable
    assert row(measure="nnt", estimate=math.inf, conf_low=-8, conf_high=8).estimate == math.inf


def test_rounding_in_the_last_digit_is_no_contradiction():
    assert row(estimate=0.1, conf_low=0.1 + 1e-16, conf_high=0.3).conf_low > 0.1


def test_missing_numbers_are_nan_and_missing_counts_none():
    bare = row(estimate=None, week=None)
    assert math.isnan(bare.estimate)
    assert math.isnan(bare.week)
    assert not bare.is_estimable
    assert (bare.n, bare.randomised, bare.studies) == (None, None, 1)
    assert isinstance(row(estimate=np.float64(0.1)).estimate, float)


def test_rows_do_not_change():
    with pytest.raises(FrozenInstanceError):
        row().estimate = 2


def test_rows_are_the_same_when_all_fields_agree_missing_ones_too():
    assert row(week=float("nan")).same_as(row(week=float("nan")))
    assert pickle.loads(pickle.dumps(row())).same_as(row())
    assert not row().same_as(row(estimate=0.2))
    assert not row().same_as(row(n=1))
    assert not row(week=4).same_as(row())


# -- many rows ------------------------------------------------------------------------------------


def test_joining_keeps_each_row_once():
    one, two = row(), row(week=9)
    assert list(Estimates([one]) + Estimates([row(), two])) == [one, two]
    assert len(Estimates([one, row(), two])) == 2


@pytest.mark.parametrize(
    "join", [lambda a, b: Estimates([a]) + Estimates([b]), lambda a, b: Estimates([a, b])]
)
def test_one_id_cannot_mean_two_estimates(join):
    with pytest.raises(ValueError, match='Two different estimates share the id "demo/response/ris'):
        join(row(), row(estimate=0.2))


def test_only_rows_are_held():
    with pytest.raises(TypeError, match="Estimates hold Estimate rows, not dict"):
        Estimates([{}])


def test_where_selects_by_value_or_by_any_of_several():
    rows = Estimates([row(week=4), row(week=9), row(week=9, measure="risk_ratio")])
    assert len(rows.where(week=9)) == 2
    assert rows.where(week=9, measure="risk_ratio").one().measure == "risk_ratio"
    assert len(rows.where(measure=["risk_ratio", "risk_difference"], week=(4, 9))) == 3
    assert len(rows.where(week=13)) == 0
    with pytest.raises(KeyError, match=r"No column \['weeks'\]; the columns are id, study"):
        rows.where(weeks=9)


def test_one_row_or_an_error_that_names_what_there_is():
    assert Estimates([row()]).one() == row()
    with pytest.raises(ValueError, match="found 0: none"):
        Estimates().one()
    with pytest.raises(ValueError, match=r"found 2: .*week-4, .*week-9"):
        Estimates([row(week=4), row(week=9)]).one()


def test_the_frame_is_a_copy_with_the_closed_columns():
    rows = Estimates([row(n=5, randomised=True), row(week=9)])
    frame = rows.frame
    assert list(frame) == list(COLUMNS)
    assert frame["n"].tolist() == [5, pd.NA]
    assert frame["randomised"].tolist() == [True, pd.NA]
    frame.loc[0, "estimate"] = 9
    assert rows.frame.loc[0, "estimate"] == 0.1
    assert list(Estimates().frame) == list(COLUMNS)


def test_printing():
    assert repr(Estimates()) == "Estimates: no rows"
    assert "risk_difference" in repr(Estimates([row()]))


def test_another_table_is_refused_with_what_is_missing_and_unknown():
    frame = Estimates([row()]).frame
    with pytest.raises(ValueError, match=r"missing \['n'\], unknown \['N'\]"):
        Estimates.from_frame(frame.rename(columns={"n": "N"}))


# -- the file -------------------------------------------------------------------------------------

text = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
numbers = st.floats(allow_nan=True, allow_infinity=False)
counts = st.none() | st.integers(0, 10**9)


@st.composite
def estimates(draw):
    low, middle, high = sorted(
        draw(st.lists(numbers.filter(math.isfinite), min_size=3, max_size=3))
    )
    return Estimate(
        study=draw(text),
        outcome=draw(text),
        population=draw(text),
        arm=draw(text),
        reference=draw(text),
        measure=draw(st.sampled_from(["risk_difference", "mean", "NA", "nan", ""])),
        unit=draw(text),
        week=draw(numbers),
        estimate=middle,
        conf_low=draw(st.sampled_from([low, math.nan, -math.inf])),
        conf_high=draw(st.sampled_from([high, math.nan, math.inf])),
        conf_level=draw(st.floats(0.01, 0.99)),
        alternative=draw(st.sampled_from(ALTERNATIVES)),
        std_error=draw(st.floats(0) | st.just(math.nan)),
        df=draw(st.floats(0) | st.just(math.nan)),
        p_value=draw(st.floats(0, 1) | st.just(math.nan)),
        randomised=draw(st.none() | st.booleans()),
        method=draw(text),
        caution=draw(text),
        **{name: draw(counts) for name in COUNT_COLUMNS},
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(estimates(), max_size=4, unique_by=lambda e: e.id))
def test_a_file_gives_back_exactly_what_was_written(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("estimates")
    path = Estimates(rows).write_csv(folder / "new" / "rows.csv")
    back = Estimates.read_csv(path)
    assert len(back) == len(rows)
    for one, two in zip(rows, back, strict=True):
        assert one.same_as(two)
        assert [type(getattr(one, c)) for c in COLUMNS] == [type(getattr(two, c)) for c in COLUMNS]
    again = back.write_csv(folder / "again.csv")
    assert again.read_bytes() == path.read_bytes(), "the same rows give the same bytes"


def test_numbers_keep_all_their_digits(tmp_path):
    # 0.1 + 0.2 and the smallest step above 1: both are lost at 15 digits
    rows = Estimates([row(estimate=0.1 + 0.2, week=4), row(estimate=1 + 2**-52, week=9)])
    back = Estimates.read_csv(rows.write_csv(tmp_path / "rows.csv"))
    assert [r.estimate for r in back] == [0.30000000000000004, 1.0000000000000002]
