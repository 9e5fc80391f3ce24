"""Attacks on what is shown: all counts that agree with it are tried, and none may be the only one.

Small enough to enumerate, exact: an attacker who knows every rule and every method has no more.
"""

import itertools
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from ctevidence.contrasts.compare import compare
from ctevidence.contrasts.counted_levels import counted_levels
from ctevidence.contrasts.per_arm import per_arm
from ctevidence.display.disclosure import PROFILES
from ctevidence.display.precision import coarse, step_for
from ctevidence.display.release import gated, released
from ctevidence.display.tables import shown_estimate
from ctevidence.estimates import Estimate, Estimates

STRICT = PROFILES["opensafely"]
#: counts up to here are tried
REACH = 36
MEASURES = ("risk_difference", "risk_ratio", "odds_ratio", "nnt")


def alike(count):
    """All counts that are shown as this one."""
    shown = STRICT.text(count)
    return [k for k in range(count + 10) if STRICT.text(k) == shown]


def pack(counts):
    """Every number that a report releases about two arms, as text."""
    e, n, e0, n0 = counts
    levels = counted_levels((e, e0), (n, n0))
    rows = per_arm(levels)
    for measure in MEASURES:
        rows += compare(levels, "combined", against="medication", measure=measure)
    return repr(released(rows, "opensafely").frame.to_numpy().tolist())


@pytest.mark.parametrize("truth", [(18, 37, 11, 33), (9, 20, 12, 41), (30, 45, 15, 40)])
def test_no_count_can_be_worked_out_from_all_numbers_of_two_arms(truth):
    seen = pack(truth)
    # a third of the counts that agree with the table; each alone would do
    tried = [c for i in range(4) for c in varied(truth, i) if pack(c) == seen]
    for place in range(4):
        assert len({c[place] for c in tried}) >= 4, place


def varied(truth, place):
    for value in alike(truth[place]):
        counts = (*truth[:place], value, *truth[place + 1 :])
        if all(8 <= e <= n - 8 for e, n in (counts[:2], counts[2:])):
            yield counts


def test_without_rounding_the_counts_would_be_found():
    # the attack is strong enough: from exact numbers it finds the truth
    levels = [counted_levels((e, 11), (37, 33)) for e in alike(18)]
    rows = [compare(x, "combined", against="medication").one().estimate for x in levels]
    assert len({round(value, 2) for value in rows}) == len(rows)


def test_a_group_that_is_hidden_cannot_be_worked_out_from_its_total():
    # two parts and their total, each shown as a table shows it
    for hidden, other in itertools.product(range(1, 8), range(8, 60)):
        seen = [STRICT.text(hidden), STRICT.text(other), STRICT.text(hidden + other)]
        agree = {
            h
            for h, o in itertools.product(alike(hidden), alike(other))
            if [STRICT.text(h), STRICT.text(o), STRICT.text(h + o)] == seen
        }
        assert len(agree) > 1, (hidden, other)


@pytest.mark.parametrize("levels", [2, 3])
def test_a_hidden_level_of_a_covariate_cannot_be_worked_out_from_the_others(levels):
    # every possible column of counts, by what a reader sees of it: its cells and its total
    agree = defaultdict(set)
    for parts in itertools.product(range(REACH), repeat=levels):
        agree[(*STRICT.texts(parts), STRICT.text(sum(parts)))].add(parts)
    for seen, columns in agree.items():
        for place, text in enumerate(seen[:-1]):
            values = {parts[place] for parts in columns}
            if text in ("1–7", "not shown") and max(map(max, columns)) < REACH - 8:
                assert len(values) > 1, (seen, columns)


def test_two_releases_rounded_alike_show_no_difference():
    # one person more: the numbers of plain counts do not move at all
    assert pack((18, 37, 11, 33)) == pack((19, 37, 11, 33)) == pack((18, 36, 11, 33))


@pytest.mark.parametrize("n", [12, 15, 23, 37, 62, 118, 640, 5000])
def test_a_number_is_no_finer_than_one_person(n):
    people = STRICT.count(n)
    assert step_for(people) * people >= 1 - 1e-9
    row = Estimate("s", "response", "combined", "risk_difference", 0.1234, reference="therapy",
                   unit="probability", n=n, n_reference=5 * n, conf_low=-0.07, conf_high=0.31,
                   std_error=0.097)  # fmt: skip
    seen = coarse(row, STRICT)
    assert seen.conf_low <= row.conf_low
    assert seen.conf_high >= row.conf_high
    for value in (seen.estimate, seen.conf_low, seen.conf_high):
        steps = value / step_for(people)
        assert abs(steps - round(steps)) < 1e-6


def test_an_interval_never_promises_more_than_the_exact_one():
    draw = np.random.default_rng(4)
    for _ in range(200):
        value, error, n = draw.normal(0, 0.3), draw.uniform(0.02, 0.3), int(draw.integers(8, 400))
        row = Estimate("s", "o", "combined", "risk_difference", value, reference="control", n=n,
                       unit="probability", conf_low=value - error, conf_high=value + error,
                       n_reference=n)  # fmt: skip
        seen = coarse(row, STRICT)
        assert seen.conf_low <= row.conf_low + 1e-9
        assert seen.conf_high >= row.conf_high - 1e-9


def test_released_numbers_of_counts_are_those_of_the_rounded_counts():
    exact = counted_levels((18, 11), (37, 33))
    rounded = counted_levels((20, 10), (35, 35))
    for measure in MEASURES:
        one, other = (
            compare(x, "combined", against="medication", measure=measure) for x in (exact, rounded)
        )
        (seen,), (expected,) = released(one, "opensafely"), other
        for name in ("estimate", "conf_low", "conf_high", "p_value"):
            assert getattr(seen, name) == pytest.approx(getattr(expected, name), rel=1e-12)


@pytest.mark.parametrize("n", [11, 20, 37, 140])
def test_a_row_that_passes_twice_is_as_after_the_first_time(n):
    levels = counted_levels((n // 2, n // 3 + 5), (n + 12, n + 15))
    rows = [*per_arm(levels), *(compare(levels, "combined", against="medication", measure=m).one()
                                for m in MEASURES)]  # fmt: skip
    rows += [replace(row, estimate=row.estimate * 1.001) for row in rows]  # not of plain counts
    for row in rows:
        once = gated(row, STRICT)
        assert gated(once, STRICT).same_as(once), row.measure


def test_an_adjusted_share_is_shown_with_its_own_range():
    # 18 of 37 responded; standardised over everyone it is 0.60: not 57 of 100 (46 to 74)
    row = Estimate("s", "response", "combined", "risk", 0.60, unit="probability", n=37, events=18,
                   conf_low=0.46, conf_high=0.74)  # fmt: skip
    assert shown_estimate(row, STRICT) == ("60", "45 to 75")


def test_model_based_numbers_are_not_taken_for_counts():
    row = Estimate("s", "response", "combined", "risk", 0.51, unit="probability", n=37, events=18,
                   conf_low=0.36, conf_high=0.66)  # fmt: skip
    (seen,) = released(Estimates([row]), "opensafely")
    assert seen.estimate == pytest.approx(0.5)  # to 0.05: more than one of 35
