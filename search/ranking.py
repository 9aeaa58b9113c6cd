"""From a question to an ordered result set: the arms run, their candidates are fused.

The result set of words is stated exactly: the issues that contain them, and up to NEAR more
that are near in meaning. A question that uses operators, fields or wildcards gets the former
only. A pasted request has no words to contain: its result set is the NEAR nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from search.concepts import Features
from search.fusion import FusionWeights, fuse
from search.lexical import Matches
from search.query import Everything, Node
from search.snapshot import Snapshot

NEAR = 200
LEXICAL_POOL = 1_000
CONCEPT_POOL = 300
SEMANTIC_POOL = 300
FLOOR = 0.25  # the least semantic score that is called near
CONCEPT_FLOOR = 0.5  # or this share of the concepts asked for: a reason is given in many ways
WEIGHTS = FusionWeights(lexical=0.35, semantic=1.0, concepts=1.5)

Documents = NDArray[np.int64]
Mask = NDArray[np.bool_]
_NONE = np.zeros(0, np.int64)


class Mode(StrEnum):
    """Which arms take part."""

    HYBRID = "hybrid"
    LEXICAL = "lexical"
    SEMANTIC = "semantic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, for every arm.

    `match` is what an issue must match to contain the words, None for a pasted request;
    `strict` leaves out what is only near. `hard` binds in every mode. `terms` weigh analysed
    words for ranking, `vectors` are the focus and, if it differs, the whole text, None while
    the encoder is not ready; `features` is what the concept arm looks for.
    """

    match: Node | None
    strict: bool = False
    hard: Node | None = None
    terms: Mapping[str, float] = field(default_factory=dict)
    vectors: Vectors | None = None
    features: Features = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The result set in order.

    `documents` best first, `scores` in [0, 1] with them; `with_words` of them match. The
    ranks map documents to their place (from 1) in the arms that returned them.
    """

    documents: Documents
    scores: NDArray[np.float64]
    with_words: int
    lexical_ranks: Mapping[int, int]
    semantic_ranks: Mapping[int, int]
    concept_ranks: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _Arm:
    """What one arm returned: documents best first, and a score for any document asked for."""

    best: Documents
    score: Callable[[Documents], NDArray[np.float64]]


def rank(snapshot: Snapshot, question: Question, mode: Mode, allowed: Mask | None) -> Ranking:
    """The result set of `question` among the `allowed` documents (None: all live ones)."""
    allowed = _bound(snapshot, question, allowed)
    words = mode is not Mode.SEMANTIC or question.vectors is None
    meaning = mode is not Mode.LEXICAL and question.vectors is not None
    matched = Matches(_NONE, np.zeros(0))
    if words and question.match is not None:
        matched = snapshot.lexical.match(question.match, allowed)
        if question.strict:
            allowed = _mask(snapshot, matched.docs)
    ranks = words and not isinstance(question.match, Everything)
    lexical = _lexical(snapshot, question, matched, allowed) if ranks else None
    semantic = _semantic(snapshot, question, allowed) if meaning else None
    concepts = _concepts(snapshot, question, allowed) if mode is Mode.HYBRID else None
    pool, scores, near = _fused(lexical, semantic, concepts)
    contains = np.isin(pool, matched.docs, assume_unique=True)
    kept = contains
    if semantic is not None or question.match is None:
        near &= ~contains
        kept = contains | (near & (np.cumsum(near) <= NEAR))
    rest = _outside(pool, matched)
    return Ranking(
        documents=np.concatenate([pool[kept], rest]),
        scores=np.concatenate([scores[kept], np.zeros(len(rest))]),
        with_words=len(matched.docs),
        lexical_ranks=_ranks(lexical),
        semantic_ranks=_ranks(semantic),
        concept_ranks=_ranks(concepts),
    )


def _bound(snapshot: Snapshot, question: Question, allowed: Mask | None) -> Mask:
    """The live documents that the filters and the hard constraints of the question allow."""
    bound = snapshot.live if allowed is None else allowed & snapshot.live
    if question.hard is None:
        return bound
    return _mask(snapshot, snapshot.lexical.match(question.hard, bound).docs)


def _mask(snapshot: Snapshot, documents: NDArray[np.int32]) -> Mask:
    found = np.zeros(snapshot.size, dtype=np.bool_)
    found[documents] = True
    return found


def _lexical(snapshot: Snapshot, question: Question, matched: Matches, allowed: Mask) -> _Arm:
    """Documents by the question's terms, whether or not they hold all of its words."""
    found = matched
    if question.terms and not question.strict:
        found = snapshot.lexical.match_terms(question.terms, allowed)
    return _Arm(
        found.top(LEXICAL_POOL).docs.astype(np.int64),
        lambda documents: _looked_up(documents, found),
    )


def _semantic(snapshot: Snapshot, question: Question, allowed: Mask) -> _Arm:
    vectors = question.vectors
    assert vectors is not None
    everything = bool(allowed.all())
    nearest = snapshot.semantic.rank(vectors, SEMANTIC_POOL, None if everything else allowed)
    return _Arm(nearest.documents, lambda found: snapshot.semantic.scores(vectors, found))


def _concepts(snapshot: Snapshot, question: Question, allowed: Mask) -> _Arm | None:
    if not question.features:
        return None
    scores = np.where(allowed, snapshot.concepts.scores(question.features), 0.0)
    found = np.flatnonzero(scores)
    if len(found) > CONCEPT_POOL:
        least = np.partition(scores[found], -CONCEPT_POOL)[-CONCEPT_POOL]
        found = found[scores[found] >= least]
    best = found[np.lexsort((found, -scores[found]))][:CONCEPT_POOL]
    return _Arm(best.astype(np.int64), lambda documents: scores[documents])


def _fused(
    lexical: _Arm | None, semantic: _Arm | None, concepts: _Arm | None
) -> tuple[Documents, NDArray[np.float64], Mask]:
    """The candidates of all arms, best first, ties by document: their numbers, fused scores,
    and whether each is near enough in meaning to be shown for that alone.
    """
    arms = (lexical, semantic, concepts)
    pool = np.unique(np.concatenate([_NONE, *(arm.best for arm in arms if arm)]))
    if len(pool) == 0:
        return pool, np.zeros(0), np.zeros(0, dtype=np.bool_)
    words, meaning, alike = (arm.score(pool) if arm else None for arm in arms)
    scores = fuse(WEIGHTS, lexical=words, semantic=meaning, concepts=alike)
    near = np.ones(len(pool), dtype=np.bool_) if meaning is None else meaning >= FLOOR
    if alike is not None:
        near |= alike >= CONCEPT_FLOOR
    order = np.lexsort((pool, -scores))
    return pool[order], scores[order], near[order]


def _outside(pool: Documents, matched: Matches) -> Documents:
    """The matches that are not in the pool, by their lexical score."""
    outside = ~np.isin(matched.docs, pool, assume_unique=True)
    documents = matched.docs[outside].astype(np.int64)
    return documents[np.lexsort((documents, -matched.scores[outside]))]


def _looked_up(documents: Documents, found: Matches) -> NDArray[np.float64]:
    """The scores that `found` gives `documents`, 0 for those it does not hold."""
    if len(found.docs) == 0:
        return np.zeros(len(documents))
    at = np.minimum(np.searchsorted(found.docs, documents), len(found.docs) - 1)
    return np.where(found.docs[at] == documents, found.scores[at], 0.0)


def _ranks(arm: _Arm | None) -> dict[int, int]:
    return {int(document): at for at, document in enumerate(arm.best, 1)} if arm else {}


def sorted_by(snapshot: Snapshot, ranking: Ranking, sort: str) -> Ranking:
    """The ranking by relevance, or by date of decision: "newest" or "oldest", undated ones last."""
    if sort == "relevance":
        return ranking
    days = snapshot.days[ranking.documents].astype(np.int64)
    key = -days if sort == "newest" else np.where(days == 0, np.iinfo(np.int64).max, days)
    order = np.argsort(key, kind="stable")
    return replace(ranking, documents=ranking.documents[order], scores=ranking.scores[order])


def without(ranking: Ranking, own: int | None) -> Ranking:
    """The ranking less the issue that asked; None leaves all."""
    kept = ranking.documents != (-1 if own is None else own)
    return replace(ranking, documents=ranking.documents[kept], scores=ranking.scores[kept])
