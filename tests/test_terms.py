import pytest

from ctevidence.terms import (
    CONTRAST_MEASURES,
    LEVEL_MEASURES,
    SYNERGY_MEASURES,
    Arm,
    Estimand,
    Treatment,
    contrast_measure,
    did_you_mean,
    resolve_arms,
)

# -- arms and treatments --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("treatment", "components"),
    [
        ("control", set()),
        ("medication", {"medication"}),
        ("therapy", {"therapy"}),
        ("combined", {"medication", "therapy"}),
    ],
)
def test_treatments_say_what_they_contain(treatment, components):
    assert Treatment(treatment).components == components
    assert Arm("an arm", treatment).components == components


def test_an_arm_is_labelled_by_its_name_unless_it_has_a_label():
    assert Arm("tau", "control").label == "tau"
    assert Arm("tau", "control", label="Usual care").label == "Usual care"


@pytest.mark.parametrize("name", ["", "  "])
def test_an_arm_needs_a_name(name):
    with pytest.raises(ValueError, match="empty name"):
        Arm(name, "control")


def test_an_unknown_treatment_is_refused_with_a_suggestion():
    with pytest.raises(ValueError, match='"SSRI".*no treatment "medicaton"; did you mean "medicat'):
        Arm("SSRI", "medicaton")


@pytest.mark.parametrize("treatment", ["control", "therapy", "combined"])
def test_an_arm_cannot_carry_the_name_of_another_treatment(treatment):
    with pytest.raises(ValueError, match="cannot carry the name of another treatment"):
        Arm("medication", treatment)
    assert Arm("medication", "medication").name == "medication"


@pytest.mark.parametrize(
    ("arm", "found"),
    [
        (Arm("a", "combined", medication="sertraline", therapy="CBT"), []),
        (Arm("a", "control", medication="Placebo", therapy="waiting list"), []),
        (Arm("a", "control"), []),
        (
            Arm("a", "control", medication="sertraline"),
            ['gives "sertraline" as medication, but treatment "control" has none'],
        ),
        (
            Arm("a", "combined", medication="placebo", therapy="CBT"),
            ['gives inactive medication "placebo", but is declared "combined"'],
        ),
        (
            Arm("a", "therapy", medication="sertraline", therapy="attention"),
            [
                'gives "sertraline" as medication, but treatment "therapy" has none',
                'gives inactive therapy "attention", but is declared "therapy"',
            ],
        ),
    ],
)
def test_stated_components_are_held_against_the_treatment(arm, found):
    assert arm.contradictions() == found


def test_a_study_may_name_its_own_inactive_components():
    arm = Arm("a", "control", therapy="befriending")
    assert arm.contradictions() == [
        'gives "befriending" as therapy, but treatment "control" has none'
    ]
    assert arm.contradictions(inactive=("Befriending",)) == []


ARMS = (Arm("SSRI", "medication"), Arm("TCA", "medication"), Arm("therapy", "therapy"))


@pytest.mark.parametrize(
    ("name", "found"),
    [("SSRI", ["SSRI"]), ("medication", ["SSRI", "TCA"]), ("therapy", ["therapy"])],
)
def test_a_name_is_an_arm_first_and_then_a_treatment(name, found):
    assert [arm.name for arm in resolve_arms(name, ARMS)] == found


def test_an_unknown_name_lists_arms_and_treatments_once():
    with pytest.raises(KeyError) as error:
        resolve_arms("SSRi", ARMS)
    assert 'did you mean "SSRI"? Known: SSRI, TCA, therapy, medication.' in str(error.value)


@pytest.mark.parametrize(
    ("word", "known", "tail"),
    [
        ("meen", ["mean", "risk"], '; did you mean "mean"? Known: mean, risk.'),
        ("zzz", ["mean", "risk"], ". Known: mean, risk."),
        ("x", [], ". Known: nothing."),
        (4, [3, 5], ". Known: 3, 5."),
    ],
)
def test_suggestions(word, known, tail):
    assert did_you_mean(word, known) == tail


# -- the tables of measures -----------------------------------------------------------------------


def test_the_two_tables_agree():
    allowed = [(c, m.name) for m in LEVEL_MEASURES.values() for c in m.contrasts]
    assert sorted(allowed) == sorted((c.name, c.of) for c in CONTRAST_MEASURES.values())
    of_levels = {name for m in LEVEL_MEASURES.values() for name in m.synergy}
    assert of_levels == {m for m in SYNERGY_MEASURES if not m.startswith("detectable_")}


def test_what_is_valid_for_what():
    # ratios, Bliss and RERI are for risks, not for mean changes; hazards have no difference scale
    assert LEVEL_MEASURES["mean"].contrasts == ("mean_difference",)
    assert LEVEL_MEASURES["mean"].synergy == ("interaction_difference",)
    assert LEVEL_MEASURES["log_hazard"].synergy == ("interaction_ratio",)
    for measure in LEVEL_MEASURES.values():
        risky = {"reri", "bliss_excess", "interaction_odds_ratio"} & {*measure.synergy}
        assert not risky or measure.bounds == (0, 1)


def test_the_first_contrast_is_a_difference_wherever_there_is_one():
    for measure in LEVEL_MEASURES.values():
        first = CONTRAST_MEASURES[measure.contrasts[0]]
        assert first.is_ratio == measure.name.endswith("_hazard")
        assert first.null == (1 if first.is_ratio else 0)


def test_unknown_measures_are_refused_with_a_suggestion():
    with pytest.raises(KeyError, match='measure "risk_ration"; did you mean "risk_ratio"'):
        contrast_measure("risk_ration")


def test_an_estimand_reads_as_a_sentence():
    estimand = Estimand("adults", "A against B", "response", "risk ratio", "week 8", "none")
    assert str(estimand) == "In adults: A against B on response at week 8, as risk ratio (none)."
