"""Whatever happens to a folder of letters, its index is what its files make at once."""

from __future__ import annotations

from hypothesis import given, settings

from tests.index.sequences import HISTORIES, Change, check


@given(HISTORIES)
@settings(max_examples=60, deadline=None)
def test_after_any_history_the_index_is_that_of_the_files(history: list[Change]) -> None:
    check(history)
