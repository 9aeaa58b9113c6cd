"""The ranking is exact: the same documents, scores and order as a slow oracle and as Whoosh.

The oracle below is the formula of BM25F and the definition of each query node, over lists of
words. Whoosh is asked in the ways in which it is right: without a limit, without its array
matcher, and an exclusion as a question of its own (its AndNot lets some of the excluded
documents through, and its Not adds 1 to every score).
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from whoosh import query as whoosh_query
from whoosh.reading import MultiReader
from whoosh.scoring import BM25F
from whoosh.searching import Searcher
from whoosh.util.numeric import byte_to_length, length_to_byte

from index.analysis import chunks, pieces, tokens
from index.impacts import FIELDS, Segment
from index.lexical import LexicalDocument, whoosh_index, write_segment
from search import plan
from search.lexical import MOST_EXPANSIONS, LexicalArm, Matches, Weights
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
from search.syntax import parse

COMMON = ["the", "of", "pain", "knee", "lumbar", "therapy", "and", "request", "spine", "not"]
SOME = ["opioid", "norco", "injection", "injections", "surgery", "surgical", "surgeon", "MRI"]
RARE = ["C7-T1", "L4-5", "EMG/NCV", "ketamine", "orthosis", "10/325mg", "naproxen", "acupuncture"]
WORDS = [*COMMON, *SOME, *RARE]
WEIGHTS = Weights(boosts=(3.0, 0.5, 1.0, 0.25), b=(0.75, 0.4, 0.9, 0.0), k1=1.4)


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


def _written(rng: np.random.Generator, number: int) -> LexicalDocument:
    chances = np.array([8.0] * len(COMMON) + [2.0] * len(SOME) + [0.5] * len(RARE))
    texts = {
        name: " ".join(rng.choice(WORDS, rng.integers(0, most), p=chances / chances.sum()))
        for name, most in zip(FIELDS, (6, 30, 70, 4), strict=True)
    }
    return LexicalDocument(issue=5_000 - number, **texts)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    rng = np.random.default_rng(11)
    documents = [_written(rng, n) for n in range(230)]
    documents[50] = documents[20]  # equal scores, within a segment and across two
    documents[200] = documents[20]
    directories = []
    for first, last in ((0, 120), (120, 225), (225, 230)):
        directories.append(tmp_path_factory.mktemp("segment"))
        write_segment(directories[-1], documents[first:last])
    indexes = [whoosh_index(directory) for directory in directories]
    b = {f"{name}_B": value for name, value in zip(FIELDS, WEIGHTS.b, strict=True)}
    model = BM25F(K1=WEIGHTS.k1, **b)
    searcher = Searcher(MultiReader([index.reader() for index in indexes]), weighting=model)
    yield Corpus(
        documents,
        [Segment.open(directory) for directory in directories],
        [rng.random(120) < 0.1, rng.random(105) < 0.3, None],
        searcher,
    )
    searcher.close()
    for index in indexes:
        index.close()


@pytest.fixture(params=["kernels", "plain_kernels"])
def arm(
    corpus: Corpus, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> LexicalArm:
    monkeypatch.setattr(plan, "kernels", importlib.import_module(f"search.{request.param}"))
    return LexicalArm(corpus.segments, corpus.deleted, WEIGHTS)


# The oracle ---------------------------------------------------------------------------------


class Oracle:
    """BM25F and the meaning of every node, over lists of words."""

    def __init__(self, documents: list[LexicalDocument]) -> None:
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
        text = self.texts[document][field]
        tf, df = text.count(term), sum(1 for texts in self.texts if term in texts[field])
        length = byte_to_length(length_to_byte(len(text)))
        b, k1 = WEIGHTS.b[field], WEIGHTS.k1
        norm = k1 * (1 - b + b * length / self.average[field])
        idf = log(len(self.texts) / (df + 1)) + 1
        return WEIGHTS.boosts[field] * idf * tf * (k1 + 1) / (tf + norm)

    def follow(self, terms: list[str], slop: int, text: list[str]) -> bool:
        reached = {place for place, term in enumerate(text) if term == terms[0]}
        for term in terms[1:]:
            steps = {place + step for place in reached for step in range(1, slop + 1)}
            reached = {place for place in steps if place < len(text) and text[place] == term}
        return bool(reached)

    def together(self, terms: list[str], slop: int, name: str | None) -> dict[int, float]:
        fields = range(len(FIELDS)) if name is None else [FIELDS.index(name)]
        found: dict[int, float] = {}
        for document, texts in enumerate(self.texts):
            for field in fields:
                if self.follow(terms, slop, texts[field]):
                    added = sum(self.score(term, document, field) for term in terms)
                    found[document] = found.get(document, 0) + added
        return found

    def find(self, node: Node) -> dict[int, float]:
        match node:
            case Word(text, name, weight):
                return {d: s * weight for d, s in self.together(tokens(text), 1, name).items()}
            case Phrase(words, slop, name):
                return self.together([t for word in words for t in tokens(word)], slop, name)
            case Prefix(text, name):
                return self.find(Wildcard(text + "*", name))
            case Wildcard(pattern, name):
                terms = {term for word, term in self.words.items() if fnmatchcase(word, pattern)}
                return self.at_least(1, [self.together([t], 1, name) for t in sorted(terms)])
            case And(children):
                found = [self.find(child) for child in children]
                return self.at_least(len(children), found)
            case Or(children):
                return self.at_least(1, [self.find(child) for child in children])
            case AtLeast(least, children):
                return self.at_least(least, [self.find(child) for child in children])
            case Not(child):
                without = self.find(child)
                return {d: 0.0 for d in range(len(self.texts)) if d not in without}
            case Everything():
                return dict.fromkeys(range(len(self.texts)), 0.0)
            case Nothing():
                return {}

    def at_least(self, least: int, found: list[dict[int, float]]) -> dict[int, float]:
        scores: dict[int, list[float]] = {}
        for part in found:
            for document, score in part.items():
                scores.setdefault(document, []).append(score)
        return {d: sum(given) for d, given in scores.items() if len(given) >= least}


class Remembering(Oracle):
    """The oracle, remembering the answers for leaves, which questions share."""

    def __init__(self, documents: list[LexicalDocument]) -> None:
        super().__init__(documents)
        self.known: dict[Any, dict[int, float]] = {}

    def together(self, terms: list[str], slop: int, name: str | None) -> dict[int, float]:
        key = (*terms, slop, name)
        if key not in self.known:
            self.known[key] = super().together(terms, slop, name)
        return self.known[key]


@pytest.fixture(scope="module")
def oracle(corpus: Corpus) -> Oracle:
    return Remembering(corpus.documents)


# Questions ----------------------------------------------------------------------------------


class Questions:
    """Makes up questions of every kind, the same ones each time."""

    def __init__(self, seed: int, *, for_whoosh: bool) -> None:
        self._rng = np.random.default_rng(seed)
        self._for_whoosh = for_whoosh

    def many(self, number: int) -> list[Node]:
        return [self.question() for _ in range(number)]

    def question(self) -> Node:
        node = self.node(3)
        return And((node, Not(self.node(2)))) if self._rng.random() < 0.25 else node

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
            return Prefix(str(self._rng.choice(["surg", "inject", "nap", "zzz", "pa"])), self.name())
        pattern = self._rng.choice(["surge*y", "inj?ction", "l?", "s*", "in*s", "zz?", "?mg", "mg?"])
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


def check(found: Matches, ranked: Matches, expected: dict[int, float], allowed: np.ndarray) -> None:
    """The documents, scores and order of an answer are those expected of the allowed."""
    documents = sorted(document for document in expected if allowed[document])
    assert found.docs.tolist() == documents
    scores = np.array([expected[document] for document in documents], np.float32)
    np.testing.assert_allclose(found.scores, scores, rtol=1e-6)
    best = sorted(documents, key=lambda document: (-np.float32(expected[document]), document))
    assert ranked.docs.tolist() == best[: len(ranked)]
    assert len(ranked) == min(10, len(best))


@pytest.mark.parametrize("seed", range(4))
def test_every_kind_of_question_is_answered_as_the_oracle_does(
    corpus: Corpus, arm: LexicalArm, oracle: Oracle, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    some = 0
    for node in Questions(seed, for_whoosh=False).many(300):
        allowed = rng.random(len(corpus.documents)) < 0.5 if rng.random() < 0.3 else None
        mask = corpus.live if allowed is None else corpus.live & allowed
        found = arm.match(node, allowed)
        check(found, arm.rank(node, allowed, 10), oracle.find(node), mask)
        some += len(found) > 0
    assert some > 100


def as_whoosh(node: Node) -> whoosh_query.Query:
    """The question as Whoosh's own query objects."""
    match node:
        case Word(text, name, weight):
            return _in_fields(tokens(text), 1, name, weight)
        case Phrase(words, slop, name):
            return _in_fields([term for word in words for term in tokens(word)], slop, name, 1.0)
        case And(children):
            return whoosh_query.And([as_whoosh(child) for child in children])
        case Or(children):
            return whoosh_query.Or([as_whoosh(child) for child in children])
        case _:
            raise AssertionError(node)


def whoosh_answer(searcher: Searcher, node: Node) -> dict[int, float]:
    if isinstance(node, And) and isinstance(node.children[-1], Not):
        excluded = whoosh_answer(searcher, node.children[-1].child)
        found = whoosh_answer(searcher, And(node.children[:-1]))
        return {document: found[document] for document in found if document not in excluded}
    collector = searcher.collector(limit=None)
    collector.replace = 0
    searcher.search_with_collector(as_whoosh(node), collector)
    return {document: score for score, document in collector.results().top_n}


def _in_fields(terms: list[str], slop: int, name: str | None, weight: float) -> Any:
    made = []
    for field, boost in zip(FIELDS, WEIGHTS.boosts, strict=True):
        if name in {None, field}:
            if len(terms) == 1:
                made.append(whoosh_query.Term(field, terms[0], boost=boost * weight))
            else:
                made.append(whoosh_query.Phrase(field, terms, slop=slop, boost=boost * weight))
    return whoosh_query.Or(made) if len(made) > 1 else made[0]


@pytest.mark.parametrize("seed", range(4))
def test_every_question_whoosh_can_answer_is_answered_as_whoosh_does(
    corpus: Corpus, arm: LexicalArm, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whoosh_query.Or, "matcher_type", whoosh_query.Or.DEFAULT_MATCHER)
    some = 0
    for node in Questions(100 + seed, for_whoosh=True).many(260):
        expected = whoosh_answer(corpus.searcher, node)
        check(arm.match(node), arm.rank(node), expected, corpus.live)
        some += len(expected) > 0
    assert some > 100
