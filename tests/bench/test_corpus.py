"""The generator: the same letters for the same seed, which parse into what was meant."""

from __future__ import annotations

import zipfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from bench.corpus import GeneratedLetter, letters, write_archives
from bench.writing import invented, tables
from index.analysis import tokens
from index.concepts.reading import read_concepts
from index.extract.child import read_letter
from index.letter import Form

ISSUES = 3_000


@pytest.fixture(scope="module")
def generated() -> list[GeneratedLetter]:
    return list(letters(ISSUES, seed=7))


def test_letters_depend_on_nothing_but_their_seed(generated: list[GeneratedLetter]) -> None:
    assert list(letters(ISSUES, seed=7)) == generated
    assert next(letters(1, seed=8)) != next(letters(1, seed=7))


def test_there_are_as_many_issues_as_asked_for(generated: list[GeneratedLetter]) -> None:
    assert sum(len(letter.issues) for letter in generated) == ISSUES
    assert len({letter.case_number for letter in generated}) == len(generated)


def test_letters_parse_into_what_was_meant(generated: list[GeneratedLetter]) -> None:
    for letter in generated[:300]:
        found = read_letter(f"{letter.case_number}.txt", letter.text.encode())
        assert found.case_number == letter.case_number
        assert found.form is Form.B
        assert found.age
        assert found.specialties
        assert found.decision_date
        assert [
            (issue.request, issue.outcome, issue.rationale, issue.reviewer_guideline.strip("."))
            for issue in found.issues
        ] == [
            (issue.request, issue.outcome, issue.rationale, issue.reviewer)
            for issue in letter.issues
        ]


def test_rates_are_those_of_real_letters(generated: list[GeneratedLetter]) -> None:
    issues = [issue for letter in generated for issue in letter.issues]
    several = sum(len(letter.issues) > 1 for letter in generated) / len(generated)
    assert several == pytest.approx(0.4, abs=0.04)
    overturned = sum(issue.outcome == "overturned" for issue in issues) / ISSUES
    assert overturned == pytest.approx(0.108, abs=0.02)
    categories = Counter(issue.category for issue in issues)
    for name, category in tables()["category"].items():
        assert categories[name] / ISSUES == pytest.approx(category["share"], abs=0.03)
    repeated = Counter(issue.rationale.replace(issue.request, "") for issue in issues)
    assert 0.05 < sum(n for n in repeated.values() if n > 1) / ISSUES < 0.4


def test_requests_are_in_the_taxonomy(generated: list[GeneratedLetter]) -> None:
    requests = [letter.issues[0].request for letter in generated[:400]]
    recognised = sum(bool(read_concepts(request).treatments) for request in requests)
    assert recognised > 0.9 * len(requests)


def test_the_vocabulary_grows_with_the_letters(generated: list[GeneratedLetter]) -> None:
    seen: set[str] = set()
    sizes = []
    for start in range(0, 1_600, 400):
        for letter in generated[start : start + 400]:
            seen.update(tokens(letter.text))
        sizes.append(len(seen))
    growth = [after - before for before, after in pairwise(sizes)]
    assert min(growth) > 300
    assert growth == sorted(growth, reverse=True)


def test_an_issue_is_as_long_as_a_real_one(generated: list[GeneratedLetter]) -> None:
    rationales = [len(i.rationale.split()) for letter in generated for i in letter.issues]
    summaries = [
        len(letter.text.split("medical records:")[1].split("IMR ISSUES")[0].split())
        for letter in generated
    ]
    assert 120 < sum(rationales) / len(rationales) < 170
    assert 250 < sum(summaries) / len(summaries) < 310


def test_invented_words_are_all_different() -> None:
    words = [invented(rank) for rank in range(1, 20_000)]
    assert len(set(words)) == len(words)
    assert all(word.isalpha() for word in words)


def test_archives_hold_the_letters(tmp_path: Path, generated: list[GeneratedLetter]) -> None:
    assert write_archives(tmp_path, generated) == len(generated)
    (archive,) = tmp_path.iterdir()
    with zipfile.ZipFile(archive) as opened:
        assert len(opened.namelist()) == len(generated)
        first = generated[0]
        assert opened.read(f"{first.case_number}.txt").decode() == first.text
