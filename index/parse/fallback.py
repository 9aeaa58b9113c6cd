"""Text of no known form: indexed whole if it is a determination at all."""

from __future__ import annotations

import re

from index.extract import Unreadable
from index.letter import Outcome
from index.parse.body import Body
from index.parse.record import Found

_MARKS = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        r"\bindependent\s+medical\s+review|\bIMR\b",
        r"\butilization\s+review|\bUR\s+denial",
        r"\bclaims\s+administrator|\bclaims\s+adjuster",
        r"\bfinal\s+determination|\bdetermination\b",
        r"\b(?:expert|physician|medical|professional|peer)\s+reviewer\b",
        r"\bmedical(?:ly)?\s+necess(?:ary|ity)",
        r"\b(?:treatment\s+)?guidelines?\b|\bMTUS\b|\bODG\b|\bACOEM\b",
        r"\b(?:upheld|overturn(?:ed)?|denial|denied|non-?certified)\b",
        r"\binjured\s+worker|\bworkers['\u2019]?\s+compensation|\bindustrial\s+injury",
    )
)
_MARKS_OF_A_LETTER = 4  # a text on other matters has one or two of them by chance

_SUBJECT = re.compile(
    r"^[ ]*(?:Re|Subject|Request(?:ed\s+(?:treatment|service|item)s?)?|Issue|Disputed\s+"
    r"(?:treatment|service|item)s?(?:/services?)?)\s*:[ \n]*(?P<subject>[^\n]{3,300})",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(
    r"P\.?\s?O\.?\s+Box|\bFax\b|\(\d{3}\)|\b[A-Z]{2}\s+\d{5}\b|^(?:MAXIMUS|Independent\s+Medical)"
    r"|^Dear\b|^(?:Date|Case|Claim|Employee|Page)\b",
    re.IGNORECASE,
)


def is_determination(text: str) -> bool:
    """Whether a text speaks as the letters do."""
    return sum(mark.search(text) is not None for mark in _MARKS) >= _MARKS_OF_A_LETTER


def not_a_letter() -> Unreadable:
    """The refusal of a text on other matters."""
    return Unreadable(
        "not-a-letter",
        "The text does not read like a medical review determination.",
        "Check that it is the letter itself and not another paper of the case.",
    )


def cut_off() -> Unreadable:
    """The refusal of a letter that ends before its decisions do."""
    return Unreadable(
        "cut-off",
        "The letter ends before a decision and its rationale.",
        "Find the whole letter: pages at its end are missing.",
    )


def read_whole(body: Body) -> list[Found]:
    """One issue: the subject or the first telling line as its request, the text as rationale."""
    whole = body.flow(0, len(body.text))
    return [Found(_subject(body.text), Outcome.UNKNOWN, rationale=whole)]


def _subject(text: str) -> str:
    if match := _SUBJECT.search(text):
        return match["subject"].strip()
    lines = [line for line in text[:20_000].split("\n") if line]
    telling = (line for line in lines if len(line.split()) >= 3 and not _ADDRESS.search(line))
    return next(telling, lines[0])[:300]
