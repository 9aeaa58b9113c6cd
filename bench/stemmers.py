"""What is to be one term: stemmers compared on pairs of words of the trade and on the ranking.

    python -m bench.stemmers INDEX [--shared DIR]

INDEX is an index of the letters in --shared; its words are analysed anew with each stemmer, its
vectors are used as they are. Prints the pairs that are right (of the half that rules may be made
by, and of the half that is kept for measuring), nDCG@10 over the topics of both sets of
judgments (words alone, and all signals fused), that of the lexical arm on SciFact, and how many
distinct words a second are stemmed. Krovetz and the lemma list are measured where
`krovetzstemmer` and `simplemma` are installed.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from unittest.mock import patch

from bench.relevance import WEIGHTS, Laboratory, convex
from bench.scifact import Collection, lexical_arm, lexical_scores, measured, read_collection
from index import analysis
from index.inflections import stem
from index.segments.codec import write_segment
from index.segments.postings import Postings
from index.segments.segment import lexical_document
from search.evaluation import read_qrels, read_topics
from search.local.lexical import LexicalArm

ROOT = Path(__file__).parent.parent
PAIRS = ROOT / "tests" / "labels" / "word_pairs.tsv"

Stem = Callable[[str], str]


def plural(word: str) -> str:
    """The S-stemmer of Harman (1991): plurals alone."""
    if len(word) < 4 or word[-1] != "s" or word.endswith(("us", "ss")):
        return word
    if word.endswith("ies") and word[-4] not in "ae":
        return word[:-3] + "y"
    return word[:-1]


def stemmers() -> dict[str, Stem]:
    """What is compared, by name; what is not installed is told and left out."""
    compared: dict[str, Stem] = {
        "no stemming": str,
        "plurals alone (S-stemmer)": plural,
        "inflections (ours)": stem,
    }
    for name, package, make in (
        ("Porter2", "Stemmer", lambda package: package.Stemmer("english").stemWord),
        ("Krovetz", "krovetzstemmer", lambda package: package.Stemmer().stem),
        ("lemma list", "simplemma", lambda package: lambda word: package.lemmatize(word, "en")),
    ):
        try:
            compared[name] = make(importlib.import_module(package))
        except ImportError:
            print(f"{name}: not measured, {package} is not installed")
    return compared


@contextmanager
def analysing_with(stemmer: Stem) -> Iterator[None]:
    """Text becomes terms by another stemmer."""
    analysis.forget()
    with patch.object(analysis, "stem", stemmer):
        yield
    analysis.forget()


def right_pairs(stemmer: Stem) -> dict[str, int]:
    """How many pairs of each half are one term where they are to be, and two where not."""
    right = {"tuned": 0, "kept": 0}
    with PAIRS.open(encoding="utf-8") as opened:
        for pair in csv.DictReader(opened, delimiter="\t"):
            one = stemmer(pair["first"]) == stemmer(pair["second"])
            right[pair["half"]] += one == (pair["kind"] == "together")
    return right


def speed(stemmer: Stem) -> int:
    """Distinct words a second, of those of the pairs."""
    with PAIRS.open(encoding="utf-8") as opened:
        words = [row[key] for row in csv.DictReader(opened, delimiter="\t") for key in row][::2]
    begun = time.process_time()
    for word in words * 20:
        stemmer(word)
    return int(20 * len(words) / (time.process_time() - begun))


def analysed_anew(laboratory: Laboratory) -> LexicalArm:
    """The lexical arm over the issues of the laboratory, with the stemmer of this moment."""
    snapshot = laboratory.snapshot
    everything = snapshot.store.issues(snapshot.store.live_in(snapshot.generation))
    everything.sort(key=lambda stored: laboratory.ids.index(stored.id))
    with tempfile.TemporaryDirectory() as folder:
        write_segment(Path(folder) / "s", [lexical_document(stored) for stored in everything])
        return LexicalArm([Postings.open(Path(folder) / "s")], [None])


def on_letters(laboratories: Sequence[Laboratory]) -> list[float]:
    """nDCG@10 of words alone and of all signals, for each set of judgments."""
    arm = analysed_anew(laboratories[0])
    means: list[float] = []
    for laboratory in laboratories:
        laboratory.snapshot.words = arm
        signals = laboratory.all_signals()
        rankers = (itemgetter("words"), convex(WEIGHTS))
        means += [float(laboratory.measured(ranker, signals).mean()) for ranker in rankers]
    return means


def on_scifact(collection: Collection) -> float:
    """nDCG@10 of the lexical arm."""
    with tempfile.TemporaryDirectory() as folder:
        arm = lexical_arm(collection, Path(folder) / "segment")
        rankings = [lexical_scores(arm, asked) for asked in collection.questions.values()]
        return measured(collection, rankings)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and print the table."""
    shared = Path(os.environ.get("PRECEDENT_SHARED", ROOT.parent / "shared"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("index", type=Path, help="an index of the letters in --shared")
    parser.add_argument("--shared", type=Path, default=shared, help="judgments and scifact")
    given = parser.parse_args(arguments)
    laboratories = [
        Laboratory(given.index, read_topics(given.shared / name / "topics.jsonl"), read_qrels(path))
        for name in ("judgments", "judgments-2")
        if (path := given.shared / name / "qrels.tsv").exists()
    ]
    collection = read_collection(given.shared / "scifact")
    head = "tuned  kept  words-1  all-1  words-2  all-2  scifact   words/s"
    print(f"{'pairs right; nDCG@10':<28} {head}")
    for name, stemmer in stemmers().items():
        pairs = right_pairs(stemmer)
        with analysing_with(stemmer):
            letters = on_letters(laboratories)
            scifact = on_scifact(collection)
        cells = " ".join(f"{mean:7.4f}" for mean in (*letters, scifact))
        print(
            f"{name:<28} {pairs['tuned']:5} {pairs['kept']:5} {cells} {speed(stemmer):9,}",
            flush=True,
        )


if __name__ == "__main__":
    main()
