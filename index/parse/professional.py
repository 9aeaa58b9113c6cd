"""Form E, the medical professional review: one heading in capitals for each thing told."""

from __future__ import annotations

import re

from index.letter import Outcome
from index.parse.body import Body
from index.parse.headings import clean_request
from index.parse.marks import Part
from index.parse.record import Found

_LABEL = re.compile(
    r"^\s*(?:(?P<summary>CASE\s+SUMMARY)"
    r"|(?P<claims>(?:MEDICAL\s+TREATMENT\s+)?GUIDELINE(?:\(S\)|S)?\s+(?:RELIED\s+UPON|CITED)\s+BY\s+"
    r"(?:THE\s+)?CLAIMS\s+ADMINISTRATOR[^:\n]{0,60}|CLAIMS\s+ADMINISTRATOR\s+GUIDELINE)"
    r"|(?P<reviewer>(?:MEDICAL\s+TREATMENT\s+)?GUIDELINE(?:\(S\)|S)?\s+RELIED\s+UPON\s+BY\s+"
    r"(?:THE\s+)?(?:[A-Z]+\s+)?REVIEWER(?:\s+AND\s+WHY)?)"
    r"|(?P<rationale>RATIONALE\s+FOR\s+WHY\s+THE\s+REQUESTED\s+TREATMENT(?:\s*/\s*SERVICE)?\s+"
    r"(?:IS|WAS)(?:\s*/\s*(?:IS|WAS))?\s+(?P<not>NOT\s+)?MEDICALLY\s+NECESSARY)"
    r"|(?P<other>[A-Z][A-Z ()/]{5,60}))\s*:",
    re.IGNORECASE | re.MULTILINE,
)


def read_professional(body: Body, end: int) -> list[Found]:
    """The issues at dispute, each with the headings that follow it."""
    headings = [mark for mark in body.marks if mark.part is Part.AT_DISPUTE and mark.start < end]
    stops = [*(heading.start for heading in headings[1:]), end]
    return [
        _found(body, number, heading.end, stop)
        for number, (heading, stop) in enumerate(zip(headings, stops, strict=False), 1)
    ]


def _found(body: Body, number: int, start: int, stop: int) -> Found:
    labels = [m for m in _LABEL.finditer(body.text, start, stop) if not _is_prose(m)]
    bounds = [*(label.start() for label in labels[1:]), stop]
    texts: dict[str, str] = {}
    outcome = Outcome.UNKNOWN
    for label, bound in zip(labels, bounds, strict=False):
        name = next(name for name in _NAMES if label[name] is not None)
        texts.setdefault(name, body.flow(label.end(), bound))
        if name == "rationale":
            outcome = Outcome.UPHELD if label["not"] else Outcome.OVERTURNED
    request = body.flow(start, labels[0].start() if labels else stop)
    return Found(
        clean_request(request, number).rstrip("."),
        outcome,
        claims=texts.get("claims", ""),
        reviewer=texts.get("reviewer", ""),
        rationale=texts.get("rationale", ""),
    )


_NAMES = ("summary", "claims", "reviewer", "rationale", "other")


def _is_prose(label: re.Match[str]) -> bool:
    """An unknown heading counts as one only in capitals: a sentence may hold a colon too."""
    return label["other"] is not None and not label["other"].isupper()
