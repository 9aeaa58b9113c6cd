"""PDF to lines, by pdfium: reading order as it gives it, bold by font, breaks by position."""

from __future__ import annotations

import ctypes
import itertools
import re
import threading
from dataclasses import dataclass, field
from typing import Any

from index.extract.document import (
    MAX_CHARACTERS,
    Line,
    Span,
    damaged,
    locked,
    too_large,
)
from index.fold import readable

MAX_PAGES = 500

_BOLD_WEIGHT = 600
_PARAGRAPH_GAP = 1.5  # in line distances: more than this between two lines is a paragraph break
_RAISED = 4.0  # points: less is a raised figure and no new line
_WORD = re.compile(r"\S+")
_HYPHEN = "\ufffe"  # what pdfium puts for a hyphen at the end of a line, closing up the word
_lock = threading.Lock()  # pdfium is not thread-safe


def pdf_lines(data: bytes) -> list[Line]:
    """The lines of a PDF. Raises `Unreadable` where it is locked, damaged, cut off or too long."""
    import pypdfium2  # here: text letters need not wait for it

    with _lock:
        try:
            pdf = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            password = getattr(error, "err_code", None) == pypdfium2.raw.FPDF_ERR_PASSWORD
            raise (locked() if password else damaged("PDF")) from error
        try:
            lines = _read(pdf, _Pages(pypdfium2.raw))
        except pypdfium2.PdfiumError as error:
            raise damaged("PDF") from error
        finally:
            pdf.close()
    if b"%%EOF" not in data[-4096:]:
        raise damaged("PDF")  # pdfium mends a file cut off in the middle, with pages missing
    return lines


def _read(pdf: Any, pages: _Pages) -> list[Line]:
    if len(pdf) > MAX_PAGES:
        raise too_large()
    read: list[tuple[list[Line], list[float]]] = []
    size = 0
    for number in range(len(pdf)):
        page = pdf[number]
        textpage = page.get_textpage()
        lines, steps = pages.lines(textpage, number)
        textpage.close()
        page.close()
        size += sum(len(line.text) for line in lines)
        if size > MAX_CHARACTERS:
            raise too_large()
        read.append((lines, steps))
    return _with_breaks(read)


@dataclass
class _Pages:
    """Reads pages through the raw interface, remembering which fonts are bold."""

    raw: Any
    bold_fonts: dict[int | None, bool] = field(default_factory=dict)

    def lines(self, textpage: Any, number: int) -> tuple[list[Line], list[float]]:
        """The lines of one page, and the distance in points of each from the one above it."""
        text = self._text(textpage)
        starts: list[float] = []
        lines: list[Line] = []
        start = 0
        for part in re.split(f"\r\n|[\r\n]|(?<={_HYPHEN})", text):
            if words := list(_WORD.finditer(part)):
                starts.append(self._baseline(textpage, start + words[0].start()))
                bold = [
                    word.span() for word in words if self._is_bold(textpage, start + word.start())
                ]
                lines.append(_line(part, bold, number))
            start += len(part)
            start += 2 if text.startswith("\r\n", start) else text[start : start + 1] in "\r\n"
        return lines, [0.0, *(above - below for above, below in itertools.pairwise(starts))]

    def _text(self, textpage: Any) -> str:
        """The text, one Python character for each that pdfium counts."""
        text: str = textpage.get_text_range()
        count = textpage.count_chars()
        if len(text) == count:
            return text
        codes = (self.raw.FPDFText_GetUnicode(textpage, i) for i in range(count))
        return "".join(chr(code) if code <= 0x10FFFF else " " for code in codes)

    def _baseline(self, textpage: Any, position: int) -> float:
        x, y = ctypes.c_double(), ctypes.c_double()
        self.raw.FPDFText_GetCharOrigin(textpage, position, ctypes.byref(x), ctypes.byref(y))
        return y.value

    def _is_bold(self, textpage: Any, position: int) -> bool:
        """Whether the character is bold. Asked once a word: once a character would be slow."""
        text_object = self.raw.FPDFText_GetTextObject(textpage, position)
        if not text_object:
            return False
        font = self.raw.FPDFTextObj_GetFont(text_object)
        address = ctypes.cast(font, ctypes.c_void_p).value
        if address not in self.bold_fonts:
            name = ctypes.create_string_buffer(128)
            self.raw.FPDFFont_GetBaseFontName(font, name, len(name))
            heavy = self.raw.FPDFFont_GetWeight(font) >= _BOLD_WEIGHT
            self.bold_fonts[address] = heavy or b"bold" in name.value.lower()
        return self.bold_fonts[address]


def _line(text: str, bold: list[Span], page: int) -> Line:
    """A line of folded text; folding shortens it, so the bold words are placed anew."""
    folded, spans, end = "", [], 0
    for start, stop in bold:
        folded += readable(text[end:start])
        word = readable(text[start:stop].replace(_HYPHEN, "-"))
        spans.append((len(folded), len(folded) + len(word)))
        folded, end = folded + word, stop
    folded += readable(text[end:].replace(_HYPHEN, "-"))
    return Line(folded.replace("\n", " "), tuple(spans), page)


def _with_breaks(pages: list[tuple[list[Line], list[float]]]) -> list[Line]:
    """The lines of all pages, an empty one where the distance shows a paragraph break."""
    apart = sorted(step for _, steps in pages for step in steps if step > _RAISED)
    usual = apart[len(apart) // 10] if apart else 0.0  # most can be breaks, where text is sparse
    spaced: list[Line] = []
    for lines, steps in pages:
        for line, step in zip(lines, steps, strict=False):
            if usual and step > _PARAGRAPH_GAP * usual:
                spaced.append(Line("", (), line.page))
            spaced.append(line)
    return spaced
