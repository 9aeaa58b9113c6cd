"""Blocks in, the bytes of a file out: PDF, plain text and DOCX, the same bytes every time."""

from __future__ import annotations

import io
import re
import textwrap
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from unittest.mock import patch

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from fpdf import FPDF
from fpdf.encryption import StandardSecurityHandler
from fpdf.enums import EncryptionMethod

from samples.forms import Paragraph, Run, Table, blocks
from samples.records import MARK, Sample

_DATE = datetime(2020, 1, 1, tzinfo=UTC)
_MARGIN, _LINE, _BOTTOM = 72.0, 13.8, 720.0
_PIECE = re.compile(r"\S+?(?:(?<=\w)-(?=\w)|\u00ad|(?=\s)|$)\s*|\s+")
_SYLLABLES = """
    acti-vity admin-is-tra-tor arthro-scopic arthro-scopy con-ser-va-tive con-tin-uous
    cortico-steroid diag-nosis docu-men-ta-tion docu-mented elec-tro-diag-nos-tic
    elec-tro-myog-raphy evalu-a-tion exami-na-tion exer-cise func-tion func-tional guide-line
    impair-ment improve-ment injec-tion injec-tions medi-ca-tion medi-cine necess-ary
    neuro-log-i-cal neuro-pathic numb-ness opera-tion physi-cal physi-cian
    pro-ce-dure radicu-lopa-thy recom-mended recom-mends regu-larly rehabili-ta-tion
    restric-tion sen-sa-tion shoul-der state-ment stimu-la-tor strength-en-ing
    symp-toms thera-pist thera-py treat-ment ultra-sound utili-za-tion
"""
_HYPHENATED = {word.replace("-", ""): word.replace("-", "\u00ad") for word in _SYLLABLES.split()}
_WORD = re.compile(r"[a-z]+")


def render(sample: Sample) -> bytes:
    """The bytes of the sample's file."""
    return {"pdf": _pdf, "txt": _txt, "docx": _docx}[sample.format](sample)


def pack(members: dict[str, bytes]) -> bytes:
    """A ZIP of `members`, with one fixed date."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, _DATE.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return stream.getvalue()


def _txt(sample: Sample) -> bytes:
    lines = [MARK, ""]
    for block in blocks(sample):
        if isinstance(block, Table):
            lines += [*_head_lines(block, sample.layout), ""]
        elif block.tight:
            lines[-1:] = [*textwrap.wrap(block.text, 95), ""]
        else:
            lines += [*textwrap.wrap(block.text, 95), ""]
    if "double" in sample.layout:
        lines = [line for pair in zip(lines, [""] * len(lines), strict=True) for line in pair]
    end = "\r\n" if "crlf" in sample.layout else "\n"
    return end.join(lines).encode(sample.encoding)


def _head_lines(table: Table, layout: frozenset[str]) -> list[str]:
    if "tabs" in layout:
        return ["\t".join(filter(None, row)) for row in table.rows]
    return [f"{label} {value}" for label, value in _pairs(table)]


def _pairs(table: Table) -> Iterator[tuple[str, str]]:
    for label, value, second_label, second_value in table.rows:
        yield label, value
        if second_label:
            yield second_label, second_value


def _docx(sample: Sample) -> bytes:
    document = docx.Document()
    properties = document.core_properties
    properties.author, properties.title = "precedent samples", MARK
    properties.created = properties.modified = _DATE
    document.sections[0].header.paragraphs[0].text = MARK
    document.add_paragraph(MARK)
    for block in blocks(sample):
        if isinstance(block, Table):
            table = document.add_table(rows=len(block.rows), cols=4)
            for row, cells in zip(table.rows, block.rows, strict=True):
                for cell, words in zip(row.cells, cells, strict=True):
                    cell.text = words
        else:
            paragraph = document.add_paragraph()
            if block.centered:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            for words, bold in block.runs:
                paragraph.add_run(words).bold = bold
    stream = io.BytesIO()
    document.save(stream)
    with zipfile.ZipFile(stream) as archive:
        return pack({name: archive.read(name) for name in archive.namelist()})


class _Pages(FPDF):
    """Pages with the mark at the head and a number at the foot."""

    def __init__(self, *, page_of: bool) -> None:
        super().__init__(unit="pt", format="letter")
        self._page_of = page_of
        self.set_auto_page_break(auto=False)
        self.set_creation_date(_DATE)
        self.set_title(MARK)
        self.add_page()

    def header(self) -> None:
        """The mark that the letter is fictional."""
        self.set_font("Helvetica", size=8)
        self.text(_MARGIN, 40, MARK)
        self.set_y(_MARGIN)

    def footer(self) -> None:
        """The number of the page."""
        self.set_font("Times", size=10)
        number = f"Page {self.page_no()} of {{nb}}" if self._page_of else str(self.page_no())
        self.set_xy(0, 750)
        self.cell(self.w, 12, number, align="C")


def _pdf(sample: Sample) -> bytes:
    pages = _Pages(page_of="page-of" in sample.layout)
    if sample.encrypted:
        pages.set_encryption("samples", "", encryption_method=EncryptionMethod.AES_128)
    for block in blocks(sample):
        if isinstance(block, Table):
            _draw_table(pages, block, by_columns="columns" in sample.layout)
        else:
            _draw_paragraph(pages, block, hyphenate="hyphenate" in sample.layout)
    fixed = sha256(sample.name.encode()).digest()
    with patch.object(StandardSecurityHandler, "get_random_bytes", lambda _, size: fixed[:size]):
        return bytes(pages.output())


def _draw_table(pages: FPDF, table: Table, *, by_columns: bool) -> None:
    """Draws the head; `by_columns` writes all labels of a column before its values."""
    widths, height = (100, 120, 125, 123), 15
    cells = [
        (column, row, words)
        for row, cells in enumerate(table.rows)
        for column, words in enumerate(cells)
    ]
    if by_columns:
        cells.sort(key=lambda cell: cell[0])
    for column, row, words in cells:
        pages.set_font("Helvetica", style="" if column % 2 else "B", size=10)
        pages.set_xy(_MARGIN + sum(widths[:column]), _MARGIN + row * height)
        pages.cell(widths[column], height, words, border=1)
    pages.set_y(_MARGIN + len(table.rows) * height + 12)


def _draw_paragraph(pages: FPDF, paragraph: Paragraph, *, hyphenate: bool) -> None:
    y = pages.get_y() - (8 if paragraph.tight else 0)
    for line, width in _wrapped(pages, paragraph.runs, hyphenate=hyphenate):
        if y + _LINE > _BOTTOM:
            pages.add_page()
            y = pages.get_y()
        x = (pages.w - width) / 2 if paragraph.centered else _MARGIN
        for words, bold in line:
            _set_face(pages, bold=bold)
            pages.text(x, y + _LINE - 3, words)
            x += pages.get_string_width(words)
        y += _LINE
    pages.set_y(y + 8)


def _set_face(pages: FPDF, *, bold: bool) -> None:
    pages.set_font("Times", style="B" if bold else "", size=12)


def _wrapped(
    pages: FPDF, runs: tuple[Run, ...], *, hyphenate: bool
) -> Iterator[tuple[list[Run], float]]:
    """Lines of runs with their widths, broken at spaces and, as in Word, after hyphens.

    Lines of a letter that hyphenates are shorter, so that more words break.
    """
    line: list[Run] = []
    used, room = 0.0, pages.w - 2 * _MARGIN - (100 if hyphenate else 0)
    for words, bold in runs:
        _set_face(pages, bold=bold)
        if hyphenate:
            words = _WORD.sub(lambda match: _HYPHENATED.get(match[0], match[0]), words)
        for piece in _PIECE.findall(words):
            shown = piece.replace("\u00ad", "")
            width = pages.get_string_width(shown.rstrip() + ("-" if "\u00ad" in piece else ""))
            if line and used + width > room:
                yield _ended(line), used
                line, used = [], 0.0
            line.append((piece, bold))
            used += pages.get_string_width(shown)
    yield _ended(line), used


def _ended(line: list[Run]) -> list[Run]:
    """The pieces of a line as few runs; a soft hyphen shows where it ends the line."""
    *before, (last, last_bold) = line
    pieces = [*before, (re.sub("\u00ad$", "-", last.rstrip()), last_bold)]
    merged: list[Run] = []
    for piece, bold in pieces:
        shown = piece.replace("\u00ad", "")
        if merged and merged[-1][1] == bold:
            merged[-1] = (merged[-1][0] + shown, bold)
        else:
            merged.append((shown, bold))
    return merged
