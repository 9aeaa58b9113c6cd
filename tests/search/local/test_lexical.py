"""The ranking is exact: the same documents, scores and order as a slow oracle and as Whoosh.

The oracle below is the formula of BM25F and the definition of each query node, over lists of
words. Whoosh is asked in the ways in which it is right: without a limit, without its array
matcher, and an exclusion as a question of its own (its AndNot lets some of the excluded
documents through, and its Not adds 1 to every score).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from whoosh import query as whoosh_query
from whoosh.searching import Searcher

from index.analysis import tokens
from index.segments.postings import FIELDS
from search.local.lexical import LexicalArm
from search.local.matches import Matches
from search.query import (
    And,
    Node,
    Not,
    Or,
    Phrase,
    Word,
)
from search.understand.syntax import parse
from tests.search.local.lexical_oracle import WEIGHTS, Corpus, Oracle, Questions


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
        assert arm.find(node).tolist() == arm.match(node).docs.tolist()
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
    for field, boost in zip(FIELDS, (*WEIGHTS.boosts, 0.0), strict=True):
        if name in {None, field}:
            if len(terms) == 1:
                made.append(whoosh_query.Term(field, terms[0], boost=boost * weight))
            else:
                made.append(whoosh_query.Phrase(field, terms, slop=slop, boost=boost * weight))
    return whoosh_query.Or(made) if len(made) > 1 else made[0]


@pytest.fixture(scope="module")
def answered(corpus: Corpus) -> list[tuple[Node, dict[int, float]]]:
    """A thousand questions with Whoosh's answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whoosh_query.Or, "matcher_type", whoosh_query.Or.DEFAULT_MATCHER)
        questions = Questions(100, for_whoosh=True).many(1_000)
        return [(node, whoosh_answer(corpus.searcher, node)) for node in questions]


def test_every_question_whoosh_can_answer_is_answered_as_whoosh_does(
    corpus: Corpus, arm: LexicalArm, answered: list[tuple[Node, dict[int, float]]]
) -> None:
    for node, expected in answered:
        check(arm.match(node), arm.rank(node), expected, corpus.live)
    assert sum(len(expected) > 0 for _, expected in answered) > 500


def test_typed_questions_are_answered_as_the_oracle_does(
    corpus: Corpus, arm: LexicalArm, oracle: Oracle
) -> None:
    for words in [
        "knee pain",
        "C7-T1 injections",
        "emg-ncv OR l4",
        '"the knee" -surgery',
        'request:norco "pain of"~3',
        "surg* AND NOT (mri OR opioid)",
        "-knee",
        "10/325mg",
    ]:
        node = parse(words).node
        check(arm.match(node), arm.rank(node), oracle.find(node), corpus.live)
        assert arm.find(node).tolist() == arm.match(node).docs.tolist()
