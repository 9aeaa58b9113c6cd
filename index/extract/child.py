"""The process that reads files, and what is said between it and the one that asks.

Whoever made a file may have meant it to take all memory or all time, or to bring down the libraries
that open it. So files are read in a process that has bounds and nothing to lose. It is asked over a
socket for one file after the other and answers each; messages are MessagePack behind their length.
"""

from __future__ import annotations

import math
import os
import resource
import signal
import socket
import struct
import sys
import time
from hashlib import blake2b
from pathlib import Path

import msgspec

from index.extract import Source, Unreadable, archive_members, extract
from index.fold import readable
from index.letter import Letter
from index.privacy import forbid_core_dumps

MAX_MESSAGE = 256 * 1024 * 1024  # bytes; the largest file and more than the largest answer
_LENGTH = struct.Struct(">I")
_SMALL = 1 << 16  # bytes that are sent at once with their length rather than not be copied
_GROWN = 0.25  # of the memory allowed: a process that has held as much gives way to a new one


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A file to read: one on disk (`source`), or the bytes of one that was sent (`name`, `data`).

    `want` is "letter", "text" or, of an archive, "members". `known` is the digest that the file
    had when it was read before: then it is not read again. `reader` stands for what reads files
    (`index.digests`) and goes into the digest: where that has changed, every file is read again.
    """

    want: str
    source: Source | None = None
    name: str = ""
    data: bytes = b""
    known: str = ""
    reader: str = ""


class Answer(msgspec.Struct, kw_only=True):
    """What became of a file: the `letter`, `text` or `members` asked for, or the `refusal`.

    A refusal is (code, reason, remedy). `digest` is the hash of the bytes, 32 hex digits; nothing
    else is told where it is the one that was known. After the `last` answer the process ends.
    """

    digest: str = ""
    letter: Letter | None = None
    text: str | None = None
    members: list[Source] | None = None
    refusal: tuple[str, str, str] | None = None
    last: bool = False


def read_letter(name: str, data: bytes) -> Letter:
    """The letter in the bytes of one file. Raises Unreadable (code, reason, remedy)."""
    from index.parse import parse  # here: what reads uploads need not wait for it

    return parse(extract(name, data))


def answer_to(ask: Ask) -> Answer:
    """Read one file."""
    answer = Answer()
    try:
        if ask.want == "members" and ask.source is not None:
            answer.members = archive_members(ask.source)
            return answer
        name, data = ask.name, ask.data
        if ask.source is not None:
            name, data = readable(os.fsdecode(ask.source.name)), ask.source.load()
        answer.digest = blake2b(data, digest_size=16, key=ask.reader.encode()).hexdigest()
        if answer.digest == ask.known:
            return answer
        if ask.want == "letter":
            answer.letter = read_letter(name, data)
        else:
            answer.text = extract(name, data).text
    except Unreadable as refusal:
        answer.refusal = (refusal.code, refusal.reason, refusal.remedy)
    except MemoryError:
        raise
    except Exception as error:  # a fault of ours must not cost the other files
        said = f"Reading it failed ({type(error).__name__})."
        answer.refusal = ("failed", said, "Save it anew as PDF or plain text and add that.")
    return answer


def send(connection: socket.socket, message: bytes) -> None:
    """Send one message."""
    if len(message) <= _SMALL:
        connection.sendall(_LENGTH.pack(len(message)) + message)
    else:
        connection.sendall(_LENGTH.pack(len(message)))
        connection.sendall(message)


def receive(connection: socket.socket, deadline: float | None = None) -> bytes | None:
    """The next message; None where the other side is gone.

    Raises TimeoutError at the `deadline` (of `time.monotonic`), ValueError over MAX_MESSAGE.
    """
    head = _received(connection, _LENGTH.size, deadline)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_MESSAGE:
        raise ValueError(f"a message of {length} bytes")
    return _received(connection, length, deadline)


def _received(connection: socket.socket, length: int, deadline: float | None) -> bytes | None:
    found = bytearray(length)
    view, at = memoryview(found), 0
    while at < length:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
        count = connection.recv_into(view[at:])
        if count == 0:
            return None
        at += count
    return bytes(found)


def main() -> None:
    """Answer until the other side is gone: FD, bytes of address space, seconds a file."""
    descriptor, memory, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    forbid_core_dumps()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    allowed = _least(memory, resource.getrlimit(resource.RLIMIT_AS)[1])
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # no file can be written
    with socket.socket(fileno=descriptor) as asking:
        _serve(asking, memory, seconds)


def _least(wanted: int, most: int) -> int:
    """A limit no higher than the one that this process was started with."""
    return wanted if most == resource.RLIM_INFINITY else min(wanted, most)


def _serve(asking: socket.socket, memory: int, seconds: float) -> None:
    decoder, encode = msgspec.msgpack.Decoder(Ask), msgspec.msgpack.Encoder().encode
    send(asking, b"ready")
    while (message := receive(asking)) is not None:
        # Who asks counts the time. Where that process is gone, the kernel ends this one.
        used = resource.getrusage(resource.RUSAGE_SELF)
        allowed = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
        most = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (_least(allowed, most), most))
        try:
            answer = answer_to(decoder.decode(message))
            del message
            answer.last = _held() > _GROWN * memory
            send(asking, encode(answer))
        except MemoryError:
            os._exit(1)  # who asks sees it end, as where a library aborts for the same reason
        if answer.last:
            return


def _held() -> int:
    """The memory this process holds, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main()
