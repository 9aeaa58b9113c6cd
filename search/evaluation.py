"""How good a ranking is: nDCG@10, recall@50, MRR against graded judgments, and paired tests.

Judgments and runs are in TREC's formats; grades count from 1, a missing one is 0. nDCG has the
gain 2^grade - 1 and the discount log2(rank + 1) (Burges et al. 2005). Recall and MRR count
an issue of any grade as relevant.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.engine import Engine
from search.request import CaseRequest, Mode, SearchRequest

RUN_DEPTH = 100

Qrels = Mapping[str, Mapping[str, int]]
Run = Mapping[str, Sequence[tuple[str, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A question to measure with. Its note is for people: it is not read here."""

    id: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Means over `topics` topics, each in [0, 1]."""

    topics: int
    ndcg_10: float
    recall_50: float
    mrr: float


class BadJudgments(ValueError):
    """A topics or qrels file that is not in the format; the message names file and line."""


def read_topics(path: Path) -> list[Topic]:
    """Topics of a JSON Lines file with `id`, `text` and `kind`. Raises BadJudgments, OSError."""
    topics = []
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            topics.append(
                Topic(
                    id=str(record["id"]),
                    kind=str(record.get("kind", "keyword")),
                    text=str(record["text"]),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BadJudgments(
                f"{path}, line {number}: no topic ({error!r}); give a JSON object with id, kind "
                "and text"
            ) from error
    return topics


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Grades by topic and issue, of lines "topic 0 issue grade". Raises BadJudgments, OSError."""
    qrels: dict[str, dict[str, int]] = {}
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            topic, _, issue, grade = line.split()
            qrels.setdefault(topic, {})[issue] = int(grade)
        except ValueError as error:
            raise BadJudgments(
                f"{path}, line {number}: no judgment ({error}); give four columns: topic, 0, "
                "issue, grade"
            ) from error
    return qrels


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadJudgments(f"{path} is no text in UTF-8 ({error}); give a text file") from error


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """The nDCG at `k` of the issues `ranked`, best first; 0 where nothing is relevant."""
    ideal = _dcg(sorted(grades.values(), reverse=True)[:k])
    return _dcg([grades.get(issue, 0) for issue in ranked[:k]]) / ideal if ideal else 0.0


def _dcg(grades: Sequence[int]) -> float:
    return float(sum((2.0**grade - 1) / np.log2(at + 2) for at, grade in enumerate(grades)))


def recall(ranked: Sequence[str], grades: Mapping[str, int], k: int = 50) -> float:
    """The share of relevant issues among the first `k`; 0 where nothing is relevant."""
    relevant = {issue for issue, grade in grades.items() if grade > 0}
    return len(relevant.intersection(ranked[:k])) / len(relevant) if relevant else 0.0


def reciprocal_rank(ranked: Sequence[str], grades: Mapping[str, int]) -> float:
    """1 / the rank of the first relevant issue, 0 where there is none."""
    ranks = (at for at, issue in enumerate(ranked, 1) if grades.get(issue, 0) > 0)
    return 1.0 / first if (first := next(ranks, 0)) else 0.0


def measure(run: Run, qrels: Qrels, topics: Sequence[Topic]) -> dict[str, Measures]:
    """Measures of `run` over all judged topics ("all") and over those of each kind."""
    judged = [topic for topic in topics if any(qrels.get(topic.id, {}).values())]
    kinds = ["all", *dict.fromkeys(topic.kind for topic in judged)]
    return {
        kind: _means([t for t in judged if kind in ("all", t.kind)], run, qrels) for kind in kinds
    }


def _means(topics: Sequence[Topic], run: Run, qrels: Qrels) -> Measures:
    rows = []
    for topic in topics:
        ranked = [issue for issue, _ in run.get(topic.id, ())]
        grades = qrels[topic.id]
        rows.append((ndcg(ranked, grades), recall(ranked, grades), reciprocal_rank(ranked, grades)))
    means = np.mean(rows, axis=0) if rows else np.zeros(3)
    return Measures(
        topics=len(rows),
        ndcg_10=float(means[0]),
        recall_50=float(means[1]),
        mrr=float(means[2]),
    )


def paired_test(
    first: Sequence[float], second: Sequence[float], *, rounds: int = 100_000, seed: int = 0
) -> float:
    """The two-sided p value that two runs over the same topics are equally good on average.

    Fisher's randomisation test: signs of the differences are flipped at random. Smucker, Allan
    and Carterette (2007), CIKM, 623-632. Raises ValueError for unequal lengths.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} topics cannot be paired")
    differences = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    observed = abs(differences.sum())
    signs = np.random.default_rng(seed).integers(0, 2, (rounds, len(differences)), np.int8) * 2 - 1
    # A little slack, so that a flip that gives the very same sum counts as such.
    reached = np.count_nonzero(np.abs(signs @ differences) >= observed - 1e-12)
    return float((reached + 1) / (rounds + 1))


def write_run(path: Path, run: Run, tag: str) -> None:
    """Write `run` in TREC's six columns."""
    lines = [
        f"{topic} Q0 {issue} {rank} {score:.6f} {tag}"
        for topic, ranked in run.items()
        for rank, (issue, score) in enumerate(ranked, 1)
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def run_topics(
    engine: Engine, topics: Sequence[Topic], mode: Mode
) -> dict[str, list[tuple[str, float]]]:
    """Ask every topic and return its first issues: cases as pasted text, the rest as words."""

    def request(topic: Topic) -> SearchRequest | CaseRequest:
        if topic.kind == "case":
            return CaseRequest(text=topic.text, mode=mode)
        return SearchRequest(words=topic.text, mode=mode)

    return {topic.id: engine.rank(request(topic), RUN_DEPTH) for topic in topics}
