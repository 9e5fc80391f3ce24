"""Definitions of Beat the Blues side by side, against counts made in R."""

from dataclasses import replace

import pytest

from ctevidence.data.definitions import ResponseDefinition
from ctevidence.data.rules import ResponseRule
from ctevidence.models.response import fit_response
from ctevidence.models.response_definitions import response_definitions
from ctevidence.outcomes.response import derive_response


@pytest.fixture
def study(make_study, beat_the_blues):
    visits = beat_the_blues.frame[["participant_id", "day", "score"]]
    people = beat_the_blues.study.entering()
    return make_study(people, weeks=(9, 13, 22, 35), visits=visits, name="beat-the-blues")


def test_declared_rules_are_those_of_the_main_analysis(study):
    rows = response_definitions(study, week=9)
    for missing in ("observed", "non-response"):
        main = fit_response(derive_response(study, 9, missing=missing), []).per_arm()
        name = f"(missing as {missing})" if missing != "observed" else "(observed)"
        mine = [r for r in rows if r.measure == "risk" and r.outcome.endswith(name)][:4]
        assert [r.estimate for r in mine] == [r.estimate for r in main]


def test_every_definition_and_counting_has_its_rows(study):
    rule = ResponseRule("percent_fall", "observed", percent=30)
    both = ("observed", "last-observation")
    third = ResponseDefinition("third", "30 % fall", rule, both)
    rows = response_definitions(
        replace(study, rules=replace(study.rules, definitions=(third,))), week=35
    )
    names = ["response, 30 % fall (observed)", "response, 30 % fall (last score carried forward)"]
    assert list(dict.fromkeys(row.outcome for row in rows)) == names
    assert len(rows.where(measure="risk")) == 8
    assert len(rows.where(measure="risk_difference")) == 12
    carried = rows.where(outcome=names[1])
    assert all("carried forward" in row.caution for row in carried)
    # nobody is lost when the last score is carried forward
    assert sum(row.n for row in carried.where(measure="risk")) == 100


def test_a_study_without_rules_is_told_what_to_declare(study):
    bare = replace(study, rules=replace(study.rules, response=None, remission=None))
    with pytest.raises(ValueError, match=r"\[definitions.NAME\]"):
        response_definitions(bare)
