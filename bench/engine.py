"""The whole system: calls, pages under load, memory, disk, a cold start, recall; txtai.

Calls are timed as CPU time of the calling thread, in which everything runs; pages as what 16
clients on loopback wait, with the server in a process of its own.
"""

from __future__ import annotations

import http.client
import os
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import faiss
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # also as a file, `python bench/...`

from bench.queries import questions
from bench.setting import Row, cpu_ms, has_drawn_vectors, indexed, parser, report, timings
from index.encoder import Vectors
from index.segments.vectors import SegmentVectors
from search.engine import Engine
from search.local.snapshot import LocalSnapshot
from search.local.vectors import nearest_rows
from search.request import CaseRequest, Filters, Mode, Page, SearchRequest

HITS = 20
NEAREST = 10
CLIENTS = 16
ROUNDS = 3
_OURS = "precedent"
_TXTAI_LIMIT = 100_000  # issues; it takes memory and minutes to index
_CLI = (sys.executable, "-c", "from web.cli import main; main()")

Calls = dict[str, list[Callable[[], object]]]
Encode = Callable[[Sequence[str]], Vectors]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    options = parser(__doc__ or "", issues=20_000)
    options.add_argument("--queries", type=int, default=100, help="questions of each kind")
    options.add_argument("--seconds", type=float, default=60.0, help="how long clients ask")
    options.add_argument(
        "--synthetic-vectors",
        action="store_true",
        help="draw vectors from the distribution of --sample embedded ones, embed nothing else",
    )
    given = options.parse_args(arguments)
    index = indexed(given.work, given.issues, given.sample, really=not given.synthetic_vectors)
    words = [" ".join(asked.some) for asked in questions("keyword", given.queries)]
    texts = [asked.text for asked in questions("pasted text", given.queries)]
    snapshot = LocalSnapshot(index)
    encode = query_encoder(snapshot)
    calls = _our_calls(Engine(index), encode, words, texts)
    rows = [*called(_OURS, calls), *_txtai(snapshot, encode, words, texts)]
    rows += [*served(index, words, given.seconds), on_disk(index, given.issues)]
    rows += [cold(index, words[0], mode) for mode in ("lexical", "hybrid")]
    rows += recalled(snapshot, encode, {"typed words": words, "150 words": texts})
    drawn = f"Vectors are drawn from {min(given.sample, given.issues)} embedded ones, not embedded."
    notes = [*_NOTES, *([drawn] if has_drawn_vectors(index) else [])]
    report(given.issues, rows, notes, json_alone=given.json)


# -- calls ---------------------------------------------------------------------------------------


def query_encoder(snapshot: LocalSnapshot) -> Encode:
    """What embeds questions to an index. Raises OSError where its files are missing."""
    encoder = snapshot.encoder.get()
    assert encoder is not None  # nothing else loads it
    return encoder.encode


def _our_calls(engine: Engine, encode: Encode, words: list[str], texts: list[str]) -> Calls:
    page = Page(limit=HITS)
    overturned: Filters = {"outcome": ("overturned",)}

    def search(filters: Filters, mode: Mode) -> list[Callable[[], object]]:
        return [
            partial(engine.search, SearchRequest(words=w, filters=filters, mode=mode, page=page))
            for w in words
        ]

    def similar(filters: Filters) -> list[Callable[[], object]]:
        return [
            partial(engine.similar, CaseRequest(text=text, filters=filters, page=page))
            for text in texts
        ]

    return {
        "keyword, facets, 20 snippets": search({}, Mode.HYBRID),
        "the same, words only": search({}, Mode.LEXICAL),
        "the same, overturned": search(overturned, Mode.HYBRID),
        "similar by 150 words": similar({}),
        "similar, overturned": similar(overturned),
        "embedding 150 words": [partial(encode, [text]) for text in texts],
    }


def called(engine: str, calls: Calls) -> Iterator[Row]:
    """A row for each kind of call: each call's median of some rounds."""
    for query, of_kind in calls.items():
        for call in of_kind[:5]:
            call()
        rounds = [[cpu_ms(call) for call in of_kind] for _ in range(ROUNDS)]
        yield timings(query, engine, np.median(rounds, axis=0).tolist())


def _txtai(
    snapshot: LocalSnapshot, encode: Encode, words: list[str], texts: list[str]
) -> Iterator[Row]:
    """BM25 and vectors merged by txtai, over the texts and vectors of the same issues."""
    if find_spec("txtai") is None:
        yield Row("all", "txtai hybrid", {"missing": "not installed: make bench-peers"})
        return
    if snapshot.size > _TXTAI_LIMIT:
        yield Row("all", "txtai hybrid", {"missing": f"not run above {_TXTAI_LIMIT:,} issues"})
        return
    search = _txtai_index(snapshot, encode)
    faiss.omp_set_num_threads(1)
    calls: Calls = {
        "keyword, facets, 20 snippets": [partial(search, w, HITS) for w in words],
        "similar by 150 words": [partial(search, text, HITS) for text in texts],
    }
    yield from called("txtai hybrid", calls)


def _txtai_index(snapshot: LocalSnapshot, encode: Encode) -> Any:
    """The search function of an index in memory, questions embedded by our own encoder."""
    from txtai.embeddings import Embeddings

    ready: list[Vectors] = []

    def transform(given: list[str]) -> Vectors:
        if len(ready) < snapshot.size:
            start = len(ready)
            of_documents = map(snapshot.vectors.vectors_of, range(start, start + len(given)))
            ready.extend(vectors[-1] for vectors in of_documents)
            return np.array(ready[start:])
        return encode(given)

    def documents() -> Iterator[tuple[int, str, None]]:
        for number, issue in enumerate(snapshot.ids):
            (one,) = snapshot.issues([issue.decode()])
            yield number, f"{one.issue.request} {one.letter.summary} {one.issue.rationale}", None

    embeddings = Embeddings(
        {"method": "external", "transform": transform, "hybrid": True, "content": False}
    )
    embeddings.index(documents())
    return embeddings.search


# -- pages under load ----------------------------------------------------------------------------


@contextmanager
def server(index: Path) -> Iterator[tuple[str, int]]:
    """`precedent serve` over an index: its address and process id."""
    with subprocess.Popen(
        [*_CLI, "serve", "--port", "0", "--index", str(index)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=_environment(),
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            address = next((word for word in line.split() if word.startswith("http://")), "")
            if not address:
                raise RuntimeError(f"precedent serve did not start: {line!r}")
            yield urlsplit(address).netloc, process.pid
        finally:
            process.terminate()


def served(index: Path, words: list[str], seconds: float) -> Iterator[Row]:
    """What 16 clients wait for pages of results, and what memory the server then holds."""
    paths = [f"/search?q={quote_plus(question)}" for question in words]
    with server(index) as (address, process):
        _ask(address, paths[:1], 0.0, [], [])  # the encoder is loaded by the first question
        waits: list[float] = []
        errors: list[str] = []
        clients = [
            threading.Thread(
                target=_ask, args=(address, paths[at:] + paths[:at], seconds, waits, errors)
            )
            for at in range(CLIENTS)
        ]
        started = time.monotonic()
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        rate = len(waits) / (time.monotonic() - started)
        found: dict[str, float | str] = {"errors": len(errors), "per_second": round(rate, 1)}
        found |= {"first_error": errors[0]} if errors else {}
        yield timings("page, 16 clients (wall)", _OURS, waits, **found)
        yield Row("memory of the server", _OURS, _memory(process))


def _ask(
    address: str, paths: list[str], seconds: float, waits: list[float], errors: list[str]
) -> None:
    """Ask for one page after the other on one connection, until the time is over."""
    connection = http.client.HTTPConnection(address, timeout=60)
    until, at = time.monotonic() + seconds, 0
    while at == 0 or time.monotonic() < until:
        before = time.monotonic()
        try:
            connection.request("GET", paths[at % len(paths)])
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.HTTPStatus.OK:
                errors.append(f"status {answer.status} for {paths[at % len(paths)]}")
        except (OSError, http.client.HTTPException) as error:
            errors.append(repr(error))
            connection.close()
        waits.append((time.monotonic() - before) * 1000)
        at += 1
    connection.close()


def _memory(process: int) -> dict[str, float | str]:
    """Resident memory in MB of a process and those it started, what they share counted once:
    in all, their own, and of mapped files (which can be dropped).
    """
    started = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    sizes: Counter[str] = Counter()
    for number in (process, *started):
        for line in Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()[1:]:
            sizes[line.split(":")[0]] += int(line.split()[1])
    names = {"resident_mb": "Pss", "own_mb": "Pss_Anon", "files_mb": "Pss_File"}
    return {name: round(sizes[key] / 1024, 1) for name, key in names.items()}


# -- recall --------------------------------------------------------------------------------------


def recalled(
    snapshot: LocalSnapshot, encode: Encode, asked: Mapping[str, list[str]]
) -> Iterator[Row]:
    """How many of the ten rows of vectors nearest to each question are looked at."""
    segments = snapshot.vectors.segments
    for kind, texts in asked.items():
        queries = encode(texts)
        found = [
            [nearest_rows(of, query[np.newaxis], NEAREST, None)[0] for of in segments]
            for query in queries
        ]
        shares = [
            np.mean([row in of_query[segment] for segment, row in nearest])
            for of_query, nearest in zip(found, _exactly_nearest(segments, queries), strict=True)
        ]
        row: dict[str, float | str] = {"recall_at_10": round(float(np.mean(shares)), 4)}
        yield Row(f"nearest vectors, {kind}", _OURS, row | {"queries": len(texts)})


def _exactly_nearest(
    segments: Sequence[SegmentVectors], queries: Vectors
) -> list[list[tuple[int, int]]]:
    """For each query its NEAREST rows of all segments, as (segment, row)."""
    best: list[list[tuple[float, int, int]]] = [[] for _ in queries]
    for number, of in enumerate(segments):
        for start in range(0, len(of.rows), 1 << 16):
            scores = queries @ of.rows[start : start + (1 << 16)].astype(np.float32).T
            for query, row in enumerate(scores):
                top = np.argsort(-row)[:NEAREST]
                best[query] += [(-float(row[at]), number, start + int(at)) for at in top]
                best[query] = sorted(best[query])[:NEAREST]
    return [[(segment, row) for _, segment, row in of_query] for of_query in best]


# -- disk and cold start -------------------------------------------------------------------------


def on_disk(index: Path, issues: int) -> Row:
    """Kilobytes (1,000 bytes) for each issue; the encoder, which is there once, apart."""
    parts = dict.fromkeys(
        ("whoosh", "arrays", "vectors", "attributes", "store", "encoder", "rest"), 0
    )
    for path in index.rglob("*"):
        if path.is_file():
            parts[_part(path)] += path.stat().st_size
    sizes = {f"{name}_kb": round(size / 1000 / issues, 2) for name, size in parts.items()}
    total = round((sum(parts.values()) - parts["encoder"]) / 1000 / issues, 2)
    sizes["encoder_kb"] = parts["encoder"] // 1000
    return Row("disk for each issue", _OURS, {"total_kb": total, **sizes})


def _part(path: Path) -> str:
    if path.name.startswith("letters.db"):
        return "store"
    if path.parent.name == "whoosh" or path.parent.name.startswith("encoder-"):
        return path.parent.name.partition("-")[0]
    if path.name.startswith(("vectors", "passages")):
        return "vectors"
    if path.name.startswith("attributes"):
        return "attributes"
    return "arrays" if path.suffix == ".npy" and path.parent.parent.name == "segments" else "rest"


def cold(index: Path, words: str, mode: str) -> Row:
    """CPU seconds of `precedent search` in a process of its own, files in the page cache."""
    spent = []
    for _ in range(ROUNDS):
        before = _children_cpu()
        subprocess.run(
            [*_CLI, "search", words, "--mode", mode, "--index", str(index)],
            check=True, capture_output=True, env=_environment(),
        )  # fmt: skip
        spent.append(_children_cpu() - before)
    return Row(f"precedent search, {mode}, cold", _OURS, {"cpu_s": round(min(spent), 2)})


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1"}


_NOTES = (
    "Calls: thread-CPU milliseconds, each call's median of three rounds, then over questions.",
    "txtai answers with ids and scores alone: no facets, no snippets, no whole-set counts.",
)

if __name__ == "__main__":
    main()
