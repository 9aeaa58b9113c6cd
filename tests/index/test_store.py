"""The record of truth: what a letter becomes in it, and what each generation sees of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.letter import Citation, Family, Form, Issue, Letter, Outcome
from index.store import Store

SPLINT = Issue(number=1, request="Splint", outcome=Outcome.UPHELD, rationale="Nobody asked her.")
WALKER = Issue(number=2, request="Walker", outcome=Outcome.OVERTURNED, rationale="She falls.")
ANNE = Letter(id="CM16-0000001", form=Form.B, issues=(SPLINT, WALKER), summary="A knee.")
BEN = Letter(id="CM16-0000002", form=Form.A, issues=(SPLINT,), summary="A heel.")
ANNE_CHANGED = replace(ANNE, issues=(replace(SPLINT, outcome=Outcome.OVERTURNED),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path)
    yield opened
    opened.close()


def publish(store: Store, *letters: Letter, generation: int, segment: str) -> list[str]:
    """Put letters and let all pending issues stand in `segment`, as an index run does."""
    with store.transaction():
        became = [put(store, letter, generation) for letter in letters]
        store.assign(segment, store.pending())
    return became


def put(store: Store, letter: Letter, generation: int) -> str:
    """Put a letter that is always given by the same file; what becomes of it."""
    (became,) = store.put_source(name_of(letter), "11", letter, generation)
    return became


def remove(store: Store, letter: Letter, generation: int) -> list[str]:
    return store.prune([name_of(letter)], generation)


def name_of(letter: Letter) -> bytes:
    return f"in/{letter.id}.pdf".encode()


# -- put -------------------------------------------------------------------------------------------


def test_a_letter_is_new_then_the_same_then_changed(store: Store) -> None:
    assert publish(store, ANNE, ANNE, ANNE_CHANGED, generation=1, segment="s1") == [
        "new",
        "same",
        "changed",
    ]


def test_a_letter_that_died_is_new_when_it_comes_again(store: Store) -> None:
    publish(store, ANNE, generation=1, segment="s1")
    with store.transaction():
        assert remove(store, ANNE, 2) == ["removed"]
        assert remove(store, ANNE, 2) == []
    assert publish(store, ANNE, generation=3, segment="s3") == ["new"]
    assert store.counts(3) == (1, 2)


def test_any_difference_makes_a_letter_changed(store: Store) -> None:
    publish(store, ANNE, generation=1, segment="s1")
    assert publish(store, replace(ANNE, priority="Expedited"), generation=2, segment="s2") == [
        "changed"
    ]


def test_numbers_of_issues_are_never_used_again(store: Store) -> None:
    publish(store, ANNE, generation=1, segment="s1")
    first = store.live_in(1)
    with store.transaction():
        remove(store, ANNE, 2)
        store.purge(2)
    publish(store, BEN, generation=3, segment="s3")
    assert min(store.live_in(3)) > max(first)


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    with pytest.raises(AttributeError), store.transaction():
        publish(store, ANNE, None, generation=1, segment="s1")  # type: ignore[arg-type]
    assert store.counts(1) == (0, 0)
    assert store.sources.hashes() == {}


# -- generations -----------------------------------------------------------------------------------


def test_each_generation_sees_its_own_version_of_a_changed_letter(store: Store) -> None:
    publish(store, ANNE, BEN, generation=1, segment="s1")
    publish(store, ANNE_CHANGED, generation=2, segment="s2")
    seen = [store.letter(ANNE.id, generation) for generation in (1, 2)]
    assert [found and found[1] for found in seen] == [ANNE, ANNE_CHANGED]
    assert [store.counts(1), store.counts(2)] == [(2, 3), (2, 2)]
    assert list(store.letters(1)) == [ANNE, BEN]
    assert list(store.letters(2)) == [ANNE_CHANGED, BEN]


def test_issues_of_an_old_generation_stay_readable_by_number(store: Store) -> None:
    publish(store, ANNE, generation=1, segment="s1")
    numbers = store.live_in(1)
    publish(store, ANNE_CHANGED, generation=2, segment="s2")
    assert [found.letter for found in store.issues(numbers)] == [ANNE, ANNE]


def test_a_generation_does_not_see_what_comes_after_it(store: Store) -> None:
    publish(store, ANNE, generation=2, segment="s2")
    assert store.letter(ANNE.id, 1) is None
    assert (store.counts(1), store.live_in(1), list(store.letters(1))) == ((0, 0), [], [])


def test_a_letter_replaced_before_anybody_saw_it_leaves_no_trace(store: Store) -> None:
    with store.transaction():
        put(store, ANNE, 1)
        put(store, ANNE_CHANGED, 1)
    assert not store.died_since(0)
    assert len(store.pending()) == 1


def test_whether_letters_died_is_told_by_generation(store: Store) -> None:
    publish(store, ANNE, generation=1, segment="s1")
    with store.transaction():
        remove(store, ANNE, 2)
    assert store.died_since(1)
    assert not store.died_since(2)


def test_purging_drops_what_no_reader_can_reach_and_nothing_else(store: Store) -> None:
    publish(store, ANNE, BEN, generation=1, segment="s1")
    anne, ben = store.live_in(1)[:2], store.live_in(1)[2:]
    publish(store, ANNE_CHANGED, generation=2, segment="s2")
    with store.transaction():
        store.purge(1)
    assert store.issues(anne)
    with store.transaction():
        store.purge(2)
    with pytest.raises(KeyError, match=f"no issue of number {anne[0]}"):
        store.issues(anne)
    assert store.issues(ben)[0].letter == BEN
    assert store.letter(ANNE.id, 1) is None
    assert store.letter(ANNE.id, 2) == (3, ANNE_CHANGED)


# -- segments --------------------------------------------------------------------------------------


def test_issues_wait_until_they_stand_in_a_segment(store: Store) -> None:
    with store.transaction():
        put(store, ANNE, 1)
        put(store, BEN, 1)
    first, *others = store.pending()
    with store.transaction():
        store.assign("s1", others)
    assert store.pending() == [first]
    assert (store.segments(), store.live_numbers("s1")) == (["s1"], others)


def test_issues_of_a_letter_that_died_wait_no_longer(store: Store) -> None:
    """A run may be stopped between two segments that part the issues of one letter."""
    with store.transaction():
        put(store, ANNE, 1)
        store.assign("s1", store.pending()[:1])
        put(store, ANNE_CHANGED, 1)
    assert [stored.letter for stored in store.issues(store.pending())] == [ANNE_CHANGED]


def test_a_segment_lists_its_living_issues_and_vanishes_with_the_last(store: Store) -> None:
    publish(store, ANNE, BEN, generation=1, segment="s1")
    with store.transaction():
        remove(store, ANNE, 2)
    assert len(store.live_numbers("s1")) == 1
    with store.transaction():
        remove(store, BEN, 2)
    assert (store.segments(), store.live_numbers("s1")) == ([], [])


def test_issues_come_in_the_order_asked_for_with_their_public_ids(store: Store) -> None:
    publish(store, ANNE, BEN, generation=1, segment="s1")
    found = store.issues([3, 2, 1])
    assert [issue.id for issue in found] == ["CM16-0000002#1", "CM16-0000001#2", "CM16-0000001#1"]
    assert [issue.issue for issue in found] == [SPLINT, WALKER, SPLINT]
    assert [store.numbers_of(issue.row) for issue in found] == [[3], [1, 2], [1, 2]]


# -- the file --------------------------------------------------------------------------------------


def test_what_was_put_is_there_after_reopening(tmp_path: Path) -> None:
    first = Store(tmp_path)
    publish(first, ANNE, generation=1, segment="s1")
    first.close()
    again = Store(tmp_path, read_only=True)
    assert again.letter(ANNE.id, 1) == (1, ANNE)
    again.close()


@pytest.mark.usefixtures("store")
def test_a_read_only_store_refuses_to_write_and_is_not_made(tmp_path: Path) -> None:
    reader = Store(tmp_path, read_only=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"), reader.transaction():
        put(reader, BEN, 1)
    reader.close()
    with pytest.raises(sqlite3.OperationalError):
        Store(tmp_path / "nowhere", read_only=True)
    assert not (tmp_path / "nowhere").exists()


def test_a_reader_sees_what_was_committed_and_not_what_is_under_way(
    tmp_path: Path, store: Store
) -> None:
    publish(store, ANNE, generation=1, segment="s1")
    reader = Store(tmp_path, read_only=True)
    with store.transaction():
        put(store, BEN, 1)
        assert reader.counts(1) == (1, 2)
    assert reader.counts(1) == (2, 3)
    reader.close()


# -- a letter as JSON ------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
DATES = st.none() | st.dates(date(1990, 1, 1), date(2030, 1, 1))
CITATIONS = st.lists(
    st.builds(
        Citation,
        family=st.sampled_from(Family),
        title=TEXT,
        edition=TEXT,
        sections=TEXTS,
        pages=TEXTS,
        text=TEXT,
    ),
    max_size=2,
).map(tuple)
ISSUES = st.builds(
    Issue,
    number=st.integers(1, 30),
    request=TEXT,
    outcome=st.sampled_from(Outcome),
    rationale=TEXT,
    disputed=TEXT,
    claims_administrator_guideline=TEXT,
    reviewer_guideline=TEXT,
    claims_administrator_citations=CITATIONS,
    reviewer_citations=CITATIONS,
)
LETTERS = st.builds(
    Letter,
    id=TEXT,
    form=st.sampled_from(Form),
    issues=st.lists(ISSUES, max_size=2).map(tuple),
    summary=TEXT,
    case_number=st.none() | TEXT,
    date_assigned=DATES,
    date_of_injury=DATES,
    decision_date=DATES,
    ur_denial_date=DATES,
    application_received=DATES,
    priority=st.none() | TEXT,
    states=TEXTS,
    specialties=TEXTS,
    age=st.none() | st.integers(0, 120),
    sex=st.none() | TEXT,
    text=TEXT,
)


@given(LETTERS)
@settings(max_examples=40, deadline=None)
def test_a_letter_comes_back_from_the_store_as_it_went(letter: Letter) -> None:
    with TemporaryDirectory() as directory:
        store = Store(Path(directory))
        put(store, letter, 1)
        again = store.letter(letter.id, 1)
        store.close()
    # Enums and tuples, not words and lists that equal them.
    assert repr(again) == repr((1, letter))


def test_so_does_a_letter_with_signs_of_all_kinds(store: Store) -> None:
    cited = Citation(family=Family.MTUS, title="Low Back Complaints", pages=("300", "301"))
    letter = replace(
        ANNE,
        issues=(replace(SPLINT, reviewer_citations=(cited,)), WALKER),
        decision_date=date(2016, 4, 5),
        specialties=("Neurology",),
        text="\u201cNa\u00efve\u201d knees \U0001f9b5",
    )
    publish(store, letter, generation=1, segment="s1")
    assert repr(store.letter(letter.id, 1)) == repr((1, letter))


def test_the_letters_made_up_here_fill_every_field() -> None:
    """A field added to the records must be added to the strategies, or its trip is not tested."""
    for record, strategy in ((Letter, LETTERS), (Issue, ISSUES)):
        made_up = repr(strategy)
        assert [f.name for f in fields(record) if f"{f.name}=" not in made_up] == []
