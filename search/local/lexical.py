"""The lexical arm: BM25F over the postings of a generation's segments.

A document scores, for each word of the question, the sum over fields f of

    boost_f * idf(word) * tf * (K1 + 1) / (tf + K1 * (1 - B_f + B_f * length / average_f))
    idf(word) = log(N / (df + 1)) + 1

as Whoosh's BM25F does (whoosh.scoring), lengths in Lucene's 256 steps; but df counts documents
with the word in any field that ranks, where Whoosh takes each field for itself: how telling a
word is does not depend on the field it stands in. N and df are those of all segments, deleted
documents included until their segment is written anew, and are taken at each question, so a
segment stays valid as the corpus grows; the averages are given, or those of all segments.

Documents are numbered 0..N-1 over the segments in order. Equal scores rank by that number.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from index.analysis import Piece, chunks, pieces, stop_words, tokens
from index.segments.lengths import LENGTHS
from index.segments.postings import FIELDS, RANKED, Postings, packed
from search.local import kernels, plan
from search.local.matches import Matches
from search.local.written import Forms, WordExpansion, expand
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

Array = npt.NDArray[Any]
MOST_EXPANSIONS = 64
"""A prefix or wildcard stands for so many words, those in most documents first."""
_ALL_FIELDS = 0xFFFFFFFF
_COMMON_FROM = 2  # documents: a word in fewer may be a typing error itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The free parameters of the ranking, by field in the order of `RANKED`.

    `boosts` say what a word is worth in each field, `b` how much long fields count less,
    `k1` how soon repeating a word stops counting.
    """

    boosts: tuple[float, ...] = (1.0, 0.5, 1.0)
    b: tuple[float, ...] = (0.75, 0.75, 0.75)
    k1: float = 1.2


@dataclass(slots=True)
class _Split:
    """The children of a node, planned, by how they are evaluated."""

    rows: list[plan.Row] = field(default_factory=list)
    others: list[plan.Part] = field(default_factory=list)

    def add(self, part: plan.Part) -> None:
        if isinstance(part, plan.Row):
            self.rows.append(part)
        else:
            self.others.append(part)

    def parts(self) -> list[plan.Part]:
        return [*self.rows, *self.others]


class LexicalArm:
    """Finds and ranks the documents of `segments`; safe to share between threads.

    `deleted` has for each segment a bool for each document, or None where none is deleted;
    `averages` are the average lengths of the ranked fields, those of the segments if not given.
    """

    def __init__(
        self,
        segments: Sequence[Postings],
        deleted: Sequence[Array | None],
        weights: Weights | None = None,
        *,
        averages: Sequence[float] | None = None,
    ) -> None:
        self._weights = weights or Weights()
        self._worth = np.array([*self._weights.boosts, 0.0]) * (self._weights.k1 + 1)
        self.issues: Array = np.concatenate(
            [np.empty(0, np.int64), *(segment.issues for segment in segments)]
        )
        if averages is None:
            totals = sum((segment.totals for segment in segments), np.zeros(len(FIELDS)))
            averages = (totals[: len(RANKED)] / max(len(self.issues), 1)).tolist()
        norms = self._norms(averages)
        tf = np.arange(16)[:, None]
        table = (tf / (tf + norms[:, None])).ravel()
        self._vocabulary: tuple[list[str], Array] | None = None
        self._mapped = [plan.mapped(n, s, norms, table) for n, s in enumerate(segments)]
        self._forms = [Forms(segment) for segment in segments]
        self._live = [
            plan.ALL if mask is None or not mask.any() else ~mask
            for _, mask in zip(segments, deleted, strict=True)
        ]

    def __len__(self) -> int:
        """The number of documents, deleted ones included."""
        return len(self.issues)

    def _norms(self, averages: Sequence[float]) -> Array:
        """K1 * (1 - B + B * length / average), by field and length byte."""
        b = np.array([*self._weights.b, 0.0])[:, None]
        average = np.array([*(a if a > 0 else 1.0 for a in averages), 1.0])[:, None]
        norms: Array = self._weights.k1 * (1 - b + b * LENGTHS / average)
        norms[:, 0] = 1  # of fields without words, where 0 would divide by 0
        return norms

    def match(self, node: Node, allowed: Array | None = None) -> Matches:
        """All documents that match `node`; of those with True in `allowed`, if given."""
        return self._run(self._plan(node), allowed)

    def rank(self, node: Node, allowed: Array | None = None, k: int = 10) -> Matches:
        """The best `k` documents that match `node`, best first."""
        return self.match(node, allowed).top(k)

    def find(self, node: Node) -> Array:
        """The documents (int32, ascending) that match `node`, without their scores."""
        part, found = self._plan(node), [np.empty(0, np.int32)]
        for mapped, base, mask in self._masked(None):
            found.append(part.documents(mapped, mask) + np.int32(base))
        return np.concatenate(found)

    def counts(self, children: Iterable[Node]) -> Array:
        """How many of the children match each document (uint16); 0 for one that is deleted."""
        split, found = self._split(children), np.zeros(len(self), np.uint16)
        for mapped, base, mask in self._masked(None):
            hits = _some(split, 1).hits(mapped)
            found[base : base + len(mapped)] = np.where(mask, hits, 0) if len(mask) else hits
        return found

    def score_terms(self, weighted: Mapping[str, float]) -> Array:
        """The score (float32) of every document by the terms, each term's times its weight; 0 for
        what holds none of them or is deleted.
        """
        rows = self._rows(list(weighted), _ALL_FIELDS, list(weighted.values()))
        scores = np.zeros(len(self), np.float32)
        for mapped, base, mask in self._masked(None):
            plan.score(mapped, rows, mask, scores[base : base + len(mapped)])
        return scores

    def df(self, term: str) -> int:
        """In how many documents the analysed `term` is, in any field, deleted ones included."""
        return int(self._spans([term])[2][0])

    def holds(self, word: str) -> bool:
        """Whether any document has a form of `word`."""
        return any(self.df(term) for term in tokens(word))

    def vocabulary(self) -> tuple[list[str], Array]:
        """The words of the index as written, those in `_COMMON_FROM` documents or more, and in
        how many each is; made at the first call.
        """
        if self._vocabulary is None:
            found: Counter[str] = Counter()
            for mapped in self._mapped:
                segment = mapped.postings
                sizes = np.diff(segment.rows)[segment.word_terms]
                for at in np.flatnonzero(sizes >= _COMMON_FROM):
                    found[segment.words[int(at)].decode()] += int(sizes[at])
            self._vocabulary = (list(found), np.array(list(found.values()), np.int64))
        return self._vocabulary

    def key_terms(self, text: str, n: int = 40) -> dict[str, float]:
        """The `n` terms that tell most about `text`, with the weight of each for `score_terms`.

        Chosen by weight * idf, the weight being the count in `text`, dampened: 1 + log(count).
        Stop words, plain numbers and terms in no document are left out.
        """
        common = stop_words()
        counts = Counter(
            piece.term
            for chunk in chunks(text)
            for piece in pieces(chunk)
            if piece.word not in common and not piece.word.replace(".", "").isdigit()
        )
        weights = {term: 1 + math.log(count) for term, count in counts.items()}
        frequencies = self._spans(list(weights))[1]
        columns = (weights.items(), self._idf(frequencies).tolist(), frequencies.tolist())
        worth = {term: weight * idf for (term, weight), idf, df in zip(*columns, strict=True) if df}
        chosen = sorted(worth, key=lambda term: (-worth[term], term))[:n]
        return {term: weights[term] for term in chosen}

    def expand(self, node: Prefix | Wildcard) -> WordExpansion:
        """The words that `node` describes, as far as they are used."""
        return expand([mapped.postings for mapped in self._mapped], node, MOST_EXPANSIONS)

    def _idf(self, df: Array) -> Array:
        idf: Array = np.log(max(len(self), 1) / (df + 1)) + 1
        return idf

    def _run(self, part: plan.Part, allowed: Array | None) -> Matches:
        docs, scores = [np.empty(0, np.int32)], [np.empty(0, np.float32)]
        for mapped, base, mask in self._masked(allowed):
            found, scored = part.run(mapped, mask)
            docs.append(found + np.int32(base))
            scores.append(scored.astype(np.float32))
        return Matches(np.concatenate(docs), np.concatenate(scores))

    def _masked(self, allowed: Array | None) -> Iterator[tuple[plan.Mapped, int, Array]]:
        """Each segment, the number of its first document, and which of its documents may match."""
        base = 0
        for mapped, live in zip(self._mapped, self._live, strict=True):
            mask = live
            if allowed is not None:
                mask = allowed[base : base + len(mapped)]
                mask = mask & live if len(live) else mask
            yield mapped, base, mask
            base += len(mapped)

    def _plan(self, node: Node) -> plan.Part:
        match node:
            case Word(text, name, weight):
                return self._words(_pieces([text]), 1, name, weight, exact=node.exact)
            case Phrase(words, slop, name):
                return self._words(_pieces(words), slop, name, 1.0, exact=node.exact)
            case Prefix(_, name) | Wildcard(_, name):
                return _some(self._written(self.expand(node), _mask(name)), 1)
            case And(children):
                excluded = [self._plan(child.child) for child in children if isinstance(child, Not)]
                kept = [child for child in children if not isinstance(child, Not)]
                return _every(self._split(kept), excluded)
            case Or(children):
                return _some(self._split(children), 1)
            case AtLeast(least, children):
                return _some(self._split(children), least)
            case Not(child):
                return _every(_Split(), [self._plan(child)])
            case Everything():
                return plan.EVERYTHING
            case Nothing():
                return plan.NOTHING

    def _split(self, children: Iterable[Node]) -> _Split:
        split = _Split()
        for child in children:
            split.add(self._plan(child))
        return split

    def _words(
        self, asked: Sequence[Piece], slop: int, name: str | None, weight: float, *, exact: bool
    ) -> plan.Part:
        """The pieces in order, and where they must be `exact`, as written."""
        rows = self._rows([piece.term for piece in asked], _mask(name), [weight] * len(asked))
        if not rows:
            return plan.NOTHING
        forms = [(piece.term, (piece.word,)) for piece in asked] if exact else None
        return self._consecutive(rows, slop, forms)

    def _written(self, expansion: WordExpansion, fields: int) -> _Split:
        """The words of an expansion; those of one term count together, as one word does."""
        split, by_term = _Split(), expansion.by_term()
        for row, asked in zip(self._rows(list(by_term), fields), by_term.items(), strict=True):
            split.add(self._consecutive([row], 1, [asked]))
        return split

    def _consecutive(
        self,
        rows: list[plan.Row],
        slop: int,
        asked: Sequence[tuple[str, Collection[str]]] | None,
    ) -> plan.Part:
        """The terms of `rows` in order, each in one of the words that are asked for, if any are."""
        if len(rows) == 1 and asked is None:
            return rows[0]
        wanted = [None if asked is None else forms.wanted(asked) for forms in self._forms]
        if len(rows) == 1 and all(of_segment is None for of_segment in wanted):
            return rows[0]
        cost = min(row.cost for row in rows)
        return plan.Consecutive(rows, slop * (len(rows) - 1), wanted, cost)

    def _spans(self, terms: Sequence[str]) -> tuple[Array, Array, Array]:
        """The rows [term, segment, 2], frequencies and sizes of rows of `terms`."""
        keys, ends = packed([term.encode() for term in terms])
        spans = np.zeros((len(terms), len(self._mapped), 2), np.int64)
        frequencies = np.zeros(len(terms), np.int64)
        for mapped in self._mapped:
            kernels.locate(mapped.terms, keys, ends, spans[:, mapped.number], frequencies)
        return spans, frequencies, (spans[:, :, 1] - spans[:, :, 0]).sum(axis=1)

    def _rows(
        self, terms: Sequence[str], fields: int, weights: Sequence[float] | None = None
    ) -> list[plan.Row]:
        """The rows of `terms`, each of whose scores is multiplied by its weight."""
        spans, frequencies, sizes = self._spans(terms)
        scale = self._idf(frequencies) if weights is None else self._idf(frequencies) * weights
        worth = scale[:, None] * self._worth
        columns = (spans.tolist(), worth, sizes.tolist())
        return [plan.Row(span, fields, *rest) for span, *rest in zip(*columns, strict=True)]


def _pieces(words: Iterable[str]) -> list[Piece]:
    """The pieces of `words`, in order."""
    return [piece for word in words for chunk in chunks(word) for piece in pieces(chunk)]


def _mask(name: str | None) -> int:
    """The bits of a count that belong to the field `name`, or to all."""
    return _ALL_FIELDS if name is None else 0xFF << 8 * FIELDS.index(name)


def _every(split: _Split, excluded: Sequence[plan.Part]) -> plan.Every:
    cost = min((part.cost for part in split.parts()), default=0)
    return plan.Every(split.rows, split.others, excluded, cost)


def _some(split: _Split, least: int) -> plan.Some:
    cost = sum(part.cost for part in split.parts())
    return plan.Some(split.rows, split.others, max(least, 1), cost)
