"""A study of twelve people: nothing may look as if it could be judged."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ctevidence.contrasts.compare import compare
from ctevidence.contrasts.counted_levels import counted_levels
from ctevidence.data.service import Service
from ctevidence.display.course import plot_course
from ctevidence.display.disclosure import PROFILES
from ctevidence.display.key_messages import message
from ctevidence.display.per_100 import plot_per_100
from ctevidence.display.sentences import sentence
from ctevidence.display.service_words import nothing_follows, service_effect
from ctevidence.display.too_few import too_few
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claims import assess_claims
from ctevidence.evidence.claims_toml import read_claims
from ctevidence.models.course import fit_course
from ctevidence.models.response import fit_response
from ctevidence.outcomes.course import derive_course
from ctevidence.outcomes.response import derive_response
from ctevidence.simulate.study import simulate_study

OPEN = PROFILES["open"]


def dark(png: bytes) -> int:
    """Points of a picture that are not white."""
    return int((np.asarray(Image.open(io.BytesIO(png)).convert("L")) < 200).sum())


def difference(n, n_reference, **given) -> Estimate:
    return Estimate("s", "response (observed)", "combined", "risk_difference", 0.5,
                    reference="medication", unit="probability", conf_low=-0.27, conf_high=0.91,
                    n=n, n_reference=n_reference, week=12, **given)  # fmt: skip


@pytest.fixture(scope="module")
def study():
    return replace(simulate_study(n=12, seed=11), disclosure="open")


@pytest.mark.parametrize(
    ("row", "few"),
    [
        (difference(2, 2), True),
        (difference(40, 9), True),
        (difference(10, 10), False),
        (difference(8, 2, studies=3), False),  # pooled trials are judged by how they are pooled
        (replace(difference(6, None), reference="best single treatment"), True),
        (replace(difference(60, None), reference="best single treatment"), False),
    ],
)
def test_a_group_of_fewer_than_ten_is_too_few(row, few):
    assert too_few(row, OPEN) is few


def test_asking_tells_no_more_than_the_count_that_is_shown():
    # 8 and 12 both read "10" under this profile: the words must not tell them apart
    strict = PROFILES["opensafely"]
    assert len({too_few(difference(n, 40), strict) for n in (8, 10, 12)}) == 1


def test_the_message_and_the_service_say_that_nothing_follows():
    rows = Estimates([difference(2, 2)])
    found = {v.claim.id: v for v in assess_claims(read_claims(), rows)}
    verdict = found["better-than-medication"]
    assert "fewer than 10 people: nothing can be judged" in message(verdict, "open")
    assert nothing_follows(verdict, "open").text.startswith("Against medication: nothing follows")
    service = Service("clinic", people_per_year=400)
    assert service_effect(verdict, service, "open") == nothing_follows(verdict, "open")
    enough = assess_claims(read_claims(), Estimates([difference(50, 50)]))
    verdict = next(v for v in enough if v.claim.id == "better-than-medication")
    assert "nothing can be judged" not in message(verdict, "open")
    assert nothing_follows(verdict, "open").text == ""
    assert "Of 400 people a year" in service_effect(verdict, service, "open").text


def test_a_striking_difference_of_a_handful_is_no_answer():
    # its range leaves out no difference: of forty people it would read "may lead to ... more"
    few = replace(difference(3, 3), conf_low=0.1)
    told = sentence(few, source="open")
    assert told == (
        "50 more of every 100 people who respond by week 12 with combined treatment against "
        "medication (range 10 more to 91 more; people without a score left out; certainty not "
        "assessed). A group behind this has fewer than 10 people: nothing can be judged from so "
        "few."
    )
    enough = sentence(replace(few, n=40, n_reference=40), source="open")
    assert "nothing can be judged" not in enough
    verdict = next(
        v
        for v in assess_claims(read_claims(), Estimates([few]))
        if v.claim.id == "better-than-medication"
    )
    assert message(verdict, "open").count("nothing can be judged") == 1


def test_no_hundred_icons_are_drawn_of_a_handful(study):
    tiny = plot_per_100(fit_response(derive_response(study, week=12), adjust=[]), 12)
    assert set(tiny.data.frame["people"].astype(int)) <= set(range(10))
    many = replace(simulate_study(n=160, seed=11), disclosure="open")
    drawn = plot_per_100(fit_response(derive_response(many, week=12), adjust=[]), 12)
    assert tiny.alt.startswith("Counts of each arm")
    assert drawn.alt.startswith("Arrays of 100 icons")
    assert dark(tiny.png) < 0.5 * dark(drawn.png)


def test_a_course_stays_within_its_scale(study):
    figure = plot_course(fit_course(derive_course(study)))
    beyond = any("−" in text for text in figure.data.frame["range"])
    cut = any("cut off" in words for words in figure.drawn)
    assert beyond
    assert cut
    assert "scale" in figure.data.notes[0]
    large = plot_course(fit_course(derive_course(simulate_study(n=160, seed=2))))
    assert not any("cut off" in words for words in large.drawn)


def test_limits_of_a_difference_of_shares_are_shares():
    levels = replace(
        counted_levels((9, 1), (10, 10)), estimate=np.array([0.9, 0.1]), events=(None, None),
        cov=np.diag([0.09, 0.09]), interval_for=None,
    )  # fmt: skip
    row = compare(levels, "combined", against="medication").one()
    assert row.conf_high == 1.0
    assert row.conf_low == pytest.approx(0.8 - 1.959963984540054 * np.sqrt(0.18))
    (one_sided,) = compare(levels, "combined", against="medication", alternative="greater")
    assert np.isnan(one_sided.conf_high)  # an open end stays open
