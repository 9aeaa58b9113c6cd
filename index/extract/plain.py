"""Plain text to lines, in whatever encoding it comes; and what is no text, by its first bytes."""

from __future__ import annotations

import codecs
import re
from pathlib import PurePosixPath

from index.extract.document import MAX_CHARACTERS, Line, Unreadable, too_large
from index.fold import readable

_SUFFIXES = {"", ".txt", ".text", ".pdf", ".docx"}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OTHER_TYPES = (
    (b"\xd0\xcf\x11\xe0", "an old or a protected Word document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"II*\0", "a scanned picture"),
    (b"MM\0*", "a scanned picture"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
)
_WEB_PAGE = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_SAMPLE = 20_000
_MAX_CONTROL_SHARE = 0.1
_MAX_HIGH_SHARE = 0.05


def plain_lines(name: str, data: bytes) -> list[Line]:
    """The lines of a text file; a form feed starts a page. Raises `Unreadable` if it is none."""
    _refuse_other_types(name, data)
    text = _decode(data)
    if len(_CONTROL.findall(text, 0, _SAMPLE)) > _MAX_CONTROL_SHARE * min(len(text), _SAMPLE):
        raise _wrong_type("of a kind that holds no readable text")
    if len(text) > MAX_CHARACTERS:
        raise too_large()
    return [
        Line(line, (), number)
        for number, page in enumerate(readable(text).replace("\t", " ").split("\f"))
        for line in page.split("\n")
    ]


def _refuse_other_types(name: str, data: bytes) -> None:
    for magic, kind in _OTHER_TYPES:
        if data.startswith(magic):
            raise _wrong_type(kind)
    if _WEB_PAGE.match(data[:1024]):
        raise _wrong_type("a web page, perhaps saved in place of the letter")
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in _SUFFIXES:
        raise _wrong_type(f"a {suffix} file")


def _wrong_type(kind: str) -> Unreadable:
    return Unreadable(
        "type",
        f"It is {kind}; letters are read from PDF, DOCX and TXT.",
        "Find the letter itself, or save it as PDF, DOCX or TXT.",
    )


def _decode(data: bytes) -> str:
    """The text of `data`: by its mark, as UTF-8, as UTF-16 without a mark, else as it looks."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    if (wide := _unmarked_utf16(data)) is not None:
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data)


def _unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 of Latin letters has a zero in nearly every other byte."""
    sample = data[:_SAMPLE]
    half = max(1, len(sample) // 2)
    if sample[1::2].count(0) > 0.7 * half and sample[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if sample[::2].count(0) > 0.7 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _decode_legacy(data: bytes) -> str:
    """Windows-1252 where few bytes are not ASCII, else as charset-normalizer guesses."""
    sample = data[:_SAMPLE]
    high = sum(byte > 127 for byte in sample)
    if high <= _MAX_HIGH_SHARE * len(sample):
        return data.decode("cp1252", "replace")
    from charset_normalizer import from_bytes  # here: hardly a letter needs it

    guess = from_bytes(sample).best()
    return data.decode(guess.encoding if guess else "cp1252", "replace")
