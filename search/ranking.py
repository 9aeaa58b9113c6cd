"""From a question to an ordered result set: the arms run, their candidates are fused.

The result set of words is stated exactly: the issues that contain them, and up to NEAR more
that are near in meaning. A question that uses operators, fields or wildcards gets the former
only. A pasted request has no words to contain: its result set is the NEAR nearest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from search.concepts import Features
from search.fusion import FusionWeights, fuse
from search.plan import kernels
from search.query import Everything, Node
from search.snapshot import Snapshot

NEAR = 200
LEXICAL_POOL = 1_000
CONCEPT_POOL = 300
SEMANTIC_POOL = 300
FLOOR = 0.25  # the least semantic score that is called near
CONCEPT_FLOOR = 0.5  # or this share of the concepts asked for: a reason is given in many ways
WEIGHTS = FusionWeights(lexical=0.7, semantic=1.0, concepts=2.0)

Documents = NDArray[np.int64]
Mask = NDArray[np.bool_]
Scores = NDArray[np.float64]
_NONE = np.zeros(0, np.int64)
_NO_MATCH = np.zeros(0, np.int32)


class Mode(StrEnum):
    """Which arms take part."""

    HYBRID = "hybrid"
    LEXICAL = "lexical"
    SEMANTIC = "semantic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, for every arm.

    `match` is what an issue must match to contain the words, None for a pasted request, and
    `matched` the issues that do, ascending; `strict` leaves out what is only near. `hard` binds in
    every mode. Words rank by `terms`, analysed words with their weights, or, where these are not
    all that is asked, by `worth`, a score for each document there is. `vectors` are the focus and,
    if it differs, the whole text, None while the encoder is not ready; `features` is what the
    concept arm looks for.
    """

    match: Node | None
    matched: NDArray[np.int32] = field(default_factory=lambda: _NO_MATCH)
    strict: bool = False
    hard: Node | None = None
    terms: Mapping[str, float] = field(default_factory=dict)
    worth: NDArray[np.float32] | None = None
    vectors: Vectors | None = None
    features: Features = field(default_factory=dict)


class Ranking:
    """The result set in order: fused candidates first, then what only holds the words.

    `with_words` of the documents match the words.
    """

    def __init__(
        self,
        fused: Documents,
        scores: Scores,
        rest: NDArray[np.int32],
        worth: NDArray[np.float32],
        with_words: int,
        arms: Mapping[str, Documents],
    ) -> None:
        """`fused` best first with `scores` in [0, 1]; `rest` ascending, in the order of its `worth`
        (of every document there is) once somebody looks so far down; `arms` are what each arm
        returned, best first.
        """
        self._fused = fused
        self._scores = scores
        self._rest = rest
        self._worth = worth
        self.with_words = with_words
        self._arms = arms

    def __len__(self) -> int:
        """The size of the result set."""
        return len(self._fused) + len(self._rest)

    @cached_property
    def documents(self) -> Documents:
        """All documents, best first."""
        order = np.argsort(-self._worth[self._rest], kind="stable")
        return np.concatenate([self._fused, self._rest[order].astype(np.int64)])

    @cached_property
    def members(self) -> Documents:
        """The same documents, ascending."""
        fused = np.sort(self._fused)
        return np.insert(self._rest.astype(np.int64), np.searchsorted(self._rest, fused), fused)

    def first(self, count: int) -> tuple[Documents, Scores]:
        """The best `count` documents and their scores; 0 for what only holds the words."""
        documents, scores = self._fused[:count], self._scores[:count]
        best = kernels.best(self._worth[self._rest], count - len(documents))
        more = self._rest[best].astype(np.int64)
        return np.concatenate([documents, more]), np.concatenate([scores, np.zeros(len(more))])

    def score(self, document: int) -> float:
        """The score of a document, 0 for what only holds the words."""
        return self._scored.get(document, 0.0)

    @cached_property
    def _scored(self) -> dict[int, float]:
        return dict(zip(self._fused.tolist(), self._scores.tolist(), strict=True))

    def place(self, arm: str, document: int) -> int | None:
        """The rank (from 1) of a document in the "lexical", "semantic" or "concepts" arm."""
        return self._places[arm].get(document)

    @cached_property
    def _places(self) -> dict[str, dict[int, int]]:
        return {
            arm: {document: place for place, document in enumerate(documents.tolist(), 1)}
            for arm, documents in self._arms.items()
        }

    def without(self, own: int) -> Ranking:
        """The ranking less one issue: the one that asked."""
        kept, rest = self._fused != own, self._rest[self._rest != own]
        return Ranking(
            self._fused[kept], self._scores[kept], rest, self._worth, self.with_words, self._arms
        )

    def sorted(self, order: NDArray[np.intp]) -> Ranking:
        """The same documents in another order, `order` being places in `documents`."""
        scores = np.concatenate([self._scores, np.zeros(len(self._rest))])
        return Ranking(
            self.documents[order],
            scores[order],
            _NO_MATCH,
            self._worth,
            self.with_words,
            self._arms,
        )


class Search:
    """A question put to a generation; what filters do not change is computed once."""

    def __init__(
        self, snapshot: Snapshot, question: Question, mode: Mode, own: int | None = None
    ) -> None:
        """`mode` says which arms take part; without vectors only words and concepts can.

        `own` is the document that asked, left out of every answer.
        """
        self._own = own
        self._snapshot = snapshot
        self._question = question
        self._mode = mode
        self._words = mode is not Mode.SEMANTIC or question.vectors is None
        self._meaning = mode is not Mode.LEXICAL and question.vectors is not None

    def under(self, allowed: Mask | None) -> Ranking:
        """The result set among the `allowed` documents (None: all)."""
        allowed = self._bound(allowed)
        matched = _NO_MATCH
        if self._words:
            matched = self._question.matched
            if allowed is not self._snapshot.live:  # the dead do not match
                matched = matched[allowed[matched]]
            if self._question.strict:
                allowed = _mask(self._snapshot, matched)
        arms = {
            "lexical": self._by_words(matched, allowed),
            "semantic": self._by_meaning(allowed),
            "concepts": self._by_concepts(allowed),
        }
        pool, scores, near = self._fused(arms)
        places = np.searchsorted(matched, pool)
        contains = np.zeros(len(pool), dtype=np.bool_)
        inside = places < len(matched)
        contains[inside] = matched[places[inside]] == pool[inside]
        kept = contains
        if self._meaning or self._question.match is None:
            near &= ~contains
            kept = contains | (near & (np.cumsum(near) <= NEAR))
        rest = np.delete(matched, places[contains])
        ranking = Ranking(pool[kept], scores[kept], rest, self._worth, len(matched), arms)
        return ranking if self._own is None else ranking.without(self._own)

    def _bound(self, allowed: Mask | None) -> Mask:
        """The live documents that the filters and the hard constraints of the question allow."""
        live = self._snapshot.live
        bound = live if allowed is None else allowed & live
        return bound if self._required is None else bound & self._required

    @cached_property
    def _required(self) -> Mask | None:
        if self._question.hard is None:
            return None
        return _mask(self._snapshot, self._snapshot.lexical.find(self._question.hard))

    @cached_property
    def _alike(self) -> NDArray[np.float32]:
        return self._snapshot.concepts.scores(self._question.features)

    @property
    def _ranks_words(self) -> bool:
        return self._words and not isinstance(self._question.match, Everything)

    @cached_property
    def _worth(self) -> NDArray[np.float32]:
        """What the words of the question give to each document there is."""
        if self._question.worth is not None:
            return self._question.worth
        return self._snapshot.lexical.score_terms(self._question.terms)

    def _by_words(self, matched: NDArray[np.int32], allowed: Mask) -> Documents:
        if not self._ranks_words:
            return _NONE
        if self._question.worth is not None:
            strictly: Documents = matched[kernels.best(self._worth[matched], LEXICAL_POOL)]
            return strictly.astype(np.int64)
        scores = self._worth  # of what is dead it is 0
        if allowed is not self._snapshot.live:
            scores = np.where(allowed, scores, np.float32(0))
        best: Documents = kernels.best(scores, LEXICAL_POOL)
        return best[scores[best] > 0]

    def _by_meaning(self, allowed: Mask) -> Documents:
        vectors = self._question.vectors
        if not self._meaning or vectors is None:
            return _NONE
        if allowed is not self._snapshot.live:
            return self._snapshot.semantic.rank(vectors, SEMANTIC_POOL, allowed).documents
        # Few are dead: they are dropped from the answer rather than looked for with a filter.
        found = self._snapshot.semantic.rank(vectors, SEMANTIC_POOL).documents
        return found[allowed[found]]

    def _by_concepts(self, allowed: Mask) -> Documents:
        if self._mode is not Mode.HYBRID or not self._question.features:
            return _NONE
        scores = self._alike
        if not allowed.all():
            scores = np.where(allowed, scores, np.float32(0))
        best: Documents = kernels.best(scores, CONCEPT_POOL)
        return best[scores[best] > 0]

    def _fused(self, arms: Mapping[str, Documents]) -> tuple[Documents, Scores, Mask]:
        """The candidates of all arms, best first, ties by document: their numbers, fused scores,
        and whether each is near enough in meaning to be shown for that alone.
        """
        pool = np.unique(np.concatenate(list(arms.values())))
        if len(pool) == 0:
            return pool, np.zeros(0), np.zeros(0, dtype=np.bool_)
        words = meaning = alike = None
        if self._ranks_words:
            words = self._worth[pool].astype(np.float64)
        if self._meaning and self._question.vectors is not None:
            meaning = self._snapshot.semantic.scores(self._question.vectors, pool)
        if self._mode is Mode.HYBRID and self._question.features:
            alike = self._alike[pool].astype(np.float64)
        scores = fuse(WEIGHTS, lexical=words, semantic=meaning, concepts=alike)
        near = np.ones(len(pool), dtype=np.bool_) if meaning is None else meaning >= FLOOR
        if alike is not None:
            near |= alike >= CONCEPT_FLOOR
        order = np.lexsort((pool, -scores))
        return pool[order], scores[order], near[order]


def _mask(snapshot: Snapshot, documents: NDArray[np.int32]) -> Mask:
    found = np.zeros(snapshot.size, dtype=np.bool_)
    found[documents] = True
    return found


def sorted_by(snapshot: Snapshot, ranking: Ranking, sort: str) -> Ranking:
    """The ranking by relevance, or by date of decision: "newest" or "oldest", undated ones last."""
    if sort == "relevance":
        return ranking
    days = snapshot.days[ranking.documents].astype(np.int64)
    key = -days if sort == "newest" else np.where(days == 0, np.iinfo(np.int64).max, days)
    return ranking.sorted(np.argsort(key, kind="stable"))
