"""The measures are those of ir_measures; files that are not in their format are named."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, R, nDCG

from search.engine import Engine
from search.evaluation import (
    BadJudgments,
    Topic,
    measure,
    ndcg,
    paired_test,
    read_qrels,
    read_topics,
    recall,
    reciprocal_rank,
    run_topics,
    write_run,
)
from search.request import Mode

GAINS = {1: 1, 2: 3, 3: 7}  # 2^grade - 1


def _random(seed: int) -> tuple[dict[str, dict[str, int]], dict[str, list[tuple[str, float]]]]:
    rng = np.random.default_rng(seed)
    issues = [f"CM16-99{number:05}#1" for number in range(80)]
    qrels, run = {}, {}
    for topic in ("Q1", "Q2", "Q3", "Q4"):
        judged = rng.choice(issues, int(rng.integers(1, 40)), replace=False)
        qrels[topic] = {str(issue): int(rng.integers(0, 4)) for issue in judged}
        qrels[topic][str(judged[0])] = 2  # at least one is relevant
        ranked = rng.choice(issues, int(rng.integers(0, 70)), replace=False)
        run[topic] = [(str(issue), 1.0 - 0.01 * at) for at, issue in enumerate(ranked)]
    return qrels, run


@pytest.mark.parametrize("seed", range(8))
def test_the_measures_are_those_of_ir_measures(seed: int) -> None:
    qrels, run = _random(seed)
    wanted = [nDCG(gains=GAINS) @ 10, R @ 50, RR]
    peers = {
        (found.query_id, str(found.measure)): found.value
        for found in ir_measures.iter_calc(
            wanted, qrels, {topic: dict(ranked) for topic, ranked in run.items()}
        )
    }
    for topic, ranked in run.items():
        order = [issue for issue, _ in ranked]
        ours = (
            ndcg(order, qrels[topic]),
            recall(order, qrels[topic]),
            reciprocal_rank(order, qrels[topic]),
        )
        for measure_, value in zip(wanted, ours, strict=True):
            peer = peers.get((topic, str(measure_)), 0.0)
            assert value == pytest.approx(peer, abs=1e-9), (topic, measure_)


def test_a_grade_of_three_gains_seven_times_a_grade_of_one() -> None:
    assert ndcg(["b", "a"], {"a": 3, "b": 1}) == pytest.approx(
        (1 + 7 / np.log2(3)) / (7 + 1 / np.log2(3))
    )


def test_means_are_over_judged_topics_and_by_kind() -> None:
    topics = [
        Topic(id="1", kind="case", text=""),
        Topic(id="2", kind="question", text=""),
        Topic(id="3", kind="question", text=""),  # judged by no one: it is not counted
        Topic(id="4", kind="case", text=""),  # judged, and nothing was returned
    ]
    qrels = {"1": {"a": 3}, "2": {"a": 1, "b": 2}, "3": {"a": 0}, "4": {"z": 1}}
    found = measure({"1": [("a", 1.0)], "2": [("b", 1.0)]}, qrels, topics)
    assert list(found) == ["all", "case", "question"]
    assert [found[kind].topics for kind in found] == [3, 2, 1]
    assert found["case"].ndcg_10 == 0.5
    assert found["question"].recall_50 == 0.5
    assert found["all"].mrr == pytest.approx(2 / 3)


def test_the_paired_test_counts_all_signs_of_the_differences() -> None:
    differences = [0.2, 0.1, -0.05, 0.3, 0.02, 0.11, 0.0, 0.07]
    sums = [abs(np.dot(signs, differences)) for signs in product((-1, 1), repeat=8)]
    exact = np.mean(np.array(sums) >= abs(sum(differences)) - 1e-12)
    assert paired_test(differences, [0.0] * 8) == pytest.approx(exact, abs=0.005)
    assert paired_test(differences, [0.0] * 8) == paired_test([0.0] * 8, differences)


def test_equal_runs_do_not_differ() -> None:
    assert paired_test([0.3, 0.4], [0.3, 0.4]) == 1.0
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_test([1.0], [1.0, 2.0])


BAD_TOPICS = ["no json", '{"id": "Q1", "kind": "case"}', '["Q1"]', '{"kind": "case", "text": "x"}']
BAD_QRELS = ["Q1 0 a", "Q1 0 a high", "Q1 0 a 1 2"]


@pytest.mark.parametrize("line", BAD_TOPICS)
def test_a_line_that_is_no_topic_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "topics.jsonl"
    file.write_text(f'{{"id": "Q0", "kind": "case", "text": "knee"}}\n\n{line}\n')
    with pytest.raises(
        BadJudgments, match=r"topics\.jsonl, line 3: no topic .* give a JSON object"
    ):
        read_topics(file)


@pytest.mark.parametrize("line", BAD_QRELS)
def test_a_line_that_is_no_judgment_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "qrels.tsv"
    file.write_text(f"Q1\t0\tb\t3\n{line}\n")
    with pytest.raises(BadJudgments, match=r"qrels\.tsv, line 2: no judgment .* four columns"):
        read_qrels(file)


def test_the_note_of_a_topic_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "topics.jsonl"
    record = {"id": "Q1", "kind": "keyword", "text": "knee", "note": "for people"}
    file.write_text(json.dumps(record))
    assert read_topics(file) == [Topic(id="Q1", kind="keyword", text="knee")]


def test_a_run_is_written_in_six_columns_that_ir_measures_reads(
    tmp_path: Path, sample_engine: Engine
) -> None:
    topics = [
        Topic(id="Q1", kind="case", text="Request: physical therapy for the left elbow."),
        Topic(id="Q2", kind="keyword", text="sleep study"),
    ]
    run = run_topics(sample_engine, topics, Mode.HYBRID)
    file = tmp_path / "run.txt"
    write_run(file, run, "precedent")
    rows = [line.split() for line in file.read_text().splitlines()]
    assert {len(row) for row in rows} == {6}
    assert [row[:4] for row in rows if row[0] == "Q2"][:1] == [["Q2", "Q0", "CM17-9900030#1", "1"]]
    for topic in ("Q1", "Q2"):
        scores = [float(row[4]) for row in rows if row[0] == topic]
        assert scores == sorted(scores, reverse=True)
        assert len({row[2] for row in rows if row[0] == topic}) == len(scores)
    read = list(ir_measures.read_trec_run(str(file)))  # type: ignore[no-untyped-call]
    assert [(entry.query_id, entry.doc_id) for entry in read] == [(r[0], r[2]) for r in rows]
