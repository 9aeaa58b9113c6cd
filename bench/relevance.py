"""What each part of the ranking is worth, measured on the judgments in ../shared.

    python -m bench.relevance [--shared DIR] [--work DIR]

Prints nDCG@10 over all topics and by kind for: each arm alone, each way of fusing them, and
the ranking as shipped with one signal taken away; what a small grid of parameters reaches
when it is chosen on all topics and when the topic measured is left out; and whether the
shipped ranking is better than the best single arm by more than chance. The index of the
letters is kept in --work.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from itertools import product
from operator import attrgetter
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from index.build import build
from index.concepts.reading import read_concepts
from index.encoder import Vectors
from index.progress import Reporter
from search import asking, concepts, semantic
from search.engine import Engine
from search.evaluation import Topic, ndcg, paired_test, read_qrels, read_topics, run_topics
from search.fusion import FusionWeights, between_extremes, from_zero, fuse
from search.ranking import WEIGHTS
from search.request import Request, understand

ROOT = Path(__file__).parent.parent
KINDS = ("case", "keyword", "question")
RRF_K = 60  # Cormack, Clarke and Buettcher (2009), SIGIR, 758-759

Scores = NDArray[np.float64]
Ranker = Callable[["Signals"], Scores]


@dataclass(frozen=True, slots=True)
class Signals:
    """What each arm says of every issue, for one topic."""

    lexical: Scores
    semantic: Scores
    concepts: Scores


class Laboratory:
    """An engine, topics and judgments, and the signals of each topic."""

    def __init__(
        self, engine: Engine, topics: Sequence[Topic], qrels: Mapping[str, Mapping[str, int]]
    ) -> None:
        self.topics = topics
        self.qrels = qrels
        self.engine = engine
        self.snapshot = engine.snapshot()
        self.ids = [issue.id for issue in self.snapshot.stored(np.arange(self.snapshot.size))]
        self._encoder = engine.load_encoder()
        self._vectors: dict[str, Vectors] = {}

    def signals(self, topic: Topic) -> Signals:
        """The signals of a topic, as the engine asks it at this moment."""
        by = asking.by_text if topic.kind == "case" else asking.by_words
        asked = by(self.snapshot, topic.text)
        everything = np.arange(self.snapshot.size)
        queries = np.concatenate([self._vector(text) for text in asked.texts])
        return Signals(
            lexical=self.snapshot.lexical.score_terms(asked.question.terms).astype(float),
            semantic=self.snapshot.semantic.scores(queries, everything),
            concepts=self.snapshot.concepts.scores(asked.question.features).astype(float),
        )

    def _vector(self, text: str) -> Vectors:
        if text not in self._vectors:
            self._vectors[text] = self._encoder.encode([text])
        return self._vectors[text]

    def all_signals(self, *changes: AbstractContextManager[object]) -> list[Signals]:
        """The signals of all topics, under changes to the product."""
        with ExitStack() as stack:
            for change in changes:
                stack.enter_context(change)
            return [self.signals(topic) for topic in self.topics]

    def ndcg(self, topic: Topic, scores: Scores) -> float:
        """The nDCG@10 of the issues by score; equal scores in the order of documents."""
        order = np.argsort(-scores, kind="stable")[:10]
        return ndcg([self.ids[document] for document in order], self.qrels[topic.id])

    def measured(self, ranker: Ranker, signals: Sequence[Signals]) -> Scores:
        """The nDCG@10 of each topic."""
        pairs = zip(self.topics, signals, strict=True)
        return np.array([self.ndcg(topic, ranker(signal)) for topic, signal in pairs])

    def row(self, name: str, measured: Scores) -> str:
        """A line of the table: all topics, then each kind."""
        of_kind = [measured[[topic.kind == kind for topic in self.topics]].mean() for kind in KINDS]
        cells = " ".join(f"{value:8.3f}" for value in (measured.mean(), *of_kind))
        return f"{name:<58} {cells}"


def convex(weights: FusionWeights) -> Ranker:
    """The product's fusion with these weights."""
    return lambda s: fuse(weights, lexical=s.lexical, semantic=s.semantic, concepts=s.concepts)


def reciprocal_ranks(*names: str) -> Ranker:
    """Reciprocal rank fusion; what an arm scores 0 it does not return."""

    def scores(signals: Signals) -> Scores:
        total = np.zeros(len(signals.lexical))
        for name in names:
            of_arm: Scores = getattr(signals, name)
            ranks = np.argsort(np.argsort(-of_arm, kind="stable"), kind="stable") + 1
            total += np.where(of_arm > 0, 1.0 / (RRF_K + ranks), 0.0)
        return total

    return scores


# -- a learned combination ------------------------------------------------------------------------


def normalised(signals: Signals) -> Scores:
    """The three signals on one scale, a column each."""
    columns = (
        from_zero(signals.lexical),
        between_extremes(signals.semantic),
        signals.concepts,
    )
    return np.column_stack(columns)


def logistic(rows: Scores, relevant: Scores, ridge: float = 1e-3, steps: int = 25) -> Scores:
    """The weights (bias first) of a logistic regression, by Newton's method."""
    x = np.column_stack([np.ones(len(rows)), rows])
    weights = np.zeros(x.shape[1])
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (chance - relevant) + ridge * weights
        bend = (x * (chance * (1 - chance))[:, None]).T @ x + ridge * np.eye(len(weights))
        weights = weights - np.linalg.solve(bend, slope)
    return weights


def learned(laboratory: Laboratory, signals: Sequence[Signals]) -> Scores:
    """The nDCG@10 of each topic by weights learned from the judgments of all others."""
    rows = [normalised(s) for s in signals]
    relevant = [
        np.array([laboratory.qrels[topic.id].get(issue, 0) >= 2 for issue in laboratory.ids], float)
        for topic in laboratory.topics
    ]
    measured = []
    for left_out, topic in enumerate(laboratory.topics):
        others = [n for n in range(len(rows)) if n != left_out]
        weights = logistic(
            np.concatenate([rows[n] for n in others]), np.concatenate([relevant[n] for n in others])
        )
        measured.append(laboratory.ndcg(topic, rows[left_out] @ weights[1:]))
    return np.array(measured)


# -- signals taken away ---------------------------------------------------------------------------


def _whole_only(text: str) -> Request:
    found = understand(text)
    return replace(found, requested="", focus=found.whole, concepts=read_concepts(found.whole))


def without() -> dict[str, tuple[AbstractContextManager[object], ...]]:
    """Changes to the product that take one signal away, by name."""
    wanted = concepts.wanted
    return {
        "without reasons": (patch.object(asking, "wanted", lambda c, _: wanted(c, ())),),
        "without expansions": (patch.object(asking, "expansions", lambda *_, **__: ()),),
        "without finding the item (whole text)": (patch.object(asking, "understand", _whole_only),),
        "without the request's own vector": (patch.object(semantic, "HEAD", 0.0),),
        "without the whole text's vector": (patch.object(semantic, "WHOLE", 0.0),),
    }


# -- parameters, chosen with and without the topic they are measured on ----------------------------

GRID: Mapping[str, tuple[float, ...]] = {
    "lexical": (0.2, 0.35, 0.5, 0.7, 1.0),
    "concepts": (0.5, 1.0, 1.5, 2.0),
    "reason": (0.0, 0.05, 0.15, 0.3),
    "around": (0.0, 0.5, 1.0),
}


def tuned(laboratory: Laboratory) -> list[str]:
    """What the grid reaches: tuned on all topics, and with each topic left out in its turn."""
    around = {
        weight: laboratory.all_signals(patch.object(asking, "AROUND", weight))
        for weight in GRID["around"]
    }
    reasons = {
        weight: laboratory.all_signals(patch.object(concepts, "REASON_WEIGHT", weight))
        for weight in GRID["reason"]
    }
    settings = list(product(*GRID.values()))
    table = np.zeros((len(settings), len(laboratory.topics)))
    for at, (lexical, concept, reason, whole) in enumerate(settings):
        ranker = convex(FusionWeights(lexical=lexical, semantic=1.0, concepts=concept))
        signals = [
            replace(words, concepts=other.concepts)
            for words, other in zip(around[whole], reasons[reason], strict=True)
        ]
        table[at] = laboratory.measured(ranker, signals)
    best = int(table.mean(axis=1).argmax())
    held_out = np.zeros(len(laboratory.topics))
    for topic in range(len(laboratory.topics)):
        others = np.delete(table, topic, axis=1).mean(axis=1)
        held_out[topic] = table[int(others.argmax()), topic]
    chosen = ", ".join(
        f"{name} {value:g}" for name, value in zip(GRID, settings[best], strict=True)
    )
    gap = table[best].mean() - held_out.mean()
    return [
        laboratory.row(f"grid of {len(settings)}, chosen on all topics", table[best]),
        laboratory.row("grid, the topic measured left out", held_out),
        f"chosen on all: {chosen}; the gap is {gap:.3f}",
    ]


def report(laboratory: Laboratory) -> list[str]:
    """The lines of the whole table."""
    plain = laboratory.all_signals()
    shipped = laboratory.measured(convex(WEIGHTS), plain)
    ran = run_topics(laboratory.engine, laboratory.topics, "hybrid")
    asked = np.array(
        [ndcg([i for i, _ in ran[t.id]], laboratory.qrels[t.id]) for t in laboratory.topics]
    )
    arms = {
        name: laboratory.measured(attrgetter(name), plain)
        for name in ("lexical", "semantic", "concepts")
    }
    pairs = {
        "reciprocal rank fusion, lexical + semantic": reciprocal_ranks("lexical", "semantic"),
        "reciprocal rank fusion, all three": reciprocal_ranks("lexical", "semantic", "concepts"),
        "convex, lexical + semantic": convex(replace(WEIGHTS, concepts=0.0)),
        "convex, lexical + concepts": convex(replace(WEIGHTS, semantic=0.0)),
        "convex, semantic + concepts": convex(replace(WEIGHTS, lexical=0.0)),
        "convex, all three with equal weights": convex(
            FusionWeights(lexical=1.0, semantic=1.0, concepts=1.0)
        ),
    }
    lines = [f"{'nDCG@10':<58} {'all':>8} {'case':>8} {'keyword':>8} {'question':>8}"]
    lines += [laboratory.row(f"{name} alone", measured) for name, measured in arms.items()]
    lines += [
        laboratory.row(name, laboratory.measured(ranker, plain)) for name, ranker in pairs.items()
    ]
    lines.append(
        laboratory.row("learned (logistic), the topic left out", learned(laboratory, plain))
    )
    lines.append(laboratory.row("as shipped (convex, all three)", shipped))
    lines.append(laboratory.row("as shipped, asked of the engine", asked))
    for name, changes in without().items():
        signals = laboratory.all_signals(*changes)
        lines.append(laboratory.row(name, laboratory.measured(convex(WEIGHTS), signals)))
    lines += tuned(laboratory)
    best = max(arms, key=lambda name: float(arms[name].mean()))
    chance = paired_test(shipped.tolist(), arms[best].tolist())
    lines.append(f"as shipped against {best} alone: p = {chance:.5f} (paired randomisation test)")
    return lines


def main() -> None:
    """Read the arguments, index the letters where that has not been done, print the table."""
    shared = Path(os.environ.get("PRECEDENT_SHARED", ROOT.parent / "shared"))
    work = Path(tempfile.gettempdir()) / "precedent-bench"
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=shared, help="letters and judgments")
    parser.add_argument("--work", type=Path, default=work, help="where the index is kept")
    given = parser.parse_args()
    if not (given.shared / "judgments").is_dir():
        parser.error(f"there are no judgments in {given.shared}: give --shared DIR")
    directory = given.work / "letters"
    build([given.shared / "letters"], directory, Reporter(io.StringIO(), quiet=True))
    judgments = given.shared / "judgments"
    laboratory = Laboratory(
        Engine(directory),
        read_topics(judgments / "topics.jsonl"),
        read_qrels(judgments / "qrels.tsv"),
    )
    for line in report(laboratory):
        print(line, flush=True)


if __name__ == "__main__":
    main()
