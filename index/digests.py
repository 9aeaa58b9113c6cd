"""Digests of what reads letters and of what derives from them: where one changes, so does the work.

What we read into letters is only as good as tables and code. An index keeps the digests of those
that made it; a run with others does again what depends on them, without being asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path

_HERE = Path(__file__).parent
READING = (
    "data/guidelines.toml",
    "data/spellings.toml",
    "data/words.txt",
    "extract/*.py",
    "data/inflections.toml",
    "fold.py",
    "inflections.py",
    "known_words.py",
    "letter.py",
    "parse/*.py",
    "spellings.py",
)
"""What makes a letter of a file."""

DERIVING = (
    "analysis.py",
    "compiled.py",
    "concepts/*.py",
    "data/*.t*",
    "fold.py",
    "inflections.py",
    "known_words.py",
    "letter.py",
    "passages.py",
    "segments/arrays.py",
    "segments/attributes.py",
    "segments/codec.py",
    "segments/embedding.py",
    "segments/inversion.py",
    "segments/layout.py",
    "segments/lengths.py",
    "segments/postings.py",
    "segments/readings.py",
    "segments/segment.py",
    "segments/soundness.py",
    "segments/vectors.py",
    "segments/whoosh_reader.py",
    "spellings.py",
)
"""What makes words, attributes, readings and passages of a letter."""


@cache
def reader_digest() -> str:
    """The digest of what makes a letter of a file, 32 hex digits."""
    return digest_of(READING)


@cache
def derive_digest() -> str:
    """The digest of what makes the parts of a segment of letters, 32 hex digits."""
    return digest_of(DERIVING)


def digest_of(patterns: Sequence[str], root: Path = _HERE) -> str:
    """The digest of the names and contents of the files below `root` that `patterns` name."""
    digest = blake2b(digest_size=16)
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
