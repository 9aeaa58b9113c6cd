"""What is refused, and how: one shape, plain words, a remedy, and nothing of it in the log."""

from __future__ import annotations

import logging
import zipfile
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from search.engine import Engine
from web.app import create_app

BAD_ARGUMENTS = [
    "outcome=denied",
    "differ=maybe",
    "mode=magic",
    "sort=sideways",
    "expand=perhaps",
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=ten",
    "limit=%C2%B2",
    "limit=" + "9" * 5000,
    "offset=-1",
    "offset=1.5",
    "year=16",
    "guideline=" + "x" * 300,
    "q=" + "x+" * 5000,
    'q="open',
    "q=(",
]


def is_refused(answer: Any, status: int) -> dict[str, str]:
    assert answer.status_code == status, answer.text[:300]
    body = answer.get_json()
    assert body.keys() == {"error"}
    error: dict[str, str] = body["error"]
    assert error.keys() == {"code", "message", "remedy"}
    assert all(isinstance(part, str) and part for part in error.values())
    return error


@pytest.mark.parametrize("args", BAD_ARGUMENTS)
def test_bad_arguments_are_400_in_words(client: FlaskClient, args: str) -> None:
    error = is_refused(client.get(f"/api/search?{args}"), 400)
    page = client.get(f"/search?{args}")
    assert page.status_code == 400
    assert error["remedy"] in page.text.replace("&#34;", '"').replace("&#39;", "'")


def test_a_bad_query_marks_its_place(client: FlaskClient) -> None:
    error = is_refused(client.get('/api/search?q=mri "open'), 400)
    assert "at character 5" in error["message"]
    html = client.get('/search?q=mri "open').text
    assert 'class="place"' in html
    assert "mri <mark>" in html


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"text": ""}, 400),
        ({"text": "  \x00 "}, 400),
        ({"text": None}, 400),
        ({"text": 5}, 400),
        ({"text": ["a"]}, 400),
        ([], 400),
        ("text", 400),
        ({"text": "mri", "outcome": {"a": 1}}, 400),
        ({"text": "mri", "outcome": [None]}, 400),
        ({"text": "mri", "limit": True}, 400),
        ({"text": "mri", "limit": 1.5}, 400),
        ({"text": "mri", "limit": 10**30}, 400),
        ({"text": "mri", "mode": "magic"}, 400),
        ({"issue": 7}, 400),
        ({"issue": "CM99-9999999#1"}, 404),
        ({"text": "x" * 600_000}, 413),
    ],
)
def test_wrong_json(client: FlaskClient, body: Any, status: int) -> None:
    is_refused(client.post("/api/similar", json=body), status)


def test_broken_json_and_wrong_kinds(client: FlaskClient) -> None:
    kind = "application/json"
    is_refused(client.post("/api/similar", data=b"{", content_type=kind), 400)
    is_refused(client.post("/api/similar", data=b"null", content_type=kind), 400)
    is_refused(client.post("/api/similar", data=b"\xff\xfe", content_type=kind), 400)
    is_refused(client.post("/api/similar", data=b"mri", content_type="text/plain"), 415)
    is_refused(client.post("/api/similar", data=b"x", content_type="multipart/form-data"), 400)
    wrong = {"picture": (BytesIO(b"x"), "x.txt")}
    is_refused(client.post("/api/similar", data=wrong), 400)
    is_refused(client.get("/api/similar"), 405)


PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


def bomb(member: str) -> bytes:
    """An archive of 200 KB that unpacks to 200 MB."""
    packed = BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(member, "w") as file,
    ):
        for _ in range(200):
            file.write(b" " * 1024 * 1024)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("photo.pdf", PNG),
        ("bomb.docx", bomb("word/document.xml")),
        ("bomb.pdf", bomb("a.txt")),
        ("scan.pdf", b"%PDF-1.4 not a pdf"),
        ("case.docx", b"PK\x03\x04 not a docx"),
        ("empty.txt", b""),
        ("picture.png", PNG),
    ],
)
def test_an_unreadable_upload_is_422(client: FlaskClient, name: str, data: bytes) -> None:
    error = is_refused(client.post("/api/similar", data={"file": (BytesIO(data), name)}), 422)
    page = client.post("/similar", data={"file": (BytesIO(data), name)})
    assert page.status_code == 422
    assert error["code"].startswith("unreadable_")


def test_more_than_25_mb_is_413(client: FlaskClient) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="big.txt"\r\n\r\n'
    body = head + b"x" * (26 * 1024 * 1024) + b"\r\n--x--\r\n"
    kind = "multipart/form-data; boundary=x"
    answer = client.post("/api/similar", data=body, content_type=kind)
    assert "25 MB" in is_refused(answer, 413)["message"]
    page = client.post("/similar", data=body, content_type=kind)
    assert page.status_code == 413
    assert "25 MB" in page.text


@pytest.mark.parametrize("path", ["/api/letters/nope", "/api/issues/nope%231", "/api/issues/nope"])
def test_what_is_not_there_is_404(client: FlaskClient, path: str) -> None:
    is_refused(client.get(path), 404)
    assert client.get("/letters/nope").status_code == 404
    is_refused(client.get("/api/nowhere"), 404)


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "mri\x00\x01\x1b[2J",
    "\ud7ff\u202e\ufeff mri",
    "'; DROP TABLE letters; --",
    "{{ 7 * 7 }} %s %(a)s",
    "../../../etc/passwd",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_do_no_harm(client: FlaskClient, text: str) -> None:
    for path in ("/search", "/search/print", "/search.atom", "/search.csv", "/api/search"):
        answer = client.get(path, query_string={"q": text})
        assert answer.status_code in (200, 400), path
        if answer.mimetype == "text/html":
            assert "<script>alert" not in answer.text
            assert "<img" not in answer.text
            assert "\x00" not in answer.text
    answer = client.post("/similar", data={"text": text + " mri of the lumbar spine"})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text


def test_a_very_long_paste_is_answered(client: FlaskClient) -> None:
    text = ("MRI of the lumbar spine, low back pain. " * 2500)[:100_000]
    assert client.post("/api/similar", json={"text": text}).status_code == 200


def test_a_failure_is_plain_and_logs_no_words(
    sample_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            if name == "similar":

                def fail(text: str, **_: object) -> None:
                    raise RuntimeError(f"cannot read {text}")

                return fail
            return getattr(sample_engine, name)

    engine: Any = Broken()
    client = create_app(engine).test_client()
    with caplog.at_level(logging.DEBUG):
        answer = client.post("/api/similar", json={"text": "SECRETPATIENT"})
        page = client.post("/similar", data={"text": "SECRETPATIENT"})
    is_refused(answer, 500)
    assert page.status_code == 500
    assert "SECRETPATIENT" not in page.text + answer.text + caplog.text
    assert "RuntimeError at " in caplog.text
