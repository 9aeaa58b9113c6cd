"""The lexical arm: BM25F over the impact arrays of a generation's segments.

A document scores, for each word of the question, the sum over fields f of

    boost_f * idf(word) * tf * (K1 + 1) / (tf + K1 * (1 - B_f + B_f * length / average_f))
    idf(word) = log(N / (df + 1)) + 1

as Whoosh's BM25F does (whoosh.scoring), lengths in Whoosh's 256 steps; but df counts documents
with the word in any field that ranks, where Whoosh takes each field for itself: how telling a
word is does not depend on the field it stands in. N, df and the averages are those of all
segments, deleted documents included until their segment is written anew, and are taken at each
question, so a segment stays valid as the corpus grows.

Documents are numbered 0..N-1 over the segments in order. Equal scores rank by that number.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from index.analysis import chunks, pieces, stop_words, tokens
from index.segments.codec import LENGTHS
from index.segments.postings import FIELDS, Segment, packed
from search import plan
from search.matches import Matches
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


@dataclass(frozen=True, slots=True)
class Expansion:
    """The terms a prefix or wildcard stands for, most frequent first, of `found` in all."""

    terms: tuple[str, ...]
    found: int


@dataclass(slots=True)
class _Split:
    """The children of a node, planned, by how they are evaluated."""

    rows: list[plan.Row] = field(default_factory=list)
    others: list[plan.Part] = field(default_factory=list)

    def parts(self) -> list[plan.Part]:
        return [*self.rows, *self.others]


class LexicalArm:
    """Finds and ranks the documents of `segments`; safe to share between threads.

    `deleted` has for each segment a bool for each document, or None where none is deleted.
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        deleted: Sequence[Array | None],
        weights: Weights | None = None,
    ) -> None:
        self._weights = weights or Weights()
        self.issues: Array = np.concatenate(
            [np.empty(0, np.int64), *(segment.issues for segment in segments)]
        )
        total = sum((segment.totals for segment in segments), np.zeros(len(FIELDS)))
        norms = self._norms(total / max(len(self.issues), 1))
        tf = np.arange(16)[:, None]
        table = (tf / (tf + norms[:, None])).ravel()
        self._vocabulary: tuple[list[str], Array] | None = None
        self._mapped = [plan.Mapped(n, s, norms, table) for n, s in enumerate(segments)]
        self._live = [
            plan.ALL if mask is None or not mask.any() else ~mask
            for _, mask in zip(segments, deleted, strict=True)
        ]

    def __len__(self) -> int:
        """The number of documents, deleted ones included."""
        return len(self.issues)

    def _norms(self, averages: Array) -> Array:
        """K1 * (1 - B + B * length / average), by field and length byte."""
        b = np.array([*self._weights.b, 0.0])[:, None]
        averages = np.where(averages > 0, averages, 1)[:, None]
        norms: Array = self._weights.k1 * (1 - b + b * LENGTHS / averages)
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
                segment = mapped.segment
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

    def expand(self, node: Prefix | Wildcard) -> Expansion:
        """The terms of the words that `node` describes, as far as they are used."""
        frequencies: Counter[bytes] = Counter()
        for mapped in self._mapped:
            segment = mapped.segment
            numbers = np.unique(segment.word_terms[_described(segment, node)])
            sizes = segment.rows[numbers + 1] - segment.rows[numbers]
            for number, size in zip(numbers.tolist(), sizes.tolist(), strict=True):
                frequencies[segment.terms[number]] += size
        ordered = sorted(frequencies, key=lambda term: (-frequencies[term], term))
        terms = tuple(term.decode() for term in ordered[:MOST_EXPANSIONS])
        return Expansion(terms, len(ordered))

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
                return self._words(tokens(text), 1, name, weight)
            case Phrase(words, slop, name):
                terms = [term for word in words for term in tokens(word)]
                return self._words(terms, slop, name, 1.0)
            case Prefix(_, name) | Wildcard(_, name):
                return _some(_Split(self._rows(self.expand(node).terms, _mask(name))), 1)
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

    def _split(self, children: Sequence[Node]) -> _Split:
        split = _Split()
        for child in children:
            part = self._plan(child)
            if isinstance(part, plan.Row):
                split.rows.append(part)
            else:
                split.others.append(part)
        return split

    def _words(self, terms: list[str], slop: int, name: str | None, weight: float) -> plan.Part:
        rows = self._rows(terms, _mask(name), [weight] * len(terms))
        if not rows:
            return plan.NOTHING
        return (
            rows[0] if len(rows) == 1 else plan.Consecutive(rows, slop, min(r.cost for r in rows))
        )

    def _spans(self, terms: Sequence[str]) -> tuple[Array, Array, Array]:
        """The rows [term, segment, 2], frequencies and sizes of rows of `terms`."""
        keys, ends = packed([term.encode() for term in terms])
        spans = np.zeros((len(terms), len(self._mapped), 2), np.int64)
        frequencies = np.zeros(len(terms), np.int64)
        for mapped in self._mapped:
            of = mapped.segment
            plan.kernels.locate(
                of.terms.text, of.terms.ends, of.rows, of.frequencies,
                keys, ends, spans[:, mapped.number], frequencies,
            )  # fmt: skip
        return spans, frequencies, (spans[:, :, 1] - spans[:, :, 0]).sum(axis=1)

    def _rows(
        self, terms: Sequence[str], fields: int, weights: Sequence[float] | None = None
    ) -> list[plan.Row]:
        """The rows of `terms`, each of whose scores is multiplied by its weight."""
        spans, frequencies, sizes = self._spans(terms)
        scale = np.ones(len(terms)) if weights is None else np.array(weights)
        scale = scale * self._idf(frequencies) * (self._weights.k1 + 1)
        worth = scale[:, None] * np.array([*self._weights.boosts, 0.0])
        columns = (spans.tolist(), worth, sizes.tolist())
        return [plan.Row(span, fields, *rest) for span, *rest in zip(*columns, strict=True)]


def _mask(name: str | None) -> int:
    """The bits of a count that belong to the field `name`, or to all."""
    return _ALL_FIELDS if name is None else 0xFF << 8 * FIELDS.index(name)


def _every(split: _Split, excluded: Sequence[plan.Part]) -> plan.Every:
    cost = min((part.cost for part in split.parts()), default=0)
    return plan.Every(split.rows, split.others, excluded, cost)


def _some(split: _Split, least: int) -> plan.Some:
    cost = sum(part.cost for part in split.parts())
    return plan.Some(split.rows, split.others, max(least, 1), cost)


def _described(segment: Segment, node: Prefix | Wildcard) -> slice | list[int]:
    """Which entries of the segment's words `node` describes."""
    pattern = node.text + "*" if isinstance(node, Prefix) else node.pattern
    head = re.split(r"[*?]", pattern, maxsplit=1)[0].encode()
    first, last = segment.words.place(head), segment.words.place(head + b"\xff")
    if isinstance(node, Prefix):
        return slice(first, last)
    parts = (".*" if mark == "*" else "." if mark == "?" else re.escape(mark) for mark in pattern)
    fits = re.compile("".join(parts)).fullmatch
    return [at for at in range(first, last) if fits(segment.words[at].decode())]
