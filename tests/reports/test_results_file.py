"""results.json of a real pack follows its published schema, and says what the tables say."""

import json

import jsonschema
import pytest

from ctevidence.estimates import COLUMNS, Estimates
from ctevidence.reports.results_file import RESULTS, SCHEMA, schema_text


@pytest.fixture(scope="module")
def folder(pack):
    return pack[1].path


@pytest.fixture(scope="module")
def content(folder):
    return json.loads((folder / RESULTS).read_text("utf-8"))


def test_it_follows_the_schema_that_stands_beside_it(folder, content):
    schema = json.loads((folder / SCHEMA).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(content)
    assert (folder / SCHEMA).read_text("utf-8") == schema_text()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda c: c["estimates"][0].pop("caution"),
        lambda c: c["estimates"][0].update(p_value=1.2),
        lambda c: c["estimates"][0].update(week="nine"),
        lambda c: c["verdicts"][0].update(direction="significant"),
        lambda c: c["verdicts"][0].update(certainty="very high"),
        lambda c: c["figures"][0].update(alt="short"),
        lambda c: c.update(more=1),
    ],
)
def test_the_schema_refuses_what_is_not_so(content, spoil):
    spoiled = json.loads(json.dumps(content))
    spoil(spoiled)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(spoiled, json.loads(schema_text()))


def test_the_schema_names_every_column_of_an_estimate():
    described = json.loads(schema_text())["$defs"]["estimate"]["properties"]
    assert {name: d["description"] for name, d in described.items() if name != "shown"} == COLUMNS


def test_its_estimates_are_those_of_the_tables(folder, content):
    tables = Estimates()
    for path in sorted((folder / "estimates").glob("*.csv")):
        tables += Estimates.read_csv(path)
    given = {row["id"]: row for row in content["estimates"]}
    assert list(given) == [row.id for row in tables]
    for row in tables:
        one = given[row.id]
        assert one["estimate"] == (row.estimate if row.is_estimable else None), row.id
        assert (one["n"], one["events"], one["caution"]) == (row.n, row.events, row.caution)


def test_every_verdict_names_a_lead_that_is_there_and_the_sentence_of_the_page(folder, content):
    ids = {row["id"] for row in content["estimates"]}
    leads = [v for v in content["verdicts"] if v["lead"] is not None]
    assert len(leads) >= 8
    assert {v["lead_id"] for v in leads} <= ids
    assert len(content["verdicts"]) >= 20
    assert content["key_messages"]


def test_every_estimate_belongs_to_exactly_one_estimand(content):
    described = [i for one in content["estimands"] for i in one["estimates"]]
    assert sorted(described) == sorted(row["id"] for row in content["estimates"])
    counted = [e for e in content["estimands"] if "missing as non-response" in e["outcome"]]
    assert all("composite" in e["intercurrent_events"] for e in counted)
    assert counted
