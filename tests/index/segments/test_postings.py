"""Segments on disk: the arrays say what Whoosh stored, and damage is named with its remedy."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from whoosh.index import FileIndex

from index.analysis import tokens
from index.segments.codec import LENGTHS, LexicalDocument, SegmentFault, whoosh_index, write_segment
from index.segments.postings import BLOCK, FIELDS, RANKED, Dictionary, IndexDamaged, Segment, packed

WORDS = ["knee", "lumbar", "MRI", "injection", "therapy", "the", "of", "opioid", "spine"]
WORDS += ["C7-T1", "L4-5", "patient's", "norco"]


def _text(rng: np.random.Generator, most: int) -> str:
    return " ".join(rng.choice(WORDS, rng.integers(0, most)))


@pytest.fixture(scope="module")
def documents() -> list[LexicalDocument]:
    rng = np.random.default_rng(3)
    return [
        LexicalDocument(
            issue=1_000 + n,
            request=_text(rng, 8),
            summary=_text(rng, 60),
            rationale=_text(rng, 60),
            guidelines=_text(rng, 3),
        )
        for n in range(90)
    ] + [LexicalDocument(issue=7), LexicalDocument(issue=8, summary="knee " * 400 + "arm")]


@pytest.fixture(scope="module")
def directory(documents: list[LexicalDocument], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("segment")
    assert write_segment(directory, documents) == len(documents)
    return directory


def _positions(segment: Segment, posting: int) -> list[int]:
    def occurrences(at: int) -> int:
        return sum(int(segment.counts[at]) >> 8 * field & 255 for field in range(4))

    start = int(segment.blocks[posting // BLOCK])
    start += sum(occurrences(at) for at in range(posting // BLOCK * BLOCK, posting))
    return list(map(int, segment.positions[start : start + occurrences(posting)]))


def test_arrays_hold_every_occurrence(documents: list[LexicalDocument], directory: Path) -> None:
    segment = Segment.open(directory)
    assert len(segment) == len(documents)
    assert segment.issues.tolist() == [document.issue for document in documents]
    expected: dict[tuple[str, int], list[list[int]]] = {}
    for number, document in enumerate(documents):
        for field, name in enumerate(FIELDS):
            for position, term in enumerate(tokens(getattr(document, name))):
                places = expected.setdefault((term, number), [[] for _ in FIELDS])[field]
                if len(places) < 255:
                    places.append(position)
    found: dict[tuple[str, int], list[int]] = {}
    for number in range(len(segment.terms)):
        text = segment.terms[number].decode()
        assert segment.terms.find(text.encode()) == number
        row = range(int(segment.rows[number]), int(segment.rows[number + 1]))
        for posting in row:
            key = (text, int(segment.documents[posting]))
            found[key] = _positions(segment, posting)
            counts = [int(segment.counts[posting]) >> 8 * field & 255 for field in range(4)]
            assert counts == [len(places) for places in expected[key]]
        by_field = [expected[text, int(segment.documents[posting])] for posting in row]
        ranked = sum(1 for of_document in by_field if any(of_document[: len(RANKED)]))
        assert segment.frequencies[number] == ranked
    assert found == {
        key: [place for field in places for place in field] for key, places in expected.items()
    }


def test_arrays_say_what_whoosh_stored(directory: Path) -> None:
    segment = Segment.open(directory)
    index = whoosh_index(directory)
    with index.extract.reader() as reader:
        assert reader.doc_count() == len(segment)
        assert [reader.stored_fields(n)["issue"] for n in range(len(segment))] == list(
            segment.issues
        )
        for field, name in enumerate(FIELDS):
            assert reader.field_length(name) == segment.totals[field]
            for number in range(len(segment)):
                length = reader.doc_field_length(number, name, 0) or 0
                assert length == LENGTHS[segment.lengths[number] >> 8 * field & 255]
            of_field = segment.counts >> 8 * field & 255
            sizes = np.add.reduceat(of_field > 0, segment.rows[:-1])
            frequencies = {segment.terms[int(n)]: sizes[n] for n in np.flatnonzero(sizes)}
            assert frequencies.keys() == set(reader.lexicon(name))
            for term, frequency in frequencies.items():
                assert reader.doc_frequency(name, term) == frequency
    index.close()


def test_words_as_written_lead_to_their_terms(directory: Path) -> None:
    segment = Segment.open(directory)
    words = [segment.words[n].decode() for n in range(len(segment.words))]
    assert words == sorted(words)
    assert {"injection", "therapy", "patient's", "l5", "c7"} <= set(words)
    for word, term in zip(words, segment.word_terms, strict=True):
        assert [segment.terms[int(term)].decode()] == tokens(word)


def test_lengths_are_quantised_as_whoosh_does() -> None:
    assert LENGTHS[:4].tolist() == [0, 1, 2, 3]
    assert (np.diff(LENGTHS) > 0).all()


def test_no_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no documents"):
        write_segment(tmp_path / "segment", [])


def test_a_document_whoosh_lost_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FileIndex, "doc_count", lambda _: 0)
    with pytest.raises(SegmentFault, match="stored 0 of 1"):
        write_segment(tmp_path / "segment", [LexicalDocument(issue=1, request="knee")])


def test_a_fault_in_the_documents_leaves_no_lock(tmp_path: Path) -> None:
    def documents() -> list[LexicalDocument]:
        raise RuntimeError("unreadable")

    with pytest.raises(RuntimeError, match="unreadable"):
        write_segment(tmp_path / "segment", (document for document in documents()))


def test_documents_without_words_make_a_segment(tmp_path: Path) -> None:
    write_segment(tmp_path, [LexicalDocument(issue=1), LexicalDocument(issue=2, request="...")])
    segment = Segment.open(tmp_path)
    assert (len(segment), len(segment.terms), len(segment.words)) == (2, 0, 0)
    assert segment.terms.find(b"knee") == -1


def test_everything_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: set[int] = set()
    fsync = os.fsync

    def noted(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    write_segment(tmp_path / "segment", [LexicalDocument(issue=1, request="knee")])
    written = [tmp_path / "segment", *(tmp_path / "segment").rglob("*")]
    assert {path.stat().st_ino for path in written} <= synced


def test_arrays_cannot_be_written_to(directory: Path) -> None:
    with pytest.raises(ValueError, match="read-only"):
        Segment.open(directory).documents[0] = 1


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    write_segment(tmp_path / "s", [LexicalDocument(issue=n, request="knee arm") for n in range(5)])
    return tmp_path / "s"


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


@pytest.mark.parametrize("name", ["documents", "issues", "terms", "word_terms", "lengths"])
def test_a_missing_or_cut_file_is_named(copy: Path, name: str) -> None:
    _cut(copy / f"{name}.npy")
    with pytest.raises(IndexDamaged, match=rf"{name}\.npy.*precedent index"):
        Segment.open(copy)
    (copy / f"{name}.npy").unlink()
    with pytest.raises(IndexDamaged, match=rf"{name}\.npy.*precedent index") as caught:
        Segment.open(copy)
    assert caught.value.file == copy / f"{name}.npy"


def test_an_array_of_another_type_is_named(copy: Path) -> None:
    np.save(copy / "documents.npy", np.load(copy / "documents.npy").astype(np.int64))
    with pytest.raises(IndexDamaged, match=r"documents\.npy: holds int64"):
        Segment.open(copy)


def test_an_array_of_another_size_is_named(copy: Path) -> None:
    np.save(copy / "counts.npy", np.load(copy / "counts.npy")[:-1])
    with pytest.raises(IndexDamaged, match=r"counts\.npy"):
        Segment.open(copy)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 99}, "is of format .99"),
        ({"fields": ["request"]}, "is of format .2, ..request"),
        ({"shapes": None}, "cannot be read"),
    ],
)
def test_another_format_is_refused(copy: Path, change: dict[str, object], said: str) -> None:
    file = copy / "impacts.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(IndexDamaged, match=said):
        Segment.open(copy)


@pytest.mark.parametrize(
    ("array", "ends"), [("documents", "rows"), ("terms", "term_ends"), ("words", "word_ends")]
)
def test_arrays_that_disagree_are_refused(copy: Path, array: str, ends: str) -> None:
    description = json.loads((copy / "impacts.json").read_text())
    changed = np.load(copy / f"{ends}.npy")
    changed[-1] += 1
    np.save(copy / f"{ends}.npy", changed)
    (copy / "impacts.json").write_text(json.dumps(description))
    with pytest.raises(IndexDamaged, match=rf"{ends}\.npy: does not end where {array} does"):
        Segment.open(copy)


def test_shapes_that_disagree_are_refused(copy: Path) -> None:
    description = json.loads((copy / "impacts.json").read_text())
    np.save(copy / "lengths.npy", np.load(copy / "lengths.npy")[:-1])
    description["shapes"]["lengths"][0] -= 1
    (copy / "impacts.json").write_text(json.dumps(description))
    with pytest.raises(IndexDamaged, match=r"lengths\.npy"):
        Segment.open(copy)


def test_dictionary_finds_what_it_holds_and_no_more() -> None:
    strings = sorted({Counter(word).most_common(1)[0][0] + word for word in WORDS})
    held = Dictionary(*packed([string.encode() for string in strings]))
    assert [held[n].decode() for n in range(len(held))] == strings
    assert [held.find(string.encode()) for string in strings] == list(range(len(strings)))
    assert held.find(b"") == held.find(b"zzz") == held.find(b"kn") == -1
    assert (held.place(b""), held.place(b"\xff")) == (0, len(strings))


def test_a_damaged_whoosh_index_is_not_needed_to_rank(copy: Path) -> None:
    for file in (copy / "whoosh").iterdir():
        file.unlink()
    assert len(Segment.open(copy)) == 5


def test_whoosh_index_opens_read_only(directory: Path) -> None:
    index: FileIndex = whoosh_index(directory)
    assert index.doc_count() == 92
    index.close()
