"""What is sent: the engine's records as plain JSON values, for the API, `--json` and downloads.

The records that only programs read are defined here; the others are `search.results`. The OpenAPI
document is made of the same records, so that it names what is sent.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from index.extract import shown
from index.letter import Citation, Concepts, Issue, Letter, Outcome
from search.results import Hit, LetterPage

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRecord:
    """One issue as its letter decides it, and what it is about."""

    issue: str
    letter: str
    number: int
    request: str
    disputed: str
    outcome: Outcome
    decision_date: date | None
    rationale: str
    claims_administrator_guideline: str
    reviewer_guideline: str
    claims_administrator_citations: tuple[Citation, ...]
    reviewer_citations: tuple[Citation, ...]
    concepts: Concepts


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterRecord:
    """A whole letter with its issues and its nearest neighbours; `file` is its file's name."""

    letter: str
    case_number: str | None
    file: str
    form: str
    date_assigned: date | None
    date_of_injury: date | None
    decision_date: date | None
    ur_denial_date: date | None
    application_received: date | None
    priority: str | None
    states: tuple[str, ...]
    specialties: tuple[str, ...]
    age: int | None
    sex: str | None
    summary: str
    issues: tuple[IssueRecord, ...]
    text: str
    neighbours: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRecord:
    """How the server is: `status` is "ok", or "degraded" with what is wrong in `degraded`."""

    status: str
    letters: int
    issues: int
    generation: int
    build: str
    semantic_ready: bool
    degraded: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDetail:
    """A refusal: its code, what happened, and what to do about it."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecord:
    """The one shape of every refusal."""

    error: ErrorDetail


def to_json(record: object) -> Json:
    """A record as JSON values: dates in ISO, outcomes by name."""
    plain: Json = msgspec.to_builtins(record)
    return plain


def issue_record(page: LetterPage, number: int) -> IssueRecord | None:
    """The issue of that number of a letter; None where there is none."""
    records = {one.number: one for one in letter_issues(page)}
    return records.get(number)


def letter_issues(page: LetterPage) -> tuple[IssueRecord, ...]:
    """The issues of a letter, in its order."""
    pairs = zip(page.letter.issues, page.concepts, strict=True)
    return tuple(_issue(page.letter, issue, concepts) for issue, concepts in pairs)


def file_name(source: str) -> str:
    """The name of a letter's file, as text; a ZIP member's behind its archive's."""
    path = Path(source)
    archive = next((parent for parent in path.parents if parent.is_file()), None)
    name = f"{path.name} in {archive.name}" if archive else path.name
    return shown(os.fsencode(name))


def letter_record(page: LetterPage) -> LetterRecord:
    """A letter as it is sent; of its file's path only the name."""
    letter = page.letter
    return LetterRecord(
        letter=letter.id,
        case_number=letter.case_number,
        file=file_name(page.source),
        form=letter.form.value,
        date_assigned=letter.date_assigned,
        date_of_injury=letter.date_of_injury,
        decision_date=letter.decision_date,
        ur_denial_date=letter.ur_denial_date,
        application_received=letter.application_received,
        priority=letter.priority,
        states=letter.states,
        specialties=letter.specialties,
        age=letter.age,
        sex=letter.sex,
        summary=letter.summary,
        issues=letter_issues(page),
        text=letter.text,
        neighbours=page.neighbours,
    )


def _issue(letter: Letter, issue: Issue, concepts: Concepts) -> IssueRecord:
    return IssueRecord(
        issue=f"{letter.id}#{issue.number}",
        letter=letter.id,
        number=issue.number,
        request=issue.request,
        disputed=issue.disputed or issue.request,
        outcome=issue.outcome,
        decision_date=letter.decision_date,
        rationale=issue.rationale,
        claims_administrator_guideline=issue.claims_administrator_guideline,
        reviewer_guideline=issue.reviewer_guideline,
        claims_administrator_citations=issue.claims_administrator_citations,
        reviewer_citations=issue.reviewer_citations,
        concepts=concepts,
    )
