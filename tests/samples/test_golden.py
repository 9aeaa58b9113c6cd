"""Every sample letter, in every form and format, is read as its source tells it."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from index.extract import discover, extract, shown
from index.letter import Issue, Letter, families
from index.parse import parse

SAMPLES = Path(__file__).parents[2] / "samples"
GOLD = {
    record["file"]: record
    for record in map(json.loads, (SAMPLES / "gold.jsonl").read_text("utf-8").splitlines())
}
SAME = ["case_number", "priority", "states", "specialties", "age", "sex", "form"]
DATES = ["date_assigned", "date_of_injury", "decision_date", "ur_denial_date"]


@pytest.fixture(scope="module")
def letters() -> dict[str, Letter]:
    below = f"{SAMPLES.resolve()}/"
    return {
        shown(source.name).removeprefix(below): parse(extract(shown(source.name), source.load()))
        for source in discover([SAMPLES / "letters"])
    }


def bare(text: str) -> str:
    """Without white space and hyphens: words broken over lines compare equal."""
    return re.sub(r"[\s\u2010-\u2014-]+", "", text)


def plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def told(issue: Issue) -> dict[str, Any]:
    """An issue as the gold tells it, texts bare."""
    return {
        "request": issue.request,
        "disputed": issue.disputed,
        "outcome": issue.outcome.value,
        "claims_administrator_families": sorted(families(issue.claims_administrator_citations)),
        "reviewer_families": sorted(families(issue.reviewer_citations)),
        "claims_administrator_guideline": bare(issue.claims_administrator_guideline),
        "reviewer_guideline": bare(issue.reviewer_guideline),
        "rationale": bare(issue.rationale),
    }


def expected(issue: dict[str, Any]) -> dict[str, Any]:
    texts = ("claims_administrator_guideline", "reviewer_guideline", "rationale")
    sets = ("claims_administrator_families", "reviewer_families")
    return {
        **{name: issue[name] for name in ("request", "disputed", "outcome")},
        **{name: sorted(issue[name]) for name in sets},
        **{name: bare(issue[name] or "") for name in texts},
    }


def test_every_letter_is_found(letters: dict[str, Letter]) -> None:
    assert letters.keys() == GOLD.keys()


@pytest.mark.parametrize("file", sorted(GOLD))
def test_a_letter_is_read_as_it_was_written(letters: dict[str, Letter], file: str) -> None:
    letter, gold = letters[file], GOLD[file]
    read = {name: plain(getattr(letter, name)) for name in (*SAME, *DATES)}
    assert read == {name: gold[name] for name in (*SAME, *DATES)}
    assert bare(letter.summary) == bare(gold["summary"] or "")
    assert [told(issue) for issue in letter.issues] == [expected(i) for i in gold["issues"]]
