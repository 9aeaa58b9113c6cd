"""The records every other room speaks: a letter, its issues, what they cite, what we read in them.

A letter decides one or more issues; the issue is the unit of retrieval, the letter the unit of
reading. All records are immutable; dates are `datetime.date`, texts are the letter's own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Outcome(StrEnum):
    """What the reviewer decided for one issue.

    Upheld: the denial stands, the treatment is not approved. Overturned: it is approved.
    """

    UPHELD = "upheld"
    OVERTURNED = "overturned"
    UNKNOWN = "unknown"


class Family(StrEnum):
    """The body of guidelines a citation belongs to."""

    MTUS = "MTUS"
    ODG = "ODG"
    ACOEM = "ACOEM (non-MTUS)"
    OTHER = "other"
    NONE = "none cited"


class Form(StrEnum):
    """The layouts letters have had over the years; FALLBACK is text of no known layout."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One guideline as cited: normalised `title` and parts beside the letter's own `text`.

    `title` is the one name of a guideline that letters write in many ways ("Low Back
    Complaints", "Neck and Upper Back", "Pain"), empty where none is named.
    """

    family: Family
    title: str = ""
    edition: str = ""
    sections: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concepts:
    """What a text is about, in the vocabulary of the data files.

    `treatments` are "category > subcategory" names, `regions` body regions, `levels` spinal
    levels such as "L4-L5", `sides` of left, right, bilateral, `drugs` generic names,
    `drug_classes` theirs. `visits` is the number of visits or sessions asked for.
    `ancillary` marks an item that goes with an operation (assistant, clearance, brace).
    """

    treatments: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    drug_classes: tuple[str, ...] = ()
    visits: int | None = None
    ancillary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What we read into an issue, as `index.concepts.reading.read_issue` derives it.

    No part of the letter: it changes with our tables, the letter does not. `reasons` are those
    that the reviewer gives, in the order of `reasons.toml`.
    """

    concepts: Concepts
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One disputed request and its decision; `number` counts from 1 in letter order.

    `request` is the whole heading without its outcome, `disputed` the part of it in dispute
    (the same text unless the administrator approved a part).
    """

    number: int
    request: str
    outcome: Outcome
    rationale: str
    disputed: str = ""
    claims_administrator_guideline: str = ""
    reviewer_guideline: str = ""
    claims_administrator_citations: tuple[Citation, ...] = ()
    reviewer_citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One determination letter.

    `id` is the case number, else "T-" and 16 hex digits of the hash of the folded text.
    `text` is the whole readable text, for the fallback form and for the reading page.
    """

    id: str
    form: Form
    issues: tuple[Issue, ...]
    summary: str = ""
    case_number: str | None = None
    date_assigned: date | None = None
    date_of_injury: date | None = None
    decision_date: date | None = None
    ur_denial_date: date | None = None
    application_received: date | None = None
    priority: str | None = None
    states: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    age: int | None = None
    sex: str | None = None
    text: str = ""


def families(citations: tuple[Citation, ...]) -> tuple[Family, ...]:
    """The distinct families of `citations`, in alphabetical order."""
    return tuple(sorted({citation.family for citation in citations}))
