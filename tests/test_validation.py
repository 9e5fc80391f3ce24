"""docs/validation.md is what the scripts of validation/ recorded; they simulate what they say."""

import importlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "validation"
RESULTS = sorted((FOLDER / "results").glob("*.json"))
PAGE = ROOT / "docs" / "validation.md"
SCRIPTS = [f for f in sorted(FOLDER.glob("*.py")) if "\ndef main(" in f.read_text(encoding="utf-8")]


@pytest.fixture
def module(monkeypatch):
    """A module of validation/, imported as its scripts import each other."""
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module


def test_there_are_scripts():
    assert {"course_operating_characteristics.py", "first_models.py"} <= {f.name for f in SCRIPTS}


def test_every_script_has_its_section(module):
    page = module("page")
    headings = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [f.name for f in SCRIPTS] == [s["script"] for s in page.stored_sections()]
    assert headings == [s["title"] for s in page.stored_sections()]


@pytest.mark.parametrize("results", RESULTS, ids=lambda f: f.stem)
def test_results_on_record_are_those_of_a_full_run_that_missed_nothing(results):
    stored = json.loads(results.read_text(encoding="utf-8"))
    script = FOLDER / stored["script"]
    assert script.stem == results.stem
    full = re.search(r'"--replicates", type=int, default=([\d_]+)', script.read_text("utf-8"))
    assert stored["replicates"] >= int(full[1])
    assert stored["accepted"]
    assert stored["missed"] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda f: f.stem)
def test_every_script_can_be_run_smaller_and_fails_when_a_threshold_is_missed(script):
    text = script.read_text(encoding="utf-8")
    for part in ('"--replicates"', "return 1 if", "sys.exit(main())"):
        assert part in text


def test_the_page_is_written_from_the_results(module):
    page = module("page")
    assert PAGE.read_text(encoding="utf-8") == page.render(page.stored_sections())


def test_a_section_as_it_is_shown(module, tmp_path, monkeypatch):
    page = module("page")
    for name in "ab":
        text = f'"""About {name}."""\n\ndef main():\n    pass\n'
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(page, "FOLDER", tmp_path)
    monkeypatch.setattr(page, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    columns = (
        page.Column("method", "method"),
        page.Column("bias", "bias", "error", 2),
        page.Column("coverage, %", "coverage", "", 1, True),
    )
    row = {"method": "t", "bias": -0.001, "error": 0.0123, "coverage": 0.95049}
    table = page.Table("All", columns, (row, row | {"method": "z", "coverage": None}))
    page.record(
        page.Section("a.py", "A title", ("Text.",), ("bias zero",), (table,), ("t",), (), 1200, 7)
    )
    text = page.PAGE.read_text(encoding="utf-8")
    for line in (
        "- [A title](#a-title)",
        "## A title",
        "| method | bias | coverage, % |",
        "|---|---:|---:|",
        "| t | 0.00 (0.01) | 95.0 |",
        "| z | 0.00 (0.01) |  |",
        "**Result:** missed:",
        "## About b",
        "No results on record; `python validation/b.py` makes them.",
    ):
        assert line in text.splitlines()
    assert "1,200 replicates, seed 7" in text


# -- what is simulated -------------------------------------------------------------------------


def test_arms_have_the_means_and_covariance_stated(module):
    trials = module("trials_with_dropout")
    arm, baseline, scores, _ = trials.draw(seed=1, per_arm=20_000, replicate=0)
    together = np.column_stack([baseline, scores])
    for number, expected in enumerate(trials.EXPECTED):
        mine = together[arm == number]
        gap = mine.mean(axis=0) - np.r_[trials.MEAN_BEFORE, expected]
        assert np.abs(gap / (trials.SPREAD / np.sqrt(len(mine)))).max() < 4
        np.testing.assert_allclose(np.cov(mine.T), trials.COVARIANCE, rtol=0.05)
    assert pytest.approx(0, abs=1e-12) == trials.TRUTH[0]
    # 3 points more by the end, 1 - exp(-3) of which is reached at week 12
    assert trials.TRUTH[1] == pytest.approx(-3 * (1 - np.exp(-3)))


def test_who_leaves_depends_on_what_is_said(module):
    trials = module("trials_with_dropout")
    arm = np.array([1, 1, 2])  # medication twice, therapy
    scores = np.full((3, 6), 20.0)
    scores[1:, 2] = 30.0  # the third visit
    none, random, last, current = (trials.risks(m.name, scores, arm) for m in trials.MECHANISMS)
    assert not none.any()
    assert (random == trials.RANDOM_RISK).all()
    usual, worse, better = 0.05, *(1 / (1 + 19 * np.exp(-sign * 1.5)) for sign in (1, -1))
    np.testing.assert_allclose(last, [[usual] * 5, np.where([0, 0, 1, 0, 0], worse, usual),
                                      np.where([0, 0, 1, 0, 0], better, usual)])  # fmt: skip
    np.testing.assert_allclose(current, [[usual] * 5, np.where([0, 1, 0, 0, 0], worse, usual),
                                         np.where([0, 1, 0, 0, 0], better, usual)])  # fmt: skip
    attended = trials.seen(last, np.where([0, 0, 1, 0, 0], 0.1, 0.9) * np.ones((3, 1)))
    assert attended.sum(axis=1).tolist() == [6, 3, 6]  # whoever leaves does not come back


def test_complete_data_give_the_same_answer_in_three_ways(module):
    # With all seen, the unstructured fit is least squares at each visit, and the linear
    # Kenward-Roger and Satterthwaite tests are its t test.
    course = module("course_operating_characteristics")
    found, lost = course.one_trial(per_arm=20, replicate=3)
    assert not lost[0].any()
    least_squares = found[0, course.NAMES.index(course.COMPLETERS)]
    for method in ("unstructured, Kenward-Roger linear", "unstructured, Satterthwaite"):
        np.testing.assert_allclose(
            found[0, course.NAMES.index(method)], least_squares, rtol=1e-6, atol=1e-8
        )
    assert np.isfinite(found).all()


def test_operating_characteristics_of_a_known_estimator(module):
    course = module("course_operating_characteristics")
    rng = np.random.default_rng(5)
    n = 40_000
    found = np.zeros((n, 2, 4))
    # zero contrast: unbiased; real one: half a point off, with half the error that it has
    found[:, :, 0] = course.TRUTH + rng.normal(size=(n, 2)) * [1, 2] + [0, 0.5]
    found[:, :, 1], found[:, :, 2] = 1.0, 10.0
    row = course.summarise(found)
    assert abs(row["bias_zero"]) < 4 * row["bias_zero_error"]
    assert row["bias"] == pytest.approx(0.5, abs=4 * row["bias_error"])
    assert row["bias_error"] == pytest.approx(2 / np.sqrt(n), rel=0.02)
    assert row["ratio"] == pytest.approx(0.5, rel=0.02)
    limit = stats.t.ppf(0.975, 10)
    assert row["type_1"] == pytest.approx(2 * stats.norm.sf(limit), abs=4 * row["type_1_error"])
    covered = stats.norm.cdf((limit - 0.5) / 2) - stats.norm.cdf((-limit - 0.5) / 2)
    assert row["coverage"] == pytest.approx(covered, abs=4 * row["coverage_error"])
    named = {"mechanism": "no dropout", "per_arm": 40, "method": "unstructured, Kenward-Roger"}
    assert [line.split(": ")[1] for line in course.missed(row | named)] == [
        "bias of the real contrast",
        "type I error",
        "coverage",
    ]
    # the same is expected, and not judged, where what is missing depends on what was not seen
    assert course.missed(row | named | {"mechanism": "dropout by the score not seen"}) == []
