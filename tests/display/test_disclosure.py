"""The disclosure gate, against the rules of the OpenSAFELY documentation (outputs/sdc)."""

import math
from dataclasses import replace

import numpy as np
import pytest

from ctevidence.contrasts import synergy
from ctevidence.display.disclosure import LEAST_DF, PROFILES, disclosure_of
from ctevidence.display.release import gated, released
from ctevidence.display.sentences import sentence
from ctevidence.display.tables import table_estimates
from ctevidence.estimates import SMALL as LEAST
from ctevidence.estimates import Estimate, Estimates, has_small_group, small_group_caution
from ctevidence.language import Language, language, say, speaking
from ctevidence.levels import Levels
from ctevidence.terms import Arm

STRICT = PROFILES["opensafely"]


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0"), (1, "1–7"), (7, "1–7"), (8, "10"), (12, "10"), (13, "15"), (100, "100")],
)
def test_counts_up_to_seven_are_hidden_and_others_rounded_to_five(count, shown):
    assert STRICT.text(count) == shown


def test_shares_come_from_the_rounded_counts():
    assert STRICT.share(13, 28) == pytest.approx(15 / 30)
    assert math.isnan(STRICT.share(3, 28))


def test_cumulative_counts_of_curves_are_midpoint_six():
    # midpoint 6: ceil(x / 6) * 6 - 3 for x > 0
    assert [STRICT.cumulative(x) for x in (0, 1, 6, 7, 12)] == [0, 3, 3, 9, 9]


@pytest.mark.parametrize(("profile", "block"), [("opensafely", 6), ("nhs-hes", 8), ("min10", 10)])
def test_a_curve_rises_by_blocks_of_people_to_their_middle(profile, block):
    rises = [PROFILES[profile].cumulative(x) for x in range(1, 3 * block + 1)]
    assert rises == sorted(rises)
    assert [rises.count(v) for v in dict.fromkeys(rises)] == [block] * 3
    assert rises[0] == block / 2


def test_hospital_episodes_are_hidden_up_to_seven_and_rounded_to_five():
    # NHS England, HES analysis guide: 1 to 7 suppressed, others to the nearest 5
    hes = PROFILES["nhs-hes"]
    assert [hes.text(k) for k in (0, 1, 7, 8, 12, 13)] == ["0", "1–7", "1–7", "10", "10", "15"]


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ((3, 28, 60), ["not shown", "not shown", "60"]),  # nobody knows which is the small one
        ((3, 5, 60), ["1–7", "1–7", "60"]),  # two hidden ones hide each other
        ((3, 0, 0), ["1–7", "0", "0"]),
        ((8, 8, 1), ["not shown"] * 3),
        ((10, 28, 60), ["10", "30", "60"]),
    ],
)
def test_where_one_part_is_hidden_a_second_is_held_back(parts, shown):
    assert STRICT.texts(parts) == shown


def test_nobody_of_a_hidden_group_is_not_said_either():
    # 0 of 5 would tell of each of the five that they did not respond
    assert STRICT.events_text(0, 5) == STRICT.events_text(5, 5) == "1–7"
    assert STRICT.events_text(0, 50) == "0"
    (seen,) = released(Estimates([row(0, 5)]), "opensafely")
    assert (seen.n, seen.events) == (None, None)


def test_published_trials_pooled_beside_a_study_keep_their_numbers():
    pooled = replace(FROM_SMALL, studies=4, df=3.0)
    assert gated(pooled, STRICT) is pooled
    assert released(Estimates([pooled]), "opensafely").one().n == 30


def test_nearly_saturated_models_are_hidden():
    assert gated(replace(FROM_LARGE, df=9.0), STRICT).caution == say(
        "display.release.few_df", least=LEAST_DF
    )
    assert gated(replace(FROM_LARGE, df=11.0), STRICT).is_estimable


def test_counts_in_words_do_not_pass_either():
    told = gated(replace(FROM_LARGE, caution="no score of 3 people; as declared"), STRICT).caution
    assert told == "no score of people; as declared"


def test_an_unknown_profile_is_refused_with_those_there_are():
    with pytest.raises(KeyError, match="open, opensafely, nhs-hes, min10"):
        disclosure_of("opensafly")


def row(events, n, reference="", **changes):
    fields = {"conf_low": -0.2, "conf_high": 0.4, "std_error": 0.15678, "estimate": 0.1234}
    if reference:
        fields |= {"n_reference": 43, "events_reference": 20}
    measure = "risk_difference" if reference else "risk"
    return Estimate("s", "response", "combined", measure, reference=reference, n=n, events=events,
                    unit="probability", **(fields | changes))  # fmt: skip


SMALL = row(3, 30, estimate=0.1, conf_low=0.03, conf_high=0.26)
FROM_SMALL = row(3, 30, "therapy")
FROM_LARGE = row(31, 62, "medication")
FEW_WITHOUT = row(57, 60, "control")


def test_no_hidden_count_can_be_read_in_a_table():
    text = table_estimates(Estimates([SMALL, FROM_SMALL]), "opensafely").frame.to_string()
    assert "1–7 of 30" in text
    assert "3 of" not in text
    assert text.count("not shown") == 2  # the share, and the difference it could be worked out from


def test_few_without_the_event_are_hidden_as_few_with_it_are():
    assert gated(FEW_WITHOUT, STRICT).caution == say("display.release.hidden")
    assert gated(FROM_LARGE, STRICT).is_estimable


def four_arms(*events):
    """Risks of combined, medication, therapy and control, 40 people each."""
    names = ("combined", "medication", "therapy", "control")
    p = np.array(events) / 40
    return Levels("s", "response", "everyone", tuple(Arm(n, n) for n in names),
                  [(n, 12) for n in names], "risk", "higher", p, np.diag(p * (1 - p) / 40),
                  (40,) * 4, events, frozenset(), "counts")  # fmt: skip


def test_a_small_group_among_several_is_hidden_though_the_sum_is_large():
    # control: 4 of 40 respond; the sum of the three arms does not show it
    rows = synergy(four_arms(24, 16, 18, 4))
    interaction = rows.where(measure="interaction_difference").one()
    assert not STRICT.hides(interaction.events_reference, interaction.n_reference)
    assert gated(interaction, STRICT).caution == say("display.release.hidden")
    assert gated(interaction, disclosure_of("open")) is interaction
    kept = synergy(four_arms(24, 16, 18, 12)).where(measure="interaction_difference").one()
    assert gated(kept, STRICT).is_estimable


def test_no_profile_suppresses_more_than_such_a_row_says():
    assert all(p.suppress_up_to < LEAST for p in PROFILES.values())


def test_what_is_released_is_as_coarse_as_what_is_shown():
    small, hidden, large = released(Estimates([SMALL, FROM_SMALL, FROM_LARGE]), "opensafely")
    assert (small.events, small.n) == (None, 30)
    assert math.isnan(small.estimate)
    assert math.isnan(hidden.std_error)
    assert (large.estimate, large.std_error, large.n, large.n_reference) == (0.1, 0.2, 60, 45)


def test_sentences_pass_the_gate_too():
    assert "cannot be estimated: not shown" in sentence(FROM_SMALL)
    assert "12 more" in sentence(FROM_SMALL, source="open")


def test_open_data_are_released_exactly():
    rows = Estimates([SMALL, FROM_SMALL])
    assert released(rows, "open") is rows


def test_what_is_hidden_because_of_words_is_so_in_any_language():
    strange = Language("strange", {**language().entries, "counted.people": "Leute",
                                   "caution.small_group": "kleine Gruppe {few}"})  # fmt: skip
    made = replace(FROM_LARGE, caution="no score of 3 people")
    with speaking(strange):
        assert gated(made, STRICT).caution == "no score of people"
        assert gated(replace(made, caution="von 3 Leute"), STRICT).caution == "von Leute"
        assert has_small_group(f"{small_group_caution()}; as declared")
        assert has_small_group(language().fill("caution.small_group", {"few": LEAST}))
