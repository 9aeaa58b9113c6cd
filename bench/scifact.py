"""How good the general parts of the ranking are on other ground: BEIR SciFact, in ../shared.

    python -m bench.scifact [--shared DIR] [--work DIR]

Titles stand for requests and abstracts for rationales; there are no concepts, no expansions
and no pasted texts. Prints nDCG@10 of words, of meaning and of both fused.
Embedding takes minutes on two cores; segment and vectors are kept in --work,
and a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.relevance import WEIGHTS, convex
from bench.setting import WORK
from index.analysis import stop_words, tokens
from index.encoder import DocumentEncoder, find_model
from index.passages import windows
from index.progress import Reporter
from index.segments.codec import LexicalDocument, write_segment
from index.segments.embedding import embed_segment, is_embedded, passage_hash, write_passages
from index.segments.postings import Postings
from index.segments.vectors import open_vectors
from search.evaluation import ndcg
from search.local.lexical import LexicalArm
from search.local.vectors import Passages
from search.signals import SIGNALS, Scores

ROOT = Path(__file__).parent.parent
TARGETS = {"words": 0.68, "hybrid": 0.71}
CANDIDATES = {signal.name: signal.candidates for signal in SIGNALS}


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents and questions with their ids, and which documents answer which question."""

    ids: Sequence[str]
    titles: Sequence[str]
    texts: Sequence[str]
    questions: dict[str, str]
    grades: dict[str, dict[str, int]]


def read_collection(folder: Path) -> Collection:
    """The collection in BEIR's files; raises OSError where they are missing."""
    corpus = [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]
    asked = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
    grades: dict[str, dict[str, int]] = {}
    with (folder / "qrels.tsv").open() as opened:
        for row in csv.reader(opened, delimiter="\t"):
            if row[-1].isdigit():  # the first line names the columns
                grades.setdefault(row[0], {})[row[-2]] = int(row[-1])
    return Collection(
        ids=[str(record.get("_id", record.get("id"))) for record in corpus],
        titles=[record["title"] for record in corpus],
        texts=[record["text"] for record in corpus],
        questions={str(record.get("_id", record.get("id"))): record["text"] for record in asked},
        grades=grades,
    )


def lexical_arm(collection: Collection, directory: Path) -> LexicalArm:
    """The lexical arm over a segment of the collection, written at the first call."""
    if not directory.exists():
        aside = directory.with_name(f"{directory.name}.tmp")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        pairs = zip(collection.titles, collection.texts, strict=True)
        write_segment(
            aside,
            [
                LexicalDocument(issue=number, request=title, rationale=text)
                for number, (title, text) in enumerate(pairs)
            ],
        )
        aside.rename(directory)
    return LexicalArm([Postings.open(directory)], [None])


def lexical_scores(arm: LexicalArm, words: str) -> Scores:
    """What the lexical arm gives every document for the words that tell something."""
    common = stop_words()
    telling = [word for word in words.split() if word.lower() not in common]
    return arm.score_terms(dict.fromkeys(tokens(" ".join(telling)), 1.0)).astype(float)


def passages_of(collection: Collection, directory: Path, encoder: DocumentEncoder) -> Passages:
    """The vectors of the segment, embedded at the first calls: it goes on where it was."""
    if not is_embedded(directory):
        passages = [
            [title, *(f"{title}. {window}" for window in windows(text))]
            for title, text in zip(collection.titles, collection.texts, strict=True)
        ]
        write_passages(directory, [list(map(passage_hash, texts)) for texts in passages])
        texts = [text for of_document in passages for text in of_document]
        reporter = Reporter(sys.stderr)
        embed_segment(
            directory, lambda rows: [texts[r] for r in rows], (), lambda: encoder, reporter
        )
    return Passages([open_vectors(directory)], np.array([one.encode() for one in collection.ids]))


def fused(words: Scores, meaning: Scores, weights: Mapping[str, float]) -> Scores:
    """The fused scores of the candidates of both signals; others are out of the ranking."""
    candidates = _best(words, CANDIDATES["words"]), _best(meaning, CANDIDATES["meaning"])
    pool = np.union1d(*candidates)
    pool = pool[(words[pool] > 0) | (meaning[pool] > 0)]
    scores = np.full(len(words), -1.0)
    scores[pool] = convex(weights)({"words": words[pool], "meaning": meaning[pool]})
    return scores


def _best(scores: Scores, k: int) -> NDArray[np.int64]:
    return np.argsort(-scores, kind="stable")[:k]


def measured(collection: Collection, rankings: Sequence[Scores]) -> float:
    """The mean nDCG@10 over the questions."""
    values = [
        ndcg([collection.ids[document] for document in _best(scores, 10)], collection.grades[asked])
        for asked, scores in zip(collection.questions, rankings, strict=True)
        if asked in collection.grades
    ]
    return float(np.mean(values))


def report(collection: Collection, work: Path) -> list[str]:
    """The lines of the table."""
    arm = lexical_arm(collection, work / "segment")
    words = [lexical_scores(arm, asked) for asked in collection.questions.values()]
    encoder = DocumentEncoder(find_model())
    passages = passages_of(collection, work / "segment", encoder)
    everything = np.arange(len(collection.ids))
    meaning = [
        passages.scores(vector[None], everything)
        for vector in encoder.encode(list(collection.questions.values()))
    ]
    lines = [f"{'nDCG@10, ' + str(len(collection.questions)) + ' questions':<44} {'is':>6} target"]

    def line(name: str, rankings: Sequence[Scores], target: str = "") -> None:
        goal = f"{TARGETS[target]:6.2f}" if target else ""
        lines.append(f"{name:<44} {measured(collection, rankings):6.3f} {goal}".rstrip())

    pairs = list(zip(words, meaning, strict=True))
    line("words", words, "words")
    line("meaning", meaning)
    name = f"hybrid as shipped ({WEIGHTS['words']:g} to {WEIGHTS['meaning']:g})"
    line(name, [fused(*pair, {**WEIGHTS, "concepts": 0.0}) for pair in pairs], "hybrid")
    for share in (0.5, 1.0, 2.0):
        weights = {"words": share, "meaning": 1.0}
        line(f"hybrid, {share:g} to 1", [fused(*pair, weights) for pair in pairs])
    return lines


def main() -> None:
    """Read the arguments and print the table."""
    shared = Path(os.environ.get("PRECEDENT_SHARED", ROOT.parent / "shared"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shared", type=Path, default=shared, help="the folder of scifact/")
    parser.add_argument(
        "--work", type=Path, default=WORK / "scifact", help="where the segment is kept"
    )
    given = parser.parse_args()
    if not (given.shared / "scifact").is_dir():
        parser.error(f"there is no scifact in {given.shared}: give --shared DIR")
    given.work.mkdir(parents=True, exist_ok=True)
    for line in report(read_collection(given.shared / "scifact"), given.work):
        print(line, flush=True)


if __name__ == "__main__":
    main()
