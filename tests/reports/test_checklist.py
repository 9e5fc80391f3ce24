"""Reporting checklists: whole, sourced, and answered by what stands in the pack."""

import re

import pytest
from bs4 import BeautifulSoup

from ctevidence.reports.checklist import Answer, Item, checklists, facts_of
from ctevidence.simulate.study import simulate_study

#: items as the published guidelines count them: CONSORT 2025 has 30, some in parts; PRISMA-NMA 32;
#: STROBE 22 with the 13 of RECORD; the factorial extension alters 16 and adds 1
NUMBERED = {"consort": 30, "consort-factorial": 17, "prisma-nma": 32, "strobe-record": 35}


@pytest.mark.parametrize("checklist", checklists(), ids=lambda c: c.key)
def test_a_checklist_is_whole_and_names_its_source(checklist):
    ids = [item.id for item in checklist.items]
    assert len(set(ids)) == len(ids)
    count = len({re.sub(r"(?<=\d)[a-d]$", "", i) for i in ids})
    assert count == NUMBERED[checklist.key]
    assert re.search(r"\d{4};\d+", checklist.source)


def test_an_item_needs_a_place_a_person_or_a_reason():
    with pytest.raises(ValueError, match="says neither"):
        Item("1", "Title", "named so")


def test_answers():
    item = Item("1", "t", "a", where=("report.html#a", "report.html#b"))
    assert item.answer({}, ["report.html#a", "report.html#b"]) is Answer.YES
    assert item.answer({}, ["report.html#a"]) is Answer.NO
    assert Item("1", "t", "a", person="look").answer({}, []) is Answer.PERSON
    assert Item("1", "t", "a", no="never").answer({}, []) is Answer.NO
    needs = Item("1", "t", "a", where=("x#y",), needs="network")
    assert needs.answer({"network": False}, ["x#y"]) is Answer.NOT_APPLICABLE


def test_what_applies_follows_the_study():
    trial, registry = simulate_study(n=40), simulate_study(n=400, design="registry")
    assert facts_of(trial, None, None)["factorial"]
    assert not facts_of(trial, None, None)["observational"]
    found = facts_of(registry, None, None)
    assert (found["registry"], found["observational"]) == (True, True)
    assert not any(facts_of(None, None, None).values())


def test_every_place_that_a_checklist_points_to_is_in_the_shipped_pack(pack):
    folder, missing = pack[1].path, []
    for place in sorted({w for c in checklists() for item in c.items for w in item.where}):
        file, _, section = place.partition("#")
        page = BeautifulSoup((folder / file).read_text("utf-8"), "html.parser")
        if page.find("section", id=section) is None:
            missing.append(place)
    assert missing == []


def test_the_page_answers_every_item_and_counts_them(pack):
    folder = pack[1].path / "appendix"
    page = BeautifulSoup((folder / "checklists.html").read_text("utf-8"), "html.parser")
    for checklist in checklists():
        rows = page.find(id=f"table-{checklist.key}").select("tbody tr")
        assert len(rows) == len(checklist.items)
        answers = [row.find_all("td")[1].get_text() for row in rows]
        assert set(answers) <= {"yes", "no", "not applicable", "needs a person"}
        told = (folder / "index.html").read_text("utf-8")
        assert f"{checklist.name}: {answers.count('yes')} yes, {answers.count('no')} no" in told
        assert answers.count("needs a person") > 0
