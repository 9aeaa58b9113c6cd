"""The headings that mark the parts of a letter, found in one pass over its lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Part(StrEnum):
    """What a heading begins."""

    QUALIFICATIONS = "qualifications"
    SUMMARY = "summary"
    DOCUMENTS = "documents"
    ISSUES = "issues"
    AT_DISPUTE = "at_dispute"
    REGARDING = "regarding"


@dataclass(frozen=True, slots=True)
class Mark:
    """A heading from `start` to `end`; its part of the letter follows."""

    part: Part
    start: int
    end: int


_HEADINGS = {
    Part.QUALIFICATIONS: (
        r"HOW\s+THE\s+IMR\s+(?:FINAL\s+)?DETERMINATION\s+WAS\s+MADE"
        r"|Medical\s+Qualifications\s+of\s+the\s+(?:(?:Expert|Physician|Professional)\s+)?Reviewer"
    ),
    Part.SUMMARY: (
        r"(?:CLINICAL\s+|(?:(?:Expert|Physician|Professional)\s+)?Reviewer\s+)?CASE\s+SUMMARY"
        r"(?=\s*:|\n|$)"
    ),
    Part.DOCUMENTS: r"DOCUMENTS\s+REVIEWED(?:\s+FOR\s+DETERMINATION)?(?=\s*:|\n|$)",
    Part.ISSUES: (r"IMR\s+(?:ISSUES?,?\s+)?DECISIONS?(?:\(S\))?,?\s+AND\s+RATIONALES?(?:\(S\))?"),
    Part.AT_DISPUTE: r"ISSUES?(?:\(S\))?\s+(?:AT|IN)\s+DISPUTE(?=\s*:)",
    Part.REGARDING: (
        r"(?:\d{1,2}\s*[).]\s*)?Regarding\s*the\s*requests?\s*for\b"
        r"|(?:Section\s+of\s+the\s+)?Medical\s+Treatment\s+(?:Utilization\s+Schedule|Guideline)"
        r"[^\n]{0,20}\sRELIED\s+UPON\b"
        r"|RATIONALE\s+FOR\s+WHY\s+THE\s+REQUESTED\b"
    ),
}
_ANY = "|".join(f"(?P<{part}>{words})" for part, words in _HEADINGS.items())
_HEADING = re.compile(rf"\n(?:{_ANY})[ :]*", re.IGNORECASE)
# In a text without line breaks a heading is told by its capitals alone.
_FEW_LINES = 4
_INLINE = re.compile(rf"\s(?:{_ANY})[ :]*".replace(r"(?=\s*:|\n|$)", r"(?=[\s:])"))


def find_marks(text: str) -> tuple[Mark, ...]:
    """The headings of a text, in order."""
    # Every line is given a line break before it, for the search is fast from one to the next.
    heading = _INLINE if text.count("\n") < _FEW_LINES else _HEADING
    found = heading.finditer("\n" + text)
    return tuple(
        Mark(Part(str(match.lastgroup)), match.start(), match.end() - 1) for match in found
    )
