"""Certainty: levels by hand, every problem of a file at once, and nothing final without people."""

from datetime import date

import pytest

from ctevidence.data.problems import DataProblems
from ctevidence.display.certainty_tables import final_words, is_final, table_certainty
from ctevidence.display.key_messages import message
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.certainty import LOWERING, Judgement, Judgements, Step, read_certainty
from ctevidence.evidence.claim import Claim
from ctevidence.evidence.claims import assess_claims

CLAIMS = (
    Claim("more", "Both help more", "combined", "medication", ("response",), ("risk_difference",)),
)
ROW = Estimate(
    "trials", "response", "combined", "risk_difference", 0.12, reference="medication",
    unit="probability", conf_low=0.06, conf_high=0.18, studies=5, n=400, n_reference=400,
    randomised=True, population="depression; adults",
)  # fmt: skip
DOMAIN = '[judgement.{}]\nstep = {}\nreason = "because"\n'
HEAD = """
[[judgement]]
claim = "more"
start = "{}"
judged_by = "A. Clinician"
date = 2026-03-01
"""


def text(start="high", lowered=(), **raised):
    parts = [DOMAIN.format(d, -1 if d in lowered else 0) for d in LOWERING]
    parts += [DOMAIN.format(domain, step) for domain, step in raised.items()]
    return HEAD.format(start) + "".join(parts)


def read(tmp_path, content):
    path = tmp_path / "certainty.toml"
    path.write_text(content, encoding="utf-8")
    return read_certainty([path], CLAIMS)


@pytest.mark.parametrize(
    ("start", "lowered", "raised", "level"),
    [
        # trials start high, everything else low: Cochrane Handbook 6.5, 14.2
        ("high", (), {}, "high"),
        ("high", ("imprecision",), {}, "moderate"),
        ("high", ("imprecision", "risk_of_bias"), {}, "low"),
        ("high", LOWERING, {}, "very low"),
        ("low", (), {}, "low"),
        ("low", ("indirectness",), {}, "very low"),
        ("low", (), {"large_effect": 2}, "high"),
        ("low", ("imprecision",), {"dose_response": 1}, "low"),
    ],
)
def test_levels_by_hand(tmp_path, start, lowered, raised, level):
    judged = read(tmp_path, text(start, lowered, **raised))
    assert judged["more"].level == level
    assert judged["more"].date == date(2026, 3, 1)


def test_a_judgement_reaches_the_verdict_its_wording_and_its_table(tmp_path):
    judged = read(tmp_path, text("high", ("imprecision",)))
    verdicts = assess_claims(CLAIMS, Estimates([ROW]), judged)
    (verdict,) = verdicts
    assert (verdict.certainty, verdict.needs_judgement) == ("moderate", False)
    assert "probably leads to a large difference: 12 more" in message(verdict, "open")
    frame = table_certainty(verdicts, "open").frame
    assert frame["judged by a person"].tolist() == [
        "+0: because", "+0: because", "+0: because", "-1: because", "+0: because",
        "moderate (A. Clinician, 2026-03-01)",
    ]  # fmt: skip
    assert is_final(verdicts)


def test_without_a_judgement_nothing_is_final_and_wording_is_capped():
    verdicts = assess_claims(CLAIMS, Estimates([ROW]))
    assert not is_final(verdicts)
    assert "not final: nobody has judged the certainty of 1 of 1" in final_words(verdicts)
    assert "may lead to" in message(verdicts[0], "open")
    assert "not assessed" in table_certainty(verdicts, "open").frame["judged by a person"].iloc[-1]
    assert not is_final(assess_claims(CLAIMS, Estimates()))  # nothing to judge is not a judgement


def test_hints_are_never_a_grade():
    (verdict,) = assess_claims(CLAIMS, Estimates([ROW]))
    assert verdict.hints
    assert verdict.certainty is None


def test_all_problems_come_at_once(tmp_path):
    content = """
    [[judgement]]
    claim = "mor"
    start = "medium"
    judged_by = "A"
    date = "yesterday"
    [judgement.risk_of_bias]
    step = -3
    reason = "x"
    [judgement.inconsistency]
    step = 0
    [judgement.indirectness]
    step = -0.5
    reason = "x"
    [judgement.imprecision]
    step = 1
    reason = "x"
    [judgement.colour]
    step = 1
    """
    with pytest.raises(DataProblems) as caught:
        read(tmp_path, content)
    found = {problem.column for problem in caught.value.problems}
    start = "judgement[1]"
    assert found == {
        f"{start}.claim", f"{start}.start", f"{start}.date", f"{start}.risk_of_bias.step",
        f"{start}.inconsistency.reason", f"{start}.indirectness.step",
        f"{start}.imprecision.step", f"{start}.publication_bias", f"{start}.colour",
    }  # fmt: skip
    assert 'Did you mean "more"?' in str(caught.value)


def test_evidence_that_starts_high_is_not_raised(tmp_path):
    with pytest.raises(DataProblems, match="starts high is not raised"):
        read(tmp_path, text("high", (), large_effect=1))


def test_a_claim_is_judged_once_in_a_file_and_a_later_file_replaces_it(tmp_path):
    with pytest.raises(DataProblems, match="judged twice"):
        read(tmp_path, text() + text())
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text(text(), encoding="utf-8")
    second.write_text(text("low"), encoding="utf-8")
    assert read_certainty([first, second], CLAIMS)["more"].level == "low"


def test_no_file_is_no_judgement():
    assert len(read_certainty([], CLAIMS)) == 0
    assert dict(Judgements()) == {}


def test_levels_are_held_at_both_ends():
    steps = tuple(Step(domain, -2, "x") for domain in LOWERING)
    assert Judgement("more", "", "high", steps, "A", date(2026, 3, 1)).level == "very low"
