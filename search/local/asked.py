"""A query put to a generation: what of it is computed once, whatever is then looked at."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.encoder import Vectors
from search.backend import Query
from search.local.matches import Matches
from search.local.snapshot import LocalSnapshot, Mask
from search.query import And, Everything, Not, loosenable
from search.request import Mode

Matched = NDArray[np.int32]


class Asked:
    """A query and a generation. `vectors` are those of its texts, None where there are none.

    Without vectors meaning takes no part, and a query for meaning alone is answered by words.
    """

    def __init__(self, snapshot: LocalSnapshot, query: Query, vectors: Vectors | None) -> None:
        """Nothing is looked up before it is needed."""
        self.snapshot = snapshot
        self.query = query
        self.vectors = vectors
        self.mode = query.mode if vectors is not None else _without_meaning(query)

    @cached_property
    def bound(self) -> Mask:
        """The live documents that may take part: the very mask of the live ones where all may."""
        snapshot, query = self.snapshot, self.query
        masks = []
        if query.binds is not None:
            masks.append(snapshot.mask(snapshot.words.find(query.binds)))
        if (required := snapshot.catalogue.allowed(query.required)) is not None:
            masks.append(required)
        if query.only:
            masks.append(snapshot.mask(snapshot.documents(query.only)))
        if query.leave_out:
            masks.append(~snapshot.mask(snapshot.documents(query.leave_out)))
        return np.logical_and.reduce([snapshot.live, *masks]) if masks else snapshot.live

    @cached_property
    def matched(self) -> Matched:
        """The documents (ascending) that hold the words; none in a search by meaning alone."""
        if self.query.match is None or self.mode is Mode.SEMANTIC:
            return np.zeros(0, np.int32)
        matched, _ = self._loosened
        return matched if self.bound is self.snapshot.live else matched[self.bound[matched]]

    @property
    def least(self) -> int | None:
        """How many of the optional words are asked for; None where nothing was loosened."""
        return None if self.query.match is None else self._loosened[1]

    @cached_property
    def worth(self) -> NDArray[np.float32]:
        """What the words are worth in each document there is."""
        if self.query.match is not None and self.query.strict:
            worth = np.zeros(self.snapshot.size, np.float32)
            worth[self._scored.docs] = self._scored.scores
            return worth
        weights = dict(self.query.terms)
        for key, terms in zip(self.query.key_terms, self.key_terms, strict=True):
            for term, weight in terms.items():
                weights[term] = weights.get(term, 0.0) + key.weight * weight
        return self.snapshot.words.score_terms(weights)

    @cached_property
    def key_terms(self) -> list[dict[str, float]]:
        """The terms that tell most about each text of the query, with their weights."""
        return [self.snapshot.words.key_terms(key.text, key.most) for key in self.query.key_terms]

    @cached_property
    def _scored(self) -> Matches:
        """What holds the words, scored by them: a strict query ranks by what it matches."""
        return self.snapshot.words.match(self.query.match or Everything())

    @cached_property
    def _loosened(self) -> tuple[Matched, int | None]:
        """What holds the words, or as many of them as the query is content with, and how many."""
        if self.query.strict:
            return self._scored.docs, None
        node = self.query.match or Everything()
        words = self.snapshot.words
        matched = words.find(node)
        optional, fixed = loosenable(node) if self.query.loosen else ((), ())
        if len(matched) or len(optional) < 2:
            return matched, None
        counts = words.counts(optional)
        if fixed:
            counts = np.where(self.snapshot.mask(words.find(And(fixed))), counts, 0)
        holding = np.bincount(counts, minlength=len(optional) + 1)[::-1].cumsum()[::-1]
        enough = np.flatnonzero(holding[1 : len(optional)] >= self.query.loosen)
        least = int(enough[-1]) + 1 if len(enough) else 1
        if holding[least]:
            return np.flatnonzero(counts >= least).astype(np.int32), least
        insisted = any(not isinstance(child, Not) for child in fixed)
        return words.find(And(fixed)) if insisted else matched, 0


def _without_meaning(query: Query) -> Mode:
    return query.mode if query.mode is Mode.HYBRID and not query.texts else Mode.LEXICAL
