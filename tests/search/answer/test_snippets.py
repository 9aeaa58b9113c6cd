"""What is shown of a hit: marked snippets, why it is there, and how such requests fared."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.engine import Engine
from search.results import Hit, Results
from tests.asking import search
from tests.told import Stored, stored_issues


@pytest.fixture(scope="module")
def read(sample_index: Path) -> Stored:
    return stored_issues(sample_index)


def _ids(results: Results) -> list[str]:
    return [issue_id for hit in results.hits for issue_id in (hit.issue, *hit.near_identical)]


def _marked(hit: Hit) -> set[str]:
    return {
        snippet.text[start:end].lower() for snippet in hit.snippets for start, end in snippet.marks
    }


def test_snippets_mark_the_words(sample_engine: Engine) -> None:
    results = search(sample_engine, "omeprazole", mode="lexical", expand=False)
    assert results.hits
    marked = [_marked(hit) for hit in results.hits]
    assert set().union(*marked) == {"omeprazole"}
    assert all(hit.why.terms == ("omeprazole",) for hit in results.hits)


def test_marks_lie_within_the_text(sample_engine: Engine) -> None:
    for hit in search(sample_engine, "the patient's pain and function", limit=50).hits:
        for snippet in hit.snippets:
            assert all(0 <= s < e <= len(snippet.text) for s, e in snippet.marks)
            assert len(snippet.text) <= 330


def test_a_hit_near_in_meaning_shows_the_passage_meant(sample_engine: Engine, read: Stored) -> None:
    words = "snoring, apnea and daytime drowsiness of a tired worker"
    hits = search(sample_engine, words, mode="semantic", limit=20).hits
    meant = [(hit, s) for hit in hits for s in hit.snippets if s.semantic]
    assert meant
    for hit, snippet in meant:
        rationale = " ".join(read[hit.issue][1].rationale.split())
        start = snippet.text.rstrip("\u2026").split(". ")[0][:60]
        assert start in rationale


def test_a_hit_tells_the_concepts_it_shares(sample_engine: Engine) -> None:
    hit = search(sample_engine, "MRI lumbar spine").hits[0]
    assert "lumbar spine" in hit.why.concepts
    assert any("MRI" in concept for concept in hit.why.concepts)


def test_ranks_tell_which_arm_returned_a_hit(sample_engine: Engine) -> None:
    for hit in search(sample_engine, "lumbar MRI", mode="lexical").hits:
        assert set(hit.ranks) == {"words"}
    for hit in search(sample_engine, "lumbar MRI", mode="semantic").hits:
        assert set(hit.ranks) == {"meaning"}


def test_statistics_count_decided_issues_in_distinct_letters(
    sample_engine: Engine, read: Stored
) -> None:
    results = search(sample_engine, "request:associated", limit=1000)
    decided = [issue_id for issue_id in _ids(results) if read[issue_id][1].outcome != "unknown"]
    assert results.outcomes.n == len(decided)
    assert results.outcomes.letters == len({issue_id.partition("#")[0] for issue_id in decided})
    assert results.outcomes.letters < results.outcomes.n
    every = [issue.outcome for _, issue in read.values() if issue.outcome != "unknown"]
    assert results.outcomes.base_n == len(every)
    assert results.outcomes.base_rate == every.count(every[0].OVERTURNED) / len(every)


def test_statistics_are_the_same_whichever_outcome_is_filtered(sample_engine: Engine) -> None:
    free = search(sample_engine, "surgery").outcomes
    for outcome in ("overturned", "upheld"):
        assert search(sample_engine, "surgery", filters={"outcome": [outcome]}).outcomes == free
