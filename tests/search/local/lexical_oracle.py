"""A slow oracle for the lexical arm, the corpus it is asked about, and made-up questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from math import log

import numpy as np
from whoosh.searching import Searcher

from index.analysis import chunks, pieces, placed
from index.segments.codec import LexicalDocument
from index.segments.lengths import LENGTHS
from index.segments.postings import FIELDS, RANKED, Postings
from search.local.lexical import Weights
from search.query import (
    And,
    AtLeast,
    Everything,
    Node,
    Not,
    Nothing,
    Or,
    Phrase,
    Prefix,
    Wildcard,
    Word,
)

COMMON = ["the", "of", "pain", "knee", "lumbar", "therapy", "and", "request", "spine", "not"]
SOME = ["opioid", "norco", "injection", "injections", "surgery", "surgical", "surgeon", "MRI"]
RARE = ["C7-T1", "L4-5", "EMG/NCV", "ketamine", "orthosis", "10/325mg", "naproxen", "acupuncture"]
WORDS = [*COMMON, *SOME, *RARE]
WEIGHTS = Weights(boosts=(3.0, 0.5, 1.0), b=(0.75, 0.4, 0.9), k1=1.4)


@dataclass(frozen=True)
class Corpus:
    documents: list[LexicalDocument]
    segments: list[Postings]
    deleted: list[np.ndarray | None]
    searcher: Searcher

    @property
    def live(self) -> np.ndarray:
        masks = [
            np.zeros(len(segment), bool) if mask is None else mask
            for segment, mask in zip(self.segments, self.deleted, strict=True)
        ]
        return ~np.concatenate(masks)


def written(rng: np.random.Generator, number: int) -> LexicalDocument:
    chances = np.array([8.0] * len(COMMON) + [2.0] * len(SOME) + [0.5] * len(RARE))
    texts = {
        name: " ".join(rng.choice(WORDS, rng.integers(0, most), p=chances / chances.sum()))
        for name, most in zip(FIELDS, (6, 30, 70, 4), strict=True)
    }
    return LexicalDocument(issue=5_000 - number, **texts)


Asked = tuple[str, tuple[str, ...] | None]
"""A term, and the words as written that count, or None for all."""


class Oracle:
    """BM25F and the meaning of every node, over lists of words."""

    def __init__(self, documents: list[LexicalDocument]) -> None:
        self.known: dict[tuple[Asked | int | str | None, ...], dict[int, float]] = {}
        self.pieces = [[placed(getattr(d, name)) for name in FIELDS] for d in documents]
        self.texts = [[[piece.term for piece in text] for text in texts] for texts in self.pieces]
        self.average = [
            sum(len(text[f]) for text in self.texts) / len(documents) for f in range(len(FIELDS))
        ]

    def places(self, asked: Asked, document: int, field: int) -> list[int]:
        """Where the term stands, in one of the words that count."""
        term, words = asked
        return [
            place
            for place, piece in enumerate(self.pieces[document][field])
            if piece.term == term and (words is None or piece.word in words)
        ]

    def score(self, asked: Asked, document: int, field: int) -> float:
        if field >= len(RANKED):
            return 0.0
        tf = len(self.places(asked, document, field))
        length = len(self.texts[document][field])
        length = max(int(rounded) for rounded in LENGTHS if rounded <= length)
        b, k1 = WEIGHTS.b[field], WEIGHTS.k1
        norm = k1 * (1 - b + b * length / self.average[field])
        return float(WEIGHTS.boosts[field] * self.idf(asked[0]) * tf * (k1 + 1) / (tf + norm))

    @cache  # noqa: B019
    def idf(self, term: str) -> float:
        df = sum(1 for texts in self.texts if any(term in text for text in texts[: len(RANKED)]))
        return log(len(self.texts) / (df + 1)) + 1

    def stand(self, asked: tuple[Asked, ...], slop: int, document: int, field: int) -> bool:
        """Whether the terms stand in order, the gaps between them at most what `slop` allows."""
        reached = {place: place for place in self.places(asked[0], document, field)}
        for term in asked[1:]:
            reached = {
                place: max(starts)
                for place in self.places(term, document, field)
                if (starts := [start for before, start in reached.items() if before < place])
            }
        gaps = (slop - 1) * (len(asked) - 1)
        return any(last - first - (len(asked) - 1) <= gaps for last, first in reached.items())

    def together(self, asked: tuple[Asked, ...], slop: int, name: str | None) -> dict[int, float]:
        """Documents with the terms in order, and scores; remembered, as questions share them."""
        key = (*asked, slop, name)
        if key not in self.known:
            self.known[key] = self.look(asked, slop, name) if asked else {}
        return self.known[key]

    def look(self, asked: tuple[Asked, ...], slop: int, name: str | None) -> dict[int, float]:
        fields = range(len(FIELDS)) if name is None else [FIELDS.index(name)]
        found: dict[int, float] = {}
        for document in range(len(self.texts)):
            for field in fields:
                if self.stand(asked, slop, document, field):
                    added = sum(self.score(one, document, field) for one in asked)
                    found[document] = found.get(document, 0) + added
        return found

    def plain(self, term: str) -> dict[int, float]:
        """Documents with the term in any of its forms, and scores."""
        return self.together(((term, None),), 1, None)

    def described(self, pattern: str, name: str | None) -> list[dict[int, float]]:
        """The answers of the words that fit a pattern; those of one term count together."""
        by_term: dict[str, set[str]] = {}
        for piece in {piece for texts in self.pieces for text in texts for piece in text}:
            if fnmatchcase(piece.word, pattern):
                by_term.setdefault(piece.term, set()).add(piece.word)
        return [
            self.together(((term, tuple(sorted(words))),), 1, name)
            for term, words in sorted(by_term.items())
        ]

    def find(self, node: Node) -> dict[int, float]:
        everything = dict.fromkeys(range(len(self.texts)), 0.0)
        match node:
            case And(children):
                return self.at_least(len(children), children)
            case Or(children):
                return self.at_least(1, children)
            case AtLeast(least, children):
                return self.at_least(least, children)
            case Not(child):
                without = self.find(child)
                return {document: 0.0 for document in everything if document not in without}
            case Everything():
                return everything
            case Nothing():
                return {}
            case _:
                return self.leaf(node)

    def leaf(self, node: Node) -> dict[int, float]:
        match node:
            case Word(text, name, weight):
                found = self.together(_asked((text,), exact=node.exact), 1, name)
                return {document: score * weight for document, score in found.items()}
            case Phrase(words, slop, name):
                return self.together(_asked(words, exact=node.exact), slop, name)
            case Prefix(text, name):
                return _at_least(1, self.described(text + "*", name))
            case Wildcard(pattern, name):
                return _at_least(1, self.described(pattern, name))
        raise AssertionError(node)

    def at_least(self, least: int, children: tuple[Node, ...]) -> dict[int, float]:
        return _at_least(least, [self.find(child) for child in children])


def _asked(words: tuple[str, ...], *, exact: bool) -> tuple[Asked, ...]:
    pieces = [piece for word in words for piece in placed(word)]
    return tuple((piece.term, (piece.word,) if exact else None) for piece in pieces)


def _at_least(least: int, answers: list[dict[int, float]]) -> dict[int, float]:
    scores: dict[int, list[float]] = {}
    for answer in answers:
        for document, score in answer.items():
            scores.setdefault(document, []).append(score)
    return {d: sum(given) for d, given in scores.items() if len(given) >= least}


class Questions:
    """Makes up questions of every kind, the same ones each time."""

    def __init__(self, seed: int, *, for_whoosh: bool) -> None:
        self._rng = np.random.default_rng(seed)
        self._for_whoosh = for_whoosh

    def many(self, number: int) -> list[Node]:
        return [self.question() for _ in range(number)]

    def question(self) -> Node:
        node = self.node(2 if self._for_whoosh else 3)
        return And((node, Not(self.node(1)))) if self._rng.random() < 0.25 else node

    def node(self, depth: int) -> Node:
        leaves: list[Callable[[], Node]] = [self.word, self.word, self.phrase]
        groups: list[Callable[[int], Node]] = [self.all, self.any]
        if not self._for_whoosh:
            leaves += [self.pattern, lambda: Everything(), lambda: Nothing()]
            groups += [self.most, self.without, lambda depth: Not(self.node(depth))]
        if depth == 0 or self._rng.random() < 0.3:
            return leaves[self._rng.integers(len(leaves))]()
        return groups[self._rng.integers(len(groups))](depth - 1)

    def name(self) -> str | None:
        return str(self._rng.choice(FIELDS)) if self._rng.random() < 0.25 else None

    def text(self) -> str:
        return str(self._rng.choice([*WORDS, "absent"]))

    def word(self) -> Node:
        weight = float(self._rng.choice([1.0, 0.5, 2.0]))
        words = [piece.word for chunk in chunks(self.text()) for piece in pieces(chunk)]
        return Word(words[0], self.name(), weight, exact=self.exact())

    def exact(self) -> bool:
        return not self._for_whoosh and self._rng.random() < 0.3

    def phrase(self) -> Node:
        words = tuple(self.text() for _ in range(self._rng.integers(1, 4)))
        # Whoosh bounds each step between words, we the whole: the same for steps of one
        pieces_of = [piece for word in words for piece in placed(word)]
        slop = 1 if self._for_whoosh and len(pieces_of) > 2 else int(self._rng.integers(1, 6))
        return Phrase(words, slop, self.name(), exact=self.exact())

    def pattern(self) -> Node:
        if self._rng.random() < 0.5:
            return Prefix(
                str(self._rng.choice(["surg", "inject", "nap", "zzz", "pa"])), self.name()
            )
        pattern = self._rng.choice(
            ["surge*y", "inj?ction", "l?", "s*", "in*s", "zz?", "?mg", "mg?"]
        )
        return Wildcard(str(pattern), self.name())

    def children(self, depth: int) -> list[Node]:
        return [self.node(depth) for _ in range(self._rng.integers(2, 4))]

    def all(self, depth: int) -> Node:
        return And(tuple(self.children(depth)))

    def without(self, depth: int) -> Node:
        return And((*self.children(depth), Not(self.node(depth)), Not(self.word())))

    def any(self, depth: int) -> Node:
        return Or(tuple(self.children(depth)))

    def most(self, depth: int) -> Node:
        children = self.children(depth)
        return AtLeast(int(self._rng.integers(1, len(children) + 1)), tuple(children))
