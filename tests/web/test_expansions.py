"""What a word was also read as: said above the results, and switched word by word."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from search.request import SearchRequest
from web.address import Address


def links(html: str, within: str) -> dict[str, str]:
    """The links of the list item that begins with a term, by their words."""
    item = re.search(rf"<li[^>]*><b>{within}</b>(.*?)</li>", html, re.DOTALL)
    assert item, within
    found = re.findall(r'<a href="([^"]*)">([^<]*)', item[1])
    return {words: unescape(address) for address, words in found}


def said(html: str, within: str) -> str:
    item = re.search(rf"<li[^>]*><b>{within}</b>(.*?)</li>", html, re.DOTALL)
    assert item, within
    return " ".join(re.sub(r"<[^>]+>", "", item[1]).split())


def test_an_expansion_is_switched_off_and_on_again(client: FlaskClient) -> None:
    html = client.get("/search?q=ESI").text
    assert "epidural steroid injection" in said(html, "ESI")
    off = links(html, "ESI")["only as written"]
    assert off == "/search?q=ESI&off=esi"
    html = client.get(off).text
    assert "searched only as written" in said(html, "ESI")
    assert links(html, "ESI") == {"with epidural steroid injection": "/search?q=ESI"}


def test_it_changes_what_is_found(client: FlaskClient) -> None:
    found = [
        client.get("/api/search", query_string={"q": "ESI", "mode": "lexical", **args}).get_json()
        for args in ({}, {"off": "ESI"}, {"expand": "no"})
    ]
    whole, off, unexpanded = found
    assert whole["total"] > off["total"] == unexpanded["total"]
    assert [e["active"] for e in whole["expansions"]] == [True]
    assert [e["active"] for e in off["expansions"]] == [False]


def test_an_ambiguous_term_that_nothing_decides_is_a_choice(client: FlaskClient) -> None:
    html = client.get("/search?q=MS").text
    assert "searched as written" in said(html, "MS")
    choice = links(html, "MS")["morphine sulfate"]
    assert choice == "/search?q=MS&sense=ms%3Amorphine+sulfate"
    html = client.get(choice).text
    assert said(html, "MS").startswith("is read as morphine sulfate")
    others = links(html, "MS")
    assert others["musculoskeletal"] == "/search?q=MS&sense=ms%3Amusculoskeletal"
    assert others["only as written"] == "/search?q=MS&off=ms&sense=ms%3Amorphine+sulfate"


def test_a_choice_is_kept_by_pages_filters_and_downloads(client: FlaskClient) -> None:
    args = "q=PT+pain&limit=1&off=pain&sense=pt%3Aphysical+therapy"
    html = client.get(f"/search?{args}&off=nowhere&sense=rfa:nowhere").text
    assert '<input type="hidden" name="sense" value="pt:physical therapy">' in html
    for path in ("/search.csv", "/search.json", "/search/print", "/search.atom"):
        (address,) = set(re.findall(rf'href="({re.escape(path)}[^"]*)"', html))
        assert "sense=pt%3Aphysical+therapy" in address
    (following,) = re.findall(r'href="([^"]*)" rel="next"', html)
    assert "sense=pt%3Aphysical+therapy" in following
    assert "nowhere" not in html  # switches of terms that the question does not hold


def test_taken_as_written_altogether(client: FlaskClient) -> None:
    html = client.get("/search?q=ESI&expand=no").text
    assert 'href="/search?q=ESI">Search their meanings as well' in html


def test_the_address_of_a_question_asks_it_again() -> None:
    asked = Address(SearchRequest(words="pt esi"))
    asked = asked.switched("ESI", on=False).read_as("PT", "physical therapy")
    assert asked.url("/search") == "/search?q=pt+esi&off=esi&sense=pt%3Aphysical+therapy"
    assert asked.about({"pt"}).request.switches.off == ()
    assert asked.switched("esi", on=True).request.switches.off == ()


@pytest.mark.parametrize(
    "args",
    ["sense=pt", "sense=:x", "sense=pt:", "off=" + "x" * 300, "&".join(["off=a"] * 60)],
)
def test_a_switch_that_says_nothing_is_refused(client: FlaskClient, args: str) -> None:
    assert client.get(f"/api/search?q=pt&{args}").status_code == 400
    assert client.get(f"/search?q=pt&{args}").status_code == 400


def buttons(html: str, within: str) -> dict[str, tuple[str, str]]:
    """The buttons of the list item that begins with a term: name and value by their words."""
    item = re.search(rf"<li[^>]*><b>{within}</b>(.*?)</li>", html, re.DOTALL)
    assert item, within
    found = re.findall(r'<button [^>]*name="([^"]*)" value="([^"]*)">([^<]*)', item[1])
    return {words: (name, unescape(value)) for name, value, words in found}


def test_the_terms_of_a_pasted_request_are_switched_one_by_one(client: FlaskClient) -> None:
    pasted = {"text": "Request: ESI at L4-L5 and a TENS unit for 30 days."}
    html = client.post("/similar", data=pasted).text
    assert buttons(html, "ESI")["only as written"] == ("off", "ESI")
    html = client.post("/similar", data={**pasted, "off": "ESI"}).text
    assert "searched only as written" in said(html, "ESI")
    assert "also finds" in said(html, "TENS")
    name, value = buttons(html, "ESI")["with epidural steroid injection"]
    html = client.post("/similar", data={**pasted, "off": "ESI", name: value}).text
    assert "also finds" in said(html, "ESI")


def test_an_ambiguous_term_of_a_pasted_request_is_a_choice(client: FlaskClient) -> None:
    pasted = {"text": "Request: MS"}
    html = client.post("/similar", data=pasted).text
    assert "searched as written" in said(html, "MS")
    name, value = buttons(html, "MS")["morphine sulfate"]
    html = client.post("/similar", data={**pasted, name: value}).text
    assert said(html, "MS").startswith("is read as morphine sulfate")
    found = client.post("/api/similar", json={**pasted, name: value}).get_json()
    assert [e["sense"] for e in found["expansions"]] == ["morphine sulfate"]
