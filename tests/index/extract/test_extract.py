"""Files as people have them: every format and encoding, and everything that is no letter."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docx
import pytest
from fpdf import FPDF
from fpdf.enums import EncryptionMethod

from index.extract import Document, Unreadable, discover, extract, shown
from index.extract import sources as sources_module
from index.fold import readable

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


def pdf(*pages: list[tuple[str, str]], password: str | None = None) -> bytes:
    """A PDF of lines, each a text in a style ("B" bold), an empty text being a gap."""
    document = FPDF()
    for page in pages:
        document.add_page()
        for text, style in page:
            document.set_font("Times", style, 11)
            document.cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")
    if password is not None:
        document.set_encryption(
            "owner", user_password=password, encryption_method=EncryptionMethod.AES_256
        )
    return bytes(document.output())


def word(*paragraphs: tuple[str, bool]) -> bytes:
    document = docx.Document()
    for text, bold in paragraphs:
        document.add_paragraph().add_run(text).bold = bold
    return saved(document)


def saved(document: docx.document.Document) -> bytes:
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return stream.getvalue()


def texts(document: Document) -> list[str]:
    return [line.text.strip() for line in document.lines]


def bold(document: Document) -> str:
    return " ".join(line.text[start:end] for line in document.lines for start, end in line.bold)


def refusal(name: str, data: bytes) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        extract(name, data)
    assert refused.value.reason.endswith(".")
    assert refused.value.remedy.endswith(".")
    return refused.value


# -- PDF -----------------------------------------------------------------------------------------

PAGE = [("Heel lift: ", "B"), ("It helps.", ""), ("It lifts.", ""), ("", ""), ("Next.", "")]


def test_pdf_lines_bold_breaks_and_pages() -> None:
    document = extract("a.pdf", pdf(PAGE, [("More.", "")]))
    assert texts(document) == ["Heel lift:", "It helps.", "It lifts.", "", "Next.", "More."]
    assert bold(document) == "Heel lift:"
    assert [line.page for line in document.lines] == [0, 0, 0, 0, 0, 1]


def test_a_pdf_encrypted_without_a_password_opens() -> None:
    assert "It helps." in texts(extract("a.pdf", pdf(PAGE, password="")))


def test_a_pdf_with_a_password_does_not() -> None:
    assert refusal("a.pdf", pdf(PAGE, password="sesame")).code == "password"


@pytest.mark.parametrize("last", [b"/Type /Page", b"trailer", b"%%EOF"])
def test_a_pdf_cut_off(last: bytes) -> None:
    data = pdf(PAGE, PAGE)
    assert refusal("a.pdf", data[: data.rindex(last)]).code == "damaged"


def test_a_pdf_without_text_is_a_scan() -> None:
    scan = refusal("a.pdf", pdf([("", "")]))
    assert scan.code == "no-text"
    assert "OCR" in scan.remedy


def test_a_pdf_of_too_many_pages() -> None:
    assert refusal("a.pdf", pdf(*([[("x", "")]] * 501))).code == "too-large"


def test_pdfs_are_read_in_threads() -> None:
    data = pdf(PAGE)
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda _: texts(extract("a.pdf", data)), range(40)))
    assert read == [read[0]] * 40


# -- Word ----------------------------------------------------------------------------------------


def test_word_paragraphs_and_bold() -> None:
    document = extract("a.docx", word(("Heel lift: Upheld", True), ("It helps.", False)))
    assert texts(document) == ["Heel lift: Upheld", "", "It helps.", ""]
    assert bold(document) == "Heel lift: Upheld"


def test_word_tables_are_read_row_by_row() -> None:
    document = docx.Document()
    table = document.add_table(1, 3)
    for cell, text in zip(table.rows[0].cells, ["Priority:", "Standard", "x"], strict=True):
        cell.text = text
    table.rows[0].cells[1].merge(table.rows[0].cells[2])
    assert " ".join(texts(extract("a.docx", saved(document)))[0].split()) == "Priority: Standard x"


def repacked(change: Callable[[str, bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(word(("It helps.", False)))) as package:
        parts = {name: change(name, package.read(name)) for name in package.namelist()}
    return archive(**parts)


def test_word_bombs_are_refused_unopened() -> None:
    bomb = repacked(lambda name, data: data + b" " * 20_000_000 if "styles" in name else data)
    assert refusal("a.docx", bomb).code == "too-large"


def test_word_entities_are_refused() -> None:
    def with_entity(name: str, data: bytes) -> bytes:
        declared = b'?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        return data.replace(b"?>", declared, 1) if name == "word/document.xml" else data

    assert refusal("a.docx", repacked(with_entity)).code == "damaged"


def test_other_office_documents_and_damaged_ones() -> None:
    assert refusal("a.docx", archive(**{"xl/workbook.xml": b"<x/>"})).code == "type"
    assert refusal("a.docx", word(("It helps.", False))[:2000]).code == "damaged"


# -- plain text ----------------------------------------------------------------------------------

WORDS = "Crème and \u2013 dash: “60 y/o” §5"


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"],
)
def test_text_in_any_encoding(encoding: str) -> None:
    text = WORDS + " and much that is plain, as letters are." * 20
    assert texts(extract("a.txt", text.encode(encoding))) == [text]


def test_text_in_an_encoding_far_from_home() -> None:
    text = "Пациент жалуется на боль в спине. Лечение не помогло. " * 5
    assert texts(extract("a.txt", text.encode("koi8_r"))) == [text.strip()]


def test_form_feeds_part_pages() -> None:
    lines = extract("a.txt", b"one\r\ntwo\x0cthree").lines
    assert [(line.text, line.page) for line in lines] == [("one", 0), ("two", 0), ("three", 1)]


def test_what_cannot_be_seen_is_folded_away() -> None:
    hostile = "a\0b\x1b\u202e\u200b\ufeff\ue000\ud800c\u00ad\r\nd\u00a0e\u2028ﬁn"
    assert readable(hostile) == "abc\nd e\nfin"


# -- types ---------------------------------------------------------------------------------------


def test_a_file_is_read_by_what_it_is() -> None:
    assert "It helps." in texts(extract("a.txt", pdf(PAGE)))
    assert "It helps." in texts(extract("a.pdf", word(("It helps.", False))))
    assert texts(extract("a.pdf", b"It helps.")) == ["It helps."]


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.pdf", b"", "empty"),
        ("a.txt", b" \r\n", "empty"),
        ("a.txt", b"12 34", "no-text"),
        ("a.pdf", PNG, "type"),
        ("a.pdf", bytes(range(256)) * 20, "type"),
        ("a.txt", b"<!DOCTYPE html><p>Not found</p>", "type"),
        ("a.doc", b"\xd0\xcf\x11\xe0" + bytes(500), "type"),
        ("a.jsonl", b'{"a": "letter"}', "type"),
        ("a.zip", archive(**{"a.txt": b"x"}), "type"),
        ("a.txt", b"a" * (50 * 1024 * 1024 + 1), "too-large"),
    ],
)
def test_what_is_no_letter_is_refused(name: str, data: bytes, code: str) -> None:
    assert refusal(name, data).code == code


# -- finding files -------------------------------------------------------------------------------


def found(*paths: Path) -> dict[str, bytes]:
    """What there is at `paths`, by name below the folder of the first of them."""
    root = paths[0] if paths[0].is_dir() else paths[0].parent
    below = f"{root.resolve()}/"
    return {shown(source.name).removeprefix(below): source.load() for source in discover(paths)}


def test_folders_and_archives_are_opened_in_order(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "two.txt").write_bytes(b"2")
    (tmp_path / "a.txt").write_bytes(b"1")
    (tmp_path / ".hidden").write_bytes(b"x")
    (tmp_path / "loop").symlink_to(tmp_path)
    inner = archive(**{"four.txt": b"4"})
    members = {"../../three.txt": b"3", "in/ner.zip": inner, "__MACOSX/x": b"x"}
    (tmp_path / "c.zip").write_bytes(archive(**members))
    (tmp_path / "d.docx").write_bytes(word(("It helps.", False)))
    read = found(tmp_path)
    assert list(read) == [
        "a.txt",
        "b/two.txt",
        "c.zip/three.txt",
        "c.zip/in/ner.zip/four.txt",
        "d.docx",
    ]
    assert b"".join(read.values()).startswith(b"1234PK")


def test_sources_can_be_loaded_after_all_are_found(tmp_path: Path) -> None:
    (tmp_path / "c.zip").write_bytes(archive(**{"a.txt": b"1", "b.txt": b"2"}))
    sources = list(discover([tmp_path / "c.zip"]))
    assert [source.load() for source in reversed(sources)] == [b"2", b"1"]


def test_files_whose_names_differ_in_a_byte_are_two(tmp_path: Path) -> None:
    names = [
        b"\xe9.txt",
        b"\xc3\xa9.txt",
        b"e\xcc\x81.txt",
        b"\xc3\xa9\xe2\x80\x8b.txt",
        b"\xff.txt",
    ]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    sources = list(discover([tmp_path]))
    assert {source.load(): source.name for source in sources} == {
        name: os.fsencode(tmp_path) + b"/" + name for name in names
    }
    assert len({shown(source.name) for source in sources}) == len(names)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"a b.pdf", "a b.pdf"),
        ("Krämer.pdf".encode(), "Krämer.pdf"),
        (b"\xff.pdf", r"\xff.pdf"),
        (b"\xed\xa0\x80.pdf", r"\xed\xa0\x80.pdf"),
        ("a\n\x1b[2J\u202e.pdf".encode(), r"a\n\x1b[2J\u202e.pdf"),
    ],
)
def test_the_name_of_a_source_is_shown_as_text_on_one_line(name: bytes, text: str) -> None:
    assert shown(name) == text


def zip_of(*members: tuple[str, bytes]) -> bytes:
    """An archive of members that may have one name."""
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w") as written, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that two have one name
            for name, data in members:
                written.writestr(name, data)
        return buffer.getvalue()


def test_members_of_one_name_are_numbered(tmp_path: Path) -> None:
    members = [("a.txt", b"1"), ("in/a.txt", b"2"), ("a.txt", b"3"), ("../a.txt", b"4")]
    (tmp_path / "c.zip").write_bytes(
        zip_of(*members, ("a (2).txt", b"5"), ("b", b"6"), ("b", b"7"))
    )
    assert found(tmp_path) == {
        "c.zip/a.txt": b"4",
        "c.zip/a (3).txt": b"1",
        "c.zip/a (4).txt": b"3",
        "c.zip/a (2).txt": b"5",
        "c.zip/in/a.txt": b"2",
        "c.zip/b": b"6",
        "c.zip/b (2)": b"7",
    }


def test_members_of_archives_in_an_archive_are_numbered_together(tmp_path: Path) -> None:
    inner = [("in.zip", zip_of(("a.txt", bytes([number])))) for number in range(2)]
    (tmp_path / "c.zip").write_bytes(zip_of(*inner, ("in.zip/a.txt", b"\2"), ("..", b"\3")))
    assert found(tmp_path) == {
        "c.zip/in.zip/a.txt": b"\0",
        "c.zip/in.zip/a (2).txt": b"\1",
        "c.zip/in.zip/a (3).txt": b"\2",
        "c.zip/unnamed": b"\3",
    }


def test_a_missing_path_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        discover([tmp_path, tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("bound", "value"),
    [("MAX_ZIP_MEMBERS", 1), ("MAX_ZIP_BYTES", 10), ("MAX_ZIP_RATIO", 0), ("MAX_FILE_BYTES", 10)],
)
def test_archives_have_bounds(
    bound: str, value: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = " ".join(map(str, range(300_000))).encode()
    (tmp_path / "c.zip").write_bytes(archive(**{"a.txt": large, "b.txt": b"2"}))
    assert found_codes(tmp_path) == ["read", "read"]
    monkeypatch.setattr(sources_module, bound, value)
    assert "too-large" in found_codes(tmp_path)


def test_archives_in_archives_have_an_end(tmp_path: Path) -> None:
    data = b"deep"
    for _ in range(9):
        data = archive(**{"in.zip": data})
    (tmp_path / "c.zip").write_bytes(data)
    assert found_codes(tmp_path) == ["too-large"]


def test_a_damaged_member_is_refused_alone(tmp_path: Path) -> None:
    data = archive(**{"a.txt": b"some text to corrupt " * 9, "b.txt": b"2"})
    (tmp_path / "c.zip").write_bytes(data.replace(data[40:44], b"\xff\xff\xff\xff", 1))
    assert found_codes(tmp_path) == ["damaged", "read"]


def found_codes(folder: Path) -> list[str]:
    codes = []
    for source in discover([folder]):
        try:
            source.load()
            codes.append("read")
        except Unreadable as refused:
            codes.append(refused.code)
    return codes
