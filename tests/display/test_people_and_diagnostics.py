"""Single people in figures, and diagnostics: what is shown, and what is not shown of whom."""

from dataclasses import replace

import numpy as np
import pytest

from ctevidence.display.diagnostics import table_diagnostics, table_influence, table_residuals
from ctevidence.display.individual_curves import plot_individual_curves
from ctevidence.display.residuals import plot_residuals
from ctevidence.display.spaghetti import plot_spaghetti
from ctevidence.models.course import fit_course
from ctevidence.models.diagnostics import diagnose, influence_on
from ctevidence.models.growth import fit_growth
from ctevidence.outcomes.course import derive_course
from ctevidence.simulate.study import simulate_study


@pytest.fixture(scope="module")
def study():
    return simulate_study(n=160, seed=3)


@pytest.fixture(scope="module")
def hidden(study):
    """The same people as if they were real and not open."""
    return replace(study, data_kind="patient-level", disclosure="opensafely")


@pytest.fixture(scope="module")
def growth(study):
    return fit_growth(derive_course(study), shape="piecewise", knots=[8], cluster="therapist")


@pytest.fixture(scope="module")
def course(study):
    return fit_course(derive_course(study))


@pytest.fixture(scope="module")
def hidden_course(hidden):
    return fit_course(derive_course(hidden))


def everything(figure):
    return f"{figure.alt} {figure.title} {figure.data.frame.to_string()}"


# -- single people -------------------------------------------------------------------------------


def test_single_people_are_drawn_of_open_or_simulated_data_only(study, hidden):
    for real in (hidden, replace(hidden, disclosure="min10")):
        outcome = derive_course(real)
        for figure in (plot_spaghetti(outcome), plot_individual_curves(fit_growth(outcome))):
            assert "single people are drawn from open or simulated data only" in figure.alt
            assert list(figure.data.frame.columns) == ["nothing to draw"]
    for shown in (replace(hidden, disclosure="open"), replace(study, disclosure="opensafely")):
        assert "thin lines" in plot_spaghetti(derive_course(shown)).alt


def test_no_identifier_stands_in_a_figure_of_people(study, growth):
    for figure in (plot_spaghetti(derive_course(study)), plot_individual_curves(growth)):
        assert figure.png.startswith(b"\x89PNG")
        text = everything(figure)
        assert not any(person in text for person in study.participants["participant_id"])
        assert not any(name in text for name in study.participants["therapist"].dropna())


def test_spaghetti_shows_the_means_of_those_seen(study):
    frame = plot_spaghetti(derive_course(study)).data.frame
    scores = derive_course(study).frame
    seen = scores[(scores["arm"] == "combined") & (scores["week"] == 12)]["score"]
    row = frame[(frame["arm"] == "Combined") & (frame["week"] == "12")].iloc[0]
    assert row["people seen"] == str(len(seen))
    assert float(row["mean of those seen"]) == pytest.approx(seen.mean(), abs=0.051)
    start = study.entering().groupby("arm")["baseline"].mean()["combined"]
    first = frame[(frame["arm"] == "Combined") & (frame["week"] == "0")].iloc[0]
    assert float(first["mean of those seen"]) == pytest.approx(start, abs=0.051)


def test_very_many_people_are_drawn_in_part(study, monkeypatch):
    whole = plot_spaghetti(derive_course(study))
    assert "drawn in part" not in whole.alt
    monkeypatch.setattr("ctevidence.display.spaghetti.LINES", 10)
    part = plot_spaghetti(derive_course(study))
    assert "drawn in part" in part.alt
    assert part.data.frame.equals(whole.data.frame), "means are of everyone"


def test_people_are_chosen_by_the_declared_rule(growth):
    frame = plot_individual_curves(growth, per_arm=3).data.frame
    assert len(frame) == 12
    rows = growth.rows.sort_values(["participant_id", "day"])
    rows = rows[rows.groupby("participant_id")["score"].transform("size") > 1]
    last = rows.groupby("participant_id")["score"].last()
    change = last - growth.study.entering().set_index("participant_id")["baseline"].loc[last.index]
    arm = growth.study.participants.set_index("participant_id")["arm"].loc[last.index]
    own = np.sort(change[arm == "therapy"])
    expected = own[[int(len(own) * q) for q in (1 / 6, 3 / 6, 5 / 6)]]
    shown = frame[frame["arm"] == "Therapy"]["change from baseline"].str.replace("−", "-")
    assert shown.astype(float).tolist() == expected.tolist()


def test_curves_at_the_last_score_are_those_of_the_fit(growth):
    frame = plot_individual_curves(growth, per_arm=1).data.frame
    everyone = growth.individual_curves(weeks=[30.0])
    assert len(everyone) == growth.model.n_subjects
    assert frame["own curve"].str.match(r"−?\d+\.\d").all()
    with pytest.raises(ValueError, match="at least one person"):
        plot_individual_curves(growth, per_arm=0)


def test_people_figures_where_there_is_nobody(study):
    outcome = derive_course(study)
    none = replace(outcome, frame=outcome.frame[:0])
    assert "too few scores" in plot_individual_curves(fit_growth(none)).alt
    once = replace(outcome, frame=outcome.frame.drop_duplicates("participant_id"))
    assert "No figure" in plot_individual_curves(fit_growth(once)).alt
    nobody = replace(study, tables={**study.tables, "visits": study.visits[:0]})
    assert "no scores" in plot_spaghetti(derive_course(nobody)).alt


# -- diagnostics ---------------------------------------------------------------------------------


def test_residuals_by_arm_and_visit_are_those_of_the_engine(course):
    frame = table_residuals(course).frame
    assert len(frame) == 24
    scores = diagnose(course).scores
    own = scores[(scores["arm"] == "therapy") & (scores["week"] == 12)]["scaled"]
    row = frame[(frame["arm"] == "Therapy") & (frame["week"] == "12")].iloc[0]
    assert row["scores"] == str(len(own))
    sd = float(row["standard deviation"])
    assert sd == pytest.approx(own.std(), abs=0.0051)


def test_diagnostics_name_the_covariance_and_count_the_outlying(course, growth):
    frame = table_diagnostics(course).frame.set_index("what")["found"]
    assert frame["Covariance: unstructured (used)"].endswith("21 parameters")
    people = course.outcome.frame
    control = people[people["arm"] == "control"]["participant_id"].nunique()
    assert frame["Outlying people in Control"].endswith(f" of {control}")
    assert frame["Converged"].startswith("yes")
    of_growth = table_diagnostics(growth).frame.set_index("what")["found"]
    assert "Covariance: intercept and slope (used)" in of_growth.index


def test_an_outlying_person_is_counted_and_not_named(study):
    outcome = derive_course(study)
    frame = outcome.frame.copy()
    who = frame.loc[frame["arm"] == "medication", "participant_id"].iloc[0]
    mine = frame["participant_id"] == who
    frame.loc[mine, "score"] = np.where(np.arange(mine.sum()) % 2 == 0, 0.0, 27.0)
    table = table_diagnostics(fit_course(replace(outcome, frame=frame)))
    found = table.frame.set_index("what")["found"]
    assert found["Outlying people in Medication"].startswith("1 of ")
    assert who not in table.html


def test_influence_in_words(course, growth):
    for fit in (course, growth):
        frame = table_influence(fit, "combined", "medication", week=12).frame
        found, arms = influence_on(fit, "combined", "medication", week=12)
        text = frame.set_index("what")["found"]
        change = found.change[arms == "combined"]
        largest = change[np.argmax(abs(change))]
        shown = text["Largest change without one person of Combined"].replace("−", "-")
        assert float(shown.split(" ")[0]) == pytest.approx(largest, abs=0.0051)
        count = text["Left out until the difference changes sign"]
        assert count.split(" ")[0] == str(found.to_change_sign)


def test_influence_on_a_period_says_which(course):
    frame = table_influence(course.over(2, 8), "combined", "medication").frame
    what, found = frame.iloc[0]
    assert what == ("Combined treatment against medication, mean over weeks 2 to 8, PHQ-9 points")
    period = course.over(2, 8).compare("combined", against="medication").one().estimate
    assert float(found.replace("−", "-")) == pytest.approx(period, abs=0.051)


def test_what_is_hidden_of_people_who_are_not_open(hidden_course, hidden):
    table = table_influence(hidden_course, "combined", "medication", week=12)
    assert any("mean of the 8 largest" in note for note in table.notes)
    assert "standard errors" not in table.html
    assert "Cook" not in table.html
    figure = plot_residuals(hidden_course)
    assert all(int(n.replace("\u202f", "")) % 5 == 0 for n in figure.data.frame["scores"])
    few = hidden_course.outcome.frame
    keep = few.drop_duplicates("participant_id").groupby("arm")["participant_id"].head(6)
    small = replace(hidden_course.outcome, frame=few[few["participant_id"].isin(keep)])
    fit = fit_course(small, covariance="compound-symmetry")
    assert set(table_residuals(fit).frame["mean"]) == {"not shown: too few people in a group"}
    assert set(table_residuals(fit).frame["scores"]) == {"1–7"}
    assert "not shown" in table_influence(fit, "combined", "medication", week=12).html


def test_clear_answers_where_nothing_was_fitted(study):
    outcome = derive_course(study)
    same = replace(outcome, frame=outcome.frame.assign(score=7.0))
    for fit in (fit_course(same), fit_growth(same)):
        for table in (
            table_residuals(fit),
            table_diagnostics(fit),
            table_influence(fit, "combined", "medication", week=12),
        ):
            assert "too few scores to model" in table.frame.iloc[0, 0]
        assert "too few scores to model" in plot_residuals(fit).alt


def test_a_treatment_that_the_study_does_not_have(study):
    arms = tuple(a for a in study.arms if a.name != "medication")
    people = study.participants[study.participants["arm"] != "medication"]
    two = replace(study, arms=arms, tables={**study.tables, "participants": people})
    table = table_influence(fit_course(derive_course(two)), "combined", "medication", week=12)
    assert "has no arm of medication" in table.frame.iloc[0, 0]
    with pytest.raises(KeyError, match="did you mean"):
        table_influence(fit_course(derive_course(two)), "combned", "therapy", week=12)


def test_residual_figures_of_few_many_and_binned_scores(course, study):
    small = plot_residuals(course)
    total = small.data.frame["scores"].astype(int).sum()
    assert total == course.model.n_obs
    assert plot_residuals(course).png == small.png, "the same drawing gives the same bytes"
    many = fit_growth(derive_course(simulate_study(n=300, seed=2)))
    assert len(plot_residuals(many).data.frame) == 12
