"""How requests come in from the wire: bodies held in memory, within bounds.

waitress answers a body beyond its bound in words of its own and hangs up, and a browser that is
still sending then shows a broken connection. Here such a body is taken in and thrown away: the
application sees its length and refuses it in the one error shape. The same befalls a large body
where as many others are held as may be; the application sees that by a header of ours.
"""

from __future__ import annotations

import threading
import weakref
from io import BytesIO

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError

MAX_KEPT = 26 * 1024 * 1024  # bytes of a body; the application takes 25 MB
MAX_TAKEN_IN = 1024 * 1024 * 1024  # beyond this waitress hangs up
LARGE = 1024 * 1024  # bytes of a body from which on it is counted
MAX_LARGE = 6  # large bodies held by this process, each twice: as sent, and as a form
DROPPED = "X-Body-Dropped"

_DROPPED_KEY = DROPPED.upper().replace("-", "_")  # as waitress keeps it
_large = threading.BoundedSemaphore(MAX_LARGE)


class ThrownAway:
    """Takes in a body of a stated length and keeps none of it."""

    error = None

    def __init__(self, length: int) -> None:
        """Nothing is taken in yet."""
        self._left = length
        self.completed = False

    def received(self, data: bytes) -> int:
        """How much of `data` belongs to the body."""
        taken = min(len(data), self._left)
        self._left -= taken
        self.completed = self._left == 0
        return taken

    def getfile(self) -> BytesIO:
        """What was kept: nothing."""
        return BytesIO()

    getbuf = getfile


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """waitress's parser; a body whose stated length is too large, or one too many, is not kept."""

    content_length: int
    chunked: bool
    headers: dict[str, str]
    _let_go: weakref.finalize[..., Parser] | None = None

    def parse_header(self, header_plus: bytes) -> None:
        """Choose who takes in the body."""
        super().parse_header(header_plus)
        # One request a connection: the next one is taken by whichever process is free.
        self.headers["CONNECTION"] = "close"
        self.headers.pop(_DROPPED_KEY, None)  # it is ours to say
        length: int = self.content_length
        if MAX_KEPT <= length < MAX_TAKEN_IN:
            self._throw_away(length)
        elif length >= LARGE or self.chunked:
            if _large.acquire(blocking=False):
                self._let_go = weakref.finalize(self, _large.release)
            elif self.chunked:
                raise ParsingError("Too many large bodies at once; send it again in a while")
            else:
                self._throw_away(length)
                self.headers[_DROPPED_KEY] = "1"

    def close(self) -> None:
        """Let go of the body: the request was answered."""
        super().close()
        if self._let_go is not None:
            self._let_go()

    def _throw_away(self, length: int) -> None:
        self.body_rcv = ThrownAway(length)
        self.content_length = 0  # else waitress refuses here; the header keeps the truth

    def received(self, data: bytes) -> int:
        """Take in some of the request; what is thrown away does not count."""
        if isinstance(self.body_rcv, ThrownAway):
            self.body_bytes_received = 0
        taken: int = super().received(data)
        return taken


class Channel(HTTPChannel):  # type: ignore[misc]
    """waitress's connection with our parser."""

    parser_class = Parser
