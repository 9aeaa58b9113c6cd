"""What stands in quotes is found as it is written, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.analysis import placed
from index.segments.segment import lexical_document
from index.store import Store
from search.engine import Engine
from tests.asking import ids, search

FIELDS = ("request", "summary", "rationale", "guidelines")
Texts = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def texts(sample_index: Path) -> Texts:
    """Every field of every issue as its words, folded and not stemmed, a space round each."""
    store = Store(sample_index, read_only=True)
    issues = store.issues(store.live_in(1))
    store.close()
    return {
        stored.id: {
            name: f" {' '.join(piece.word for piece in placed(text))} "
            for name in FIELDS
            if (text := getattr(lexical_document(stored), name)) is not None
        }
        for stored in issues
    }


def holding(texts: Texts, words: str, fields: tuple[str, ...] = FIELDS) -> set[str]:
    """The issues one of whose fields holds the words as a plain string."""
    return {
        issue for issue, of in texts.items() if any(f" {words} " in of[name] for name in fields)
    }


def quoted(engine: Engine, words: str) -> set[str]:
    return set(ids(search(engine, words, mode="lexical", limit=1000)))


def test_any_quoted_words_are_found_where_a_plain_search_finds_them(
    sample_engine: Engine, texts: Texts
) -> None:
    rng = np.random.default_rng(4)
    issues = sorted(texts)
    for _ in range(120):
        words = texts[issues[rng.integers(len(issues))]][FIELDS[rng.integers(4)]].split()
        if not words:
            continue
        length = int(rng.integers(1, 5))
        first = int(rng.integers(max(len(words) - length, 0) + 1))
        phrase = " ".join(words[first : first + length])
        assert quoted(sample_engine, f'"{phrase}"') == holding(texts, phrase), phrase


@pytest.mark.parametrize("word", ["injection", "injections", "treated", "treatment", "denied"])
def test_a_quoted_word_is_found_in_no_other_form(
    sample_engine: Engine, texts: Texts, word: str
) -> None:
    assert quoted(sample_engine, f'"{word}"') == holding(texts, word)
    assert quoted(sample_engine, word) >= holding(texts, word)


def test_quotes_are_exact_under_a_minus_and_in_a_field(sample_engine: Engine, texts: Texts) -> None:
    without = quoted(sample_engine, 'therapy -"injections"')
    assert without == quoted(sample_engine, "therapy") - holding(texts, "injections")
    in_field = quoted(sample_engine, 'request:"injections"')
    assert in_field == holding(texts, "injections", ("request",))


def test_only_what_is_quoted_is_marked(sample_engine: Engine) -> None:
    hits = search(sample_engine, '"injections"', mode="lexical", limit=100).hits
    marked = {
        snippet.text[start:end].lower()
        for hit in hits
        for snippet in hit.snippets
        for start, end in snippet.marks
    }
    assert marked == {"injections"}
