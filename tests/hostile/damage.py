"""Segments with one file damaged: `python -m tests.hostile.damage --cases 1000 --seed 1`.

Each case alters one file of a sound segment (a flipped bit, a cut, an extreme number), opens the
segment as if no checksum were known, and asks it every kind of question. A segment is refused, or
answers; a crash ends the process. The last line counts the cases that were refused.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from index.files import checksum
from index.letter import Concepts, Reading
from index.segments import vectors
from index.segments.arrays import IndexDamaged
from index.segments.attributes import write_attributes
from index.segments.codec import LexicalDocument, write_segment
from index.segments.readings import write_readings
from index.segments.segment import FOLDER, Segment, open_segment
from index.segments.vectors import OFFSETS, write_vectors
from search.local.catalogue import Catalogue
from search.local.lexical import LexicalArm
from search.local.vectors import Passages
from search.query import Node, Phrase, Prefix, Wildcard, Word
from search.understand.syntax import parse

DIMENSIONS = 16
DOCUMENTS = 60
TEXTS = [
    "The knee gives way. Injections",
    "helped twice;\nan injection",
    "of the heel",
    "C7-T1 pain",
]
TEXTS += ["was injected.", "She walks\n\nto work", "na\u00efve caf\u00e9", "L4-5 brace, 10/325mg"]
# 0; -1 or the largest unsigned; the largest signed; NaN and infinity of 16 bits; NaN of 32 bits
EXTREMES = [bytes(8), b"\xff" * 8, b"\xff" * 7 + b"\x7f", b"\x00\x7e\x00\x7c", b"\x00\x00\xc0\x7f"]
VALUES = ["outcome:upheld", "outcome:overturned", "region:knee", "region:heel", "side:left"]
QUESTIONS: list[Node] = [
    *(parse(words).node for words in ("knee", "knee pain", "knee OR heel", "knee -pain", "-knee")),
    *(parse(words).node for words in ('"the knee"', '"knee way injections"~4', "C7-T1", "absent")),
    *(parse(words).node for words in ("request:knee", "guidelines:heel", "the AND (of OR to)")),
    Word("injection", exact=True),
    Phrase(("an", "injection"), exact=True),
    Prefix("inj"),
    Prefix("caf"),
    Wildcard("*"),
    Wildcard("?n*"),
]


def sound(directory: Path, name: str, *, coarse: bool) -> None:
    """A segment of fictional documents; its vectors exact or `coarse`."""
    path, rng = directory / FOLDER / name, np.random.default_rng(5)

    def text(most: int) -> str:
        return " ".join(rng.choice(TEXTS, rng.integers(1, most)))

    write_segment(
        path,
        [
            LexicalDocument(issue=n, request=text(3), summary=text(9), rationale=text(9))
            for n in range(DOCUMENTS)
        ],
    )
    rows = [sorted(set(rng.choice(VALUES, 3).tolist())) for _ in range(DOCUMENTS)]
    ids = [f"CM16-{n:07}#1" for n in range(DOCUMENTS)]
    days = rng.integers(0, 800_000, DOCUMENTS).tolist()
    write_attributes(path, rows, range(DOCUMENTS), range(DOCUMENTS), days, ids)
    write_readings(path, [Reading(concepts=Concepts(regions=("knee",)))] * DOCUMENTS)
    passages = rng.standard_normal((DOCUMENTS * 6, DIMENSIONS)).astype(np.float16)
    limit, vectors.EXACT_LIMIT = vectors.EXACT_LIMIT, 0 if coarse else DOCUMENTS * 6
    write_vectors(path, passages)
    vectors.EXACT_LIMIT = limit
    np.save(path / OFFSETS, np.arange(0, DOCUMENTS * 6 + 1, 6))


def damage(file: Path, rng: np.random.Generator) -> None:
    """Flip a bit of a file, cut it, or write an extreme number into it."""
    content = bytearray(file.read_bytes())
    at = int(rng.integers(len(content)))
    match rng.integers(4):
        case 0:
            content[at] ^= 1 << int(rng.integers(8))
        case 1:
            del content[at:]
        case _:
            extreme = EXTREMES[rng.integers(len(EXTREMES))][: int(rng.choice([2, 4, 8]))]
            at -= at % len(extreme)
            content[at : at + len(extreme)] = extreme[: len(content) - at]
    file.write_bytes(content)


def ask(segment: Segment) -> None:
    """Everything that can be asked of a segment."""
    arm = LexicalArm([segment.postings], [None])
    for node in QUESTIONS:
        arm.rank(node)
        arm.find(node)
    arm.counts(QUESTIONS)
    arm.vocabulary()
    arm.key_terms("knee pain after injections of the heel")
    arm.score_terms({"knee": 1.0, "inject": 2.0})
    catalogue = Catalogue([segment.attributes])
    documents = np.arange(catalogue.size)
    catalogue.count(documents)
    catalogue.letters_among(documents)
    for value in VALUES:
        catalogue.documents(value)
    passages = Passages([segment.vectors], segment.attributes.ids)
    for query in np.eye(DIMENSIONS, dtype=np.float32)[:3]:
        passages.nearest(query[np.newaxis], 10)
        passages.nearest(query[np.newaxis], 10, documents % 2 == 0)
        passages.best_passage(query[np.newaxis], 7)
    for document in range(DOCUMENTS):
        segment.readings[document]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=1000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args(arguments)
    rng = np.random.default_rng(given.seed)
    refused = unchanged = 0
    with TemporaryDirectory() as folder:
        directory = Path(folder)
        for name, coarse in (("s000001", False), ("s000002", True)):
            sound(directory, name, coarse=coarse)
            ask(open_segment(directory, name))
        for number in range(given.cases):
            name = ("s000001", "s000002")[number % 2]
            files = sorted((directory / FOLDER / name).iterdir())
            file = files[rng.integers(len(files))]
            before, kept = checksum(file), file.with_suffix(".kept")
            shutil.copy(file, kept)
            damage(file, rng)
            print(f"{number}: {name}/{file.name}", file=sys.stderr, flush=True)
            try:
                ask(open_segment(directory, name))
                unchanged += checksum(file) == before
            except IndexDamaged:
                refused += 1
            kept.replace(file)
    print(f"{given.cases} cases, {refused} refused, {unchanged} not altered")


if __name__ == "__main__":
    main()
