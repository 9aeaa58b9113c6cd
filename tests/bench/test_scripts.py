"""The benchmarks run, at a small size, and say what they promise to say."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bench import engine, indexing, lexical
from bench.peers import PEERS
from bench.queries import KINDS, PASTED_WORDS, questions

ISSUES = "300"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


Run = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def run(work: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a benchmark; the rows of its last line."""

    def running(main: Callable[[Sequence[str]], None], *more: str) -> list[dict[str, Any]]:
        main(["--issues", ISSUES, "--work", str(work), "--sample", "60", *more])
        record = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert record["issues"] == int(ISSUES)
        assert "Python" in record["machine"]
        assert isinstance(record["commit"], str)
        rows: list[dict[str, Any]] = record["rows"]
        return rows

    return running


def test_questions_are_the_same_every_time() -> None:
    for kind in KINDS:
        assert questions(kind, 5) == questions(kind, 5)
        assert len(questions(kind, 5)) == 5
    assert all(len(asked.text.split()) == PASTED_WORDS for asked in questions("pasted text", 5))


def test_indexing_reports_rates_of_every_stage(run: Run) -> None:
    rows = {row["query"]: row for row in run(indexing.main, "--added", "40", "--embed", "0")}
    assert rows["reading letters"]["issues_per_s"] > 0
    assert rows["indexing words"]["issues_per_cpu_s"] > 0
    assert rows["reading and words"]["wall_s"] > 0
    assert any(query.startswith("40 letters added") for query in rows)
    assert any(query.endswith("letters again") for query in rows)


def test_lexical_peers_find_as_many_documents(run: Run) -> None:
    rows = run(lexical.main, "--queries", "4", "--peers", "tantivy,sqlite3,whoosh")
    assert {row["query"] for row in rows} >= set(KINDS)
    ours = [row for row in rows if row["engine"] == "precedent"]
    assert len(ours) == len(KINDS)
    assert all(0 < row["median_ms"] <= row["p95_ms"] for row in ours)
    counted = [row["same_count"] for row in rows if "same_count" in row]
    assert counted
    assert set(counted) == {1.0}


def test_missing_peers_are_said_to_be_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical, "installed", lambda _peer: False)
    rows = run(lexical.main, "--queries", "2")
    missing = [row["engine"] for row in rows if "not installed" in str(row.get("missing"))]
    assert missing == [peer.name for peer in PEERS]


def test_the_whole_system_is_measured(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda _name: None)
    monkeypatch.setattr(engine, "ROUNDS", 1)
    rows = run(engine.main, "--synthetic-vectors", "--queries", "3", "--seconds", "0.5")
    found = {(row["query"], row["engine"]): row for row in rows}
    assert found["keyword, facets, 20 snippets", "precedent"]["p95_ms"] > 0
    assert found["similar by 150 words", "precedent"]["p95_ms"] > 0
    assert found["page, 16 clients (wall)", "precedent"]["errors"] == 0
    assert found["memory of the server", "precedent"]["resident_mb"] > 10
    assert found["disk for each issue", "precedent"]["total_kb"] > 1
    assert found["precedent search, lexical, cold", "precedent"]["cpu_s"] > 0
    assert "not installed" in found["all", "txtai hybrid"]["missing"]
