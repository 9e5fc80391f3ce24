"""Claims as data: complete, extended by a project, and checked all at once."""

import pytest

from ctevidence.data import service
from ctevidence.data.problems import DataProblems
from ctevidence.data.project import OWN_FILES, Project
from ctevidence.evidence import certainty
from ctevidence.evidence.claims_toml import FILE, read_claims

#: what the list of claims names (a claim with two contrasts has two rows)
LISTED = {
    "better-than-medication", "better-than-therapy", "better-than-both", "synergy",
    "faster-relief", "broader-relief", "staying-in-treatment-medication",
    "staying-in-treatment-therapy", "quality-of-life", "works-in-depression", "works-in-anxiety",
    "works-in-bipolar", "works-in-ptsd", "medication-blunts-therapy", "therapy-is-enough",
    "medication-masks", "tolerable-trauma-therapy", "relapse-prevention",
    "relapse-prevention-therapy", "therapy-or-medication",
    "reduce-medication-later", "harms", "personal-plan", "monitor-and-adjust", "coordinated-care",
}  # fmt: skip
WORRIES = {"medication-blunts-therapy", "therapy-is-enough", "medication-masks", "harms"}
HARMS = {"harms-therapy", "harms-young", "harms-therapy-young"}


def test_every_listed_claim_is_there_with_its_question():
    claims = {claim.id: claim for claim in read_claims()}
    assert set(claims) >= LISTED
    for claim in claims.values():
        assert claim.says
        assert claim.question.endswith(("?", ")"))
        assert bool(claim.sources) or bool(claim.no_source), claim.id
    assert {claim.id for claim in claims.values() if claim.worry} == WORRIES | HARMS


def test_margins_and_thresholds_are_those_declared_and_marked_as_placeholders():
    claims = {claim.id: claim for claim in read_claims()}
    assert claims["medication-blunts-therapy"].margin == 0.05
    assert claims["reduce-medication-later"].margin == 0.10
    assert {claim.thresholds.set_by for claim in claims.values()} == {""}


def own(tmp_path, text):
    path = tmp_path / "claims.toml"
    path.write_text(text, encoding="utf-8")
    return path


NEW = """
[[claim]]
id = "sleep"
says = "Sleep is better"
question = "Do more people sleep well with both than with medication?"
arm = "combined"
reference = "medication"
outcomes = ["good sleep"]
measures = ["risk_difference"]
sources = ["participants"]
[claim.thresholds]
probability = 0.15
"""


def test_a_project_adds_and_changes_claims_and_keeps_the_rest(tmp_path):
    text = '[thresholds]\nprobability = 0.08\nset_by = "Dr A, 2026-03-01"\n' + NEW
    text += '[[claim]]\nid = "reduce-medication-later"\nmargin = 0.05\n'
    claims = {claim.id: claim for claim in read_claims(own(tmp_path, text))}
    assert list(claims)[-1] == "sleep"
    assert claims["sleep"].thresholds.probability == 0.15
    assert claims["sleep"].thresholds.set_by == "Dr A, 2026-03-01"
    assert claims["synergy"].thresholds.probability == 0.08
    changed = claims["reduce-medication-later"]
    assert (changed.margin, changed.arm, changed.stratum) == (0.05, "therapy", "taper")
    assert len(claims) == len(read_claims()) + 1


def test_all_problems_of_a_file_come_at_once(tmp_path):
    text = """
    [thresholds]
    ratio = 0.9
    [[claim]]
    id = "a"
    says = "A"
    question = "A?"
    direction = "beneft"
    arm = "combined"
    reference = "medication"
    outcomes = ["response"]
    measures = ["risk_diference"]
    sources = ["trails"]
    [[claim]]
    id = "b"
    says = "B"
    question = "B?"
    direction = "no worse"
    sources = []
    [[claim]]
    id = "a"
    colour = "red"
    """
    with pytest.raises(DataProblems) as caught:
        read_claims(own(tmp_path, text))
    found = {problem.column for problem in caught.value.problems}
    assert {"thresholds.ratio", "claim[1].direction", "claim[1].measures", "claim[1].sources",
            "claim[2].margin", "claim[2].no_source", "claim[3].id",
            "claim[3].colour"} <= found  # fmt: skip
    assert 'Did you mean "benefit"?' in str(caught.value)
    assert all(problem.row for problem in caught.value.problems)


def test_a_claim_without_a_source_must_say_why(tmp_path):
    text = '[[claim]]\nid = "x"\nsays = "X"\nquestion = "X?"\nsources = []\n'
    with pytest.raises(DataProblems, match="no_source"):
        read_claims(own(tmp_path, text))


def test_own_files_stand_at_the_root_or_beside_the_data_and_the_later_wins(tmp_path):
    project = Project(tmp_path)
    assert OWN_FILES == (FILE, certainty.FILE, service.FILE)
    assert project.own("clinic", "claims.toml") == project.own_files("clinic") == ()
    project.raw("clinic").mkdir(parents=True)
    change = '[[claim]]\nid = "reduce-medication-later"\nmargin = {}\n'
    beside = own(project.raw("clinic"), change.format(0.02))
    root = own(tmp_path, change.format(0.03))
    found = project.own("clinic", "claims.toml")
    assert found == (root, beside)
    claims = {claim.id: claim for claim in read_claims(*found)}
    assert claims["reduce-medication-later"].margin == 0.02
