"""Where the heading of an issue begins and ends, and what of it is in dispute."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from index.letter import Outcome
from index.parse.body import Body

# Sought by its first letter, for the search through a letter is fast so.
_OUTCOME = re.compile(r"[UuOo](?<!\w.)(?i:ph[eo]ld|verturn(?:ed)?)\b")
_PARTIAL = re.compile(r"\bPartial(?:ly)?\s+$", re.IGNORECASE)
NECESSITY = re.compile(
    r"\b(?:is|are|was|were)\s*(?P<not>not\s*)?medically\s*necessary"
    r"(?:\s*and\s*appropriate)?\s*\.?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Named:
    """An outcome named in a text, from `start` to `end`."""

    start: int
    end: int
    outcome: Outcome


def named_outcomes(text: str, start: int, end: int) -> Iterator[Named]:
    """The outcomes a text names. In part overturned is neither: what part, the text must tell."""
    for match in _OUTCOME.finditer(text, start, end):
        window = max(start, match.start() - 12)
        if partial := _PARTIAL.search(text[window : match.start()]):
            yield Named(window + partial.start(), match.end(), Outcome.UNKNOWN)
        elif match.group()[0] in "Uu":
            yield Named(match.start(), match.end(), Outcome.UPHELD)
        else:
            yield Named(match.start(), match.end(), Outcome.OVERTURNED)


def necessity_outcome(match: re.Match[str]) -> Outcome:
    """Not necessary: the denial stands. Necessary: it is overturned."""
    return Outcome.UPHELD if match["not"] else Outcome.OVERTURNED


# -- the beginning of a heading --------------------------------------------------------------

_SENTENCE_END = re.compile(r"[.!?][\"'\u201d\u2019)\]]?\s+(?=[A-Z0-9])")
_PART_REMAINS = re.compile(
    r"remaining\s+(?:IMR\s+)?(?:eligible\s+)?portion|leaving\s+the\s+original\s+request"
    r"|\bThe\s+original\s+request,",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(r"\bwas\s+the\s+original\s+request\b", re.IGNORECASE)
_MAX_HEADING = 3_000
_MAX_PLAIN_HEADING = 600  # without a blank line or bold type before it


def heading_start(body: Body, low: int, high: int) -> int:
    """Where the heading that ends at `high` begins, given that it begins at `low` or later.

    Bold type tells where the heading begins; without it a blank line does; without either, the
    end of the paragraph before: a line that ends a sentence.
    """
    text = body.text
    while high > low and text[high - 1] in " \n:;-\u2013\u2014":
        high -= 1
    low = max(low, high - _MAX_HEADING)
    run = body.bold_run(high - 1) if high > low else None
    if run is not None:
        start = max(run[0], low)
        if start == low or text[start - 1] == "\n":
            return start
    start = text.rfind("\n\n", low, high)
    start = start + 2 if start >= 0 else _unspaced_start(text, low, high)
    return _with_original(text, low, start, high)


def _unspaced_start(text: str, low: int, high: int) -> int:
    """Where no blank line parts the paragraphs: after the last line that ends a sentence.

    Where lines tell nothing, as in a text wrapped anew, after the last sentence.
    """
    start = text.rfind("\n", low, high) + 1 or low
    while start > low and text[start - 2] not in '.!?"\u201d)':
        start = max(text.rfind("\n", low, start - 1) + 1, low)
    if start <= low or high - start > _MAX_PLAIN_HEADING:
        ends = [match.end() for match in _SENTENCE_END.finditer(text, low, high)]
        return ends[-1] if ends else low
    return start


def _with_original(text: str, low: int, start: int, high: int) -> int:
    """A heading on the remaining part of a request begins where the original request is told."""
    if not _PART_REMAINS.search(text, start, high) or _ORIGINAL.search(text, start, high):
        return start
    told = list(_ORIGINAL.finditer(text, low, start))
    if not told:
        return start
    paragraph = text.rfind("\n\n", low, told[-1].start())
    return paragraph + 2 if paragraph >= 0 else _unspaced_start(text, low, told[-1].start())


# -- what a heading says ---------------------------------------------------------------------

_NUMBERING = re.compile(
    r"(?:(?:issue|item)\s*(?:no\.?\s*|#\s*)?)?(\d{1,2})\s?[.):]\s", re.IGNORECASE
)
_DECISION_FOR = re.compile(
    r"(?:Decision\s+for|Regarding\s+the\s+request\s+for|The\s+request(?:ed\s+treatment)?\s+for"
    r"|The\s+requested)\s+",
    re.IGNORECASE,
)
_DISPUTED = re.compile(
    r"(?:remaining\s+(?:IMR\s+)?(?:eligible\s+)?portion\s+of\s+the\s+original\s+request"
    r"|The\s+original\s+request),\s+(.{1,2000}?),?(?:\s+is)?\s*$",
    re.IGNORECASE | re.DOTALL,
)


def clean_request(words: str, number: int) -> str:
    """The heading without its own number, where it is numbered as it stands in the letter."""
    words = words.strip(" :;-\u2013\u2014")
    numbering = _NUMBERING.match(words)
    if numbering and int(numbering[1]) == number:
        words = words[numbering.end() :].lstrip()
    return words


def bare_request(words: str) -> str:
    """A request told in a sentence, without the words that introduce it."""
    return _DECISION_FOR.sub("", words, count=1).strip(" ,.:")


def disputed_part(request: str) -> str:
    """The part of a request still in dispute; the whole where nothing of it was approved."""
    match = _DISPUTED.search(request)
    return match[1].strip() if match else request
