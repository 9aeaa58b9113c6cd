"""What every benchmark needs: letters and an index of them, kept between runs, and a report."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch
from zlib import crc32

import numpy as np

from bench.corpus import letters, write_archives
from index.build import build
from index.encoder import DocumentEncoder, Vectors, find_model, normalise
from index.extract import discover, shown
from index.extract.child import read_letter
from index.manifest import FILE as MANIFEST
from index.passages import passages
from index.progress import Reporter
from index.segments import writer

SEED = 1
WORK = Path(tempfile.gettempdir()) / "precedent-bench"
"""Where letters and indexes are kept between runs."""
SAMPLE = 20_000
"""Passages really embedded, from whose distribution vectors are drawn."""
_JITTER = 0.25  # the length of the noise added to a drawn vector of length 1


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: of `query` on `engine`, `found` being figures by name."""

    query: str
    engine: str
    found: dict[str, float | str] = field(default_factory=dict)


def timings(query: str, engine: str, milliseconds: Sequence[float], **more: float | str) -> Row:
    """The row of a set of timings."""
    median, p95 = np.percentile(milliseconds, (50, 95))
    times: dict[str, float | str] = {"median_ms": round(median, 3), "p95_ms": round(p95, 3)}
    return Row(query, engine, times | {"queries": len(milliseconds)} | more)


def cpu_ms(call: Callable[[], object]) -> float:
    """The CPU time of this thread that a call takes, in milliseconds."""
    before = time.thread_time()
    call()
    return (time.thread_time() - before) * 1000


def parser(description: str, issues: int) -> argparse.ArgumentParser:
    """A command line with the options that all benchmarks have."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--issues", type=int, default=issues, help="how many issues to generate")
    made.add_argument("--work", type=Path, default=WORK)
    made.add_argument("--json", action="store_true", help="print the JSON line alone")
    made.add_argument("--sample", type=int, default=SAMPLE, help="passages really embedded")
    return made


# -- letters and indexes -------------------------------------------------------------------------


def corpus(work: Path, issues: int, seed: int = SEED) -> Path:
    """A folder of ZIP archives with letters of `issues` issues, written once."""
    folder = work / f"letters-{issues}-{seed}"
    return _once(folder, lambda aside: write_archives(aside, letters(issues, seed)))


def indexed(work: Path, issues: int, sample: int, *, really: bool = False) -> Path:
    """An index of generated letters, built once; its vectors are drawn unless `really`."""
    final = work / f"index-{issues}-{'embedded' if really else 'drawn'}"
    if not final.exists():
        folder = corpus(work, issues)
        with nullcontext() if really else drawn_vectors(work, min(sample, issues)):
            _once(final, lambda aside: build([folder], aside, Reporter(sys.stderr)))
    return final


def _once(final: Path, make: Callable[[Path], object]) -> Path:
    """`final`, made by `make` under another name where it is not there yet."""
    if not final.exists():
        aside = final.with_name(f"{final.name}.part")
        aside.mkdir(parents=True, exist_ok=True)
        make(aside)
        aside.rename(final)
    return final


class DrawnVectors:
    """Stands in for the encoder of documents: a real vector of some other passage, jittered.

    The same text gets the same real vector, so near-duplicates are near each other here too.
    """

    precision = "drawn"

    def __init__(self, real: Vectors) -> None:
        """`real` are unit vectors of passages."""
        self._real = real
        self._noise = np.random.default_rng(SEED)
        self.dimensions = real.shape[1]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, one for each text, without reading more of it than its checksum."""
        chosen = [crc32(text.encode()) % len(self._real) for text in texts]
        noise = normalise(self._noise.standard_normal((len(texts), self.dimensions)))
        return normalise(self._real[chosen] + np.float32(_JITTER) * noise)


@contextmanager
def drawn_vectors(work: Path, sample: int) -> Iterator[None]:
    """Index runs inside draw their vectors from those of `sample` passages, embedded once."""
    kept = work / f"vectors-{sample}.npy"
    if not kept.exists():
        work.mkdir(parents=True, exist_ok=True)
        np.save(kept, DocumentEncoder(find_model()).encode(sample_passages(work, sample)))
    drawn = DrawnVectors(np.load(kept))
    with patch.object(writer, "DocumentEncoder", lambda _model: drawn):
        yield


def sample_passages(work: Path, count: int) -> list[str]:
    """The first `count` passages of generated letters."""
    found: list[str] = []
    for source in discover([corpus(work, count)]):
        letter = read_letter(shown(source.name), source.load())
        for issue in letter.issues:
            found += passages(issue.disputed or issue.request, issue.rationale)
        if len(found) >= count:
            break
    return found[:count]


def has_drawn_vectors(index: Path) -> bool:
    """Whether the vectors of an index are drawn."""
    return str(json.loads((index / MANIFEST).read_text())["precision"]) == DrawnVectors.precision


# -- what is reported ----------------------------------------------------------------------------


def report(issues: int, rows: Sequence[Row], notes: Sequence[str], *, json_alone: bool) -> None:
    """Print a table and notes, and as the last line everything as one JSON object."""
    if not json_alone:
        print("\n".join(_table(rows)))
        print("".join(f"\n{note}" for note in notes))
    record = {
        "issues": issues,
        "machine": machine(),
        "commit": _commit(),
        "notes": list(notes),
        "rows": [{"query": row.query, "engine": row.engine, **row.found} for row in rows],
    }
    print(json.dumps(record, ensure_ascii=False), flush=True)


def _table(rows: Sequence[Row]) -> Iterator[str]:
    """A line for each row: query, engine, then each figure with its name."""
    queries = max(len(row.query) for row in rows)
    engines = max(len(row.engine) for row in rows)
    for row in rows:
        found = "  ".join(f"{name} {_figure(value)}" for name, value in row.found.items())
        yield f"{row.query:<{queries}}  {row.engine:<{engines}}  {found}"


def _figure(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"


def machine() -> str:
    """The processor, how many of its cores we may use, and the Python that runs."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        model = platform.processor() or platform.machine()
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, Python {platform.python_version()}"


def _commit() -> str:
    """The commit of the working tree, with a plus where it has changes; empty outside of git."""
    root = Path(__file__).parent.parent
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found.stdout.strip()
