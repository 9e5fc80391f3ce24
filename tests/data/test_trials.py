"""Published trials: the two sources that come with the project, and every problem a table can have.

Facts about Linde 2016 come from R package metadat (tests/reference/shipped_data.R); those about the
published trials from the reports named beside them.
"""

import json
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctevidence.data.prepare import prepare
from ctevidence.data.problems import DataProblems
from ctevidence.data.trial_columns import WORDS
from ctevidence.data.trials import Trials, read_trials, shared_trials

RAW = Path(__file__).parents[2] / "data" / "raw"
REFERENCE = Path(__file__).parents[1] / "reference" / "shipped_data.json"

ARMS_TOML = '[trials]\nname = "demo"\ntitle = "Demo"\ntable = "arms"\n'
CONTRASTS_TOML = (
    '[trials]\nname = "demo"\ntitle = "Demo"\ntable = "contrasts"\ncondition = "depression"\n'
    'measure = "odds_ratio"\noutcome = "response"\nscale = "log"\n'
)


def arm(trial, name, treatment, medication, therapy, events, n, **other):
    row = {
        "trial_id": trial,
        "condition": "depression",
        "phase": "acute",
        "arm": name,
        "treatment": treatment,
        "medication": medication,
        "therapy": therapy,
        "outcome": "response",
        "weeks": "12",
        "events": events,
        "n": n,
        "flags": "",
    }
    return row | other


def arms_table():
    """Two sound trials; the first row is line 2 of the file."""
    return [
        arm("ann2001", "both", "combined", "SSRI", "cbt", 30, 50),
        arm("ann2001", "pill", "medication", "SSRI", "clinical_management", 25, 50),
        arm("ann2001", "talk", "therapy", "placebo", "cbt", 24, 50),
        arm("ann2001", "neither", "control", "placebo", "", 15, 50, control_type="pill_placebo"),
        arm("bob2002", "pill", "medication", "TCA", "", 0, 20, weeks=""),
        arm("bob2002", "both", "combined", "TCA", "ipt", 20, 20, weeks=""),
    ]


def contrast(study, treat1, treat2, estimate, std_error, **other):
    return {
        "study": study,
        "treat1": treat1,
        "treat2": treat2,
        "estimate": estimate,
        "std_error": std_error,
    } | other


def contrasts_table():
    """A trial with two arms and one with three, which add up."""
    return [
        contrast("ann", "CBT", "Placebo", 0.50, 0.30),
        contrast("bob", "CBT", "SSRI", 0.20, 0.30),
        contrast("bob", "SSRI", "Placebo", 0.30, 0.30),
        contrast("bob", "CBT", "Placebo", 0.50, 0.30),
    ]


def write(folder, rows, toml, table):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trials.toml").write_text(toml, encoding="utf-8")
    pd.DataFrame(rows).to_csv(folder / f"{table}.csv", index=False)
    return folder


def write_arms(folder, rows=None, toml=ARMS_TOML):
    return write(folder, arms_table() if rows is None else rows, toml, "arms")


def write_contrasts(folder, rows=None, toml=CONTRASTS_TOML):
    return write(folder, contrasts_table() if rows is None else rows, toml, "contrasts")


def problems_of(folder):
    with pytest.raises(DataProblems) as caught:
        read_trials(folder)
    return caught.value.problems


# -- the sources that come with the project -------------------------------------------------------


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    return tmp_path_factory.mktemp("processed")


@pytest.fixture(scope="module")
def published(processed):
    return read_trials(prepare("published-trials", raw=RAW, processed=processed))


@pytest.fixture(scope="module")
def linde(processed):
    return read_trials(prepare("linde2016", raw=RAW, processed=processed))


def test_two_trials_of_the_same_author_and_year_are_told_apart(published):
    names = published.names
    assert names["reynolds1999"] == "Reynolds 1999 (maintenance)"
    assert names["reynolds1999b"] == "Reynolds 1999 (after bereavement)"
    assert names["tads2004"] == "March (TADS) 2004"
    assert len({*names.values()}) == len(names) == 45


def test_labels_of_unknown_trials_and_labels_that_stand_twice_are_refused(tmp_path):
    toml = ARMS_TOML + '[labels]\nann2001 = "Ann"\nbob2002 = "Ann"\ncy2003 = "Cy"\n'
    found = {p.column: p.why for p in problems_of(write_arms(tmp_path, toml=toml))}
    assert found["labels.ann2001"] == found["labels.bob2002"] == "Another trial has the same label."
    assert found["labels.cy2003"] == "The table holds no such trial."


def test_published_trials_are_whole(published):
    assert len(published.studies) == 45
    assert len(published.arms) == 187
    assert published.contrasts is None
    assert set(published.arms["outcome"]) == {
        *("response", "remission", "relapse", "recurrence", "dropout", "self_harm")
    }
    assert published.arms["weeks"].isna().sum() == 15
    assert not published.arms.select_dtypes(object).isna().any().any()
    assert any("convenience sample" in note for note in published.notes)
    assert any("leans towards the combination" in note for note in published.notes)


def test_published_counts_as_in_the_reports(published):
    # TADS 2004 (JAMA 292:807): 71.0 % and 34.8 % responded; Simpson 2013: 8 weeks, 80 % and 15 %
    rows = published.arms.set_index(["trial_id", "arm", "outcome"]).sort_index()
    for key, percent in (
        (("tads2004", "fluoxetine + CBT", "response"), 71.0),
        (("tads2004", "placebo + clinical management", "response"), 34.8),
        (("simpson2013", "SRI + EX/RP", "response"), 80.0),
        (("simpson2013", "SRI + pill placebo", "response"), 15.0),
    ):
        (row,) = rows.loc[[key]].itertuples()
        assert 100 * row.events / row.n == pytest.approx(percent, abs=0.05)


def test_cell_means_of_combine(published):
    # the interaction that the caution of the row states, from the abstract of JAMA 295:2003
    cells = published.cell_means.iloc[0]
    interaction = cells["combined"] - cells["medication"] - cells["therapy"] + cells["control"]
    assert interaction == pytest.approx(-7.6)
    assert cells[[f"n_{t}" for t in WORDS["treatment"]]].sum() == 1221


def test_published_cautions(published):
    text = " ".join(published.cautions)
    assert "dsouza2010 (usual care: 25 to 31)" in text
    assert len(published.cautions) == 1


def test_therapy_without_pill_is_declared_where_the_rows_lack_it(published):
    """The eight trials named in `trials.toml`; the arm with placebo of Davidson 2004 is blinded."""
    flagged = published.arms["flags"].str.contains("therapy_arm_without_pill")
    declared = {
        *("mynorswallis1995", "williams2000", "derubeis2005", "jarrett1999", "barlow2000"),
        *("foa2005", "davidson2004", "combine2006"),
    }
    as_received = {"tads2004", "walkup2008", "pots2004", "blanco2010"}
    assert set(published.arms.loc[flagged, "trial_id"]) == declared | as_received
    davidson = published.arms[flagged & (published.arms["trial_id"] == "davidson2004")]
    assert davidson["arm"].tolist() == ["group CBT"]
    assert davidson["flags"].tolist() == ["group_therapy;therapy_arm_without_pill"]


def test_linde_is_as_in_metadat(linde):
    facts = json.loads(REFERENCE.read_text(encoding="utf-8"))["linde2016"]
    rows = linde.contrasts
    assert len(linde.studies) == facts["studies"] == 93
    assert len(rows) == facts["contrasts"] == 124
    treatments = set(rows["treat1"]) | set(rows["treat2"])
    assert len(treatments) == facts["treatments"] == 22
    by_study = rows["study"].value_counts().value_counts()
    assert {str(n): count for n, count in by_study.items()} == facts["contrasts_by_study"]
    # the file has six decimals: sums are exact but for floating point
    assert rows["estimate"].sum() == pytest.approx(facts["sum_estimate"], abs=1e-9)
    assert rows["std_error"].sum() == pytest.approx(facts["sum_std_error"], abs=1e-9)
    assert set(rows["measure"]) == {"odds_ratio"}


def test_shared_trials_have_the_same_counts(published, linde):
    """Each log odds ratio of a shared study comes from the counts of its arms, to six digits."""
    shared = shared_trials(published, linde)
    assert len(shared) == 9
    assert shared["naeem2010"] == "117"
    for trial, study in shared.items():
        arms = published.arms[published.arms["trial_id"] == trial]
        odds = np.log(arms["events"] / (arms["n"] - arms["events"]))
        ours = sorted(abs(a - b) for a, b in combinations(odds, 2))
        theirs = linde.contrasts.loc[linde.contrasts["study"] == study, "estimate"].abs()
        assert sorted(theirs) == pytest.approx(ours, abs=1e-6), trial


def test_shared_trials_go_both_ways(published, linde):
    there = shared_trials(published, linde)
    assert shared_trials(linde, published) == {study: trial for trial, study in there.items()}
    assert shared_trials(linde, "beat-the-blues") == {"6": "beat-the-blues"}
    assert shared_trials(published, "beat-the-blues") == {}


def test_contradicting_registries_are_refused(published, linde):
    other = Trials(
        "published-trials",
        "Other",
        arms=published.arms,
        same_trials={"linde2016": {"bedi2000": "117"}},
    )
    with pytest.raises(ValueError, match="says that it is"):
        shared_trials(other, linde)


# -- good data ------------------------------------------------------------------------------------


def test_sound_arms_pass(tmp_path):
    trials = read_trials(write_arms(tmp_path))
    assert trials.studies == ("ann2001", "bob2002")
    assert trials.cautions == ()
    assert trials.arms["n"].dtype == "int64"
    assert trials.arms["citation"].eq("").all()
    assert math.isnan(trials.arms["weeks"].iloc[-1])


def test_sound_contrasts_pass(tmp_path):
    trials = read_trials(write_contrasts(tmp_path))
    assert trials.contrasts["measure"].eq("odds_ratio").all()
    assert trials.condition == "depression"
    assert "phase" not in trials.contrasts  # columns that say nothing are not made up


def test_unusual_but_legal_arms_pass(tmp_path):
    rows = arms_table()
    rows += [
        arm("Ångström 2020", "Gespräch + SSRI", "combined", "SSRI + placebo", "Gespräch", 1, 1),
        arm("Ångström 2020", "SSRI", "medication", "SSRI", "usual_care", 0, 1),
        arm("mean20", "talk", "therapy", "", "cbt", "", 30, outcome="score", mean="-1.5", sd="2.5"),
        arm("mean20", "none", "control", "", "", "", 30, outcome="score", mean="0", sd="3"),
    ]  # fmt: skip
    rows[-1]["rob_randomisation"] = "low"
    trials = read_trials(write_arms(tmp_path, rows))
    assert len(trials.arms) == 10
    assert trials.arms["rob_randomisation"].tolist()[-1] == "low"


def test_declared_words_pass(tmp_path):
    rows = arms_table()
    for row in rows:
        row |= {"condition": "insomnia", "flags": "crossover; completers"}
    toml = ARMS_TOML + '[vocabulary]\ncondition = ["insomnia"]\nflags = ["crossover"]\n'
    assert set(read_trials(write_arms(tmp_path, rows, toml)).arms["condition"]) == {"insomnia"}


def test_parquet_and_csv_are_the_same(tmp_path):
    as_csv = read_trials(write_arms(tmp_path / "csv"))
    folder = tmp_path / "parquet"
    folder.mkdir()
    (folder / "trials.toml").write_text(ARMS_TOML, encoding="utf-8")
    pd.DataFrame(arms_table()).astype(str).replace("nan", "").to_parquet(folder / "arms.parquet")
    pd.testing.assert_frame_equal(read_trials(folder).arms, as_csv.arms)


def test_three_arms_may_be_rounded(tmp_path):
    rows = contrasts_table()
    rows[3]["estimate"] = 0.51  # two decimals: three estimates can be off by 0.015 together
    assert len(read_trials(write_contrasts(tmp_path, rows)).contrasts) == 4


@settings(max_examples=8, deadline=None)
@given(order=st.permutations(range(187)))
def test_order_of_rows_does_not_matter(published, tmp_path_factory, order):
    rows = published.arms.iloc[list(order)]
    shuffled = read_trials(write_arms(tmp_path_factory.mktemp("arms"), rows))
    pd.testing.assert_frame_equal(
        shuffled.arms.sort_values(list(shuffled.arms)).reset_index(drop=True),
        published.arms.sort_values(list(published.arms)).reset_index(drop=True),
    )


@settings(max_examples=8, deadline=None)
@given(turned=st.sets(st.integers(0, 123)))
def test_direction_of_contrasts_does_not_matter(linde, tmp_path_factory, turned):
    rows = linde.contrasts.drop(columns=["measure", "outcome"])
    for i in turned:
        first, second = rows.loc[i, ["treat1", "treat2"]]
        rows.loc[i, ["treat1", "treat2", "estimate"]] = second, first, -rows.loc[i, "estimate"]
    folder = write_contrasts(tmp_path_factory.mktemp("contrasts"), rows)
    assert len(read_trials(folder).contrasts) == 124


# -- the catalogue of problems: arms --------------------------------------------------------------

#: name: (line, changes to that row, column blamed, value found, part of why, part of what to do)
ARM_CASES = {
    "more events than people": (
        2, {"events": 51}, "events", "51", "more events than people", "Correct events or n"),
    "n is zero": (3, {"n": 0}, "n", "0", "whole number above 0", "delete the row"),
    "n is negative": (3, {"n": -50}, "n", "-50", "whole number above 0", "delete the row"),
    "n is missing": (3, {"n": ""}, "n", "", "cell is empty", "Enter the value"),
    "n is a fraction": (3, {"n": 50.5}, "n", "50.5", "whole number above 0", "number of people"),
    "events are negative": (2, {"events": -1}, "events", "-1", "whole number, 0 or above", "count"),
    "events are a fraction": (
        2, {"events": "30.4"}, "events", "30.4", "whole number", "from_percent"),
    "events are words": (2, {"events": "NA"}, "events", "NA", "not a number", "Enter a number"),
    "events are infinite": (2, {"events": "inf"}, "events", "inf", "infinite", "Enter the value"),
    "separator of thousands": (2, {"n": "1,050"}, "n", "1,050", "thousands", "without separators"),
    "no result": (2, {"events": ""}, "events", "", "no result", "Enter one of them"),
    "no judgement": (
        2, {"rob_overall": "poor"}, "rob_overall", "poor", "no judgement", "low, some concerns"),
    "mean without sd": (
        2, {"events": "", "mean": "3"}, "sd", "", "needs its standard deviation", "Enter both"),
    "sd is zero": (2, {"events": "", "mean": "3", "sd": "0"}, "sd", "0", "above 0", "Correct"),
    "two results": (
        2, {"mean": "3", "sd": "1"}, "events", "30", "two results", "a row of its own"),
    "weeks are zero": (2, {"weeks": "0"}, "weeks", "0", "above 0", "Correct the value"),
    "weeks are a date": (2, {"weeks": "2004-03-01"}, "weeks", "2004-03-01", "date", "Enter"),
    "unknown treatment": (
        2, {"treatment": "combind"}, "treatment", "combind", 'did you mean "combined"?',
        "one of these words"),
    "unknown outcome": (
        2, {"outcome": "respose"}, "outcome", "respose", 'did you mean "response"?',
        "[vocabulary]"),
    "unknown phase": (
        2, {"phase": "maintainance"}, "phase", "maintainance", 'did you mean "maintenance"?',
        "[vocabulary]"),
    "unknown condition": (
        2, {"condition": "Depression"}, "condition", "Depression", 'did you mean "depression"?',
        "[vocabulary]"),
    "unknown flag": (
        2, {"flags": "completers; group_theraphy"}, "flags", "completers; group_theraphy",
        '"group_theraphy" is not a known word; did you mean "group_therapy"?', "[vocabulary]"),
    "no name of the trial": (2, {"trial_id": ""}, "trial_id", "", "cell is empty", "Enter"),
    "no name of the arm": (2, {"arm": ""}, "arm", "", "cell is empty", "Enter"),
    "row stands twice": (
        3, {"arm": "both", "treatment": "combined", "therapy": "cbt"}, "trial_id",
        "ann2001, both, response, week 12", "stands in an earlier row", "Delete one"),
    "row stands twice without weeks": (
        7, {"arm": "pill", "treatment": "medication", "therapy": ""}, "trial_id",
        "bob2002, pill, response, week not given", "stands in an earlier row", "Delete one"),
    "condition changes within a trial": (
        3, {"condition": "panic"}, "condition", "panic", "earlier row of the same trial", "agree"),
    "control gives a drug": (
        5, {"medication": "SSRI"}, "treatment", "ann2001, neither: control",
        'gives "SSRI" as medication, but treatment "control" has none', "inactive"),
    "bipolar control on a mood stabiliser": (
        5, {"medication": "mood stabiliser", "control_type": "usual_care"}, "treatment",
        "ann2001, neither: control", 'gives "mood stabiliser" as medication', "inactive"),
    "therapy arm gives a drug": (
        4, {"medication": "SSRI + placebo"}, "treatment", "ann2001, talk: therapy",
        'gives "SSRI" as medication', "inactive"),
    "medication is only a placebo": (
        3, {"medication": "Placebo"}, "treatment", "ann2001, pill: medication",
        'gives inactive medication "Placebo"', "inactive"),
    "therapy is only clinical management": (
        2, {"therapy": "clinical_management"}, "treatment", "ann2001, both: combined",
        'gives inactive therapy "clinical_management"', "inactive"),
    "combined without its drug": (
        2, {"medication": ""}, "treatment", "ann2001, both: combined", "no medication is stated",
        "Correct treatment"),
    "arm has the name of another treatment": (
        2, {"arm": "therapy"}, "treatment", "ann2001, therapy: combined",
        "has the name of another treatment", "Correct"),
    "control_type of no control": (
        3, {"control_type": "usual_care"}, "control_type", "usual_care", "not declared control",
        "Leave it empty"),
}  # fmt: skip


@pytest.mark.parametrize("case", ARM_CASES)
def test_problem_with_an_arm(case, tmp_path):
    line, changes, column, value, why, do = ARM_CASES[case]
    rows = arms_table()
    rows[line - 2] |= changes
    found = problems_of(write_arms(tmp_path, rows))
    assert [(p.file, p.row, p.column, p.value) for p in found] == [
        ("arms.csv", line, column, value)
    ]
    assert why in found[0].why
    assert do in found[0].do


def test_arm_that_changes_its_treatment(tmp_path):
    rows = [*arms_table(), arm("ann2001", "pill", "control", "placebo", "", 9, 50, weeks="26")]
    columns = {p.column for p in problems_of(write_arms(tmp_path, rows))}
    assert columns == {"treatment", "medication", "therapy"}


def test_all_problems_at_once(tmp_path):
    rows = arms_table()
    rows[0]["events"], rows[1]["n"], rows[2]["flags"] = 99, 0, "complters"
    toml = ARMS_TOML.replace("title", "titel")
    found = problems_of(write_arms(tmp_path, rows, toml))
    assert {(p.file, p.column) for p in found} == {
        ("trials.toml", "trials.titel"),
        ("arms.csv", "events"),
        ("arms.csv", "n"),
        ("arms.csv", "flags"),
    }
    suggested = next(p for p in found if p.column == "trials.titel")
    assert '"title"' in suggested.do


@pytest.mark.parametrize(
    "column", ["trial_id", "condition", "phase", "arm", "treatment", "outcome", "weeks", "n"]
)
def test_missing_column(column, tmp_path):
    rows = pd.DataFrame(arms_table()).drop(columns=column)
    (problem,) = problems_of(write_arms(tmp_path, rows))
    assert (problem.column, problem.why) == (column, "A required column is missing.")


@pytest.mark.parametrize(
    ("right", "wrong"), [("flags", "flag"), ("control_type", "Control type"), ("mean", "means")]
)
def test_misspelt_column(right, wrong, tmp_path):
    rows = pd.DataFrame(arms_table()).rename(columns={right: wrong})
    rows[wrong] = rows.get(wrong, "")
    (problem,) = problems_of(write_arms(tmp_path, rows))
    assert (problem.column, problem.row) == (wrong, 1)
    assert f'did you mean "{right}"?' in problem.why


def test_columns_of_ones_own_are_kept(tmp_path):
    rows = [row | {"country": "NZ"} for row in arms_table()]
    assert set(read_trials(write_arms(tmp_path, rows)).arms["country"]) == {"NZ"}


# -- cautions -------------------------------------------------------------------------------------


def test_trial_with_one_arm_is_a_caution(tmp_path):
    alone = arm("cyd2003", "talk", "therapy", "", "cbt", 5, 10)
    trials = read_trials(write_arms(tmp_path / "a", [*arms_table(), alone]))
    assert trials.cautions == (
        "Only one arm has the outcome, so it cannot be compared: cyd2003 (response).",
    )
    alone["flags"] = "arms_missing"
    assert read_trials(write_arms(tmp_path / "b", [*arms_table(), alone])).cautions == ()


def test_uneven_n_is_a_caution(tmp_path):
    rows = arms_table()
    rows += [row | {"outcome": "dropout", "events": 2, "n": 45} for row in rows[:4]]
    (caution,) = read_trials(write_arms(tmp_path, rows)).cautions
    assert "ann2001 (both: 45 to 50)" in caution


def test_therapy_without_pill_is_a_caution(tmp_path):
    rows = arms_table()
    rows[2]["medication"] = ""
    (caution,) = read_trials(write_arms(tmp_path / "a", rows)).cautions
    assert caution.endswith("not flagged as such: ann2001.")
    rows[2]["flags"] = "therapy_arm_without_pill"
    assert read_trials(write_arms(tmp_path / "b", rows)).cautions == ()


# -- the catalogue of problems: contrasts ---------------------------------------------------------

CONTRAST_CASES = {
    "std_error is zero": (2, {"std_error": "0"}, "std_error", "0", "above 0", "Correct"),
    "std_error is negative": (2, {"std_error": -0.3}, "std_error", "-0.3", "above 0", "Correct"),
    "std_error is missing": (2, {"std_error": ""}, "std_error", "", "both limits", "Enter"),
    "std_error of a trial with three arms is missing": (
        3, {"std_error": ""}, "std_error", "", "both limits", "Enter"),
    "estimate is words": (2, {"estimate": "n.s."}, "estimate", "n.s.", "not a number", "Enter"),
    "estimate has a decimal comma": (2, {"estimate": "0,5"}, "estimate", "0,5", "comma", "point"),
    "treatment against itself": (
        2, {"treat2": "CBT"}, "treat2", "CBT", "compared with itself", "Correct one"),
    "other capitals": (
        2, {"treat2": "placebo"}, "treat2", "placebo", "other capitals or spaces", "one way"),
    "contrast stands twice, turned": (
        4, {"treat1": "SSRI", "treat2": "CBT", "estimate": -0.2}, "study", "bob: SSRI against CBT",
        "in an earlier row", "Keep one"),
    "wrong sign in a trial with three arms": (
        5, {"estimate": -0.5}, "estimate", "-0.5",
        "CBT against SSRI (0.2) and SSRI against Placebo (0.3) give 0.5 for CBT against Placebo",
        "Check signs"),
    "contrast of a trial with three arms is missing": (
        5, {"study": "cyd"}, "study", "bob", "lacks the contrast of CBT with Placebo", "Add every"),
    "impossible standard errors": (
        5, {"std_error": 0.9}, "std_error", "0.9", "can be at most 0.424", "Check the three"),
    "more events than people": (
        2, {"events1": 30, "n1": 20}, "events1", "30", "more events than people", "Correct"),
    "n is zero": (2, {"n2": "0"}, "n2", "0", "whole number above 0", "people"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTRAST_CASES)
def test_problem_with_a_contrast(case, tmp_path):
    line, changes, column, value, why, do = CONTRAST_CASES[case]
    rows = contrasts_table()
    rows[line - 2] |= changes
    found = problems_of(write_contrasts(tmp_path, rows))
    assert [(p.file, p.column, p.value) for p in found] == [("contrasts.csv", column, value)]
    assert why in found[0].why
    assert do in found[0].do


def test_ratios_that_look_like_no_logs_are_a_caution(tmp_path):
    rows = [contrast(f"s{i}", "CBT", "Placebo", 1 + i / 10, 0.3) for i in range(10)]
    (caution,) = read_trials(write_contrasts(tmp_path, rows)).cautions
    assert "may be the ratios themselves" in caution


# -- the catalogue of problems: trials.toml -------------------------------------------------------

#: name: (text replaced, by what, key blamed, part of why or what to do)
TOML_CASES = {
    "ratios on the natural scale": ('"log"', '"natural"', "measure", "standard errors belong"),
    "scale is missing": ('scale = "log"\n', "", "trials.scale", "The key is missing."),
    "scale is misspelt": ('"log"', '"lgo"', "trials.scale", '"log"'),
    "unknown measure": ('"odds_ratio"', '"odd_ratio"', "trials.measure", '"odds_ratio"'),
    "unknown table": ('"contrasts"', '"contrast"', "trials.table", '"contrasts"'),
    "unknown key": ("measure", "mesure", "trials.mesure", "The key is not known"),
    "title is a number": ('"Demo"', "5", "trials.title", "words in quotation marks"),
    "not TOML": ('name = "demo"', "name = demo", "", "cannot be read"),
    "study that is not there": (
        'scale = "log"', 'scale = "log"\n[same_trials.other]\nzoe = "zoe2001"', "same_trials.other",
        "no such study"),
    "treatment that is not there": (
        'scale = "log"', 'scale = "log"\n[treatments]\nzoe = "therapy"', "treatments.zoe",
        "No contrast holds"),
    "treatment of an unknown kind": (
        'scale = "log"', 'scale = "log"\n[treatments]\nCBT = "talk"', "treatments.CBT",
        "medication, therapy"),
    "people of a study that is not there": (
        'scale = "log"', 'scale = "log"\n[people.zoe]\nCBT = 17', "people.zoe.CBT",
        "of the study"),
    "people that are no number": (
        'scale = "log"', 'scale = "log"\n[people.zoe]\nCBT = -1', "people.zoe.CBT",
        "whole number"),
    "unknown table of keys": (
        'scale = "log"', 'scale = "log"\n[sametrials]\nx = "y"', "sametrials", "same_trials"),
    "vocabulary of a fixed word": (
        'scale = "log"', 'scale = "log"\n[vocabulary]\nmeasure = ["or"]', "vocabulary.measure",
        "not known"),
}  # fmt: skip


#: name: (declaration, key blamed, part of why or what to do)
ADDED_FLAGS = {
    "unknown flag": ('[add_flags.completer]\nann2001 = "both"', "completer", '"completers"'),
    "unknown trial": ('[add_flags.completers]\nzoe2001 = "both"', "completers.zoe2001", "zoe2001"),
    "unknown arm": ('[add_flags.completers]\nann2001 = "zoe"', "completers.ann2001", "no such arm"),
}


@pytest.mark.parametrize("case", ADDED_FLAGS)
def test_flags_added_to_what_is_not_there(case, tmp_path):
    text, column, words = ADDED_FLAGS[case]
    folder = write_arms(tmp_path)
    (folder / "trials.toml").open("a", encoding="utf-8").write("\n" + text)
    (problem,) = problems_of(folder)
    assert problem.column == f"add_flags.{column}"
    assert words in problem.why + problem.do


@pytest.mark.parametrize("case", TOML_CASES)
def test_problem_with_trials_toml(case, tmp_path):
    old, new, column, words = TOML_CASES[case]
    toml = CONTRASTS_TOML.replace(old, new)
    assert toml != CONTRASTS_TOML
    found = problems_of(write_contrasts(tmp_path, toml=toml))
    assert any(p.column == column and words in p.why + p.do for p in found)


def test_measure_declared_twice(tmp_path):
    rows = [row | {"measure": "odds_ratio"} for row in contrasts_table()]
    (problem,) = problems_of(write_contrasts(tmp_path, rows))
    assert problem.column == "measure"


def test_missing_folder_file_and_declaration(tmp_path):
    assert "no such folder" in problems_of(tmp_path / "nowhere")[0].why
    (tmp_path / "empty").mkdir()
    assert "no trials.toml" in problems_of(tmp_path / "empty")[0].why
    (tmp_path / "empty" / "trials.toml").write_text(ARMS_TOML, encoding="utf-8")
    assert problems_of(tmp_path / "empty")[0].file == "arms.csv"


def test_table_without_rows(tmp_path):
    (problem,) = problems_of(write_arms(tmp_path, pd.DataFrame(arms_table()).iloc[:0]))
    assert (problem.file, problem.why) == ("arms.csv", "The table has no rows.")


def test_a_second_table_is_not_ignored(tmp_path):
    write_arms(tmp_path)
    pd.DataFrame(contrasts_table()).to_csv(tmp_path / "contrasts.csv", index=False)
    (problem,) = problems_of(tmp_path)
    assert (problem.file, problem.why[:20]) == ("contrasts.csv", "The file is not read")


def test_trials_hold_one_kind_of_table(published):
    with pytest.raises(ValueError, match="either arms or contrasts"):
        Trials("demo", "Demo")
    with pytest.raises(ValueError, match="either arms or contrasts"):
        Trials("demo", "Demo", arms=published.arms, contrasts=published.arms)
