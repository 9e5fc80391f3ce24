"""Several covariances fitted to sums that are found once are the fits of each by itself."""

import numpy as np
import pytest

from ctevidence.models.course import fit_course
from ctevidence.models.covariance_structures import ON_VISITS
from ctevidence.models.diagnostics import alternatives
from ctevidence.models.mmrm import fit_mmrm, fit_mmrm_by_structures
from ctevidence.outcomes import derive_course
from ctevidence.simulate import simulate_study


@pytest.fixture(scope="module")
def rows():
    frame = derive_course(simulate_study(n=120, seed=4)).frame
    week = frame["week"].to_numpy(float)
    weeks = np.unique(week)
    arm = frame["arm"].astype(str).to_numpy() == "combined"
    visits = (week[:, None] == weeks).astype(float)
    X = np.hstack([visits, visits * arm[:, None]])
    return frame["score"].to_numpy(float), X, frame["participant_id"].to_numpy(), week


def test_each_is_the_fit_by_itself(rows):
    together = fit_mmrm_by_structures(ON_VISITS, *rows)
    assert list(together) == list(ON_VISITS)
    for name, fit in together.items():
        alone = fit_mmrm(*rows, covariance=name, method="satterthwaite", fallbacks=())
        assert fit.covariance == name
        assert (fit.loglik, fit.aic) == (alone.loglik, alone.aic)
        np.testing.assert_array_equal(fit.coef, alone.coef)
        c = np.eye(len(fit.coef))[-1]
        assert fit.contrast(c) == alone.contrast(c)


def test_what_cannot_be_fitted_has_none_in_its_place(rows):
    y, X, person, week = rows
    early = week <= 4
    keep = X[early].any(axis=0)
    two = np.isin(person, person[week == 2]) & np.isin(person, person[week == 4]) & early
    # each person's scores differ by the same amount: a correlation of one
    own = np.random.default_rng(1).normal(size=len(person))[
        np.unique(person, return_inverse=True)[1]
    ]
    same = own[two] + np.where(week[two] == 2, 5.0, 7.0)
    found = fit_mmrm_by_structures(["unstructured"], same, X[two][:, keep], person[two], week[two])
    assert found == {"unstructured": None}


def test_the_table_of_alternatives_holds_all_and_names_the_one_used():
    fit = fit_course(derive_course(simulate_study(n=120, seed=4)))
    table = alternatives(fit)
    assert table["covariance"].tolist() == list(ON_VISITS)
    assert table.loc[table["used"], "covariance"].tolist() == [fit.model.covariance]
