"""The parts of a letter between its headings: the head, the reviewer, the summary, the tail."""

from __future__ import annotations

import re

from index.letter import Outcome
from index.parse.body import Body
from index.parse.headings import named_outcomes
from index.parse.marks import Part

_HEAD_SIZE = 4_000  # characters: how far a head can reach where no heading ends it

_SUMMARY_SENTENCE = re.compile(
    r"\s*The\s+(?:[a-z]+\s+)?reviewer\s+developed\s+the\s+following\s+(?:clinical\s+)?case\s+"
    r"summary\s+based\s+on\s+a\s+review\s+of\s+the\s+case\s+file,?\s+"
    r"(?:including\s+all\s+medical\s+records)?\s*[:.]?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\n(?:Sincerely\b[ ,]*\n|Disclaimer\s*:|cc\s*:|MAXIMUS\s+is\s+providing\s+an\s+independent)",
    re.IGNORECASE,
)
_CASE_OUTCOME = re.compile(
    r"\b(?:Case\s+Outcome|(?:Final\s+)?Determination|Outcome)\s*:\s*"
    r"(?=Partial|Uph[eo]ld|Overturn)",
    re.IGNORECASE,
)


def head(body: Body) -> str:
    """The text before the first heading: what tells of the case, not of its decision."""
    starts = [mark.start for mark in body.marks if mark.part is not Part.REGARDING]
    return body.text[: min([*starts, _HEAD_SIZE])]


def reviewer_part(body: Body) -> str:
    """The part that tells who the reviewer is; where no heading begins it, all that can be it."""
    mark = body.mark(Part.QUALIFICATIONS)
    if mark is not None:
        return body.text[mark.end : body.next_mark(mark.end)]
    summary = body.mark(Part.SUMMARY)
    return body.text[: summary.start] if summary else body.text


def read_summary(body: Body) -> str:
    """The clinical summary, without the set sentence before it; empty where there is none."""
    mark = body.mark(Part.SUMMARY)
    if mark is None:
        return ""
    sentence = _SUMMARY_SENTENCE.match(body.text, mark.end)
    start = sentence.end() if sentence else mark.end
    end = body.next_mark(start)
    labels = body.labels_between(start, end)
    return body.flow(start, labels[0].start if labels else end)


def tail_start(body: Body) -> int:
    """Where the letter proper ends: before its signature and disclaimer."""
    last = body.labels[-1].end if body.labels else len(body.text) // 3
    match = _TAIL.search(body.text, last)
    return match.start() if match else len(body.text)


def case_outcome(words: str) -> Outcome:
    """The outcome told for the case as a whole; unknown if it is partial."""
    label = _CASE_OUTCOME.search(words)
    named = next(named_outcomes(words, label.end(), len(words)), None) if label else None
    return named.outcome if named else Outcome.UNKNOWN
