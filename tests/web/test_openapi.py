"""The document that describes the API: it holds all that is sent, and nothing else."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from search.engine import Engine
from search.facets import FACETS
from search.request import Page, SearchRequest
from search.results import Hit
from web import openapi

Json = dict[str, Any]

SEARCHES = (
    "",
    "q=ESI",
    "q=MS+pain&mode=semantic",
    "q=mri&mode=lexical&sort=newest",
    "q=lumber+mri&expand=no",
    "q=request:surgery+OR+inject*",
    "q=knee&outcome=overturned&region=Knee&year=2017&specialty=nobody",
    "q=pain&offset=90000&seen=of-old.7",
    "q=zzzzqqqq&mode=lexical",
)
CASES: tuple[Json, ...] = (
    {"text": "Request: ESI at L4-L5, left, and 12 visits of physical therapy. Tried: ibuprofen."},
    {"text": "The weather was fine.", "mode": "lexical", "outcome": ["Upheld"]},
    {"text": "MRI of the lumbar spine", "region": "Knee", "limit": 3, "seen": "of-old.7"},
)


@pytest.fixture(scope="module")
def document() -> Json:
    return openapi.document()


def schema_of(document: Json, path: str, method: str, status: int) -> Json:
    """The schema of an answer, in which a record holds each key that is named, and no other."""
    answer = document["paths"][path][method]["responses"][str(status)]
    named = answer["content"]["application/json"]["schema"]
    closed = {
        name: {**schema, "additionalProperties": False, "required": list(schema["properties"])}
        if "properties" in schema
        else schema
        for name, schema in document["components"]["schemas"].items()
    }
    return {**named, "components": {"schemas": closed}}


def differences(answer: Any, schema: Json) -> list[str]:
    """Where an answer is not what its schema says."""
    errors = OAS31Validator(schema, format_checker=OAS31Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message[:200]}" for error in errors.iter_errors(answer)]


def test_the_document_is_valid_openapi(document: Json) -> None:
    validate(document)


def test_the_document_describes_every_route_and_no_other(app: Flask, document: Json) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+?)_?>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.startswith("api.")
    }
    described = {
        (path, method) for path, of_path in document["paths"].items() for method in of_path
    }
    assert described == routes


@pytest.mark.parametrize("args", SEARCHES)
def test_a_search_is_as_described(client: FlaskClient, document: Json, args: str) -> None:
    answer = client.get(f"/api/search?limit=100&{args}")
    assert differences(answer.get_json(), schema_of(document, "/api/search", "get", 200)) == []


def test_a_case_number_is_answered_as_described(
    client: FlaskClient, document: Json, hit: Hit
) -> None:
    answer = client.get("/api/search", query_string={"q": hit.letter}).get_json()
    assert differences(answer, schema_of(document, "/api/search", "get", 200)) == []
    assert answer["letter_id"] == hit.letter
    assert [one["letter"] for one in answer["hits"]] == [hit.letter] * hit.issues_in_letter


@pytest.mark.parametrize("case", CASES)
def test_similar_cases_are_as_described(client: FlaskClient, document: Json, case: Json) -> None:
    answer = client.post("/api/similar", json=case)
    assert differences(answer.get_json(), schema_of(document, "/api/similar", "post", 200)) == []


def test_letters_and_issues_are_as_described(
    client: FlaskClient, document: Json, sample_engine: Engine
) -> None:
    of_letter = schema_of(document, "/api/letters/{id}", "get", 200)
    of_issue = schema_of(document, "/api/issues/{id}", "get", 200)
    for hit in sample_engine.search(SearchRequest(page=Page(limit=12))).hits:
        letter = client.get(f"/api/letters/{hit.letter}").get_json()
        issue = client.get(f"/api/issues/{quote(hit.issue, safe='')}").get_json()
        similar = client.post("/api/similar", json={"issue": hit.issue}).get_json()
        assert differences(letter, of_letter) == []
        assert differences(issue, of_issue) == []
        assert differences(similar, schema_of(document, "/api/similar", "post", 200)) == []


@pytest.mark.parametrize("path", ["/api/overview", "/healthz"])
def test_what_the_index_holds_is_as_described(
    client: FlaskClient, document: Json, path: str
) -> None:
    assert differences(client.get(path).get_json(), schema_of(document, path, "get", 200)) == []


@pytest.mark.parametrize(
    ("path", "described", "status"),
    [
        ("/api/search?limit=0", "/api/search", 400),
        ('/api/search?q="open', "/api/search", 400),
        ("/api/letters/nope", "/api/letters/{id}", 404),
        ("/api/issues/nope", "/api/issues/{id}", 404),
    ],
)
def test_refusals_are_as_described(
    client: FlaskClient, document: Json, path: str, described: str, status: int
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert differences(answer.get_json(), schema_of(document, described, "get", status)) == []


def test_a_key_that_is_not_described_would_be_noticed(client: FlaskClient, document: Json) -> None:
    answer = client.get("/api/search?q=pain&limit=1").get_json()
    schema = schema_of(document, "/api/search", "get", 200)
    answer["hits"][0]["why"]["more"] = 1
    del answer["outcomes"]["base_n"]
    places = {one.partition(":")[0] for one in differences(answer, schema)}
    assert places == {"$.hits[0].why", "$.outcomes"}


def test_every_facet_is_a_parameter_and_may_stand_in_a_body(document: Json) -> None:
    parameters = document["paths"]["/api/search"]["get"]["parameters"]
    body = document["components"]["schemas"]["Case"]["properties"]
    for kind in FACETS:
        assert kind.name in {parameter["name"] for parameter in parameters}
        assert kind.name in body
