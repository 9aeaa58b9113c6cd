"""Files made to take all time or all memory, or to bring down what opens them.

Each is a function that makes one, of the kinds that public reports on such software tell of; none
holds a letter. `PDFS`, `WORD_FILES`, `ARCHIVES` and `TEXTS` list them by the name of their file.
"""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import partial

Make = Callable[[], bytes]
MEGABYTE = 1024 * 1024
_PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources 5 0 R >>"
_FONT = b"<< /Font << /F 6 0 R >> >>"
_HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def pdf(objects: Mapping[int, bytes], tail: bytes = b"") -> bytes:
    """A PDF of these objects; 1 is its catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = {}
    for number, content in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    size = max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    for number in range(1, size):
        out += b"%010d 00000 n \n" % places.get(number, 0)
    out += b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, tail, start)
    return bytes(out)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def one_page(content: bytes, resources: bytes = _FONT, **more: bytes) -> dict[int, bytes]:
    """The objects of a document of one page; `more` are further ones, as o7=..., o8=..."""
    return {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: _PAGE,
        4: content,
        5: resources,
        6: _HELVETICA,
    } | {int(name[1:]): made for name, made in more.items()}


def inflating(size: int, times: int) -> bytes:
    """A stream that inflates to `size` zeros, deflated `times` times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    megabyte = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    count = size // MEGABYTE
    # The checksum of zeros is known (RFC 1950): 1 below, and their number above.
    checksum = (count * MEGABYTE % 65521) << 16 | 1
    data = b"\x78\xda" + megabyte * count + b"\x03\x00" + struct.pack(">I", checksum)
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return stream(data, b"/Filter [%s]" % b" ".join([b"/FlateDecode"] * times))


def nested_forms(levels: int, fan: int) -> bytes:
    """A page that draws a form, which draws the next one `fan` times, and so on."""
    draw = b"/X Do " * fan
    objects = one_page(stream(b"/X Do"), b"<< /XObject << /X 10 0 R >> >>")
    for level in range(levels):
        last = level == levels - 1
        inner = b"<< /XObject << /X %d 0 R >> >>" % (11 + level)
        entries = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources "
        content = b"BT /F 9 Tf (a) Tj ET" if last else draw
        objects[10 + level] = stream(content, entries + (_FONT if last else inner))
    return pdf(objects)


def form_in_itself() -> bytes:
    """A form that draws itself."""
    entries = b"/Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 10 0 R >> >>"
    resources = b"<< /XObject << /X 10 0 R >> >>"
    return pdf(one_page(stream(b"/X Do"), resources, o10=stream(b"/X Do /X Do", entries)))


def many_pages(count: int) -> bytes:
    """A document of as many pages, all with the same text."""
    objects = one_page(stream(b"BT /F 9 Tf 50 700 Td (A page.) Tj ET"))
    kids = b" ".join(b"%d 0 R" % number for number in range(10, 10 + count))
    objects[2] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count)
    return pdf(objects | dict.fromkeys(range(10, 10 + count), _PAGE))


def claimed_pages() -> bytes:
    """A document of one page that claims to have two thousand million."""
    objects = one_page(stream(b"BT /F 9 Tf (a) Tj ET"))
    return pdf(objects | {2: b"<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>"})


def page_tree_in_a_circle() -> bytes:
    """A page tree whose only node is its own child."""
    return pdf(one_page(stream(b"")) | {2: b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 499 >>"})


def deep_page_tree() -> bytes:
    """A page tree a hundred thousand nodes deep."""
    deep = 100_000
    objects = one_page(stream(b"BT /F 9 Tf (a) Tj ET"))
    for level in range(deep):
        child = 3 if level == deep - 1 else 11 + level
        objects[10 + level] = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % child
    return pdf(objects | {2: b"<< /Type /Pages /Kids [10 0 R] /Count 1 >>"})


def endless_text(size: int) -> bytes:
    """A page that shows millions of letters, each by an operator of its own."""
    shown = b"BT /F 1 Tf " + b"(a) Tj 1 0 Td " * (size // 14) + b"ET"
    return pdf(one_page(stream(zlib.compress(shown, 9), b"/Filter /FlateDecode")))


def deep_arrays() -> bytes:
    """A content stream of arrays in arrays."""
    return pdf(one_page(stream(b"[" * 3_000_000)))


def cross_references_in_a_circle() -> bytes:
    """A document whose table of objects names itself as the one before it."""
    made = pdf(one_page(stream(b"BT ET")))
    start = int(made.rsplit(b"startxref\n", 1)[1].split()[0])
    return made.replace(b"/Root 1 0 R", b"/Prev %d /Root 1 0 R" % start)


def object_stream_bomb() -> bytes:
    """A document whose catalogue lies in a stream that inflates to a thousand million bytes."""
    objects = one_page(stream(b"BT ET"))
    bomb = inflating(1024 * MEGABYTE, 2).replace(b"/Filter", b"/Type /ObjStm /N 1 /First 4 /Filter")
    return pdf(objects | {7: bomb, 2: b"<< /Type /Pages /Kids 8 0 R /Count 1 >>"})


def large_map_of_characters() -> bytes:
    """A font that maps every character to hundreds of others, again and again."""
    line = b"<0000> <ffff> <" + b"0041" * 200 + b">\n"
    mapping = zlib.compress(b"begincmap 99 beginbfrange\n" + line * 20_000 + b"endbfrange endcmap")
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /ToUnicode 7 0 R "
        b"/DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo "
        b"<< /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >>"
    )
    shown = stream(b"BT /F 9 Tf <" + b"00410042" * 5000 + b"> Tj ET")
    made = one_page(shown, o7=stream(mapping, b"/Filter /FlateDecode"))
    return pdf(made | {6: font})


def padded_pdf(size: int) -> bytes:
    """A document of one page that carries as many bytes that nobody needs."""
    noise = random.Random(1).randbytes(size)
    return pdf(one_page(stream(b"BT /F 9 Tf 50 700 Td (Noise.) Tj ET"), o7=stream(noise)))


def cut_off_pdf() -> bytes:
    """Half a document."""
    made = many_pages(40)
    return made[: len(made) // 2]


# -- Word ----------------------------------------------------------------------------------------

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships'
    '+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)


def word(body: str, *, head: str = "", stored: bool = False) -> bytes:
    """A Word document with this body."""
    packed = io.BytesIO()
    kind = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(packed, "w", kind) as package:
        package.writestr("[Content_Types].xml", _TYPES)
        package.writestr("_rels/.rels", _RELATIONS)
        document = f"{head}<w:document {_W}><w:body>{body}</w:body></w:document>"
        package.writestr("word/document.xml", document)
    return packed.getvalue()


def wide_cell(span: int) -> bytes:
    """A table whose only cell spans as many columns."""
    cell = f'<w:tc><w:tcPr><w:gridSpan w:val="{span}"/></w:tcPr><w:p/></w:tc>'
    return word(f"<w:tbl><w:tr>{cell}</w:tr></w:tbl>")


def merged_table(rows: int, columns: int) -> bytes:
    """A table whose cells are each merged with the one above."""
    cell = "<w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc>"
    first = cell.replace("<w:vMerge/>", '<w:vMerge w:val="restart"/>') * columns
    others = f"<w:tr>{cell * columns}</w:tr>" * rows
    return word(f"<w:tbl><w:tr>{first}</w:tr>{others}</w:tbl>", stored=True)


def tables_in_tables(deep: int) -> bytes:
    """A table in the cell of a table, and so on."""
    opening, closing = "<w:tbl><w:tr><w:tc>", "<w:p/></w:tc></w:tr></w:tbl>"
    return word(opening * deep + closing * deep)


def many_paragraphs(count: int) -> bytes:
    """As many paragraphs of a number each: so small when packed that nothing warns."""
    return word("".join(f"<w:p><w:r><w:t>{number}</w:t></w:r></w:p>" for number in range(count)))


def laughs() -> bytes:
    """A document of entities made of entities."""
    entities = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' if n else '<!ENTITY e0 "ha">' for n in range(10)
    )
    return word("<w:p><w:r><w:t>&e9;</w:t></w:r></w:p>", head=f"<!DOCTYPE w [{entities}]>")


def deep_xml(deep: int) -> bytes:
    """Elements in elements."""
    return word("<w:p>" * deep + "</w:p>" * deep)


def many_attributes() -> bytes:
    """A paragraph of a million attributes."""
    attributes = " ".join(f'a{number}="1"' for number in range(1_000_000))
    return word(f"<w:p {attributes}/>", stored=True)


# -- archives ------------------------------------------------------------------------------------


def archive(members: Mapping[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive of these members."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", kind) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return packed.getvalue()


def archives_in_archives(deep: int) -> bytes:
    """An archive in an archive, and so on, with a text in the last."""
    data = archive({"letter.txt": b"nothing"})
    for _ in range(deep):
        data = archive({"next.zip": data}, zipfile.ZIP_STORED)
    return data


def spreading_archives() -> bytes:
    """Sixteen archives in each of sixteen archives, in each of sixteen; two million files."""
    data = archive({f"{n}.txt": b"no letter" for n in range(512)})
    for _ in range(3):
        data = archive({f"{n}.zip": data for n in range(16)})
    return data


def member_inflating() -> bytes:
    """A member of four thousand million zeros, in four archives one in the other."""
    data = archive({"letter.txt": bytes(49 * MEGABYTE)})
    return archive({f"{n}.zip": data for n in range(3_000)})


def wanted_dictionary() -> bytes:
    """A member whose LZMA stream asks for a dictionary of four thousand million bytes."""
    made = bytearray(archive({"letter.txt": b"a letter " * 999}, zipfile.ZIP_LZMA))
    place = made.index(b"letter.txt") + len(b"letter.txt") + 4
    made[place + 1 : place + 5] = struct.pack("<I", 0xFFFFFFFF)
    return bytes(made)


def many_members(count: int) -> bytes:
    """An archive of as many empty files."""
    return archive(dict.fromkeys((f"{n}.txt" for n in range(count)), b""), zipfile.ZIP_STORED)


# -- texts ---------------------------------------------------------------------------------------


def repeated(text: str, size: int) -> bytes:
    """The same words until the file is as large."""
    return (text.encode() * (size // len(text.encode()) + 1))[:size]


def noise(size: int) -> bytes:
    """Letters of many alphabets in no order, in an encoding that nothing tells."""
    drawn = random.Random(2)
    return bytes(drawn.choice(b"abcdefgh \xe4\xf6\xfc\xc0\xd0\xe0\xf0") for _ in range(size))


PDFS: dict[str, Make] = {
    "nested-forms.pdf": partial(nested_forms, 10, 10),
    "nested-forms-wide.pdf": partial(nested_forms, 5, 200),
    "form-in-itself.pdf": form_in_itself,
    "inflates-to-2-gb.pdf": lambda: pdf(one_page(inflating(2048 * MEGABYTE, 2))),
    "inflates-to-1-gb.pdf": lambda: pdf(one_page(inflating(1024 * MEGABYTE, 1))),
    "pages-5000.pdf": partial(many_pages, 5000),
    "pages-500.pdf": partial(many_pages, 500),
    "pages-claimed.pdf": claimed_pages,
    "page-tree-circle.pdf": page_tree_in_a_circle,
    "page-tree-deep.pdf": deep_page_tree,
    "text-endless.pdf": partial(endless_text, 60 * MEGABYTE),
    "arrays-deep.pdf": deep_arrays,
    "xref-circle.pdf": cross_references_in_a_circle,
    "object-stream.pdf": object_stream_bomb,
    "character-map.pdf": large_map_of_characters,
    "padded.pdf": partial(padded_pdf, 24 * MEGABYTE),
    "cut-off.pdf": cut_off_pdf,
}
WORD_FILES: dict[str, Make] = {
    "wide-cell.docx": partial(wide_cell, 10**8),
    "merged-table.docx": partial(merged_table, 300, 30),
    "merged-table-large.docx": partial(merged_table, 4_000, 60),
    "tables-deep.docx": partial(tables_in_tables, 2_000),
    "paragraphs.docx": partial(many_paragraphs, 800_000),
    "laughs.docx": laughs,
    "xml-deep.docx": partial(deep_xml, 1_000_000),
    "attributes.docx": many_attributes,
    "inflates.docx": lambda: word("<w:p/>" * 30_000_000),
}
ARCHIVES: dict[str, Make] = {
    "zips-deep.zip": partial(archives_in_archives, 40),
    "zips-spreading.zip": spreading_archives,
    "member-inflating.zip": member_inflating,
    "dictionary.zip": wanted_dictionary,
    "members-many.zip": partial(many_members, 120_000),
}
TEXTS: dict[str, Make] = {
    "one-letter.txt": partial(repeated, "a", 49 * MEGABYTE),
    "brackets.txt": partial(repeated, "(", 4 * MEGABYTE),
    "spaces.txt": lambda: b"a" + b" " * (4 * MEGABYTE) + b"b",
    "labels.txt": partial(repeated, "Case Number: CM16-", 4 * MEGABYTE),
    "decisions.txt": partial(
        repeated, "IMR ISSUES, DECISIONS AND RATIONALES\nX: Upheld\n", 4_000_000
    ),
    "headings.txt": partial(repeated, "X was the original request. ", 4_000_000),
    "dates.txt": partial(repeated, "Date Assigned: 1/1/2016 ", 4_000_000),
    "noise.txt": partial(noise, 3 * MEGABYTE),
    "zeros.txt": lambda: bytes(49 * MEGABYTE),
}
ALL: dict[str, Make] = PDFS | WORD_FILES | ARCHIVES | TEXTS
