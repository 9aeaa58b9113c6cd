"""The parse of real letters against what a correct parse of them yields, field by field.

The letters are not part of the repository: they lie beside it, or where PRECEDENT_SHARED points.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from index.extract import discover, extract, shown
from index.letter import Letter, families
from index.parse import parse
from tests.told import not_run

SHARED = Path(os.environ.get("PRECEDENT_SHARED") or Path(__file__).parents[4] / "shared")
GOLD = SHARED / "letters" / "gold.jsonl"
DATES = ("date_assigned", "date_of_injury", "decision_date", "ur_denial_date")
TEXTS = ("claims_administrator_guideline", "reviewer_guideline", "rationale")


@pytest.fixture(scope="module")
def gold() -> list[dict[str, Any]]:
    if not GOLD.exists():
        not_run(f"no letters at {GOLD}; set PRECEDENT_SHARED to the folder that holds them")
    return [json.loads(line) for line in GOLD.read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def letters(gold: list[dict[str, Any]]) -> dict[str, Letter]:
    wanted = {letter["file"] for letter in gold}
    below = f"{GOLD.parent.resolve()}/"
    found = {shown(source.name).removeprefix(below): source for source in discover([GOLD.parent])}
    assert wanted <= found.keys()
    return {name: parse(extract(name, found[name].load())) for name in wanted}


def bare(text: str) -> str:
    """Without white space and hyphens: words broken over lines compare equal."""
    return re.sub(r"[\s\u2010-\u2014-]+", "", text)


def told(letter: Letter, names: list[str]) -> dict[str, Any]:
    days = {name: getattr(letter, name) for name in DATES}
    record = {
        **{name: day and day.isoformat() for name, day in days.items()},
        "case_number": letter.case_number,
        "priority": letter.priority,
        "states": list(letter.states),
        "specialties": list(letter.specialties),
        "age": letter.age,
        "sex": letter.sex,
    }
    return {name: record[name] for name in names}


def test_letters(gold: list[dict[str, Any]], letters: dict[str, Letter]) -> None:
    names = ["case_number", "priority", "states", "specialties", "age", "sex", *DATES]
    for correct in gold:
        known = {name: correct[name] for name in names if name in correct}
        assert told(letters[correct["file"]], list(known)) == known, correct["file"]


def test_issues(gold: list[dict[str, Any]], letters: dict[str, Letter]) -> None:
    for correct in gold:
        found = letters[correct["file"]].issues
        expected = [(issue["request"], issue["outcome"]) for issue in correct["issues"]]
        assert [(issue.request, issue.outcome.value) for issue in found] == expected


@pytest.mark.parametrize("name", TEXTS)
def test_texts(name: str, gold: list[dict[str, Any]], letters: dict[str, Letter]) -> None:
    for correct in gold:
        pairs = zip(letters[correct["file"]].issues, correct["issues"], strict=True)
        for found, issue in pairs:
            if name in issue:
                assert bare(getattr(found, name)) == bare(issue[name]), correct["file"]


def test_families(gold: list[dict[str, Any]], letters: dict[str, Letter]) -> None:
    for correct in gold:
        pairs = zip(letters[correct["file"]].issues, correct["issues"], strict=True)
        for found, issue in pairs:
            claims = families(found.claims_administrator_citations)
            reviewer = families(found.reviewer_citations)
            assert sorted(claims) == issue["claims_administrator_families"], correct["file"]
            assert sorted(reviewer) == issue["reviewer_families"], correct["file"]
