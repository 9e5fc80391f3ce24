"""Under a profile that hides: the last person seen, codes of two values, trials beside a study."""

import re
from dataclasses import replace

import numpy as np
import pytest

from ctevidence.data.study import Study
from ctevidence.display.baseline import table_baseline
from ctevidence.display.certainty_tables import hint_words
from ctevidence.display.curves import axis_end, last_week_shown
from ctevidence.display.dating import dating_sentence, table_dating
from ctevidence.display.disclosure import PROFILES, disclosure_of
from ctevidence.display.incidence import plot_cumulative_incidence
from ctevidence.display.release import gate_of, gated, people_text, released
from ctevidence.display.survival import plot_survival
from ctevidence.display.tables import table_estimates
from ctevidence.estimates import Estimate, Estimates
from ctevidence.evidence.claims import assess_claims
from ctevidence.evidence.claims_toml import read_claims
from ctevidence.models.dating import Dating
from ctevidence.models.over_time import relapse_over_time, retention_over_time
from ctevidence.simulate.study import simulate_study

STRICT = PROFILES["opensafely"]


@pytest.fixture(scope="module")
def study():
    return replace(simulate_study(n=200, seed=6), disclosure="opensafely")


def followed_longer(study: Study, weeks: float) -> Study:
    """The last one of all who were followed stays under observation for some weeks more."""
    events = study.tables["events"].copy()
    ends = events[events["event"] == "end_of_follow_up"]
    events["day"] = events["day"].astype(float)
    events.loc[ends["day"].idxmax(), "day"] += 7 * weeks
    return replace(study, tables={**study.tables, "events": events})


@pytest.mark.parametrize("plot", [plot_survival, plot_cumulative_incidence])
def test_when_the_last_person_left_moves_nothing_that_is_shown(study, plot):
    longer = followed_longer(study, 0.6)
    before, after = (plot(retention_over_time(s)) for s in (study, longer))
    assert before.png == after.png
    assert before.alt == after.alt
    # the same person does move the picture of open data
    before, after = (plot(retention_over_time(replace(s, disclosure="open")))
                     for s in (study, longer))  # fmt: skip
    assert before.png != after.png


@pytest.mark.parametrize("last", [49.1, 50.4, 52.0])
def test_an_axis_of_real_people_ends_with_a_month(last):
    assert axis_end(last, STRICT) == 52.0
    assert axis_end(last, PROFILES["open"]) == last


def test_a_report_chooses_months_or_quarters_not_the_last_day_of_someone(study):
    relapse = relapse_over_time(study)
    assert relapse.week <= relapse.fit.largest_week
    assert relapse.week % 4 == 0 or relapse.week % 13 == 0
    assert last_week_shown(relapse.fit, STRICT) % 4 == 0


def test_arms_too_small_for_any_curve_are_a_figure_that_says_so():
    tiny = replace(simulate_study(n=12, seed=11), disclosure="opensafely")
    for plot in (plot_survival, plot_cumulative_incidence):
        figure = plot(retention_over_time(tiny))
        assert figure.alt.startswith("No figure could be drawn")
        assert not re.search(r"\d", figure.data.frame.to_string(index=False))


@pytest.mark.parametrize("codes", [(0, 1), (1, 2)])
def test_a_covariate_of_two_codes_is_a_share_however_it_is_coded(study, codes):
    people = study.tables["participants"].copy()
    rare = np.zeros(len(people), dtype=bool)
    rare[np.flatnonzero((people["arm"] == "therapy").to_numpy())[:3]] = True
    people["rare"] = np.where(rare, codes[1], codes[0])
    tables = {**study.tables, "participants": people}
    row = (
        table_baseline(replace(study, tables=tables, adjust=("rare",)))
        .frame.set_index("at the start")
        .loc["rare, mean (SD)"]
    )
    assert set(row) == {"not shown"}  # three of an arm, and arms of one value alone


def of_dating(df: float) -> Dating:
    row = Estimate(
        "clinic", "relapse", "combined", "rmst_difference", 2.0, reference="therapy", unit="weeks",
        conf_low=-1.0, conf_high=5.0, std_error=1.5, n=40, n_reference=40, week=26, df=df,
    )  # fmt: skip
    later = replace(row, estimate=1.23)
    return Dating(*(Estimates([r]) for r in (row, row, later)))


def test_dating_asks_the_gate_whatever_its_reason():
    hidden = of_dating(df=4.0)
    assert "fewer than 10 degrees of freedom" in dating_sentence(hidden, "opensafely")
    assert table_dating(hidden, "opensafely").frame["moved"].tolist() == ["not shown"]


def test_what_dating_moves_is_no_finer_than_what_it_moves_from():
    told = dating_sentence(of_dating(df=np.inf), "opensafely")
    assert "moves by −0.8" in told  # 2.0 to 1.2, as they stand before it, not 0.77
    assert table_dating(of_dating(df=np.inf), "opensafely").frame["moved"].tolist() == ["−0.8"]


def test_degrees_of_freedom_do_not_narrow_down_the_people():
    # 42 of 2 x 18 to 22 people and two arms: 22 in each, nothing less
    row = Estimate("clinic", "course", "combined", "mean_difference", 1.2, reference="therapy",
                   unit="points", n=22, n_reference=22, df=42.0, std_error=1.1)  # fmt: skip
    seen = released(Estimates([row]), "opensafely").one()
    assert np.isnan(seen.df)
    assert seen.estimate == 1.2
    assert released(Estimates([replace(row, df=np.inf)]), "opensafely").one().df == np.inf


def trial_and_clinic():
    trial = Estimate("keller2000", "response", "combined", "risk", 163 / 226, unit="probability",
                     n=226, events=163, studies=1)  # fmt: skip
    return trial, replace(trial, study="clinic", id="")


def test_a_published_trial_keeps_its_numbers_beside_a_private_study():
    trial, own = trial_and_clinic()
    of_clinic = disclosure_of("opensafely", "clinic")
    assert gated(trial, of_clinic) is trial
    assert gated(own, of_clinic).estimate == pytest.approx(165 / 225)
    assert gate_of(trial, of_clinic).text(trial.n) == "226"
    seen = table_estimates(Estimates([trial, own]), of_clinic).frame
    assert seen["people"].tolist() == ["163 of 226", "165 of 225"]


def test_without_a_name_everybody_is_protected():
    trial, own = trial_and_clinic()
    nameless = replace(own, study="", id="")
    for row in (trial, own, nameless):
        assert released(Estimates([row]), "opensafely").one().n == 225
    of_another = disclosure_of("opensafely", "clinic")
    assert released(Estimates([nameless]), of_another).one().n == 225


def test_a_study_protects_its_own_rows_whatever_its_folder_is_called(study):
    named = replace(study, name="clinic")
    trial, own = trial_and_clinic()
    counts = [row.n for row in released(Estimates([trial, own]), named)]
    assert counts == [226, 225]


def test_people_behind_a_row_are_what_its_groups_add_up_to():
    row = Estimate("clinic", "response", "combined", "risk_difference", 0.1, reference="therapy",
                   unit="probability", n=237, n_reference=236)  # fmt: skip
    # 235 and 235, not 475 as 473 would be rounded
    assert people_text(row, STRICT) == "470"
    assert people_text(replace(row, n=3), STRICT) == "not shown"
    assert people_text(replace(row, n=None, n_reference=None), STRICT) == ""


def test_hints_in_words_tell_of_shown_people_alone():
    row = Estimate("clinic", "response (observed)", "combined", "risk_difference", 0.12, week=12,
                   reference="medication", unit="probability", conf_low=-0.03, conf_high=0.27,
                   std_error=0.08, n=152, n_reference=149)  # fmt: skip
    alone = Estimate("clinic", "response (observed)", "medication", "risk", 0.4, week=12, n=149,
                     unit="probability", conf_low=0.33, conf_high=0.48)  # fmt: skip
    shown = released(Estimates([row, alone]), "opensafely")
    verdict = next(v for v in assess_claims(read_claims(), shown) if v.lead is not None)
    told = " ".join(map(hint_words, verdict.hints))
    assert "300 people" in told
    assert "301" not in told
