"""Postings on disk: they hold every occurrence, and damage is named with its remedy."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from index.analysis import placed, tokens
from index.passages import sentence_starts
from index.segments.arrays import IndexDamaged
from index.segments.codec import LexicalDocument, whoosh_reader, write_segment
from index.segments.lengths import LENGTHS
from index.segments.postings import BLOCK, FIELDS, RANKED, Dictionary, Postings, packed

WORDS = ["knee", "lumbar", "MRI", "injection", "therapy", "the", "of", "opioid", "spine"]
WORDS += ["C7-T1", "L4-5", "patient's", "norco"]


def _text(rng: np.random.Generator, most: int) -> str:
    ends = rng.choice([" ", " ", " ", ". The ", "\n", ".\n\nOf "], most)
    words = rng.choice(WORDS, rng.integers(0, most))
    return "".join(word + end for word, end in zip(words, ends, strict=False))


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


def _occurrences(segment: Postings, posting: int) -> tuple[int, int]:
    def occurrences(at: int) -> int:
        return sum(int(segment.counts[at]) >> 8 * field & 255 for field in range(4))

    start = int(segment.blocks[posting // BLOCK])
    start += sum(occurrences(at) for at in range(posting // BLOCK * BLOCK, posting))
    return start, occurrences(posting)


def _positions(segment: Postings, posting: int) -> list[int]:
    start, size = _occurrences(segment, posting)
    return list(map(int, segment.positions[start : start + size]))


def test_arrays_hold_every_occurrence(documents: list[LexicalDocument], directory: Path) -> None:
    segment = Postings.open(directory)
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


def test_each_position_says_which_word_stands_there(
    documents: list[LexicalDocument], directory: Path
) -> None:
    segment = Postings.open(directory)
    word_of = {
        (int(term), int(form)): segment.words[word].decode()
        for word, (term, form) in enumerate(
            zip(segment.word_terms, segment.word_forms, strict=True)
        )
    }
    assert len(word_of) == len(segment.words)
    found: list[tuple[int, str]] = []
    for number in range(len(segment.terms)):
        for posting in range(int(segment.rows[number]), int(segment.rows[number + 1])):
            start, size = _occurrences(segment, posting)
            forms = segment.forms[start : start + size].tolist()
            document = int(segment.documents[posting])
            found += [(document, word_of[number, form]) for form in forms]
    expected = [
        (number, piece.word)
        for number, document in enumerate(documents[:-1])
        for name in FIELDS
        for piece in placed(getattr(document, name))
    ]
    last = len(documents) - 1
    assert sorted(pair for pair in found if pair[0] < last) == sorted(expected)
    assert Counter(word for document, word in found if document == last) == {"knee": 255, "arm": 1}


def test_words_know_in_how_many_documents_they_are(
    documents: list[LexicalDocument], directory: Path
) -> None:
    segment = Postings.open(directory)
    counted: Counter[str] = Counter()
    for document in documents:
        texts = [placed(getattr(document, name)) for name in FIELDS]
        counted.update({piece.word for text in texts for piece in text})
    words = [segment.words[n].decode() for n in range(len(segment.words))]
    assert dict(zip(words, segment.word_documents.tolist(), strict=True)) == counted


def test_sentences_and_paragraphs_begin_where_they_do_in_the_text(
    documents: list[LexicalDocument], directory: Path
) -> None:
    segment = Postings.open(directory)
    for number, document in enumerate(documents):
        for field, name in enumerate(FIELDS):
            text, cell = getattr(document, name), number * len(FIELDS) + field
            sentences = {len(tokens(text[:start])) for start in sentence_starts(text)}
            paragraphs = {len(tokens(text[:at])) for at in range(len(text)) if text[at] == "\n"}
            inside = range(1, len(tokens(text)))
            first, last = segment.sentence_ends[cell : cell + 2]
            assert segment.sentences[first:last].tolist() == sorted(sentences.intersection(inside))
            first, last = segment.paragraph_ends[cell : cell + 2]
            found = segment.paragraphs[first:last].tolist()
            assert found == sorted(paragraphs.intersection(inside))


def test_more_forms_of_a_term_than_a_byte_can_number_are_told_apart(tmp_path: Path) -> None:
    forms = [f"{'n' * n}'{'n' * (62 - n)}" for n in range(1, 62)]
    forms += [f"{form[:k]}'{form[k:]}" for form in forms[:10] for k in range(30, 60)]
    distinct = sorted({piece.word for form in forms for piece in placed(form)})
    assert len(distinct) > 256
    assert len({tokens(form)[0] for form in distinct}) == 1
    write_segment(tmp_path, [LexicalDocument(issue=1, request=" ".join(distinct[:255]))])
    assert Postings.open(tmp_path).forms.dtype == np.uint8
    halves = {"request": " ".join(distinct[:200]), "summary": " ".join(distinct[200:])}
    write_segment(tmp_path, [LexicalDocument(issue=1, **halves)])
    segment = Postings.open(tmp_path)
    assert segment.forms.tolist() == segment.word_forms.tolist() == list(range(len(distinct)))


def test_whoosh_reads_the_same_arrays(directory: Path) -> None:
    segment = Postings.open(directory)
    with whoosh_reader(directory) as reader:
        assert reader.doc_count() == len(segment)
        assert [reader.stored_fields(n)["issue"] for n in range(len(segment))] == list(
            segment.issues
        )
        for field, name in enumerate(FIELDS):
            assert reader.field_length(name) == segment.totals[field]
            for number in range(len(segment)):
                length = reader.doc_field_length(number, name)
                assert length == LENGTHS[segment.lengths[number] >> 8 * field & 255]
            of_field = segment.counts >> 8 * field & 255
            sizes = np.add.reduceat(of_field > 0, segment.rows[:-1])
            frequencies = {segment.terms[int(n)]: sizes[n] for n in np.flatnonzero(sizes)}
            assert frequencies.keys() == set(reader.lexicon(name))
            for term, frequency in frequencies.items():
                assert reader.doc_frequency(name, term) == frequency


def test_words_as_written_lead_to_their_terms(directory: Path) -> None:
    segment = Postings.open(directory)
    words = [segment.words[n].decode() for n in range(len(segment.words))]
    assert words == sorted(words)
    assert {"injection", "therapy", "patient's", "l5", "c7"} <= set(words)
    for word, term in zip(words, segment.word_terms, strict=True):
        assert [segment.terms[int(term)].decode()] == tokens(word)


def test_no_documents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no documents"):
        write_segment(tmp_path / "segment", [])


def test_a_fault_in_the_documents_is_passed_on(tmp_path: Path) -> None:
    def documents() -> list[LexicalDocument]:
        raise RuntimeError("unreadable")

    with pytest.raises(RuntimeError, match="unreadable"):
        write_segment(tmp_path / "segment", (document for document in documents()))


def test_documents_without_words_make_a_segment(tmp_path: Path) -> None:
    write_segment(tmp_path, [LexicalDocument(issue=1), LexicalDocument(issue=2, request="...")])
    segment = Postings.open(tmp_path)
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
        Postings.open(directory).documents[0] = 1


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
        Postings.open(copy)
    (copy / f"{name}.npy").unlink()
    with pytest.raises(IndexDamaged, match=rf"{name}\.npy.*precedent index") as caught:
        Postings.open(copy)
    assert caught.value.file == copy / f"{name}.npy"


def test_an_array_of_another_type_is_named(copy: Path) -> None:
    np.save(copy / "documents.npy", np.load(copy / "documents.npy").astype(np.int64))
    with pytest.raises(IndexDamaged, match=r"documents\.npy: is no whole array of int32"):
        Postings.open(copy)


def test_an_array_of_another_size_is_named(copy: Path) -> None:
    np.save(copy / "counts.npy", np.load(copy / "counts.npy")[:-1])
    with pytest.raises(IndexDamaged, match=r"counts\.npy"):
        Postings.open(copy)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 99}, "is of format .99"),
        ({"fields": ["request"]}, "is of format .3, ..request"),
        ({"forms": "object"}, "none of"),
    ],
)
def test_another_format_is_refused(copy: Path, change: dict[str, object], said: str) -> None:
    file = copy / "postings.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(IndexDamaged, match=said):
        Postings.open(copy)


@pytest.mark.parametrize(
    ("array", "ends"), [("documents", "rows"), ("terms", "term_ends"), ("words", "word_ends")]
)
def test_arrays_that_disagree_are_refused(copy: Path, array: str, ends: str) -> None:
    changed = np.load(copy / f"{ends}.npy")
    changed[-1] += 1
    np.save(copy / f"{ends}.npy", changed)
    with pytest.raises(IndexDamaged, match=rf"{ends}\.npy: does not end where {array} does"):
        Postings.open(copy)


def test_a_pickle_is_never_loaded(copy: Path) -> None:
    np.save(copy / "issues.npy", np.array([print] * 5, object), allow_pickle=True)
    with pytest.raises(IndexDamaged, match=r"issues\.npy: is no whole array of int64"):
        Postings.open(copy)


def test_dictionary_finds_what_it_holds_and_no_more() -> None:
    strings = sorted({Counter(word).most_common(1)[0][0] + word for word in WORDS})
    held = Dictionary(*packed([string.encode() for string in strings]))
    assert [held[n].decode() for n in range(len(held))] == strings
    assert [held.find(string.encode()) for string in strings] == list(range(len(strings)))
    assert held.find(b"") == held.find(b"zzz") == held.find(b"kn") == -1
    assert (held.place(b""), held.place(b"\xff")) == (0, len(strings))
