"""RERI, attributable proportion and synergy index against R and published numbers."""

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ctevidence.contrasts import relative_excess, synergy
from ctevidence.contrasts.counted_levels import counted_levels

CLOSED_FORM = 1e-9
FITTED = 1e-6  # R's glm and numerical derivatives are iterated
MEASURES = ("reri", "attributable_proportion", "synergy_index")
repeated = settings(max_examples=40, deadline=None)
interior = st.integers(2, 300).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n)))
four_cells = st.lists(interior, min_size=4, max_size=4).map(lambda four: np.array(four).T)


@pytest.fixture(scope="module")
def excess_of_r(reference_folder):
    return json.loads((reference_folder / "relative_excess.json").read_text(encoding="utf-8"))


def levels_of(table, **options):
    cases, others = table["cases"], table["others"]
    n = [a + b for a, b in zip(cases, others, strict=True)]
    return counted_levels(cases, n, **options)


def row(rows, measure, interval):
    return next(r for r in rows if r.measure == measure and r.id.endswith(f"/{interval}"))


TABLES = ["oral_cancer", "tads", "cams", "relapse"]


@pytest.mark.parametrize("of", ["odds", "risk"])
@pytest.mark.parametrize("table", TABLES)
def test_delta_intervals_equal_those_of_r(excess_of_r, table, of):
    rows = relative_excess(levels_of(excess_of_r[table]), of=of)
    for measure in ("reri", "attributable_proportion"):
        expected, found = excess_of_r[table][of][measure], row(rows, measure, "delta")
        assert (found.estimate, found.std_error, found.conf_low, found.conf_high) == pytest.approx(
            [expected[k] for k in ("estimate", "std_error", "conf_low", "conf_high")], rel=FITTED
        )
    expected, found = excess_of_r[table][of]["log_synergy_index"], row(rows, MEASURES[2], "delta")
    logs = [math.log(x) for x in (found.estimate, found.conf_low, found.conf_high)]
    assert logs == pytest.approx(
        [expected[k] for k in ("estimate", "conf_low", "conf_high")], rel=FITTED
    )
    assert found.error_scale == "log"


@pytest.mark.parametrize("of", ["odds", "risk"])
@pytest.mark.parametrize("table", TABLES)
def test_mover_intervals_equal_those_of_r(excess_of_r, table, of):
    rows, expected = relative_excess(levels_of(excess_of_r[table]), of=of), excess_of_r[table][of]
    for measure in MEASURES:
        found, limits = row(rows, measure, "mover"), expected["mover"][measure]
        if None in limits or "NA" in limits:
            assert math.isnan(found.conf_low)
            assert "no range" in found.caution
        else:
            assert (found.conf_low, found.conf_high) == pytest.approx(limits, rel=FITTED)


def test_published_numbers_of_oral_cancer(excess_of_r):
    # Hosmer and Lemeshow 1992, Epidemiology 3:452, table 2: RERI 3.74 (-1.84, 9.32), AP 0.41
    # (-0.07, 0.90), S 1.87 (0.65, 5.42); Zou 2008, Am J Epidemiol 168:212: RERI -11.43 to 21.87
    rows = relative_excess(levels_of(excess_of_r["oral_cancer"]), of="odds")
    for measure, value, low, high in (
        ("reri", 3.74, -1.84, 9.32),
        ("attributable_proportion", 0.41, -0.07, 0.90),
        ("synergy_index", 1.87, 0.65, 5.42),
    ):
        found = row(rows, measure, "delta")
        assert (found.estimate, found.conf_low, found.conf_high) == pytest.approx(
            (value, low, high), abs=0.0051
        )
    found = row(rows, "reri", "mover")
    assert (found.conf_low, found.conf_high) == pytest.approx((-11.43, 21.87), abs=0.0051)


def test_the_synergy_index_holds_one_when_reri_holds_zero(excess_of_r):
    rows = relative_excess(levels_of(excess_of_r["cams"]), of="odds")
    for interval in ("delta", "mover"):
        reri = row(rows, "reri", interval)
        assert reri.estimate != 0
    reri, index = row(rows, "reri", "mover"), row(rows, "synergy_index", "mover")
    if math.isfinite(index.conf_low):
        assert (reri.conf_low <= 0 <= reri.conf_high) == (index.conf_low <= 1 <= index.conf_high)
    assert index.p_value == reri.p_value


@repeated
@given(four_cells)
def test_reri_from_the_combination_is_the_attributable_proportion(four):
    # the interaction is the same from either corner; only what it is divided by changes
    levels = counted_levels(*four)
    there = relative_excess(levels)
    back = relative_excess(levels, reference="combined")
    for interval in ("delta", "mover"):
        one, two = row(there, "attributable_proportion", interval), row(back, "reri", interval)
        assert (one.estimate, one.conf_low, one.conf_high) == pytest.approx(
            (two.estimate, two.conf_low, two.conf_high), rel=1e-9, abs=1e-12
        )


@repeated
@given(four_cells)
def test_swapping_the_treatments_changes_nothing(four):
    there, back = (
        relative_excess(counted_levels(*cells)) for cells in (four, four[:, [0, 2, 1, 3]])
    )
    for one, two in zip(there, back, strict=True):
        assert (one.estimate, one.conf_low, one.conf_high) == pytest.approx(
            (two.estimate, two.conf_low, two.conf_high), rel=1e-7, abs=1e-10, nan_ok=True
        )


@repeated
@given(four_cells)
def test_the_opposite_outcome_is_that_of_the_other_counts(four):
    events, n = four
    assume(np.all(events < n))
    declared = relative_excess(counted_levels(n - events, n))
    opposite = relative_excess(counted_levels(events, n), outcome="opposite")
    for one, two in zip(declared, opposite, strict=True):
        assert (one.estimate, one.conf_low, one.conf_high) == pytest.approx(
            (two.estimate, two.conf_low, two.conf_high), rel=1e-7, abs=1e-9, nan_ok=True
        )
        assert two.outcome == "no response"


def test_cams_reri_of_response_and_of_no_response():
    # Walkup 2008, N Engl J Med 359:2753: (113/140 - 73/133 - 83/139) / (18/76) + 1 = -0.43
    levels = counted_levels((113, 73, 83, 18), (140, 133, 139, 76))
    response = row(relative_excess(levels), "reri", "delta")
    without = row(relative_excess(levels, outcome="opposite"), "reri", "delta")
    assert (round(response.estimate, 2), round(without.estimate, 2)) == (-0.43, 0.13)


def test_hazards_have_them_with_a_warning(levels_with):
    levels = levels_with(
        np.log([3.0, 2.0, 1.5, 1.0]), np.diag([0.04, 0.05, 0.06, 0.0]), measure="log_hazard",
        better="lower", anchored=False,
    )  # fmt: skip
    rows = relative_excess(levels, intervals=("delta",))
    assert row(rows, "reri", "delta").estimate == pytest.approx(3 - 2 - 1.5 + 1, rel=CLOSED_FORM)
    assert all("not ratios of risks" in r.caution for r in rows)


@pytest.mark.parametrize("cells", [(0, 8, 9, 4), (12, 8, 9, 0), (20, 20, 20, 20), (0, 0, 0, 0)])
def test_degenerate_cells_keep_their_places_with_words(cells):
    rows = relative_excess(counted_levels(cells, (20, 20, 20, 20)))
    assert len(rows) == 6
    for r in rows:
        assert r.is_estimable or r.caution
        if math.isnan(r.conf_low):
            assert r.caution, r


def test_three_arms_keep_the_places_of_all_three():
    rows = relative_excess(counted_levels((12, 8, 9), (20, 20, 20)))
    assert [r.measure for r in rows] == list(MEASURES)
    assert not any(r.is_estimable for r in rows)


def test_the_same_control_gives_the_rows_of_synergy():
    levels = counted_levels((76, 66, 48, 39), (107, 109, 111, 112))
    for interval in ("delta", "mover"):
        one = synergy(levels, interval=interval).where(measure="reri").one()
        two = row(relative_excess(levels), "reri", interval)
        assert (one.conf_low, one.conf_high) == (two.conf_low, two.conf_high)


@pytest.mark.parametrize(
    "options", [{"of": "hazard"}, {"outcome": "bad"}, {"intervals": ("wald",)}, {"reference": "x"}]
)
def test_unknown_words_are_refused(options):
    with pytest.raises(KeyError, match="Known"):
        relative_excess(counted_levels((12, 8, 9, 4), (20, 20, 20, 20)), **options)
