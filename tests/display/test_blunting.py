"""A study without a margin of its own is judged by the margin of the claim, and says so."""

import pytest

from ctevidence.display.blunting import CLAIM, blunting
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claims import assess_claims
from ctevidence.evidence.claims_toml import read_claims


def verdict_of(*rows):
    found = assess_claims(read_claims(), Estimates(rows), condition="depression")
    return next(verdict for verdict in found if verdict.claim.id == CLAIM)


def own(low, high, n=400):
    return Estimate(
        "own", "response (observed)", "combined", "risk_difference", (low + high) / 2,
        reference="therapy", unit="probability", week=9, conf_low=low, conf_high=high, n=n,
        n_reference=n, population="everyone who started",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (-0.21, 0.41, "not determined"),  # 21 fewer is more than a loss of 5
        (-0.04, 0.14, "no worse by the margin"),
        (-0.30, -0.10, "harm"),
    ],
)
def test_the_margin_of_the_claim_judges_a_study_that_declares_none(low, high, found):
    row = own(low, high)
    texts = [told.text for told in blunting([row], verdict_of(row), "open")]
    assert texts[0] == "This study declares no margin of its own."
    assert texts[1].startswith(
        f"By the margin of the claim, a loss of 5 of every 100 people: {found}"
    )
    assert "people without a score left out" in texts[1]
    assert texts[2] == f"All sources that speak to the claim: {found}."


def test_what_may_not_be_shown_is_not_judged():
    row = own(-0.2, 0.4, n=4)
    texts = [told.text for told in blunting([row], verdict_of(row), "opensafely")]
    assert not any("By the margin" in text for text in texts)
