"""Form C, the notices of 2013: the decisions first, in sentences, then a part on each request."""

from __future__ import annotations

import re

from index.letter import Outcome
from index.parse.body import Body
from index.parse.decisions import labelled_texts
from index.parse.labels import CLAIMS, RATIONALE, REVIEWER
from index.parse.record import Found

# Extraction glues the words of this form together ("notmedically"), so no space is required.
DETERMINED = re.compile(
    r"[Mm](?i:AXIMUS\s*Federal\s*Services,?\s*Inc\.?,?\s*has\s*"
    r"determined\s*(?:that\s*)?the\s*requests?\s*for\s*(?P<request>.{1,600}?)\s*"
    r"(?:\b(?:is|are)|(?:is|are)(?=\s*not))\s*(?P<not>not\s*)?medically\s*necessary"
    r"(?:\s*and\s*appropriate)?)",
    re.DOTALL,
)
_REGARDING = re.compile(
    r"^\s*(?:(?P<number>\d{1,2})\s*[).]\s*)?Regarding\s*the\s*requests?\s*for\s*"
    r"(?P<request>[^:]{1,1500}):",
    re.IGNORECASE | re.MULTILINE,
)
_RELIED_UPON = (
    r"(?:Section\s+of\s+the\s+)?Medical\s+Treatment\s+(?:Utilization\s+Schedule|Guideline(?:\(s\)|s)?)"
    r"(?:\s+\(MTUS\))?\s+Relied\s+Upon\s+by\s+the\s+(?:Expert|Physician|Professional)\s+Reviewer"
    r"(?:\s+to\s+Make\s+His\s*/\s*Her\s+Decision)?\s*:?"
)
_RELIED = re.compile(_RELIED_UPON, re.IGNORECASE)
_REVIEWER_SENTENCE = re.compile(r"\bThe\s+(?:Expert|Physician|Professional)\s+Reviewer\b")


def read_notice(body: Body, end: int) -> list[Found]:
    """The requests of a notice in their order, each with the part of the letter that regards it."""
    decided: dict[str, tuple[str, Outcome]] = {}
    after = 0
    for match in DETERMINED.finditer(body.text, 0, end):
        request = body.flow(*match.span("request")).strip(" ,.")
        outcome = Outcome.UPHELD if match["not"] else Outcome.OVERTURNED
        decided.setdefault(_key(request), (request, outcome))  # the letter says it twice
        after = match.end()
    parts = _parts(body, after, end)
    whole = [(after, end)] if not parts else []  # one part for all requests
    return [
        _found(body, request, outcome, parts.get(_key(request)) or _in_order(parts, place) or whole)
        for place, (request, outcome) in enumerate(decided.values())
    ]


def _key(request: str) -> str:
    return re.sub(r"\W+", "", request.lower())


def _parts(body: Body, start: int, end: int) -> dict[str, list[tuple[int, int]]]:
    headings = list(_REGARDING.finditer(body.text, start, end))
    ends = [*(heading.start() for heading in headings[1:]), end]
    parts: dict[str, list[tuple[int, int]]] = {}
    for heading, stop in zip(headings, ends, strict=False):
        key = _key(body.flow(*heading.span("request")))
        parts.setdefault(key, []).append((heading.end(), stop))
    return parts


def _in_order(parts: dict[str, list[tuple[int, int]]], place: int) -> list[tuple[int, int]]:
    """The part of a request that its own part words otherwise: the one in the same place."""
    spans = sorted(span for part in parts.values() for span in part)
    return [spans[place]] if place < len(spans) else []


def _found(body: Body, request: str, outcome: Outcome, spans: list[tuple[int, int]]) -> Found:
    if not spans:
        return Found(request, outcome)
    start, end = spans[0]
    texts = labelled_texts(body, start, end)
    relied = _RELIED.search(body.text, start, end)
    if relied is not None:
        texts |= _relied_upon(body, relied.end(), end)
    return Found(request, outcome, **texts)


def _relied_upon(body: Body, start: int, end: int) -> dict[str, str]:
    """What this form tells in one part: the administrator's guidelines, then the reviewer's."""
    rationale = [label for label in body.labels_between(start, end) if label.kind == RATIONALE]
    stop = rationale[0].start if rationale else end
    turn = _REVIEWER_SENTENCE.search(body.text, start, stop)
    told = turn.start() if turn else stop
    return {CLAIMS: body.flow(start, told), REVIEWER: body.flow(told, stop)}
