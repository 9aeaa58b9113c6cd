"""A letter as plain JSON values and back: how the store keeps it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from index.letter import Citation, Concepts, Family, Form, Issue, Letter, Outcome


def to_json(letter: Letter) -> dict[str, Any]:
    """A letter as plain JSON values, dates as ISO strings."""
    record = asdict(letter)
    for key, value in record.items():
        if isinstance(value, date):
            record[key] = value.isoformat()
    return record


def from_json(record: dict[str, Any]) -> Letter:
    """The letter that `to_json` made `record` of."""
    fields = dict(record)
    for key in _DATES:
        fields[key] = date.fromisoformat(fields[key]) if fields[key] else None
    fields["form"] = Form(fields["form"])
    for key in ("states", "specialties"):
        fields[key] = tuple(fields[key])
    fields["issues"] = tuple(_issue(issue) for issue in fields["issues"])
    return Letter(**fields)


_DATES = (
    "date_assigned",
    "date_of_injury",
    "decision_date",
    "ur_denial_date",
    "application_received",
)


def _issue(record: dict[str, Any]) -> Issue:
    concepts: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in record["concepts"].items()
    }
    return Issue(
        **{
            **record,
            "outcome": Outcome(record["outcome"]),
            "concepts": Concepts(**concepts),
            "claims_administrator_citations": _citations(record["claims_administrator_citations"]),
            "reviewer_citations": _citations(record["reviewer_citations"]),
        }
    )


def _citations(records: list[dict[str, Any]]) -> tuple[Citation, ...]:
    return tuple(
        Citation(
            **{
                **record,
                "family": Family(record["family"]),
                "sections": tuple(record["sections"]),
                "pages": tuple(record["pages"]),
            }
        )
        for record in records
    )
