"""Issues under headings: forms A and B, where guidelines are labelled, and D, in sentences."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from index.letter import Outcome
from index.parse.body import Body
from index.parse.headings import (
    NECESSITY,
    bare_request,
    clean_request,
    heading_start,
    named_outcomes,
    necessity_outcome,
)
from index.parse.labels import CLAIMS, RATIONALE, Label
from index.parse.marks import Part
from index.parse.record import Found

_SET_FORTH = re.compile(
    r"\s*The\s+Final\s+Determination\s+was\s+based\s+on\s+decisions\s+for\s+the\s+disputed\s+"
    r"items\s*/\s*services?\s+set\s+forth\s+below\s*[:.]?",
    re.IGNORECASE,
)
_SPACE = re.compile(r"\s*")
_POINT = re.compile(r"[\s.:]*")
_LOOK_BACK = 40
_ROOM_FOR_A_HEADING = 1_000


@dataclass(frozen=True)
class _Anchor:
    """A place where an outcome is named: the heading ends at `start`, its texts follow `end`."""

    start: int
    end: int
    outcome: Outcome
    in_sentence: bool = False


def read_decisions(body: Body, end: int) -> list[Found]:
    """The issues decided in the text before `end`, in letter order; none where no heading is."""
    low = _issues_start(body)
    anchors = _anchors(body, low, end)
    starts: list[int] = []
    for place, anchor in enumerate(anchors):
        first = body.text[low : anchor.start].rstrip(" :\n") if place == 0 and low else ""
        if first and "\n\n" not in first and len(first) < _ROOM_FOR_A_HEADING:
            starts.append(low)  # nothing stands before the first heading, whatever it says
            continue
        bound = _after_last_label(body, anchors[place - 1], anchor) if place else low
        starts.append(heading_start(body, bound, anchor.start))
    ends = [*starts[1:], end]
    return [
        _issue(body, number, start, anchor, stop)
        for number, (start, anchor, stop) in enumerate(zip(starts, anchors, ends, strict=False), 1)
    ]


def _issues_start(body: Body) -> int:
    """Where the first issue can begin: after the heading of the section, and its set sentence."""
    heading = body.mark(Part.ISSUES)
    if heading is None:
        sentence = _SET_FORTH.search(body.text)
    else:
        sentence = _SET_FORTH.match(body.text, heading.end)
    start = sentence.end() if sentence else heading.end if heading else 0
    return _after_space(body.text, start)


def _after_space(text: str, start: int) -> int:
    match = _SPACE.match(text, start)
    return match.end() if match else start


def _anchors(body: Body, low: int, end: int) -> list[_Anchor]:
    """Every outcome that stands at the end of a heading, and every heading that lacks one."""
    labels = body.labels_between(low, end)
    starts = {label.start for label in labels}
    anchors = _named(body.text, low, end, starts)
    if any(label.is_sentence for label in labels):
        anchors += _told(body.text, low, end, starts)
    return sorted([*anchors, *_unnamed(low, labels, anchors)], key=lambda anchor: anchor.start)


def _named(text: str, low: int, end: int, labels: set[int]) -> list[_Anchor]:
    """`Norco 10/325mg #60: Upheld`: an outcome with a label after it, or alone at its end."""
    found = []
    for named in named_outcomes(text, low, end):
        stop = _point(text, named.end)
        before = text[max(low, named.start - _LOOK_BACK) : named.start].rstrip()
        closes = before.endswith(":") and (stop >= end or "\n\n" in text[named.end : stop])
        if stop in labels or closes:
            found.append(_Anchor(named.start, stop, named.outcome))
    return found


def _point(text: str, start: int) -> int:
    match = _POINT.match(text, start)
    return match.end() if match else start


def _told(text: str, low: int, end: int, labels: set[int]) -> list[_Anchor]:
    """Form D: `1. Norco is not medically necessary and appropriate.`, then the guidelines."""
    return [
        _Anchor(match.start(), stop, necessity_outcome(match), in_sentence=True)
        for match in NECESSITY.finditer(text, low, end)
        if (stop := _point(text, match.end())) in labels
    ]


def _unnamed(low: int, labels: tuple[Label, ...], anchors: list[_Anchor]) -> list[_Anchor]:
    """Headings without an outcome: before each label of the administrator that has no other."""
    ends = sorted(anchor.end for anchor in anchors)
    found = []
    last = low
    for label in labels:
        if label.kind != CLAIMS:
            continue
        following = bisect_left(ends, last)
        if following == len(ends) or ends[following] > label.start:
            found.append(_Anchor(label.start, label.start, Outcome.UNKNOWN))
        last = label.start + 1
    return found


def _after_last_label(body: Body, previous: _Anchor, anchor: _Anchor) -> int:
    """Where the next heading can begin at the earliest."""
    labels = body.labels_between(previous.end, anchor.start)
    return _after_space(body.text, labels[-1].end if labels else previous.end)


def _issue(body: Body, number: int, start: int, anchor: _Anchor, stop: int) -> Found:
    request = clean_request(body.flow(start, anchor.start), number)
    if anchor.in_sentence:
        request = bare_request(request)
    return Found(request, anchor.outcome, **labelled_texts(body, anchor.end, stop))


def labelled_texts(body: Body, start: int, stop: int) -> dict[str, str]:
    """The texts under the labels by their kind; of two alike, the second is text of the first.

    Without a label of its own, the rationale is what follows the paragraph of the last label,
    or all there is.
    """
    labels: dict[str, Label] = {}
    for label in body.labels_between(start, stop):
        labels.setdefault(label.kind, label)
    ordered = sorted(labels.values(), key=lambda label: label.start)
    ends = [*(label.start for label in ordered[1:]), stop]
    if RATIONALE not in labels:
        paragraph = body.text.find("\n\n", ordered[-1].end, stop) if ordered else start
        ends[-1] = start = stop if paragraph < 0 else paragraph
    texts = {
        label.kind: body.flow(label.end, end) for label, end in zip(ordered, ends, strict=False)
    }
    return {RATIONALE: body.flow(start, stop)} | texts if RATIONALE not in texts else texts
