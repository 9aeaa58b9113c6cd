"""The result set of a query: fixed before filters, which only ever take from it.

It holds the issues that hold the words, and of the NEAREST best candidates those that one of the
signals calls near. Candidates are found, scored and fused once; every filter then intersects.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from search.fusion import NEAREST, Fusion, are_near
from search.local.asked import Asked
from search.local.signals import Documents, Mask, Scores, make_scorers
from search.request import Mode, Sort

_NONE = np.zeros(0, np.int64)


class Ranking:
    """A result set in order: fused candidates first, then what only holds the words."""

    def __init__(self, asked: Asked) -> None:
        """Find, score and fuse the candidates of every signal."""
        self._asked = asked
        self._scorers = make_scorers(asked)
        matched = asked.matched
        allowed = asked.bound
        if asked.query.strict and asked.mode is not Mode.SEMANTIC:
            allowed = asked.snapshot.mask(matched)
        self._lists = self._candidates(allowed)
        pool = np.unique(np.concatenate([_NONE, *self._lists.values()]))
        scores = self._score(pool)
        self._fusion = Fusion(scores) if scores else None
        fused = self._fusion.scores(scores) if self._fusion else np.zeros(len(pool))
        order = np.lexsort((asked.snapshot.ids[pool], -fused))
        pool, fused = pool[order], fused[order]
        places = np.searchsorted(matched, pool)
        holds = np.zeros(len(pool), np.bool_)
        inside = places < len(matched)
        holds[inside] = matched[places[inside]] == pool[inside]
        kept = holds
        if Mode.LEXICAL is not asked.mode or asked.query.match is None:
            near = are_near(scores)[order] if scores else np.zeros(len(pool), np.bool_)
            near[NEAREST:] = False
            kept = holds | near
        self._fused, self._fused_scores = pool[kept], fused[kept]
        self._holds = holds[kept]
        self._rest = np.delete(matched, places[holds]).astype(np.int64)

    def under(self, allowed: Mask | None) -> Selection:
        """The part of the result set that filters allow; all of it for None."""
        fused, scores, holds, rest = self._fused, self._fused_scores, self._holds, self._rest
        if allowed is not None:
            kept = allowed[fused]
            fused, scores, holds = fused[kept], scores[kept], holds[kept]
            rest = rest[allowed[rest]]
        with_words = len(rest) + int(np.count_nonzero(holds))
        return Selection(self._asked, fused, scores, rest, with_words)

    def nearest_under(self, allowed: Mask, most: int) -> tuple[Documents, Scores]:
        """The `most` nearest of the allowed issues that are not in the result set, best first.

        Scored on the scale of the whole result set, so that far ones have low scores.
        """
        others = allowed & self._asked.bound
        others[self._fused] = False
        others[self._rest] = False
        if self._fusion is None or not others.any():
            return _NONE, np.zeros(0)
        pool = np.unique(np.concatenate([_NONE, *self._candidates(others, most).values()]))
        scores = self._fusion.scores(self._score(pool)) if len(pool) else np.zeros(0)
        order = np.lexsort((self._asked.snapshot.ids[pool], -scores))[:most]
        return pool[order], scores[order]

    def ranks(self, document: int) -> dict[str, int]:
        """The place (from 1) of a document among the candidates of each signal that has it."""
        return {
            name: places[document] for name, places in self._places.items() if document in places
        }

    @cached_property
    def _places(self) -> Mapping[str, dict[int, int]]:
        return {
            name: {document: place for place, document in enumerate(documents.tolist(), 1)}
            for name, documents in self._lists.items()
        }

    def _candidates(self, allowed: Mask, most: int = 0) -> dict[str, Documents]:
        return {
            signal.name: scorer.candidates(allowed, most or signal.candidates)
            for signal, scorer in self._scorers.items()
        }

    def _score(self, pool: Documents) -> dict[str, Scores]:
        return {signal.name: scorer.scores(pool) for signal, scorer in self._scorers.items()}


class Selection:
    """A part of a result set, in order."""

    def __init__(
        self, asked: Asked, fused: Documents, scores: Scores, rest: Documents, with_words: int
    ) -> None:
        """`fused` best first with `scores`; `rest` ascending, which only holds the words."""
        self._asked = asked
        self._fused = fused
        self._scores = scores
        self._rest = rest
        self.with_words = with_words

    def __len__(self) -> int:
        """How many issues there are."""
        return len(self._fused) + len(self._rest)

    @cached_property
    def members(self) -> Documents:
        """The documents, ascending."""
        fused = np.sort(self._fused)
        return np.insert(self._rest, np.searchsorted(self._rest, fused), fused)

    def in_order(self, sort: Sort, most: int) -> tuple[Documents, Scores]:
        """The first `most` documents and their scores; 0 for what only holds the words."""
        if sort is Sort.RELEVANCE:
            if most <= len(self._fused):
                return self._fused[:most], self._scores[:most]
            documents = self._by_relevance
        else:
            documents = self._by_relevance
            days = self._asked.snapshot.days[documents].astype(np.int64)
            undated_last = np.where(days == 0, np.iinfo(np.int64).max, days)
            key = -days if sort is Sort.NEWEST else undated_last
            documents = documents[np.argsort(key, kind="stable")]
        return documents[:most], self._score_of(documents[:most])

    @cached_property
    def _by_relevance(self) -> Documents:
        worth = self._asked.worth[self._rest] if len(self._rest) else np.zeros(0)
        order = np.lexsort((self._asked.snapshot.ids[self._rest], -worth))
        return np.concatenate([self._fused, self._rest[order]])

    def _score_of(self, documents: Documents) -> Scores:
        known = dict(zip(self._fused.tolist(), self._scores.tolist(), strict=True))
        return np.array([known.get(document, 0.0) for document in documents.tolist()])
