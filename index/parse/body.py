r"""The text to parse: one string without page furniture, and where it is bold.

Inside, words are parted by one space, lines by one "\n", paragraphs by two, so that patterns
need no more than a bounded `\s+` and stay linear on any input.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from index.extract import Line
from index.fold import mended
from index.parse.labels import Label, find_labels
from index.parse.marks import Mark, Part, find_marks

_WORD = re.compile(r"\S+")
_WHOLE_WORD = re.compile(r"(?<!-\n)\b[a-z]+(?:-[a-z]+)*\b(?!-\n)")
_SENTENCE_END = (".", ":", "?", "!", "upheld", "overturned")


@dataclass(frozen=True)
class Body:
    """`text`, and the sorted half-open spans `bold` of it; one span for one run of bold words."""

    text: str
    bold: tuple[tuple[int, int], ...]

    @cached_property
    def words(self) -> frozenset[str]:
        """The words as they stand inside lines, hyphenated ones whole: see `flow`."""
        return frozenset(_WHOLE_WORD.findall(self.text.lower()))

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """The labels of guidelines and rationales, in order."""
        return find_labels(self.text)

    @cached_property
    def marks(self) -> tuple[Mark, ...]:
        """The headings of the parts of the letter, in order."""
        return find_marks(self.text)

    def mark(self, part: Part) -> Mark | None:
        """The first heading of a part, if the letter has it."""
        return next((mark for mark in self.marks if mark.part is part), None)

    def next_mark(self, position: int) -> int:
        """Where the next heading begins, or the letter ends."""
        return next((m.start for m in self.marks if m.start >= position), len(self.text))

    def labels_between(self, start: int, end: int) -> tuple[Label, ...]:
        """The labels that begin between two positions."""
        low = bisect_left(self.labels, start, key=_start)
        return self.labels[low : bisect_left(self.labels, end, key=_start)]

    def bold_run(self, position: int) -> tuple[int, int] | None:
        """The span of the bold run that holds the character at `position`."""
        place = bisect_right(self.bold, (position, len(self.text))) - 1
        if place >= 0 and self.bold[place][0] <= position < self.bold[place][1]:
            return self.bold[place]
        return None

    def flow(self, start: int, end: int) -> str:
        """The text between two positions as one line, words broken over lines made whole."""
        return " ".join(mended(self.text[start:end], self.words).split())


def _start(label: Label) -> int:
    return label.start


def read_body(lines: tuple[Line, ...]) -> Body:
    """The body of a document: double spacing, running heads and page numbers taken out."""
    return _build(_without_furniture(_single_spaced(list(lines))))


def _build(lines: list[Line]) -> Body:
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    size = 0
    blank = True
    for line in lines:
        words = line.text.split()
        if not words:
            if not blank:
                parts.append("")
                size += 1
            blank = True
            continue
        blank = False
        parts.append(" ".join(words))
        if line.bold:
            spans += _bold_words(line, size)
        size += len(parts[-1]) + 1
    return Body("\n".join(parts), tuple(_runs(spans)))


def _bold_words(line: Line, offset: int) -> list[tuple[int, int]]:
    """Where the bold words of a line come to stand, its spaces being reduced to one."""
    found = []
    starts = [start for start, _ in line.bold]
    for word in _WORD.finditer(line.text):
        place = bisect_right(starts, word.start()) - 1
        if place >= 0 and word.start() < line.bold[place][1]:
            bold_end = min(word.end(), line.bold[place][1])
            found.append((offset, offset + bold_end - word.start()))
        offset += len(word.group()) + 1
    return found


def _runs(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Bold words parted by at most a paragraph break, as runs."""
    runs: list[tuple[int, int]] = []
    for start, end in spans:
        if runs and start - runs[-1][1] <= 2:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs


# -- lines that are not the letter's ------------------------------------------------------------


def _single_spaced(lines: list[Line]) -> list[Line]:
    """Undoes double spacing, where a blank line follows every line and parts no paragraphs."""
    gaps = broken = unspaced = 0
    texts = [line.text.strip() for line in lines]
    for text, between, after in zip(texts, texts[1:], texts[2:], strict=False):
        if text and not between and after:
            gaps += 1
            broken += not text.lower().endswith(_SENTENCE_END)
        unspaced += bool(text and between)
    if broken <= gaps / 2 or unspaced > gaps / 20:
        return lines
    kept: list[Line] = []
    for line, text, before in zip(lines, texts, ["-", *texts], strict=False):
        if text or not before:
            kept.append(line)
    return kept


_PAGE_NUMBER = re.compile(r"[-(\s]*(\d{1,3})(?:\s*(?:of|/)\s*\d{1,3})?[-)\s]*", re.IGNORECASE)
_PAGE_OF = re.compile(
    r"(?:(?:final determination letter for )?(?:imr )?case number:?\s*cm\d\d-\d+\W*)?"
    r"page:?\s*\d{1,3}(?:\s*(?:of|/)\s*\d{1,3})?\W*|"
    r"final determination letter for imr case number:?\s*cm\d\d-\d+(?:\W+\d{1,3})?\W*",
    re.IGNORECASE,
)
_PAGE_OF_INITIALS = "pPfFiIcC"
_CASE_LINE = re.compile(r"(?:[a-z ]{0,40}case number:?\s*)?cm\d\d-\d{5,8}\W*\d{0,3}", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_HEAD_WORDS = 3


def _without_furniture(lines: list[Line]) -> list[Line]:
    """`lines` without page numbers and running heads; text that runs over a page is joined."""
    edges = _page_edges(lines)
    repeated = _repeated(lines, edges)
    numbers = _numbered_pages(lines) if not edges else set()
    kept: list[Line] = []
    for place, line in enumerate(lines):
        text = " ".join(line.text.split())
        if text and (
            (text[0] in _PAGE_OF_INITIALS and _PAGE_OF.fullmatch(text))
            or place in numbers
            or (place in edges and (_numbers_page(text, line.page) or text in repeated))
            or (place in edges and line.page and _CASE_LINE.fullmatch(text))
        ):
            continue
        if kept and line.page != kept[-1].page:
            _join_page(kept, line)
        if text or (kept and kept[-1].text.strip()):
            kept.append(line)
    return kept


def _numbers_page(text: str, page: int) -> bool:
    """Whether a line is the number of its page; pages are counted from 0, a cover may go before."""
    match = _PAGE_NUMBER.fullmatch(text)
    return match is not None and int(match[1]) - page in (0, 1, 2)


def _join_page(kept: list[Line], first: Line) -> None:
    """Ends a page: a paragraph break stays, or is put, where the last line ends a sentence."""
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept and kept[-1].text.rstrip().lower().endswith(_SENTENCE_END):
        kept.append(Line("", (), first.page))


def _page_edges(lines: list[Line]) -> set[int]:
    """The places of the two outermost lines at the top and the bottom of each page."""
    pages: dict[int, list[int]] = {}
    for place, line in enumerate(lines):
        if line.text.strip():
            pages.setdefault(line.page, []).append(place)
    if len(pages) < 2:
        return set()
    return {place for places in pages.values() for place in places[:2] + places[-2:]}


def _repeated(lines: list[Line], edges: set[int]) -> set[str]:
    """The lines at the edges of most pages, numbers aside: at least three of them.

    On two pages a line of several words counts that heads both; two pages may well end alike.
    """
    texts = {
        place: text
        for place in edges
        if (text := " ".join(lines[place].text.split()))[-1] not in ".:?!" and not find_labels(text)
    }
    pages = len({lines[place].page for place in edges})
    shapes = Counter({(_DIGITS.sub("#", t), lines[p].page) for p, t in texts.items()})
    counts = Counter(shape for shape, _ in shapes)
    usual = {shape for shape, count in counts.items() if count >= 3 and count > pages / 2}
    heads = [text for _, text in sorted(_page_heads(lines, texts).items())]
    if len(heads) == pages == 2 and heads[0] == heads[1] and heads[0].count(" ") >= _HEAD_WORDS:
        usual.add(_DIGITS.sub("#", heads[0]))
    return {text for text in texts.values() if _DIGITS.sub("#", text) in usual}


def _page_heads(lines: list[Line], texts: dict[int, str]) -> dict[int, str]:
    """The first of `texts` on each page."""
    heads: dict[int, str] = {}
    for place in sorted(texts):
        heads.setdefault(lines[place].page, texts[place])
    return heads


def _numbered_pages(lines: list[Line]) -> set[int]:
    """Where the pages are not marked: a number that is a paragraph, or 1, 2, 3 ... in lines."""
    alone = [place for place, line in enumerate(lines) if line.text.strip().isdecimal()]
    numbers = [int(lines[place].text.strip()[:6]) for place in alone[:_MAX_PAGES]]
    if len(numbers) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return set(alone)
    texts = ["", *(line.text.strip() for line in lines), ""]
    return {place for place in alone if not texts[place] and not texts[place + 2]}


_MAX_PAGES = 500
