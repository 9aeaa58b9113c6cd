"""Headers, host names and other sites."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from search.engine import Engine
from web.app import create_app


@pytest.mark.parametrize("path", ["/", "/search", "/nowhere", "/api/search", "/static/style.css"])
def test_every_answer_is_protected(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in headers


def test_what_is_posted_is_not_stored(client: FlaskClient) -> None:
    for path in ("/similar", "/api/similar", "/similar.csv", "/similar.json", "/similar/print"):
        for text in ("mri", ""):
            answer = client.post(path, data={"text": text})
            assert answer.headers["Cache-Control"] == "no-store", path


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "LOCALHOST"])
def test_loopback_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "[::1", "127.0.0.1@x"])
def test_other_names_are_not(client: FlaskClient, sample_engine: Engine, host: str) -> None:
    answer = client.get("/healthz", headers={"Host": host})
    assert answer.status_code == 400
    assert answer.get_json()["error"]["code"] == "unknown_host"
    named = create_app(sample_engine, hosts={"letters.example"}).test_client()
    assert named.get("/healthz", headers={"Host": "letters.example"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "http://[", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, 403),
    ],
)
def test_another_site_cannot_post(
    client: FlaskClient, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/api/similar", json={"text": "mri"}, headers=headers)
    assert answer.status_code == status
