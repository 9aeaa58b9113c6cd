"""The engine over one index directory: which generation answers, and whether it can."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from index.manifest import FILE, IndexUnusable
from search.backend import Health, Query, View
from search.local.snapshot import LocalSnapshot
from search.query import And, Node, Not, Or, Phrase, Prefix, Word

_log = logging.getLogger("precedent")
# One query for each inner loop: numba compiles a loop when it is first run.
_PAIN, _LUMBAR, _KNEE = Word("pain"), Word("lumbar"), Word("knee")
_EVERY_KERNEL: tuple[Node, ...] = (
    _PAIN,
    And((_LUMBAR, _PAIN)),
    Phrase(("low", "back")),
    Phrase(("low", "back", "pain")),
    Or((_PAIN, _KNEE)),
    And((_PAIN, Not(_KNEE))),
    Prefix("treated"),
    And((Word("knee", "request"), _PAIN)),
    And((_PAIN, Or((_KNEE, _LUMBAR)), Not(Word("urine")))),
)


class LocalBackend:
    """Answers from the newest generation of one index directory that can be opened."""

    def __init__(self, directory: Path) -> None:
        """Open the newest generation. Raises IndexUnusable with a remedy."""
        self.directory = directory
        self._opening = threading.Lock()
        self._warming = False
        self._fault = ""
        self._stamp = self._read_stamp()
        self._snapshot = LocalSnapshot(directory)

    def snapshot(self) -> LocalSnapshot:
        """The newest generation that can be opened.

        One thread opens a new one while the others go on with the old; one that is damaged leaves
        the old one in its place, and is tried again when the manifest changes.
        """
        stamp = self._read_stamp()
        if stamp != self._stamp and self._opening.acquire(blocking=False):
            try:
                self._renew(stamp)
            finally:
                self._opening.release()
        return self._snapshot

    def health(self) -> Health:
        """How the engine is."""
        snapshot = self.snapshot()
        faults = (self._fault, snapshot.encoder.fault)
        return Health(
            meaning=snapshot.encoder.ready,
            degraded="; ".join(fault for fault in faults if fault),
        )

    def warm_up(self) -> None:
        """Load and compile what questions need; until then they are answered by words alone."""
        self._warming = True
        snapshot = self._snapshot
        snapshot.encoder.load_ahead()
        for node in _EVERY_KERNEL:
            snapshot.search(Query(match=node, strict=True), View(limit=1))
        snapshot.search(Query(match=_PAIN, terms={"pain": 1.0}, texts=("pain",)), View(limit=1))

    def _read_stamp(self) -> tuple[int, int, int] | None:
        """What tells one manifest from the next; None where there is none to be seen."""
        try:
            found = (self.directory / FILE).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _renew(self, stamp: tuple[int, int, int] | None) -> None:
        old = self._snapshot
        try:
            new = LocalSnapshot(self.directory)
        except IndexUnusable as error:
            self._fault = f"a newer index cannot be read, the one before it answers: {error}"
            _log.error("%s", self._fault)
        else:
            self._fault = ""
            if (new.build, new.generation) != (old.build, old.generation):
                if new.encoder_path == old.encoder_path:
                    new.encoder = old.encoder
                elif self._warming:
                    new.encoder.load_ahead()
                self._snapshot = new
        self._stamp = stamp
