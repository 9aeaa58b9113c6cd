"""What an index run writes through: a backend has a writer, and `index.build` knows no more of it.

What crosses is plain values. A writer knows which sources it has read, takes what others give, and
publishes a generation; how and where it keeps them is its own business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from index.extract.sources import Refusal
from index.letter import Letter
from index.provenance import Conflict, Quarantined


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the bytes of a source gave: a `letter`, or a `refusal`.

    `digest` is their hash, by which they are known again.
    """

    source: bytes
    digest: str
    letter: Letter | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What the index holds in the generation that readers open from now on."""

    letters: int
    issues: int
    generation: int


class Writer(Protocol):
    """Adds to one index and takes away, and publishes. Stopped at any instant, a run goes on where
    it was when the same is added again.
    """

    def known(self) -> Mapping[bytes, str]:
        """The digest of the bytes last read of every source, by its name."""

    def quarantined(self) -> Mapping[bytes, Quarantined]:
        """The refusal of every source that could not be read, by its name."""

    def add(self, batch: Sequence[Given]) -> Counter[str]:
        """Keep what sources gave, all or none of it.

        Returns how many letters are "new", "changed", the "same" or "removed"; a refusal leaves
        the letter that its source gave before, unless another source gives it.
        """

    def set_aside(self, sources: Collection[bytes]) -> Counter[str]:
        """What these lie in cannot be read: as if none of them could. Returns as `add` does."""

    def remove(self, sources: Collection[bytes]) -> Counter[str]:
        """Forget sources that are gone, then every letter that none gives. Returns as `add` does.

        Called once in a run, when all is read, also where nothing is gone.
        """

    def conflicts(self) -> Sequence[Conflict]:
        """Every letter of which sources give different records."""

    def publish(self) -> Published:
        """Make what was added and removed the generation that readers open from now on.

        Also what was derived with other tables or code than today's is brought up to date. Where
        there is nothing of either kind, the generation stays the one it was.
        """
