"""A letter as one line of `precedent dump`."""

from __future__ import annotations

from typing import Any

from index.letter import Issue, Letter, families


def letter_record(letter: Letter, source: str) -> dict[str, Any]:
    """The letter with plain keys; `file` is its folder and file name, dates are ISO or None."""
    return {
        "file": "/".join(source.split("/")[-2:]),
        "id": letter.id,
        "form": letter.form.value,
        "case_number": letter.case_number,
        "date_assigned": _iso(letter.date_assigned),
        "date_of_injury": _iso(letter.date_of_injury),
        "decision_date": _iso(letter.decision_date),
        "ur_denial_date": _iso(letter.ur_denial_date),
        "priority": letter.priority,
        "states": list(letter.states),
        "specialties": list(letter.specialties),
        "age": letter.age,
        "sex": letter.sex,
        "summary": letter.summary,
        "issues": [_issue(letter, issue) for issue in letter.issues],
    }


def _iso(value: object) -> str | None:
    return str(value) if value else None


def _issue(letter: Letter, issue: Issue) -> dict[str, Any]:
    return {
        "id": f"{letter.id}#{issue.number}",
        "request": issue.request,
        "disputed": issue.disputed or issue.request,
        "outcome": issue.outcome.value,
        "claims_administrator_guideline": issue.claims_administrator_guideline,
        "reviewer_guideline": issue.reviewer_guideline,
        "claims_administrator_families": [
            family.value for family in families(issue.claims_administrator_citations)
        ],
        "reviewer_families": [family.value for family in families(issue.reviewer_citations)],
        "rationale": issue.rationale,
    }
