"""The letters as data: what `source/*.toml` says, as records."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent / "source"
MARK = "FICTIONAL SAMPLE LETTER - written for the precedent project; no real person or case"


@dataclass(frozen=True, kw_only=True)
class SampleIssue:
    """One issue as a correct parse yields it; `disputed` is the request unless part was allowed."""

    request: str
    outcome: str
    rationale: str
    disputed: str
    claims_administrator_guideline: str
    reviewer_guideline: str
    claims_administrator_families: tuple[str, ...]
    reviewer_families: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One letter: what it says, and how its file is made.

    `format` is pdf, txt or docx; `layout` names departures from the plain layout of the form;
    `archive` is the ZIP the file goes into, if any.
    """

    name: str
    form: str
    format: str
    issues: tuple[SampleIssue, ...]
    layout: frozenset[str]
    encoding: str
    encrypted: bool
    archive: str | None
    case_number: str | None
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

    @property
    def file_name(self) -> str:
        """The name of the rendered file."""
        return f"{self.name}.{self.format}"

    @property
    def file(self) -> str:
        """Where the rendered letter lies, as an index of the samples folder would name it."""
        return "/".join(filter(None, ("letters", self.archive, self.file_name)))


def read_samples(folder: Path = SOURCE) -> list[Sample]:
    """Every sample letter, in the order of the files and of the letters in them."""
    return [
        _sample(table)
        for path in sorted(folder.glob("*.toml"))
        for table in tomllib.loads(path.read_text("utf-8"))["letter"]
    ]


def _sample(table: dict[str, Any]) -> Sample:
    return Sample(
        name=table["name"],
        form=table["form"],
        format=table["format"],
        issues=tuple(_issue(issue) for issue in table["issue"]),
        layout=frozenset(table.get("layout", ())),
        encoding=table.get("encoding", "utf-8"),
        encrypted=table.get("encrypted", False),
        archive=table.get("archive"),
        case_number=table.get("case_number"),
        date_assigned=table.get("date_assigned"),
        date_of_injury=table.get("date_of_injury"),
        decision_date=table.get("decision_date"),
        ur_denial_date=table.get("ur_denial_date"),
        application_received=table.get("application_received"),
        priority=table.get("priority"),
        states=tuple(table.get("states", ())),
        specialties=tuple(table.get("specialties", ())),
        age=table.get("age"),
        sex=table.get("sex"),
        summary=_folded(table.get("summary", "")),
    )


def _issue(table: dict[str, Any]) -> SampleIssue:
    return SampleIssue(
        request=table["request"],
        outcome=table["outcome"],
        rationale=_folded(table["rationale"]),
        disputed=table.get("disputed", table["request"]),
        claims_administrator_guideline=_folded(table.get("claims_administrator_guideline", "")),
        reviewer_guideline=_folded(table.get("reviewer_guideline", "")),
        claims_administrator_families=tuple(table.get("claims_administrator_families", ())),
        reviewer_families=tuple(table.get("reviewer_families", ())),
    )


def _folded(text: str) -> str:
    """The text with the line breaks of the source gone; an empty line parts two paragraphs."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n")).strip()
