"""R2 to R10, R12 and R16 against results.json: each is broken on purpose."""

import pandas as pd
import pytest

from ctevidence.display.survival import plot_survival
from ctevidence.display.table import Table
from ctevidence.models.retention import fit_retention
from ctevidence.outcomes.retention import derive_retention

ID = "one/response/rd"
HIDING = {"profile": "opensafely", "rule": "", "suppress_up_to": 7, "round_to": 5}
FOUR = ("control", "medication", "therapy", "combined")
CURVES = {"name": "relapse"}
CURVES["alt"] = "Kaplan-Meier curves with 95 % bands of 4 arms over 26 weeks. Last: 50."
FOREST = {"name": "forest-a", "alt": "Forest plot"}
ENDS = "below the axis: ← better with a   risk ratio   better with b →"


def finding(*cells):
    first, *rest = cells
    row = f'<tr data-outcome="response" data-comparison="a-b" data-estimates="{ID}">'
    return row + f'<th scope="row">{first}</th>' + "".join(f"<td>{c}</td>" for c in rest) + "</tr>"


@pytest.mark.parametrize(
    ("rule", "html", "said"),
    [
        ("R2", finding("response", "33", "38", "5", "36", "may", ""), "a cell of a row"),
        ("R2", finding("response", "", "", ""), "must say so"),
        ("R2", finding("r", "5", "9") * 8, "8 outcomes"),
        ("R3", "<p>Better: 7 (−32 to 42).</p>", "'7 (−32 to 42)' is no estimate"),
        ("R4", "<p>A risk ratio of 1.25.</p>", "a ratio without numbers per 100"),
        ("R4", "<p>Number needed to treat: NNTB 20.</p>", "without its range"),
        ("R12", "<ul><p>no item</p></ul>", "<ul> holds <p>"),
        ("R12", '<p><a href="#nowhere">there</a></p>', "a link to #nowhere"),
        ("R12", '<p><a href="#answer"></a></p>', "<a> without a name"),
        ("R12", "<details><p>x</p></details>", "without a line that opens it"),
    ],
)
def test_broken_content_is_found(write, page, broken, rule, html, said):
    if html.startswith("<tr"):
        html = f"<table><caption>c</caption><tbody>{html}</tbody></table>"
    problems = broken(write(report=page("report", table=None).replace("<p>", html + "<p>", 1)))
    assert any(said in problem for problem in problems[rule]), problems


@pytest.fixture
def named(page):
    """A page with a paragraph that names the estimates behind it."""

    def named(words, ids=ID):
        paragraph = f'<p data-estimates="{ids}">{words}</p><p>'
        return page("report").replace("<p>", paragraph, 1)

    return named


def test_numbers_of_an_element_are_those_of_the_estimates_that_it_names(write, named, broken):
    right = "By week 9, 5 more of every 100 (−32 to 42), 36 people; 95 of 100 do not."
    assert "R3" not in broken(write(report=named(right)))
    (wrong,) = broken(write(report=named("By week 9, 6 more of every 100.")))["R3"]
    assert f"6 is no number of {ID}" in wrong
    (unknown,) = broken(write(report=named("5 more", ids="two/response")))["R3"]
    assert "results.json lacks" in unknown


def test_a_number_in_a_title_is_a_name(write, named, broken):
    told = named("Phase 3 of CBT by itself: 5 more of every 100 (−32 to 42), 36 people.")
    source = {"name": "one", "title": "Phase 3 of CBT: medication, therapy or both", "citation": ""}
    known = {"question": {"arms": [], "sources": [source]}}
    assert "R3" not in broken(write(results=known, report=told))
    assert "3 is no number of" in broken(write(report=told))["R3"][0]
    # what stands before a colon and is a number alone takes nothing away
    source["title"] = "6: a study"
    assert broken(write(results=known, report=named("By week 9, 6 more of every 100.")))["R3"]


def test_people_of_a_service_are_the_multiples_of_what_stands_per_100(write, named, broken):
    told = "Of 400 people a year: 20 more (from 128 fewer to 168 more)."
    of_it = named(told).replace("data-estimates", 'data-per="service" data-estimates')
    service = {"service": {"people_per_year": 400}}
    assert "R3" not in broken(write(results=service, brief=of_it, report=of_it))
    assert broken(write(brief=of_it))["R3"]  # no service is declared
    wrong = of_it.replace("20 more", "21 more")
    (problem,) = broken(write(results=service, report=wrong))["R3"]
    assert "21 is no number of" in problem


def test_a_service_has_words_of_its_own_in_the_brief(write, page, broken):
    long = page("brief", "word " * 155)  # in each of the sections
    assert "R13" in broken(write(brief=long))
    assert "R13" not in broken(write(brief=long, results={"service": {"people_per_year": 400}}))


def test_a_cause_is_named_only_where_chance_assigned(write, page, named, broken, row):
    by_choice = {"estimates": [{**row, "randomised": False}]}
    compared = "Compared with medication, combined treatment may lead to 5 more."
    for html in (named("Therapy leads to 5 more."), page("report", compared)):
        assert "R16" not in broken(write(report=html))
        assert broken(write(results=by_choice, report=html))["R16"]


@pytest.mark.parametrize(
    ("sentence", "allowed", "said"),
    [
        ("Compared with a, b may lead to a slight difference: 5 more.", {}, None),
        ("Compared with a, b leads to a slight difference: 5 more.", {}, "randomised-plain"),
        ("Compared with a, b may lead to a large difference: 5 more.", {}, "says large"),
        ("Compared with a, b may lead to 5 more.", {"design": "association"}, "randomised-may"),
        ("Compared with a, b may lead to 5 more.", {"strength": None}, "very low certainty"),
        ("The evidence on response is very uncertain.", {"strength": None}, None),
        ("It is not determined whether b is better than each.", {}, None),
    ],
)
def test_a_sentence_beyond_the_grid_is_found(write, broken, row, sentence, allowed, said):
    wording = {"strength": "may", "size": "slight", "design": "randomised", **allowed}
    verdict = {"claim": "better", "sentence": sentence, "lead": row, "lead_id": ID,
               "wording": wording, "detectable": "", "driver": "", "hints": [], "rests": "",
               "says": "",
               "risks": {"reference": "", "arm": ""}}  # fmt: skip
    found = broken(write(results={"verdicts": [verdict]})).get("R5", ())
    assert (said is None) == (not found)
    assert said is None or said in found[0]


@pytest.mark.parametrize(
    ("rule", "results", "said"),
    [
        ("R6", {"estimands": []}, "belongs to no estimand"),
        ("R7", {"question": {"arms": [{"name": t, "treatment": t} for t in FOUR]}},
         "no interaction of the two treatments"),
        ("R9", {"figures": [{**CURVES, "drawn": ["linear axis"]}]}, "no bands"),
        ("R9", {"figures": [{**CURVES, "drawn": ["band"]}]}, "no table of people at risk"),
        ("R9", {"figures": [{**FOREST, "drawn": ["linear axis", ENDS]}]}, "not logarithmic"),
        ("R9", {"figures": [{**FOREST, "drawn": ["log axis"]}]}, "both ends"),
        ("R10", {"disclosure": HIDING}, "too exactly"),
        ("R14", {"estimates": []}, None),
    ],
)  # fmt: skip
def test_results_that_lack_something_are_found(write, broken, rule, results, said):
    problems = broken(write(results=results)).get(rule, ())
    assert said is None or any(said in problem for problem in problems), problems
    assert said is not None or not problems


def test_a_ratio_without_its_difference_and_an_estimand_without_strategy_are_found(
    write, broken, row, estimand
):
    arms = {"arms": [{"name": "x", "treatment": "control"}]}
    ratio = {"question": arms, "estimates": [{**row, "measure": "risk_ratio"}]}
    (alone,) = broken(write(results=ratio))["R4"]
    assert alone == f"results.json: {ID} has no risk_difference beside it"
    lacking = {"estimands": [{**estimand, "intercurrent_events": ""}]}
    (empty,) = broken(write(results=lacking))["R6"]
    assert "has no intercurrent_events" in empty


def table(name, columns, rows):
    return Table(name, "People over time", pd.DataFrame(rows, columns=columns))


@pytest.mark.parametrize(("censored", "lost"), [("1", 0), ("0", 1)])
def test_people_lost_under_a_curve_are_found(write, page, broken, censored, lost):
    columns = ["arm", "week", "at risk", "relapse", "competing", "censored", "per 100"]
    rows = [["a", "0", "10", "0", "0", "0", "100"], ["a", "4", "5", "3", "1", censored, "60"]]
    html = page("report", table=table("relapse-data", columns, rows))
    assert len(broken(write(report=html)).get("R8", ())) == lost


def test_the_curves_of_a_real_report_are_among_those_that_are_counted(small_study):
    drawn = plot_survival(fit_retention(derive_retention(small_study))).data
    assert {"at risk", "censored"} <= set(drawn.frame.columns)


@pytest.mark.parametrize(("entered", "seen", "wrong"), [(29, 20, 0), (30, 20, 1), (29, 31, 1)])
def test_people_lost_on_the_way_are_found(write, page, broken, entered, seen, wrong):
    rows = [["in the study", "31"], ["left out: no score at the start", "2"],
            ["entered the analyses", str(entered)], ["seen at 2 months", str(seen)]]  # fmt: skip
    html = page("report", table=table("flow-data", ["step", "a"], rows))
    assert len(broken(write(report=html)).get("R8", ())) == wrong


def test_a_small_count_and_an_extreme_are_found_and_not_repeated(write, page, broken):
    hidden = {"disclosure": HIDING, "estimates": []}
    html = page("report", "It happened to 3 of 25 people.")
    (small,) = set(broken(write(results=hidden, report=html))["R10"])
    assert small == "report.html: a count of people is shown too exactly"
    html = page("report", table=table("age", ["who", "max"], [["all", "80"]]))
    assert broken(write(results=hidden, report=html))["R10"] == (
        "report.html: the column 'max' shows an extreme",
    )


@pytest.mark.parametrize(
    ("of", "changed", "too_exact"),
    [("clinic", {}, False), ("", {}, True), ("s", {}, True), ("s", {"studies": 8}, False)],
)
def test_published_counts_beside_a_protected_study_are_no_leak(
    write, page, broken, row, of, changed, too_exact
):
    trial = {**row, "study": "s", "n": 37, "events": 18, "caution": "18 of 37 people are old"}
    hidden = {"disclosure": HIDING | {"of": of}, "estimates": [trial | changed]}
    html = page("report", "Of these, 18 of 37 people are old.")
    found = broken(write(results=hidden, report=html)).get("R10", ())
    assert any("results.json" in problem for problem in found) is too_exact
    assert any("report.html" in problem for problem in found) is too_exact


def test_a_pack_without_results_is_found(write, broken):
    pack = write()
    (pack.folder / "results.json").unlink()
    assert "results.json is missing" in broken(type(pack)(pack.folder))["R14"]
