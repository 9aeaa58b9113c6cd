"""Words as written: which a prefix or wildcard describes, and which forms of a term count."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from index.segments.arrays import Array
from index.segments.postings import Postings
from search.query import Prefix, Wildcard


@dataclass(frozen=True, slots=True)
class WordExpansion:
    """The words a prefix or wildcard stands for, those in most documents first, of `found` in all.

    `terms` has the term of each.
    """

    words: tuple[str, ...]
    terms: tuple[str, ...]
    found: int

    def by_term(self) -> dict[str, list[str]]:
        """The words of each term."""
        grouped: dict[str, list[str]] = {}
        for word, term in zip(self.words, self.terms, strict=True):
            grouped.setdefault(term, []).append(word)
        return grouped


def expand(segments: Iterable[Postings], node: Prefix | Wildcard, most: int) -> WordExpansion:
    """The `most` words that `node` describes and most documents hold."""
    documents: Counter[bytes] = Counter()
    terms: dict[bytes, bytes] = {}
    for segment in segments:
        for at in _described(segment, node):
            word = segment.words[at]
            documents[word] += int(segment.word_documents[at])
            terms.setdefault(word, segment.terms[int(segment.word_terms[at])])
    used = sorted(documents, key=lambda word: (-documents[word], word))[:most]
    return WordExpansion(
        tuple(word.decode() for word in used),
        tuple(terms[word].decode() for word in used),
        len(documents),
    )


def _described(segment: Postings, node: Prefix | Wildcard) -> Sequence[int]:
    """Which entries of the segment's words `node` describes."""
    pattern = node.text + "*" if isinstance(node, Prefix) else node.pattern
    head = re.split(r"[*?]", pattern, maxsplit=1)[0].encode()
    places = range(segment.words.place(head), segment.words.place(head + b"\xff"))
    if isinstance(node, Prefix):
        return places
    parts = (".*" if mark == "*" else "." if mark == "?" else re.escape(mark) for mark in pattern)
    fits = re.compile("".join(parts)).fullmatch
    return [at for at in places if fits(segment.words[at].decode())]


class Forms:
    """The forms of each term in a segment."""

    def __init__(self, segment: Postings) -> None:
        self._segment = segment
        self._counts = np.bincount(segment.word_terms, minlength=len(segment.terms))

    def wanted(self, asked: Sequence[tuple[str, Collection[str]]]) -> Array | None:
        """Which forms [term, form] (bool) are among the words asked for of each term.

        None where they are all the forms that the terms have.
        """
        numbers = [self._segment.terms.find(term.encode()) for term, _ in asked]
        counts = [self._counts[number] if number >= 0 else 0 for number in numbers]
        wanted = np.zeros((len(asked), max(counts)), bool)
        for which, (_, words) in enumerate(asked):
            for word in words:
                at = self._segment.words.find(word.encode())
                if at >= 0 and self._segment.word_terms[at] == numbers[which]:
                    wanted[which, self._segment.word_forms[at]] = True
        return None if wanted.sum(axis=1).tolist() == counts else wanted
