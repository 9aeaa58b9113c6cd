"""Each page in each of its states, as HTML."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import quote

import docx
import pytest
from flask.testing import FlaskClient

from search.engine import Engine
from search.facets import FACETS
from search.request import READ_TEXT, Page, SearchRequest
from search.results import Hit, Outcomes, Overview, Results
from web import openapi
from web.app import create_app

CASE = "Request: MRI of the lumbar spine. Low back pain for six weeks, straight leg raise positive."


class Outline(HTMLParser):
    """Collects what every page must have."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def outline(html: str) -> Outline:
    parsed = Outline()
    parsed.feed(html)
    return parsed


def shown(html: str) -> str:
    """The words of a page, white space folded."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)))


PAGES = ["/", "/search", "/search?q=pain", "/search?q=zzzzqqqq&mode=lexical", "/similar", "/help"]
PAGES += ["/about", "/nowhere", '/search?q="open', "/search/print?q=pain"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_sound(client: FlaskClient, path: str) -> None:
    html = client.get(path).text
    tags = outline(html).tags
    names = [tag for tag, _ in tags]
    assert names.count("h1") == 1
    assert names.count("main") == 1
    assert '<html lang="en">' in html
    assert 'class="skip" href="#main"' in html
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for tag, attrs in tags:
        assert "style" not in attrs, (tag, attrs)
        assert not any(name.startswith("on") for name in attrs), (tag, attrs)
        for name in ("src", "href", "action", "formaction"):
            assert "//" not in (attrs.get(name) or ""), (tag, attrs)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style", html)


def test_front_states_what_the_index_holds(client: FlaskClient, sample_engine: Engine) -> None:
    overview = sample_engine.overview()
    words = shown(client.get("/").text)
    assert f"Letters{overview.letters:,}" in words
    assert f"{overview.outcomes.overturned:,} of {overview.outcomes.n:,}" in words


def test_search_shows_outcomes_in_words_and_why(client: FlaskClient, word: str) -> None:
    html = client.get("/search", query_string={"q": word, "mode": "lexical"}).text
    words = shown(html)
    assert "Upheld: denial stands" in words or "Overturned: treatment approved" in words
    assert "<mark>" in html
    assert "How these fared" in words
    assert "Read the letter" in words


def test_filters_are_checkboxes_and_chips_in_english(client: FlaskClient) -> None:
    html = client.get("/search?outcome=upheld&outcome=overturned").text
    boxes = [
        attrs
        for tag, attrs in outline(html).tags
        if tag == "input" and attrs.get("type") == "checkbox"
    ]
    chosen = {box["value"] for box in boxes if "checked" in box and box["name"] == "outcome"}
    assert chosen == {"upheld", "overturned"}
    assert all(box["form"] == "query" for box in boxes)
    assert "Issues where" in html
    assert "(remove)" in html
    assert 'href="/search?outcome=overturned"' in html


def test_a_filter_of_no_facet_value_is_carried_on(client: FlaskClient) -> None:
    html = client.get("/search?specialty=No+Such+Specialty").text
    carried = [
        attrs
        for tag, attrs in outline(html).tags
        if tag == "input"
        and attrs.get("name") == "specialty"
        and attrs.get("value") == "No Such Specialty"
    ]
    assert len(carried) == 1


def test_a_filter_in_another_case_is_the_filter(client: FlaskClient) -> None:
    html = client.get("/search?outcome=UPHELD&guideline=odg").text
    answers = [
        client.get(f"/api/search?outcome={outcome}&guideline={guideline}").get_json()
        for outcome, guideline in (("UPHELD", "odg"), ("upheld", "ODG"))
    ]
    assert answers[0]["hits"] == answers[1]["hits"]
    assert answers[0]["filters"] == answers[1]["filters"]
    assert 'href="/search?guideline=ODG"' in html  # a chip takes its filter away
    assert 'href="/search?outcome=upheld"' in html
    sent = [attrs for tag, attrs in outline(html).tags if tag == "input" and "name" in attrs]
    for name, value in (("outcome", "upheld"), ("guideline", "ODG")):
        (box,) = (one for one in sent if one["name"] == name and "checked" in one)
        assert (box["type"], box["value"]) == ("checkbox", value)
        assert not any(one["name"] == name and one["type"] == "hidden" for one in sent)


def test_a_value_that_no_issue_has_is_a_note_and_finds_nothing(client: FlaskClient) -> None:
    words = shown(client.get("/search?specialty=Famly+Practice").text)
    assert "No issue of this index has the reviewer's specialty “Famly Practice”" in words
    assert "Did you mean “Family" in words
    answer = client.get("/api/search?specialty=Famly+Practice").get_json()
    assert answer["total"] == 0
    assert answer["filters"][0]["words"] == "reviewer's specialty is Famly Practice"


def test_without_words_there_is_nothing_to_rank_by(client: FlaskClient) -> None:
    words = shown(client.get("/search?outcome=upheld").text)
    assert "Sort: newest first oldest first" in words
    assert "Match:" not in words
    assert "Ranked" not in words
    assert "These, whatever the outcome" in words


def test_nothing_found_says_what_to_loosen(client: FlaskClient) -> None:
    words = shown(client.get("/search?q=zzzzqqqq&mode=lexical&outcome=upheld").text)
    assert "What to loosen" in words
    assert "Search without the filters" in words


def test_past_the_end_says_so(client: FlaskClient) -> None:
    assert "nothing this far down" in client.get("/search?offset=90000").text


def test_pages_of_results(client: FlaskClient, sample_engine: Engine) -> None:
    total = sample_engine.search(SearchRequest(page=Page(limit=1))).shown
    html = client.get("/search?limit=1").text
    assert f"1 to 1 of {total:,}" in shown(html)
    assert 'rel="next"' in html
    assert re.search(r'href="/search\?limit=1&amp;offset=1&amp;seen=[0-9a-f]*\.1"', html)


def test_a_case_number_goes_to_its_letter(client: FlaskClient, hit: Hit) -> None:
    answer = client.get("/search", query_string={"q": hit.letter})
    assert answer.status_code == 302
    assert answer.location.startswith(f"/letters/{hit.letter}")


def test_letter(client: FlaskClient, hit: Hit, word: str) -> None:
    path = f"/letters/{quote(hit.letter)}?issue={hit.number}&q={word}"
    html = client.get(path).text
    words = shown(html)
    assert hit.letter in words
    assert "<mark>" in html
    assert "others relying on this" in words
    assert f'id="issue-{hit.number}" open' in html
    assert "Copy" not in words  # that button comes with the script


@pytest.mark.parametrize("tail", ["?issue=99", "?issue=x"])
def test_an_issue_the_letter_does_not_have(client: FlaskClient, hit: Hit, tail: str) -> None:
    answer = client.get(f"/letters/{hit.letter}{tail}")
    assert answer.status_code == 404
    assert "holds no issue" in answer.text


def test_similar_to_an_issue(client: FlaskClient, hit: Hit) -> None:
    answer = client.get(f"/similar/{hit.letter}/{hit.number}")
    words = shown(answer.text)
    assert answer.status_code == 200
    assert "Nearest approved" in words
    assert "Nearest denied" in words
    assert "What denials said was missing" in words
    assert client.get(f"/similar/{hit.letter}/99").status_code == 404
    assert client.get("/similar/CM99-9999999/1").status_code == 404


def test_similar_to_a_pasted_text_stays_out_of_addresses(client: FlaskClient) -> None:
    answer = client.post("/similar", data={"text": CASE + " SENTINELWORD"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.search(r"<textarea[^>]*>[^<]*SENTINELWORD</textarea>", answer.text)
    for _, attrs in outline(answer.text).tags:
        assert "SENTINELWORD" not in (attrs.get("href") or "")
    assert "How similar requests fared" in answer.text
    assert 'formaction="/similar.csv"' in answer.text


def test_a_pasted_case_keeps_its_filters_and_drops_one(client: FlaskClient) -> None:
    data: dict[str, Any] = {"text": CASE, "outcome": ["upheld", "overturned"]}
    html = client.post("/similar", data=data).text
    assert 'name="drop" value="outcome:upheld"' in html
    html = client.post("/similar", data={**data, "drop": "outcome:upheld"}).text
    assert 'name="drop" value="outcome:upheld"' not in html
    assert 'name="drop" value="outcome:overturned"' in html


def test_an_uploaded_text_file_is_read(client: FlaskClient) -> None:
    data = {"text": "", "file": (BytesIO(CASE.encode()), "request.txt")}
    html = client.post("/similar", data=data).text
    assert "straight leg raise positive" in html


def test_an_uploaded_word_file_is_read(client: FlaskClient) -> None:
    document = docx.Document()
    document.add_paragraph(CASE)
    file = BytesIO()
    document.save(file)
    html = client.post("/similar", data={"file": (BytesIO(file.getvalue()), "case.docx")}).text
    assert "straight leg raise positive" in html


def test_a_pasted_text_and_a_file_are_both_read(client: FlaskClient) -> None:
    data = {"text": CASE, "file": (BytesIO(b"Also: an epidural injection."), "more.txt")}
    html = client.post("/similar", data=data).text
    (text,) = re.findall(r"<textarea[^>]*>([^<]*)</textarea>", html)
    assert unescape(text).strip() == f"{CASE}\n\nAlso: an epidural injection."


READ = "Only the first 100,000 characters of the text were read."


def test_a_text_beyond_what_is_read_is_said_to_be(client: FlaskClient) -> None:
    line = "MRI of the lumbar spine, low back pain. "
    whole = {"text": (line * 2_501)[: READ_TEXT - 1] + "."}
    assert READ not in client.post("/api/similar", json=whole).get_json()["notes"]
    more = {"text": (line * 2_501)[:READ_TEXT] + "."}
    assert READ in client.post("/similar", data=more).text
    assert READ in client.post("/similar/print", data=more).text
    assert READ in client.post("/similar.json", data=more).get_json()["notes"]


def test_the_print_page_of_similar_cases(client: FlaskClient) -> None:
    html = client.post("/similar/print", data={"text": CASE}).text
    assert "straight leg raise positive" in html
    assert 'class="filters' not in html


class Stub:
    """An engine in a state that the sample index is not in."""

    def __init__(self, results: Results, overview: Overview) -> None:
        self.results, self.held = results, overview

    def search(self, *_: object, **__: object) -> Results:
        return self.results

    def overview(self) -> Overview:
        return self.held


def stubbed(*, letters: int, total: int) -> FlaskClient:
    fared = Outcomes(
        n=total,
        overturned=min(total, 1),
        letters=total,
        rate=None,
        low=None,
        high=None,
        base_rate=0.1 if letters else None,
        base_n=letters,
    )
    results = Results(
        total=total,
        shown=total,
        with_words=total,
        near=0,
        letters=total,
        mode="hybrid",
        offset=0,
        limit=20,
        total_words=f"{total} issues",
        generation=1,
        build="",
        hits=(),
        facets={},
        outcomes=fared,
    )
    overview = Overview(
        letters=letters,
        issues=letters,
        first_year=None,
        last_year=None,
        outcomes=fared,
        treatments=(),
        semantic_ready=True,
        degraded="",
        generation=1,
        build="",
    )
    engine: Any = Stub(results, overview)
    return create_app(engine).test_client()


def test_an_empty_index_says_what_to_run() -> None:
    client = stubbed(letters=0, total=0)
    for path in ("/", "/search?q=mri", "/similar", "/about"):
        assert "precedent index PATH" in client.get(path).text, path


def test_too_little_evidence_shows_no_rate() -> None:
    html = stubbed(letters=3, total=3).get("/search?q=mri").text
    assert "1 of 3 decided issues overturned: too few to state a rate" in shown(html)
    assert 'class="bar"' not in html


def test_help_examples_run(client: FlaskClient) -> None:
    html = client.get("/help").text + client.get("/").text
    examples = [
        unescape(attrs["href"] or "")
        for tag, attrs in outline(html).tags
        if tag == "a" and (attrs.get("href") or "").startswith("/search?")
    ]
    assert len(examples) > 10
    for path in examples:
        assert client.get(path).status_code == 200, path


def test_help_lists_every_filter_and_parameter(client: FlaskClient) -> None:
    html = client.get("/help").text
    operation = openapi.document()["paths"]["/api/search"]["get"]
    for parameter in operation["parameters"]:
        assert f"<code>{parameter['name']}</code>" in html, parameter["name"]


def test_every_group_of_filters_is_shown(client: FlaskClient) -> None:
    html = client.get("/search").text
    for kind in FACETS:
        assert f"<legend>{kind.label}</legend>" in html.replace("&#39;", "'"), kind.name
    assert "What the decision turned on" in html
