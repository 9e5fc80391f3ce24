"""Checks hold a page against its own language, not against English."""

import pytest

from ctevidence.language import Language, language, speaking
from ctevidence.reports.checks.phrases import any_of, pattern, up_to

GERMAN = {
    "looked_for.claims": "bewiesen; signifikant",
    "looked_for.people": "Patientengut",
    "looked_for.causes": "führt zu; verringert",
    "looked_for.per_100": "von 100",
    "amounts.from_to": "{low} bis {high}",
    "amounts.range": "Spanne {limits}",
    "amounts.measure_of": "{measure} von {value}",
    "measures.risk_ratio": "Risikoverhältnis",
    "effect.little": (
        "Verglichen mit {reference} {leads} {arm} kaum zu {best}{outcome}{behind}.{guard}"
    ),
    "leads_to.randomised-may": "führt vielleicht",
}  # fmt: skip


@pytest.fixture
def german():
    """English with some entries in German: what the checks look for goes with the language."""
    with speaking(Language("de", {**language().entries, **GERMAN})):
        yield


@pytest.mark.parametrize(
    ("rule", "said", "found"),
    [
        ("R3", "Besser: 7 (−32 bis 42).", "'7 (−32 bis 42)' is no estimate"),
        ("R3", "Besser: 7 (Spanne −32 bis 42).", "is no estimate"),
        ("R4", "Ein Risikoverhältnis von 1.25.", "a ratio without numbers per 100"),
        ("R5", "Das ist bewiesen.", "'bewiesen'"),
        ("R5", "Das Patientengut war klein.", "'patientengut'"),
        ("R16", "Therapie verringert das Risiko.", "'verringert'"),
    ],
)
@pytest.mark.usefixtures("german")
def test_what_breaks_a_rule_is_found_in_its_language(write, page, broken, rule, said, found):
    problems = broken(write(report=page("report", said))).get(rule, ())
    assert any(found.lower() in problem.lower() for problem in problems), problems


@pytest.mark.usefixtures("german")
def test_what_is_harmless_in_it_is_not_found(write, page, broken):
    told = "Proven leads to 7 (−32 to 42); Risikoverhältnis von 1.25, 5 von 100."
    assert broken(write(report=page("report", told))) == {}


@pytest.mark.usefixtures("german")
def test_a_sentence_of_the_grid_is_known_with_its_verb_elsewhere(write, page, broken, row):
    told = "Verglichen mit medication führt vielleicht combined treatment kaum zu 5 mehr."
    causes = {**GERMAN, "looked_for.causes": "führt vielleicht"}
    with speaking(Language("de", {**language().entries, **causes})):
        assert "R16" not in broken(write(report=page("report", told)))
        by_choice = {"estimates": [{**row, "randomised": False}]}
        assert broken(write(results=by_choice, report=page("report", told)))["R16"]


@pytest.mark.usefixtures("german")
def test_years_of_school_are_counted_in_english_only(write, page, broken):
    hard = "Interdisciplinary psychotherapeutic collaboration necessitates deliberation."
    assert "R13" not in broken(write(brief=page("brief", hard)))


def test_templates_become_patterns():
    assert pattern("a ({b}).", b="x+") == r"a\ \(x+\)\."
    assert up_to("{a} and {b} or {c}", "b", "a") == "{a} and {b}"
    assert any_of(("a.b", "c")) == r"(?<!\w)(?:a\.b|c)(?!\w)"
