"""The corpus of the lexical tests: three segments, with deletions, and Whoosh over the same."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from whoosh.reading import MultiReader
from whoosh.scoring import BM25F
from whoosh.searching import Searcher

from index.segments.codec import whoosh_reader, write_segment
from index.segments.postings import RANKED, Postings
from search.local.lexical import LexicalArm
from tests.search.local.lexical_oracle import WEIGHTS, Corpus, Oracle, written


class AcrossFields(BM25F):  # type: ignore[misc]
    """Whoosh's BM25F with the idf that a word has whatever field it is in."""

    def __init__(self, oracle: Oracle, **parameters: float) -> None:
        super().__init__(**parameters)
        self._oracle = oracle

    def idf(self, _searcher: Searcher, _field: str, text: bytes) -> float:
        return self._oracle.idf(text.decode())


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    rng = np.random.default_rng(11)
    documents = [written(rng, n) for n in range(160)]
    documents[50] = documents[20]  # equal scores, within a segment and across two
    documents[130] = documents[20]
    directories = []
    for first, last in ((0, 90), (90, 155), (155, 160)):
        directories.append(tmp_path_factory.mktemp("segment"))
        write_segment(directories[-1], documents[first:last])
    b = {f"{name}_B": value for name, value in zip(RANKED, WEIGHTS.b, strict=True)}
    model = AcrossFields(Oracle(documents), K1=WEIGHTS.k1, **b)
    searcher = Searcher(
        MultiReader([whoosh_reader(directory) for directory in directories]), weighting=model
    )
    yield Corpus(
        documents,
        [Postings.open(directory) for directory in directories],
        [rng.random(90) < 0.1, rng.random(65) < 0.3, None],
        searcher,
    )
    searcher.close()


@pytest.fixture
def arm(corpus: Corpus) -> LexicalArm:
    return LexicalArm(corpus.segments, corpus.deleted, WEIGHTS)


@pytest.fixture(scope="session")
def oracle(corpus: Corpus) -> Oracle:
    return Oracle(corpus.documents)
