"""Each rule is broken on purpose, in a pack that is whole otherwise."""

import pandas as pd
import pytest

from ctevidence.display.table import Table
from ctevidence.reports.checks.accessible import contrast
from ctevidence.reports.checks.check import FailedCheckError, refuse_failed, run_checks
from ctevidence.reports.checks.pack import Pack
from ctevidence.reports.checks.rules import CHECKS
from ctevidence.reports.checks.wording import smog

FRAME = pd.DataFrame({"outcome": ["response"], "of 100": ["38"]})
ALT = "Two curves of 100 people still well over thirty weeks; they stay close together."


def test_a_sound_pack_passes(write, broken):
    assert broken(write()) == {}


@pytest.mark.parametrize(
    ("rule", "html", "said"),
    [
        ("R1", lambda p: p("report").replace('id="limits"', 'id="x"'), "lacks the section limits"),
        ("R1", lambda p: p("report", words=""), "the section answer is empty"),
        ("R5", lambda p: p("report", "Not significant."), "'not significant'"),
        ("R5", lambda p: p("report", "Few subjects."), "'subjects'"),
        ("R11", lambda p: p("report").replace(ALT, "figure 1"), "alt text has 8 characters"),
        ("R11", lambda p: p("report").replace(">outcome<", "><", 1), "an empty header cell"),
        ("R11", lambda p: p("report", table=Table("shown", "", FRAME)), "a table without caption"),
        ("R11", lambda p: p("report").replace("<h2>", "<h4>"), "level 4 follows one of level 1"),
        ("R11", lambda p: p("report").replace(' lang="en"', ""), "no language"),
        ("R11", lambda p: p("report").replace('scope="row"', ""), "a header cell without scope"),
        ("R11", lambda p: p("report").replace('id="how"', 'id="claims"'), "2 elements have the id"),
        ("R15", lambda p: p("report").replace("</main>", "<script>1</script></main>"), "<script>"),
        ("R15", lambda p: p("report").replace("<p>", '<p onclick="f()">', 1), "onclick"),
        ("R15", lambda p: p("report").replace("<p>", '<img src="https://a.org/x">', 1), "asks for"),
        ("R15", lambda p: p("report").replace("<p>", '<a href="javascript:f()">', 1), "asks for"),
        ("R15", lambda p: p("report", "Traceback (most recent call last): x"), "traceback"),
        ("R15", lambda p: p("report").replace("default-src 'none'", "default-src *"), "policy"),
        ("R16", lambda p: p("report", "Therapy reduces the risk."), "'reduces the'"),
        ("R16", lambda p: p("report", banner=""), "no banner"),
    ],
)  # fmt: skip
def test_a_broken_page_is_found(write, page, broken, rule, html, said):
    problems = broken(write(report=html(page)))
    assert any(said in problem for problem in problems[rule]), problems
    assert all(problem.startswith("report.html") for problem in problems[rule])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("word " * 601, "more than 600"),
        ("A hazard ratio of two.", "'hazard ratio'"),
        ("Seen with p = 0.04 in all.", "'p ='"),
        ("Interdisciplinary psychotherapeutic collaboration necessitates deliberation.", "SMOG"),
    ],
)
def test_a_brief_that_is_long_or_hard_is_found(write, page, broken, words, said):
    assert said in " ".join(broken(write(brief=page("brief", words)))["R13"])


def test_a_missing_page_is_found(write, broken, tmp_path):
    write()
    (tmp_path / "brief.html").unlink()
    assert broken(Pack(tmp_path))["R1"] == ("brief.html is missing",)


def test_a_manifest_without_origin_is_found(write, broken):
    problems = broken(write(manifest={"inputs_sha256": {"a.csv": "abc"}}))["R14"]
    assert problems == ("manifest.json: inputs_sha256 of a.csv is not a SHA-256",)


def test_a_failed_pack_is_refused_with_every_rule_and_the_first_places(write, page):
    html = page("report", "Not significant. " + "Proven. ").replace('scope="row"', "")
    found = run_checks(write(report=html), CHECKS)
    with pytest.raises(FailedCheckError) as refused:
        refuse_failed(found)
    assert "R5" in str(refused.value)
    assert "R11" in str(refused.value)
    refuse_failed([f for f in found if not f.problems])


def test_pale_text_is_found():
    pale = ":root { --ink:#777777; --muted:#000; --paper:#fff; --tint:#fff; --warn-ink:#000;"
    pale += " --warn-bg:#fff; --link:#000 }"
    # 4.48 to 1: the best known pair that just fails level AA
    assert list(contrast(pale)) == [
        "--ink #777777 on --paper #fff: 4.5 to 1",
        "--ink #777777 on --tint #fff: 4.5 to 1",
    ]


def test_smog_of_a_counted_text():
    # two sentences with three long words: 1.043 * sqrt(30 * 3 / 2) + 3.1291
    text = "Medication is beneficial. It may be psychotherapy."
    assert smog(text) == pytest.approx(1.043 * 45**0.5 + 3.1291, abs=1e-12)
