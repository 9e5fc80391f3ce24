"""Sentences, each expected one written by hand."""

import pandas as pd
import pytest

from ctevidence.display.sentences import sentence
from ctevidence.estimates import Estimate, Estimates
from ctevidence.language import say


def contrast(**changes):
    row = {
        "study": "trial", "outcome": "response", "arm": "combined", "reference": "medication",
        "measure": "risk_difference", "unit": "probability", "week": 12, "estimate": 0.14,
        "conf_low": 0.08, "conf_high": 0.21, "randomised": True, "n": 300, "n_reference": 310,
    }  # fmt: skip
    return Estimate(**(row | changes))


def test_wording_is_capped_without_a_judgement():
    assert "may lead to" in sentence(contrast())  # the whole grid stands in test_wording.py


def test_without_a_judgement_the_sentence_says_so():
    assert "certainty not assessed" in sentence(contrast())


def test_very_low_certainty_claims_no_direction():
    text = sentence(contrast(), "very low")
    assert "very uncertain" in text
    assert "14" not in text


def test_standard_deviations_have_two_decimals():
    what = {"outcome": "improvement on PHQ-9", "measure": "std_mean_difference"}
    value = {"estimate": 0.444, "conf_low": 0.216, "conf_high": 0.674}
    row = contrast(unit="standard deviations", **what, **value)
    assert "0.44 higher standard deviations" in sentence(row)
    assert "0.22 higher to 0.67 higher" in sentence(row)


def test_a_period_says_its_weeks_once():
    row = contrast(outcome="early PHQ-9 score (lower is better), weeks 2 to 4", week=4,
                   measure="mean_over_period_difference", unit="PHQ-9 points")  # fmt: skip
    assert "weeks 2 to 4 (range" in sentence(row)
    assert "week 4" not in sentence(row)


def test_without_randomisation_no_causal_word():
    text = sentence(contrast(randomised=False))
    assert "may be associated with" in text
    assert "lead" not in text
    assert "an association: not randomised" in text


def test_a_range_that_holds_both_says_not_determined_and_both_ends():
    text = sentence(contrast(conf_low=-0.03, conf_high=0.30))
    assert text == (
        "It is not determined whether more people respond by week 12 with combined treatment than "
        "with medication: the best estimate is 14 more of every 100 people, and the data allow "
        "anything from 3 fewer to 30 more (certainty not assessed)."
    )


def test_one_small_study_does_not_establish():
    text = sentence(contrast(n=17, n_reference=17), source="open")
    assert text.startswith("Not established: it rests on one study of fewer than 200 people. ")


def test_what_is_not_estimable_says_why():
    nothing = dict.fromkeys(("estimate", "conf_low", "conf_high"), float("nan"))
    text = sentence(contrast(**nothing, caution="no relapse among 6 people"), source="open")
    assert "cannot be estimated: no relapse among 6 people" in text


def test_synergy_says_in_the_same_breath_what_adding_brings():
    rows = Estimates([
        contrast(), contrast(reference="therapy", estimate=0.1),
        contrast(reference="additivity", measure="interaction_difference", estimate=-0.02,
                 conf_low=-0.2, conf_high=0.16),
        contrast(reference="multiplicativity", measure="interaction_ratio", unit="ratio",
                 estimate=0.9, conf_low=0.6, conf_high=1.4),
    ])  # fmt: skip
    text = sentence(rows)
    assert "not determined" in text
    assert "against medication, 14 more of every 100 people" in text
    assert "On the ratio scale: 0.90 (range 0.60 to 1.40; 1 is no synergy)." in text
    assert text.endswith("No synergy does not mean no benefit.")


def test_what_adding_brings_stands_in_the_first_sentence_of_any_synergy():
    # whatever the synergy says, a useful benefit cannot be missing from the same breath
    for estimate, low, high in ((-0.02, -0.2, 0.16), (0.2, 0.05, 0.35), (-0.2, -0.35, -0.05)):
        rows = Estimates([
            contrast(), contrast(reference="therapy", estimate=0.1),
            contrast(reference="additivity", measure="interaction_difference", estimate=estimate,
                     conf_low=low, conf_high=high),
        ])  # fmt: skip
        first = sentence(rows).split(". ")[0]
        assert "against medication, 14 more of every 100 people" in first
        assert "610 people in one study" in first


def test_less_than_the_sum_is_not_worse_than_a_part():
    rows = Estimates([
        contrast(reference="additivity", measure="interaction_difference", estimate=-0.2,
                 conf_low=-0.35, conf_high=-0.05),
    ])  # fmt: skip
    assert "does not mean worse than either of them" in sentence(rows)
    worse = Estimates([
        contrast(outcome="relapse", reference="additivity", measure="interaction_difference",
                 estimate=-0.2, conf_low=-0.35, conf_high=-0.05),
    ])  # fmt: skip
    assert "does not mean worse" not in sentence(worse), "fewer relapses than the sum is more"


def test_synergy_of_one_small_study_says_so_in_the_same_sentence():
    rows = Estimates([
        contrast(reference="additivity", measure="interaction_difference", estimate=0.2,
                 conf_low=0.05, conf_high=0.35, n=20, n_reference=60),
    ])  # fmt: skip
    first = sentence(rows, source="open").split(". ")[0]
    assert "80 people in one study; not established: one study of fewer than 200 people" in first


def test_what_is_not_identified_still_says_what_adding_brings():
    from ctevidence.contrasts import counted_levels, synergy  # noqa: PLC0415

    text = sentence(synergy(counted_levels((76, 66, 48), (107, 109, 111), week=12)), source="open")
    assert "without control synergy cannot be told" in text
    # 71.03 - 60.55 and 71.03 - 43.24 per 100
    assert "against medication, 10 more of every 100 people" in text
    assert "against therapy, 28 more of every 100 people" in text


def test_non_inferiority_names_its_margin():
    from ctevidence.contrasts import counted_levels, not_worse_than  # noqa: PLC0415

    levels = counted_levels((60, 50, 58), (100, 100, 100), week=12)
    row = not_worse_than(levels, "combined", against="therapy", margin=0.2)
    text = sentence(row, source="open")
    assert "is no worse than therapy by the declared margin of 20 of every 100 people" in text
    row = not_worse_than(levels, "combined", against="therapy", margin=0.05)
    # 2 more of 100, Newcombe 97.5 % limit -11.4: beyond the margin of 5
    assert (
        "It is not determined whether combined treatment is no worse than therapy by the declared "
        "margin of 5" in sentence(row, source="open")
    )
    assert "11 fewer at worst" in sentence(row, source="open")


def test_a_network_says_that_transitivity_is_assumed():
    pass  # noqa: PLC0415

    rows = Estimates([
        contrast(reference="best single treatment", alternative="greater", conf_high=float("nan"),
                 caution=say("caution.transitivity")),
    ])  # fmt: skip
    assert "transitivity is assumed" in sentence(rows)


def test_scores_say_higher_or_lower():
    row = contrast(outcome="BDI score (lower is better)", measure="mean_difference",
                   unit="BDI points", estimate=-4.0, conf_low=-6.2, conf_high=-1.8)  # fmt: skip
    assert "4.0 lower BDI points" in sentence(row)


def test_an_unknown_certainty_is_refused():
    with pytest.raises(KeyError, match="moderate"):
        sentence(contrast(), "modrate")


def _min_test(low, **fields):
    given = {
        "study": "s", "outcome": "response", "arm": "combined", "measure": "odds_ratio",
        "estimate": 3.0, "reference": "best single treatment", "unit": "ratio", "conf_low": low,
        "randomised": True,
        "alternative": "greater", "n": 400, "n_reference": 800, "studies": 5,
    }  # fmt: skip
    return Estimate(**given | fields)


@pytest.mark.parametrize(
    ("low", "fields", "certainty", "says"),
    [
        # a ratio is shown to be better above 1, not above 0
        (0.5, {}, "high", "It is not determined whether combined treatment is better"),
        (1.2, {}, "high", "Combined treatment is better"),
        (1.2, {}, "moderate", "Combined treatment is probably better"),
        (1.2, {}, None, "Combined treatment may be better"),
        (
            1.2,
            {"studies": 1, "n": 17, "n_reference": 34},
            "high",
            "Combined treatment may be better",
        ),
    ],
)
def test_better_than_both_claims_what_was_shown_and_no_more(low, fields, certainty, says):
    words = sentence(_min_test(low, **fields), certainty)
    assert words.startswith(says)
    # what is shown has a least size; what is not may be the other way round
    assert (f"as little as {low:.2f}" if low > 1 else f"{low:.2f} cannot be ruled out") in words


def test_of_very_low_certainty_no_direction_is_claimed_of_the_min_test_either():
    words = sentence(_min_test(1.2), "very low")
    assert words == (
        "Whether combined treatment is better than each single treatment is very uncertain (1200 "
        "people in 5 studies; very low certainty)."
    )


def test_without_randomisation_people_do_better_and_nothing_causes_it():
    words = sentence(_min_test(1.2, randomised=False), "high")
    assert words.startswith(
        "People do better with combined treatment than with each single treatment"
    )
    assert "an association: not randomised" in words


def test_what_is_not_determined_is_not_called_not_established_too():
    small = {"n": 20, "n_reference": 20, "studies": 1}
    assert "not established" not in sentence(_min_test(0.5, **small)).lower()
    assert "not established" in sentence(_min_test(1.2, **small))


@pytest.fixture(scope="module")
def network():
    from ctevidence.synthesis.effect_sizes import EffectSizes  # noqa: PLC0415
    from ctevidence.synthesis.network import pool_network  # noqa: PLC0415

    pairs = [("both", "pill", 1.1), ("drug", "pill", 0.5), ("CBT", "pill", 0.4),
             ("both", "drug", 0.6), ("both", "CBT", 0.7)]  # fmt: skip
    frame = pd.DataFrame(
        [
            {"study": f"s{i}", "treat1": a, "treat2": b, "estimate": x, "std_error": 0.2,
             "n1": 150.0, "n2": 150.0, "outcome": "response"}
            for i, (a, b, x) in enumerate(pairs)
        ]
    )  # fmt: skip
    return pool_network(EffectSizes(frame, "odds_ratio"), reference="pill")


def test_synergy_of_a_network_is_one_answer_in_the_names_of_its_treatments(network):
    from ctevidence.contrasts import synergy  # noqa: PLC0415

    rows = synergy(network, combined="both", medication="drug", therapy="CBT", control="pill")
    text = sentence(rows, source="open")
    seen = rows.where(measure="interaction_ratio").one()
    assert text.startswith("Whether both is more, or less, than what its parts multiply to")
    assert (
        f"{seen.estimate:.2f} (range {seen.conf_low:.2f} to {seen.conf_high:.2f}; 1 is no" in text
    )
    assert "against drug, an odds ratio of" in text.split(". On")[0]
    assert "against CBT, an odds ratio of" in text
    assert "a odds" not in text
    least = rows.where(measure="detectable_interaction_ratio").one().estimate
    assert f"of {least:.2f} or more, or {1 / least:.2f} or less" in text
    assert "against multiplicativity" not in text
    assert "than with multiplicativity" not in text
    assert text.endswith("No synergy does not mean no benefit.")


def test_rows_that_name_a_model_are_not_read_as_contrasts():
    from ctevidence.contrasts import counted_levels, reference_models  # noqa: PLC0415

    rows = reference_models(counted_levels((76, 66, 48, 39), (107, 109, 111, 112), week=12))
    told = [sentence(row, source="open") for row in rows]
    assert not any("Compared with" in text or "more people" in text for text in told)
    # .6055 + .4324 - .3482 = .6897; 1 - .3945 x .5676 / .6518 = .6565; .7103 - .6565 = .0538
    assert any(text.startswith("If the parts add up: 69 per 100") for text in told)
    assert any(text.startswith("If the parts act independently (Bliss): 66") for text in told)
    assert any(
        text.startswith("Beyond Bliss independence with combined treatment: 5") for text in told
    )
    assert any("as good as the better single treatment: 61 per 100" in text for text in told)


def test_two_countings_of_one_question_are_told_one_after_the_other():
    def asked(outcome, estimate):
        names = {"reference": "best single treatment", "alternative": "greater", "outcome": outcome}
        return contrast(estimate=estimate, conf_low=-0.1, conf_high=float("nan"), **names)

    rows = [asked("response (observed)", 0.05), asked("response (missing as non-response)", 0.09)]
    text = sentence(Estimates(rows))
    assert text.index("5 more of every 100") < text.index("9 more of every 100")
    assert "people without a score counted as not" in text


def test_without_a_declared_margin_nothing_is_judged():
    from ctevidence.contrasts import antagonism, counted_levels  # noqa: PLC0415

    levels = counted_levels((60, 50, 58), (100, 100, 100), week=12)
    text = sentence(antagonism(levels, margin=float("nan")), source="open")
    assert text == (
        "Whether combined treatment is no worse than therapy is not judged: the study declares no "
        "margin of its own."
    )
