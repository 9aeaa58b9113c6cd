"""What each part of the ranking is worth, measured on the judgments in ../shared.

    python -m bench.relevance [--shared DIR] [--work DIR]

Prints nDCG@10 over all topics and by kind for: each signal alone, each way of fusing them, and
the ranking as shipped with one part taken away; what a small grid of parameters reaches
when it is chosen on all topics and when the topic measured is left out; and whether the
shipped ranking is better than the best single signal by more than chance. The index of the
letters is kept in --work.
"""

from __future__ import annotations

import argparse
import io
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from itertools import product
from operator import itemgetter
from pathlib import Path
from unittest.mock import patch

import numpy as np

from bench.setting import WORK
from index.build import build
from index.concepts.reading import read_concepts
from index.encoder import Vectors
from index.progress import Reporter
from search import fusion
from search.backend import Query
from search.engine import Engine
from search.evaluation import Topic, ndcg, paired_test, read_qrels, read_topics, run_topics
from search.fusion import Fusion
from search.local import vectors
from search.local.asked import Asked
from search.local.signals import concepts, make_scorers
from search.local.snapshot import LocalSnapshot
from search.request import CaseRequest, Mode, SearchRequest
from search.signals import SIGNALS, Scores
from search.understand import case, words
from search.understand.case import understand_text
from search.understand.features import look_for
from search.understand.paste import Pasted, read_pasted
from search.understand.words import understand_words

ROOT = Path(__file__).parent.parent
KINDS = ("case", "keyword", "question")
RRF_K = 60  # Cormack, Clarke and Buettcher (2009), SIGIR, 758-759

WEIGHTS: Mapping[str, float] = {signal.name: signal.weight for signal in SIGNALS}

Signals = Mapping[str, Scores]
"""What each signal says of every issue, by its name, for one topic; 0 where it takes no part."""
Ranker = Callable[[Signals], Scores]


class Laboratory:
    """An index, topics and judgments, and the signals of each topic."""

    def __init__(
        self, directory: Path, topics: Sequence[Topic], qrels: Mapping[str, Mapping[str, int]]
    ) -> None:
        self.topics = topics
        self.qrels = qrels
        self.engine = Engine(directory)
        self.snapshot = LocalSnapshot(directory)
        self.ids = [issue.decode() for issue in self.snapshot.ids]
        self._vectors: dict[str, Vectors] = {}

    def signals(self, topic: Topic) -> Signals:
        """The signals of a topic, as the engine asks it at this moment."""
        query = understand(topic)
        queries = np.concatenate([self._vector(text) for text in query.texts])
        everything = np.arange(self.snapshot.size)
        scores = {name: np.zeros(len(everything)) for name in WEIGHTS}
        for signal, scorer in make_scorers(Asked(self.snapshot, query, queries)).items():
            scores[signal.name] = scorer.scores(everything)
        return scores

    def _vector(self, text: str) -> Vectors:
        if text not in self._vectors:
            encoder = self.snapshot.encoder.get()
            assert encoder is not None  # nothing else loads it
            self._vectors[text] = encoder.encode([text])
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


def understand(topic: Topic) -> Query:
    """What the engine is asked for a topic."""
    if topic.kind == "case":
        return understand_text(CaseRequest(text=topic.text)).query
    return understand_words(SearchRequest(words=topic.text)).query


def convex(weights: Mapping[str, float]) -> Ranker:
    """The product's fusion with these weights by signal; what has none takes no part."""
    taking_part = tuple(
        replace(signal, weight=weight)
        for signal in SIGNALS
        if (weight := weights.get(signal.name, 0.0)) > 0
    )

    def scores(signals: Signals) -> Scores:
        with patch.object(fusion, "SIGNALS", taking_part):
            return Fusion(signals).scores(signals)

    return scores


def reciprocal_ranks(*names: str) -> Ranker:
    """Reciprocal rank fusion; what a signal scores 0 it does not return."""

    def scores(signals: Signals) -> Scores:
        total = np.zeros(len(signals[names[0]]))
        for name in names:
            ranks = np.argsort(np.argsort(-signals[name], kind="stable"), kind="stable") + 1
            total += np.where(signals[name] > 0, 1.0 / (RRF_K + ranks), 0.0)
        return total

    return scores


# -- a learned combination ------------------------------------------------------------------------


def normalised(signals: Signals) -> Scores:
    """The signals on one scale, a column each."""
    return np.column_stack(
        [
            signal.normalisation(scores)(scores)
            for signal in SIGNALS
            for scores in (signals[signal.name],)
        ]
    )


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


# -- parts taken away -----------------------------------------------------------------------------


def _whole_only(text: str) -> Pasted:
    pasted = read_pasted(text)
    of_whole = read_concepts(pasted.whole)
    return replace(pasted, requested="", focus=pasted.whole, concepts=of_whole)


def without() -> dict[str, tuple[AbstractContextManager[object], ...]]:
    """Changes to the product that take one part away, by name."""
    readers = (words, case)
    return {
        "without reasons": tuple(
            patch.object(reader, "look_for", lambda c, _: look_for(c, ())) for reader in readers
        ),
        "without expansions": tuple(
            patch.object(reader, "expand_terms", lambda *_: ()) for reader in readers
        ),
        "without finding the item (whole text)": (patch.object(case, "read_pasted", _whole_only),),
        "without the request's own vector": (patch.object(vectors, "HEAD", 0.0),),
        "without the whole text's vector": (patch.object(vectors, "WHOLE", 0.0),),
    }


# -- parameters, chosen with and without the topic they are measured on ----------------------------

GRID: Mapping[str, tuple[float, ...]] = {
    "words": (0.2, 0.35, 0.5, 0.7, 1.0),
    "concepts": (0.5, 1.0, 1.5, 2.0),
    "reason": (0.0, 0.05, 0.15, 0.3),
    "around": (0.0, 0.5, 1.0),
}


def tuned(laboratory: Laboratory) -> list[str]:
    """What the grid reaches: tuned on all topics, and with each topic left out in its turn."""
    around = {
        weight: laboratory.all_signals(patch.object(case, "AROUND", weight))
        for weight in GRID["around"]
    }
    reasons = {weight: laboratory.all_signals(*_reasons_at(weight)) for weight in GRID["reason"]}
    settings = list(product(*GRID.values()))
    table = np.zeros((len(settings), len(laboratory.topics)))
    for at, (word, concept, reason, whole) in enumerate(settings):
        ranker = convex({"words": word, "meaning": 1.0, "concepts": concept})
        signals = [
            {**by_words, "concepts": by_reasons["concepts"]}
            for by_words, by_reasons in zip(around[whole], reasons[reason], strict=True)
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


def _reasons_at(weight: float) -> tuple[AbstractContextManager[object], ...]:
    """Changes to the product that give reasons this weight; with none they are not looked for."""
    if weight == 0:
        return without()["without reasons"]
    return (patch.object(concepts, "REASON_WEIGHT", weight),)


def report(laboratory: Laboratory) -> list[str]:
    """The lines of the whole table."""
    plain = laboratory.all_signals()
    shipped = laboratory.measured(convex(WEIGHTS), plain)
    ran = run_topics(laboratory.engine, laboratory.topics, Mode.HYBRID)
    asked = np.array(
        [ndcg([i for i, _ in ran[t.id]], laboratory.qrels[t.id]) for t in laboratory.topics]
    )
    alone = {name: laboratory.measured(itemgetter(name), plain) for name in WEIGHTS}
    fused = {
        "reciprocal rank fusion, words + meaning": reciprocal_ranks("words", "meaning"),
        "reciprocal rank fusion, all three": reciprocal_ranks("words", "meaning", "concepts"),
        "convex, words + meaning": convex({**WEIGHTS, "concepts": 0.0}),
        "convex, words + concepts": convex({**WEIGHTS, "meaning": 0.0}),
        "convex, meaning + concepts": convex({**WEIGHTS, "words": 0.0}),
        "convex, all three with equal weights": convex(dict.fromkeys(WEIGHTS, 1.0)),
    }
    lines = [f"{'nDCG@10':<58} {'all':>8} {'case':>8} {'keyword':>8} {'question':>8}"]
    lines += [laboratory.row(f"{name} alone", measured) for name, measured in alone.items()]
    lines += [
        laboratory.row(name, laboratory.measured(ranker, plain)) for name, ranker in fused.items()
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
    best = max(alone, key=lambda name: float(alone[name].mean()))
    chance = paired_test(shipped.tolist(), alone[best].tolist())
    lines.append(f"as shipped against {best} alone: p = {chance:.5f} (paired randomisation test)")
    return lines


def main() -> None:
    """Read the arguments, index the letters where that has not been done, print the table."""
    shared = Path(os.environ.get("PRECEDENT_SHARED", ROOT.parent / "shared"))
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=shared, help="letters and judgments")
    parser.add_argument("--work", type=Path, default=WORK, help="where the index is kept")
    given = parser.parse_args()
    if not (given.shared / "judgments").is_dir():
        parser.error(f"there are no judgments in {given.shared}: give --shared DIR")
    directory = given.work / "letters"
    build([given.shared / "letters"], directory, Reporter(io.StringIO(), quiet=True))
    judgments = given.shared / "judgments"
    laboratory = Laboratory(
        directory,
        read_topics(judgments / "topics.jsonl"),
        read_qrels(judgments / "qrels.tsv"),
    )
    for line in report(laboratory):
        print(line, flush=True)


if __name__ == "__main__":
    main()
