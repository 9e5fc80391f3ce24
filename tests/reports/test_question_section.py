"""The question box says what the study declares of events on the way, and not the opposite."""

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from ctevidence.data.intercurrent_events import IntercurrentEvent
from ctevidence.reports.material import Material
from ctevidence.reports.question_section import question_section
from ctevidence.simulate.study import simulate_study


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ((), "what happens after stopping or switching treatment counts as it is"),
        ((IntercurrentEvent("death", "composite"),), "after death: composite"),
    ],
)
def test_events_on_the_way_are_those_declared(tmp_path, declared, told):
    study = simulate_study(n=40, seed=1)
    study = replace(study, rules=replace(study.rules, intercurrent=declared))
    section = question_section(Material("x", study, None, tmp_path, "2026-01-01", "0"))
    page = BeautifulSoup("".join(block.html for block in section.blocks), "html.parser")
    asked = [term.text for term in page.find_all("dt")]
    answers = dict(zip(asked, [d.text for d in page.find_all("dd")], strict=True))
    assert answers["On the way"].startswith(told)
