import numpy as np
import pytest

from ctevidence.synthesis.binomial_normal import binomial_normal
from ctevidence.synthesis.count_tables import CountTables
from ctevidence.synthesis.mantel_haenszel import mantel_haenszel


def tables(given):
    return CountTables(*(given["counts"][name] for name in ("a", "n1", "c", "n2")))


@pytest.mark.parametrize("data", ["bcg", "nielweise2007", "rare"])
def test_fixed_studies_equal_their_definition_integrated_in_r(rare, data):
    expected = rare[data]["fixed_studies_by_definition"]
    fit = binomial_normal(tables(rare[data]), "fixed-studies")
    assert fit.loglik >= expected["loglik"] - 1e-7
    assert fit.loglik == pytest.approx(expected["loglik"], abs=1e-6)
    assert fit.estimate == pytest.approx(expected["estimate"], abs=1e-4 * expected["std_error"])
    assert fit.tau2 == pytest.approx(expected["tau2"], rel=1e-4, abs=1e-6)
    assert fit.std_error == pytest.approx(expected["std_error"], rel=1e-3)


@pytest.mark.parametrize("data", ["bcg", "nielweise2007", "rare"])
def test_fixed_studies_equal_metafor(rare, data):
    # rma.glmm(model = "UM.FS", nAGQ = 31): lme4's glmer stops at its default tolerance
    counts, expected = tables(rare[data]), rare[data]["fixed_studies"]
    fit = binomial_normal(counts, "fixed-studies")
    error = expected["std_error"]
    assert fit.estimate == pytest.approx(expected["estimate"], abs=2e-3 * error)
    assert fit.std_error == pytest.approx(error, rel=2e-3)
    assert fit.tau2 == pytest.approx(expected["tau2"], rel=5e-3, abs=1e-6)


@pytest.mark.parametrize("data", ["nielweise2007", "rare"])
def test_conditional_equals_its_definition_integrated_in_r(rare, data):
    expected = rare[data]["exact_conditional_by_definition"]
    fit = binomial_normal(tables(rare[data]))
    assert fit.loglik == pytest.approx(expected["loglik"], abs=1e-7)
    assert fit.estimate == pytest.approx(expected["estimate"], abs=1e-4 * expected["std_error"])
    assert fit.tau2 == pytest.approx(expected["tau2"], rel=1e-4, abs=1e-6)
    assert fit.std_error == pytest.approx(expected["std_error"], rel=1e-3)


def test_conditional_equals_metafor(rare):
    # rma.glmm(model = "CM.EL") stops at its default tolerance
    expected = rare["nielweise2007"]["exact_conditional"]
    fit = binomial_normal(tables(rare["nielweise2007"]))
    assert fit.estimate == pytest.approx(expected["estimate"], abs=1e-4)
    assert fit.std_error == pytest.approx(expected["std_error"], rel=1e-3)
    assert fit.loglik >= expected["loglik"] - 1e-8


@pytest.mark.parametrize("model", ["conditional", "fixed-studies"])
def test_exchanging_arms_or_studies(rare, model):
    counts = tables(rare["nielweise2007"])
    fit = binomial_normal(counts, model)
    other = CountTables(counts.events2, counts.n2, counts.events1, counts.n1)
    assert binomial_normal(other, model).estimate == pytest.approx(-fit.estimate, rel=1e-6)
    order = np.random.default_rng(5).permutation(counts.k)
    again = binomial_normal(counts.where(order), model)
    assert again.estimate == pytest.approx(fit.estimate, rel=1e-8)
    assert again.tau2 == pytest.approx(fit.tau2, rel=1e-6)


def test_large_studies_agree_with_the_normal_model():
    # with thousands of events and no heterogeneity all methods are one
    counts = CountTables([3000, 2500], [10000, 9000], [3500, 2900], [10000, 9000])
    fit = binomial_normal(counts, "fixed-studies")
    classic = mantel_haenszel(counts, "odds_ratio")
    assert fit.tau2 == 0.0
    assert fit.estimate == pytest.approx(classic.estimate, abs=1e-3 * classic.std_error)
    assert fit.std_error == pytest.approx(classic.std_error, rel=1e-3)


def test_studies_without_events_change_nothing(rare):
    counts = tables(rare["rare"])
    fit = binomial_normal(counts)
    assert fit.studies == 5
    assert fit.estimate == binomial_normal(counts.where(counts.informative)).estimate


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (CountTables([0, 0], [50, 40], [3, 1], [50, 40]), "one side"),
        (CountTables([0, 1], [50, 40], [0, 1], [50, 40]), "two are needed"),
    ],
)
@pytest.mark.parametrize("model", ["conditional", "fixed-studies"])
def test_what_is_not_estimable_is_refused(counts, message, model):
    with pytest.raises(ValueError, match=message):
        binomial_normal(counts, model)


def test_unknown_model():
    with pytest.raises(ValueError, match="is unknown"):
        binomial_normal(CountTables([1, 2], [9, 9], [3, 1], [9, 9]), "UM.RS")
