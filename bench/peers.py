"""Other search engines behind one small shape, fed with the tokens of our own analysis.

Each indexes four text fields and the facet values of the same documents, answers with the
best ten and, where it can, the number of all matches. Boosts are those of our ranking where
an engine has boosts.
"""

from __future__ import annotations

import importlib.util
import sqlite3
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bench.queries import FACETS, Asked
from index.segments.postings import FIELDS
from search.local.lexical import Weights

TOP = 10
BOOSTS = dict(zip(FIELDS, (*Weights().boosts, 0.0), strict=True))


@dataclass(frozen=True, slots=True)
class Document:
    """A document as peers get it: tokens by field, and facet values by group."""

    number: int
    tokens: Mapping[str, Sequence[str]]
    values: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A question in tokens, ready for an engine; `weights` of a pasted text's key terms."""

    asked: Asked
    every: tuple[str, ...]
    some: tuple[str, ...]
    phrase: tuple[str, ...]
    without: tuple[str, ...]
    weights: Mapping[str, float]


class Peer(Protocol):
    """An engine: `add` every document, `finish` once, or `open` what was finished before."""

    name: str
    package: str

    def __init__(self, directory: Path) -> None:
        """Its files go into `directory`, which exists."""

    def add(self, document: Document) -> None: ...

    def finish(self) -> None: ...

    def open(self) -> None: ...

    def prepare(self, question: Tokens) -> Any | None:
        """The question as the engine's own object; None where it cannot answer such a one."""

    def search(self, prepared: Any) -> int | None:
        """Find the best ten; the number of all matches, None where the engine does not count."""


def installed(peer: type[Peer]) -> bool:
    """Whether a peer's package is there."""
    return importlib.util.find_spec(peer.package) is not None


class Tantivy:
    """tantivy, single-threaded: all fields, counts and aggregations on."""

    name, package = "tantivy", "tantivy"

    def __init__(self, directory: Path) -> None:
        import tantivy

        self._t, self._directory = tantivy, directory
        builder = tantivy.SchemaBuilder()
        for name in FIELDS:
            builder.add_text_field(name, tokenizer_name="whitespace")
        for name in FACETS:
            builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
        self._schema = builder.build()
        self._writer: Any = None

    def add(self, document: Document) -> None:
        if self._writer is None:
            index = self._t.Index(self._schema, path=str(self._directory))
            self._writer = index.writer(256 << 20, 1)
        made = self._t.Document()
        for name, tokens in document.tokens.items():
            made.add_text(name, " ".join(tokens))
        for group, values in document.values.items():
            for value in values:
                made.add_text(group, value)
        self._writer.add_document(made)

    def finish(self) -> None:
        self._writer.commit()
        self._writer.wait_merging_threads()
        self._writer = None

    def open(self) -> None:
        index = self._t.Index.open(str(self._directory))
        index.reload()
        self._searcher: Any = index.searcher()

    def _term(self, token: str, weight: float = 1.0) -> Any:
        query, should = self._t.Query, self._t.Occur.Should
        fields = [
            (should, query.boost_query(query.term_query(self._schema, name, token), boost * weight))
            for name, boost in BOOSTS.items()
        ]
        return query.boolean_query(fields)

    def _phrase(self, words: Sequence[str]) -> Any:
        query, should = self._t.Query, self._t.Occur.Should
        phrases = (query.phrase_query(self._schema, name, list(words)) for name in FIELDS)
        boosts = BOOSTS.values()
        return query.boolean_query(
            [(should, query.boost_query(p, b)) for p, b in zip(phrases, boosts, strict=True)]
        )

    def prepare(self, question: Tokens) -> Any:
        query, occur = self._t.Query, self._t.Occur
        some = [(occur.Should, self._term(token)) for token in question.some]
        some += [(occur.Should, self._term(*weighted)) for weighted in question.weights.items()]
        parts = [(occur.Must, self._term(token)) for token in question.every]
        parts += [(occur.Must, query.boolean_query(some))] if some else []
        parts += [(occur.Must, self._phrase(question.phrase))] if question.phrase else []
        parts += [(occur.MustNot, self._term(token)) for token in question.without]
        for group, value in question.asked.filters.items():
            chosen = query.term_query(self._schema, group, value, index_option="basic")
            parts.append((occur.Must, query.const_score_query(chosen, 0.0)))
        counted = {
            group: {"terms": {"field": group, "size": 1_000}} for group in question.asked.facets
        }
        whole = parts[0][1] if len(parts) == 1 else query.boolean_query(parts)
        return whole, counted

    def search(self, prepared: Any) -> int:
        query, counted = prepared
        found = self._searcher.search(query, TOP)
        if counted:
            self._searcher.aggregate(query, counted)
        return int(found.count)


class TantivyTop(Tantivy):
    """tantivy without counting matches, which lets it skip most of them."""

    name = "tantivy, no count"

    def search(self, prepared: Any) -> None:  # type: ignore[override]
        query, counted = prepared
        self._searcher.search(query, TOP, count=False)
        if counted:
            self._searcher.aggregate(query, counted)


class Bm25s:
    """bm25s with its numba backend: one field, any of the words, the best ten."""

    name, package = "bm25s", "bm25s"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ids: dict[str, int] = {}
        self._documents: list[array[int]] = []

    def add(self, document: Document) -> None:
        ids = self._ids
        tokens = (token for name in FIELDS for token in document.tokens[name])
        self._documents.append(array("i", [ids.setdefault(t, len(ids)) for t in tokens]))

    def finish(self) -> None:
        import bm25s

        model = bm25s.BM25(k1=1.2, b=0.75, backend="numba")
        model.index((self._documents, self._ids), show_progress=False)
        model.save(str(self._directory), show_progress=False)
        self._documents = []

    def open(self) -> None:
        import bm25s
        import numba

        numba.set_num_threads(1)
        self._model = bm25s.BM25.load(str(self._directory), mmap=True)
        self._model.backend = "numba"
        self._model.activate_numba_scorer()

    def prepare(self, question: Tokens) -> list[list[str]] | None:
        asked = question.asked
        if question.every or question.phrase or question.without or asked.filters or asked.facets:
            return None
        return [list(question.some or question.weights)]

    def search(self, prepared: Any) -> None:
        self._model.retrieve(prepared, k=TOP, show_progress=False)


class Fts5:
    """SQLite's FTS5 with its bm25() over four columns; facet values in a table beside it."""

    name, package = "SQLite FTS5", "sqlite3"

    def __init__(self, directory: Path) -> None:
        self._db = sqlite3.connect(directory / "fts5.db")

    def add(self, document: Document) -> None:
        if document.number == 0:
            columns = ", ".join(FIELDS)
            tokenizer = "tokenize = \"unicode61 tokenchars '.'\""
            self._db.execute(
                f"CREATE VIRTUAL TABLE f USING fts5({columns}, content='', {tokenizer})"
            )
            self._db.execute("CREATE TABLE v (value TEXT, d INTEGER, PRIMARY KEY (value, d))")
            self._db.execute("CREATE INDEX vd ON v (d, value)")
        self._db.execute(
            "INSERT INTO f (rowid, request, summary, rationale, guidelines) VALUES (?, ?, ?, ?, ?)",
            (document.number, *(" ".join(document.tokens[name]) for name in FIELDS)),
        )
        self._db.executemany(
            "INSERT INTO v VALUES (?, ?)",
            [(f"{g}:{v}", document.number) for g, of in document.values.items() for v in of],
        )

    def finish(self) -> None:
        self._db.execute("INSERT INTO f (f) VALUES ('optimize')")
        self._db.commit()

    def open(self) -> None:
        boosts = ", ".join(str(BOOSTS[name]) for name in FIELDS)
        kept = "f MATCH ? AND (SELECT count(*) FROM v WHERE d = f.rowid AND value IN (?, ?)) = ?"
        self._best = f"SELECT rowid FROM f WHERE {kept} ORDER BY bm25(f, {boosts}) LIMIT {TOP}"
        self._count = f"SELECT count(*) FROM f WHERE {kept}"
        self._facets = (
            "SELECT value, count(*) FROM v WHERE d IN (SELECT rowid FROM f WHERE f MATCH ?)"
            " GROUP BY value"
        )

    def prepare(self, question: Tokens) -> tuple[str, tuple[str, ...], bool]:
        parts = [f'"{token}"' for token in question.every]
        some = " OR ".join(f'"{token}"' for token in question.some or question.weights)
        parts += [f"({some})"] if some else []
        parts += [f'"{" ".join(question.phrase)}"'] if question.phrase else []
        without = "".join(f' NOT "{token}"' for token in question.without)
        filters = tuple(f"{group}:{value}" for group, value in question.asked.filters.items())
        return " AND ".join(parts) + without, filters, bool(question.asked.facets)

    def search(self, prepared: Any) -> int:
        match, filters, facets = prepared
        bound = (match, *(*filters, "", "")[:2], len(filters))
        self._db.execute(self._best, bound).fetchall()
        if facets:
            self._db.execute(self._facets, (match,)).fetchall()
        return int(self._db.execute(self._count, bound).fetchone()[0])


class Whoosh:
    """Whoosh as it comes, but for `replace = 0`, without which it loses true best documents."""

    name, package = "Whoosh", "whoosh"

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._writer: Any = None

    def add(self, document: Document) -> None:
        if self._writer is None:
            self._writer = self._create().writer(limitmb=1024)
        values = {
            group: " ".join(map(_one_word, of)) for group, of in document.values.items() if of
        }
        texts = {name: " ".join(tokens) for name, tokens in document.tokens.items()}
        self._writer.add_document(**texts, **values)

    def _create(self) -> Any:
        from whoosh.analysis import SpaceSeparatedTokenizer
        from whoosh.fields import KEYWORD, TEXT, Schema
        from whoosh.index import create_in

        texts = {name: TEXT(analyzer=SpaceSeparatedTokenizer()) for name in FIELDS}
        return create_in(str(self._directory), Schema(**texts, **{g: KEYWORD() for g in FACETS}))

    def finish(self) -> None:
        self._writer.commit()

    def open(self) -> None:
        from whoosh import query, sorting
        from whoosh.index import open_dir

        self._q = query
        self._searcher = open_dir(str(self._directory), readonly=True).searcher()
        self._facets = sorting.Facets()
        for group in FACETS:
            self._facets.add_field(group, allow_overlap=True, maptype=sorting.Count)

    def prepare(self, question: Tokens) -> tuple[Any, Any, bool]:
        query = self._q
        parts: list[Any] = [self._term(token) for token in question.every]
        some = [self._term(token) for token in question.some]
        some += [self._term(*weighted) for weighted in question.weights.items()]
        parts += [query.Or(some)] if some else []
        if question.phrase:
            of_fields = [query.Phrase(f, list(question.phrase), boost=b) for f, b in BOOSTS.items()]
            parts.append(query.Or(of_fields))
        parts += [query.Not(self._term(token)) for token in question.without]
        chosen = [query.Term(g, _one_word(v)) for g, v in question.asked.filters.items()]
        whole = parts[0] if len(parts) == 1 else query.And(parts)
        return whole, query.And(chosen) if chosen else None, bool(question.asked.facets)

    def _term(self, token: str, weight: float = 1.0) -> Any:
        terms = [self._q.Term(name, token, boost=b * weight) for name, b in BOOSTS.items()]
        return self._q.Or(terms)

    def search(self, prepared: Any) -> int | None:
        try:
            return self._search(prepared, TOP)
        except ZeroDivisionError:  # its skipping divides by a boost of 0; without a limit it is off
            return self._search(prepared, None)

    def _search(self, prepared: Any, limit: int | None) -> int | None:
        whole, chosen, facets = prepared
        collector = self._searcher.collector(
            limit=limit, filter=chosen, groupedby=self._facets if facets else None
        )
        inner = collector
        while hasattr(inner, "child"):
            inner = inner.child
        inner.replace = 0
        self._searcher.search_with_collector(whole, collector)
        # What it counts under a filter or with groups is not what matches.
        return None if chosen is not None or facets else len(collector.results())


def _one_word(value: str) -> str:
    return value.replace(" ", "_")


PEERS: tuple[type[Peer], ...] = (Tantivy, TantivyTop, Bm25s, Fts5, Whoosh)
