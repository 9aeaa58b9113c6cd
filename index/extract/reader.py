"""Reading files without being harmed by them: in a process of its own, which has bounds.

A `Reader` holds one such process (`index.extract.child`). Where a file takes it longer than it
may, or ends it, that file is refused with a sentence, the process is replaced, and the next file
is read.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Self

import msgspec

from index.extract import Source, Unreadable
from index.extract.child import Answer, Ask, receive, send

_STARTING = 60.0  # seconds a process may take before it can be asked
_TOLD_AHEAD = 16_384  # bytes of asks that wait in the socket: well below what it takes
_BATCH = 8  # sources handed to a process at once
_AHEAD = 2  # batches under way for each process: bounds what is held of large letters
_decoder = msgspec.msgpack.Decoder(Answer)
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one file may take: `seconds` by the clock, `memory` in bytes."""

    seconds: float = 20.0
    memory: int = 1024**3


class ReaderUnavailable(RuntimeError):
    """No process can be started to read files in; the message says what to do."""


class Reader:
    """Reads files in a child process, one at a time. Not for several threads at once."""

    def __init__(self, limits: Limits = Limits()) -> None:
        """The process is started when the first file is read, or by `start`."""
        self.limits = limits
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        """The reader itself; leaving ends its process."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self.close()

    def start(self) -> None:
        """Start the process, unless one runs. It gets ready while the caller does other things."""
        if self._child is None:
            self._child = _Child(self.limits)

    def close(self) -> None:
        """End the process; reading starts another."""
        if self._child is not None:
            self._child.end()
            self._child = None

    def text(self, name: str, data: bytes) -> str:
        """The text of a file that was sent. Raises Unreadable (code, reason, remedy)."""
        (answer,) = self.read([Ask(want="text", name=name, data=data)])
        if answer.refusal is not None:
            raise Unreadable(*answer.refusal)
        return answer.text or ""

    def read(self, asks: Sequence[Ask]) -> list[Answer]:
        """Read files: an answer to each of `asks`, in their order. Raises ReaderUnavailable."""
        answers: list[Answer] = []
        left = self.limits.seconds
        while len(answers) < len(asks):
            self.start()
            child = self._child
            assert child is not None
            try:
                self._ask(child, asks[len(answers) :], left, answers)
            except _Ended as ended:
                self.close()
                if ended.too_slow or child.answered == 0:
                    answers.append(Answer(refusal=ended.refusal(self.limits)))
                else:  # it may have ended for what other files left behind: once more, in a new one
                    left = self.limits.seconds - ended.spent
                    continue
            except BaseException:
                self.close()  # what it was told it would answer to the next who asks
                raise
            left = self.limits.seconds
        return answers

    def _ask(self, child: _Child, asks: Sequence[Ask], left: float, answers: list[Answer]) -> None:
        """Ask one process until all is answered or it has given its last answer."""
        messages = map(_encode, asks)
        message, sizes = next(messages, None), deque[int]()
        while message is not None or sizes:
            # It is told the next files while it reads, as many as the socket takes without waiting.
            while message is not None and (not sizes or sum(sizes) + len(message) <= _TOLD_AHEAD):
                child.tell(message)
                sizes.append(len(message))
                message = next(messages, None)
            answers.append(child.answer(left))
            sizes.popleft()
            left = self.limits.seconds
            if answers[-1].last:
                self.close()
                return


class Readers:
    """As many readers as read at once, each asked by a thread of its own."""

    def __init__(self, limits: Limits = Limits(), *, most: int | None = None) -> None:
        """At `most` as many, else one for each core. Processes are started as they are needed."""
        self._limits = limits
        self._most = most or len(os.sched_getaffinity(0))
        self._all: list[Reader] = []
        self._free: SimpleQueue[Reader] = SimpleQueue()

    def __enter__(self) -> Self:
        """The readers themselves; leaving ends their processes."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes."""
        for reader in self._all:
            reader.close()

    def members(self, source: Source) -> list[Source] | None:
        """What lies in an archive, None where `source` is none. Raises Unreadable."""
        (answer,) = self._read([Ask(want="members", source=source)])
        if answer.refusal is not None:
            raise Unreadable(*answer.refusal)
        return answer.members

    def read(self, asks: Iterator[Ask], *, several: bool) -> Iterator[Answer]:
        """An answer to each of `asks`, in their order; by one process, or by `several`."""
        workers = self._most if several else 1
        batches = iter(lambda: list(islice(asks, _BATCH)), [])
        with ThreadPoolExecutor(workers) as pool:
            waiting: list[Future[list[Answer]]] = []
            for batch in batches:
                waiting.append(pool.submit(self._read, batch))
                if len(waiting) >= workers * _AHEAD:
                    yield from waiting.pop(0).result()
            for future in waiting:
                yield from future.result()

    def _read(self, batch: Sequence[Ask]) -> list[Answer]:
        try:
            reader = self._free.get_nowait()
        except Empty:
            reader = Reader(self._limits)
            self._all.append(reader)
        try:
            return reader.read(batch)
        finally:
            self._free.put(reader)


class _Ended(Exception):
    """The process ended, or was ended for taking too long, `spent` seconds into a file."""

    def __init__(self, *, too_slow: bool, spent: float) -> None:
        super().__init__()
        self.too_slow = too_slow
        self.spent = spent

    def refusal(self, limits: Limits) -> tuple[str, str, str]:
        """What is said of the file: code, reason, remedy."""
        if self.too_slow:
            return (
                "too-slow",
                f"Reading it took more than {limits.seconds:g} seconds and was stopped.",
                "Print it to a new PDF, or save its text, and add that.",
            )
        return (
            "not-readable",
            "Reading it broke off: it is damaged, or needs more than "
            f"{limits.memory // 1024**2:,} MB of memory.",
            "Print it to a new PDF, or save its text, and add that.",
        )


class _Child:
    """One process and the socket to it."""

    def __init__(self, limits: Limits) -> None:
        """Start it; ReaderUnavailable where that fails."""
        self.answered = 0
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self.process = subprocess.Popen(  # noqa: S603 - our own module, by our own Python
                    [
                        sys.executable,
                        "-P",  # nothing is imported from the folder that happens to be the current
                        "-m",
                        "index.extract.child",
                        str(theirs.fileno()),
                        str(limits.memory),
                        str(limits.seconds),
                    ],
                    env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # where a library might print what it reads
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C is for who asks
                )
            except OSError as error:
                ours.close()
                raise _unavailable(str(error)) from error
        self._socket = ours
        self._ready = False
        self.end = weakref.finalize(self, _end, self.process, ours)

    def tell(self, message: bytes) -> None:
        """Send what is to be read. Raises ReaderUnavailable where the process did not start."""
        if not self._ready:
            try:
                self._ready = receive(self._socket, time.monotonic() + _STARTING) == b"ready"
            except (OSError, ValueError):
                self._ready = False
            if not self._ready:
                raise _unavailable("it did not start")
        self._socket.settimeout(_STARTING)
        with suppress(OSError):  # it may have given its last answer, which is still to be read
            send(self._socket, message)

    def answer(self, seconds: float) -> Answer:
        """The next answer, within as many seconds. Raises _Ended."""
        started = time.monotonic()
        try:
            message = receive(self._socket, started + seconds)
        except TimeoutError as error:
            raise _Ended(too_slow=True, spent=seconds) from error
        except (OSError, ValueError) as error:
            raise _Ended(too_slow=False, spent=time.monotonic() - started) from error
        try:
            answer = _decoder.decode(message or b"")
        except msgspec.DecodeError as error:
            raise _Ended(too_slow=False, spent=time.monotonic() - started) from error
        self.answered += 1
        return answer


def _end(process: subprocess.Popen[bytes], connection: socket.socket) -> None:
    connection.close()
    process.kill()
    process.wait()


def _unavailable(reason: str) -> ReaderUnavailable:
    return ReaderUnavailable(
        f"no process can be started to read files in ({reason}): close other programs, or raise "
        "the limits on memory and processes, and try again"
    )
