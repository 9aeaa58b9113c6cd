"""Where the words of a question stand in a text.

A text is read as its words as they stand between spaces ("(knee," and "L4-5."), which no chunk
of the analysis reaches beyond. Texts share most of their words, so what a word yields is
remembered, and which words yield a term: those of a text that a question asks for are found by
comparing sets, and only they are looked for in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from index.analysis import Piece, placed, stop_words, tokens
from index.letter import Letter
from search.query import Prefix, Wildcard
from search.understand.syntax import parse

_LONGEST = 64  # characters of a word that is remembered
_MOST_REMEMBERED = 100_000

Mark = tuple[int, int, str]
"""The first character of a marked word, the one after it, and its term."""


class _Words(dict[str, tuple[Piece, ...]]):
    """The pieces of each word seen, and the words by the terms they yield."""

    def __init__(self) -> None:
        super().__init__()
        self._by_term: dict[str, set[str]] = {}

    def __missing__(self, word: str) -> tuple[Piece, ...]:
        pieces = tuple(placed(word))
        if len(word) <= _LONGEST and len(self) < _MOST_REMEMBERED:
            for piece in pieces:  # first: who finds a word here finds it by its terms too
                self._by_term.setdefault(piece.term, set()).add(word)
            self[word] = pieces
        return pieces

    def yielding(self, words: set[str], terms: Collection[str]) -> set[str]:
        """Those of `words` that yield one of `terms`."""
        unseen = [word for word in words if word not in self]
        found = {word for word in unseen if any(piece.term in terms for piece in self[word])}
        for term in terms:
            if of_term := self._by_term.get(term):
                found |= words & of_term
        return found


_words = _Words()


class Marker:
    """Finds the words of a question in the texts of one answer, each text once."""

    def __init__(
        self,
        terms: Iterable[str],
        prefixes: Sequence[Prefix | Wildcard] = (),
        exact: Iterable[str] = (),
    ) -> None:
        """Marks analysed `terms`, words that `prefixes` describe, and `exact` ones as written."""
        written = [p.text + "*" if isinstance(p, Prefix) else p.pattern for p in prefixes]
        described = "|".join(
            re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".") for pattern in written
        )
        self._terms = frozenset(terms)
        self._exact = frozenset(exact)
        self._looked_for = self._terms.union(term for word in self._exact for term in tokens(word))
        self._patterns = re.compile(described) if described else None
        self._known: dict[str, list[Mark]] = {}

    def marks(self, text: str) -> list[Mark]:
        """Every word of `text` that the question asks for, in order."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._marks(text)
        return found

    def _marks(self, text: str) -> list[Mark]:
        words = set(text.split())
        if self._patterns is None:
            words = _words.yielding(words, self._looked_for)
        return sorted(
            (at + piece.start, at + piece.end, piece.term)
            for word in words
            if (asked := [piece for piece in _words[word] if self._is_asked(piece)])
            for at in _places(word, text)
            for piece in asked
        )

    def _is_asked(self, piece: Piece) -> bool:
        patterns = self._patterns
        return (
            piece.term in self._terms
            or piece.word in self._exact
            or bool(patterns and patterns.fullmatch(piece.word))
        )


def _places(word: str, text: str) -> Iterable[int]:
    """Where `word` stands in `text` between spaces."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        begins = at == 0 or text[at - 1].isspace()
        if begins and (end == len(text) or text[end].isspace()):
            yield at
        at = text.find(word, at + 1)


def mark_letter(letter: Letter, words: str) -> dict[str, tuple[tuple[int, int], ...]]:
    """Where words that were searched stand in a letter, by section; nothing for no words.

    Raises QueryError.
    """
    if not words.strip():
        return {}
    parsed = parse(words)
    marker = Marker(parsed.terms - frozenset(stop_words()), parsed.prefixes, parsed.exact)
    sections = {"summary": letter.summary}
    for issue in letter.issues:
        sections[f"request {issue.number}"] = issue.request
        sections[f"rationale {issue.number}"] = issue.rationale
    return {
        name: tuple((start, end) for start, end, _ in marker.marks(text))
        for name, text in sections.items()
    }
