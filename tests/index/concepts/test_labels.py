"""Concepts of the real letters against labels made by reading each issue.

The labels (`tests/labels/concepts.jsonl`) name issues and entries of the taxonomy, no words of a
letter. `region_stated` is false where the request names no region and the reader took it from
the rest of the letter. The letters lie beside the repository, or where PRECEDENT_SHARED points.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from index.concepts.reading import read_issue
from index.extract import discover, extract, shown
from index.letter import Concepts
from index.parse import parse
from tests.told import not_run

SHARED = Path(os.environ.get("PRECEDENT_SHARED") or Path(__file__).parents[4] / "shared")
LETTERS = SHARED / "letters" / "pdf"
LABELS = Path(__file__).parents[2] / "labels" / "concepts.jsonl"

Label = dict[str, Any]


@pytest.fixture(scope="module")
def labels() -> dict[str, Label]:
    rows = map(json.loads, LABELS.read_text("utf-8").splitlines())
    return {row["issue"]: row for row in rows}


@pytest.fixture(scope="module")
def concepts() -> dict[str, Concepts]:
    if not LETTERS.exists():
        not_run(f"no letters at {LETTERS}; set PRECEDENT_SHARED to the folder that holds them")
    letters = [parse(extract(shown(source.name), source.load())) for source in discover([LETTERS])]
    return {
        f"{letter.id}#{issue.number}": read_issue(letter, issue).concepts
        for letter in letters
        for issue in letter.issues
    }


def measure(
    labels: dict[str, Label],
    concepts: dict[str, Concepts],
    wanted: Callable[[Label], Iterable[object]],
    read: Callable[[Concepts], Iterable[object]],
) -> tuple[float, float]:
    """Micro-averaged precision and recall over the labelled issues."""
    pairs = [(set(wanted(label)), set(read(concepts[issue]))) for issue, label in labels.items()]
    right = sum(len(one & two) for one, two in pairs)
    return right / sum(len(two) for _, two in pairs), right / sum(len(one) for one, _ in pairs)


def test_every_issue_is_labelled(labels: dict[str, Label], concepts: dict[str, Concepts]) -> None:
    assert set(labels) == set(concepts)


@pytest.mark.parametrize("field", ["treatments", "regions", "drugs", "levels"])
def test_field(field: str, labels: dict[str, Label], concepts: dict[str, Concepts]) -> None:
    precision, recall = measure(
        labels, concepts, lambda label: label.get(field, ()), lambda found: getattr(found, field)
    )
    assert precision >= 0.95
    assert recall >= 0.95


def test_regions_the_request_does_not_name(
    labels: dict[str, Label], concepts: dict[str, Concepts]
) -> None:
    inferred = {issue: label for issue, label in labels.items() if not label["region_stated"]}
    precision, recall = measure(
        inferred, concepts, lambda label: label["regions"], lambda found: found.regions
    )
    assert precision >= 0.9
    assert recall >= 0.9


def test_visits(labels: dict[str, Label], concepts: dict[str, Concepts]) -> None:
    precision, recall = measure(
        labels,
        concepts,
        lambda label: [label["visits"]] if "visits" in label else [],
        lambda found: [] if found.visits is None else [found.visits],
    )
    assert precision >= 0.95
    assert recall >= 0.95


def test_sides_of_the_regions_the_request_names(
    labels: dict[str, Label], concepts: dict[str, Concepts]
) -> None:
    stated = {issue: label for issue, label in labels.items() if label["region_stated"]}
    precision, recall = measure(
        stated, concepts, lambda label: label.get("sides", ()), lambda found: found.sides
    )
    assert precision >= 0.95
    assert recall >= 0.95
