"""An index run knows of its writer what the protocol says: one that keeps a dict will do."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from index.build import Summary, write
from index.extract import shown
from index.letter import Letter
from index.progress import Reporter
from index.provenance import Conflict, Quarantined
from index.writer import Given, Published
from tests import told
from tests.index.building import BRACE, case, write_letter
from tests.index.fictional import PHYSIO, SPLINT


class Memory:
    """A writer that keeps what it is given, and every batch that it was given in."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Given]] = []
        self.letters: dict[str, Letter] = {}
        self.generation = 0
        self._given: dict[bytes, Given] = {}

    def known(self) -> dict[bytes, str]:
        return {name: given.digest for name, given in self._given.items()}

    def quarantined(self) -> dict[bytes, Quarantined]:
        found = {}
        for name, given in self._given.items():
            if given.refusal:
                code, reason, remedy = given.refusal
                source = shown(name)
                found[name] = Quarantined(source=source, code=code, reason=reason, remedy=remedy)
        return found

    def add(self, batch: Sequence[Given]) -> Counter[str]:
        self.batches.append(batch)
        became = Counter[str]()
        for given in batch:
            if given.letter:
                became["changed" if given.letter.id in self.letters else "new"] += 1
                self.letters[given.letter.id] = given.letter
            if given.letter or given.refusal:
                self._given[given.source] = given
        return became

    def set_aside(self, sources: Collection[bytes]) -> Counter[str]:
        assert not sources
        return Counter()

    def remove(self, sources: Collection[bytes]) -> Counter[str]:
        given = [self._given.pop(name).letter for name in sources]
        gone = [letter for letter in given if letter]
        for letter in gone:
            del self.letters[letter.id]
        return Counter(removed=len(gone))

    def conflicts(self) -> list[Conflict]:
        return []

    def publish(self) -> Published:
        self.generation += 1
        issues = sum(len(letter.issues) for letter in self.letters.values())
        return Published(letters=len(self.letters), issues=issues, generation=self.generation)


def run(folder: Path, writer: Memory, *, prune: bool = False) -> Summary:
    quiet = Reporter(io.StringIO(), quiet=True)
    return write([folder], writer, quiet, prune=prune, readers=told.readers())


def test_letters_and_refusals_reach_the_writer_and_counts_come_back(tmp_path: Path) -> None:
    write_letter(tmp_path, 1, SPLINT, PHYSIO)
    write_letter(tmp_path, 2, BRACE)
    (tmp_path / "empty.txt").write_bytes(b"")
    writer = Memory()
    done = run(tmp_path, writer)
    assert (done.read, done.new, done.letters, done.issues, done.generation) == (3, 2, 2, 3, 1)
    assert [entry.code for entry in done.quarantined] == ["empty"]
    assert set(writer.letters) == {case(1), case(2)}


def test_what_the_writer_knows_is_not_read_again(tmp_path: Path) -> None:
    write_letter(tmp_path, 1, SPLINT)
    (tmp_path / "empty.txt").write_bytes(b"")
    writer = Memory()
    first = run(tmp_path, writer)
    again = run(tmp_path, writer)
    assert (again.new, again.same, again.quarantined) == (0, 1, first.quarantined)
    assert not any(given.letter or given.refusal for given in writer.batches[-1])


def test_sources_that_are_gone_are_removed_where_that_is_asked(tmp_path: Path) -> None:
    write_letter(tmp_path / "here", 1, SPLINT)
    path = write_letter(tmp_path / "here", 2, BRACE)
    elsewhere = write_letter(tmp_path / "elsewhere", 3, PHYSIO)
    writer = Memory()
    run(tmp_path, writer)
    path.unlink()
    elsewhere.unlink()
    assert run(tmp_path / "here", writer).removed == 0
    assert run(tmp_path / "here", writer, prune=True).removed == 1
    assert set(writer.letters) == {case(1), case(3)}
