"""What a form's parser finds of an issue, and the record made of it."""

from __future__ import annotations

from dataclasses import dataclass

from index.letter import Issue, Outcome
from index.parse.citations import parse_citations
from index.parse.headings import disputed_part


@dataclass(frozen=True)
class Found:
    """One issue as its form tells it: the letter's own words."""

    request: str
    outcome: Outcome
    claims: str = ""
    reviewer: str = ""
    rationale: str = ""


def issue_record(number: int, found: Found) -> Issue:
    """The record of an issue, its citations read."""
    return Issue(
        number=number,
        request=found.request,
        disputed=disputed_part(found.request),
        outcome=found.outcome,
        claims_administrator_guideline=found.claims,
        reviewer_guideline=found.reviewer,
        claims_administrator_citations=parse_citations(found.claims),
        reviewer_citations=parse_citations(found.reviewer),
        rationale=found.rationale,
    )
