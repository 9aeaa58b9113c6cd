"""Files in, text out: PDF, DOCX, plain text, and the folders and ZIP archives that hold them.

`discover` names what there is to read and hands out its bytes; `extract` turns the bytes of one
letter into lines, with the runs set in bold where the format has them. A file is read by what it
is, not by what it is called. Nothing is written to disk, and every size has a bound: what comes
in is hostile until read. What cannot be read raises `Unreadable`, which says what to do about it.

Nobody else's file is opened in the process that indexes or serves: see `index.extract.reader`.
"""

from __future__ import annotations

from index.extract.document import (
    MAX_FILE_BYTES,
    Document,
    Line,
    Unreadable,
    too_large,
)
from index.extract.pdf import pdf_lines
from index.extract.plain import plain_lines
from index.extract.sources import Source, archive_members, discover, shown
from index.extract.word import word_lines
from index.fold import readable

__all__ = [
    "Document",
    "Line",
    "Source",
    "Unreadable",
    "archive_members",
    "discover",
    "extract",
    "shown",
]


def extract(name: str, data: bytes) -> Document:
    """The text of one letter, read by what the bytes are. Raises `Unreadable`."""
    if not data.strip():
        raise Unreadable("empty", "The file is empty.", "Send it again from its source.")
    if len(data) > MAX_FILE_BYTES:
        raise too_large()
    if b"%PDF-" in data[:1024]:
        lines = pdf_lines(data)
    elif data.startswith(b"PK"):
        lines = word_lines(data)
    else:
        lines = plain_lines(name, data)
    if not any(character.isalpha() for line in lines for character in line.text):
        raise Unreadable(
            "no-text",
            "There is no text in the file: it may be a scan, or blank.",
            "Run text recognition (OCR) on it, then add it again.",
        )
    return Document(readable(name), tuple(lines))
