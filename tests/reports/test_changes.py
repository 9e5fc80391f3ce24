"""A rerun says which numbers moved and what can have moved them."""

import copy
import json

import pytest

from ctevidence.display.changes_table import MOST, table_changes
from ctevidence.display.disclosure import disclosure_of
from ctevidence.estimates import Estimate, Estimates
from ctevidence.reports.causes import is_same_run
from ctevidence.reports.changes import Released, changes

MANIFEST = {
    "made_on": "2026-01-01",
    "code_sha256": "a",
    "python": "3.11.7",
    "libraries": {"pandas": "2.3.3"},
    "parameters": {"week": 9},
    "inputs_sha256": {"data/processed/one/visits.csv": "a", "data/processed/two/visits.csv": "b"},
    "notebooks_sha256": {"02_response": "a"},
}


def row(study="one", estimate=0.1, arm="combined", **other):
    about = {"outcome": "response", "arm": arm, "reference": "medication", "week": 9.0}
    about |= {"measure": "risk_difference", "unit": "probability"}
    limits = {"conf_low": estimate - 0.1, "conf_high": estimate + 0.1}
    return Estimate(study=study, estimate=estimate, **about, **limits, **other)


def released(*rows, **other):
    manifest = copy.deepcopy(MANIFEST)
    for key, value in other.items():
        manifest[key] = {**manifest[key], **value} if isinstance(value, dict) else value
    return Released(manifest, Estimates(rows))


def kinds(change):
    return {(cause.kind, cause.what) for cause in change.causes}


def test_a_rerun_of_the_same_changes_nothing():
    one = released(row(), row("two"))
    found = changes(one, released(row(), row("two")))
    assert (found.causes, found.numbers, found.compared) == ((), (), 2)
    assert is_same_run(one.manifest, MANIFEST)


def test_data_move_the_numbers_of_their_own_study_only():
    new_data = {"inputs_sha256": {"data/processed/one/visits.csv": "z"}}
    found = changes(
        released(row(), row("two")), released(row(estimate=0.2), row("two", 0.3), **new_data)
    )
    of_one, of_two = found.numbers
    assert kinds(of_one) == {("data", "one/visits.csv")}
    assert kinds(of_two) == set()  # so something that is not recorded moved it
    assert found.since == "2026-01-01"


def test_any_data_can_move_a_number_that_names_no_folder():
    new_data = {"inputs_sha256": {"data/processed/one/visits.csv": "z"}}
    found = changes(released(row("pooled")), released(row("pooled", 0.2), **new_data))
    assert kinds(found.numbers[0]) == {("data", "one/visits.csv")}


@pytest.mark.parametrize(
    ("other", "cause"),
    [
        ({"code_sha256": "z"}, ("code", "the package")),
        ({"notebooks_sha256": {"02_response": "z"}}, ("code", "notebook 02_response")),
        ({"parameters": {"week": 13}}, ("parameters", "week: 9 before, 13 now")),
        ({"parameters": {"scale": "BDI"}}, ("parameters", "scale: None before, BDI now")),
        ({"libraries": {"pandas": "2.4"}}, ("versions", "pandas: 2.3.3 before, 2.4 now")),
        ({"python": "3.12.1"}, ("versions", "Python: 3.11.7 before, 3.12.1 now")),
        ({"language": "de"}, ("parameters", "language: en before, de now")),
    ],
)
def test_code_parameters_and_versions_can_move_any_number(other, cause):
    found = changes(released(row()), released(row(estimate=0.2), **other))
    assert kinds(found.numbers[0]) == {cause}
    assert not is_same_run(MANIFEST, released(**other).manifest)


def test_new_numbers_and_numbers_that_are_gone_are_told():
    found = changes(released(row(arm="therapy")), released(row()))
    assert [(c.before is None, c.now is None) for c in found.numbers] == [
        (True, False),
        (False, True),
    ]


def test_not_estimable_before_and_now_is_no_change():
    empty = Estimate(
        study="one", outcome="response", arm="combined", measure="risk", estimate=float("nan")
    )
    assert changes(released(empty), released(empty)).numbers == ()


def test_a_report_is_read_from_its_folder(tmp_path):
    (tmp_path / "estimates").mkdir()
    Estimates([row()]).write_csv(tmp_path / "estimates" / "response.csv")
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    assert changes(Released.read(tmp_path), released(row())).numbers == ()
    with pytest.raises(FileNotFoundError, match="no manifest"):
        Released.read(tmp_path / "estimates")


def test_the_table_shows_both_numbers_and_counts_the_rest():
    change = (row(), row(estimate=0.2), ("data", "code"))
    table = table_changes([change] * (MOST + 2), disclosure_of("open"))
    what, before, now, cause = table.frame.iloc[0]
    assert "response, week 9" in what
    assert (before, now) == ("10 (0 to 20)", "20 (10 to 30)")
    assert cause == "data or code"
    assert len(table.frame) == MOST
    assert table.notes == ("And 2 more; every number stands in estimates/.",)
