"""Uploaded files, read one at a time in a process with bounds, few of them waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable

from index.extract.reader import Limits, Reader
from web.errors import Problem

WAITING = 4  # uploads that may wait while one is read; what waits holds its file in memory
SECONDS = 20  # after which one who was sent away may try again: as long as one file may take


class Busy(Problem):
    """A 503: as many uploads are held as may be."""

    def __init__(self) -> None:
        """Say so, and when to try again."""
        super().__init__(
            503,
            "uploads_wait",
            "Other uploads are being read, and as many wait as may.",
            f"Send it again in {SECONDS} seconds, or paste its text. Searches are answered.",
            retry_after=SECONDS,
        )


class Uploads:
    """The uploads of one serving process. Safe to use from many threads at once."""

    def __init__(self, limits: Limits | None = None) -> None:
        """The process that reads is started with the first upload."""
        self._reader = Reader(limits or Limits())
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(1 + WAITING)
        self._counting = threading.Lock()
        self.held = 0  # threads that read an upload or wait to
        self.on_held: Callable[[], object] = lambda: None

    def text(self, name: str, data: bytes) -> str:
        """The text of an uploaded file.

        Raises Busy, Unreadable (code, reason, remedy) or ReaderUnavailable.
        """
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            self._count(1)
            self.on_held()
            with self._turn:
                return self._reader.text(name, data)
        finally:
            self._count(-1)
            self._places.release()

    def _count(self, by: int) -> None:
        with self._counting:
            self.held += by
