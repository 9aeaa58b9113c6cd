"""What is derived of letters follows tables and code; nothing is embedded twice on the way."""

from __future__ import annotations

import ast
import io
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import index as package
from index import digests
from index.build import build
from index.digests import DERIVING, READING, digest_of
from index.letter import Concepts, Issue, Letter, Reading
from index.manifest import read_manifest
from index.progress import Reporter
from index.segments import segment
from index.segments.writer import LocalWriter
from index.store import Store
from index.verify import faults
from index.writer import Given
from search.engine import Engine
from tests import told
from tests.asking import search
from tests.index.building import BRACE, CREAM, SCAN, StandIn, case, run, use, write_letter
from tests.index.fictional import PHYSIO, SPLINT

ROOT = Path(package.__file__).parent


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    stand_in = StandIn()
    use(stand_in, monkeypatch)
    return stand_in


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """A folder of two letters: 1 with two issues, 2 with one."""
    folder = tmp_path / "letters"
    write_letter(folder, 1, SPLINT, PHYSIO)
    write_letter(folder, 2, BRACE)
    return folder


@pytest.fixture
def index(tmp_path: Path, encoder: StandIn, letters: Path) -> Path:
    """An index of that folder, its embeddings forgotten by `encoder`."""
    run(letters, into=tmp_path / "index")
    encoder.embedded.clear()
    return tmp_path / "index"


def edit_a_table(patch: pytest.MonkeyPatch) -> None:
    """As if a table now said that every request is for a brace of the wrist."""

    def read(_letter: Letter, _issue: Issue) -> Reading:
        return Reading(concepts=Concepts(treatments=("Equipment > Braces",), regions=("wrist",)))

    patch.setattr(digests, "derive_digest", lambda: "after the edit")
    patch.setattr(segment, "read_issue", read)


def regions(directory: Path) -> dict[str, tuple[str, ...]]:
    """The body regions of every issue."""
    return {hit.issue: hit.regions for hit in search(Engine(directory), "", mode="lexical").hits}


# -- tables and code that derive -------------------------------------------------------------------


def test_an_edited_table_is_followed_by_the_next_run_without_being_asked(
    index: Path, letters: Path, encoder: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(write_letter(letters.parent, 3, SCAN), into=index)  # a second segment
    encoder.embedded.clear()
    assert regions(index)[f"{case(3)}#1"] == ("knee",)
    edit_a_table(monkeypatch)
    said = io.StringIO()
    done = build([letters], index, Reporter(said), readers=told.readers())
    assert (done.new, done.changed, done.same) == (0, 0, 2)
    assert regions(index) == dict.fromkeys(regions(index), ("wrist",))
    assert len(regions(index)) == 4
    assert search(Engine(index), "", mode="lexical", filters={"region": ["wrist"]}).total == 4
    assert encoder.embedded == []
    assert "deriving anew: 4 issues in" in said.getvalue()
    assert "loading the encoder" not in said.getvalue()
    assert faults(index) == []


def test_what_was_derived_anew_is_not_derived_again(
    index: Path, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit_a_table(monkeypatch)
    anew = run(letters, into=index)
    assert run(letters, into=index).generation == anew.generation


def test_average_lengths_are_taken_again_with_what_is_derived(
    index: Path, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_manifest(index).averages
    monkeypatch.setattr(digests, "derive_digest", lambda: "after the edit")
    plain = segment.lexical_document
    monkeypatch.setattr(
        segment, "lexical_document", lambda stored: replace(plain(stored), summary="")
    )
    run(letters, into=index)
    assert read_manifest(index).averages == (before[0], 0.0, before[2])


# -- what reads files ------------------------------------------------------------------------------


def test_files_are_read_again_when_what_reads_them_has_changed(
    index: Path, letters: Path, encoder: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that were refused; letters whose files are not given stay as they are."""
    (letters / "empty.txt").write_bytes(b"")
    run(letters, write_letter(letters.parent, 3, SCAN), into=index)
    encoder.embedded.clear()
    monkeypatch.setattr(digests, "reader_digest", lambda: "another reader")
    read: list[str] = []
    add = LocalWriter.add

    def adding(writer: LocalWriter, batch: Sequence[Given]) -> Counter[str]:
        read.extend(
            Path(os.fsdecode(given.source)).name for given in batch if given.letter or given.refusal
        )
        return add(writer, batch)

    monkeypatch.setattr(LocalWriter, "add", adding)
    done = run(letters, into=index)
    assert read == [f"{case(1)}.txt", f"{case(2)}.txt", "empty.txt"]
    assert (done.same, done.letters, len(done.quarantined)) == (2, 3, 1)
    assert read_manifest(index).reader_digest == "another reader"
    assert encoder.embedded == []
    read.clear()
    again = run(letters, into=index)
    assert read == []
    assert again.generation == done.generation


def test_copies_are_no_conflict_when_another_reader_has_read_all_of_them(
    index: Path, letters: Path
) -> None:
    """They differ only while one of them is not yet read again."""
    copies = [letters / f"{case(2)}.txt", letters / "copy.txt"]
    shutil.copy(*copies)
    generation = run(letters, into=index).generation + 1
    with closing(Store(index)) as store, store.transaction():
        held = store.letter(case(2), generation)
        assert held is not None
        as_it_was_read = replace(held[1], summary="As the reader before had it.")
        for path in copies:
            store.put_source(os.fsencode(path), "of another reader", as_it_was_read, generation)
    done = run(letters, into=index)
    assert (done.letters, done.conflicts) == (2, ())
    assert Engine(index).letter(case(2), neighbours=0).letter == held[1]


# -- the digests -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edited", "reads", "derives"),
    [
        ("data/treatments.toml", False, True),
        ("data/stopwords.txt", False, True),
        ("data/guidelines.toml", True, True),
        ("concepts/drugs.py", False, True),
        ("analysis.py", False, True),
        ("passages.py", False, True),
        ("segments/attributes.py", False, True),
        ("parse/people.py", True, False),
        ("extract/pdf.py", True, False),
        ("letter.py", True, True),
        ("progress.py", False, False),
    ],
)
def test_an_edit_changes_the_digest_of_what_it_concerns(
    tmp_path: Path, edited: str, reads: bool, derives: bool
) -> None:
    copied = shutil.copytree(ROOT, tmp_path / "index")
    with (copied / edited).open("ab") as opened:
        opened.write(b"\n")
    assert (digest_of(READING, copied) != digest_of(READING)) is reads
    assert (digest_of(DERIVING, copied) != digest_of(DERIVING)) is derives


NEUTRAL = {"encoder.py", "files.py", "folder.py", "privacy.py", "progress.py", "store.py"}
"""What stores, runs and tells of the work, and decides nothing of what is read or derived."""


@pytest.mark.parametrize("patterns", [READING, DERIVING])
def test_a_digest_covers_all_that_its_code_imports(patterns: tuple[str, ...]) -> None:
    covered = {path for pattern in patterns for path in ROOT.glob(pattern)}
    imported = {
        ROOT.parent / f"{module.replace('.', '/')}.py"
        for path in covered
        if path.suffix == ".py"
        for module in imports(path)
    }
    assert all(list(ROOT.glob(pattern)) for pattern in patterns)
    others = {str(path.relative_to(ROOT)) for path in imported - covered if path.is_file()}
    assert others <= NEUTRAL


def imports(path: Path) -> set[str]:
    """The modules of ours that a module imports."""
    nodes = ast.walk(ast.parse(path.read_text()))
    found = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    named = {f"{node.module}.{alias.name}" for node in found for alias in node.names}
    return {name for name in named | {str(node.module) for node in found} if "index" in name}


# -- passages --------------------------------------------------------------------------------------


def long_rationale(*changed: str) -> str:
    """Three passages of reasoning, the last of them as told."""
    parts = [f"The {part} of the heel is sore when she walks to work. " * 7 for part in "ABC"]
    return "".join([*parts[:2], *(changed or parts[2:])])


def test_of_a_letter_that_changed_only_the_changed_passages_are_embedded(
    index: Path, letters: Path, encoder: StandIn
) -> None:
    write_letter(letters, 4, replace(SPLINT, rationale=long_rationale()))
    run(letters, into=index)
    assert len(encoder.embedded) > 2
    encoder.embedded.clear()
    write_letter(letters, 4, replace(SPLINT, rationale=long_rationale("Now she sits all day.")))
    assert run(letters, into=index).changed == 1
    (passage,) = encoder.embedded
    assert passage.endswith("Now she sits all day.")
    assert faults(index) == []


def test_a_letter_that_is_gone_and_comes_again_in_one_run_is_not_embedded_again(
    index: Path, letters: Path, encoder: StandIn
) -> None:
    """Its file was given another case number."""
    write_letter(letters, 5, BRACE, name=f"{case(2)}.txt")
    done = run(letters, into=index, prune=True)
    assert (done.new, done.removed) == (1, 1)
    assert encoder.embedded == []


def test_a_passage_of_another_letter_is_not_embedded_again(
    index: Path, letters: Path, encoder: StandIn
) -> None:
    write_letter(letters, 6, replace(CREAM, rationale=""), PHYSIO)
    run(letters, into=index)
    assert PHYSIO.request not in encoder.embedded
    assert CREAM.request in encoder.embedded
