import pytest

from ctevidence.synthesis.component_matrix import (
    component_matrix,
    parts_of,
    possible_interactions,
)

TREATMENTS = ("CBT", "CBT + SSRI", "CBT + SSRI + exercise", "Placebo", "SSRI")


def test_treatments_are_sums_of_components():
    found = component_matrix(TREATMENTS, "Placebo", [("SSRI", "CBT")])
    assert found.components == ("CBT", "SSRI", "exercise")
    assert found.interactions == ("CBT * SSRI",)
    assert found.matrix.tolist() == [[1, 0, 0, 0], [1, 1, 0, 1], [1, 1, 1, 1], [0, 0, 0, 0],
                                     [0, 1, 0, 0]]  # fmt: skip


def test_without_an_inactive_component_each_has_its_own_column():
    found = component_matrix(TREATMENTS)
    assert "Placebo" in found.components
    assert found.matrix.sum() == 8


def test_new_combinations_of_known_components():
    found = component_matrix(TREATMENTS, "Placebo")
    assert found.rows_of(["SSRI + exercise", "Placebo + CBT"]).tolist() == [[0, 1, 1], [1, 0, 0]]
    with pytest.raises(ValueError, match='component "exercises"; did you mean "exercise"'):
        found.rows_of(["SSRI + exercises"])
    assert found.rows_of([]).shape == (0, 3)


def test_pairs_that_some_treatment_contains():
    found = component_matrix(TREATMENTS, "Placebo")
    assert possible_interactions(found) == (
        ("CBT", "SSRI"), ("CBT", "exercise"), ("SSRI", "exercise"))  # fmt: skip


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inactive": "placebo"}, 'inactive "placebo"; did you mean "Placebo"'),
        ({"interactions": [("CBT", "SSRIs")]}, '"SSRIs" is no active component; did you mean'),
        ({"interactions": [("CBT", "Placebo")]}, '"Placebo" is no active component'),
        ({"interactions": [("CBT", "CBT")]}, "needs two components"),
        ({"interactions": [("CBT", "SSRI"), ("SSRI", "CBT")]}, "stands twice"),
        ({"interactions": [("CBT", "yoga")]}, "No treatment contains CBT and yoga together"),
    ],
)
def test_what_cannot_be_is_named(options, words):
    treatments = (*TREATMENTS, "yoga")
    with pytest.raises(ValueError, match=words):
        component_matrix(treatments, **({"inactive": "Placebo"} | options))


def test_another_separator_is_noticed():
    with pytest.raises(ValueError, match=r'contains " \+ ", but some contain "\+": say sep="\+"'):
        component_matrix(["CBT+SSRI", "CBT"])


def test_a_component_named_twice_is_refused():
    with pytest.raises(ValueError, match="names a component twice"):
        component_matrix(["CBT + CBT"])
    assert parts_of("CBT+SSRI", "+") == ["CBT", "SSRI"]
