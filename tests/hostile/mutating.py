"""Files of letters, damaged at random in the ways that transfers and attackers damage them."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

_WORDS = (b"999999999", b"-1", b"\0" * 9, b"<<", b"endobj", b"9 0 R")
_NUMBERS = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff")


def mutants(files: Sequence[Path], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` damaged files with a name each, made of `files` in turn; the same for a `seed`."""
    drawn = random.Random(seed)
    for number in range(count):
        file = files[number % len(files)]
        data = file.read_bytes()
        # Half of the Word files are damaged inside their package: else the archive tells at once.
        inside = file.suffix == ".docx" and drawn.random() < 0.5
        damaged = _package(data, drawn) if inside else _damaged(data, drawn)
        yield f"mutant-{number:04}{file.suffix}", damaged


def _damaged(data: bytes, drawn: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(drawn.choice((1, 4, 30))):
        at = drawn.randrange(len(made))
        other = drawn.randrange(len(made))
        length = drawn.choice((1, 9, 200, 5000))
        match drawn.randrange(6):
            case 0:
                made[at] ^= 1 << drawn.randrange(8)
            case 1:
                del made[at : at + length]
            case 2:
                made[at:at] = made[other : other + length]
            case 3:
                made[at : at + length] = drawn.randbytes(min(length, len(made) - at))
            case 4:
                made[at:at] = drawn.choice(_WORDS)
            case _:
                made[at : at + 4] = drawn.choice(_NUMBERS)
        if not made:
            return bytes(data[:1])
    return bytes(made)


def _package(data: bytes, drawn: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, _damaged(part, drawn) if name.endswith("document.xml") else part)
    return packed.getvalue()
