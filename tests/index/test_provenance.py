"""Which file gave a letter: several that claim one, one that gives another, one that goes."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import permutations
from pathlib import Path

import msgspec
import pytest

from index.letter import Form, Issue, Letter, Outcome
from index.provenance import Conflict, Quarantined
from index.store import FILE, Store

SPLINT = Issue(number=1, request="Splint", outcome=Outcome.UPHELD, rationale="Nobody asked her.")
ANNE = Letter(
    id="CM16-0000001", form=Form.B, issues=(SPLINT,), decision_date=date(2016, 4, 5), age=40
)
ANNE_TOO = replace(ANNE, age=41)
ANNE_LATER = replace(ANNE, decision_date=date(2017, 1, 9))
ANNE_UNDATED = replace(ANNE, decision_date=None)
BEN = replace(ANNE, id="CM16-0000002")
A, B, C = b"/in/a.pdf", b"/in/b.pdf", b"/in/c.pdf"
EMPTY = ("empty", "It is empty.", "Send it again.")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path)
    yield opened
    opened.close()


def give(store: Store, name: bytes, letter: Letter, generation: int = 1) -> list[str]:
    with store.transaction():
        became = store.put_source(name, "11", letter, generation)
        publish(store, generation)
    return became


def refuse(store: Store, name: bytes, generation: int = 1) -> list[str]:
    with store.transaction():
        became = store.quarantine(name, "00", EMPTY, generation)
        publish(store, generation)
    return became


def prune(store: Store, *names: bytes, generation: int = 1) -> list[str]:
    with store.transaction():
        became = store.prune(names, generation)
        publish(store, generation)
    return became


def publish(store: Store, generation: int) -> None:
    store.assign(f"s{generation}", store.pending())


def letters(store: Store, generation: int = 99) -> dict[str, tuple[Letter, bytes]]:
    """Every letter that `generation` sees, with the file that gave it, by id."""
    found = {letter.id: store.letter(letter.id, generation) for letter in store.letters(generation)}
    return {
        letter_id: (seen[1], store.sources.of_row(seen[0]))
        for letter_id, seen in found.items()
        if seen
    }


# -- several files, one letter ---------------------------------------------------------------------


def test_copies_of_a_letter_are_one_letter_and_no_conflict(store: Store) -> None:
    assert give(store, B, ANNE) == ["new"]
    assert give(store, A, ANNE) == ["same"]
    assert letters(store) == {ANNE.id: (ANNE, A)}
    assert store.sources.conflicts() == []


CLAIMS = {
    "the later decision": ({A: ANNE, B: ANNE_LATER, C: ANNE_UNDATED}, B),
    "any decision before none": ({A: ANNE_UNDATED, B: ANNE}, B),
    "else the first name": ({A: ANNE, B: ANNE_TOO, C: ANNE}, A),
}


@pytest.mark.parametrize(("claims", "first"), CLAIMS.values(), ids=CLAIMS)
def test_of_different_letters_of_one_number_one_stands_in_whatever_order_they_come(
    tmp_path: Path, claims: dict[bytes, Letter], first: bytes
) -> None:
    for at, names in enumerate(permutations(claims)):
        (tmp_path / str(at)).mkdir()
        store = Store(tmp_path / str(at))
        for generation, name in enumerate(names, 1):
            give(store, name, claims[name], generation)
        assert letters(store) == {ANNE.id: (claims[first], first)}
        (conflict,) = store.sources.conflicts()
        others = sorted(name for name in claims if claims[name] != claims[first])
        assert set(conflict.others) == {name.decode() for name in others}
        store.close()


def test_a_conflict_names_the_files_and_says_what_to_do(store: Store) -> None:
    give(store, A, ANNE)
    give(store, B, ANNE_TOO)
    (conflict,) = store.sources.conflicts()
    assert conflict == Conflict(letter=ANNE.id, source="/in/a.pdf", others=("/in/b.pdf",))
    assert "/in/a.pdf and /in/b.pdf hold different letters" in conflict.reason
    assert "--prune" in conflict.remedy


def test_a_conflict_ends_when_the_files_agree(store: Store) -> None:
    give(store, A, ANNE)
    give(store, B, ANNE_TOO)
    assert give(store, A, ANNE_TOO) == ["changed"]
    assert store.sources.conflicts() == []


def test_when_the_file_that_stands_goes_the_other_takes_its_place(store: Store) -> None:
    give(store, A, ANNE)
    assert give(store, B, ANNE_TOO) == ["same"]
    assert prune(store, A, generation=2) == ["changed"]
    assert letters(store) == {ANNE.id: (ANNE_TOO, B)}
    assert letters(store, generation=1) == {ANNE.id: (ANNE, b"")}
    assert store.sources.conflicts() == []


def test_a_letter_that_was_replaced_stands_again_when_the_other_goes(store: Store) -> None:
    give(store, A, ANNE)
    give(store, B, ANNE_LATER, 2)
    give(store, C, BEN, 3)
    assert prune(store, B, generation=4) == ["changed"]
    assert letters(store) == {ANNE.id: (ANNE, A), BEN.id: (BEN, C)}


def test_a_letter_dies_with_its_last_file(store: Store) -> None:
    give(store, A, ANNE)
    give(store, B, ANNE)
    assert prune(store, A, generation=2) == []
    assert letters(store) == {ANNE.id: (ANNE, B)}
    assert prune(store, B, b"/never/seen.pdf", generation=2) == ["removed"]
    assert letters(store) == {}
    assert store.sources.hashes() == {}


# -- a file that gives another letter --------------------------------------------------------------


def test_a_letter_that_its_only_file_gives_no_more_is_removed(store: Store) -> None:
    give(store, A, ANNE)
    assert give(store, A, BEN, 2) == ["new"]
    assert store.remove_orphans(2) == ["removed"]
    assert letters(store) == {BEN.id: (BEN, A)}


def test_a_letter_that_moves_from_file_to_file_is_the_same(store: Store) -> None:
    give(store, A, ANNE)
    give(store, B, BEN)
    assert give(store, A, BEN, 2) == ["same"]
    assert give(store, B, ANNE, 2) == ["same"]
    assert store.remove_orphans(2) == []
    assert letters(store) == {ANNE.id: (ANNE, B), BEN.id: (BEN, A)}


def test_a_letter_that_another_file_gives_too_is_then_that_files(store: Store) -> None:
    give(store, A, ANNE)
    give(store, B, ANNE_TOO)
    assert give(store, A, BEN, 2) == ["new", "changed"]
    assert letters(store) == {ANNE.id: (ANNE_TOO, B), BEN.id: (BEN, A)}


# -- a file that cannot be read --------------------------------------------------------------------


def test_a_refused_file_is_listed_until_it_can_be_read(store: Store) -> None:
    refuse(store, B)
    listed = Quarantined(source="/in/b.pdf", code="empty", reason=EMPTY[1], remedy=EMPTY[2])
    assert store.sources.quarantined() == {B: listed}
    assert store.sources.hashes() == {B: "00"}
    give(store, B, ANNE)
    assert store.sources.quarantined() == {}


def test_a_refused_file_is_off_the_list_when_it_is_gone(store: Store) -> None:
    refuse(store, B)
    assert prune(store, B) == []
    assert store.sources.quarantined() == {}


def test_the_letter_of_a_file_that_cannot_be_read_any_more_stays(store: Store) -> None:
    give(store, A, ANNE)
    assert refuse(store, A, 2) == []
    assert letters(store) == {ANNE.id: (ANNE, A)}
    assert prune(store, A, generation=3) == ["removed"]


@pytest.mark.parametrize("before", [True, False])
def test_but_not_where_another_file_gives_that_letter(store: Store, before: bool) -> None:
    give(store, A, ANNE)
    if before:
        give(store, B, ANNE_TOO)
    refuse(store, A, 2)
    if not before:
        give(store, B, ANNE_TOO, 3)
    assert letters(store) == {ANNE.id: (ANNE_TOO, B)}
    assert store.sources.conflicts() == []
    assert give(store, A, ANNE, 4) == ["changed"]
    assert letters(store) == {ANNE.id: (ANNE, A)}


def test_what_a_file_gave_that_cannot_be_read_now_is_no_part_of_a_conflict(store: Store) -> None:
    for name, letter in ((A, ANNE), (B, ANNE_TOO), (C, ANNE_LATER)):
        give(store, name, letter)
    refuse(store, C, 2)
    assert store.sources.conflicts() == [
        Conflict(letter=ANNE.id, source="/in/a.pdf", others=("/in/b.pdf",))
    ]


def test_what_lies_in_something_that_cannot_be_read_is_read_again_when_it_can(
    store: Store,
) -> None:
    give(store, A, ANNE)
    give(store, B, ANNE_TOO)
    with store.transaction():
        assert store.put_aside([A], 2) == ["changed"]
    assert store.sources.hashes() == {A: "", B: "11"}
    assert store.sources.quarantined() == {}
    assert letters(store) == {ANNE.id: (ANNE_TOO, B)}


# -- names -----------------------------------------------------------------------------------------


def test_names_that_differ_in_a_byte_are_two(store: Store) -> None:
    names = [b"/in/\xe9.txt", b"/in/\xc3\xa9.txt", b"/in/e\xcc\x81.txt", b"/in/\xe9\x00.txt"]
    for name in names:
        give(store, name, ANNE)
    assert set(store.sources.hashes()) == set(names)


def test_a_name_that_is_no_text_is_told_as_text(store: Store) -> None:
    give(store, b"/in/\xe9.txt", ANNE)
    give(store, b"/in/\xe8.txt", ANNE_TOO)
    refuse(store, b"/in/\xff\n.txt")
    (conflict,) = store.sources.conflicts()
    assert conflict.source == r"/in/\xe8.txt"
    assert conflict.others == (r"/in/\xe9.txt",)
    (quarantined,) = store.sources.quarantined().values()
    assert quarantined.source == r"/in/\xff\n.txt"


# -- a store from before ---------------------------------------------------------------------------

OLDER = """
CREATE TABLE letters (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL, content TEXT NOT NULL, record BLOB NOT NULL,
    born INTEGER NOT NULL, died INTEGER);
CREATE TABLE issues (
    number INTEGER PRIMARY KEY AUTOINCREMENT, letter INTEGER NOT NULL, n INTEGER NOT NULL,
    segment TEXT);
CREATE TABLE sources (
    name TEXT PRIMARY KEY, hash TEXT NOT NULL, letter TEXT,
    code TEXT, reason TEXT, remedy TEXT);
CREATE INDEX sources_letter ON sources (letter);
INSERT INTO sources VALUES ('/in/a.pdf', 'aa', 'CM16-0000001', NULL, NULL, NULL),
    ('/in/b.pdf', 'bb', 'CM16-0000002', NULL, NULL, NULL),
    ('/in/copy.pdf', 'cc', 'CM16-0000002', NULL, NULL, NULL),
    ('/in/empty.pdf', '00', NULL, 'empty', 'It is empty.', 'Send it again.'),
    ('/in/lost.pdf', 'dd', 'CM16-0000003', NULL, NULL, NULL);
"""


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Store]:
    """A store whose sources had no content, of three letters; nothing gives the last."""
    db = sqlite3.connect(tmp_path / FILE)
    db.executescript(OLDER)
    for row, letter in enumerate((ANNE, BEN, replace(ANNE, id="CM16-0000009")), 1):
        record = zlib.compress(msgspec.json.encode(letter))
        db.execute(
            "INSERT INTO letters VALUES (?, ?, ?, ?, 1, NULL)", (row, letter.id, f"c{row}", record)
        )
        db.execute("INSERT INTO issues VALUES (?, ?, 1, 's1')", (row, row))
    db.commit()
    db.close()
    opened = Store(tmp_path)
    yield opened
    opened.close()


def test_an_older_store_keeps_its_letters_and_their_files(older: Store) -> None:
    assert {i: source for i, (_, source) in letters(older).items()} == {
        "CM16-0000001": A,
        "CM16-0000002": B,
        "CM16-0000009": b"",
    }
    assert set(older.sources.quarantined()) == {b"/in/empty.pdf"}
    assert older.sources.conflicts() == []


def test_files_of_an_older_store_are_read_again_where_it_cannot_say_which_gave_the_letter(
    older: Store,
) -> None:
    assert older.sources.hashes() == {
        A: "aa",
        B: "",
        b"/in/copy.pdf": "",
        b"/in/empty.pdf": "00",
        b"/in/lost.pdf": "",
    }
    assert give(older, C, replace(BEN, decision_date=date(2016, 4, 4)), 2) == ["same"]
    assert len(older.sources.conflicts()) == 1


def test_a_letter_of_an_older_store_that_no_file_gives_is_removed(older: Store) -> None:
    assert older.remove_orphans(2) == ["removed"]
    assert set(letters(older)) == {ANNE.id, BEN.id}


def test_an_older_store_is_moved_once(tmp_path: Path, older: Store) -> None:
    older.close()
    again = Store(tmp_path)
    assert again.sources.hashes()[A] == "aa"
    again.close()
