"""What one takes away holds the same results in other forms."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from search.results import Hit
from web.export import COLUMNS, safe_cell

ATOM = "{http://www.w3.org/2005/Atom}"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_csv_holds_the_same_issues_in_the_same_order(client: FlaskClient, word: str) -> None:
    answer = client.get("/search.csv", query_string={"q": word})
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    found = rows(answer.text)
    api = client.get("/api/search", query_string={"q": word, "limit": 100}).get_json()
    assert [row["issue"] for row in found][:100] == [hit["issue"] for hit in api["hits"]]
    assert len(found) == min(api["shown"], 1000)
    assert tuple(found[0]) == COLUMNS
    assert found[0]["address"].startswith("http://localhost/letters/")


def test_what_is_taken_away_from_page_three_holds_the_pages_before(client: FlaskClient) -> None:
    api = client.get("/api/search?q=pain&limit=100").get_json()
    first = [hit["issue"] for hit in api["hits"]]
    assert len(first) > 6
    html = client.get("/search?q=pain&limit=2&offset=4").text
    address = {
        path: unescape(re.findall(rf'href="({re.escape(path)}\?[^"]*)"', html)[0])
        for path in ("/search.csv", "/search.json", "/search/print")
    }
    assert [row["issue"] for row in rows(client.get(address["/search.csv"]).text)][:7] == first[:7]
    of_file = client.get(address["/search.json"]).get_json()
    assert [hit["issue"] for hit in of_file["hits"]][:7] == first[:7]
    assert printed(client.get(address["/search/print"]).text)[:7] == first[:7]


def test_a_similar_case_taken_away_from_page_three_holds_the_pages_before(
    client: FlaskClient,
) -> None:
    case = {"text": "MRI of the lumbar spine for low back pain"}
    first = [
        hit["issue"]
        for hit in client.post("/api/similar", json={**case, "limit": 7}).get_json()["hits"]
    ]
    third = {**case, "limit": "2", "offset": "4"}
    assert [row["issue"] for row in rows(client.post("/similar.csv", data=third).text)][:7] == first
    of_file = client.post("/similar.json", data=third).get_json()
    assert [hit["issue"] for hit in of_file["hits"]][:7] == first
    assert printed(client.post("/similar/print", data=third).text)[:7] == first


def printed(html: str) -> list[str]:
    """The issues of a page, in its order."""
    return re.findall(r'Read the letter<span class="unseen"> ([^<]*)</span>', html)


def test_csv_has_the_place_by_each_signal(client: FlaskClient) -> None:
    (row, *_) = rows(client.get("/search.csv?q=lumbar+mri").text)
    (hit, *_) = client.get("/api/search?q=lumbar+mri").get_json()["hits"]
    assert hit["ranks"].keys() == {"words", "meaning", "concepts"}
    for signal, rank in hit["ranks"].items():
        assert row[f"{signal}_rank"] == str(rank)
    of_words = rows(client.get("/search.csv?q=lumbar+mri&mode=lexical").text)[0]
    assert (of_words["words_rank"], of_words["meaning_rank"]) == ("1", "")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\n@x", "\r+1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["MRI", "", "a=b", "L4-L5", None, 3])
def test_other_cells_stay_as_they_are(text: object) -> None:
    assert safe_cell(text) == ("" if text is None else str(text))


def test_json_is_the_answer_of_the_api(client: FlaskClient, word: str) -> None:
    file = client.get("/search.json", query_string={"q": word})
    api = client.get("/api/search", query_string={"q": word}).get_json()
    assert "attachment" in file.headers["Content-Disposition"]
    assert file.get_json()["hits"][: len(api["hits"])] == api["hits"]


def test_atom_is_a_feed_of_the_newest(client: FlaskClient) -> None:
    answer = client.get("/search.atom?outcome=upheld&outcome=overturned")
    assert answer.mimetype == "application/atom+xml"
    feed = ElementTree.fromstring(answer.data)
    assert feed.tag == f"{ATOM}feed"
    for tag in ("id", "title", "updated", "author", "link"):
        assert feed.find(f"{ATOM}{tag}") is not None, tag
    entries = feed.findall(f"{ATOM}entry")
    dates = [entry.findtext(f"{ATOM}updated") or "" for entry in entries]
    assert dates == sorted(dates, reverse=True)
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids) > 0


def test_an_atom_feed_of_hostile_words_is_still_xml(client: FlaskClient) -> None:
    answer = client.get("/search.atom", query_string={"q": "mri\x00\x0c ]]> &amp; <b>"})
    if answer.status_code == 200:
        ElementTree.fromstring(answer.data)


def test_similar_cases_are_posted_for_download(client: FlaskClient, hit: Hit) -> None:
    case = {"text": "MRI of the lumbar spine for low back pain"}
    found = rows(client.post("/similar.csv", data=case).text)
    body = client.post("/similar.json", data=case).get_json()
    assert [row["issue"] for row in found] == [one["issue"] for one in body["hits"]]
    assert "understood" in body
    for path in ("/similar.csv", "/similar.json", "/similar/print"):
        assert client.post(path, data={"issue": hit.issue}).status_code == 200, path
        assert client.get(path).status_code in (404, 405)
