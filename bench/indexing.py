"""Indexing: rates by stage on all cores, a run that finds nothing new, one that adds letters.

Vectors are drawn in the runs, so that reading and words are timed; the encoder is timed apart,
beside sentence-transformers called directly on the same texts.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent.parent))  # also as a file, `python bench/...`

from bench.corpus import letters, write_archives
from bench.setting import SEED, Row, corpus, drawn_vectors, parser, report, sample_passages
from index.build import Summary, build
from index.encoder import BATCH, MAX_TOKENS, DocumentEncoder, find_model
from index.progress import Reporter, Stage
from index.segments.embedding import embed_segment, passage_hash, write_passages

_OURS = "precedent"
_FIRST_ADDED = 5_000_000  # the case number of the first letter that is added later
_EMBEDDED = 400  # passages the encoder is timed on
_LEXICAL = ("reading letters", "indexing words")


class Stopwatch(Reporter):
    """Says how a run goes, and keeps wall and CPU seconds of each stage."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.stages: dict[str, tuple[float, float]] = {}

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Stage]:
        """A stage as `Reporter` has it, timed."""
        wall, cpu = time.monotonic(), _cpu()
        with super().stage(name, total, unit) as stage:
            yield stage
        before = self.stages.get(name, (0.0, 0.0))
        self.stages[name] = (before[0] + time.monotonic() - wall, before[1] + _cpu() - cpu)


def _cpu() -> float:
    """CPU seconds of this process and of its children, those that run and those that have ended."""
    own, ended = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    spent = own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
    for children in Path("/proc/self/task").glob("*/children"):
        for child in children.read_text().split():
            with suppress(OSError):  # it has ended since
                ticks = Path("/proc", child, "stat").read_text().rpartition(")")[2].split()[11:13]
                spent += sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    return spent


def run(paths: list[Path], directory: Path) -> tuple[Summary, Stopwatch, float, float]:
    """An index run: what it did, its stages, its wall and its CPU seconds."""
    watch, wall, cpu = Stopwatch(), time.monotonic(), _cpu()
    summary = build(paths, directory, watch)
    return summary, watch, time.monotonic() - wall, _cpu() - cpu


def rows_of(work: Path, issues: int, added: int) -> Iterator[Row]:
    """The rows of three runs on an index of their own: all letters, the same again, some more."""
    folder = corpus(work, issues)
    with TemporaryDirectory(dir=work) as temporary:
        directory, more = Path(temporary) / "index", Path(temporary) / "added"
        summary, watch, wall, cpu = run([folder], directory)
        for name, (stage_wall, stage_cpu) in watch.stages.items():
            yield _rates(name, summary.issues, stage_wall, stage_cpu)
        lexical = [watch.stages[name] for name in _LEXICAL]
        yield _rates("reading and words", summary.issues, *map(sum, zip(*lexical, strict=True)))
        yield _rates("the whole run, vectors drawn", summary.issues, wall, cpu)
        yield Row("largest process of the run", _OURS, {"peak_mb": _peak_mb()})
        summary, _, wall, cpu = run([folder], directory)
        assert summary.same == summary.read
        yield Row(f"the same {summary.read:,} letters again", _OURS, _seconds(wall, cpu))
        write_archives(more, islice(letters(100 * added, SEED + 1, _FIRST_ADDED), added))
        summary, watch, wall, cpu = run([more], directory)
        assert summary.new == added
        yield Row(f"{added:,} letters added, vectors drawn", _OURS, _seconds(wall, cpu))


def _rates(name: str, issues: int, wall: float, cpu: float) -> Row:
    rates: dict[str, float | str] = {
        "issues_per_s": round(issues / wall, 1),
        "issues_per_cpu_s": round(issues / cpu, 1),
    }
    return Row(name, _OURS, rates | _seconds(wall, cpu))


def _seconds(wall: float, cpu: float) -> dict[str, float | str]:
    return {"wall_s": round(wall, 2), "cpu_s": round(cpu, 2)}


def _peak_mb() -> float:
    """The most memory any one process of the run held."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024, 1)


def embedding(work: Path, count: int) -> Iterator[Row]:
    """How fast passages are embedded, beside sentence-transformers on the same passages."""
    from sentence_transformers import SentenceTransformer

    texts = list(dict.fromkeys(sample_passages(work, count)))  # no text is embedded twice
    ours = DocumentEncoder(find_model())
    alone = SentenceTransformer(str(find_model().path), device="cpu")
    alone.max_seq_length = MAX_TOKENS
    if ours.precision == "bf16":
        alone.bfloat16()
    with TemporaryDirectory(dir=work) as temporary:

        def embed() -> None:
            directory = Path(temporary)
            write_passages(directory, [[passage_hash(text)] for text in texts])
            quiet = Reporter(sys.stderr, quiet=True)
            embed_segment(directory, lambda rows: [texts[r] for r in rows], (), lambda: ours, quiet)

        def encode() -> None:
            alone.encode(texts, batch_size=BATCH, convert_to_tensor=True, show_progress_bar=False)

        spent = {"sentence-transformers": _least_cpu(encode), _OURS: _least_cpu(embed)}
    for engine, cpu in spent.items():
        yield Row("embedding", engine, {"passages_per_cpu_s": round(len(texts) / cpu, 1)})
    share = round(spent["sentence-transformers"] / spent[_OURS], 3)
    yield Row("embedding", f"{_OURS} / sentence-transformers", {"rate_ratio": share})


def _least_cpu(call: Callable[[], None]) -> float:
    """The least CPU seconds of three calls; on shared cores the others say less."""
    spent = []
    for _ in range(3):
        before = time.process_time()
        call()
        spent.append(time.process_time() - before)
    return min(spent)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    options = parser(__doc__ or "", issues=20_000)
    options.add_argument("--added", type=int, default=1_000, help="letters added to the index")
    options.add_argument("--embed", type=int, default=_EMBEDDED, help="passages; 0 for none")
    given = options.parse_args(arguments)
    with drawn_vectors(given.work, min(given.sample, given.issues)):
        rows = list(rows_of(given.work, given.issues, given.added))
    rows += embedding(given.work, given.embed) if given.embed else []
    cores = len(os.sched_getaffinity(0))
    notes = [f"Rates by wall time are on {cores} cores, shared with whatever else ran then."]
    report(given.issues, rows, notes, json_alone=given.json)


if __name__ == "__main__":
    main()
