"""Text in, a `Letter` out: the form told by its headings, and the parser of that form."""

from __future__ import annotations

import re
from dataclasses import replace
from hashlib import sha256

from index.extract import Document
from index.letter import Form, Issue, Letter, Outcome
from index.parse.body import Body, read_body
from index.parse.decisions import read_decisions
from index.parse.fallback import cut_off, is_determination, not_a_letter, read_whole
from index.parse.front import CASE_NUMBER, Front, read_front
from index.parse.labels import RATIONALE
from index.parse.marks import Part
from index.parse.notice import DETERMINED, read_notice
from index.parse.people import read_injury_date, read_reviewer, read_worker
from index.parse.professional import read_professional
from index.parse.record import Found, issue_record
from index.parse.sections import case_outcome, head, read_summary, reviewer_part, tail_start

__all__ = ["parse"]

_CASE_LABEL = re.compile(rf"[Cc](?i:ase\s*Number\s*:?\s*(?P<case>{CASE_NUMBER}))")
_ANY_CASE = re.compile(rf"(?P<case>{CASE_NUMBER})", re.IGNORECASE)
_NEW_CITATION = re.compile(r"\bMTUS\b[^.]{0,120}\b(?:2004|2007|2009|201\d)\b(?:,|\.)")
_NOT_A_WORD = re.compile(r"[\W_]+")
_LAST_YEAR_OF_FORM_A = 2015
_ROOM_FOR_A_DECISION = 200  # characters: less than a heading, guidelines and a rationale take


def parse(document: Document) -> Letter:
    """The letter a document holds. Raises `Unreadable` for no letter, or one cut off."""
    body = read_body(document.lines)
    form, found = _read(body)
    front = _front(document, body)
    summary = read_summary(body) if form is not Form.FALLBACK else ""
    age, sex = read_worker(summary)
    states, specialties = read_reviewer(reviewer_part(body))
    dates = front.dates
    return Letter(
        id=front.case_number or _hash_id(body.text),
        form=_dated_form(form, front, body.text),
        issues=_issues(found, body),
        summary=summary,
        case_number=front.case_number,
        date_assigned=dates.get("date_assigned"),
        date_of_injury=dates.get("date_of_injury") or read_injury_date(summary),
        decision_date=dates.get("decision_date"),
        ur_denial_date=dates.get("ur_denial_date"),
        application_received=dates.get("application_received"),
        priority=front.priority,
        states=states,
        specialties=specialties,
        age=age,
        sex=sex,
        text=body.text,
    )


def _read(body: Body) -> tuple[Form, list[Found]]:
    """The form of the letter and its issues. The forms differ in what begins an issue."""
    end = tail_start(body)
    if body.mark(Part.AT_DISPUTE):
        form, found = Form.E, read_professional(body, end)
    elif not body.mark(Part.ISSUES) and DETERMINED.search(body.text):
        form, found = Form.C, read_notice(body, end)
    else:
        form, found = Form.D if body.mark(Part.DOCUMENTS) else Form.A, read_decisions(body, end)
    if found:
        if _breaks_off(body, found[-1]):
            raise cut_off()
        return form, found
    if _ends_early(body, end):
        raise cut_off()
    if not is_determination(body.text):
        raise not_a_letter()
    return Form.FALLBACK, read_whole(body)


def _breaks_off(body: Body, last: Found) -> bool:
    """Whether the last decision has no rationale, or no label of it and half a sentence."""
    labelled = not body.labels or body.labels[-1].kind == RATIONALE
    return not last.rationale or not (labelled or last.rationale.endswith((".", "!", "?", ")")))


def _ends_early(body: Body, end: int) -> bool:
    """Whether a letter of a known form stops before its first decision has been told."""
    heading = body.mark(Part.ISSUES)
    if heading is not None:
        return end - heading.end < _ROOM_FOR_A_DECISION
    return body.mark(Part.QUALIFICATIONS) is not None


def _front(document: Document, body: Body) -> Front:
    """The head of the letter; the case number also from a running head, already taken out."""
    words = head(body)
    front = read_front(words)
    if front.case_number is None:
        raw = "\n".join(line.text for line in document.lines)
        match = _CASE_LABEL.search(raw) or _ANY_CASE.search(words)
        if match:
            front.case_number = "".join(match["case"].split()).upper()
    return front


def _dated_form(form: Form, front: Front, text: str) -> Form:
    """A and B are one layout; B is its later state, with a head and citations by edition."""
    if form is not Form.A:
        return form
    decided = front.dates.get("decision_date")
    if decided is not None:
        return Form.B if decided.year > _LAST_YEAR_OF_FORM_A else Form.A
    return Form.B if _NEW_CITATION.search(text) else Form.A


def _issues(found: list[Found], body: Body) -> tuple[Issue, ...]:
    """The records; where an issue has no outcome of its own it has that of the case."""
    whole = Outcome.UNKNOWN
    if any(issue.outcome is Outcome.UNKNOWN for issue in found):
        whole = case_outcome(head(body))
    return tuple(
        issue_record(
            number, replace(issue, outcome=whole) if issue.outcome is Outcome.UNKNOWN else issue
        )
        for number, issue in enumerate(found, 1)
    )


def _hash_id(text: str) -> str:
    """An id from the text alone: the same however its lines are broken."""
    folded = _NOT_A_WORD.sub("", text.casefold())
    return "T-" + sha256(folded.encode()).hexdigest()[:16]
