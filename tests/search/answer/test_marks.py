"""The words of a question are marked wherever a text holds them, as going through it all would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.analysis import spans, tokens
from search.answer import marks
from search.answer.marks import Marker
from search.query import Prefix, Wildcard

PARTS = ["L4-5", "L5", "knee", "Knees", "anti-inflammatory", "7.5mg", "mg", "x-ray", "don\u2019t"]
SIGNS = [" ", ", ", "-", "/", "\n", ".", "(", "_", "\u2013", "'"]
PLAIN = st.lists(st.sampled_from(PARTS + SIGNS), max_size=30).map("".join)
TEXT = st.lists(st.sampled_from(PARTS + SIGNS) | st.text(max_size=3), max_size=30).map("".join)


@given(TEXT, st.sets(st.sampled_from(sorted({term for part in PARTS for term in tokens(part)}))))
def test_every_word_with_an_asked_term_is_marked(text: str, terms: set[str]) -> None:
    expected = [(start, end, term) for term, start, end in spans(text) if term in terms]
    assert Marker(terms).marks(text) == sorted(expected)


@given(PLAIN)
def test_words_that_a_prefix_or_a_pattern_describes_are_marked(text: str) -> None:
    marker = Marker(["l5"], [Prefix("kne"), Wildcard("?-ray"), Wildcard("inf*ory")])
    found = {text[start:end].lower() for start, end, _ in marker.marks(text)}
    words = {text[start:end].lower() for _, start, end in spans(text)}
    described = {w for w in words if w.startswith("kne") or (w[:3] == "inf" and w[-3:] == "ory")}
    assert described <= found <= described | {"l5", "5"}


def test_what_is_not_remembered_is_marked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "_words", marks._Words())
    monkeypatch.setattr(marks, "_MOST_REMEMBERED", 3)
    text = "one knee, two knees, three kneeling, four knee"
    for _ in range(3):
        assert [text[s:e] for s, e, _ in Marker(["knee"]).marks(text)] == ["knee", "knees", "knee"]
    assert len(marks._words) <= 3
