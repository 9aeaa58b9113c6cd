"""DOCX to lines, by python-docx: paragraphs and table rows in order, bold by run and style."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from index.extract.document import (
    MAX_CHARACTERS,
    MEBIBYTE,
    Line,
    Span,
    Unreadable,
    damaged,
    too_large,
)
from index.fold import readable

_MAX_PARTS = 5_000
_MAX_UNPACKED = 200 * MEBIBYTE
_MAX_PART_RATIO = 200


def word_lines(data: bytes) -> list[Line]:
    """The lines of a Word document, an empty one after each paragraph. Raises `Unreadable`."""
    _check_package(data)
    import docx  # here: text letters need not wait for it

    try:
        blocks = list(_blocks(docx.Document(io.BytesIO(data))))
    except MemoryError:
        raise
    except Exception as error:  # whatever a malformed package sets off in lxml or python-docx
        raise damaged("Word document") from error
    lines: list[Line] = []
    size = 0
    for pieces in blocks:
        lines += _paragraph(pieces)
        size += sum(len(text) for text, _ in pieces)
        if size > MAX_CHARACTERS:
            raise too_large()
    return lines


def _check_package(data: bytes) -> None:
    """Refuses bombs before anything is parsed: sizes as declared, and XML with entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            if "word/document.xml" not in package.NameToInfo:
                raise Unreadable(
                    "type",
                    "It is a ZIP archive or another office document, not a Word document.",
                    "Index an archive by its path; save other documents as PDF or DOCX.",
                )
            bloated = (
                part.file_size > max(MEBIBYTE, _MAX_PART_RATIO * part.compress_size)
                for part in parts
            )
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > _MAX_PARTS or unpacked > _MAX_UNPACKED or any(bloated):
                raise too_large()
            for part in parts:
                if part.filename.endswith((".xml", ".rels")):
                    head = package.read(part)[:4096].replace(b"\0", b"")
                    if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                        raise damaged("Word document")
    except (MemoryError, Unreadable):
        raise
    except Exception as error:  # zlib, lzma and zipfile each raise their own
        raise damaged("Word document") from error


Pieces = list[tuple[str, bool]]


def _blocks(container: Any) -> Iterator[Pieces]:
    """Each paragraph, and each table row as one, as pieces of text with their boldness."""
    for block in container.iter_inner_content():
        if hasattr(block, "rows"):
            for row in block.rows:
                yield [piece for cell in _cells(row) for piece in [*cell, (" ", False)]]
        else:
            yield _pieces(block)


def _cells(row: Any) -> Iterator[Pieces]:
    """The cells of a row, without those that go on with the cell above.

    Not as `row.cells` has them: that lists a cell as often as it says that it spans columns.
    """
    from docx.table import _Cell

    for element in row._tr.tc_lst:
        if element.vMerge != "continue":
            cell = _Cell(element, row.table)
            yield [piece for block in _blocks(cell) for piece in [*block, (" ", False)]]


def _pieces(paragraph: Any) -> Pieces:
    style = paragraph.style.font.bold if paragraph.style is not None else None
    return [
        (run.text, bool(style if run.bold is None else run.bold))
        for content in paragraph.iter_inner_content()
        for run in (content.runs if hasattr(content, "runs") else [content])
    ]


def _paragraph(pieces: Pieces) -> list[Line]:
    lines: list[Line] = []
    text = ""
    bold: list[Span] = []
    for piece, is_bold in [*pieces, ("\n", False)]:
        parts = readable(piece).replace("\t", " ").split("\n")
        for number, part in enumerate(parts):
            if number:
                lines.append(Line(text, tuple(bold)))
                text, bold = "", []
            if is_bold and part.strip():
                bold.append((len(text), len(text) + len(part)))
            text += part
    return [*lines, Line("")]
