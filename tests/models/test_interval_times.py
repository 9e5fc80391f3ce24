"""Relapse between visits, from the outcome to comparisons."""

import numpy as np
import pandas as pd
import pytest

from ctevidence.contrasts import better_than_both, synergy
from ctevidence.data.rules import RelapseRule
from ctevidence.models.interval_regression import fit_intervals
from ctevidence.models.relapse import fit_relapse
from ctevidence.outcomes.relapse import derive_relapse

PAIR = ("combined", "medication")
FOUR = ("control", "medication", "therapy", "combined")


@pytest.fixture(scope="module")
def between(make_outcome):
    """A relapse outcome, counted from the start, from intervals and arms."""

    def build(lower, upper, arm, people=None, **options):
        lower, upper = np.asarray(lower, float), np.asarray(upper, float)
        frame = pd.DataFrame(
            {
                "participant_id": [f"P{i}" for i in range(len(lower))],
                "arm": list(arm),
                "entry": 0.0,
                "lower": lower,
                "upper": upper,
                "state": np.where(np.isfinite(upper), "relapsed", "well"),
            }
        )
        rule = options.pop("rule", RelapseRule("baseline", threshold=20))
        if people is not None:
            people = frame[["participant_id", "arm"]].assign(**people)
        options = {"weeks": tuple(range(4, 49, 4))} | options
        return make_outcome("relapse", frame, people=people, rule=rule, better="lower", **options)

    return build


@pytest.fixture(scope="module")
def trial(reference, between):
    """The simulated trial of `intervals.R` as an outcome, and its numbers."""
    found = reference("intervals")["trial"]
    data = {name: np.array(column, float) for name, column in found["data"].items()}
    upper = np.where(np.isnan(data["upper"]), np.inf, data["upper"])
    arm = np.where(data["arm"] == 1, *PAIR)
    return between(data["lower"], upper, arm, people={"age": data["age"]}), found, data


@pytest.fixture(scope="module")
def four(between):
    """Four arms with visits every four weeks; the combination is best."""
    rng = np.random.default_rng(8)
    lower, upper, arm = [], [], []
    for name, scale in zip(FOUR, (25, 40, 35, 90), strict=True):
        time, visits = scale * rng.weibull(1.2, 60), np.arange(0, 49, 4.0)
        lower.append(np.where(visits < time[:, None], visits, 0).max(axis=1))
        upper.append(np.where(visits >= time[:, None], visits, np.inf).min(axis=1))
        arm += [name] * 60
    return between(np.concatenate(lower), np.concatenate(upper), arm)


def test_hazard_ratio_is_that_of_survreg(trial):
    """Weibull of one shape: the hazard ratio is exp(-b / scale) of survreg's coefficient."""
    outcome, found, _ = trial
    fit = fit_relapse(outcome, ["age"], seen="interval", proportional=True)
    r = found["survreg"]["weibull"]
    row = fit.compare("combined", against="medication", measure="hazard_ratio").one()
    assert row.estimate == pytest.approx(np.exp(-r["coef"][1] / r["scale"]), rel=1e-8)
    assert row.method.startswith("Weibull model of intervals between visits, one shape")
    assert "adjusted for age" in row.method
    assert (row.n, row.n_reference) == (80, 80)


def test_levels_are_the_engine_s_by_arm(trial):
    outcome, _, data = trial
    fit = fit_relapse(outcome, [], seen="interval")
    upper = np.where(np.isnan(data["upper"]), np.inf, data["upper"])
    alone = {
        name: fit_intervals(data["lower"][data["arm"] == a], upper[data["arm"] == a])
        for name, a in (("combined", 1), ("medication", 0))
    }
    for measure, method in (("survival", "survival"), ("rmst", "restricted_mean")):
        parts = {name: getattr(engine, method)(26) for name, engine in alone.items()}
        error = {
            name: np.sqrt(part.slopes[0] @ alone[name].cov @ part.slopes[0])
            for name, part in parts.items()
        }
        for row in fit.per_arm(measure, 26).where(arm=PAIR):
            assert row.estimate == pytest.approx(parts[row.arm].value[0], rel=1e-9)
            assert row.std_error == pytest.approx(error[row.arm], rel=1e-8)
        row = fit.compare(*PAIR[:1], against=PAIR[1], measure=f"{measure}_difference", week=26)
        assert row.one().std_error == pytest.approx(np.hypot(*error.values()), rel=1e-8)


@pytest.mark.parametrize("model", ["weibull", "spline", "piecewise", "lognormal"])
def test_a_shared_shape_makes_arms_covary(four, model):
    levels = fit_relapse(four, [], seen="interval", model=model, proportional=True).levels(
        "survival", 26
    )
    correlation = levels.cov / np.sqrt(np.outer(levels.cov.diagonal(), levels.cov.diagonal()))
    assert (np.abs(correlation[np.triu_indices(4, 1)]) > 1e-4).all()
    assert np.isfinite(levels.estimate).all()
    apart = fit_relapse(four, [], seen="interval", model=model).levels("survival", 26)
    assert np.abs(apart.cov - np.diag(apart.cov.diagonal())).max() < 1e-15


def test_covariance_across_arms_is_that_of_a_bootstrap(four, between):
    """Delta method against 300 resamples of people within arms, one shape: within 15 %."""
    fit = fit_relapse(four, [], seen="interval", proportional=True)
    cov = fit.levels("rmst", 40).cov
    rng, people = np.random.default_rng(1), fit.people
    code = people["arm"].map({arm: i for i, arm in enumerate(FOUR)}).to_numpy()
    lower, upper = people["lower"].to_numpy(), people["upper"].to_numpy()
    drawn = []
    for _ in range(300):
        rows = np.concatenate([rng.choice(np.flatnonzero(code == a), 60) for a in range(4)])
        X = np.eye(4)[code[rows], 1:]
        again = fit_intervals(lower[rows], upper[rows], X)
        drawn.append([again.restricted_mean(40, X=np.eye(4)[[a], 1:]).value[0] for a in range(4)])
    found = np.cov(np.array(drawn).T)
    np.testing.assert_allclose(np.sqrt(found.diagonal()), np.sqrt(cov.diagonal()), rtol=0.15)
    size = np.sqrt(np.outer(cov.diagonal(), cov.diagonal()))
    np.testing.assert_allclose(found / size, cov / size, atol=0.25)


def test_synergy_and_better_than_both_work_on_every_measure(four):
    fit = fit_relapse(four, [], seen="interval")
    for measure in ("survival", "rmst"):
        rows = synergy(fit, measure=measure, week=40)
        levels = fit.levels(measure, 40)
        control, medication, therapy, combined = levels.estimate
        found = rows.where(measure="interaction_difference").one()
        assert found.estimate == pytest.approx(combined - medication - therapy + control, rel=1e-9)
        assert found.std_error == pytest.approx(np.sqrt(np.trace(levels.cov)), rel=1e-9)
    best = better_than_both(fit, measure="rmst_difference", week=40)
    assert best.frame["p_value"].notna().any()
    assert (fit.compare("combined", against="therapy", measure="rmst_difference", week=40)
            .one().estimate) > 0  # fmt: skip
    shared = fit_relapse(four, [], seen="interval", proportional=True)
    assert synergy(shared, measure="log_hazard").where(measure="interaction_ratio").one().estimate


def test_a_relative_level_is_that_of_the_first_arm(four):
    levels = fit_relapse(four, [], seen="interval", proportional=True).levels("log_hazard")
    assert levels.estimate[0] == 0
    assert not levels.anchored
    # 25, 40, 35, 90 weeks: hazards fall with the scale to the power 1.2
    assert levels.estimate[3] == pytest.approx(-1.2 * np.log(90 / 25), abs=0.5)
    odds = fit_relapse(four, [], seen="interval", model="loglogistic", proportional=True)
    assert "log_hazard" not in odds.measures  # its odds are proportional, not its hazards


def test_the_interval_ends_at_first_ill_not_at_confirmation(make_study):
    """Well at week 4, ill at 8 and at 12; two ill visits are asked for: (4, 8], not (4, 12]."""
    people = pd.DataFrame({"participant_id": ["A", "B"], "arm": "combined"})
    visits = pd.DataFrame(
        [("A", 4, 5), ("A", 8, 30), ("A", 12, 31), ("B", 4, 5), ("B", 8, 30), ("B", 12, 5)],
        columns=["participant_id", "week", "score"],
    )
    study = make_study(people, (4, 8, 12), visits.assign(day=visits["week"] * 7.0))
    outcome = derive_relapse(study, RelapseRule("baseline", threshold=20, confirm_visits=2))
    intervals = fit_relapse(outcome, [], seen="interval").people.set_index("participant_id")
    assert intervals.loc["A", ["lower", "upper"]].tolist() == [4, 8]
    # B's illness was not confirmed: known well until the last visit
    assert intervals.loc["B", ["lower", "upper"]].tolist() == [12, np.inf]


def test_actual_days_count_and_scheduled_weeks_are_counted(between):
    """Seen ill at week 8.6, inside the window of week 8: eight of nominal weeks, 8.6 in the fit."""
    outcome = between([4.2, 8.3], [8.6, np.inf], ["combined"] * 2)
    fit = fit_relapse(outcome, [], seen="interval", model="exponential")
    assert fit.people["upper"].tolist() == [8.6, np.inf]
    levels = fit.levels("survival", 8)
    assert levels.events[FOUR.index("combined")] == 1


def test_arms_without_a_level_say_why(between):
    """No event, nobody, and all events in one interval."""
    lower = [0, 4, 8, 12, 12, 12, *[0] * 5, *[4] * 5]
    upper = [4, 8, 12, 16, *[np.inf] * 2, *[4] * 5, *[np.inf] * 5]
    arm = ["combined"] * 6 + ["therapy"] * 10
    outcome = between([*lower, 12, 12], [*upper, np.inf, np.inf], [*arm, *["medication"] * 2])
    fit = fit_relapse(outcome, [], seen="interval")
    levels = fit.levels("rmst", 10)
    assert np.isfinite(levels.estimate).tolist() == [False, False, False, True]
    assert "nobody with control was at risk of relapse" in levels.caution
    assert "no relapse with medication" in levels.caution
    assert "no Weibull model of therapy could be fitted: the intervals do not" in levels.caution
    row = fit.compare("combined", against="therapy", measure="rmst_difference", week=10).one()
    assert not row.is_estimable


def test_nobody_with_an_event_leaves_no_level_and_no_error(between):
    fit = fit_relapse(between([8, 12], [np.inf] * 2, PAIR), [], seen="interval", proportional=True)
    assert fit.model is None
    assert np.isnan(fit.levels("survival", 8).estimate).all()
    assert np.isnan(fit.levels("log_hazard").estimate).all()
    assert not len(fit.against_nonparametric())


def test_a_week_beyond_the_last_visit_names_the_largest(trial):
    fit = fit_relapse(trial[0], [], seen="interval")
    largest = np.floor(100 * fit.largest_week) / 100
    fit.levels("rmst", largest)
    with pytest.raises(ValueError, match=f"largest possible week is {largest:g} "):
        fit.levels("rmst", fit.largest_week + 0.01)
    with pytest.raises(KeyError, match=f"any up to {largest:g}"):
        fit.levels("survival")


def test_intervals_that_cross_name_the_people(between):
    with pytest.raises(ValueError, match="interval of P1 ends before it begins"):
        fit_relapse(between([0, 8], [4, 6], PAIR), [], seen="interval")


def test_too_few_events_for_covariates_leave_the_model_unadjusted(between):
    rng = np.random.default_rng(0)
    lower, upper = np.repeat([0.0, 4, 8], 4), np.repeat([4.0, 8, np.inf], 4)
    outcome = between(lower, upper, np.tile(PAIR, 6), people={f"x{i}": rng.normal(size=12)
                                                              for i in range(3)})  # fmt: skip
    fit = fit_relapse(outcome, ["x0", "x1", "x2"], seen="interval", model="exponential")
    assert fit.adjusted_for == ()
    assert "not adjusted for x0, x1, x2: fewer than 5 events" in fit.levels("rmst", 6).caution


def test_standardised_survival_is_the_mean_over_everyone_at_risk(trial):
    """By hand: the Weibull curve of each person's age, averaged over all 160."""
    outcome, _, data = trial
    fit = fit_relapse(outcome, ["age"], seen="interval", proportional=True)
    a, s, arm, age = fit.model.coef
    centred = data["age"] - data["age"].mean()
    # medication comes before combined in the study
    hand = np.exp(-np.exp(a + s * np.log(26) + arm + age * centred)).mean()
    assert fit.per_arm("survival", 26).where(arm="combined").one().estimate == pytest.approx(hand)


def test_what_the_reader_must_know(trial, between):
    fit = fit_relapse(trial[0], [], seen="interval")
    row = fit.compare("combined", against="medication", measure="rmst_difference", week=26).one()
    assert row.outcome == "relapse (between visits)"
    assert "visits must not have depended on it" in row.caution
    early = fit.levels("survival", 0.5)
    assert "the model alone says how many had it" in early.caution
    exact = fit_relapse(between([4, 8, 12, 3, 6, 9], [4, 8, np.inf, 3, 6, np.inf],
                                np.repeat(PAIR, 3)), [], seen="interval")  # fmt: skip
    row = exact.per_arm("survival", 8).where(arm="combined").one()
    assert "Weibull model of days of events" in row.method
    assert "between two visits" not in row.caution


def test_a_model_that_leaves_the_data_says_so(between):
    """Nobody relapses before week 20, everybody by week 24: no constant hazard does that."""
    lower, upper = np.repeat([16.0, 20], 40), np.repeat([20.0, 24], 40)
    outcome = between(lower, upper, ["combined"] * 80)
    assert "does not follow the data" in " ".join(
        fit_relapse(outcome, [], seen="interval", model="exponential").cautions
    )
    assert "does not follow" not in " ".join(fit_relapse(outcome, [], seen="interval").cautions)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"seen": "visit"}, ValueError, "first-seen or interval"),
        ({"model": "weibull"}, ValueError, 'belong to seen="interval"'),
        ({"proportional": True}, ValueError, 'belong to seen="interval"'),
        ({"seen": "interval", "model": "gompertz"}, KeyError, "Known: exponential, weibull"),
    ],
)
def test_what_cannot_be_asked(trial, options, error, says):
    with pytest.raises(error, match=says):
        fit_relapse(trial[0], [], **options)


def test_first_seen_is_what_it_was(trial):
    first = fit_relapse(trial[0], [], seen="first-seen")
    same = fit_relapse(trial[0], [])
    for fit in (first, same):
        assert type(fit).__name__ == "TimeToEventFit"
    assert (
        first.levels("rmst", 26).estimate.tolist()[1:2]
        == same.levels("rmst", 26).estimate.tolist()[1:2]
    )


def test_people_without_a_covariate_are_left_out_and_said(trial, between):
    outcome, _, data = trial
    upper = np.where(np.isnan(data["upper"]), np.inf, data["upper"])
    age = np.where(np.arange(len(upper)) % 10 == 0, np.nan, data["age"])
    arm = np.where(data["arm"] == 1, *PAIR)
    fit = fit_relapse(between(data["lower"], upper, arm, people={"age": age}), ["age"],
                      seen="interval")  # fmt: skip
    levels = fit.levels("rmst", 26)
    assert fit.adjusted_for == ("age",)
    assert sum(levels.n) == 144
    assert "people with missing age are left out" in levels.caution
    # everyone of medication with an event has no age: nothing can be adjusted
    lost = np.where((arm == "medication") & np.isfinite(upper), np.nan, data["age"])
    fit = fit_relapse(between(data["lower"], upper, arm, people={"age": lost}), ["age"],
                      seen="interval")  # fmt: skip
    assert "not adjusted for age: nobody of medication" in fit.levels("rmst", 26).caution
    assert sum(fit.levels("rmst", 26).n) == 160
