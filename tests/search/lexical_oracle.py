"""A slow oracle for the lexical arm, the corpus it is asked about, and made-up questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import log

import numpy as np
from whoosh.searching import Searcher
from whoosh.util.numeric import byte_to_length, length_to_byte

from index.analysis import chunks, pieces, tokens
from index.segments.codec import LexicalDocument
from index.segments.postings import FIELDS, RANKED, Segment
from search.lexical import Weights
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
    segments: list[Segment]
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


class Oracle:
    """BM25F and the meaning of every node, over lists of words."""

    def __init__(self, documents: list[LexicalDocument]) -> None:
        self.known: dict[tuple[str | int | None, ...], dict[int, float]] = {}
        self.texts = [[tokens(getattr(d, name)) for name in FIELDS] for d in documents]
        self.words = {
            piece.word: piece.term
            for document in documents
            for name in FIELDS
            for chunk in chunks(getattr(document, name))
            for piece in pieces(chunk)
        }
        self.average = [
            sum(len(text[f]) for text in self.texts) / len(documents) for f in range(len(FIELDS))
        ]

    def score(self, term: str, document: int, field: int) -> float:
        if field >= len(RANKED):
            return 0.0
        text = self.texts[document][field]
        tf = text.count(term)
        length = byte_to_length(length_to_byte(len(text)))
        b, k1 = WEIGHTS.b[field], WEIGHTS.k1
        norm = k1 * (1 - b + b * length / self.average[field])
        return float(WEIGHTS.boosts[field] * self.idf(term) * tf * (k1 + 1) / (tf + norm))

    def idf(self, term: str) -> float:
        df = sum(1 for texts in self.texts if any(term in text for text in texts[: len(RANKED)]))
        return log(len(self.texts) / (df + 1)) + 1

    def follow(self, terms: list[str], slop: int, text: list[str]) -> bool:
        reached = {place for place, term in enumerate(text) if term == terms[0]}
        for term in terms[1:]:
            steps = {place + step for place in reached for step in range(1, slop + 1)}
            reached = {place for place in steps if place < len(text) and text[place] == term}
        return bool(reached)

    def together(self, terms: list[str], slop: int, name: str | None) -> dict[int, float]:
        """Documents with the terms in order, and scores; remembered, as questions share them."""
        key = (*terms, slop, name)
        if key not in self.known:
            self.known[key] = self.look(terms, slop, name)
        return self.known[key]

    def look(self, terms: list[str], slop: int, name: str | None) -> dict[int, float]:
        fields = range(len(FIELDS)) if name is None else [FIELDS.index(name)]
        found: dict[int, float] = {}
        for document, texts in enumerate(self.texts):
            for field in fields:
                if self.follow(terms, slop, texts[field]):
                    added = sum(self.score(term, document, field) for term in terms)
                    found[document] = found.get(document, 0) + added
        return found

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
                return {d: s * weight for d, s in self.together(tokens(text), 1, name).items()}
            case Phrase(words, slop, name):
                return self.together([t for word in words for t in tokens(word)], slop, name)
            case Prefix(text, name):
                return self.leaf(Wildcard(text + "*", name))
            case Wildcard(pattern, name):
                terms = {term for word, term in self.words.items() if fnmatchcase(word, pattern)}
                return self.at_least(1, tuple(Word(term, name) for term in sorted(terms)))
        raise AssertionError(node)

    def at_least(self, least: int, children: tuple[Node, ...]) -> dict[int, float]:
        scores: dict[int, list[float]] = {}
        for child in children:
            for document, score in self.find(child).items():
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
        return Word(words[0], self.name(), weight)

    def phrase(self) -> Node:
        words = tuple(self.text() for _ in range(self._rng.integers(1, 4)))
        return Phrase(words, int(self._rng.integers(1, 6)), self.name())

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
