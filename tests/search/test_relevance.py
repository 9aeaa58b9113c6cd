"""The ranking is as good as promised, on the judgments of real letters."""

from __future__ import annotations

from pathlib import Path

import pytest

from search.engine import Engine
from search.evaluation import Measures, measure, read_qrels, read_topics, run_topics
from search.request import Mode
from tests.told import index_once

PROMISED = {"all": 0.86, "case": 0.91, "keyword": 0.88, "question": 0.65}


@pytest.fixture(scope="module")
def engine(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(index_once(shared / "letters", tmp_path_factory))


def measured(engine: Engine, shared: Path, mode: Mode) -> dict[str, Measures]:
    topics = read_topics(shared / "judgments" / "topics.jsonl")
    qrels = read_qrels(shared / "judgments" / "qrels.tsv")
    return measure(run_topics(engine, topics, mode), qrels, topics)


@pytest.fixture(scope="module")
def hybrid(engine: Engine, shared: Path) -> dict[str, Measures]:
    return measured(engine, shared, Mode.HYBRID)


@pytest.mark.parametrize(("kind", "least"), PROMISED.items())
def test_ndcg_is_as_promised(hybrid: dict[str, Measures], kind: str, least: float) -> None:
    assert hybrid[kind].ndcg_10 >= least


def test_what_is_relevant_is_among_the_first_fifty(hybrid: dict[str, Measures]) -> None:
    assert hybrid["all"].recall_50 >= 0.9


@pytest.mark.parametrize("mode", [Mode.LEXICAL, Mode.SEMANTIC])
def test_the_arms_together_are_better_than_one(
    engine: Engine, shared: Path, hybrid: dict[str, Measures], mode: Mode
) -> None:
    alone = measured(engine, shared, mode)
    for kind, measures in alone.items():
        assert hybrid[kind].ndcg_10 > measures.ndcg_10
