"""The lexical arm beside tantivy, bm25s, SQLite FTS5 and plain Whoosh.

All engines get the same documents and questions, as the same tokens. Timed is the CPU time of
one thread; what an engine needs to read a question is not timed for peers, but is for us.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # also as a file, `python bench/...`

from bench.peers import PEERS, TOP, Bm25s, Document, Peer, Tantivy, Tokens, installed
from bench.queries import FACETS, KINDS, Asked, questions
from bench.setting import Row, cpu_ms, indexed, parser, report, timings
from index.analysis import tokens
from index.segments.postings import FIELDS
from index.segments.segment import lexical_document
from search.local import kernels
from search.local.snapshot import LocalSnapshot
from search.query import And, Node, Not, Or, Phrase, Word

ROUNDS = 3
_FEWEST = 3  # questions that even a slow engine answers
_OURS = "precedent"

Call = Callable[[], int | None]


class Ours:
    """The lexical arm, filters and facet counts of an index."""

    def __init__(self, snapshot: LocalSnapshot) -> None:
        self._snapshot = snapshot

    def answer(self, asked: Asked) -> int | None:
        """The best ten, and how many documents match; facets of all of them are counted."""
        snapshot = self._snapshot
        if asked.text:
            weights = snapshot.words.key_terms(asked.text)
            kernels.best(snapshot.words.score_terms(weights), TOP)
            return None  # nothing counts what holds any of forty words
        filters = {facet: (value,) for facet, value in asked.filters.items()}
        allowed = snapshot.catalogue.allowed(filters)
        found = snapshot.words.match(_node(asked), allowed)
        found.top(TOP)
        if asked.facets:
            snapshot.catalogue.count(found.docs)
        return len(found)

    def tokens(self, asked: Asked) -> Tokens:
        """The question as peers get it."""
        every, some, phrase, without = (
            tuple(dict.fromkeys(token for word in words for token in tokens(word)))
            for words in (asked.every, asked.some, asked.phrase, asked.without)
        )
        weights = self._snapshot.words.key_terms(asked.text) if asked.text else {}
        return Tokens(asked, every, some, phrase, without, weights)


def _node(asked: Asked) -> Node:
    parts: list[Node] = [Word(word) for word in asked.every]
    if asked.some:
        parts.append(Or(tuple(Word(word) for word in asked.some)))
    if asked.phrase:
        parts.append(Phrase(asked.phrase))
    parts += [Not(Word(word)) for word in asked.without]
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def documents(snapshot: LocalSnapshot) -> Iterator[Document]:
    """Every document of an index in the form peers take."""
    values: list[dict[str, list[str]]] = [{g: [] for g in FACETS} for _ in range(snapshot.size)]
    for group in FACETS:
        for plain in snapshot.values(group):
            for number in snapshot.catalogue.documents(f"{group}:{plain}").tolist():
                values[number][group].append(plain)
    for number, stored in enumerate(snapshot.store.stream(snapshot.words.issues.tolist())):
        document = lexical_document(stored)
        texts = {name: tokens(getattr(document, name)) for name in FIELDS}
        yield Document(number, texts, values[number])


def open_peers(snapshot: LocalSnapshot, folder: Path, wanted: Sequence[type[Peer]]) -> list[Peer]:
    """The peers, indexed where they are not yet; those of one package share an index."""
    made = {peer.package: peer for peer in wanted}
    waiting: dict[str, Peer] = {}
    for package, peer in made.items():
        if not (folder / package).exists():
            aside = folder / f"{package}.part"
            aside.mkdir(parents=True, exist_ok=True)
            waiting[package] = peer(aside)
    if waiting:
        spent = dict.fromkeys(waiting, 0.0)
        for document in documents(snapshot):
            for package, engine in waiting.items():
                spent[package] += cpu_ms(partial(engine.add, document))
        for package, engine in waiting.items():
            spent[package] += cpu_ms(engine.finish)
            (folder / f"{package}.part").rename(folder / package)
            print(f"indexed for {package}: {spent[package] / 1000:.1f} CPU-s", file=sys.stderr)
    opened = [peer(folder / peer.package) for peer in wanted]
    for one in opened:
        one.open()
    return opened


def measure(kind: str, calls: dict[str, list[Call]], budget: float) -> Iterator[Row]:
    """A row for each engine: each question's median of some rounds, engines taking turns."""
    times: dict[str, list[list[float]]] = {name: [] for name in calls}
    counts: dict[str, list[int | None]] = {}
    for name, of_engine in calls.items():
        of_engine[0]()  # compiles, where an engine does
        counts[name] = []
        started = time.thread_time()
        for call in of_engine:  # the first round warms up, and shows who is slow
            counts[name].append(call())
            spent = (time.thread_time() - started) * (ROUNDS + 1)
            if spent > budget and len(counts[name]) >= _FEWEST:
                break
    for _ in range(ROUNDS):
        for name, of_engine in calls.items():
            times[name].append([cpu_ms(call) for call in of_engine[: len(counts[name])]])
    for name, rounds in times.items():
        pairs = zip(counts[name], counts[_OURS], strict=False)
        same = [theirs == ours for theirs, ours in pairs if None not in (theirs, ours)]
        agree = {"same_count": round(sum(same) / len(same), 3)} if same else {}
        yield timings(kind, name, np.median(rounds, axis=0).tolist(), **agree)


def rows_of(
    kind: str, ours: Ours, peers: Sequence[Peer], count: int, budget: float
) -> Iterator[Row]:
    """The rows of one kind of question, and how much of a peer's time we take."""
    asked = questions(kind, count)
    calls: dict[str, list[Call]] = {_OURS: [partial(ours.answer, one) for one in asked]}
    for peer in peers:
        prepared = [peer.prepare(ours.tokens(one)) for one in asked]
        if prepared[0] is None:
            yield Row(kind, peer.name, {"missing": "the engine has no such question"})
        else:
            calls[peer.name] = [partial(peer.search, one) for one in prepared]
    rows = list(measure(kind, calls, budget))
    yield from rows
    for row in rows[1:]:
        ratios = {
            f"{name[:-3]}_ratio": round(float(rows[0].found[name]) / float(row.found[name]), 4)
            for name in ("median_ms", "p95_ms")
        }
        yield Row(kind, f"{_OURS} / {row.engine}", dict(ratios))


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    options = parser(__doc__ or "", issues=20_000)
    options.add_argument("--queries", type=int, default=100, help="questions of each kind")
    options.add_argument("--budget", type=float, default=20.0, help="CPU-s of an engine and kind")
    options.add_argument("--peers", default=",".join(peer.package for peer in PEERS))
    given = options.parse_args(arguments)
    snapshot = LocalSnapshot(indexed(given.work, given.issues, given.sample))
    named = [peer for peer in PEERS if peer.package in given.peers.split(",")]
    present = [peer for peer in named if installed(peer)]
    peers = open_peers(snapshot, given.work / f"peers-{given.issues}", present)
    ours = Ours(snapshot)
    rows = [
        Row("all", peer.name, {"missing": "not installed: make bench-peers"})
        for peer in named
        if peer not in present
    ]
    for kind in KINDS:
        print(f"asking: {kind}", file=sys.stderr, flush=True)
        rows += rows_of(kind, ours, peers, given.queries, given.budget)
    report(given.issues, rows, _NOTES, json_alone=given.json)


_NOTES = (
    "Thread-CPU milliseconds; each question's median of three rounds, then over questions.",
    f"{Tantivy.name} counts all matches, as we do; {Bm25s.name} has neither fields nor counts.",
    "three facets: we count all nine groups, peers the three.",
)

if __name__ == "__main__":
    main()
