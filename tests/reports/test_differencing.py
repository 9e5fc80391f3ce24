"""Two releases of one study cannot be subtracted to a handful of people."""

import pytest

from ctevidence.data.project import Project
from ctevidence.display.disclosure import PROFILES
from ctevidence.estimates import Estimate, Estimates
from ctevidence.reports.differencing import few_apart, refuse_few_apart
from ctevidence.reports.failures import SmallDifference
from ctevidence.reports.orders import Order
from ctevidence.reports.results import write_estimates

STRICT = PROFILES["opensafely"]


def rows(n, events, study="clinic", **other):
    return Estimates([Estimate(study, "response", "combined", "risk", events / n, n=n,
                               events=events, **other)])  # fmt: skip


@pytest.mark.parametrize(
    ("n", "events", "refused"),
    [
        (50, 20, False),  # the same
        (51, 20, True),  # one more person
        (57, 20, True),
        (58, 20, False),  # eight more
        (58, 27, True),  # of whom seven responded
        (42, 12, False),
        (50, 21, True),  # nobody more, but one has responded since
    ],
)
def test_a_difference_that_may_not_be_shown_is_found(n, events, refused):
    assert bool(few_apart(rows(50, 20), rows(n, events), STRICT)) is refused


def test_the_group_it_is_compared_with_counts_too():
    before = rows(50, 20, reference="therapy", n_reference=48, events_reference=15)
    now = rows(50, 20, reference="therapy", n_reference=48, events_reference=16)
    assert few_apart(before, now, STRICT)


def test_open_data_may_differ_by_anybody():
    assert not few_apart(rows(50, 20), rows(51, 21), PROFILES["open"])


@pytest.fixture
def project(tmp_path):
    """A project with one release of a clinic, and exact results of the next beside it."""
    project = Project(tmp_path)
    write_estimates(rows(50, 20), project.work("clinic"), "response")
    write_estimates(rows(51, 21), tmp_path / "next", "response")
    return project


def test_it_is_refused_with_what_to_do_and_without_a_count(project):
    with pytest.raises(SmallDifference) as refused:
        refuse_few_apart(Order("clinic"), project, project.root / "next", "opensafely")
    told = str(refused.value)
    assert "one number rests" in told
    assert '--allow-difference "reason"' in told
    assert "remove" in told
    assert not {"50", "51", "20", "21"} & set(told.replace(".", " ").split())


def test_another_name_of_the_report_does_not_get_round_it(project):
    order = Order("clinic", report="clinic-again")
    with pytest.raises(SmallDifference, match="reports/clinic "):
        refuse_few_apart(order, project, project.root / "next", "opensafely")


def test_a_reason_lets_it_through_and_is_recorded(project):
    order = Order("clinic", allow_difference="an error of the register was mended")
    refuse_few_apart(order, project, project.root / "next", "opensafely")
    assert order.asked["allow_difference"] == "an error of the register was mended"


def test_published_trials_may_change_by_any_number(project):
    write_estimates(rows(50, 20, "a trial"), project.work("clinic"), "trials")
    write_estimates(rows(51, 20, "a trial"), project.root / "other", "trials")
    refuse_few_apart(Order("clinic"), project, project.root / "other", "opensafely")
