"""The JSON API: the contract's shapes, the limits, and the document that describes it."""

from __future__ import annotations

import re
import threading
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from index.encoder import QueryEncoder
from search.engine import Engine
from search.facets import BY_NAME, FACETS
from search.results import Hit
from search.signals import SIGNALS
from web.app import create_app

CASE = "Request: MRI of the lumbar spine for low back pain with positive straight leg raise."
RESULT = {"total", "total_words", "mode", "facets", "outcomes", "hits", "generation", "build"}
OUTCOMES = {"n", "overturned", "rate", "low", "high", "base_rate", "base_n", "letters"}
HIT = {
    "issue",
    "letter",
    "request",
    "outcome",
    "decision_date",
    "reviewer_guidelines",
    "claims_administrator_guidelines",
    "score",
    "ranks",
    "snippets",
    "why",
}
ALWAYS = {kind.name for kind in FACETS if kind.always}


def get(client: FlaskClient, path: str, **args: Any) -> dict[str, Any]:
    answer = client.get(path, query_string=args)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def has_result_shape(body: dict[str, Any]) -> None:
    assert body.keys() >= RESULT
    assert body["outcomes"].keys() == OUTCOMES
    assert ALWAYS <= body["facets"].keys() <= BY_NAME.keys()
    for values in body["facets"].values():
        for value in values:
            assert value.keys() >= {"value", "count", "overturned", "selected"}
    for hit in body["hits"]:
        assert hit.keys() >= HIT
        assert hit["ranks"].keys() <= {signal.name for signal in SIGNALS}
        assert hit["issue"].startswith(hit["letter"] + "#")
        assert hit["outcome"] in ("upheld", "overturned", "unknown")
        assert hit["decision_date"] is None or re.fullmatch(
            r"\d{4}-\d\d-\d\d", hit["decision_date"]
        )


def test_search_has_the_contracts_shape(client: FlaskClient, word: str) -> None:
    body = get(client, "/api/search", q=word)
    assert body["total"] > 0
    assert body["hits"]
    has_result_shape(body)


def test_a_filter_is_exact_and_disjunctive_within_its_group(client: FlaskClient) -> None:
    upheld = get(client, "/api/search", outcome="upheld", limit=100)
    assert {hit["outcome"] for hit in upheld["hits"]} == {"upheld"}
    both = get(client, "/api/search", outcome=["upheld", "overturned"], limit=100)
    assert both["total"] > upheld["total"]
    assert both["facets"]["outcome"]
    assert all(
        value["selected"] == (value["value"] != "unknown") for value in both["facets"]["outcome"]
    )


def test_every_facet_value_can_be_asked_for(client: FlaskClient) -> None:
    facets = get(client, "/api/search", limit=1)["facets"]
    for group, values in facets.items():
        for value in values[:3]:
            found = get(client, "/api/search", limit=1, **{group: value["value"]})
            assert found["total"] == value["count"], (group, value)


def test_limit_and_offset(client: FlaskClient) -> None:
    whole = get(client, "/api/search", limit=4)["hits"]
    part = get(client, "/api/search", limit=2, offset=2)["hits"]
    assert [hit["issue"] for hit in part] == [hit["issue"] for hit in whole[2:4]]


def test_similar_by_json_form_and_file_agree(client: FlaskClient) -> None:
    answers = [
        client.post("/api/similar", json={"text": CASE}),
        client.post("/api/similar", data={"text": CASE}),
        client.post("/api/similar", data={"file": (BytesIO(CASE.encode()), "case.txt")}),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        has_result_shape(answer.get_json())
        assert answer.get_json().keys() >= {"understood", "nearest_approved", "nearest_denied"}
    assert len({str([hit["issue"] for hit in a.get_json()["hits"]]) for a in answers}) == 1


def test_similar_takes_filters_from_body_and_address(client: FlaskClient) -> None:
    body = client.post("/api/similar", json={"text": CASE, "outcome": ["upheld"], "limit": 3})
    address = client.post("/api/similar?outcome=upheld&limit=3", json={"text": CASE})
    assert body.get_json()["hits"] == address.get_json()["hits"]
    assert {hit["outcome"] for hit in body.get_json()["hits"]} == {"upheld"}


def test_similar_to_an_issue_leaves_it_out(client: FlaskClient, hit: Hit) -> None:
    answer = client.post("/api/similar", json={"issue": hit.issue, "limit": 100})
    assert answer.status_code == 200
    assert hit.issue not in {found["issue"] for found in answer.get_json()["hits"]}


def test_letter_and_issue(client: FlaskClient, hit: Hit) -> None:
    letter = get(client, f"/api/letters/{hit.letter}")
    assert letter["letter"] == hit.letter
    assert len(letter["issues"]) == hit.issues_in_letter
    issue = get(client, f"/api/issues/{quote(hit.issue, safe='')}")
    assert issue["issue"] == hit.issue
    assert issue == letter["issues"][hit.number - 1]
    assert issue["outcome"] == hit.outcome


def test_health_and_overview(client: FlaskClient) -> None:
    assert get(client, "/healthz")["status"] == "ok"
    assert get(client, "/api/overview")["outcomes"].keys() == OUTCOMES


def test_health_and_search_while_the_encoder_loads(
    sample_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = threading.Event()

    def slow(path: Path) -> QueryEncoder:
        loaded.wait(30)
        return QueryEncoder(path)

    monkeypatch.setattr("search.local.encoder.QueryEncoder", slow)
    engine = Engine(sample_index)
    client = create_app(engine).test_client()
    warming = engine.warm_up()
    try:
        assert get(client, "/healthz")["semantic_ready"] is False
        assert get(client, "/api/search", q="mri")["mode"] == "lexical"
        assert client.post("/api/similar", json={"text": CASE}).get_json()["mode"] == "lexical"
        assert "still loading" in client.get("/").text
        assert "Words only for now" in client.get("/search?q=mri").text
        assert "Words only for now" not in client.get("/search?q=mri&mode=lexical").text
    finally:
        loaded.set()
        warming.join()
    assert get(client, "/healthz")["semantic_ready"] is True
