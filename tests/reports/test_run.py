"""The main job on real data, from a project folder of its own: pages, repetition, privacy."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from ctevidence.data.project import Project
from ctevidence.data.template import write_template
from ctevidence.estimates import COLUMNS, Estimates
from ctevidence.evidence.claims import assess_claims
from ctevidence.evidence.claims_toml import read_claims
from ctevidence.reports.notebooks import ParameterError
from ctevidence.reports.pdf import for_print
from ctevidence.reports.run import run_report
from ctevidence.reports.verify import differences
from ctevidence.simulate.study import simulate_study

SHIPPED = ("beat-the-blues", "published-trials", "linde2016")


def pages(folder):
    return {p.relative_to(folder).as_posix(): p.read_text("utf-8") for p in folder.rglob("*.html")}


def test_the_pack_is_whole_and_every_step_was_told(pack):
    _, made, steps = pack
    wanted = {"index.html", "report.html", "brief.html", "manifest.json"}
    assert wanted <= {p.name for p in made.path.iterdir()}
    # eight notebooks; the appendix, every estimate, the checklists, what changed
    assert len(list((made.path / "appendix").glob("*.html"))) == 13
    figures = {p.stem for p in (made.path / "figures").glob("*.png")}
    assert {"flow", "course", "relapse", "response-observed", "forest-medication"} <= figures
    assert {"response-interaction", "trials-synergy"} <= figures
    assert len(steps) == 10
    assert set(made.seconds) == {"prepare", "notebooks", "publish"}


def test_pages_need_nothing_from_elsewhere(pack):
    for name, html in pages(pack[1].path).items():
        outside = re.findall(r'(?:src|href)="(?!data:|#|[\w./-]+\.html(?:#[\w-]+)?")[^"]*"', html)
        assert outside == [], name
        assert "<script" not in html.lower(), name
        assert "Traceback" not in html, name
        assert html.count("<h1>") == 1, name


def test_every_picture_has_a_text_alternative_and_every_table_a_caption(pack):
    for name, html in pages(pack[1].path).items():
        for alt in re.findall(r"<img [^>]*?alt=\"([^\"]*)\"", html):
            assert 40 <= len(alt) <= 700, (name, alt)
        assert html.count("<img ") == len(re.findall(r"<img [^>]*alt=", html)), name
        assert html.count("<table>") == html.count("<caption>"), name


def test_key_messages_say_what_limits_the_answer(pack):
    html = pages(pack[1].path)["report.html"]
    answer = html.split('id="answer"')[1].split("</section>")[0]
    for words in (
        "42 of every 100 scores are missing with combined treatment and 43 with medication",
        "BDI points better for the best estimate to change sides",
        "Medication was not assigned by chance",
        "are associations",
        "ways of analysing these data",
    ):
        assert words in answer, words
    assert "What could overturn this" in html
    figures = {p.stem for p in (pack[1].path / "figures").glob("*.png")}
    assert {
        "missing-course",
        "missing-response",
        "tipping-point",
        "balance",
        "multiverse",
    } <= figures


def test_the_report_says_what_was_randomised_and_what_it_is(pack):
    html = pages(pack[1].path)["report.html"]
    for words in (
        "Therapy was randomised, medication was not",
        "computerised CBT",
        "convenience sample",
        "Certainty was not assessed",
        "Not a recommendation for one person",
        "No synergy does not mean no benefit",
        "could reliably have shown only a synergy of",
        "Response (observed), per 100: what each treatment adds",
        "35 / 61 / 43 / 71",  # TADS: 39 of 112, 66 of 109, 48 of 111, 76 of 107
        "description only",
        "How people of unknown state are counted matters most for therapy against control: 58 more",
        "ranks first by its estimate, and it rests on one trial of 34 people (study 117)",
        "first place does not show that a treatment is better",
        "in a new, similar trial",
        "methods for small-study effects give",
        "9 in published-trials and 1 in beat-the-blues",
    ):
        assert words in html, words


def test_the_whole_overview_is_folded_away(pack):
    html = pages(pack[1].path)["report.html"]
    open_text = for_print(html)
    assert 'id="table-leading-combined-medication"' in open_text
    assert 'id="table-overview-medication-short"' not in open_text
    assert 'id="table-overview-medication"' not in open_text
    assert 'id="table-overview-medication"' in html


def test_a_network_stands_beside_and_leads_nothing(pack):
    rows = Estimates.read_csv(pack[1].path / "estimates" / "network.csv")
    verdicts = assess_claims(read_claims(), read_all(pack), condition="depression")
    for verdict in verdicts:
        assert verdict.lead is None or verdict.lead.study != "linde2016", verdict.claim.id
    beside = {v.claim.id: v for v in verdicts if any(r.study == "linde2016" for r in v.beside)}
    assert set(beside) == {"better-than-both", "synergy"}
    assert len(rows) > 100
    assert not any("best" in row.caution for row in rows)


def read_all(pack):
    return sum(
        (Estimates.read_csv(p) for p in sorted((pack[1].path / "estimates").glob("*.csv"))),
        Estimates(),
    )


def test_the_brief_spares_leaders_the_statistics(pack):
    html = for_print(pages(pack[1].path)["brief.html"])
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.S)
    assert not re.search(r"p-value|p =|hazard|odds|NNT|risk ratio", text)
    assert len(text.split()) <= 700


def test_estimates_have_the_closed_list_of_columns(pack):
    files = sorted((pack[1].path / "estimates").glob("*.csv"))
    stems = ["course", "network", "relapse", "response", "sensitivity", "trials"]
    assert [f.stem for f in files] == stems
    for path in files:
        rows = Estimates.read_csv(path)
        assert len(rows) > 0
        assert list(rows.frame) == list(COLUMNS)


def test_contrasts_know_whether_they_are_randomised(pack):
    rows = Estimates.read_csv(pack[1].path / "estimates" / "response.csv")
    for row in rows.where(measure="risk_difference", alternative="two-sided"):
        if row.reference in ("medication", "therapy", "control"):
            is_therapy_contrast = (row.arm, row.reference) in {
                ("combined", "medication"), ("therapy", "control"),
            }  # fmt: skip
            assert row.randomised is is_therapy_contrast, row.id
    assert not any(row.randomised for row in rows.where(measure="interaction_difference"))


def test_few_relapses_read_not_estimable(pack):
    rows = Estimates.read_csv(pack[1].path / "estimates" / "relapse.csv")
    against_medication = rows.where(
        outcome="relapse", measure="rmst_difference", reference="medication"
    )
    assert len(against_medication) >= 2
    assert not any(row.is_estimable for row in against_medication)
    assert not any(row.randomised for row in rows.where(outcome="relapse"))


def test_the_manifest_vouches_for_the_pack(pack):
    project, made, _ = pack
    assert differences(made.path, project.root) == []
    content = json.loads((made.path / "manifest.json").read_text("utf-8"))
    assert content["parameters"] == dict(zip(("name", "trials", "network"), SHIPPED, strict=True))
    assert any(name.startswith("data/processed/linde2016") for name in content["inputs_sha256"])
    assert any("participants" in name for name in content["inputs_sha256"])


def test_a_second_run_gives_the_same_estimates_and_pages(pack):
    project, made, _ = pack
    before = json.loads((made.path / "manifest.json").read_text("utf-8"))["outputs_sha256"]
    again = run_report(*SHIPPED, project=project)
    after = json.loads((again.path / "manifest.json").read_text("utf-8"))["outputs_sha256"]
    assert after == before


def test_a_study_without_visits_answers_what_it_can(tmp_path, project_with):
    made = run_report("uis-relapse", project=project_with(tmp_path, "uis-relapse"))
    html = pages(made.path)
    assert sorted(p.stem for p in (made.path / "appendix").glob("*.html")) == [
        "01_study", "04_relapse", "06_evidence", "07_brief",
        "behind", "changes", "checklists", "estimates", "index",
    ]  # fmt: skip
    assert {p.stem for p in (made.path / "figures").glob("*.png")} >= {"relapse", "staying-well"}
    for words in (
        "medication and combined treatment are not in it",
        # R survival, tests/reference/uis_relapse.json: 0.2145, 0.2972
        "21 with shorter therapy (range 17 to 26) and 30 with longer therapy",
        "4.9 weeks longer free of relapse",  # 30.363 - 25.433
        "hazard ratio",
        "does not declare how leaving treatment is seen",
        "not recorded",
    ):
        assert words in html["report.html"], words
    assert "not in it" in html["brief.html"]
    assert "Should we offer medication" not in html["brief.html"]
    rows = Estimates.read_csv(made.path / "estimates" / "relapse.csv")
    assert not any(row.is_estimable for row in rows.where(outcome="staying in treatment"))


def test_an_unknown_parameter_or_source_is_refused_before_anything_runs(pack):
    project = pack[0]
    with pytest.raises(ParameterError, match='did you mean "week"'):
        run_report("beat-the-blues", parameters={"wek": 9}, project=project)
    with pytest.raises(FileNotFoundError, match='did you mean "beat-the-blues"'):
        run_report("beat-the-blue", project=project)


def test_the_template_as_it_is_reaches_its_report(tmp_path):
    """Four made-up people: hardly anything can be estimated, and one rate is above a thousand."""
    write_template(tmp_path / "data" / "raw" / "my-study", "my-study")
    made = run_report("my-study", project=Project(tmp_path))
    report = pages(made.path)["report.html"]
    assert "nan" not in BeautifulSoup(report, "html.parser").main.get_text(" ").lower().split()


def test_a_template_filled_with_tables_reaches_its_report_without_code(tmp_path):
    folder = write_template(tmp_path / "data" / "raw" / "my-study", "my-study")
    study = simulate_study(n=60, seed=11)
    for name in ("participants", "visits", "events", "treatments"):
        study.tables[name].to_csv(folder / f"{name}.csv", index=False)
    made = run_report("my-study", project=Project(tmp_path))
    html = pages(made.path)
    # index, report, brief, seven notebooks (no trials were asked for), five pages for researchers
    assert len(html) == 15
    assert all("SYNTHETIC" in text for text in html.values())
