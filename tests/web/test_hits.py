"""What a hit shows of its issue: the part in dispute, the words found in it, how to cite it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from index.letter import Form, Issue, Letter, Outcome
from search.engine import Engine
from search.request import CaseRequest, Mode, Page, SearchRequest
from search.results import Hit, Outcomes, Similar
from web import words
from web.app import create_app

CASE = "Request: MRI of the lumbar spine. Low back pain for six weeks, straight leg raise positive."


@pytest.fixture(scope="module")
def narrowed(sample_engine: Engine) -> Hit:
    """An issue of which the administrator had approved a part."""
    hits = sample_engine.search(SearchRequest(page=Page(limit=200))).hits
    return next(h for h in hits if h.disputed != h.request)


def test_the_part_in_dispute_is_the_heading(client: FlaskClient, narrowed: Hit) -> None:
    html = client.get("/search?limit=100").text
    assert f">{narrowed.disputed}</a></h2>" in html
    assert f'<summary>The whole heading</summary><p class="own">{narrowed.request}</p>' in html
    letter = client.get(f"/letters/{narrowed.letter}?issue={narrowed.number}").text
    assert f'<span class="own request">{narrowed.disputed}</span>' in letter
    assert narrowed.request in letter


def test_words_found_in_the_heading_are_marked(sample_engine: Engine, client: FlaskClient) -> None:
    found = sample_engine.search(SearchRequest(words="mri", mode=Mode.LEXICAL)).hits
    named = [(h, s) for h in found for s in h.snippets if s.field == "request"]
    assert named
    for hit, snippet in named:
        assert snippet.text == hit.disputed
        assert {snippet.text[a:b].lower() for a, b in snippet.marks} <= {"mri", "mris"}
        assert len(hit.snippets) <= 3
        assert [s.field for s in hit.snippets].count("request") == 1
    html = client.get("/search?q=mri&mode=lexical").text
    headings = re.findall(r'<h2 class="request"><a[^>]*>(.*?)</a></h2>', html)
    assert any("<mark>MRI</mark>" in heading for heading in headings)
    assert 'class="snippet"' in html  # beside the passages, not in their place


def test_the_nearest_show_one_passage_each(client: FlaskClient) -> None:
    html = client.post("/similar", data={"text": CASE}).text
    (pair,) = re.findall(r'<div class="pair">.*?(?=<section aria-labelledby="missing")', html, re.S)
    hits = pair.split("<article")[1:]
    assert hits
    for hit in hits:
        assert hit.count('class="snippet"') == 1


class NoneLikeIt:
    """An engine that found similar issues, none of them overturned."""

    def __init__(self, engine: Engine, n: int) -> None:
        self.engine, self.n = engine, n

    def similar(self, request: CaseRequest) -> Similar:
        fared = Outcomes(
            n=self.n,
            overturned=0,
            letters=self.n,
            rate=0.0 if self.n >= 5 else None,
            low=0.0 if self.n >= 5 else None,
            high=0.3 if self.n >= 5 else None,
            base_rate=0.1,
            base_n=100,
        )
        return replace(self.engine.similar(request), outcomes=fared, nearest_approved=())


@pytest.mark.parametrize(
    ("n", "words_"),
    [
        (0, "No prior determination is close to this request"),
        (1, "One prior determination is close to this request, and it was upheld"),
        (3, "Of the 3 most similar prior determinations, none was overturned: too few to state"),
        (9, "Of the 9 most similar prior determinations, none was overturned (0%, 0 to 30)"),
    ],
)
def test_none_of_the_similar_was_overturned(sample_engine: Engine, n: int, words_: str) -> None:
    engine: Any = NoneLikeIt(sample_engine, n)
    html = create_app(engine).test_client().post("/similar", data={"text": CASE}).text
    shown = " ".join(re.sub(r"<[^>]+>", "", html).split())
    assert words_ in shown
    assert (f"None of the {n} most similar was overturned." in shown) == (n > 0)
    assert ('class="bar"' in html) == (n >= 5)


ISSUE = Issue(number=2, request="MRI of the left knee", outcome=Outcome.UPHELD, rationale="")
LETTER = Letter(
    id="CM16-9900001",
    form=Form.B,
    issues=(ISSUE,),
    case_number="CM16-9900001",
    decision_date=date(2017, 1, 17),
)


def test_a_citation_names_case_date_issue_and_outcome() -> None:
    assert words.citation(LETTER, ISSUE) == (
        "IMR Case Number CM16-9900001, decided 17 Jan 2017, issue 2 (MRI of the left knee): Upheld"
    )


def test_a_citation_says_what_is_not_known() -> None:
    letter = replace(LETTER, id="T-0123456789abcdef", case_number=None, decision_date=None)
    issue = replace(ISSUE, request="word " * 60, outcome=Outcome.UNKNOWN)
    cited = words.citation(letter, issue)
    assert cited.startswith(
        "IMR letter T-0123456789abcdef (no case number), undated, issue 2 (word"
    )
    assert cited.endswith("word …): Outcome not stated")
    assert len(cited) < 240


def test_the_citation_stands_on_the_page_without_a_script(client: FlaskClient, hit: Hit) -> None:
    html = client.get(f"/letters/{hit.letter}?issue={hit.number}").text
    assert f"<code>IMR Case Number {hit.letter}, decided {words.day(hit.decision_date)}" in html
