"""Index runs that are killed: a program that forks a run for each line it is given.

Started once and told to begin runs one after the other, it pays for importing only once. A run
is killed by SIGKILL, either before the n-th change it makes to the disk or some time after its
start. What it embeds it writes into a log, which outlives it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from index import digests
from index.encoder import Vectors
from index.extract.child import Ask
from index.segments import embedding, upkeep
from tests.index.building import StandIn, run, use
from tests.told import readers

MERGE_AT = 2
EMBED_ROWS = 2
"""Small, so that a few letters are merged, and embedded in several steps."""

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True)
class Run:
    """Index `letters` into `index`; killed before its n-th change, or after some seconds.

    What it embeds is appended to `log`, how often it changed the disk to `log`.changes. `tables`
    stands for the tables and code that it derives with.
    """

    letters: str
    index: str
    log: str
    change: int = 0
    seconds: float = 0.0
    tables: str = ""


@dataclass(frozen=True)
class Runs:
    """The program that forks runs, already started."""

    process: subprocess.Popen[str]

    def __call__(self, wanted: Run) -> int:
        """Does one run; its exit status, -9 where it was killed."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asdict(wanted)) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def started() -> Iterator[Runs]:
    """The program, ready for runs; it ends with the block."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
    ) as process:
        yield Runs(process)


class _Logging(StandIn):
    """A stand-in that writes every text it embeds into a file, at once."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def encode(self, texts: Sequence[str]) -> Vectors:
        os.write(self._log, "".join(f"{text}\n" for text in texts).encode())
        return super().encode(texts)


def _die_before(change: int, directory: str) -> list[str]:
    """Kill this process at the instant it is about to change `directory` for the n-th time.

    Returns the list of the changes made, to which later ones will be added.
    """
    changes: list[str] = []

    def watch(event: str, args: tuple[object, ...]) -> None:
        opens = event == "open" and isinstance(args[2], int) and args[2] & _WRITING
        if (opens or event in _CHANGES) and str(args[0]).startswith(directory):
            changes.append(f"{event} {args[0]}")
            if len(changes) == change:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    return changes


def _do(wanted: Run) -> None:
    if wanted.seconds:  # killed in the middle of reading, it would leave answers to the next run
        readers.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        use(_Logging(Path(wanted.log)), patch)
        patch.setattr(upkeep, "MERGE_AT", MERGE_AT)
        patch.setattr(digests, "derive_digest", lambda: wanted.tables)
        patch.setattr(embedding, "_EMBED_ROWS", EMBED_ROWS)
        changes = _die_before(wanted.change, wanted.index)
        run(Path(wanted.letters), into=Path(wanted.index), prune=True)
        Path(f"{wanted.log}.changes").write_text("\n".join(changes))


def _forked(wanted: Run) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _do(wanted)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    if wanted.seconds:
        time.sleep(wanted.seconds)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    # Started here, the process that reads files serves one forked run after the other.
    list(readers().read(iter([Ask(want="text", name="a.txt", data=b"a word")]), several=False))
    for line in sys.stdin:
        print(_forked(Run(**json.loads(line))), flush=True)
