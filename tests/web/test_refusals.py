"""What is refused, and how: one shape, plain words, a remedy, and nothing of it in the log."""

from __future__ import annotations

import logging
import time
import zipfile
from io import BytesIO
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from search.engine import Engine
from search.facets import FACETS, MOST_VALUES
from search.request import CaseRequest
from search.results import Hit
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


NUMBERS = ["²", "1.", "01", "1 ", "-1", "1#1", "9" * 5000, "٣", "x", "\x00"]


@pytest.mark.parametrize("number", NUMBERS, ids=[number[:3] for number in NUMBERS])
def test_a_number_that_is_none_breaks_no_page(client: FlaskClient, hit: Hit, number: str) -> None:
    issue = quote(f"{hit.letter}#{number}", safe="")
    for path in (
        f"/letters/{hit.letter}?issue={quote(number)}",
        f"/letters/{issue}",
        f"/similar/{hit.letter}/{quote(number)}",
        f"/api/letters/{issue}",
        f"/api/issues/{issue}",
        f"/api/issues/No.%20%23{issue}",
        f"/api/issues/{quote('#' + number)}",
    ):
        assert client.get(path).status_code in (200, 404), path
    for path in ("/similar", "/api/similar", "/similar.csv", "/similar/print"):
        answer = client.post(path, json={"issue": f"{hit.letter}#{number}"})
        assert answer.status_code in (200, 404), path


def test_a_case_number_may_be_written_in_any_way(client: FlaskClient, hit: Hit) -> None:
    written = hit.issue.lower().replace("-", " ")
    assert client.get(f"/api/issues/{quote(written)}").get_json()["issue"] == hit.issue
    answer = client.post("/similar", data={"issue": written})
    assert f"Similar cases to {hit.issue}" in answer.text


DEEP = b'{"text": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"


@pytest.mark.parametrize("path", ["/api/similar", "/similar", "/similar.csv"])
def test_a_body_that_nests_deeply_is_400(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data=DEEP, content_type="application/json")
    assert answer.status_code == 400
    assert "Send one flat JSON object." in answer.text


HALF = "\ud800"  # of a character that takes two


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": HALF}, 400),
        ({"text": f"mri {HALF} of the knee"}, 200),
        ({"text": "mri", "treatment": f"surgery{HALF}"}, 200),
        ({"text": "mri", "off": HALF, "seen": HALF}, 200),
        ({"text": "mri", "sense": f"pt{HALF}"}, 400),
        ({"text": "mri", "outcome": f"upheld{HALF}d"}, 400),
        ({"text": "mri", "year": f"20{HALF}16"}, 400),
        ({"text": "mri", "mode": HALF}, 400),
        ({"text": "mri", "limit": HALF}, 400),
        ({"issue": f"CM16-9900018#{HALF}"}, 404),
        ({"issue": HALF, "text": "mri"}, 200),
    ],
)
def test_half_a_character_is_no_failure(
    client: FlaskClient, body: dict[str, str], status: int
) -> None:
    for path in ("/api/similar", "/similar", "/similar.csv", "/similar.json", "/similar/print"):
        assert client.post(path, json=body).status_code == status, path


@pytest.mark.parametrize("name", [kind.name for kind in FACETS])
def test_thousands_of_filter_values_are_refused_at_once(client: FlaskClient, name: str) -> None:
    values = [f"value {n}" for n in range(7_500)]
    began = time.process_time()
    error = is_refused(client.get("/api/search", query_string={name: values}), 400)
    assert error["remedy"] == f"Name at most {MOST_VALUES}."
    is_refused(client.post("/api/similar", json={"text": "mri", name: values}), 400)
    assert client.get("/search", query_string={name: values}).status_code == 400
    assert time.process_time() - began < 2  # a set of 50 takes less, each of them a list to read


def test_as_many_filter_values_as_may_be_are_answered(client: FlaskClient) -> None:
    values = [f"Specialty {n}" for n in range(MOST_VALUES)]
    args = {"specialty": [*values, *values]}  # said twice is said once
    assert client.get("/api/search", query_string=args).get_json()["total"] == 0
    args["specialty"].append("One More")
    is_refused(client.get("/api/search", query_string=args), 400)


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


def test_a_fault_of_ours_is_no_letter_that_is_not_there(sample_engine: Engine) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            if name in ("letter", "similar"):

                def look_up(*_: object, **__: object) -> None:
                    raise KeyError("CM16-9900018")

                return look_up
            return getattr(sample_engine, name)

    engine: Any = Broken()
    client = create_app(engine).test_client()
    is_refused(client.get("/api/letters/CM16-9900018"), 500)
    is_refused(client.post("/api/similar", json={"issue": "CM16-9900018#1"}), 500)
    assert client.get("/letters/CM16-9900018").status_code == 500


def test_a_failure_is_plain_and_logs_no_words(
    sample_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            if name == "similar":

                def fail(request: CaseRequest) -> None:
                    raise RuntimeError(f"cannot read {request.text}")

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
