"""The comparison of stemmers counts what it says it counts."""

from __future__ import annotations

from bench.stemmers import analysing_with, plural, right_pairs
from index.analysis import tokens
from index.inflections import stem


def test_pairs_are_right_where_two_words_are_one_term_or_two_as_they_should_be() -> None:
    assert right_pairs(str) == {"tuned": 75, "kept": 75}  # all that are to stay apart
    assert sum(right_pairs(stem).values()) >= 285


def test_text_is_analysed_with_another_stemmer_for_a_while() -> None:
    usual = tokens("denied injections")
    with analysing_with(plural):
        assert tokens("denied injections") == ["denied", "injection"]
    assert tokens("denied injections") == usual
