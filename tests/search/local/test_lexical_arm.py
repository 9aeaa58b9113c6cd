"""The lexical arm beside its exactness: terms, expansions, ties, threads."""

from __future__ import annotations

import threading
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.analysis import tokens
from index.segments.codec import LexicalDocument, write_segment
from index.segments.postings import RANKED, Postings
from search.local import kernels
from search.local.lexical import MOST_EXPANSIONS, LexicalArm, Weights
from search.query import (
    Everything,
    Node,
    Or,
    Phrase,
    Prefix,
    Wildcard,
    Word,
)
from search.understand.syntax import parse
from tests.search.local.lexical_oracle import WEIGHTS, Corpus, Oracle, Questions


def test_compounds_are_found_whole_and_by_part(arm: LexicalArm) -> None:
    def found(words: str) -> set[int]:
        return set(arm.match(parse(words).node).docs.tolist())

    assert found("C7-T1")
    assert found("C7-T1") <= found("c7") & found("t1")
    assert found("EMG-NCV") == found("EMG/NCV") == found('"emg ncv"')
    assert found("L4-5") == found('"l4 l5"') == found("L4/5")


def test_weighted_terms_add_up(corpus: Corpus, arm: LexicalArm, oracle: Oracle) -> None:
    weighted = {"knee": 1.0, "opioid": 2.5, "l4": 0.5, "absent": 3.0}
    expected: dict[int, float] = {}
    for term, weight in weighted.items():
        for document, score in oracle.plain(term).items():
            expected[document] = expected.get(document, 0) + weight * score
    scores = arm.score_terms(weighted)
    scored = [d for d in sorted(expected) if corpus.live[d] and expected[d] > 0]
    assert np.flatnonzero(scores).tolist() == scored
    for document in np.flatnonzero(scores).tolist():
        assert scores[document] == pytest.approx(expected[document], rel=1e-6)
    assert not arm.score_terms({}).any()


def test_document_frequencies_count_every_segment(arm: LexicalArm, oracle: Oracle) -> None:
    for term in ["knee", "orthosi", "l4", "absent"]:
        assert arm.df(term) == len(oracle.plain(term))


def test_key_terms_are_the_telling_words(arm: LexicalArm) -> None:
    text = "The patient requests ketamine, ketamine and 12 orthosis for knee pain; absent unknown"
    weights = arm.key_terms(text)
    assert next(iter(weights)) == tokens("ketamine")[0]
    assert weights[tokens("ketamine")[0]] == pytest.approx(1 + log(2))
    assert set(tokens("knee pain orthosis")) <= set(weights)
    assert not {"the", "and", "12", "unknown", "absent"} & set(weights)
    assert list(arm.key_terms(text, 2)) == list(weights)[:2]
    assert arm.key_terms("") == {}


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> LexicalArm:
    """Four documents about walking."""
    texts = [
        "He walks and was walking",
        "He walked. Walking helps",
        "Walk, then a long walk",
        "the patient walks slowly, very slowly indeed, to the shop",
    ]
    directory = tmp_path_factory.mktemp("walks")
    write_segment(
        directory, [LexicalDocument(issue=n, rationale=text) for n, text in enumerate(texts)]
    )
    return LexicalArm([Postings.open(directory)], [None])


@pytest.mark.parametrize(
    ("node", "documents"),
    [
        (Word("walking"), [0, 1, 2, 3]),
        (Word("walking", exact=True), [0, 1]),
        (Word("Walking", exact=True), [0, 1]),
        (Word("walkings", exact=True), []),
        (Word("walks", field="summary", exact=True), []),
        (Phrase(("he", "walk")), [0, 1]),
        (Phrase(("he", "walks"), exact=True), [0]),
        (Phrase(("walks", "walking"), 4, exact=True), [0]),
        (Phrase(("walking", "walks"), 4, exact=True), []),
    ],
)
def test_what_is_exact_counts_where_it_stands_as_written(
    walks: LexicalArm, node: Node, documents: list[int]
) -> None:
    assert walks.find(node).tolist() == documents


def test_an_exact_word_scores_by_how_often_it_stands_so(walks: LexicalArm) -> None:
    stem, written = walks.match(Word("walk")), walks.match(Word("walk", exact=True))
    assert (stem.docs.tolist(), written.docs.tolist()) == ([0, 1, 2, 3], [2])
    assert written.scores[0] == stem.scores[2]  # twice so written, and in no other form
    once = walks.match(Word("walking", exact=True))
    assert once.docs.tolist() == [0, 1]
    assert once.scores[0] < stem.scores[0]


@pytest.mark.parametrize(
    ("slop", "found"), [(1, False), (2, False), (3, False), (4, True), (9, True)]
)
def test_a_phrase_with_gaps_is_one_window(walks: LexicalArm, slop: int, found: bool) -> None:
    """Between three words there may be 2 * (slop - 1) others, wherever they stand."""
    node = Phrase(("patient", "walks", "shop"), slop)
    assert (len(walks.find(node)) == 1) is found


def test_matching_children_are_counted_by_document(arm: LexicalArm, corpus: Corpus) -> None:
    children = [Word("knee"), parse('"of the"').node, Prefix("inj"), Word("absent")]
    expected = np.zeros(len(arm), int)
    for child in children:
        expected[arm.find(child)] += 1
    counts = arm.counts(children)
    assert counts.dtype == np.uint16
    assert counts.tolist() == expected.tolist()
    assert not counts[~corpus.live].any()


def test_average_lengths_can_be_given(corpus: Corpus, arm: LexicalArm) -> None:
    averages = [
        sum(segment.totals[field] for segment in corpus.segments) / len(arm)
        for field in range(len(RANKED))
    ]
    same = LexicalArm(corpus.segments, corpus.deleted, WEIGHTS, averages=averages)
    shorter = LexicalArm(corpus.segments, corpus.deleted, WEIGHTS, averages=[1, 1, 1])
    scores = arm.match(Word("knee")).scores
    assert same.match(Word("knee")).scores.tolist() == scores.tolist()
    assert shorter.match(Word("knee")).scores.sum() < scores.sum()


def test_equal_scores_rank_by_document(arm: LexicalArm, corpus: Corpus) -> None:
    copies = [20, 50, 130]
    words = tokens(corpus.documents[20].rationale)[:6]
    node = Or(tuple(Word(word) for word in words))
    ranked = arm.rank(node, k=500).docs.tolist()
    places = [ranked.index(document) for document in copies if corpus.live[document]]
    assert len(places) > 1
    assert places == sorted(places)
    assert places[-1] - places[0] == len(places) - 1


@pytest.mark.parametrize("k", [0, 1, 2, 7, 10, 400])
def test_the_best_are_the_first_of_all_sorted(k: int) -> None:
    rng = np.random.default_rng(k)
    for size in (0, 1, 5, 10, 300):
        scores = rng.integers(0, 20, size).astype(np.float32)
        expected = sorted(range(size), key=lambda at: (-scores[at], at))[:k]
        assert kernels.best(scores, k).tolist() == expected


def test_a_prefix_stands_for_words_as_written(arm: LexicalArm) -> None:
    assert set(arm.expand(Prefix("inj")).words) == {"injection", "injections"}
    assert arm.expand(Prefix("injections")).words == ("injections",)
    written, stem = arm.find(Prefix("injections")), arm.find(Word("injections"))
    assert 0 < len(written) < len(stem)


def test_expansions_take_the_most_frequent_and_say_how_many(
    arm: LexicalArm, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = arm.expand(Wildcard("?*"))
    assert many.found == len(many.words) < MOST_EXPANSIONS
    frequencies = [len(arm.find(Word(word, exact=True))) for word in many.words]
    assert frequencies[0] > frequencies[-1]
    monkeypatch.setattr("search.local.lexical.MOST_EXPANSIONS", 3)
    few = arm.expand(Wildcard("?*"))
    assert (few.words, few.found) == (many.words[:3], many.found)


def test_codes_are_counted() -> None:
    offsets = np.array([0, 2, 2, 5], np.int64)
    codes = np.array([3, 0, 1, 3, 2], np.uint16)
    for documents, expected in [
        ([0, 2], [1, 1, 1, 2, 0]),
        ([1], [0, 0, 0, 0, 0]),
        ([], [0, 0, 0, 0, 0]),
    ]:
        found = kernels.count_codes(np.array(documents, np.int64), codes, offsets, 5)
        assert found.tolist() == expected


@settings(deadline=None)  # the first example compiles
@given(st.lists(st.integers(0, 60)), st.lists(st.integers(0, 60)), st.integers(1, 40))
def test_lists_of_any_density_intersect(left: list[int], right: list[int], apart: int) -> None:
    some, others = (np.array(sorted(set(of)), np.int32) * apart for of in (left, right))
    assert kernels.intersect(some, others).tolist() == sorted({*some} & {*others})


def test_distinct_numbers_are_counted() -> None:
    letters = np.array([2, 0, 2, 2, 1], np.int32)
    for documents, expected in [([0, 2, 3], 1), ([0, 1, 4], 3), ([], 0)]:
        assert kernels.count_distinct(np.array(documents, np.int64), letters, 3) == expected


def test_values_are_set_or_added_at_documents() -> None:
    target = np.zeros(4, np.float32)
    kernels.spread(np.array([0, 2], np.int32), 0.5, False, target)
    kernels.spread(np.array([2, 3], np.int32), 0.25, True, target)
    assert target.tolist() == [0.5, 0.0, 0.75, 0.25]


def test_an_empty_index_has_no_answers() -> None:
    arm = LexicalArm([], [])
    assert len(arm) == len(arm.match(Word("knee"))) == len(arm.rank(Everything())) == 0
    assert arm.key_terms("knee pain") == {}
    assert arm.expand(Prefix("sur")).words == ()


def test_words_that_repeat_more_than_the_table_goes(tmp_path: Path) -> None:
    documents = [
        LexicalDocument(issue=n, request="knee " * n, rationale="arm " * 3 + "knee " * (400 - n))
        for n in range(0, 400, 13)
    ]
    write_segment(tmp_path, documents)
    arm = LexicalArm([Postings.open(tmp_path)], [None])
    found = [arm.match(node).scores for node in (Word("knee"), parse("knee -leg").node)]
    found.append(arm.match(parse("knee OR leg").node).scores)
    assert all((one == found[0]).all() for one in found)
    assert len(set(found[0].tolist())) == len(documents)


def test_threads_share_an_arm(corpus: Corpus) -> None:
    arm = LexicalArm(corpus.segments, corpus.deleted, WEIGHTS)
    questions = Questions(3, for_whoosh=False).many(60)
    expected = [arm.match(node).scores for node in questions]
    wrong: list[Node] = []

    def ask() -> None:
        for node, scores in zip(questions, expected, strict=True):
            if not np.array_equal(arm.match(node).scores, scores):
                wrong.append(node)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_failed_question_leaves_nothing_behind(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm = LexicalArm(corpus.segments, corpus.deleted, WEIGHTS)
    node = Or((Word("knee"), Word("pain")))
    expected = arm.match(node).scores

    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(kernels, "collect", fail)
        with pytest.raises(MemoryError):
            arm.match(node)
    np.testing.assert_array_equal(arm.match(node).scores, expected)


def test_default_weights_say_what_they_are() -> None:
    assert len(Weights().boosts) == len(Weights().b) == len(RANKED)
