"""Uploaded files wait their turn; who finds no room is told when to come back."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from waitress.adjustments import Adjustments

from index.extract.reader import ReaderUnavailable
from search.engine import Engine
from tests.index.fictional import SPLINT, form_b
from web import wire
from web.app import create_app
from web.uploads import WAITING, Uploads


@pytest.fixture
def uploads() -> Uploads:
    return Uploads()


@pytest.fixture
def client(sample_engine: Engine, uploads: Uploads) -> FlaskClient:
    return create_app(sample_engine, uploads=uploads).test_client()


def upload(name: str = "request.txt", content: bytes = b"") -> dict[str, object]:
    return {"file": (io.BytesIO(content or form_b(SPLINT).encode()), name)}


@pytest.fixture
def full(uploads: Uploads) -> Iterator[None]:
    """As many uploads under way as may be."""
    for _ in range(1 + WAITING):
        uploads._places.acquire()
    yield
    uploads._places.release(1 + WAITING)


@pytest.mark.usefixtures("full")
def test_an_upload_that_finds_no_room_is_sent_away_for_a_while(client: FlaskClient) -> None:
    for path in "/api/similar", "/similar":
        answer = client.post(path, data=upload())
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "20"
        assert "paste its text" in answer.text


def test_a_pasted_text_needs_no_room(client: FlaskClient, full: None) -> None:  # noqa: ARG001
    assert client.post("/api/similar", json={"text": "MRI of the knee"}).status_code == 200


def test_room_is_given_back(client: FlaskClient) -> None:
    for _ in range(2 + WAITING):
        assert client.post("/api/similar", data=upload("empty.txt", b" ")).status_code == 422
    assert client.post("/api/similar", data=upload()).status_code == 200


def test_a_refusal_names_the_file(client: FlaskClient) -> None:
    answer = client.post("/api/similar", data=upload("RFA of 3 May.pdf", b"%PDF-1.7 nothing"))
    assert answer.json is not None
    assert answer.json["error"]["code"] == "unreadable_damaged"
    assert answer.json["error"]["message"].startswith("“RFA of 3 May.pdf” cannot be read.")


def test_where_no_process_can_be_started_the_page_says_what_to_do(
    client: FlaskClient, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> str:
        raise ReaderUnavailable("no process can be started")

    monkeypatch.setattr(uploads, "text", unavailable)
    answer = client.post("/similar", data=upload())
    assert answer.status_code == 503
    assert "Paste its text instead" in answer.text


def sent(length: int, *, chunked: bool = False) -> wire.Parser:
    """A request as it comes in, of which the head has arrived."""
    parser = wire.Parser(Adjustments(sockets=[], max_request_body_size=wire.MAX_KEPT))
    body = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {length}"
    head = f"POST /similar HTTP/1.1\r\nHost: a\r\nX-Body-Dropped: 1\r\n{body}\r\n\r\n"
    parser.received(head.encode())
    return parser


KEY = "X_BODY_DROPPED"


def test_one_large_body_too_many_is_not_held() -> None:
    held = [sent(wire.LARGE) for _ in range(wire.MAX_LARGE)]
    assert not any(KEY in request.headers for request in held)
    one_more = sent(wire.LARGE)
    assert KEY in one_more.headers
    assert isinstance(one_more.body_rcv, wire.ThrownAway)
    assert sent(0, chunked=True).error is not None
    assert KEY not in sent(wire.LARGE - 1).headers
    held.pop().close()
    assert KEY not in sent(wire.LARGE).headers
    held.clear()
    again = [sent(wire.LARGE) for _ in range(wire.MAX_LARGE)]
    assert not any(KEY in request.headers for request in again)


def test_who_sent_it_is_told(app: Flask) -> None:
    answer = app.test_client().post("/api/similar", headers={wire.DROPPED: "1"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
